# SPDX-License-Identifier: Apache-2.0
"""Pythons that are here, pips fetched once, and a fresh environment for any pair of them in some 50 ms.

A template is made once for a pair (`venv --without-pip`, then pip's own wheel installs itself) and copied as lib/templates.py says; the
paths in its scripts are rewritten. Measured: copy 50 ms, a new venv with pip 2.5 s.
"""
import contextlib
import fcntl
import glob
import os
import re
import shutil
import subprocess
import sys
import threading

from . import paths, proc, templates

NEWEST = "newest"
# pip, the Python it is tried on where that is here (else the nearest that it supports), words by which a case names it.
# "all" is for the core of the gate; a version alone names one row; "two" are the ends between which pips differ.
MATRIX = (
    ("20.3.4", "3.8", "all 20.3.4"),
    ("21.3.1", "3.9", "all 21.3.1"),
    ("22.2.2", "3.8", "all 22.2.2 two"),
    ("22.2.2", "3.11", "all"),
    ("23.2.1", "3.12", "all 23.2.1"),
    ("24.3.1", "3.8", "all"),
    ("24.3.1", "3.11", "all 24.3.1 one"),
    ("24.3.1", "3.13", "all"),
    ("25.3", "3.11", "all 25.3"),
    (NEWEST, "3.11", "all"),
    (NEWEST, "3.13", "all newest two"),
)
SUPPORTED = {  # lowest and highest minor version of Python 3 on which this pip works
    "20.3.4": (8, 11), "21.3.1": (8, 11), "22.2.2": (8, 11), "23.2.1": (8, 12), "24.3.1": (8, 13), "25.3": (9, 14), NEWEST: (10, 99),
}
PIPS = os.path.join(paths.BUILD, "pips")
ENVS = os.path.join(paths.BUILD, "envs")
TESTENV = os.path.join(paths.BUILD, "testenv")
TESTENV_NEEDS = ("packaging", "cvss")


class Unavailable(Exception):
    """What a test needs is not on this machine and cannot be fetched; the text is the reason."""


# ---- Pythons ----

_PROBE = "import sys; print('%d.%d' % sys.version_info[:2], getattr(sys, '_base_executable', '') or sys.executable)"


def _is_script(path):
    with open(path, "rb") as f:
        return f.read(2) == b"#!"


