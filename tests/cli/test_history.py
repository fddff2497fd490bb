# SPDX-License-Identifier: Apache-2.0
"""What a database was before: the history beside it, its serial, and `pipgate db diff`."""
import json
import os
import shutil

from lib import osvdb
from lib.case import case

DB = "h/advisories.db"
HISTORY = DB + ".history"


def build(c, records, **feeds):
    """Over what is there."""
    shutil.rmtree(c.path("records"), ignore_errors=True)
    osvdb.write(osvdb.dated(records, feeds.get("epoch")), c.path("records"))
    words = osvdb.write_feeds(feeds.get("kev", ()), feeds.get("epss"), c.path("feeds"))
    os.makedirs(c.path("h"), exist_ok=True)
    return c.expect(c.pipgate("db", "build", "-o", DB, "osv=records", *words, env=feeds.get("env")), status=0)


def serial(c, db=DB):
    return json.loads(c.expect(c.pipgate("db", "status", "--db", db, "--json"), status=0).stdout).get("serial")


def kept(c):
    return sorted(os.listdir(c.path(HISTORY))) if os.path.isdir(c.path(HISTORY)) else []


def diff(c, *words, status=1):
    return json.loads(c.expect(c.pipgate("db", "diff", "--db", DB, "--json", *words), status=status).stdout)


def told(report):
    return {(d["name"], a["id"]): a["change"] for d in report["distributions"] for a in d["advisories"]}


def some(n):
    return [osvdb.record("PYSEC-2097-%d" % i, "name-%d" % i, "HIGH", fixed="2.0") for i in range(n)]


@case(pips="one", mode="any")
def history_kept(c):
    """The newest three that were replaced stay; serials rise; what is kept can be read; nothing of it stands in the way of an update."""
    c.expect(c.pipgate("db", "diff", "--db", c.db), status=41, err="no older database is kept beside it")
    for n in range(1, 6):
        build(c, some(n))
        c.equal(serial(c), n, "the serial")
        c.equal(kept(c), ["%d.db" % i for i in range(max(1, n - 3), n)], "what is kept")
    c.expect(c.pipgate("db", "status", "--db", HISTORY + "/4.db"), status=0, out="serial +4\n")
    c.expect(c.pipgate("db", "show", "--db", HISTORY + "/4.db", "name-4"), status=0, out="no advisory names")
    c.equal(told(diff(c)), {("name-4", "PYSEC-2097-4"): "new"}, "the last one against the current")
    c.equal(sorted(told(diff(c, "2"))), [("name-%d" % i, "PYSEC-2097-%d" % i) for i in (2, 3, 4)], "since 2")
    c.equal(set(told(diff(c, "5", "3")).values()), {"gone"}, "backwards")
    c.equal(diff(c, "5", DB, status=0)["distributions"], [], "against itself")
    c.expect(c.pipgate("db", "diff", "--db", DB, "1"), status=41, err="no database of serial 1 is kept")
    c.expect(c.pipgate("db", "diff", "no-such.db", DB), status=41, err="no-such.db")
    c.expect(c.pipgate("db", "diff", "1", "2", "3"), status=42)
    c.write(DB, "damaged")
    build(c, some(1))
    c.equal((serial(c), kept(c)), (5, ["2.db", "3.db", "4.db"]), "what cannot be read is not kept")
    shutil.rmtree(c.path(HISTORY))
    c.write(HISTORY, "no folder")
    build(c, some(2), env={"PIPGATE_LOG": "stage:" + c.path("log")})
    c.equal(serial(c), 6, "the serial without a history")
    c.true(open(c.path("log")).read().count("serial 5 cannot be kept") == 1, "not said")
    os.remove(c.path(HISTORY))
    os.symlink(c.path("h"), c.path(HISTORY))
    build(c, some(3))
    c.equal(sorted(n for n in os.listdir(c.path("h")) if n.endswith(".db")), ["advisories.db"], "a link was followed")


@case(pips="one", mode="any")
def history_reproducible(c):
    """Where nothing is replaced two builds are the same, byte by byte; an older file's serial is in the next one."""
    env = {"SOURCE_DATE_EPOCH": "1767225600"}
    bytes_ = []
    for _ in range(2):
        shutil.rmtree(c.path("h"), ignore_errors=True)
        build(c, some(2), env=env, epoch=1767225600)
        bytes_.append(open(c.path(DB), "rb").read())
    c.true(bytes_[0] == bytes_[1], "two builds differ")


