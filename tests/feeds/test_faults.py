# SPDX-License-Identifier: Apache-2.0
"""Updates that are killed, starved, lied to and crowded: the database is always the old one or the new one. ALL=1: longer, with summaries."""
import concurrent.futures
import os
import random
import re
import threading
import time

from lib import osvdb, paths, proc
from lib.case import case
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
    server.files[folder + "kev.json"] = osvdb.json.dumps({"dateReleased": moment(back), "count": len(cves), "vulnerabilities": [
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
            extra = set(files_below(os.path.dirname(database(c)))) - set(files)
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
    """All faults; in check every fourth, each kind others."""
    return [f for i, f in enumerate(lines.FAULTS) if EVERYTHING or (i + number) % 4 == 0]


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