def _candidates():
    yield sys.executable
    for name in ["python3"] + ["python3.%d" % minor for minor in range(8, 20)]:
        path = shutil.which(name)
        if path and not _is_script(path):  # a shell shim starts slowly and stands for an interpreter that is found below
            yield path
    yield from sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/*/bin/python")))


def _find_pythons():
    found = {}
    for path in dict.fromkeys(_candidates()):
        try:
            text = subprocess.run([path, "-I", "-S", "-c", _PROBE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20)
        except (OSError, subprocess.TimeoutExpired):
            continue
        version, _, executable = text.stdout.decode().strip().partition(" ")
        if text.returncode == 0 and re.match(r"3\.\d+$", version) and int(version[2:]) >= 8:
            found.setdefault(version, executable)
    return found


_pythons = {}
_pythons_lock = threading.Lock()


def pythons():
    """{"3.11": path of the interpreter itself, no shim and no virtual environment}"""
    with _pythons_lock:
        if not _pythons:
            _pythons.update(_find_pythons())
        return _pythons


def hooks(interpreters=None):
    """{path: (inode, size, time)} of all by which these, the machine's own where none are named, could load something of ours."""
    found = {}
    for python in interpreters or pythons().values():
        told = subprocess.run([python, "-I", "-S", "-c", "import os; print(os.path.dirname(os.__file__))"], stdout=subprocess.PIPE)
        library = glob.escape(told.stdout.decode().strip())
        for pattern in ("sitecustomize.py", "__pycache__/sitecustomize.*", "*-packages/*pipgate*"):
            for path in glob.glob(os.path.join(library, pattern)):
                st = os.stat(path)
                found[path] = (st.st_ino, st.st_size, st.st_mtime_ns)
    return found


# ---- preparation, once for a build folder ----


@contextlib.contextmanager
def _alone(what):
    """Threads and test runs prepare one thing one after the other. flock holds between threads too, as each opens the file anew.
    Not to be nested: nothing that is called inside may prepare something else, so that no two wait for each other."""
    folder = os.path.join(paths.BUILD, "locks")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, what), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def testenv():
    """The Python of build/testenv, which holds packaging and cvss from the index that pip is configured with."""
    python, ready = os.path.join(TESTENV, "bin", "python"), os.path.join(TESTENV, "ready")
    with _alone("testenv"):
        if not _holds(ready, " ".join(TESTENV_NEEDS)):
            _checked([sys.executable, "-m", "venv", "--clear", TESTENV], "build/testenv could not be made")
            _checked([python, "-m", "pip", "install", "-q", "--disable-pip-version-check"] + list(TESTENV_NEEDS),
                     "the index that pip is configured with gave no " + ", ".join(TESTENV_NEEDS))
            _write(ready, " ".join(TESTENV_NEEDS))
    return python


def tool_environment(name, *requirements, python=None):
    """The folder of a virtual environment below build/tools with these programs, from the index that pip is configured with; made
    once. python: "3.12"; the one that runs the tests by default."""
    root = os.path.join(paths.BUILD, "tools", name)
    ready, key = root + ".ready", " ".join(requirements)
    with _alone("tool-" + name):
        if name in _unfetched:
            raise Unavailable(_unfetched[name])
        if not _holds(ready, key):
            try:
                _checked([pythons()[python] if python else sys.executable, "-m", "venv", "--clear", root], "build/tools/%s could not be made" % name)
                _checked([os.path.join(root, "bin", "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"] + list(requirements),
                         "the index that pip is configured with gave no " + key)
            except Unavailable as e:
                _unfetched[name] = str(e)
                raise
            _write(ready, key)
    return root


def wheel(version):
    """The path of pip's own wheel, kept once it was fetched."""
    return extra_wheel("pip" if version == NEWEST else "pip==" + version)


def extra_wheel(requirement):
    """A wheel from the index that pip is configured with, kept once it was fetched."""
    kept = os.path.join(PIPS, requirement + ".name")
    with _alone("pips"):
        if not os.path.exists(kept):
            _write(kept, _fetch(requirement))
        with open(kept) as f:
            return os.path.join(PIPS, f.read())


def _fetch(requirement):
    """Downloads one wheel to PIPS; its file name. Any failure is remembered for this run: an index that is away stays away."""
    if requirement in _unfetched:
        raise Unavailable(_unfetched[requirement])
    fresh = os.path.join(PIPS, "fresh")
    shutil.rmtree(fresh, ignore_errors=True)
    newest_python = max(pythons(), key=lambda v: int(v[2:]))
    try:
        _checked([_fetching_python(), "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:",
                  "--python-version", newest_python, "-d", fresh, requirement],
                 "the index that pip is configured with gave no " + requirement)
    except Unavailable as e:
        _unfetched[requirement] = str(e)
        raise
    name, = os.listdir(fresh)
    os.replace(os.path.join(fresh, name), os.path.join(PIPS, name))
    return name


_unfetched = {}


def _fetching_python():
    """A Python with a pip: the one of the test environment where that stands, else the one that runs the tests."""
    python = os.path.join(TESTENV, "bin", "python")
    return python if os.path.exists(os.path.join(TESTENV, "ready")) else sys.executable


def _checked(argv, sentence):
    result = proc.run(argv)
    if result.status:
        reason = (result.stderr.strip() or result.stdout.strip() or "no message").splitlines()[-1]
        raise Unavailable("%s (%s)" % (sentence, reason))


def _holds(path, text):
    try:
        with open(path) as f:
            return f.read() == text
    except OSError:
        return False


def _write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


# ---- pairs of pip and Python ----


class Pair:
    def __init__(self, pip, python):
        self.pip, self.python = pip, python

    def __eq__(self, other):
        return (self.pip, self.python) == (other.pip, other.python)

    def __hash__(self):
        return hash((self.pip, self.python))

    def __str__(self):
        return "pip%s-py%s" % (self.pip, self.python)

    @property
    def version(self):
        """pip's version as a tuple of numbers; the newest is above all."""
        return (999,) if self.pip == NEWEST else tuple(int(n) for n in self.pip.split("."))


def _pair(pip, wanted):
    low, high = SUPPORTED[pip]
    fit = [v for v in pythons() if low <= int(v[2:]) <= high]
    if not fit:
        return None
    return Pair(pip, min(fit, key=lambda v: (abs(int(v[2:]) - int(wanted[2:])), v)))


def pairs(names):
    """The pairs that a case asks for by words of the table, as "all", "two", "22.2.2 25.3"; without repeats."""
    wanted = set(names.split())
    unknown = wanted.difference(*(words.split() for _, _, words in MATRIX))
    if unknown:
        raise ValueError("no such pips: " + " ".join(sorted(unknown)))
    rows = [row for row in MATRIX if wanted & set(row[2].split())]
    return list(dict.fromkeys(p for p in (_pair(pip, python) for pip, python, _ in rows) if p))


def unsupported():
    """pips of the table for which no Python is here."""
    return sorted({pip for pip, python, _ in MATRIX if not _pair(pip, python)})


class Environment:
    """A virtual environment with one pip, thrown away after the case."""

    def __init__(self, root, python):
        self.root, self.python_version = root, python
        self.bin = os.path.join(root, "bin")
        self.python = os.path.join(self.bin, "python")
        self.site = os.path.join(root, "lib", "python" + python, "site-packages")

    def installed(self):
        """{normalized name: version} of what its dist-info folders say, pip itself left out."""
        found = {}
        for info in glob.glob(os.path.join(glob.escape(self.site), "*.dist-info")):
            name, _, version = os.path.basename(info)[:-len(".dist-info")].rpartition("-")
            found[re.sub(r"[-_.]+", "-", name).lower()] = version
        found.pop("pip", None)
        return found


def _template(pair):
    root, pip, base = os.path.join(ENVS, str(pair)), wheel(pair.pip), pythons()[pair.python]
    key = "2 %s %s" % (base, os.path.basename(pip))
    with _alone(str(pair)):
        if not templates.stands(root, key):
            _checked([base, "-m", "venv", "--without-pip", root], "no environment with Python " + pair.python)
            install_pip(pair, os.path.join(root, "bin", "python"))
            _one_certificate(root)
            templates.made(root, key)
    return root


def _one_certificate(root):
    """Of the authorities that pip brings with it one is left: it reads them at each start, a tenth of its time, and no server of a test
    has a certificate of theirs."""
    bundle, = glob.glob(os.path.join(glob.escape(root), "lib", "*", "site-packages", "pip", "_vendor", "certifi", "cacert.pem"))
    with open(bundle) as f:
        first, end, _ = f.read().partition("-----END CERTIFICATE-----\n")
    _write(bundle, first + end)


def environment(pair, root):
    """A fresh copy at root."""
    template = _template(pair)
    lay([template], root)
    for path in [os.path.join(root, "pyvenv.cfg")] + glob.glob(os.path.join(glob.escape(root), "bin", "*")):
        rewrite(path, template.encode(), root.encode())
    return Environment(root, pair.python)


def lay(trees, place):
    """Copies of kept trees, whose files are links to theirs."""
    _checked(["cp", "-al"] + trees + [place], "could not copy " + trees[0])


def rewrite(path, old, new):
    if os.path.islink(path):
        return
    with open(path, "rb") as f:
        text = f.read()
    if old in text:
        templates.replace(path, text.replace(old, new))


def standalone(pair, root, externally_managed=None):
    """A Python of its own, no virtual environment, with pip. externally_managed: the text of its EXTERNALLY-MANAGED file (PEP 668)."""
    template = _own_template(pair)
    lay([template], root)
    for path in glob.glob(os.path.join(glob.escape(root), "bin", "pip*")):
        rewrite(path, template.encode(), root.encode())
    made = Environment(root, pair.python)
    made.python = os.path.join(root, "bin", "python3")
    if externally_managed is not None:
        _write(os.path.join(os.path.dirname(made.site), "EXTERNALLY-MANAGED"), externally_managed)
    return made


def _own_template(pair):
    root, pip, base = os.path.join(ENVS, "own-%s" % pair), wheel(pair.pip), pythons()[pair.python]
    key = "2 %s %s" % (base, os.path.basename(pip))
    _template(pair)  # before the lock: give_pip finds it made
    with _alone("own-%s" % pair):
        if not templates.stands(root, key):
            own_python(base, root)
            made = Environment(root, pair.python)
            made.python = os.path.join(root, "bin", "python3")
            give_pip(pair, made)
            templates.made(root, key)
    return root


def own_python(base, root):
    """A copy of the binary over links to the standard library; the folder of these links. Its byte code and sitecustomize are its own."""
    base = os.path.realpath(base)
    text = subprocess.run([base, "-I", "-S", "-c", "import os, sys; print(os.path.dirname(os.__file__)); print(getattr(sys, 'platlibdir', 'lib')); print('%d.%d' % sys.version_info[:2])"],
                          stdout=subprocess.PIPE, check=True).stdout.decode().split("\n")
    library, cache = os.path.join(root, text[1], "python" + text[2]), "__pycache__"
    for folder in (os.path.join(root, "bin"), os.path.join(library, "site-packages"), os.path.join(library, cache)):
        os.makedirs(folder)
    shutil.copy2(base, os.path.join(root, "bin", "python3"))
    for name in ("python", "python" + text[2]):
        os.symlink("python3", os.path.join(root, "bin", name))
    for name in os.listdir(text[0]):
        if name not in ("site-packages", "dist-packages", "EXTERNALLY-MANAGED", "sitecustomize.py", cache):
            os.symlink(os.path.join(text[0], name), os.path.join(library, name))
    for path in glob.glob(os.path.join(glob.escape(text[0]), cache, "*.pyc")):
        if not os.path.basename(path).startswith("sitecustomize."):
            os.symlink(path, os.path.join(library, cache, os.path.basename(path)))
    return library


def install_pip(pair, python):
    """pip's own wheel installs itself into this Python's environment."""
    pip = wheel(pair.pip)
    _checked([python, "-I", os.path.join(pip, "pip"), "install", "--no-index", "--no-deps", pip], "pip could not install itself")


def give_pip(pair, environment):
    """The pip that installed itself into the pair's template, byte code included, stands in this environment as if it had done so here
    (some 50 ms in place of 2 s): its scripts name this Python, nothing else of it names a place."""
    template = Environment(_template(pair), pair.python)
    parts = [p for p in glob.glob(os.path.join(glob.escape(template.site), "pip*")) if re.match(r"pip(-[^/]*\.dist-info)?$", os.path.basename(p))]
    lay(parts, environment.site)
    for script in glob.glob(os.path.join(glob.escape(template.bin), "pip*")):
        copy = shutil.copy2(script, environment.bin)
        rewrite(copy, template.python.encode(), environment.python.encode())
