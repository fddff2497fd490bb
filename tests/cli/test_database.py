# SPDX-License-Identifier: Apache-2.0
"""The advisory database: missing, broken, old, of another time; and the commands that make and show it."""
import json
import os
import random
import shutil
import signal
import sqlite3
import time

from lib import osvdb, paths, proc
from lib.case import case

DAY = 86400


def refused(c, env, status=41, **patterns):
    """A clean install ends with the status, and nothing was installed."""
    before = c.snapshot()
    c.expect(c.gate("install", "idna", env=env), status=status, **patterns)
    c.unchanged(before)


@case(pips="one")
def database_named_and_missing(c):
    """One that is named and missing is 41, never a fallback."""
    refused(c, {"PIPGATE_DB": c.path("not-here.db")}, err=r"not-here\.db")
    before = c.snapshot()
    c.expect(c.gate("install", "--gate-db", c.path("not-there.db"), "idna"), status=41, err=r"not-there\.db")
    c.expect(c.gate("install", "--gate-db", c.path("not-there.db"), "idna", env={"PIPGATE_PROFILE": "developer"}), status=41)
    c.unchanged(before)
    c.expect(c.gate("install", "--gate-db", c.db, "idna", env={"PIPGATE_DB": c.path("not-here.db")}), status=0)


@case(pips="one")
def database_none(c):
    """None but the starter set counts as missing: ci refuses, developer warns and offers `pipgate db update`."""
    c.true(os.path.exists(os.path.join(paths.BUILD, "starter.db")), "build/starter.db is not there")
    refused(c, {"PIPGATE_DB": None}, err="db update")
    refused(c, {"PIPGATE_DB": None, "PIPGATE_PROFILE": "ci"})
    refused(c, {"PIPGATE_DB": None, "PIPGATE_PROFILE": "strict"})
    c.expect(c.gate("install", "idna", env={"PIPGATE_DB": None, "PIPGATE_PROFILE": "developer"}), status=0, err="db update")


@case(pips="one")
def database_of_the_user(c):
    """The user's own is found without being named."""
    place = os.path.join(c.home, "data", "pipgate")
    os.makedirs(place)
    shutil.copy(c.db, os.path.join(place, "advisories.db"))
    before = c.snapshot()
    c.expect(c.gate("install", "jinja2==2.10", env={"PIPGATE_DB": None}), status=40)
    c.unchanged(before)
    c.expect(c.gate("install", "idna", env={"PIPGATE_DB": None}), status=0)


@case(pips="one")
def database_broken(c):
    """Truncated, overwritten, no database at all, a folder, a fifo: 41 with the file's name, and an end."""
    with open(c.db, "rb") as f:
        whole = f.read()
    middle = len(whole) // 2
    table = {"empty": b"", "text": b"not a database\n" * 500, "cut": whole[:middle], "header": whole[:100], "page": whole[:-4096],
             "zeros": whole[:100] + bytes(len(whole) - 100)}
    for name, content in table.items():
        refused(c, {"PIPGATE_DB": c.write(name + ".db", content)}, err=name + r"\.db")
    os.mkdir(c.path("folder.db"))
    refused(c, {"PIPGATE_DB": c.path("folder.db")}, err=r"folder\.db")
    os.mkfifo(c.path("fifo.db"))
    refused(c, {"PIPGATE_DB": c.path("fifo.db")}, err=r"fifo\.db")


@case(pips="one")
def database_of_another_make(c):
    """Another major schema is refused with 42, another application's file with 41."""
    for name, pragma, status in (("later", "user_version=%d" % (99 << 16 | 99), 42), ("other", "application_id=12345", 41)):
        shutil.copy(c.db, c.path(name + ".db"))
        link = sqlite3.connect(c.path(name + ".db"))
        link.execute("PRAGMA " + pragma)
        link.commit()
        link.close()
        refused(c, {"PIPGATE_DB": c.path(name + ".db")}, status=(status, 41, 42), err=name + r"\.db")


