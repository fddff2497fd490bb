# SPDX-License-Identifier: Apache-2.0
"""The feeds safety and dir: the forms they come in, what is refused, and how they merge with the others."""
import functools
import http.server
import io
import json
import os
import tarfile
import threading
import zipfile

from lib import osvdb, pips
from lib.case import case

MADE = 1700000000  # 2023-11-14T22:13:20Z
PYSEC = """id: PYSEC-2099-70
modified: "2026-01-02T03:04:05Z"
aliases: [CVE-2099-7000]
affected:
- package: {ecosystem: PyPI, name: medium}
  ranges:
  - type: ECOSYSTEM
    events:
    - introduced: "0"
    - fixed: "2.0"
"""


def entry(number, specs, cve=None, text="made up", prefix="pyup.io-", **more):
    return {"advisory": text, "cve": cve, "id": prefix + str(number), "specs": specs, "v": ",".join(specs), **more}


def safety(c, members, name="insecure_full.json", made=MADE):
    return c.write(name, json.dumps({"$meta": {"advisory": "PyUp.io metadata", "timestamp": made}, **members}))


def build(c, *feeds, status=0, **patterns):
    c.expect(c.pipgate("db", "build", "-o", c.path("made.db"), *feeds), status=status, **patterns)
    return c.path("made.db")


def feeds_of(c, db):
    told = json.loads(c.expect(c.pipgate("db", "status", "--json", "--db", db), status=0).stdout)
    return {f["name"]: f for f in told["feeds"]}


def match(c, db, *pairs):
    """{(name, version): [ids of each finding]}"""
    result = c.pipgate("match", "--db", db, "--json", c.write("pairs", "".join("%s\t%s\n" % p for p in pairs)))
    told = [json.loads(line) for line in c.expect(result, status=0).stdout.split("\n")[:-1]]
    return {(t["name"], t["version"]): t["findings"] for t in told}


def ids(findings):
    return [f["ids"] for f in findings]


class Served:
    """A folder on the loopback."""

    def __init__(self, folder):
        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *args):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return "http://127.0.0.1:%d/" % self.server.server_address[1]

    def __exit__(self, *args):
        self.server.shutdown()
        self.server.server_close()


# ---- safety ----


@case(pips="newest", mode="any")
def safety_entries(c):
    """Both forms of ids, several CVE ids, none, an OR-list; the feed is as old as its $meta says; by address as by path."""
    members = {"Foo.Bar": [entry(1, ["<1.5,>1.0", "==2.*"], "CVE-2099-1001,CVE-2099-1002"), entry(2, [">=3"], prefix="")],
               "other": [entry(3, ["!=1.0"], "CVE-2099-1001"), entry(4, [""], '""', text="one\ntwo")]}
    path = safety(c, members)
    db = build(c, "safety=" + path, err="4 advisories for 2 distributions .*0 refused")
    feed = feeds_of(c, db)["safety"]
    c.equal((feed["kind"], feed["newest"]), ("safety", "2023-11-14T22:13:20Z"), "the feed")
    asked = [("foo-bar", v) for v in ("1.0", "1.0.post1", "1.2", "1.5rc1", "2.7", "3")]
    found = match(c, db, *asked, ("other", "1.0"), ("other", "1.1"), ("other", "what"))
    first = ["CVE-2099-1001", "CVE-2099-1002", "pyup.io-1"]
    wanted = {"1.0": [], "1.0.post1": [], "1.2": [first], "1.5rc1": [], "2.7": [first], "3": [["pyup.io-2"]]}
    c.equal({v: ids(f) for (n, v), f in found.items() if n == "foo-bar"}, wanted, "foo-bar")
    c.equal(ids(found["other", "1.0"]), [["pyup.io-4"]], "other 1.0")
    c.equal(ids(found["other", "1.1"]), [["CVE-2099-1001", "pyup.io-3"], ["pyup.io-4"]], "other 1.1")
    c.equal(ids(found["other", "what"]), [["pyup.io-4"]], "what is no version")
    c.equal(found["foo-bar", "1.2"][0]["fixed"], ["1.5"], "fixed")
    c.expect(c.pipgate("db", "show", "--db", db, "other"), status=0, out=["pyup.io-4$", "summary   one$"])
    c.expect(c.pipgate("db", "show", "--db", db, "foo-bar"), status=0, out=[r"affected  <1\.5,>1\.0 or ==2\.\*$", "affected  >=3$"])
    c.expect(c.pipgate("explain", "--gate-db", db, "pyup.io-1"), status=0, out=r"^foo-bar 1\.0\.0\.1: .*a version that it affects")
    with Served(c.work) as address:
        served = build(c, "safety=" + address + "insecure_full.json")
        c.equal(match(c, served, ("foo-bar", "1.2")), {("foo-bar", "1.2"): found["foo-bar", "1.2"]}, "by address")


