# SPDX-License-Identifier: Apache-2.0
"""Updates that are killed, starved, lied to and crowded: the database is always the old one or the new one. ALL=1: longer, with summaries."""
import concurrent.futures
import json
import os
import random
import re
import shutil
import subprocess
import threading
import time
import zipfile

from lib import osvdb, paths
from lib.case import Skipped, case
from lib.feedserver import FeedServer, archive
import lines
from updates import database, dump, moment, record, update

EVERYTHING = bool(os.environ.get("ALL"))
KILLS = 100 if EVERYTHING else 10
DAY = 86400.0


def db(c, *words, **options):
    return c.pipgate("db", *words, **options)


def fresh(c, words, *options):
    """What a database built from nothing holds."""
    path = os.path.join(c.root, "fresh.db")
    c.expect(db(c, "build", "-o", path, *options, *words), status=0)
    return dump(path)


def enrichment(server, cves, scores, back, folder=""):
    """kev.json and epss.csv of that time; their words."""
    server.files[folder + "kev.json"] = json.dumps({"dateReleased": moment(back), "count": len(cves), "vulnerabilities": [
        {"cveID": cve, "vendorProject": "somebody", "shortDescription": "long " * 20} for cve in cves]}).encode()
    server.files[folder + "epss.csv"] = ("#model_version:v1,score_date:%s\ncve,epss,percentile\n" % moment(back) + "".join(
        "%s,%s,0.5\n" % one for one in sorted(scores.items()))).encode()
    return ["kev=%s%skev.json" % (server.root, folder), "epss=%s%sepss.csv" % (server.root, folder)]


# ---- kill -9 ----

START = time.time()


def round_of(server, n):
    """The feeds of round n: something of all four has changed."""
    back = time.time() - START + 20 * DAY

    def some(prefix, count, every):
        made = {}
        for i in range(count):
            last = max(n - (n - i) % every, 0)  # the round in which it changed
            made["%s-%d" % (prefix, i)] = record("%s-%d" % (prefix, i), "name%d" % (i % 9), back=back - 60.0 * last, fixed="%d.%d" % (last, i),
                                                 aliases=["CVE-2026-%04d" % (i % 40)], summary="round %d" % last)
        return made
    words = [server.osv(some("PYSEC", 60, 7))]
    server.files["more.zip"] = archive(some("GHSA", 40, 3))
    return words + ["osv=%smore.zip" % server.root] + enrichment(server, ["CVE-2026-%04d" % i for i in range(10 + n)],
                                                                 {"CVE-2026-%04d" % i: (n + i) % 100 / 100 for i in range(40)}, back - 60.0 * n)


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(d, f), folder) for d, _, names in os.walk(folder) for f in names)


def killed(c, words, after, all_at_once):
    """Starts an update and kills it; its processes that are left."""
    running = c.start([paths.PIPGATE, "db", "update", "-o", database(c)], env={"PIPGATE_FEEDS": " ".join(words)})
    time.sleep(after)
    if all_at_once:
        running.signal(9)
    else:
        running.process.kill()  # its children end with it by themselves
    return running.wait().left_over


@case(pips="one", mode="any")
def kill_storm(c):
    """kill -9 at random moments of an update, to all its processes or to the first of them: the database is the old or the new one, the
    next update works and is as one from nothing, and nothing is left behind."""
    seed = int(os.environ.get("SEED", time.time()))
    print("# seed %d" % seed)
    chance, lost, left, taken = random.Random(seed), [], [], 0
    with FeedServer() as server:
        c.expect(update(c, round_of(server, 0)), status=0)
        words, begun = round_of(server, 1), time.monotonic()
        c.expect(update(c, words), status=0)
        usual, old, files = time.monotonic() - begun, dump(database(c)), files_below(os.path.dirname(database(c)))
        for n in range(2, KILLS + 2):
            words = round_of(server, n)
            new = fresh(c, words)
            left += killed(c, words, chance.uniform(0, usual), chance.random() < 0.6)
            got = dump(database(c))
            taken += got == new
            if got not in (old, new):
                lost.append("kill %d: neither old nor new" % n)
            c.expect(db(c, "status", "--db", database(c)), status=0)
            c.expect(update(c, words), status=0)
            if dump(database(c)) != new:
                lost.append("kill %d: the next update is not as one from nothing" % n)
            kept = [n for n in files_below(os.path.dirname(database(c))) if ".history/" in n]
            c.true(len(kept) <= 3, "seed %d: the history grows: %s", seed, kept)
            extra = set(files_below(os.path.dirname(database(c)))) - set(files) - set(kept)
            left += sorted(extra)
            old = new
    print("# %d kills: %d lost, %d open (%d had put the new one in place)" % (KILLS, len(lost), len(left), taken))
    c.true(not lost and not left, "seed %d: %s %s", seed, lost[:3], left[:3])


