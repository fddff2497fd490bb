# SPDX-License-Identifier: Apache-2.0
"""The kinds of feeds that come by network, each on a line of its own that can be spoilt: by toxiproxy, or by the server at its end."""
import collections
import contextlib
import email.utils
import gzip
import io
import json
import os
import re
import shutil
import tarfile
import time

from lib import osvdb, paths, toxiproxy
from lib.feedserver import FeedServer, archive
from lib.osvstub import Fault, Stub
from updates import dump, moment, record

DAY = 86400.0
START = time.time()


def records(version):
    """Of version 1 and 2; all of it is large enough to be cut."""
    back = time.time() - START + 20 * DAY
    made = {"PYSEC-%d" % i: record("PYSEC-%d" % i, "name%d" % i, back=back) for i in range(80)}
    if version == 2:
        made["PYSEC-7"] = record("PYSEC-7", "name7", back=back - 3600, fixed="3.0")
        made["PYSEC-99"] = record("PYSEC-99", "other", back=back - 3600)
    return made


# ---- kinds: each puts a version on the server and gives its words ----

def dump_of_osv(line, version):
    line.server.osv(records(version))
    return ["osv=%sPyPI/all.zip" % line.root]


def zip_of_osv(line, version):
    line.server.files["records.zip"] = archive(records(version))
    return ["osv=%srecords.zip" % line.root]


def tar_of_pypa(line, version):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for ident, body in sorted(records(version).items()):
            body = json.dumps(body).encode()  # which is YAML, too
            entry = tarfile.TarInfo("advisory-database-main/vulns/%s/%s.yaml" % (body[:1].hex(), ident))
            entry.size = len(body)
            tar.addfile(entry, io.BytesIO(body))
    line.server.files["db.tar.gz"] = gzip.compress(out.getvalue(), mtime=0)
    return ["pypa=%sdb.tar.gz" % line.root]


def kev(line, version):
    entries = [{"cveID": "CVE-2026-%04d" % i, "shortDescription": "what it does, at length " * 4} for i in range(80 + version)]
    line.server.files["kev.json"] = json.dumps({"dateReleased": moment(line.back - version), "count": len(entries), "vulnerabilities": entries}).encode()
    return zip_of_osv(line, 1) + ["kev=%skev.json" % line.root]


def epss(line, version):
    head = "#model_version:v1,score_date:%s\ncve,epss,percentile\n" % moment(line.back - version)
    line.server.files["epss.csv"] = (head + "".join("CVE-2026-%04d,0.%02d,0.5\n" % (i, i + version) for i in range(80))).encode()
    return zip_of_osv(line, 1) + ["epss=%sepss.csv" % line.root]


def bundle(line, version):
    folder = os.path.join(line.folder, "out")
    if not os.path.exists(line.key):
        line.done(line.pipgate("key", "new", "-o", line.key))
    osvdb.write(records(version).values(), os.path.join(line.folder, "records"))
    line.done(line.pipgate("db", "build", "-o", os.path.join(line.folder, "made.db"), "osv=" + os.path.join(line.folder, "records")))
    line.done(line.pipgate("db", "export", folder, "-k", line.key, "--db", os.path.join(line.folder, "made.db")))
    line.server.files = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as f:
            line.server.files["b/" + name] = f.read()
    return ["pipgate=%sb/" % line.root]


def safety(line, version):
    specs = "<%d" % (version + 1)
    entries = {"name%d" % i: [{"advisory": "what it is", "cve": "CVE-2026-%04d" % i, "id": "pyup.io-%d" % i, "specs": [specs], "v": specs}] for i in range(40)}
    meta = {"$meta": {"advisory": "made up", "timestamp": int(START - line.back + version), "last_updated": "2026-01-01", "base_domain": "x"}}
    line.server.files["insecure_full.json"] = json.dumps(meta | entries).encode()
    return ["safety=%sinsecure_full.json" % line.root]


