# SPDX-License-Identifier: Apache-2.0
"""`pipgate db update`: stores, changes, refusals, one update for many."""
import os
import random
import sqlite3
import time

from lib import osvdb, osvstub, paths
from lib.case import case
from lib.feedserver import FeedServer
from updates import database, dump, moment, record, update

SEQUENCES = 50 if os.environ.get("ALL") else 5
STEPS = 6


# ---- incremental is as good as from nothing ----

class World:
    """Records that change by chance."""

    def __init__(self, chance):
        self.chance, self.records, self.times, self.n, self.clock = chance, {}, {}, 0, 86400 * 20.0
        self.cves, self.scores = set(), {}
        for _ in range(chance.randint(20, 60)):
            self.add()

    def stamp(self):
        self.clock -= self.chance.randint(1, 7200)
        return moment(self.clock)

    def put(self, ident, **more):
        now = self.stamp()
        body = osvdb.record(ident, self.chance.choice("alpha beta gamma delta epsilon".split()), self.chance.choice(["HIGH", "LOW", None]),
                            "%d.%d" % (self.chance.randint(1, 3), self.chance.randint(0, 9)), aliases=self.aliases(), **more)
        self.times[ident] = body["modified"] = now
        self.records[ident] = body

    def aliases(self):
        return ["CVE-2026-%04d" % self.chance.randint(1, 40)] if self.chance.random() < 0.7 else []

    def add(self):
        self.n += 1
        self.put("%s-%d" % (self.chance.choice(["PYSEC", "GHSA", "MAL"]), self.n))

    def change(self):
        self.put(self.chance.choice(sorted(self.records)))

    def withdraw(self):
        self.put(self.chance.choice(sorted(self.records)), withdrawn=moment(86400))

    def spoil(self):
        if sum(isinstance(r, bytes) for r in self.records.values()) < 2:  # three fail the feed
            ident = self.chance.choice(sorted(self.records))
            self.records[ident], self.times[ident] = b'{"id": 7}', self.stamp()

    def remove(self):
        if len(self.records) > 20:
            ident = self.chance.choice(sorted(self.records))
            del self.records[ident], self.times[ident]

    def score(self):
        cve = "CVE-2026-%04d" % self.chance.randint(1, 40)
        self.cves.add(cve)
        self.scores[cve] = (self.chance.randint(0, 100) / 100, 0.5)

    def step(self):
        for _ in range(self.chance.randint(0, 6)):
            self.chance.choice([self.add, self.add, self.change, self.change, self.withdraw, self.spoil, self.remove, self.score])()


def served(c, server, world):
    words = [server.osv(world.records, world.times)]
    others = {i: r for i, r in world.records.items() if i.startswith("PYSEC") and not isinstance(r, bytes)}
    for i in list(others)[::3]:  # a second feed has some of the same ids, older or newer
        others[i] = dict(others[i], modified=moment(world.chance.choice([86400 * 40, 3600])), summary="the other's")
    words.append("osv=" + osvdb.write(others.values(), os.path.join(c.root, "others")) if others else "")
    for word in osvdb.write_feeds(sorted(world.cves), world.scores, os.path.join(c.root, "enrich")):
        kind, path = word.split("=", 1)
        with open(path, "rb") as f:
            server.files[os.path.basename(path)] = f.read()
        words.append("%s=%s%s" % (kind, server.root, os.path.basename(path)))
    return [w for w in words if w]


def as_file(c, words):
    """The same feeds by feeds.yaml, where each may shrink as it likes."""
    lines, seen = ["schema: pipgate/feeds/1", "feeds:"], []
    for kind, place in (w.split("=", 1) for w in words):
        seen.append(kind)
        name = kind if seen.count(kind) == 1 else "%s-%d" % (kind, seen.count(kind))
        lines.append("- {name: %s, kind: %s, place: '%s', max-shrink: 100}" % (name, kind, place))
    return c.write("feeds.yaml", "\n".join(lines) + "\n")