@case(pips="one")
def database_age(c):
    """Older than 3 days warns, than 14 days refuses in ci and strict, warns for developer and image."""
    now = time.time()
    table = ((1, "ci", 0, False), (5, "ci", 0, True), (5, "developer", 0, True), (20, "ci", 41, True), (20, "strict", 41, True),
             (20, "developer", 0, True), (20, "image", 0, True), (1, "image", 0, False))
    for days, profile, status, words in table:
        db = osvdb.build(c.records, int(now - days * DAY) // 3600 * 3600)
        before = c.snapshot()
        result = c.expect(c.gate("install", "--force-reinstall", "idna", env={"PIPGATE_DB": db, "PIPGATE_PROFILE": profile}), status=status)
        told = [line for line in c.lines_of_ours(result) if "%d days" % days in line and "audited" not in line]
        c.equal(bool(told), words, "a word about the age at %d days in %s" % (days, profile))
        if status:
            c.unchanged(before)


@case(pips="one", mode="any")
def db_build_and_show(c):
    """db build, status, show; the same records give the same bytes."""
    osvdb.write(c.records, c.path("records"))
    env = {"SOURCE_DATE_EPOCH": "1767225600"}
    for name in ("a.db", "b.db"):
        c.expect(c.pipgate("db", "build", "-o", name, "osv=records", env=env), status=0)
    with open(c.path("a.db"), "rb") as a, open(c.path("b.db"), "rb") as b:
        c.true(a.read() == b.read(), "two builds differ")
    c.expect(c.pipgate("db", "status", env={"PIPGATE_DB": "a.db"}), status=0, out=[r"a\.db", "2026-01-01"])
    status = json.loads(c.expect(c.pipgate("db", "status", "--json", env={"PIPGATE_DB": "a.db"}), status=0).stdout)
    c.true("pipgate/" in status.get("schema", ""), "no schema in %s", status)
    c.expect(c.pipgate("db", "show", "Jinja2", "2.10", env={"PIPGATE_DB": "a.db"}), status=0, out=["PYSEC-2099-10", r"2\.10\.1"])
    c.expect(c.pipgate("db", "show", "jinja2", "3.0", env={"PIPGATE_DB": "a.db"}), not_out="PYSEC-2099-10")
    result = c.expect(c.pipgate("match", "--db", "a.db", stdin=b"Jinja2 2.10\nidna\t3.7\nlow 1.x\n"), status=0)
    c.equal(result.stdout, "Jinja2\t2.10\tok\tGHSA-aaaa-bbbb-cccc=PYSEC-2099-10\nidna\t3.7\tok\t\nlow\t1.x\tunknown\t\n", "match")


@case(pips="one", mode="any")
def db_build_that_fails(c):
    """A feed without records, with too many bad ones, or none at all: 41, and the old file stays as it was."""
    osvdb.write(c.records, c.path("good"))
    c.expect(c.pipgate("db", "build", "-o", "x.db", "osv=good"), status=0)
    with open(c.path("x.db"), "rb") as f:
        old = f.read()
    os.mkdir(c.path("empty"))
    osvdb.write(c.records, c.path("bad"))
    for i in range(3):
        c.write("bad/x%d.json" % i, '{"id": ')
    c.write("broken.zip", b"PK\x03\x04 no zip")
    for place, words in (("osv=empty", "empty"), ("osv=bad", r"x0\.json"), ("osv=broken.zip", r"broken\.zip"), ("osv=not-here", "not-here")):
        c.expect(c.pipgate("db", "build", "-o", "x.db", place), status=41, err=words)
        with open(c.path("x.db"), "rb") as f:
            c.true(f.read() == old, "%s changed the old file", place)
    c.equal([n for n in os.listdir(c.work) if n.startswith("x.db") and n not in ("x.db", "x.db.lock", "x.db.history")], [], "left beside")
    c.expect(c.pipgate("db", "build", "-o", "x.db"), status=42)
    c.expect(c.pipgate("db", "build", "-o", "x.db", "what=good"), status=42)


@case(pips="one", mode="any")
def db_build_interrupted(c):
    """A full disk, Ctrl-C and kill -9 during db build: the old file stays whole, nothing is left that grows."""
    seed = int.from_bytes(os.urandom(4), "big")
    pick = random.Random(seed)
    many = [osvdb.record("PYSEC-2098-%d" % i, "name-%d" % (i % 700), "HIGH", fixed="%d.0" % (i % 9 + 1)) for i in range(3000)]
    osvdb.write(c.records, c.path("good"))
    osvdb.write(many, c.path("many"))
    c.expect(c.pipgate("db", "build", "-o", "x.db", "osv=good"), status=0)
    with open(c.path("x.db"), "rb") as f:
        old = f.read()
    full = c.run(["bash", "-c", "trap '' XFSZ; ulimit -f 64; exec %s db build -o x.db osv=many" % paths.PIPGATE])
    c.expect(full, status=41)
    took = c.expect(c.pipgate("db", "build", "-o", "y.db", "osv=many"), status=0).seconds
    for kind in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM) * 3:
        running = c.start([paths.PIPGATE, "db", "build", "-o", "x.db", "osv=many"])
        time.sleep(pick.random() * took)
        running.signal(kind)
        c.steps.append(running.wait())
        for name in os.listdir(c.tmp) if kind == signal.SIGKILL else ():  # swept at a later start
            c.true(name.startswith("pipgate-run."), "%s in TMPDIR", name)
            shutil.rmtree(os.path.join(c.tmp, name))
        with open(c.path("x.db"), "rb") as f:
            if f.read() == old:
                continue
        # the signal came after the rename: then it is the new file, and whole
        c.expect(c.pipgate("db", "status", "--db", "x.db"), status=0, out=["3000"])
        with open(c.path("x.db"), "wb") as f:
            f.write(old)
    c.expect(c.pipgate("db", "build", "-o", "x.db", "osv=good"), status=0)
    left = [n for n in os.listdir(c.work) if n.startswith("x.db") and n not in ("x.db", "x.db.lock", "x.db.history")]
    c.equal(left, [], "left beside after a good build")
