# SPDX-License-Identifier: Apache-2.0
"""What rows are made of, and what they share: places, input that is made once, environments."""
import os
import random
import shutil
import statistics
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
UNITS = {"ms": lambda v: "%.2f ms" % (v * 1000), "s": lambda v: "%.3f s" % v, "MiB": lambda v: "%.2f MiB" % (v / measure.MIB),
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
                "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
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
    def environment(self):
        """A fresh environment with the newest pip."""
        def make():
            try:
                pair = max(pips.pairs("all"), key=lambda p: (p.version, int(p.python[2:])))
                shutil.rmtree(self.path("env"), ignore_errors=True)
                return pips.environment(pair, self.path("env"))
            except (pips.Unavailable, ValueError) as e:
                raise Skip(str(e) or "no Python here that a pip of the tests works on")
        return self.part("environment", make)

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


def members(zips):
    return sum(len(zipfile.ZipFile(z).namelist()) for z in zips)


def median(values):
    return statistics.median(values)
