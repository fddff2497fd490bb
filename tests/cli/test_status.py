# SPDX-License-Identifier: Apache-2.0
"""`pipgate status`: every line is walked with a pin that policy blocks. Covered must block, open must let in."""
import glob
import json
import os
import shlex
import shutil

from lib import enabling, index, paths, pips, tools, wheels
from lib.case import SYSTEM_PATH, Skipped, case
from lib.enabling import BLOCKED, disable, enable, expect, library, own, venv

PAIRS = "22.2.2 24.3.1 newest"
STATES = ("covered", "open", "not coverable here")


def status(c, env=(), strict=None):
    """{road: row}; env over what enabling.run sets."""
    result = expect(c, [paths.PIPGATE, "status", "--json"], 0, env=env)
    made = json.loads(result.stdout)
    c.equal((made["schema"], sorted(made)), ("pipgate/status/1", ["roads", "schema"]), "the form")
    for row in made["roads"]:
        c.equal(sorted(row), ["close", "how", "program", "road", "state"], "keys of a road")
        c.true(row["state"] in STATES and row["how"], "a state and its reason: %s", row)
        c.equal(row["close"] is not None, row["state"] == "open", "%s: what closes it" % row["road"])
    found = {row["road"]: row for row in made["roads"]}
    c.equal(len(found), len(made["roads"]), "each road once")
    text = expect(c, [paths.PIPGATE, "status", "--strict"], 1 if any(r["state"] == "open" for r in made["roads"]) else 0, env=env).stdout
    c.equal([line[:18].rstrip() for line in text.splitlines()], [r["state"] for r in made["roads"]], "the states as text")
    for line, row in zip(text.splitlines(), made["roads"]):
        c.true(row["road"] in line and row["how"] in line and (row["close"] or "") in line, "as text: %s", line)
    return found


def walk(c, row, env=()):
    """Goes the road of one line."""
    there = os.path.join(c.root, "walked", str(len(c.steps)))
    words = shlex.split(row["road"])
    if words[0] == "sudo":
        kept = {k: v for k, v in c.environ(**dict(env)).items() if k.startswith(("PIP", "XDG"))}
        words = ["sudo", "-n", "env"] + ["%s=%s" % k for k in kept.items()] + words[1:]
    result = enabling.run(c, words + ["install", "--no-deps", "--target", there, BLOCKED], env=env)
    came = os.path.exists(os.path.join(there, "jinja2.py"))
    if row["state"] == "covered":
        c.true(result.status == 40 and not came, "%s is covered, and its status is %d, %s came", row, result.status, came)
    else:
        c.true(result.status == 0 and came, "%s, and its status is %d, %s came", row, result.status, came)


def walk_all(c, rows, env=()):
    for row in rows.values():
        if row["state"] != "not coverable here":
            walk(c, row, env)


def only(rows, *roads):
    return {road: rows[road]["state"] for road in roads}


@case(pips=PAIRS)
def status_of_an_interpreter(c):
    """A Python on PATH: open, closed by the command that is shown, and open again; every line is walked."""
    base = own(c)
    names = ("pip", "pip3", "pip" + c.pair.python, "python -m pip", "python3 -m pip", "python%s -m pip" % c.pair.python)
    path = {"PATH": base.bin}
    rows = status(c, path)
    c.equal(sorted(rows), sorted(names + ("python3 -S -m pip",)), "roads")
    c.equal(only(rows, *names), dict.fromkeys(names, "open"), "before")
    c.equal({rows[n]["close"] for n in names}, {"pipgate enable --python " + os.path.realpath(base.python)}, "what closes them")
    walk_all(c, rows, path)
    enabling.pipgate(c, *shlex.split(rows["pip"]["close"])[1:])
    rows = status(c, path)
    c.equal(only(rows, *names), dict.fromkeys(names, "covered"), "enabled")
    walk_all(c, rows, path)
    c.equal(rows["python3 -S -m pip"]["state"], "not coverable here", "-S")
    # Python upgraded under us
    os.unlink(os.path.join(library(c), "sitecustomize.py"))
    rows = status(c, path)
    c.equal(only(rows, *names), dict.fromkeys(names, "open"), "after an upgrade")
    walk(c, rows["python -m pip"], path)


