# SPDX-License-Identifier: Apache-2.0
"""Pythons that may be enabled: each case has its own, in its own folder. None of the machine's is touched."""
import glob
import os
import shutil
import stat
import subprocess

from . import paths, pips
from .case import SYSTEM_PATH, Skipped

BLOCKED, ALLOWED = "jinja2==2.10", "idna==3.7"


def own(c):
    """The case's Python becomes one of its own, without a virtual environment."""
    c.use(pips.standalone(c.pair, os.path.join(c.root, "own")))
    return c.env


def library(c):
    return os.path.dirname(c.env.site)


def venv(c, name, *options):
    """A virtual environment of the case's Python, with the case's pip."""
    made = pips.Environment(os.path.join(c.root, name), c.pair.python)
    expect(c, [c.env.python, "-m", "venv", "--without-pip", *options, made.root], 0)
    pips.give_pip(c.pair, made)
    return made


def run(c, argv, **options):
    """In an environment where no link to pipgate comes first."""
    env = dict({"PATH": c.env.bin + ":" + SYSTEM_PATH}, **options.pop("env", {}))
    return c.run(argv, env=env, **options)


def expect(c, argv, status, env=(), **patterns):
    return c.expect(run(c, argv, env=dict(env)), status=status, **patterns)


def pipgate(c, *argv, status=0, env=(), **patterns):
    return expect(c, [paths.PIPGATE] + list(argv), status, env=env, **patterns)


def enable(c, *argv, **more):
    return pipgate(c, "enable", *(argv or ("--python", c.env.python)), **more)


def disable(c, *argv, **more):
    return pipgate(c, "disable", *(argv or ("--python", c.env.python)), **more)


def roads(environment):
    """The spellings of pip that an interpreter and its environments have."""
    python = environment.python
    return [[python, "-m", "pip"], [python, "-Im", "pip"], [python, "-X", "utf8", "-m", "pip"], [os.path.join(environment.bin, "pip")]]


def held(c, environment, ways=None):
    """Each way refuses the blocked pin with 40, and nothing comes in."""
    for argv in ways or roads(environment):
        expect(c, argv + ["install", BLOCKED], 40, err="^pipgate: blocked: jinja2 2.10")
    c.equal(environment.installed(), {}, "installed")


def bare(c, argv):
    """pip as it is without us: it lets the pin in and says nothing of ours."""
    there = os.path.join(c.root, "bare", str(len(c.steps)))
    expect(c, argv + ["install", "--no-deps", "--target", there, BLOCKED], 0, not_err="pipgate")
    c.true(os.path.exists(os.path.join(there, "jinja2.py")), "%s let nothing in", argv)


def state(*folders):
    """{path: all that an entry is}: bytes, mode, owner, times in ns, extended attributes. Byte code is left out."""
    found = {}
    for folder in folders:
        for where, inner, files in os.walk(folder):
            inner[:] = [d for d in inner if d != "__pycache__"]
            for path in [where] + [os.path.join(where, f) for f in files] + [os.path.join(where, d) for d in inner]:
                found[path] = entry(path)
    return found


def entry(path):
    info, link = os.lstat(path), os.path.islink(path)
    body = os.readlink(path) if link else ""
    if stat.S_ISREG(info.st_mode):
        with open(path, "rb") as f:
            body = f.read()
    names = {} if link else {n: os.getxattr(path, n) for n in os.listxattr(path)}
    return body, stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid, info.st_mtime_ns, names


def same(c, before, *folders):
    after = state(*folders)
    wrong = [p for p in sorted({*before, *after}) if before.get(p) != after.get(p)]
    c.true(not wrong, "not as before: %s", [(p, before.get(p), after.get(p)) for p in wrong[:3]])


def byte_code(c):
    return glob.glob(os.path.join(glob.escape(library(c)), "__pycache__", "sitecustomize.*"))


NOBODY = 65534


def nobody(c):
    """Words before a command that run it as a user who is not root, in the case's folder; the case's own files are that user's."""
    if os.getuid() != 0:
        return []
    words = [shutil.which("setpriv", path=SYSTEM_PATH) or "setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
    os.chmod(c.root, 0o755)
    try:
        able = subprocess.run(words + ["test", "-x", c.root], stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        able = False
    if not able:
        raise Skipped("another user cannot be had here (setpriv), or may not come to the build folder")
    return words
