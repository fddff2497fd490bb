# SPDX-License-Identifier: Apache-2.0
"""What cannot be covered: each of these lets in what is blocked, and is shown to."""
import os

from lib import wheels

from scene import BLOCKED, bare_python, bypass, enabled, library


def comes_in(c, argv, **options):
    c.expect(c.run(argv, **options), status=0)
    c.equal(c.env.installed().get("jinja2"), "2.10", "what came")


@bypass()
def python_S(c):
    """Without the site module nothing of ours is loaded."""
    enabled(c)
    runs = "import sys, runpy; sys.path.append(%r); sys.argv = ['pip'] + sys.argv[1:]; runpy.run_module('pip', run_name='__main__')" % c.env.site
    comes_in(c, [c.env.python, "-S", "-c", runs, "install", BLOCKED])


@bypass()
def an_interpreter_not_enabled(c):
    bare_python(c)
    comes_in(c, [c.env.python, "-m", "pip", "install", BLOCKED])


# Python's own audit hooks are called after ours and before the file is opened: a place that always wins the race.
RACE = """import os, sys, zipfile
wheel, other, kept = sys.argv[1:4]
read_end = zipfile._EndRecData
def between(event, args):
    if event == 'open' and args[0] == wheel and installs(sys._getframe()):
        os.rename(wheel, kept)
        os.link(other, wheel)
def installs(frame):
    return frame is not None and (frame.f_code.co_name == 'install_wheel' or installs(frame.f_back))
def back(file):
    if os.path.exists(kept):
        os.rename(kept, wheel)
    return read_end(file)
zipfile._EndRecData = back
from pip._internal.cli.main import main
sys.addaudithook(between)
sys.exit(main(sys.argv[4:]))
"""


@bypass()
def a_race_of_the_same_user(c):
    """The wheel is looked at, then pip's own open() gets another one that lies there for just that moment."""
    enabled(c)
    links = os.path.join(c.root, "links")
    name, data = wheels.wheel("idna", "3.7")
    for path, what in ((os.path.join(links, name), data), (os.path.join(links, "other"), wheels.wheel("idna", "3.7", files={"planted.py": b"1\n"})[1])):
        os.makedirs(links, exist_ok=True)
        with open(path, "wb") as f:
            f.write(what)
    words = [os.path.join(links, name), os.path.join(links, "other"), os.path.join(links, "kept"), "install", "--no-index", "--find-links", links, "idna"]
    c.expect(c.run([c.env.python, c.write("race.py", RACE)] + words), status=0)
    c.true(os.path.exists(os.path.join(c.env.site, "planted.py")), "it was held")


@bypass()
def whoever_writes_our_files(c):
    """The interpreter's file emptied: as if it had never been enabled."""
    enabled(c)
    with open(os.path.join(library(c), "sitecustomize.py"), "w"):
        pass
    comes_in(c, [c.env.python, "-m", "pip", "install", BLOCKED])