# ---- two updates and a hundred readers ----

READERS, CHANGES = 100, 40 if EVERYTHING else 2


def pair_of(server, n):
    """Two advisories of one distribution that tell the same number, and ones beside, so that there is something to write."""
    records = {"PYSEC-%d" % i: record("PYSEC-%d" % i, "pair" if i < 2 else "name%d" % i, back=20 * DAY - 60.0 * n, fixed="%d.0" % (n + 1)) for i in range(200)}
    return server.osv(records)


def told(c):
    """The number that the database tells, or what is wrong."""
    shown = c.start([paths.PIPGATE, "db", "show", "--db", database(c), "pair"]).wait()
    numbers = set(re.findall(r"fixed in +(\d+)\.0$", shown.stdout, re.M))
    if shown.status != 0 or shown.stdout.count("fixed in") != 2:
        return None, "ended with %s: %s%s" % (shown.status, shown.stdout, shown.stderr)
    return numbers.pop(), "a mixture: " + shown.stdout if numbers else None


@case(pips="one", mode="any")
def a_hundred_readers(c):
    """Two updates again and again, and a hundred readers at once: no reader fails, none sees a mixture."""
    done = threading.Event()
    with FeedServer() as server:
        word = pair_of(server, 0)
        c.expect(update(c, [word]), status=0)

        def keep_updating():
            failed = []
            while not done.is_set():
                result = c.start([paths.PIPGATE, "db", "update", "-o", database(c)], env={"PIPGATE_FEEDS": word}).wait()
                failed += [result.stderr] if result.status else []
            return failed

        def keep_reading():
            seen = []
            while not done.is_set():
                seen.append(told(c))
            return seen

        with concurrent.futures.ThreadPoolExecutor(READERS + 2) as pool:
            updates = [pool.submit(keep_updating) for _ in range(2)]
            readers = [pool.submit(keep_reading) for _ in range(READERS)]
            for n in range(1, CHANGES + 1):
                pair_of(server, n)
                end = time.monotonic() + 60
                while told(c)[0] != str(n + 1) and time.monotonic() < end:
                    time.sleep(0.05)
            last = told(c)[0]
            done.set()
            seen = [one for r in readers for one in r.result()]
            wrong = [w for _, w in seen if w] + [w for u in updates for w in u.result()]
    print("# %d readers, %d readings, %d changes: %d wrong" % (READERS, len(seen), CHANGES, len(wrong)))
    c.equal(last, str(CHANGES + 1), "the last change that came")
    c.true(not wrong, "%s", wrong[:2])


# ---- lines that are spoilt ----

def cells(kind, number):
    """All faults; in check every fifth, each kind others."""
    return [f for i, f in enumerate(lines.FAULTS) if EVERYTHING or (i + number) % 5 == 0]


@case(pips="one", mode="any")
def spoilt_lines(c):
    """Every kind of feed under every fault of a line or a server: the new data, or refused with its sentence and the old database byte for
    byte; a 304 to a question with an ETag is believed, and changes nothing. The next update is right."""
    c.environ()  # its parts are made once, before many want them
    with concurrent.futures.ThreadPoolExecutor(len(lines.KINDS)) as pool:
        table = {name: pool.submit(lines.Line(c, name).run, cells(name, i)) for i, name in enumerate(lines.KINDS)}
        table = {name: row.result() for name, row in table.items()}
    print("# %-13s%s" % ("", "".join("%-14s" % name for name in table)))
    for fault in lines.FAULTS:
        print(("# %-13s%s" % (fault, "".join("%-14s" % row.get(fault, " ")[0] for row in table.values()))).rstrip())
    wrong = [w for row in table.values() for _, w in row.values() if w]
    c.true(not wrong, "%d of %d: %s", len(wrong), sum(map(len, table.values())), "\n".join(wrong[:6]))


# ---- bad records ----

def bad(**more):
    return record("PYSEC-BAD", "bad", **more)


def without(key):
    return {k: v for k, v in bad().items() if k != key}


