# SPDX-License-Identifier: Apache-2.0
"""The rows. Bounds are those that the project promises; what has none stands there to be compared with."""
import json
import os
import shutil
import time
import zipfile

from bench import Line, Skip, made_up, measure, median, members, paths, row
from lib.feedserver import FeedServer, listing

MIB = measure.MIB


# ---- start-up and pass-through ----


@row("start-up")
def start_up(b):
    runs = b.count(50, 3)
    ours = measure.command([paths.PIPGATE, "--version"], b.environ(), runs)
    yield Line("start-up: `pipgate --version`", ours, "ms")
    yield Line("beside: the bare pip's `pip --version`",
               measure.command([os.path.join(b.environment.bin, "pip"), "--version"], b.environ(), b.count(10, 2)), "ms")


@row("pass-through")
def pass_through(b):
    env = b.gate_environ()
    gated, bare = os.path.join(b.links(), "pip"), os.path.join(b.environment.bin, "pip")
    measured = measure.in_turns([lambda: measure.run([gated, "--version"], env), lambda: measure.run([bare, "--version"], env)], b.count(40, 2))
    yield Line("pass-through: `pip --version` by a link over the bare pip", median(g - p for g, p in measured), "ms", 0.003,
               note="bare %.0f ms, %d pairs" % (median(p for _, p in measured) * 1000, len(measured)))


# ---- building a database ----


def build(b, what, zips, seconds, memory, out):
    argv, env = b.build_argv(zips, out), b.environ()
    taken = median(measure.run(argv, env) for _ in range(b.count(5, 1)))
    yield Line("%s (%s records)" % (what, "{:,}".format(members(zips))), taken, "s", seconds)
    peaks = measure.peaks(argv, env)
    largest = measure.highest(argv, env)
    for program in ("pipgate", "pipgate-fetch"):
        yield Line("– memory of %s" % program, peaks.get(program, 0), "MiB", memory)
    if largest > max(peaks.values(), default=0) * 1.02:
        yield Line("– memory of the larger, as the kernel tells at its end", largest, "MiB", memory)


@row("db-real")
def db_real(b):
    if b.quick:
        raise Skip("not in the quick form")
    if not b.real_zips():
        raise Skip("the public sets are not here")
    yield from build(b, "db build: all.zip + mal-pypi-all.zip", b.real_zips(), 0.6, 32 * MIB, "real.db")


@row("db-made-up")
def db_made_up(b):
    yield from build(b, "db build: made up", [b.made_up_zip(b.count(100000, 1000))], 5, 64 * MIB, "made-up.db")


@row("unpack")
def unpack(b):
    """What pipgate-fetch alone takes to unpack the feeds that are usual; nobody reads them."""
    fetch = os.path.join(os.path.dirname(paths.PIPGATE), "pipgate-fetch")
    for path in b.usual_zips():
        job = b.path("unpack-job")
        with open(job, "wb") as f:
            f.write(b"job=1\0verb=unpack\0place=" + path.encode() + b"\0\0")
        argv, env = ["/bin/sh", "-c", 'exec "$0" --protocol=1 < "$1"', fetch, job], b.environ()
        yield Line("unpack: {:,} advisories, processor time".format(members([path])),
                   median(measure.usage(argv, env).processor for _ in range(b.count(7, 1))), "s", 0.4)


# ---- updating one ----

CHANGED = 100  # records between two updates: more than a day's


def dump_of(server, zip_path):
    """Puts OSV's dump of these records on the server; their times by id."""
    times = {}
    with open(zip_path, "rb") as f:
        server.files["PyPI/all.zip"] = f.read()
    with zipfile.ZipFile(zip_path) as z:
        for name in z.namelist():
            body = z.read(name)
            times[name[:-5]] = json.loads(body)["modified"]
            server.files["PyPI/" + name] = body
    server.files["PyPI/modified_id.csv"] = listing(times, times)
    return times


def change(server, times, run):
    """A hundred other records are modified."""
    for ident in sorted(times)[run * CHANGED:(run + 1) * CHANGED]:
        path = "PyPI/%s.json" % ident
        times[ident] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
        server.files[path] = json.dumps(dict(json.loads(server.files[path]), modified=times[ident], summary="changed %d" % run)).encode()
    server.files["PyPI/modified_id.csv"] = listing(times, times)