@case(pips="one", mode="any")
def diff_kinds(c):
    """New, gone, withdrawn and each change, by distribution; nothing of an advisory reaches a terminal as it is."""
    cve = ["CVE-2097-100%d" % i for i in range(4)]
    old = [osvdb.record("PYSEC-2097-1", "kept", "HIGH", fixed="1.0"),
           osvdb.record("PYSEC-2097-2", "gone", "LOW", fixed="1.0"),
           osvdb.record("PYSEC-2097-3", "taken-back", "LOW", fixed="1.0"),
           osvdb.record("PYSEC-2097-4", "ranges", "HIGH", fixed="1.0", aliases=[cve[0]]),
           osvdb.record("PYSEC-2097-5", "severity", "LOW", fixed="1.0"),
           osvdb.record("PYSEC-2097-6", "aliases", "LOW", fixed="1.0", aliases=[cve[1]]),
           osvdb.record("PYSEC-2097-7", "exploited", "LOW", fixed="1.0", aliases=[cve[2]]),
           osvdb.record("PYSEC-2097-8", "words", "LOW", fixed="1.0", summary="before")]
    new = [old[0],
           osvdb.record("PYSEC-2097-3", "taken-back", "LOW", fixed="1.0", withdrawn="2026-02-01T00:00:00Z"),
           osvdb.record("PYSEC-2097-4", "ranges", "HIGH", fixed="1.1", aliases=[cve[0]]),
           osvdb.record("PYSEC-2097-5", "severity", "CRITICAL", fixed="1.0"),
           osvdb.record("PYSEC-2097-6", "aliases", "LOW", fixed="1.0", aliases=[cve[3]]),
           old[6],
           osvdb.record("PYSEC-2097-8", "words", "LOW", fixed="1.0", summary="after"),
           osvdb.record("PYSEC-2097-9", "kept", "HIGH", fixed="3.0\u202e"),
           osvdb.record("PYSEC-2097-10", "fresh", None, versions=["1.0"], fixed="", aliases=["X\x1b[31m\u202e"])]
    build(c, old, epss={cve[0]: ("0.5", "0.9")})
    build(c, new, kev=[cve[2]], epss={cve[0]: ("0.25", "0.9"), cve[2]: ("0.125", "0.5")})
    report = diff(c)
    c.equal(told(report), {("aliases", "PYSEC-2097-6"): "changed", ("exploited", "PYSEC-2097-7"): "changed", ("fresh", "PYSEC-2097-10"): "new",
                           ("gone", "PYSEC-2097-2"): "gone", ("kept", "PYSEC-2097-9"): "new", ("ranges", "PYSEC-2097-4"): "changed",
                           ("severity", "PYSEC-2097-5"): "changed", ("taken-back", "PYSEC-2097-3"): "withdrawn"}, "what has changed")
    c.equal(report["counts"], {"new": 2, "gone": 1, "withdrawn": 1, "changed": 4}, "the counts")
    c.equal({a["id"]: a["changed"] for d in report["distributions"] for a in d["advisories"] if "changed" in a},
            {"PYSEC-2097-4": ["versions", "epss"], "PYSEC-2097-5": ["severity"], "PYSEC-2097-6": ["aliases"],
             "PYSEC-2097-7": ["exploited", "epss"]}, "what of it")
    c.equal([report[k]["serial"] for k in ("old", "new")], [1, 2], "the serials")
    text = c.expect(c.pipgate("db", "diff", "--db", DB), status=1, out="versions <1.0 → <1.1").stdout
    for wanted in ("severity LOW 3.7 → CRITICAL 9.8", "aliases +%s -%s" % (cve[3], cve[1]), "exploited: known (KEV)",
                   "EPSS 50.00 % → 25.00 %", "EPSS none → 12.50 %", "2 new, 1 gone, 1 withdrawn, 4 changed; 8 distributions"):
        c.true(wanted in text, wanted)
    c.true("\x1b" not in text and "\u202e" not in text, "an escape reached the terminal")