# a record, and why it is refused; None: it is taken, within its bounds
BAD_RECORDS = {
    "a list": ([], "a record is an object"),
    "no JSON": (b"{\x00", "byte "),
    "text cut in a character": (b'{"id": "\xff"}', "byte "),
    "deep": (b"[" * 100000, "byte "),
    "a number as id": (bad() | {"id": 7}, "id: text expected"),
    "a slash in its id": (bad() | {"id": "../../etc/passwd"}, "id: '../../etc/passwd' is no id"),
    "a line's end in its id": (bad() | {"id": "PYSEC-1\n\x1b[31mPYSEC-2"}, "is no id"),
    "a long id": (bad() | {"id": "P" * 5000}, "is no id"),
    "no time": (without("modified"), "modified: missing"),
    "a day that is none": (bad() | {"modified": "2026-02-30T00:00:00Z"}, "modified: '2026-02-30T00:00:00Z' is no"),
    "a time as a number": (bad() | {"modified": 1e300}, "modified: text expected"),
    "aliases as text": (bad() | {"aliases": "CVE-2026-1"}, "aliases: a list expected"),
    "aliases as numbers": (bad() | {"aliases": [1, 2]}, "aliases: text expected"),
    "a flood of aliases": (bad(aliases=["CVE-2026-%06d" % i for i in range(100000)]), None),
    "a flood of versions": (bad(versions=["%d.0" % i for i in range(100000)]), None),
    "affected as text": (bad() | {"affected": "all"}, "affected"),
    "a package as a number": (bad() | {"affected": [{"package": 7}]}, "package"),
    "a name with a slash": (bad() | {"affected": [{"package": {"ecosystem": "PyPI", "name": "../x"}, "versions": ["1"]}]}, None),
    "events as text": (bad() | {"affected": [{"package": {"ecosystem": "PyPI", "name": "x"}, "ranges": [{"type": "ECOSYSTEM", "events": "0"}]}]}, "events"),
}


