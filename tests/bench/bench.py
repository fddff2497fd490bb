# SPDX-License-Identifier: Apache-2.0
"""What rows are made of, and what they share: places, input that is made once, environments."""
import email
import os
import random
import shutil
import statistics
import subprocess
import sys
import zipfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from lib import index, paths, pips  # noqa: E402
import made_up  # noqa: E402
import measure  # noqa: E402

__all__ = ["index", "made_up", "measure", "paths", "pips"]
SEED = 1
REQUIRED = ["requests", "flask"]
UNITS = {"ms": lambda v: "%.2f ms" % (v * 1000), "s": lambda v: "%.3f s" % v, "MB": lambda v: "%.2f MB" % (v / 1e6), "MiB": lambda v: "%.2f MiB" % (v / measure.MIB),
         "/s": lambda v: "{:,.0f}/s".format(v), "×": lambda v: "%.3f ×" % v}


class Skip(Exception):
    """What a row needs is not here; the text is the reason."""


class Line:
    """One line of the table; a bound is the most, with least the least that is allowed; note: figures beside."""

    def __init__(self, what, value, unit, bound=None, least=False, note=""):
        self.what, self.value, self.unit, self.bound, self.least, self.note = what, value, unit, bound, least, note

    @property
    def ok(self):
        if self.bound is None:
            return True
        return self.value >= self.bound if self.least else self.value <= self.bound

    def cells(self):
        shown = UNITS[self.unit](self.value) + (" (%s)" % self.note if self.note else "")
        if self.bound is None:
            return self.what, shown, "–", "–"
        return self.what, shown, ("≥ " if self.least else "≤ ") + UNITS[self.unit](self.bound), "yes" if self.ok else "NO"


ROWS = []  # (name, function), in the order of the table


def row(name):
    def mark(function):
        ROWS.append((name, function))
        return function
    return mark


