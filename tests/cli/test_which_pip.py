# SPDX-License-Identifier: Apache-2.0
"""Which pip is meant, and roads that must not go in circles."""
import os
import shutil

from lib import paths, pips
from lib.case import SYSTEM_PATH, case


def script(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, 0o755)


@case(pips="one")
def no_pip(c):
    """No pip anywhere: a clear message, 41."""
    os.mkdir(c.path("bin"))
    result = c.run([os.path.join(c.shims, "pip"), "install", "idna"], env={"PATH": c.shims + ":" + c.path("bin")})
    c.expect(result, status=41, err=["(?i)no pip|pip .*not found", "--gate-python"])
    c.expect(c.run([os.path.join(c.shims, "pip"), "list"], env={"PATH": c.shims}), status=41)
    c.expect(c.run([os.path.join(c.shims, "pip"), "install", "idna"], env={"PATH": None}), status=(0, 1, 41))


@case(pips="one")
def links_to_links(c):
    """Several folders of links, links to links and a hard link, on PATH: none is taken for the real pip."""
    for name in ("more", "hard"):
        os.mkdir(c.path(name))
    os.symlink(os.path.join(c.shims, "pip"), c.path("more", "pip"))
    os.link(paths.PIPGATE, c.path("hard", "pip"))
    path = ":".join([c.shims, c.path("more"), c.path("hard"), c.shims, c.env.bin, SYSTEM_PATH])
    before = c.snapshot()
    c.expect(c.gate("install", "jinja2==2.10", env={"PATH": path}, deadline=20), status=40)
    c.unchanged(before)
    c.expect(c.gate("install", "idna", env={"PATH": path}, deadline=20), status=0)
    c.equal(c.env.installed(), {"idna": "3.7"}, "installed")


@case(pips="one")
def another_copy(c):
    """A second copy of the program on PATH (two packages of it): the two do not call each other without end."""
    os.mkdir(c.path("copy"))
    shutil.copy(paths.PIPGATE, c.path("copy", "pip"))
    path = ":".join([c.shims, c.path("copy"), c.env.bin, SYSTEM_PATH])
    before = c.snapshot()
    c.expect(c.gate("--version", env={"PATH": path}, deadline=10), status=0, out="^pip ")
    c.expect(c.gate("install", "jinja2==2.10", env={"PATH": path}, deadline=10), status=40)
    c.unchanged(before)


@case(pips="one")
def shell_shim(c):
    """A pip that is a shell script in front of the real one (pyenv's way)."""
    script(c.path("pyenv", "pip"), '#!/bin/sh\nexec "%s/pip" "$@"\n' % c.env.bin)
    script(c.path("pyenv", "python"), '#!/bin/sh\nexec "%s" "$@"\n' % c.env.python)
    env = {"PATH": ":".join([c.shims, c.path("pyenv"), SYSTEM_PATH])}
    before = c.snapshot()
    c.expect(c.gate("install", "jinja2==2.10", env=env), status=40)
    c.unchanged(before)
    c.expect(c.gate("install", "idna", env=env), status=0)
    c.equal(c.env.installed(), {"idna": "3.7"}, "installed")


@case()
def gate_python(c):
    """--gate-python and PIPGATE_PYTHON name the interpreter whose pip is meant."""
    env = {"PATH": c.shims + ":" + SYSTEM_PATH}
    before = c.snapshot()
    c.expect(c.gate("install", "--gate-python", c.env.python, "jinja2==2.10", env=env), status=40)
    c.unchanged(before)
    c.expect(c.gate("install", "idna", env=dict(env, PIPGATE_PYTHON=c.env.python)), status=0)
    c.equal(c.env.installed(), {"idna": "3.7"}, "installed")
    c.expect(c.gate("install", "--gate-python", c.path("no-python"), "idna", env=env), status=41, err="no-python")


@case(pips="23.2.1 newest")
def pip_python_option(c):
    """pip's own --python: the other interpreter's environment is what is judged and changed."""
    other = pips.environment(c.pair, os.path.join(c.root, "other"))
    before = c.snapshot()
    c.expect(c.gate("--python", other.python, "install", "jinja2==2.10"), status=40)
    c.equal(other.installed(), {}, "installed in the other")
    c.expect(c.gate("--python", other.python, "install", "idna"), status=0)
    c.equal(other.installed(), {"idna": "3.7"}, "installed in the other")
    c.unchanged(before)


