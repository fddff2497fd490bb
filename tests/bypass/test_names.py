# SPDX-License-Identifier: Apache-2.0
"""Names and places by which pip is reached: spellings, programs, environments, sudo."""
import os
import shutil
import subprocess

from lib import case, pips

from scene import BLOCKED, CLEAN, bare_python, bypass, enable, enabled, few, let_in, refused, venv, walk


def spellings(c):
    """Command lines up to pip's command, without pip itself."""
    python, pip = c.env.python, os.path.join(c.env.site, "pip")
    runs = "import runpy, sys; sys.argv[0] = 'pip'; runpy.run_module('pip', run_name='__main__', alter_sys=True)"
    found = [[python] + words for words in (
        ["-m", "pip"], ["-mpip"], ["-Im", "pip"], ["-I", "-m", "pip"], ["-X", "utf8", "-m", "pip"], ["-B", "-W", "ignore", "-m", "pip"],
        ["-OO", "-m", "pip"], ["-s", "-E", "-m", "pip"], ["-u", "-m", "pip", "--no-color", "--isolated"], ["-m", "cProfile", "-o", os.devnull, "-m", "pip"],
        ["-c", runs], ["-Ic", runs], [pip], [os.path.join(pip, "__main__.py")],
        ["-c", "import runpy, sys; del sys.argv[0]; runpy.run_path(sys.argv[0], run_name='__main__')", os.path.join(pip, "__main__.py")])]
    if int(c.pair.python[2:]) >= 11:
        found.append([python, "-P", "-m", "pip"])
    if os.path.exists(os.path.join(pip, "__pip-runner__.py")):
        found.append([python, os.path.join(pip, "__pip-runner__.py")])
    return found


@bypass()
def python_m_pip_and_its_spellings(c):
    """-m pip, -mpip, -Im, -X utf8, -O, -E, a profiler, runpy by module and by path, pip's folder, its __main__ and its runner."""
    enabled(c)
    index = ["--index-url", c.index.url, "--trusted-host", "127.0.0.1"]  # --isolated takes no variables
    for argv in few(c, spellings(c)):
        profiled = "cProfile" in argv  # it ends with a status of its own
        refused(c, argv + ["install"] + index + [BLOCKED], status=None if profiled else 40)
    for argv in spellings(c)[::6]:
        let_in(c, argv + ["install"] + index + [CLEAN])
    program = c.run([c.env.python, "-"], stdin=("import runpy, sys\nsys.argv = ['pip', 'install', %r]\nrunpy.run_module('pip', run_name='__main__')\n"
                                               % BLOCKED).encode())
    c.expect(program, status=40)
    c.equal(c.env.installed(), {}, "installed")


@bypass()
def another_pip(c):
    """A pip that is not the interpreter's own: its wheel, a copy on PYTHONPATH, an archive on PYTHONPATH."""
    enabled(c)
    wheel = pips.wheel(c.pair.pip)
    shutil.copytree(os.path.join(c.env.site, "pip"), c.path("copy", "pip"))
    roads = [([c.env.python, "-m", "pip"], {"PYTHONPATH": c.path("copy")})]
    if c.pair.version >= (25,):  # older ones leave their certificates in TMPDIR when they run from an archive
        roads += [([c.env.python, os.path.join(wheel, "pip")], {}), ([c.env.python, "-m", "pip"], {"PYTHONPATH": wheel})]
    for argv, env in few(c, roads):
        walk(c, *argv, env=env)


MAINS = """import os, subprocess, sys
import pip, pip._internal
from pip._internal.cli.main import main
from pip._internal.commands import create_command
words = ['-q', 'install', sys.argv[1]]
print(main(list(words)), pip.main(list(words)), pip._internal.main(list(words)), create_command('install').main(['-q', sys.argv[1]]))
print(subprocess.call([sys.executable, '-m', 'pip'] + words), os.system('%s -m pip -q install %s' % (sys.executable, sys.argv[1])) >> 8)
sys.stdout.flush()
child = os.fork()
if not child:
    os._exit(main(list(words)))
print(os.waitpid(child, 0)[1] >> 8)
sys.stdout.flush()
os.execv(sys.executable, [sys.executable, '-m', 'pip'] + words)
"""