@case(mode="any")
def status_of_an_environment(c):
    """An activated environment, links first on PATH or behind, its own hook, its base's: each line as it is."""
    own(c)
    inner = venv(c, "inner")
    pip, python = os.path.join(inner.bin, "pip"), os.path.join(inner.bin, "python") + " -m pip"
    active = {"VIRTUAL_ENV": inner.root, "PATH": ":".join([inner.bin, c.shims])}
    behind = {"VIRTUAL_ENV": inner.root, "PATH": ":".join([c.shims, c.env.bin])}
    rows = status(c, active)
    c.equal(only(rows, "pip", "pip3", "python -m pip"), dict.fromkeys(["pip", "pip3", "python -m pip"], "open"), "activated")
    walk_all(c, rows, active)
    rows = status(c, behind)
    c.equal(only(rows, "pip", "python -m pip", pip, python), {"pip": "covered", "python -m pip": "open", pip: "open", python: "open"}, "links first")
    c.true("link to pipgate" in rows["pip"]["how"], "how: %s", rows["pip"]["how"])
    walk_all(c, rows, behind)
    enable(c, "--venv", inner.root)
    rows = status(c, behind)
    c.equal(only(rows, "pip", "python -m pip", pip, python), {"pip": "covered", "python -m pip": "open", pip: "covered", python: "covered"}, "--venv")
    walk_all(c, rows, behind)
    disable(c, "--venv", inner.root)
    enable(c)
    rows = status(c, active)
    c.equal({r["state"] for r in rows.values()}, {"covered", "not coverable here"}, "enabled")
    walk_all(c, rows, active)


@case(pips=PAIRS, mode="any", slow=True)
def status_and_shadows(c):
    """PYTHONPATH with a sitecustomize in it: open, that file is named, and the command that is shown closes it."""
    base = own(c)
    inner = venv(c, "inner")
    enable(c)
    shadow = c.write("shadow/sitecustomize.py", "theirs = 1\n")
    for environment in (base, inner):
        env = {"PATH": environment.bin, "PYTHONPATH": os.path.dirname(shadow)}
        rows = status(c, env)
        for road in ("pip", "python -m pip"):
            c.equal(rows[road]["state"], "open", road)
            c.true(shadow in rows[road]["how"], "%s is not named: %s", shadow, rows[road]["how"])
            walk(c, rows[road], env)
        c.equal(rows["pip"]["close"], "pipgate enable --venv " + environment.root, "what closes it")
        enabling.pipgate(c, *shlex.split(rows["pip"]["close"])[1:])
        rows = status(c, env)
        c.equal(only(rows, "pip", "python -m pip"), {"pip": "covered", "python -m pip": "covered"}, "closed")
        walk(c, rows["pip"], env)
        disable(c, "--venv", environment.root)
    # one that never comes to our lines
    disable(c)
    c.write("stop.txt", "")
    with open(os.path.join(library(c), "sitecustomize.py"), "w") as f:
        f.write("raise ImportError('theirs')\n")
    enable(c, status=41, err="does not come to what was put into")
    env = {"PATH": base.bin}
    rows = status(c, env)
    c.equal(rows["pip"]["state"], "open", "a sitecustomize that ends early")
    c.true("does not come to the hook" in rows["pip"]["how"], "how: %s", rows["pip"]["how"])
    walk(c, rows["pip"], env)


@case(pips="one", mode="any", slow=True)
def status_of_odd_programs(c):
    """Shell shims, scripts of other forms, old Pythons, programs without pip: told as they are, or no road at all."""
    own(c)
    os.mkdir(c.path("bin"))

    def program(name, text):
        path = c.write("bin/" + name, text)
        os.chmod(path, 0o755)

    program("pip", '#!/bin/sh\nexec "%s/pip" "$@"\n' % c.env.bin)
    program("python3", '#!/bin/sh\nexec "%s" "$@"\n' % c.env.python)
    program("pip3", '#!/usr/bin/env python3\nfrom pip._internal.cli.main import main\nraise SystemExit(main())\n')
    program("python3.9", "#!/bin/sh\necho no such version >&2\nexit 127\n")
    program("python", "#!/bin/sh\necho hello\n")
    program("pip3.10", "no program")
    os.mkdir(c.path("alone"))
    env = {"PATH": ":".join([c.path("bin"), "/usr/bin", "/bin"])}
    for state in ("open", "covered"):
        rows = status(c, env)
        c.equal(only(rows, "pip", "pip3", "python3 -m pip"), dict.fromkeys(["pip", "pip3", "python3 -m pip"], state), "shims")
        for road in ("pip", "pip3", "python3 -m pip"):
            walk(c, rows[road], env)
        c.true("which Python it starts" not in rows["pip"]["how"], "how: %s", rows["pip"])
        c.true(not {"python -m pip", "python3.9 -m pip", "pip3.10"} & set(rows), "roads that lead nowhere: %s", sorted(rows))
        enable(c)
    disable(c)
    os.rename(c.path("bin", "pip"), c.path("alone", "pip"))
    alone = {"PATH": ":".join([c.path("alone"), os.path.dirname(paths.PIPGATE), "/bin"]), "HOME": c.home}
    row = status(c, alone)["pip"]
    c.equal((row["state"], "which Python it starts cannot be told" in row["how"]), ("open", True), "a shim with nothing beside it")
    walk(c, row, alone)
    closed = row["close"] + " && pip install --no-deps --target there " + BLOCKED
    expect(c, ["sh", "-c", closed], 40, env=dict(alone, PIPGATE_PYTHON=c.env.python))
    shutil.rmtree(os.path.join(c.env.site, "pip"))
    c.true("python3 -m pip" not in status(c, env), "a Python without pip is a road")
    for old in glob.glob(os.path.expanduser("~/.pyenv/versions/[23].[67].*/bin"))[:2]:
        rows = status(c, {"PATH": old})
        c.equal({r["state"] for r in rows.values()} - {"not coverable here"}, set(), "old Pythons: %s" % rows)