def names_asked(line):
    """The file of names that a service is asked about."""
    path = os.path.join(line.folder, "names.txt")
    with open(path, "w", encoding="utf-8") as f:
        f.writelines("name%d==1.0\n" % i for i in range(40))
    return "--names", path


def service_of_osv(line, version):
    line.server.dated = {"Last-Modified": email.utils.formatdate(START - line.back, usegmt=True)}  # else it is as new as the question
    line.server.records = {i: r for i, r in records(version).items() if version == 2 or i != "PYSEC-8"}
    return ["osv-api=" + line.root.rstrip("/")]


def service_of_index(line, version):
    service_of_osv(line, version)
    line.server.records = {i: dict(r, details="told at length " * 300) for i, r in line.server.records.items()}  # no answer fits into a second of a drip
    return ["pypi=%spypi" % line.root]


# garbage: what is said of bytes that are none of its kind; same: it is asked with an ETag, so that 304 is an answer; server: what stands at
# the line's end; options: of the update
Kind = collections.namedtuple("Kind", "put pattern garbage same server options", defaults=(r".", r"archive: ", True, FeedServer, lambda line: ()))
KINDS = {
    "osv dump": Kind(dump_of_osv, "modified_id", "modified_id.csv: line 1 is not of the form"),
    "osv record": Kind(dump_of_osv, r"PYSEC-\d+\.json", "PYSEC-7.json", same=False),
    "osv zip": Kind(zip_of_osv),
    "pypa tar.gz": Kind(tar_of_pypa),
    "kev": Kind(kev, "kev", "kev.json: "),
    "epss": Kind(epss, "epss", "epss"),
    "safety": Kind(safety, garbage="insecure_full.json"),
    "osv-api": Kind(service_of_osv, "vulns/", "byte 0", same=False, server=Stub, options=names_asked),
    "pypi": Kind(service_of_index, garbage="byte 0", same=False, server=Stub, options=names_asked),
    "bundle": Kind(bundle, garbage="pipgate.json", same=False, options=lambda line: ("--key", line.key + ".pub")),
}

# ---- faults ----

RIGHT, SAME, REFUSED = "new", "old, no news", "old, refused"
Spoilt = collections.namedtuple("Spoilt", "toxics fault end said timeout", defaults=((), None, REFUSED, "", 3))
FAULTS = {
    "late": Spoilt((("latency", {"latency": 120, "jitter": 100}),), end=RIGHT),
    "narrow": Spoilt((("bandwidth", {"rate": 200}), ("slicer", {"average_size": 200, "size_variation": 100, "delay": 100})), end=RIGHT, timeout=20),
    "cut": Spoilt((("limit_data", {"bytes": 900}),), said=r"network: "),
    "drip": Spoilt((("bandwidth", {"rate": 1}),), said=r"limit: not done within 1000 ms", timeout=1),
    "silence": Spoilt((("timeout", {"timeout": 0}),), said=r"limit: not done within 1000 ms", timeout=1),
    "reset": Spoilt((("reset_peer", {"timeout": 10}),), said=r"network: "),
    "garbage": Spoilt(fault=lambda p: Fault(p, "garbage")),
    "too short": Spoilt(fault=lambda p: Fault(p, "cut"), said=r"network: "),
    "wrong length": Spoilt(fault=lambda p: Fault(p, "length"), said=r"network: "),
    "loop": Spoilt(fault=lambda p: Fault(p, "loop"), said=r"http: more than 5 redirects"),
    "304": Spoilt(fault=lambda p: Fault(p, "status", 304), said=r"http: the server answered 304"),
    "429, 1 s": Spoilt(fault=lambda p: Fault(p, "status", 429, times=1, retry_after=1), end=RIGHT),
    "429, 1 h": Spoilt(fault=lambda p: Fault(p, "status", 429, retry_after=3600),
                       said=r"http: the server answered 429, and asks to come back in 3600 s: later than this job may take"),
    "503": Spoilt(fault=lambda p: Fault(p, "status", 503), said=r"http: the server answered 503"),
}