@bypass()
def main_from_code(c):
    """Every entry that pip has for programs, from one program: each says 40, again and again, also in children."""
    enabled(c)
    program = [c.env.python, c.write("mains.py", MAINS)]
    result = refused(c, program + [BLOCKED])
    c.equal(result.stdout.split(), ["40"] * 7, "what they said")
    result = let_in(c, program + [CLEAN])
    c.equal(result.stdout.split(), ["0"] * 7, "what they said")


RUNS = """import contextlib, sys
from pip._internal.commands import create_command
from pip._internal.utils.temp_dir import global_tempdir_manager, tempdir_registry
command = create_command('install')
options, words = command.parse_args(sys.argv[1:])
with command.main_context():
    command.tempdir_registry = command.enter_context(tempdir_registry())
    command.enter_context(global_tempdir_manager())
    command.verbosity, command._import_guard = 0, contextlib.ExitStack()
    sys.exit(command.run(options, words))
"""


@bypass()
def parts_of_pip(c):
    """A program that runs a command's inside without the command: there is no moment to judge a plan, and so nothing comes in."""
    bare_python(c)
    program = [c.env.python, c.write("runs.py", RUNS)]
    let_in(c, program + [CLEAN])
    enable(c)
    for what in (BLOCKED, CLEAN):
        refused(c, program + [what], status=1, err="InstallationError: pipgate: |^ERROR: pipgate: ")


@bypass()
def venv_made_before_and_after_enable(c):
    """An environment of before, one of after with ensurepip's own pip, with copies, and with the system's packages."""
    bare_python(c)
    old = venv(c, "old")
    let_in(c, [os.path.join(old.bin, "pip"), "install", CLEAN], place=old)
    enable(c)
    more = few(c, (("--copies",), ("--system-site-packages",), ("--symlinks",), ("--prompt", "x"), ("--clear",)))
    for place in [old, venv(c, "ensured", ())] + [venv(c, "new", ("--without-pip",) + options) for options in more]:
        walk(c, os.path.join(place.bin, "pip"), place=place)


@bypass()
def absolute_path_to_pip(c):
    """…/bin/pip, by its path, by a relative one, by a link to it, and as an argument of Python."""
    enabled(c)
    script = os.path.join(c.env.bin, "pip")
    os.symlink(script, c.path("my-pip"))
    for argv in few(c, ([script], [os.path.relpath(script, c.work)], [c.path("my-pip")], [c.env.python, script], [c.env.python, "-I", script])):
        walk(c, *argv)
    refused(c, [script, "install", BLOCKED])


@bypass()
def pip3_N(c):
    """pip3 and pip3.N of the interpreter, and our own links of these names."""
    enabled(c)
    for name in ("pip3", "pip" + c.pair.python):
        if os.path.exists(os.path.join(c.env.bin, name)):
            walk(c, os.path.join(c.env.bin, name))
    c.expect(c.pipgate("shims", c.path("links")), status=0)
    path = c.path("links") + ":" + c.environ(gate=False)["PATH"]
    for name in ("pip", "pip3", "pip" + c.pair.python):
        refused(c, [c.path("links", name), "install", BLOCKED], env={"PATH": path})


@bypass(pips="one")
def sudo(c):
    """sudo takes the variables and PATH away: the interpreter's hook is still there, and without a database it does not open."""
    if not shutil.which("sudo") or subprocess.run(["sudo", "-n", "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
        raise case.Skipped("no sudo, or not without a password")
    enabled(c)
    place = venv(c)
    words = ["install", "--no-cache-dir", "--index-url", c.index.url, "--trusted-host", "127.0.0.1"]
    for program in ([c.env.python, "-m", "pip"], [place.python, "-Im", "pip"], [os.path.join(place.bin, "pip")]):
        where = c.env if program[0] == c.env.python else place
        refused(c, ["sudo", "-n"] + program + words + [BLOCKED], status=(40, 41), err="^pipgate: ", place=where)
        refused(c, ["sudo", "-n", "PIPGATE_DB=" + c.db] + program + words + [BLOCKED], place=where)
        let_in(c, ["sudo", "-n", "PIPGATE_DB=" + c.db] + program + words + [CLEAN], place=where)