@case(pips="newest", mode="any")
def safety_refused(c):
    """What cannot be read of an entry is named; a file that is none, or cut, leaves the old database as it is."""
    good = {"many-%d" % i: [entry(100 + i, ["<1"])] for i in range(300)}
    odd = {"a": [entry(1, ["<1.x", "<2"]), entry("x", ["<1"])], "b": {"no": "list"}}
    db = build(c, "safety=" + safety(c, {**good, **odd}), err=[r"a 1: specs: '<1\.x' is no specifier", "id: 'pyup.io-NUMBER' expected",
               "b: a list of vulnerabilities", "301 advisories .*3 refused"])
    c.equal(ids(match(c, db, ("a", "1.9"))["a", "1.9"]), [["pyup.io-1"]], "the set beside the bad one")
    with open(db, "rb") as f:
        before = f.read()
    twice = {**good, "a": [entry(1, ["<1"])], "b": [entry(1, ["<1"])]}
    build(c, "safety=" + safety(c, twice), err="b 1: its id is there twice")
    bad = {"none.json": "{}", "list.json": "[1]", "time.json": json.dumps({"$meta": {"timestamp": "now"}, **good}),
           "cut.json": json.dumps({"$meta": {"timestamp": MADE}, **good})[:-40], "empty.json": json.dumps({"$meta": {"timestamp": MADE}})}
    build(c, "safety=" + safety(c, {**good, **odd}))
    with open(db, "rb") as f:
        c.equal(len(f.read()), len(before), "the database")
    for name, text in bad.items():
        build(c, "safety=" + c.write(name, text), status=41, err="stays as it was")


@case(pips="newest", mode="any")
def safety_real(c):
    """The one that the distribution safety-db carries: each of its entries is taken or refused by name, few are refused."""
    with zipfile.ZipFile(pips.extra_wheel("safety-db")) as wheel:
        text = wheel.read("safety_db/insecure_full.json")
    entries = {k: v for k, v in json.loads(text).items() if k != "$meta"}
    db = build(c, "safety=" + c.write("insecure_full.json", text))
    feed = feeds_of(c, db)["safety"]
    c.equal(feed["accepted"] + feed["refused"], sum(map(len, entries.values())), "entries")
    c.true(feed["refused"] * 200 < feed["accepted"], "%d of %d refused", feed["refused"], feed["accepted"])
    named = [("CVE-2019-12308", "django", "2.2.1", True), ("CVE-2019-12308", "django", "2.2.2", False)]
    for cve, name, version, wanted in named:
        found = match(c, db, (name, version))[name, version]
        c.equal(any(cve in f["ids"] for f in found), wanted, "%s in %s %s" % (cve, name, version))


# ---- an organisation's own ----


def own_files():
    made = {"ACME-2026-1.json": osvdb.record("ACME-2026-1", "critical"), "deep/er/x_y.2.yml": osvdb.record("x_y.2", "low"),
            "deep/SEC-3.yaml": osvdb.record("SEC-3", "quiet")}
    files = {path: json.dumps(r) for path, r in made.items()}  # JSON is YAML, too
    return {**files, "README.md": "# ours", ".git/config.json": "{", "deep/.hidden.yaml": "{", "deep/notes.txt": "x"}