class Bench:
    def __init__(self, quick):
        self.quick = quick
        self.work = os.path.join(paths.BUILD, "bench")
        os.makedirs(self.work, exist_ok=True)
        self._parts = {}

    def count(self, full, quick):
        return quick if self.quick else full

    def path(self, *parts):
        return os.path.join(self.work, *parts)

    def part(self, name, make):
        """Made when it is first needed, once a run."""
        if name not in self._parts:
            self._parts[name] = make()
        return self._parts[name]

    def file(self, name, write):
        """A file that is kept between runs: its name says all that it depends on. write(path)."""
        path = self.path(name)
        if not os.path.exists(path):
            fresh = "%s.%d" % (path, os.getpid())
            write(fresh)
            os.replace(fresh, path)
        return path

    def environ(self, **more):
        home = self.path("home")
        os.makedirs(home, exist_ok=True)
        made = {"PATH": os.defpath, "HOME": home, "TMPDIR": home, "LC_ALL": "C.UTF-8", "TERM": "dumb",
                "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1",
                "PIPGATE_POLICY": "database-max-age=9999d database-warn-age=9999d"}  # the feeds are of days long past
        for kind in ("CACHE", "CONFIG", "DATA", "STATE"):
            made["XDG_%s_HOME" % kind] = os.path.join(home, kind.lower())
        made.update(more)
        return made

    # ---- feeds and databases ----

    def made_up_zip(self, count):
        with open(made_up.__file__, "rb") as f:
            generator = zlib.crc32(f.read())
        return self.file("made-up-%d-%08x.zip" % (count, generator), lambda p: made_up.archive(p, count))

    def real_zips(self):
        zips = [paths.shared("advisories", "all.zip"), paths.shared("enrich", "mal-pypi-all.zip")]
        return zips if all(zips) else None

    def usual_zips(self):
        """The real feeds where they are, else made-up ones of their size."""
        return (not self.quick and self.real_zips()) or [self.made_up_zip(self.count(11870, 1000))]

    def build_argv(self, zips, out):
        return [paths.PIPGATE, "db", "build", "-o", self.path(out)] + ["osv=" + z for z in zips]

    @property
    def database(self):
        def make():
            measure.run(self.build_argv(self.usual_zips(), "usual.db"), self.environ())
            return self.path("usual.db")
        return self.part("database", make)

    # ---- pairs ----

    @property
    def vulnerable(self):
        """[(name, version)] on most of which the usual database has advisories."""
        def make():
            table = paths.shared("oracle", "public.tsv")
            if self.quick or not table or not self.real_zips():
                return made_up.vulnerable_pairs(self.count(11870, 1000), 1500)
            with open(table, encoding="utf-8") as f:
                return [tuple(line.rstrip("\n").split("\t")[:2]) for line in f if not line.startswith("#")]
        return self.part("vulnerable", make)

    def pairs_file(self, name, pairs):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as f:
            f.writelines("%s\t%s\n" % pair for pair in pairs)
        return path

    def shuffled(self, n):
        """The vulnerable pairs over and over, n of them, each round shuffled anew."""
        r, pairs, made = random.Random(SEED), list(self.vulnerable), []
        while len(made) < n:
            r.shuffle(pairs)
            made += pairs
        return made[:n]

    def plan(self, n, size):
        """A report of n distributions: half have advisories but are past them, one in twenty is vulnerable."""
        def write(path):
            r = random.Random(SEED)
            known = sorted({name for name, _ in self.vulnerable})
            r.shuffle(known)
            pins = [(name, "9999.%d" % i) for i, name in enumerate(known[:n // 2 - n // 20])]
            pins += list({name: version for name, version in self.vulnerable if name in known[n // 2:n]}.items())[:n // 20]
            pins += list(made_up.unknown_pairs(n - len(pins)))
            with open(path, "wb") as f:
                f.write(made_up.report(pins, size))
        path = self.path("plan-%d.json" % n)
        write(path)
        return path

    # ---- pips ----

    @property
    def pair(self):
        """The newest pip on the newest Python here that it works on."""
        try:
            return max(pips.pairs("all"), key=lambda p: (p.version, int(p.python[2:])))
        except ValueError:
            raise Skip("no Python here that a pip of the tests works on")

    @property
    def environment(self):
        """A fresh environment with the newest pip."""
        return self.part("environment", lambda: self.fresh("env", pips.environment))

    def fresh(self, name, make):
        """What make(pair, path) of lib/pips gives, at a place where nothing is left of an earlier run."""
        shutil.rmtree(self.path(name), ignore_errors=True)
        try:
            return make(self.pair, self.path(name))
        except pips.Unavailable as e:
            raise Skip(str(e))

    @property
    def wheels(self):
        """requests, flask and what they need, from the index that pip is configured with, kept for a build folder. In the quick form
        made up, two releases of each."""
        def fetch(fresh):
            os.mkdir(fresh)
            fetched = subprocess.run([self.environment.python, "-m", "pip", "download", "-q", "--disable-pip-version-check",
                                      "--only-binary", ":all:", "-d", fresh] + REQUIRED, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            if fetched.returncode:
                raise Skip("the index that pip is configured with gave no %s (%s)" % (
                    " ".join(REQUIRED), (fetched.stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"])[-1]))
        if self.quick:
            return made_up_wheels(2, 2)
        folder = self.file("wheels-py%s" % self.environment.python_version, fetch)
        return [kept_wheel(os.path.join(folder, name)) for name in sorted(os.listdir(folder))]

    def links(self):
        """A folder of links named pip, to be first on PATH."""
        def make():
            folder = self.path("links")
            os.makedirs(folder, exist_ok=True)
            for name in ("pip", "pip3"):
                link = os.path.join(folder, name)
                if os.path.lexists(link):
                    os.unlink(link)
                os.symlink(paths.PIPGATE, link)
            return folder
        return self.part("links", make)

    def gate_environ(self, **more):
        roads = [self.links(), self.environment.bin, "/usr/local/bin:/usr/bin:/bin"]
        return self.environ(PATH=":".join(roads), PIPGATE_DB=self.database, **more)


def made_up_wheels(releases, files):
    """Wheels in the shape of what REQUIRED draws in, each with so many files. Their names only read well."""
    needs = {"requests": ["charset-normalizer>=2", "idna>=2.5,<4", "urllib3>=1.21.1,<4", "certifi>=2"],
             "flask": ["werkzeug>=2.0", "jinja2>=3.0", "itsdangerous>=2.0", "click>=3.1", "blinker>=1.6"],
             "jinja2": ["MarkupSafe>=2.0"], "werkzeug": ["MarkupSafe>=2.1.1"]}
    made, maker = [], made_up.Maker()
    for name in ("requests", "flask", "charset-normalizer", "idna", "urllib3", "certifi", "werkzeug", "jinja2", "itsdangerous", "click",
                 "blinker", "MarkupSafe"):
        stem = name.lower().replace("-", "_")
        inside = {"%s/part_%d.py" % (stem, i): ('"""%s"""\n' % maker.text(6000).replace('"', "")).encode() for i in range(files)}
        made += [index.wheel(name, "3.%d.%d" % (i, i % 4), needs.get(name, ()), files=inside) for i in range(releases)]
    return made


def kept_wheel(path):
    """A real wheel as the loopback index offers it."""
    with zipfile.ZipFile(path) as z:
        metadata = z.read([n for n in z.namelist() if n.count("/") == 1 and n.endswith(".dist-info/METADATA")][0])
    python = email.message_from_bytes(metadata)["Requires-Python"]
    with open(path, "rb") as f:
        return index.File(os.path.basename(path), f.read(), metadata, requires_python=python)


def members(zips):
    return sum(len(zipfile.ZipFile(z).namelist()) for z in zips)


def median(values):
    return statistics.median(values)
