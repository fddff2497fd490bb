# SPDX-License-Identifier: Apache-2.0
"""Every way to pip in a process that has the shim: what is allowed comes in, what is not does not, and the status tells."""
import os

from held import SHIM, enable, held, nothing_came, pip, program, words
from lib import index, paths


@held(pips="all")
def allowed_and_blocked(c):
    """A clean plan is installed; a blocked one is not, by install, download, wheel, lock, dry run, -I and -S."""
    c.expect(pip(c, "install", "idna==3.7"), status=0, err="1 distribution audited")
    c.equal(c.env.installed(), {"idna": "3.7"}, "installed")
    before = c.snapshot()
    c.expect(pip(c, "install", "flask", "jinja2==2.10"), status=40, err=["blocked: jinja2 2.10", "^ERROR: .*refused"])
    c.expect(pip(c, "install", "jinja2==2.10", flags=["-I"]), status=40)
    c.expect(pip(c, "install", "jinja2==2.10", flags=["-S"], before="sys.path.append(%r)" % c.env.site), status=40)
    c.expect(pip(c, "install", "--dry-run", "jinja2==2.10"), status=40, err="would be blocked")
    c.expect(pip(c, "install", "--dry-run", "click"), status=0, out="Would install")
    for command in ("download", "wheel"):
        c.expect(pip(c, command, "critical==1.0"), status=40)
        c.equal(os.listdir(c.work), [], "files of " + command)
    c.expect(pip(c, "download", "-d", "d", "idna"), status=0)
    c.expect(pip(c, "wheel", "-w", "w", "idna"), status=0)
    c.equal((os.listdir(c.path("d")), os.listdir(c.path("w"))), (["idna-3.7-py3-none-any.whl"],) * 2, "files")
    if c.pair.version >= (25, 1):
        c.expect(pip(c, "lock", "-o", "pylock.toml", "critical==1.0"), status=40)
        c.true(not os.path.exists(c.path("pylock.toml")), "it was written")
        c.expect(pip(c, "lock", "-o", "pylock.toml", "idna"), status=0)
    nothing_came(c, before)


@held(pips="all")
def every_spelling(c):
    """python -m pip, -Im pip, -X utf8 -m pip, bin/pip, runpy as __main__, main([...]) from code: 40, nothing installed."""
    enable(c)
    before = c.snapshot()
    blocked = ["install", "jinja2==2.10"]
    for argv in ([c.env.python, "-m", "pip"], [c.env.python, "-Im", "pip"], [c.env.python, "-X", "utf8", "-m", "pip"],
                 [os.path.join(c.env.bin, "pip")], [c.env.python, "-mpip", "--no-color", "-q"]):
        c.expect(c.run(argv + blocked), status=40, err="blocked: jinja2 2.10")
    runs = "import runpy, sys\nsys.argv = ['pip', 'install', 'jinja2==2.10']\nrunpy.run_module('pip', run_name='__main__')\n"
    c.expect(program(c, runs), status=40)
    mains = "import sys\nfrom pip._internal.cli.main import main\nstatus = main(['-q', 'install', 'jinja2==2.10'])\nprint(status)\n"
    c.expect(program(c, mains), status=0, out="^40$")
    nothing_came(c, before)
    c.expect(c.run([c.env.python, "-m", "pip", "install", "idna"]), status=0)


@held(pips="all")
def what_installs_nothing(c):
    """Commands that install nothing, and a bare import, are as before: the same bytes, the same status, no object loaded."""
    log = c.path("log")
    for args in (["list"], ["--version"], ["install", "--help"], ["help"], ["freeze"], ["check"], ["nonsense"], ["install"], []):
        bare, ours = c.bare(*args), pip(c, *args)
        c.equal((ours.status, ours.out, ours.err), (bare.status, bare.out, bare.err), "pip " + " ".join(args))
    enable(c)
    text = "import pip, pip._internal, sys\nprint(len(sys.argv))\n"
    c.expect(program(c, text, "a", "b", env={"PIPGATE_HOOK_LOG": log}), status=0, out="^3$")
    c.true(not os.path.exists(log), "the object was loaded")


@held(pips="all")
def a_host_program(c):
    """A program that calls main() goes on: its own mkdir works after a no, its status is its own, its children are free."""
    enable(c)
    text = """import os, sys
from pip._internal.cli.main import main
print(main(['-q', 'install', 'jinja2==2.10']))
os.mkdir('after')
open('after/file', 'w').write('x')
print(main(['-q', 'install', 'idna']), main(['-q', 'install', 'critical==1.0']))
child = os.fork()
if not child:
    os._exit(main(['-q', 'install', 'critical==1.0']))
print(os.waitpid(child, 0)[1] >> 8)
"""
    result = c.expect(program(c, text), status=0)
    c.equal(result.stdout.split(), ["40", "0", "40", "40"], "what main() gave")
    c.true(os.path.exists(c.path("after", "file")), "the program could not write")
    c.equal(c.env.installed(), {"idna": "3.7"}, "installed")


@held()
def sitecustomize(c):
    """shims/sitecustomize.py as `pipgate enable` would place it; its shim gone: what installs is refused, nothing else is."""
    with open(os.path.join(paths.ROOT, "shims", "sitecustomize.py")) as f:
        text = f.read()
    for shim, status in ((SHIM, 40), (SHIM + ".gone", 41)):
        c.write("site/sitecustomize.py", text.replace("@SHIM@", shim))
        env = {"PYTHONPATH": c.path("site")}
        for argv in ([c.env.python, "-m", "pip"], [os.path.join(c.env.bin, "pip")]):
            c.expect(c.run(argv + ["install", "jinja2==2.10"], env=env), status=status, err="^pipgate: ")
            c.expect(c.run(argv + ["download", "jinja2==2.10"], env=env), status=status)
            c.expect(c.run(argv + ["list"], env=env), status=0, not_err="pipgate")
        c.expect(program(c, "import pip\nprint(1)\n", env=env), status=0, not_err="pipgate")
    c.equal(c.env.installed(), {}, "installed")