@case(pips="one", mode="any")
def status_of_what_cannot_be_covered(c):
    """uv, poetry, pdm, conda: said so, without naming a command that does not exist; --strict does not count them."""
    own(c)
    enable(c)
    os.mkdir(c.path("bin"))
    names = ("uv", "poetry", "pdm", "conda")
    for name in names:
        os.chmod(c.write("bin/" + name, "#!/bin/sh\n"), 0o755)
    env = {"PATH": c.path("bin") + ":" + c.env.bin}
    rows = status(c, env)
    c.equal(only(rows, *names), dict.fromkeys(names, "not coverable here"), "states")
    c.true(all("does not go through pip" in rows[n]["how"] and "audit" not in rows[n]["how"] for n in names), "how: %s", rows)
    expect(c, [paths.PIPGATE, "status", "--strict"], 0, env=env)


@case(pips="one", mode="any")
def status_of_missing_parts(c):
    """A hook whose shim is gone: covered, for it refuses; said so."""
    own(c)
    folder = os.path.join(c.root, "copy")
    os.mkdir(folder)
    for part in ("pipgate", "pipgate-hook.so", "pipgate_shim.py", "sitecustomize.in"):
        shutil.copy2(os.path.join(paths.BUILD, part), folder)
    expect(c, [os.path.join(folder, "pipgate"), "enable", "--python", c.env.python], 0)
    os.unlink(os.path.join(folder, "pipgate_shim.py"))
    rows = status(c, {"PATH": c.env.bin})
    c.equal(rows["pip"]["state"], "covered", "state")
    c.true("is missing" in rows["pip"]["how"], "how: %s", rows["pip"]["how"])


@case(pips="one", mode="any")
def status_says_who_may(c):
    """Where root alone may close it, the command says so; quotes where the shell needs them."""
    base = "/usr/bin/python3"
    if not os.path.exists(base):
        raise Skipped("no Python of the system is here")
    words = enabling.nobody(c)
    python = os.path.join(c.root, "own it", "bin")
    folder = pips.own_python(base, os.path.dirname(python))
    if not words:
        os.chmod(folder, 0o555)
    where = expect(c, [os.path.join(python, "python3"), "-c", "import site; print(site.getsitepackages()[0])"], 0).stdout.strip()
    os.makedirs(os.path.join(where, "pip"))
    result = expect(c, words + [paths.PIPGATE, "status"], 0, env={"PATH": python})
    c.expect(result, out="^open +python3 -m pip .*close it: sudo pipgate enable --python '%s/python3'$" % python)


@case(pips="one", mode="any")
def status_and_sudo(c):
    """sudo: what its secure_path leads to, walked; where its configuration cannot be read, that."""
    if not os.path.exists("/etc/sudoers") or not shutil.which("sudo", path=SYSTEM_PATH):
        raise Skipped("no sudo is here")
    own(c)
    words = enabling.nobody(c)
    env = {"PATH": c.env.bin + ":" + SYSTEM_PATH}
    result = expect(c, words + [paths.PIPGATE, "status", "--json"], 0, env=env)
    row, = [r for r in json.loads(result.stdout)["roads"] if r["road"] == "sudo pip"]
    if not os.access("/etc/sudoers", os.R_OK) or words:
        c.equal(row["state"], "not coverable here", "as another user")
        c.true("/etc/sudoers" in row["how"], "how: %s", row["how"])
    if os.getuid() == 0:
        c.index.json = c.index.core_metadata = False  # pip 23.0, which Debian 12 has, does not understand all of it
        rows = {road: row for road, row in status(c, env).items() if road.startswith("sudo ")}
        walk_all(c, rows, env)


@case(pips="one", mode="any")
def status_usage(c):
    """Words that are not understood: 42."""
    for words in (["--foo"], ["x"], ["--json=1"]):
        c.expect(c.pipgate("status", *words), status=42, err="^pipgate: status")


# ---- tools ----