@case(pips="one", mode="any")
def changes_are_as_good_as_all_of_it(c):
    """After random changes of the feeds an updated database holds what one that is built from nothing holds."""
    seed = int(os.environ.get("SEED", time.time()))
    print("# seed %d" % seed)
    singles = 0
    for sequence in range(SEQUENCES):
        world = World(random.Random("%d %d" % (seed, sequence)))
        with FeedServer() as server:
            c.expect(update(c, [], "--feeds", as_file(c, served(c, server, world))), status=0)
            for step in range(STEPS):
                world.step()
                words = served(c, server, world)
                server.requests.clear()
                c.expect(update(c, [], "--feeds", as_file(c, words), *(["--accept", "osv-2"] if len(words) > 1 and words[1].startswith("osv") else [])), status=0)
                singles += len([p for p in server.requests if p.endswith(".json") and p.startswith("PyPI/")])
                c.true(not server.seen("all.zip"), "seed %d: the archive was fetched again", seed)
                fresh = os.path.join(c.root, "fresh.db")
                c.expect(c.run([paths.PIPGATE, "db", "build", "-o", fresh, *words]), status=0)
                got, wanted = dump(database(c)), dump(fresh)
                for table in wanted:
                    c.equal(got[table], wanted[table], "seed %d, sequence %d, step %d: %s" % (seed, sequence, step, table))
        for name in os.listdir(os.path.join(c.root, "others")):
            os.unlink(os.path.join(c.root, "others", name))
        for name in os.listdir(os.path.join(c.root, "d", "advisories.db.feeds")):
            os.unlink(os.path.join(c.root, "d", "advisories.db.feeds", name))
    c.true(singles > SEQUENCES, "hardly a record came by itself: %d", singles)


@case(pips="one", mode="any")
def an_archive_that_lacks_records(c):
    """all.zip is checked against modified_id.csv: what it lacks, or has older, is fetched."""
    with FeedServer() as server:
        records = {"PYSEC-%d" % i: record("PYSEC-%d" % i, "n%d" % i) for i in range(20)}
        word = server.osv(records)
        whole = server.files["PyPI/all.zip"]
        lacking = {i: r for i, r in records.items() if i not in ("PYSEC-3", "PYSEC-5")}
        lacking["PYSEC-7"] = dict(lacking["PYSEC-7"], modified="2025-01-01T00:00:00Z", summary="older")
        server.osv(lacking, {i: records[i]["modified"] for i in lacking})
        short = server.files["PyPI/all.zip"]
        server.osv(records)
        server.files["PyPI/all.zip"] = short
        c.expect(update(c, [word]), status=0, err=["20 advisories for 20 distributions"])
        c.equal(sorted(p for p in server.requests if p.endswith(".json")), ["PyPI/PYSEC-%d.json" % i for i in (3, 5, 7)], "fetched one by one")
        got = dump(database(c))
        server.files["PyPI/all.zip"] = whole
        fresh = os.path.join(c.root, "fresh.db")
        c.expect(c.run([paths.PIPGATE, "db", "build", "-o", fresh, word]), status=0)
        c.equal(got["row"], dump(fresh)["row"], "rows")


@case(pips="one", mode="any")
def nothing_new_is_a_question(c):
    """ETags: an update that finds nothing new asks once a feed, downloads nothing, and leaves the database as it is."""
    with FeedServer() as server:
        word = server.osv({"PYSEC-1": record("PYSEC-1")})
        c.expect(update(c, [word]), status=0)
        before = os.stat(database(c))
        server.requests.clear()
        c.expect(update(c, [word]), status=0, err=["nothing new"])
        c.equal(server.requests, ["PyPI/modified_id.csv"], "asked")
        c.equal(os.stat(database(c)).st_ino, before.st_ino, "the file")
        server.requests.clear()
        c.expect(update(c, [word], "--if-older-than", "1h"), status=0, err=["nothing new"])
        c.equal(server.requests, [], "asked although young")
        os.unlink(database(c))
        c.expect(update(c, [word], "--if-older-than", "1h"), status=0, err=["1 advisories for 1 distributions"])


# ---- what is refused ----

def damaged(change):
    return lambda server, records: change(server, records)


def shrink(server, records):
    server.osv(dict(list(records.items())[:5]))


def back(server, records):
    server.osv({i: dict(r, modified="2024-01-01T00:00:00Z") for i, r in records.items()})
    server.files.pop("PyPI/modified_id.csv")


def fault(kind, value=None):
    def change(server, records):
        records = dict(records, **{"PYSEC-99": record("PYSEC-99", "other", back=60)})
        server.osv(records)
        server.faults = [osvstub.Fault(r"modified_id|all\.zip|PYSEC-99", kind, value)]
    return change