@held()
def without_parse_command(c):
    """A program that makes the command itself, and one that uses the old resolver, are held, too."""
    enable(c)
    text = """from pip._internal.commands import create_command
print(create_command('install').main(['-q', 'jinja2==2.10']), create_command('install').main(['-q', 'idna']))
"""
    c.expect(program(c, text), status=0, out="^40 0$")
    c.expect(pip(c, "install", "--use-deprecated=legacy-resolver", "jinja2==2.10"), status=40)
    c.expect(pip(c, "install", "--use-deprecated=legacy-resolver", "click"), status=0)
    c.equal(c.env.installed(), {"idna": "3.7", "click": "8.1.7"}, "installed")


@held()
def threads_of_a_host(c):
    """While pip is held other threads run and write where nothing is installed; a second pip in the same process is refused."""
    enable(c)
    text = """import os, threading
from pip._internal.cli.main import main
done, got = threading.Event(), []
def work():
    n = 0
    while not done.is_set():
        os.mkdir('d%d' % n); os.rmdir('d%d' % n); n += 1
    got.append(n)
threads = [threading.Thread(target=work) for _ in range(2)]
[t.start() for t in threads]
status = main(['-q', 'install', 'flask'])
done.set()
[t.join() for t in threads]
print(status, all(got))
"""
    text = text.replace("'d%d' % n", "'d%d-%d' % (threading.get_ident(), n)")
    c.expect(program(c, text), status=0, out="^0 True$")


@held(pips="all")
def reports_of_the_user(c):
    """The user's own --report in every spelling is pip's own affair, as it is without us."""
    roads = ((["--report", "a.json"], {}), (["--repor=b.json"], {}), ([], {"PIP_REPORT": "c.json"}))
    for args, env in roads:
        c.expect(pip(c, "install", "--ignore-installed", *args, "idna", env=env), status=0)
    for name in ("a.json", "b.json", "c.json"):
        c.true(os.path.exists(c.path(name)), "no %s", name)
    c.expect(pip(c, "install", "-q", "--dry-run", "--ignore-installed", "--report", "-", "idna"), status=0, out='^  "install": ')
    for args, env in roads:
        c.expect(pip(c, "install", *args, "critical==1.0", env=dict(env, PIP_DRY_RUN="0")), status=40)


@held(pips="22.2.2 24.3.1 newest")
def places(c):
    """--target, --prefix, --root, -e: allowed plans come to where they were wanted; blocked ones make nothing there."""
    for option in ("--target", "--prefix", "--root"):
        c.expect(pip(c, "install", option, "here", "critical==1.0"), status=40)
        c.true(not [f for _, _, files in os.walk(c.path("here")) for f in files], "%s: files came", option)
        c.expect(pip(c, "install", option, "there" + option[2:], "idna"), status=0)
        c.true([f for _, _, files in os.walk(c.path("there" + option[2:])) for f in files if f == "idna.py"], "%s: no idna", option)
    c.expect(pip(c, "install", "--target", ".", "idna"), status=0)


@held(pips="22.2.2 24.3.1 newest")
def already_installed(c):
    """What is installed already and touched by the request is shown, and warns."""
    c.prepare("install", "-q", "quiet==1.0")
    c.expect(pip(c, "install", "quiet"), status=0, err="quiet +1.0 .*already")
    c.expect(pip(c, "install", "quiet", env={"PIPGATE_SATISFIED": "block"}), status=40)


@held(pips="24.3.1 newest")
def another_python(c):
    """pip --python X install: the other pip is held, and its status is the outer one's."""
    before = c.snapshot()
    c.expect(pip(c, "--python", c.env.python, "install", "jinja2==2.10"), status=40, err="blocked: jinja2")
    c.expect(pip(c, "install", "jinja2==2.10", env={"PIP_PYTHON": c.env.root}), status=(1, 40))
    nothing_came(c, before)
    c.expect(pip(c, "--python", c.env.root, "install", "idna"), status=0)
    c.equal(c.env.installed(), {"idna": "3.7"}, "installed")


@held(pips="newest")
def a_pip_in_an_archive(c):
    """pip run from its own wheel: it opens itself, and is held. (Older ones leave their certificates in TMPDIR.)"""
    from lib import pips
    wheel = pips.wheel(c.pair.pip)
    argv = words(c, "install", "jinja2==2.10", before="sys.path.insert(0, %r)" % wheel)
    c.expect(c.run(argv), status=40)
    argv = words(c, "install", "idna", before="sys.path.insert(0, %r)" % wheel)
    c.expect(c.run(argv), status=0)


@held(pips="newest")
def modes_of_policy(c):
    """mode=off audits nothing; mode=warn lets in."""
    c.index.files.update({f.filename: f for f in [index.wheel("more", "1.0", ["critical==1.0"])]})
    c.expect(pip(c, "install", "critical==1.0", env={"PIPGATE_POLICY": "mode=off"}), status=0, err="nothing is audited")
    c.expect(pip(c, "install", "more", env={"PIPGATE_POLICY": "mode=warn"}), status=0)
