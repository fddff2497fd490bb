# SPDX-License-Identifier: Apache-2.0
"""Cases of the hook alone: pip's own interpreter with the shim in it, without the wrapper in front."""
import os
import shutil
import sys

from lib import case, paths, pips, wheels

SHIM, HOOK = (os.path.join(paths.BUILD, name) for name in ("pipgate_shim.py", "pipgate-hook.so"))
# Much as the wrapper starts it; {before} is a test's own doing.
BOOT = """import sys
if sys.path[:1] == ['']: del sys.path[0]
sys.argv[0] = 'pip'
f = {shim!r}
exec(compile(open(f, 'rb').read(), f, 'exec'), {{'__name__': 'pipgate_shim', '__file__': f, 'ROAD': 'pip'}})
{before}
from pip._internal.cli import main as m
sys.exit(getattr(m, 'cli', m.main)())"""
# As an interpreter's own hook would have it: a .pth of one environment.
PTH = "import sys; f = {shim!r}; exec(compile(open(f, 'rb').read(), f, 'exec'), {{'__name__': 'pipgate_shim', '__file__': f}})\n"
OLDEST = (22, 2)
WRAPS = "sys.modules['pipgate_shim'].words['_WRAPS']"  # for tests that take something away from the shim

_definitions = []


def held(pips="two", mode=None):
    """Marks a case of tests/hook, as @case does for tests/cli."""
    def mark(function):
        _definitions.append(case.Definition(function.__name__.replace("_", "-"), pips, function, function.__doc__ or "", mode))
        return function
    return mark


class Item(case.Item):
    def __init__(self, definition, pair):
        super().__init__(definition, pair, definition.mode)
        self.name = "hook/%s@%s" % (definition.name, pair)


def items(everywhere=bool(os.environ.get("ALL"))):
    """What is on all pairs is on every fourth one in check, the ends with them."""
    found = []
    for d in _definitions:
        pairs = [p for p in pips.pairs(d.pips) if p.version >= OLDEST or d.pips != "all"]
        found += [Item(d, p) for p in (pairs if everywhere or len(pairs) < 4 else pairs[::4])]
    return found


# ---- starting pip ----

def words(c, *args, folder=None, before="", flags=()):
    """The command line of a held pip; folder: another place of the shim and its object."""
    shim = os.path.join(folder, "pipgate_shim.py") if folder else SHIM
    return [c.env.python] + list(flags) + ["-c", BOOT.format(shim=shim, before=before)] + list(args)


def pip(c, *args, folder=None, before="", flags=(), **options):
    return c.run(words(c, *args, folder=folder, before=before, flags=flags), **options)


def enable(c, folder=None):
    """Every start of this environment's Python loads the shim from here on."""
    shim = os.path.join(folder, "pipgate_shim.py") if folder else SHIM
    with open(os.path.join(c.env.site, "pipgate.pth"), "w") as f:
        f.write(PTH.format(shim=shim))


def program(c, text, *args, **options):
    """A program of the host's own, in an environment with the shim."""
    return c.run([c.env.python, c.write("host.py", text)] + list(args), **options)


def with_decider(c, script=None, hook=HOOK):
    """A folder with the shim, the object and, in place of pipgate, this script; {decide} asks the real one."""
    folder = os.path.join(c.root, "other")
    os.mkdir(folder)
    for path in (SHIM, hook):
        shutil.copy(path, folder)
    if script is not None:
        path = os.path.join(folder, "pipgate")
        with open(path, "w") as f:
            f.write("#!/bin/sh\n" + script.replace("{decide}", paths.PIPGATE + " decide --protocol=1") + "\n")
        os.chmod(path, 0o755)
    return folder


def offer(c, *files):
    c.index.files.update({f.filename: f for f in files})


def repository(c, name):
    """A git repository of a project."""
    folder = wheels.project(os.path.join(c.root, "repository"), name, "1.0")
    who = {"GIT_%s_%s" % (a, b): v for a in ("AUTHOR", "COMMITTER") for b, v in (("NAME", "a"), ("EMAIL", "a@example"))}
    for argv in (["git", "init", "-q", folder], ["git", "-C", folder, "add", "."], ["git", "-C", folder, "commit", "-q", "-m", "x"]):
        c.expect(c.run(argv, env=who), status=0)
    return folder


def nothing_came(c, before):
    """Nothing was installed, and nothing of ours is left."""
    c.unchanged(before)
    c.true(not c.built(), "code of others ran: %s", c.built())


if os.path.dirname(os.path.abspath(__file__)) not in sys.path:
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