@row("update")
def update(b):
    """All of it from a server on the loopback, so the download is in the time; then what has changed."""
    n, path = b.count(100000, 1000), b.path("updated.db")
    with FeedServer() as server:
        times = dump_of(server, b.made_up_zip(n))
        env = dict(b.environ(), PIPGATE_FEEDS="osv=%sPyPI/all.zip" % server.root)
        argv = [paths.PIPGATE, "db", "update", "-o", path]

        def whole():
            shutil.rmtree(path + ".feeds", ignore_errors=True)
            return measure.run(argv, env)

        def changes(run):
            change(server, times, run)
            return measure.run(argv, env)
        yield Line("update: {:,} records, download from the loopback included".format(n), median(whole() for _ in range(b.count(3, 1))), "s", 5)
        yield Line("update: %d of them changed" % CHANGED, median(changes(i) for i in range(b.count(7, 2))), "s", 1)
        yield Line("update: nothing new", median(measure.run(argv, env) for _ in range(b.count(5, 2))), "s")
    for left in (path + ".feeds", path + ".history"):
        shutil.rmtree(left, ignore_errors=True)


@row("merged-size")
def merged_size(b):
    """PYSEC, the GHSA-shaped set, the malicious records, KEV and EPSS in one database."""
    parts = [("osv", "advisories", "all.zip"), ("osv", "advisories", "ghsa-derived-SYNTHETIC.zip"), ("osv", "enrich", "mal-pypi-all.zip"),
             ("kev", "enrich", "known_exploited_vulnerabilities.json"), ("epss", "enrich", "epss_scores-SYNTHETIC-2026-08-07.csv.gz")]
    if b.quick or not all(paths.shared(*p[1:]) for p in parts):
        raise Skip("the public sets are not here")
    measure.run([paths.PIPGATE, "db", "build", "-o", b.path("merged.db")] + ["%s=%s" % (p[0], paths.shared(*p[1:])) for p in parts], b.environ())
    yield Line("db size: PYSEC, GHSA-shaped, MAL, KEV, EPSS", os.path.getsize(b.path("merged.db")), "MB", 12e6)


# ---- a signed bundle ----


@row("bundle")
def bundle(b):
    """Exported, and taken from the folder: verified, copied, its digest taken twice."""
    env, key = b.environ(), b.path("bundle-key-%d" % os.getpid())
    measure.run(b.build_argv([b.made_up_zip(b.count(100000, 1000))], "bundle.db"), env)
    measure.run([paths.PIPGATE, "key", "new", "-o", key], env)
    export = [paths.PIPGATE, "db", "export", b.path("bundle"), "-k", key, "--db", b.path("bundle.db")]

    def both():
        if os.path.exists(b.path("bundle-taken.db")):
            os.unlink(b.path("bundle-taken.db"))
        take = [paths.PIPGATE, "db", "build", "-o", b.path("bundle-taken.db"), "--key", key + ".pub", "pipgate=" + b.path("bundle")]
        return measure.run(export, env) + measure.run(take, env)
    yield Line("bundle: export and take (%.0f MB)" % (os.path.getsize(b.path("bundle.db")) / 1e6), median(both() for _ in range(b.count(5, 1))), "s", 2)
    os.unlink(key)
    os.unlink(key + ".pub")


# ---- matching ----


def match(b, what, file, lines, bound):
    argv, env = [paths.PIPGATE, "match", "--db", b.database, file], b.environ()
    seconds = median(measure.run(argv, env) for _ in range(b.count(5, 1)))
    yield Line(what, lines / seconds, "/s", bound, least=True)
    yield Line("– memory", measure.peaks(argv, env).get("pipgate") or measure.highest(argv, env), "MiB", 24 * MIB)


@row("match-known")
def match_known(b):
    n = b.count(1000000, 10000)
    yield from match(b, "match: pairs with advisories, shuffled, {:,} lines".format(n), b.pairs_file("known.tsv", b.shuffled(n)), n, 300000)


@row("match-unknown")
def match_unknown(b):
    n = b.count(1000000, 10000)
    yield from match(b, "match: unknown names, {:,} lines".format(n), b.pairs_file("unknown.tsv", made_up.unknown_pairs(n)), n, 1000000)


# ---- deciding a plan ----


def decide(b, report, runs, **env):
    return measure.command([paths.PIPGATE, "decide", "--gate-db", b.database, report], b.environ(**env), runs, (0, 40))


@row("decide")
def decide_plan(b):
    for n, bound in ((200, 0.015), (60, 0.006)):
        report = b.plan(n, n * 12500)
        yield Line("decide: a plan of %d, %.1f MB of report, start-up included" % (n, os.path.getsize(report) / 1e6),
                   decide(b, report, b.count(50, 3)), "ms", bound)


@row("policy")
def decide_with_policy(b):
    """Beside one another, so that a busy machine weighs on both."""
    report, config = b.plan(200, 200 * 12500), b.path("policy")
    made_up.policy(os.path.join(config, "pipgate"), 1000, 10000)
    pairs = [(decide(b, report, 1), decide(b, report, 1, XDG_CONFIG_HOME=config)) for _ in range(b.count(30, 3))]
    yield Line("policy: 1,000 rules and 10,000 exceptions, what they add to a plan of 200", median(y - x for x, y in pairs), "ms", 0.005)