def _virtualenv(c, env):
    made = pips.Environment(c.path("made"), c.pair.python)
    kept = pips.wheel(c.pair.pip)
    expect(c, ["virtualenv", "-q", "--no-download", "--no-periodic-update", "--app-data", c.path("app-data"), "--extra-search-dir",
               os.path.dirname(kept), "--pip", os.path.basename(kept).split("-")[1], made.root], 0, env=env)
    return enabling.run(c, [os.path.join(made.bin, "pip"), "install", "--no-deps", BLOCKED], env=env), made.site


def _build(c, env):
    folder = wheels.project(c.path("project"), "fine", "1.0", needs=[BLOCKED])
    return enabling.run(c, ["pyproject-build", "--wheel", folder], env=env), os.path.join(folder, "dist")


def _tox(c, env):
    version = os.path.basename(pips.wheel(c.pair.pip)).split("-")[1]
    c.write("tox.ini", "[tox]\nno_package = true\nenv_list = t\n[testenv]\npass_env = PIPGATE_*\ndeps = %s\ncommands = python -c 'import jinja2'\n" % BLOCKED)
    more = {"VIRTUALENV_PIP": version, "VIRTUALENV_EXTRA_SEARCH_DIR": os.path.dirname(pips.wheel(c.pair.pip)), "VIRTUALENV_NO_DOWNLOAD": "1",
            "VIRTUALENV_OVERRIDE_APP_DATA": c.path("app-data")}
    return enabling.run(c, ["tox", "-r"], env=dict(env, **more)), c.path(".tox", "t", "lib", "python" + c.pair.python, "site-packages")


def _pip_sync(c, env):
    made = venv(c, "synced")
    for path in glob.glob(os.path.join(glob.escape(made.site), "pip-*", "direct_url.json")):
        os.unlink(path)  # pip-sync would take away a pip that came from a file
    c.write("requirements.txt", "jinja2==2.10\nmarkupsafe==2.1.5\n")
    return enabling.run(c, ["pip-sync", "--python-executable", made.python, c.path("requirements.txt")], env=env), made.site


def _pipx(c, env):
    points = {"jinja2-2.10.dist-info/entry_points.txt": b"[console_scripts]\njinja2 = jinja2:main\n"}
    made = index.wheel("jinja2", "2.10", files=points)
    c.index.files = {n: f for n, f in c.index.files.items() if f.project != "jinja2"}
    c.index.files[made.filename] = made
    shared = os.path.join(c.root, "shared-pip")
    if not os.path.exists(shared):
        venv(c, "shared-pip")
    more = {"PIPX_HOME": c.path("pipx"), "PIPX_BIN_DIR": c.path("b"), "PIPX_MAN_DIR": c.path("m"), "PIPX_SHARED_LIBS": shared, "USE_EMOJI": "0"}
    return enabling.run(c, ["pipx", "install", BLOCKED], env=dict(env, **more)), c.path("pipx", "venvs", "jinja2", "lib", "python" + c.pair.python, "site-packages")


TOOLS = {"virtualenv": ("virtualenv", _virtualenv), "pyproject-build": ("build", _build), "tox": ("tox", _tox), "pip-sync": ("pip-tools", _pip_sync),
         "pipx": ("pipx", _pipx)}


def _tool(name):
    requirement, walk_it = TOOLS[name]

    def walked(c):
        base = own(c)
        tools.lay(base, requirement)
        os.mkdir(c.path("bin"))
        tools.script(base, name, c.path("bin"))
        env = {"PATH": ":".join([c.path("bin"), base.bin, SYSTEM_PATH])}
        for state in ("open", "covered"):
            row = status(c, env)[name]
            c.equal(row["state"], state, name)
            result, place = walk_it(c, env)
            came = sorted(os.listdir(place)) if os.path.isdir(place) else []
            if state == "open":
                c.equal(result.status, 0, name + " without us")
                c.true(came, "nothing came to %s", place)
                enabling.pipgate(c, *shlex.split(row["close"])[1:])
            else:
                c.true(result.status > 0 and "blocked: jinja2 2.10" in result.stdout + result.stderr + _log(result), "%s: status %d", name, result.status)
                c.equal([n for n in came if n.lower().startswith(("jinja2", "fine"))], [], "what came by " + name)
            for folder in ("made", "project", ".tox", "pipx", "app-data"):
                shutil.rmtree(c.path(folder), ignore_errors=True)
            shutil.rmtree(os.path.join(c.root, "synced"), ignore_errors=True)
    walked.__doc__ = "%s: by its own interpreter's base; open lets in, covered does not." % name
    case(pips="one", name="status-of-" + name, mode="any", slow=True)(walked)  # tests/bypass walks the same roads


def _log(result):
    """pipx keeps what pip says in a file, and names it."""
    words = [w for w in result.stderr.split() if w.endswith("_pip_errors.log")]
    text = ""
    for name in words:
        with open(name) as f:
            text += f.read()
    return text


for _name in TOOLS:
    _tool(_name)