@case(pips="23.2.1 24.3.1 newest")
def externally_managed(c):
    """A Python that its distributor manages (PEP 668): the real pip's own refusal, at once, and only there."""
    root = os.path.join(c.root, "own")
    c.use(pips.standalone(c.pair, root, "[externally-managed]\nError=Ask the distributor.\n"))
    before = c.snapshot()
    bare = c.expect(c.bare("install", "idna"), status=1, err="externally-managed-environment")
    gated = c.expect(c.gate("install", "idna"), status=1, err=["externally-managed-environment", "Ask the distributor"])
    c.true(bare.stderr.strip() in gated.stderr, "not pip's own words")
    c.expect(c.gate("install", "jinja2==2.10"), status=(1, 40))
    c.expect(c.gate("install", "--break-system-packages", "jinja2==2.10"), status=40)
    c.unchanged(before)
    c.expect(c.gate("install", "--break-system-packages", "idna"), status=0)
    c.equal(c.env.installed(), {"idna": "3.7"}, "installed")
    c.expect(c.gate("install", "--target", c.path("t"), "medium==2.0"), status=0)


@case(pips="22.2.2 newest")
def user_site(c):
    """--user of a Python without a virtual environment."""
    c.use(pips.standalone(c.pair, os.path.join(c.root, "own")))
    before = c.snapshot()
    site = os.path.join(c.home, ".local", "lib", "python" + c.pair.python, "site-packages")
    c.expect(c.gate("install", "--user", "jinja2==2.10"), status=40)
    c.true(not os.path.exists(site), "something is in the user's site")
    c.expect(c.gate("install", "--user", "idna"), status=0)
    c.true(os.path.exists(os.path.join(site, "idna.py")), "nothing is in the user's site")
    c.unchanged(before)


@case(pips="one")
def completion(c):
    """Shell completion is the real pip's, at once."""
    env = {"PIP_AUTO_COMPLETE": "1", "COMP_WORDS": "pip ins", "COMP_CWORD": "1"}
    bare, gated = c.bare(env=env), c.gate(env=env)
    c.equal((gated.status, gated.out, gated.err), (bare.status, bare.out, bare.err), "completion")
    c.true(b"install" in gated.out, "nothing was completed")


@case(pips="one")
def any_bytes(c):
    """Arguments are passed on byte for byte."""
    words = [b"show", b"caf\xe9", b"a b", b"", b"'\"$x\\", "é".encode()]
    bare = c.run([os.path.join(c.env.bin, "pip").encode()] + words, gate=False)
    gated = c.run([os.path.join(c.shims, "pip").encode()] + words)
    c.equal((gated.status, gated.out, gated.err), (bare.status, bare.out, bare.err), "pip show")


@case(pips="24.3.1")
def pip_upgrade(c):
    """pip can replace itself through the gate, by every name."""
    from lib import index
    newest = pips.wheel("25.3")
    with open(newest, "rb") as f:
        c.files.append(index.File(os.path.basename(newest), f.read()))
    if c.pair.python == "3.8":
        return  # 25.3 wants more
    c.expect(c.gate("install", "-U", "pip"), status=0, out=r"Successfully installed pip-25\.3")
    c.expect(c.gate("--version"), status=0, out=r"^pip 25\.3 ")
    c.expect(c.gate("install", "idna"), status=0)
    c.expect(c.gate("install", "jinja2==2.10"), status=40)


@case()
def hostile_folder(c):
    """Python files lying in the current folder are not run by us."""
    for name in ("ctypes", "json", "os", "re", "site", "sysconfig", "platform", "encodings", "importlib", "runpy", "pip", "typing",
                 "sitecustomize", "usercustomize", "pkgutil", "zipimport", "traceback", "email"):
        c.write(name + ".py", "open(%r, 'a').write(%r)\n" % (c.path("ran"), name + "\n"))
    c.write("pyvenv.cfg", "home = /nowhere\n")
    before = c.snapshot()
    c.expect(c.gate("install", "jinja2==2.10"), status=40)
    c.unchanged(before)
    c.expect(c.gate("install", "idna"), status=0)
    c.expect(c.gate("list"), status=0)
    c.expect(c.pipgate("doctor"))
    c.true(not os.path.exists(c.path("ran")), "run: %s", os.path.exists(c.path("ran")) and open(c.path("ran")).read().split())
