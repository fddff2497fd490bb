# SPDX-License-Identifier: Apache-2.0
"""The roads of the matrix: a blocked pin by each of them, on every pair; which pip ran where it is not the pair's own."""
import json
import os
import re

from scene import BLOCKED, CLEAN, bypass, enabled, let_in, refused, tool, venv, walk
from lib import index, pips, wheels

COLUMNS = ("link", "python -m pip", "python -Im pip", "venv/bin/pip", "runpy", "pipx", "tox", "build", "main([...])")
RUNPY = "import runpy, sys\nsys.argv = ['pip'] + sys.argv[1:]\nrunpy.run_module('pip', run_name='__main__', alter_sys=True)\n"
MAIN = "import sys\nfrom pip._internal.cli.main import main\nstatus = main(sys.argv[1:])\nprint('status', status)\nsys.exit(status)\n"


def ran(c, place=None):
    """The pip that was judged, as the gate's own report has it, where it is not the pair's."""
    with open(c.path("verdict.json")) as f:
        version = json.load(f)["pip"]
    wanted = pips.wheel(c.pair.pip).split("/")[-1].split("-")[1]
    if version != wanted:
        c.note = "pip %s" % version


REPORT = "PIPGATE_REPORT"


def report(c):
    return {REPORT: c.path("verdict.json")}


@bypass()
def matrix_link(c):
    """`pip` is a link to pipgate, first on PATH."""
    enabled(c)
    walk(c, "pip", env=report(c))
    ran(c)


@bypass()
def matrix_python_m_pip(c):
    enabled(c)
    walk(c, c.env.python, "-m", "pip", gate=False, env=dict(report(c), PIPGATE_DB=c.db))
    ran(c)


@bypass()
def matrix_python_Im_pip(c):
    enabled(c)
    walk(c, c.env.python, "-Im", "pip", env=report(c))
    ran(c)


@bypass()
def matrix_venv_bin_pip(c):
    enabled(c)
    place = venv(c)
    walk(c, os.path.join(place.bin, "pip"), place=place, env=report(c))
    ran(c)


@bypass()
def matrix_runpy(c):
    """runpy, as __main__"""
    enabled(c)
    walk(c, c.env.python, c.write("runs.py", RUNPY), env=report(c))
    ran(c)


@bypass()
def matrix_main(c):
    """main([...]) gives 40 to its caller."""
    enabled(c)
    program = [c.env.python, c.write("mains.py", MAIN)]
    c.expect(refused(c, program + ["install", BLOCKED], env=report(c)), out="^status 40$")
    c.expect(let_in(c, program + ["install", CLEAN], env=report(c)), out="^status 0$")
    ran(c)


# ---- tools: their own status, our table in what they show ----

def shown(c, result, text=None):
    """A tool failed, shows why, and nothing of it lies below the case's folder. text: what it shows, where not on its streams alone."""
    c.true(result.status > 0, "status %s", result.status)
    c.true("blocked: jinja2 2.10: HIGH" in (text or result.stdout + result.stderr), "our table is not shown")
    came = [os.path.join(f, n) for f, folders, files in os.walk(c.root) for n in folders + files if n.lower() in ("jinja2", "jinja2.py")]
    c.equal(came, [], "what came")


def logged(c, result):
    """pipx shows pip's last line and names the file that holds the others."""
    c.expect(result, err="ERROR: pipgate refused this plan: jinja2 2.10: HIGH")
    name, = re.findall(r"^ +(/.*_pip_errors\.log)$", result.stderr, re.M)
    with open(name) as f:
        return f.read()


@bypass()
def matrix_pipx(c):
    """pipx install, run, inject, runpip; its shared pip is the pair's."""
    enabled(c)
    tool(c, "pipx")
    shared = venv(c, "shared")
    c.index.files.update(_files(index.wheel("tool", "1.0", files={"tool-1.0.dist-info/entry_points.txt": b"[console_scripts]\ntool = tool:main\n"})))
    env = dict(report(c), PIPX_HOME=c.path("pipx"), PIPX_BIN_DIR=c.path("bin"), PIPX_MAN_DIR=c.path("man"), PIPX_SHARED_LIBS=shared.root,
               PIPX_DEFAULT_PYTHON=c.env.python, USE_EMOJI="0")
    pipx = [c.env.python, "-m", "pipx"]
    for words in (["install", BLOCKED], ["run", "--spec", BLOCKED, "jinja2"]):
        result = c.run(pipx + words, env=env)
        shown(c, result, logged(c, result))
    ran(c)
    c.expect(c.run(pipx + ["install", "tool"], env=env), status=0)
    result = c.run(pipx + ["inject", "tool", BLOCKED], env=env)
    shown(c, result, logged(c, result))
    shown(c, c.run(pipx + ["runpip", "tool", "install", BLOCKED], env=env))


@bypass()
def matrix_tox(c):
    """tox: its environments are virtualenv's, seeded with the pair's pip."""
    enabled(c)
    tool(c, "tox")
    kept = os.path.dirname(pips.wheel(c.pair.pip))
    version = os.path.basename(pips.wheel(c.pair.pip)).split("-")[1]
    env = dict(report(c), VIRTUALENV_PIP=version, VIRTUALENV_EXTRA_SEARCH_DIR=kept, VIRTUALENV_NO_DOWNLOAD="1",
               VIRTUALENV_OVERRIDE_APP_DATA=c.path("app-data"))
    for needs, status in ((BLOCKED, None), (CLEAN, 0)):
        c.write("tox.ini", "[tox]\nno_package = true\nenv_list = t\n[testenv]\npass_env = PIPGATE_*\ndeps = %s\ncommands = python -c 'import idna'\n" % needs)
        result = c.run([c.env.python, "-m", "tox", "-r"], env=env)
        if status is None:
            shown(c, result)
        else:
            c.expect(result, status=0)
        ran(c)


@bypass()
def matrix_build(c):
    """python -m build: what the build requires is blocked."""
    enabled(c)
    tool(c, "build")
    for needs, status in ((BLOCKED, None), (CLEAN, 0)):
        folder = wheels.project(c.path("project"), "fine", "1.0", needs=[needs])
        result = c.run([c.env.python, "-m", "build", "--wheel", folder], env=report(c))
        if status is None:
            shown(c, result)
            c.true(not os.path.exists(os.path.join(folder, "dist")), "it was built")
        else:
            c.expect(result, status=0)
        ran(c)


def _files(*files):
    return {f.filename: f for f in files}