@case(pips="newest", mode="any")
def dir_forms(c):
    """A folder, deep, a zip and a tar.gz, by path and by address: the same records, of any prefix; what is hidden or of another end is
    left alone."""
    files = own_files()
    for path, text in files.items():
        c.write(os.path.join("own", path), text)
    with zipfile.ZipFile(c.path("own.zip"), "w") as z, tarfile.open(c.path("own.tar.gz"), "w:gz") as t:
        for path, text in files.items():
            z.writestr("top/" + path, text)
            info = tarfile.TarInfo(path)
            info.size = len(text)
            t.addfile(info, io.BytesIO(text.encode()))
    wanted = {("critical", "1.0"): [["ACME-2026-1"]], ("low", "1.0"): [["x_y.2"]], ("quiet", "1.0"): [["SEC-3"]]}
    with Served(c.work) as address:
        for place in (c.path("own"), c.path("own.zip"), c.path("own.tar.gz"), address + "own.zip", address + "own.tar.gz"):
            db = build(c, "dir=" + place, err="3 advisories .*0 refused")
            c.equal({k: ids(f) for k, f in match(c, db, *wanted).items()}, wanted, place)
    build(c, "dir=" + c.path("nowhere"), status=41, err="No such file")
    os.makedirs(c.path("empty"))
    build(c, "dir=" + c.path("empty"), status=41, err="no advisory in it")


# ---- merged ----


@case(pips="newest", mode="any")
def one_finding_of_three_feeds(c):
    """A PYSEC record, a GHSA-shaped one and safety-db's entry are one finding; of another distribution the same CVE id joins nothing."""
    c.write("pypa/vulns/medium/PYSEC-2099-70.yaml", PYSEC)
    osvdb.write([osvdb.record("GHSA-2222-3333-4444", "Medium", "HIGH", fixed="2.0", aliases=["CVE-2099-7000"])], c.path("osv"))
    members = {"medium": [entry(70, ["<2.0"], "CVE-2099-7000")], "low": [entry(71, ["<2.0"], "CVE-2099-7000"), entry(72, ["<2.0"])]}
    db = build(c, "pypa=" + c.path("pypa"), "osv=" + c.path("osv"), "safety=" + safety(c, members))
    found = match(c, db, ("medium", "1.0"), ("low", "1.0"), ("medium", "2.0"))
    c.equal(ids(found["medium", "1.0"]), [["CVE-2099-7000", "GHSA-2222-3333-4444", "PYSEC-2099-70", "pyup.io-70"]], "medium")
    one = found["medium", "1.0"][0]
    c.equal((one["id"], one["severity"], one["fixed"]), ("PYSEC-2099-70", "HIGH", ["2.0"]), "its finding")
    c.equal(ids(found["low", "1.0"]), [["CVE-2099-7000", "pyup.io-71"], ["pyup.io-72"]], "low")
    c.equal(found["medium", "2.0"], [], "the fixed one")


@case(pips="newest")
def withdrawn_and_own_at_the_gate(c):
    """A withdrawn MAL- record blocks no `pip install`, a live one does, and so does an advisory that was just written."""
    mal = {"severity": None, "fixed": "", "versions": ["3.7"], "details": "-= Per source details. Do not edit below this line.=-"}
    live = osvdb.record("MAL-2099-4751", "click", **{**mal, "versions": ["8.1.7"]})
    osvdb.write([osvdb.record("MAL-2099-4750", "idna", withdrawn="2026-01-03T00:00:00Z", **mal), live], c.path("osv"))
    words = ("quiet", "--fixed", "2.0", "--severity", "high", "--summary", "ours")
    c.expect(c.pipgate("advisory", "new", *words, "-o", c.path("own")), status=0)
    c.db = build(c, "osv=" + c.path("osv"), "dir=" + c.path("own"))
    c.expect(c.gate("install", "idna==3.7"), status=0)
    c.equal(c.env.installed().get("idna"), "3.7", "idna")
    before = c.snapshot()
    c.expect(c.gate("install", "click==8.1.7"), status=40, err="MAL-2099-4751")
    c.expect(c.gate("install", "quiet==1.0"), status=40, err=r"ORG-\d{4}-0001")
    c.unchanged(before)