class Line:
    """One kind of feed, from its server through a proxy to a database of its own."""

    def __init__(self, c, name):
        self.c, self.name, self.kind = c, name, KINDS[name]
        self.folder = os.path.join(c.root, name.replace(" ", "-"))
        self.key, self.back = os.path.join(self.folder, "k"), 20 * DAY
        for sub in ("d", "state", "tmp"):
            os.makedirs(os.path.join(self.folder, sub))
        self.database = os.path.join(self.folder, "d", "advisories.db")

    def pipgate(self, *argv, **env):
        env = {"XDG_STATE_HOME": os.path.join(self.folder, "state"), "TMPDIR": os.path.join(self.folder, "tmp"), **env}
        return self.c.start([paths.PIPGATE, *argv], env=env).wait()

    def done(self, result):
        self.c.true(result.status == 0, "%s: %s ended with %s: %s", self.name, result.argv[1:3], result.status, result.stderr)

    def update(self, words, timeout=20):
        return self.pipgate("db", "update", "-o", self.database, "--timeout", str(timeout), *self.kind.options(self), PIPGATE_FEEDS=" ".join(words))

    def dump(self):
        """All that the database holds; what a service has answered is as old as the answer."""
        told = dump(self.database)
        return told if self.kind.server is FeedServer else {table: told[table] for table in ("row", "text", "refused")}

    def bytes(self):
        with open(self.database, "rb") as f:
            return f.read()

    @contextlib.contextmanager
    def kept(self):
        """The stores, the database and the state, which come back at the end."""
        for sub in ("d", "state"):
            shutil.copytree(os.path.join(self.folder, sub), os.path.join(self.folder, "kept", sub))
        yield
        for sub in ("d", "state"):
            shutil.rmtree(os.path.join(self.folder, sub))
            os.rename(os.path.join(self.folder, "kept", sub), os.path.join(self.folder, sub))

    def judged(self, words, fault, old, new):
        """(what came of an update under this fault, what is wrong)"""
        spoilt = FAULTS[fault]
        end, said = spoilt.end, self.kind.garbage if fault == "garbage" else spoilt.said
        if fault == "304" and self.kind.same:
            end = SAME
        self.proxy.toxics(spoilt.toxics, 1)
        self.server.faults = [spoilt.fault(self.kind.pattern)] if spoilt.fault else []
        begun = time.monotonic()
        result = self.update(words, spoilt.timeout)
        seconds = time.monotonic() - begun
        self.proxy.toxics((), 1)
        self.server.faults = []
        got = RIGHT if result.status == 0 and self.dump() == new else SAME if result.status == 0 and self.bytes() == old else REFUSED if (
            result.status == 41 and self.bytes() == old) else "a third thing"
        wrong = None if got == end else "%s instead of %s" % (got, end)
        if not wrong and end == REFUSED and not re.search(said, result.stderr):
            wrong = "not said: " + said
        if not wrong and seconds > spoilt.timeout + 4:
            wrong = "it took %.1f s" % seconds
        if not wrong and (self.update(words).status or self.dump() != new):
            wrong = "the next update is not right"
        return got, wrong and "%s, %s: %s\n%s" % (self.name, fault, wrong, result.stderr)

    def run(self, faults):
        """{fault: (what came of it, what is wrong)}"""
        with self.kind.server() as self.server, toxiproxy.Proxy(self.server.port) as self.proxy:
            self.root, cells = self.proxy.root + "/", {}
            self.done(self.update(self.kind.put(self, 1)))
            old = self.bytes()
            words = self.kind.put(self, 2)
            with self.kept():
                self.done(self.update(words))
                new = self.dump()
            for fault in faults:
                with self.kept():
                    cells[fault] = self.judged(words, fault, old, new)
        return cells