def of_zip(c, *contents):
    """The word of a zip of these records, each of bytes or made to JSON, as they come."""
    path = os.path.join(c.root, "records.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for i, content in enumerate(contents):
            z.writestr("R-%d.json" % i, content if isinstance(content, bytes) else json.dumps(content))
    return "osv=" + path


GOOD = [record("PYSEC-%d" % i, "name%d" % i) for i in range(5)]


@case(pips="one", mode="any")
def bad_records(c):
    """Records of wrong types and floods: each is refused by name, or taken within its bounds, and the others count."""
    for what, (content, said) in BAD_RECORDS.items():
        result = c.expect(db(c, "build", "-o", "bad.db", of_zip(c, content, *GOOD)), status=0, err="%d refused" % (said is not None))
        if said is not None:
            c.true("  R-0.json: " in result.stderr and said in result.stderr, "%s is refused with: %s", what, result.stderr)
        c.expect(db(c, "show", "--db", "bad.db", "name1"), status=0, out="PYSEC-1")
    twice = of_zip(c, *GOOD, GOOD[2])
    c.expect(db(c, "build", "-o", "bad.db", twice), status=41, err="PYSEC-2 is there twice")
    c.expect(db(c, "build", "-o", "bad.db", of_zip(c, record("PYSEC-1", summary="x" * (17 << 20)), *GOOD)), status=41, err="limit: ")
    entries = [{"cveID": "CVE-2026-%04d" % i} for i in range(300)] + [{"cveID": "CVE-2026-0001"}, {"cveID": 7}]
    kev = c.write("kev.json", json.dumps({"dateReleased": moment(60), "count": len(entries), "vulnerabilities": entries}))
    c.expect(db(c, "build", "-o", "bad.db", of_zip(c, *GOOD), "kev=" + kev), status=0,
             err=["entry 301: its CVE id is there twice", "entry 302: no CVE id", "kev 300"])


@case(pips="one", mode="any")
def floods(c):
    """Thousands of records of one distribution that share aliases in chains and heaps: built and looked up within seconds, one finding."""
    n = 20000 if EVERYTHING else 4000
    heap = [record("GHSA-%d" % i, "flood", aliases=["CVE-2026-%06d" % j for j in range(i, i + 3)] + ["CVE-2026-1"] * (i % 2)) for i in range(n)]
    begun = time.monotonic()
    c.expect(db(c, "build", "-o", "flood.db", of_zip(c, *heap)), status=0, err="%d advisories for 1 distributions" % n)
    result = c.expect(c.pipgate("match", "--db", "flood.db", stdin=b"flood 1.0\n"), status=(0, 1))
    groups = result.stdout.rstrip("\n").split("\t")[3:]
    c.equal([len(g.split("=")) for g in groups], [n], "ids of one vulnerability")
    seconds = time.monotonic() - begun
    print("# a flood of %d records: %.1f s" % (n, seconds))
    c.true(seconds < n / 400, "it took %.1f s", seconds)


LISTED = ("PYSEC-1\x1b[31m", "../../etc/passwd", "a/b", "PYSEC-1?x=y", "PYSEC-1#x", "%2e%2e", "-o", ".x", "", "P" * 200, "PYSEC-1\x00", "PYSEC 1",
          "P\xdcSEC-1", "PYSEC-1,PYSEC-2")


@case(pips="one", mode="any")
def ids_of_a_list(c):
    """What is no id in modified_id.csv is refused before it becomes a part of an address."""
    with FeedServer() as server:
        word = server.osv({r["id"]: r for r in GOOD})
        c.expect(update(c, [word]), status=0)
        before, good = dump(database(c)), server.files["PyPI/modified_id.csv"]
        for ident in LISTED:
            server.files["PyPI/modified_id.csv"] = good + ("%s,%s\n" % (moment(5), ident)).encode("latin-1")
            server.requests.clear()
            c.expect(update(c, [word]), status=41, err=["modified_id.csv: line 6 is not of the form TIME,ID", "its last good data stay"])
            c.equal(server.requests, ["PyPI/modified_id.csv"], "asked because of %r" % ident)
        c.equal(dump(database(c)), before, "the database")


# ---- time ----

FAR = "2999-01-01T00:00:00Z"


@case(pips="one", mode="any")
def records_of_the_future(c):
    """`modified` in 2999 makes no feed young, does not win over another feed's record, and is replaced when it is corrected."""
    old = [record("PYSEC-%d" % i, "name%d" % i, back=30 * DAY) for i in range(200)]
    with FeedServer() as server:
        word = server.osv({r["id"]: r for r in old + [record("PYSEC-500", "late", fixed="1") | {"modified": FAR}]})
        other = [record("PYSEC-500", "late", back=40 * DAY, fixed="2")]
        words = [word, of_zip(c, *other)]
        c.expect(update(c, words), status=0)
        c.expect(db(c, "show", "--db", database(c), "late"), status=0, out="fixed in  2$")
        c.expect(db(c, "status", "--db", database(c)), status=0, out=r"\(40 days old\)")
        c.expect(c.gate("install", "idna", env={"PIPGATE_DB": database(c), "PIPGATE_PROFILE": "ci"}), status=41, err="40 days old")
        server.osv({r["id"]: r for r in old + [record("PYSEC-500", "late", back=35 * DAY, fixed="3")]})
        c.expect(update(c, words), status=0)
        c.expect(db(c, "show", "--db", database(c), "late"), status=0, out="fixed in  3$")
        server.osv({r["id"]: r | {"modified": FAR} for r in old})
        c.expect(update(c, words), status=41, err="osv: its last good data stay")
        c.expect(update(c, words, "--accept", "osv"), status=41, err="200 of its 200 records are of a time after 20")
        words = words[1:] + enrichment(server, ["CVE-2026-0001"], {"CVE-2026-0001": 0.5}, -3 * DAY)
        c.expect(update(c, words), status=41, err=["kev=.*: it is of 20.*, and here it is 20.*: this machine's clock is behind"])
        c.true("PYSEC" in db(c, "show", "--db", database(c), "late").stdout, "the old database is gone")


def at(c, days, *words, **options):
    """The same program on a machine whose clock is so many days off."""
    if not shutil.which("faketime"):
        raise Skipped("no faketime is here")
    if "asan" in paths.BUILD:
        raise Skipped("a sanitizer and faketime do not go together")
    return c.run(["faketime", "-f", "%+dd" % days, paths.PIPGATE, *words], **options)


@case(pips="one", mode="any")
def a_clock_a_year_off(c):
    """With a clock behind an update is refused and says why; one ahead makes nothing young afterwards, and the gate says what it sees."""
    with FeedServer() as server:
        records = {"PYSEC-%d" % i: record("PYSEC-%d" % i, "name%d" % i, back=2 * DAY) for i in range(20)}
        env = {"PIPGATE_FEEDS": " ".join([server.osv(records)] + enrichment(server, ["CVE-2026-0001"], {"CVE-2026-0001": 0.5}, 2 * DAY)),
               "PIPGATE_DB": database(c), "PIPGATE_PROFILE": "ci"}
        os.makedirs(os.path.dirname(database(c)))
        words = ("db", "update", "-o", database(c))
        c.expect(at(c, -365, *words, env=env), status=41, err="this machine's clock is behind")
        c.true(not os.path.exists(database(c)), "it was built")
        c.expect(c.pipgate(*words, env=env), status=0)
        before = dump(database(c))
        records["PYSEC-99"] = record("PYSEC-99", "name99", back=DAY)
        server.osv(records)
        enrichment(server, ["CVE-2026-0001", "CVE-2026-0002"], {"CVE-2026-0001": 0.6}, DAY)
        refused = c.expect(at(c, -365, *words, env=env), status=41, err=[r"osv=.*this machine's clock", r"kev=.*this machine's clock", "epss=.*this machine's clock"])
        c.true("its last good data stay" in refused.stderr, "the old data do not stay")
        c.equal(dump(database(c)), before, "the database")
        report = osvdb.write([], c.path("none")) and c.write("report.json", json.dumps({"version": "1", "pip_version": "24.3", "environment": {}, "install": []}))
        c.expect(at(c, -365, "decide", report, env=env), status=41, err="days ahead of this machine's clock: how old it is cannot be told")
        c.expect(at(c, 365, "decide", report, env=env), status=41, err="36[67] days old")
        c.expect(at(c, 365, *words, env=env), status=0)
        c.expect(at(c, 365, *words, "--if-older-than", "6h", env=env), status=0, err="nothing new")
        c.expect(at(c, 365, "decide", report, env=env), status=41, err="36[56] days old")
        server.requests.clear()
        c.expect(c.pipgate(*words, "--if-older-than", "6h", env=env), status=0, err="nothing new")
        c.equal(len(server.requests), 3, "feeds that were asked, though a clock ahead had asked them in the future")
        c.expect(c.pipgate("decide", report, env=env), status=0)


# ---- a full disk ----

def disk_of(folder, kib):
    """A small disk of its own at the folder; False where that may not be made."""
    os.makedirs(folder, exist_ok=True)
    return os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dk" % kib, "pipgate-test", folder], stderr=subprocess.DEVNULL).returncode == 0


def starved(c, start, listed):
    """An update of a feed that has grown too large. start: the words before the command that starve it."""
    small = {"PYSEC-%d" % i: record("PYSEC-%d" % i, "name%d" % i) for i in range(20)}
    details = "".join(chr(33 + i * 7 % 90) for i in range(20000))
    large = small | {"PYSEC-%d" % i: record("PYSEC-%d" % i, "name%d" % i, back=60, details=details) for i in range(100, 200)}
    folder = os.path.dirname(database(c))
    with FeedServer() as server:
        word = server.osv(small, listed=listed)
        c.expect(update(c, [word]), status=0)
        before, files = dump(database(c)), files_below(folder)
        server.osv(large, listed=listed)
        c.expect(c.run([*start, paths.PIPGATE, "db", "update", "-o", database(c)], env={"PIPGATE_FEEDS": word}), status=41,
                 err=r"(%s/advisories\.db\S*:|the working file beside the database|the temporary file) cannot be written: .*; make room " % re.escape(folder))
        c.equal(dump(database(c)), before, "the database")
        c.equal(files_below(folder), files, "files")
        if not start:
            subprocess.run(["mount", "-o", "remount,size=32m", folder], check=True)
        c.expect(update(c, [word]), status=0, err="120 advisories")


@case(pips="one", mode="any")
def a_full_disk(c):
    """The update fails and names the file and what to do; database and stores stay; with room the next update works. By changes and whole."""
    folder = os.path.dirname(database(c))
    for listed in (True, False):
        starved(c, ["prlimit", "--fsize=1000000"], listed)
        shutil.rmtree(folder)
        for kib in (1500, 3500, 5500):  # too small for the store, for the working file, and for the database; in check one way each
            if (EVERYTHING or listed == (kib > 1500)) and disk_of(folder, kib):
                try:
                    starved(c, [], listed)
                finally:
                    subprocess.run(["umount", "-l", folder], check=True)