REFUSALS = {
    "shrunk": (shrink, "it has shrunk from 30 to 5 records, by more than 10 %; if that is right: pipgate db update --accept osv"),
    "back": (back, "it goes back in time, from "),
    "cut": (fault("cut"), "network: "),
    "length": (fault("length"), "network: "),
    "reset": (fault("reset"), "network: "),
    "garbage": (fault("garbage"), "modified_id.csv: line 1 is not of the form TIME,ID"),
    "loop": (fault("loop"), "http: "),
    "gone": (fault("status", 410), "http: "),
}


@case(pips="one", mode="any")
def what_is_refused_leaves_the_old(c):
    """A feed that shrinks, goes back in time, is cut short or talks nonsense is refused with its reason; the next pip install is decided
    from the old data."""
    records = {"PYSEC-%d" % i: record("PYSEC-%d" % i, "critical" if i == 1 else "n%d" % i) for i in range(30)}
    for name, (change, said) in REFUSALS.items():
        with FeedServer() as server:
            word = server.osv(records)
            c.expect(update(c, [word]), status=0)
            before = dump(database(c))
            change(server, records)
            c.expect(update(c, [word], "--timeout", "5"), status=41, err=[said, "osv: its last good data stay, of 20"])
            c.equal(dump(database(c)), before, name)
            c.expect(c.gate("install", "--no-deps", "critical==1.0", env={"PIPGATE_DB": database(c)}), status=40, err=["PYSEC-1"])
            if name in ("shrunk", "back"):
                c.expect(update(c, [word], "--accept", "osv"), status=0)
                c.true(dump(database(c)) != before, "%s: --accept has not taken it", name)
        for name in os.listdir(os.path.join(c.root, "d", "advisories.db.feeds")):
            os.unlink(os.path.join(c.root, "d", "advisories.db.feeds", name))


@case(pips="one", mode="any")
def a_feed_that_is_down(c):
    """One feed fails: the others are taken, it keeps its last good data. One that never worked stops the first build, unless it is
    optional."""
    with FeedServer() as server, FeedServer() as other:
        words = [server.osv({"PYSEC-1": record("PYSEC-1")}), other.osv({"GHSA-1": record("GHSA-1", "yes")})]
        other.faults = [osvstub.Fault(r".", "status", 404)]
        c.expect(update(c, words), status=41, err=["osv=%sPyPI/all.zip: " % other.root, "was not built; an older one stays as it was"])
        c.true(not os.path.exists(database(c)), "it was built")
        other.faults = []
        c.expect(update(c, words), status=0, err=["(feeds: osv 1, osv-2 1)"])
        other.faults = [osvstub.Fault(r".", "reset")]
        server.osv({"PYSEC-1": record("PYSEC-1"), "PYSEC-2": record("PYSEC-2", "new", back=60)})
        c.expect(update(c, words, "--timeout", "5"), status=41, err=["osv-2: its last good data stay", "(feeds: osv 2, osv-2 1)"])
        c.expect(c.run([paths.PIPGATE, "db", "status", "--db", database(c)]), status=0, out=["osv-2: the update of 20", "failed: modified_id.csv: network: "])
        feeds = c.write("feeds.yaml", "schema: pipgate/feeds/1\nfeeds:\n- {name: good, kind: osv, place: '%sPyPI/all.zip'}\n"
                        "- {name: bad, kind: osv, place: '%sPyPI/all.zip', required: false}\n" % (server.root, other.root))
        c.expect(update(c, [], "--feeds", feeds, "--timeout", "5"), status=0, err=["bad is optional and left out", "(feeds: good 2)"])
        c.expect(update(c, [], "--feeds", feeds, "--feed", "good"), status=0, err=["nothing new"])
        c.expect(update(c, [], "--feeds", feeds, "--feed", "goood"), status=42, err=["names no feed 'goood'"])


@case(pips="one", mode="any")
def lies_of_a_server(c):
    """304 to a question without an ETag is no answer; a 304 for ever does not make old data young."""
    with FeedServer() as server:
        word = server.osv({"PYSEC-1": record("PYSEC-1", back=86400 * 30)})
        server.lies = True
        c.expect(update(c, [word]), status=41, err=["answered 304"])
        server.lies = False
        c.expect(update(c, [word]), status=0)
        server.lies = True
        c.expect(update(c, [word]), status=0, err=["nothing new"])
        c.expect(c.gate("install", "idna", env={"PIPGATE_DB": database(c), "PIPGATE_PROFILE": "ci"}), status=41, err=["30 days old"])


