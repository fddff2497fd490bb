# SPDX-License-Identifier: Apache-2.0
"""Before code of others runs: build backends, clones, and the pips that bring build requirements."""
import os

from held import held, nothing_came, offer, pip, repository
from lib import index, pips, wheels


@held(pips="all")
def malicious_sdist(c):
    """Neither its setup.py nor its backend runs a line; nor with an index that calls its file by another name."""
    before = c.snapshot()
    for legacy in (False, True):
        offer(c, index.sdist("evil-open", "2.0", legacy=legacy))
        for command in ("install", "download", "wheel"):
            c.expect(pip(c, command, "evil-open==2.0"), status=40, err="blocked: evil-open 2.0: malicious")
    c.equal(c.built(), [], "code that ran")
    c.expect(pip(c, "install", "built", env={"PIPGATE_SDIST": "block"}), status=40)
    c.expect(pip(c, "install", "built", env={"PIPGATE_BLOCK": "buil."}), status=40)
    nothing_came(c, before)
    # how vulnerable it is is judged with the plan
    c.expect(pip(c, "install", "built-bad", env={"PIPGATE_SDIST": "allow"}), status=40, err="HIGH reaches")
    c.true("wheel built-bad" not in c.built(), "it was built")
    c.expect(pip(c, "install", "built"), status=0)


@held(pips="all")
def build_requirements(c):
    """A blocked build requirement stops the build: 40, named as such; a clean one is let in."""
    offer(c, index.sdist("needs", "1.0", needs=["critical==1.0"]), index.sdist("modest", "1.0", needs=["idna"]),
          index.sdist("deeper", "1.0", needs=["needs"]))
    before = c.snapshot()
    named = "^pipgate: blocked: build requirements of "
    c.expect(pip(c, "install", "needs"), status=40, err=["critical 1.0", named + "needs-1.0.tar.gz"])
    c.expect(pip(c, "wheel", "needs"), status=40)
    c.expect(pip(c, "install", "deeper"), status=40, err=named + "deeper-1.0.tar.gz")
    if c.pair.version >= (26,):
        c.expect(pip(c, "install", "--use-feature", "inprocess-build-deps", "needs"), status=40, err="^pipgate: build requirements of needs-1.0.tar.gz")
    nothing_came(c, before)
    c.expect(pip(c, "install", "modest"), status=0)
    if c.pair.version >= (26,):
        c.expect(pip(c, "install", "--no-cache-dir", "--force-reinstall", "--use-feature", "inprocess-build-deps", "modest"), status=0,
                 err="^pipgate: build requirements of modest-1.0.tar.gz")
    c.equal(c.env.installed(), {"modest": "1.0"}, "installed")


@held(pips="22.2.2 24.3.1 newest")
def clones(c):
    """A refused repository is not cloned, by `name @ url`, by -e, with sdists blocked; an allowed one is, into src too."""
    url = "git+file://localhost" + repository(c, "fine")  # pip 22.2 takes no URL without a host
    seen = os.path.join(c.root, "git-ran")
    git = c.write("bin/git", "#!/bin/sh\necho \"$@\" >> %s\nexec /usr/bin/git \"$@\"\n" % seen)
    os.chmod(git, 0o755)
    env = {"PATH": c.path("bin") + ":" + c.environ()["PATH"]}
    before = c.snapshot()
    c.expect(pip(c, "install", "evil-open @ " + url, env=env), status=40)
    c.expect(pip(c, "install", "-e", url + "#egg=evil-open", env=env), status=40)
    c.expect(pip(c, "install", url, env=dict(env, PIPGATE_SDIST="block")), status=40)
    ran = open(seen).read() if os.path.exists(seen) else ""
    c.true("clone" not in ran, "git ran: %s", ran)
    nothing_came(c, before)
    c.expect(pip(c, "install", url, env=env), status=0)
    c.expect(pip(c, "install", "-e", url + "#egg=fine", env=env), status=0)
    c.equal(c.env.installed(), {"fine": "1.0"}, "installed")


@held(pips="22.2.2 24.3.1 newest")
def folders_and_archives(c):
    """A project of the current folder, an archive, a URL: asked about before their code runs."""
    wheels.project(c.path("project"), "fine", "1.0")
    name, data = wheels.sdist("evil-open", "2.0")
    c.write(name, data)
    c.expect(pip(c, "install", "./" + name), status=40)
    offer(c, index.sdist("evil-open", "2.0"))
    c.expect(pip(c, "install", c.index.file_url(name)), status=40)
    c.expect(pip(c, "install", "./project", env={"PIPGATE_SDIST": "block"}), status=40)
    c.equal(c.built(), [], "code that ran")
    c.expect(pip(c, "install", "./project"), status=0)
    c.expect(pip(c, "install", "-e", "./project"), status=0)


@held(pips="22.2.2 24.3.1")
def the_old_way(c):
    """setup.py without isolation, and with the old direct install where pip still has it."""
    if int(c.pair.python[2:]) < 9:
        raise_skip("setuptools of the tests needs Python 3.9")
    for requirement in ("setuptools<81", "wheel<0.46"):
        path = pips.extra_wheel(requirement)
        c.prepare("install", "-q", "--no-index", path)
    offer(c, index.sdist("oldie", "1.0", legacy=True), index.sdist("evil-open", "2.0", legacy=True))
    c.expect(pip(c, "install", "--no-build-isolation", "evil-open==2.0"), status=40)
    c.equal(c.built(), [], "code that ran")
    c.expect(pip(c, "install", "--no-build-isolation", "--no-cache-dir", "oldie"), status=0)
    c.equal(c.env.installed().get("oldie"), "1.0", "oldie")


def raise_skip(text):
    from lib.case import Skipped
    raise Skipped(text)
