# SPDX-License-Identifier: Apache-2.0
"""What a road is walked on: a Python of its own whose every start loads the hook, and the tools that start pip by themselves."""
import glob
import os
import shutil
import stat

from lib import case, paths, pips, tools, tree

BLOCKED, NAME, TABLE = "jinja2==2.10", "jinja2", r"^pipgate: blocked: jinja2 2\.10: HIGH"
CLEAN, CLEAN_FILE = "idna==3.7", "idna.py"
OLDEST = (22, 2)  # the first pip with a plan that the hook can judge

_definitions = {}


def bypass(pips="all"):
    """Marks a proof: a function of one Case that lets nothing blocked in. The table (table.py) names it by the function's name."""
    def mark(function):
        name = function.__name__.replace("_", "-")
        if name in _definitions:
            raise ValueError("two proofs are named " + name)
        _definitions[name] = case.Definition(name, pips, function, function.__doc__ or "")
        return function
    return mark


def definitions():
    return dict(_definitions)


def pairs(names):
    """As lib/pips has them, from the first pip that can be held; and the newest pip on the newest Python that is here."""
    found = [p for p in pips.pairs(names) if p.version >= OLDEST]
    newest = pips.Pair(pips.NEWEST, max(pips.pythons(), key=lambda v: int(v[2:])))
    if newest not in found and any(p.pip == pips.NEWEST for p in found):
        found.append(newest)
    return found


# ---- a Python of its own ----

def own_python(pair, root):
    """A fresh one at root; nothing of it is the machine's but links to the standard library."""
    pips.standalone(pair, root)
    return pips.Environment(root, pair.python)


def library(c):
    """The folder of the standard library of the case's Python: what every environment made from it starts with."""
    return os.path.join(c.env.root, "lib", "python" + c.pair.python)


def bare_python(c):
    c.use(own_python(c.pair, os.path.join(c.root, "python")))


def enable(c, program=paths.PIPGATE):
    """The interpreter hook, as its user puts it there."""
    c.expect(c.run([program, "enable", "--python", c.env.python]), status=0)


def enabled(c, program=paths.PIPGATE):
    """The case's Python is one of its own, and enabled."""
    bare_python(c)
    enable(c, program)


def venv(c, name="venv", options=("--without-pip",)):
    """A virtual environment of the case's Python, with the pair's pip where none is asked of ensurepip."""
    root = os.path.join(c.root, name)
    c.expect(c.run([c.env.python, "-m", "venv", *options, root]), status=0)
    made = pips.Environment(root, c.pair.python)
    if "--without-pip" in options:
        pips.give_pip(c.pair, made)
    return made


# ---- walking ----

def state(root):
    """{path: what lstat says} of a tree without byte code: cheaper than lib/tree's digests, and as telling between two moments."""
    found, skip = {}, len(os.path.join(root, ""))
    for folder, folders, files in os.walk(root):
        folders[:] = [d for d in folders if d != "__pycache__"]
        for path in [os.path.join(folder, n) for n in folders + files if not n.endswith(".pyc")]:
            s = os.lstat(path)
            found[path[skip:]] = (s.st_mode, s.st_ino, 0 if stat.S_ISDIR(s.st_mode) else (s.st_size, s.st_mtime_ns))
    return found


def refused(c, argv, status=40, place=None, err=TABLE, **options):
    """Walks a road with what is blocked: the status, our table, and nothing has come to the place."""
    root = (place or c.env).root
    before = state(root)
    result = c.expect(c.run(argv, **options), status=status, err=err)
    lines = tree.differences(before, state(root))
    if lines:
        raise case.Failed("came in by %s:\n    %s" % (" ".join(map(str, argv)), "\n    ".join(lines[:12])))
    return result


SHORT = pips.Pair("24.3.1", "3.11")  # the pair of the short form (tests/run without ALL=1)
STEP = 5


def few(c, values):
    """Some of them, others on other pairs: all pairs together walk each value more than once."""
    everywhere = pairs("all")
    start = everywhere.index(c.pair) if os.environ.get("ALL") and c.pair in everywhere else 0
    values = list(values)
    return values[start % min(STEP, len(values))::STEP]


def let_in(c, argv, place=None, **options):
    """Walks the same road with what is clean: it is a road, then. What came is taken away again."""
    site = (place or c.env).site
    result = c.expect(c.run(argv, **options), status=0, not_err="blocked")
    c.true(os.path.exists(os.path.join(site, CLEAN_FILE)), "the road leads nowhere: no %s", os.path.join(site, CLEAN_FILE))
    for path in glob.glob(os.path.join(glob.escape(site), CLEAN_FILE[:-3] + "*")):
        (shutil.rmtree if os.path.isdir(path) else os.unlink)(path)
    return result


def walk(c, *argv, place=None, more=(), status=40, **options):
    """A command line of pip up to its command: blocked is refused, clean is let in."""
    refused(c, [*argv, "install", *more, BLOCKED], status=status, place=place, **options)
    let_in(c, [*argv, "install", *more, CLEAN], place=place, **options)


# ---- tools, from the index that pip is configured with ----

def tool(c, *requirements):
    """Lays a tool beside the case's Python."""
    tools.lay(c.env, *requirements)