@case(pips="one", mode="any")
def one_update_for_many(c):
    """Ten updates at once ask each feed once."""
    with FeedServer() as server:
        word = server.osv({"PYSEC-%d" % i: record("PYSEC-%d" % i) for i in range(5)})
        server.delay = 0.3
        os.makedirs(os.path.join(c.root, "d"))
        running = [c.start([paths.PIPGATE, "db", "update", "-o", database(c)], env={"PIPGATE_FEEDS": word}) for _ in range(10)]
        for p in running:
            c.expect(p.wait(), status=0)
        c.equal(len(server.seen("all.zip")), 1, "downloads")


@case(pips="one", mode="any")
def weights(c):
    """Of two records of one id the heavier feed's counts, though it is older."""
    with FeedServer() as server:
        server.osv({"PYSEC-1": record("PYSEC-1", "critical", fixed="9")}, folder="new/")
        server.osv({"PYSEC-1": record("PYSEC-1", "critical", back=86400, fixed="1")}, folder="old/")
        for weight, fixed in (("0", "9"), ("5", "1")):
            feeds = c.write("feeds.yaml", "schema: pipgate/feeds/1\nfeeds:\n- {name: a, kind: osv, place: '%snew/all.zip'}\n"
                            "- {name: b, kind: osv, place: '%sold/all.zip', weight: %s}\n" % (server.root, server.root, weight))
            c.expect(update(c, [], "--feeds", feeds), status=0)
            shown = c.expect(c.run([paths.PIPGATE, "db", "show", "--db", database(c), "critical"]), status=0)
            c.true("fixed in %s" % fixed in shown.stdout or " %s" % fixed in shown.stdout, "weight %s: %s", weight, shown.stdout)


@case(pips="one", mode="any")
def feeds_yaml_is_read_strictly(c):
    """What is wrong is shown with its line."""
    for text, said in (("feeds:\n- {name: a}\n", "'schema: pipgate/policy/1' is missing"), ("schema: pipgate/feeds/1\nfeeds: []\n", "there is no feed in it"),
                       ("schema: pipgate/feeds/1\nfeeds:\n- {name: a, kind: osv}\n", "line 3"),
                       ("schema: pipgate/feeds/1\nfeeds:\n- {name: a, kind: osw, place: x}\n", "is no feed"),
                       ("schema: pipgate/feeds/1\nfeeds:\n- {name: ../a, kind: osv, place: x}\n", "a feed's name has letters"),
                       ("schema: pipgate/feeds/1\nfeeds:\n- {name: a, kind: osv, place: x, wieght: 2}\n", "weight"),
                       ("schema: pipgate/feeds/1\nfeeds:\n- {name: a, kind: osv, place: x}\n- {name: a, kind: osv, place: y}\n", "two feeds")):
        c.expect(update(c, [], "--feeds", c.write("feeds.yaml", text)), status=42, err=[said])


@case(pips="one", mode="any")
def update_before_a_verdict(c):
    """auto-update: what came a moment ago blocks; a feed that is down is said, and decided is from the last good data; without the key
    nobody is asked."""
    with FeedServer() as server:
        word = server.osv({"PYSEC-1": record("PYSEC-1", "other")})
        c.expect(update(c, [word]), status=0)
        env = {"PIPGATE_DB": database(c), "PIPGATE_FEEDS": word}
        server.osv({"PYSEC-1": record("PYSEC-1", "other"), "PYSEC-2": record("PYSEC-2", "critical", back=60)})
        server.requests.clear()
        c.expect(c.gate("install", "--no-deps", "critical==1.0", "--dry-run", env=env), status=0)
        c.equal(server.requests, [], "asked")
        with sqlite3.connect(database(c) + ".feeds/osv.feed") as store:
            store.execute("UPDATE meta SET value = value - 7200 WHERE key = 'checked'")
        c.write(os.path.join(c.home, "config", "pipgate", "policy.yaml"), "schema: pipgate/policy/1\nauto-update: 1h\n")
        server.faults = [osvstub.Fault(r".", "reset")]
        c.expect(c.gate("install", "--no-deps", "critical==1.0", "--dry-run", env=env), status=0,
                 err=["osv: its last good data stay", "auto-update: failed; going on with the advisories that are here"])
        server.faults = []
        c.expect(c.gate("install", "--no-deps", "critical==1.0", env=env), status=40, err=["PYSEC-2"])
        server.requests.clear()
        c.expect(c.gate("install", "--no-deps", "critical==1.0", env=env), status=40, err=["PYSEC-2"])
        c.equal(server.requests, [], "asked again")
