# SPDX-License-Identifier: Apache-2.0
"""The rows. Bounds are those that the project promises; what has none stands there to be compared with."""
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from bench import Line, Skip, index, made_up, measure, median, members, paths, row

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
    measured = measure.alternate(lambda: measure.run([gated, "--version"], env), lambda: measure.run([bare, "--version"], env),
                                 b.count(40, 2))
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


def decide(b, report, runs):
    return measure.command([paths.PIPGATE, "decide", "--gate-db", b.database, report], b.environ(), runs, (0, 40))


@row("decide")
def decide_plan(b):
    for n, bound in ((200, 0.015), (60, 0.006)):
        report = b.plan(n, n * 12500)
        yield Line("decide: a plan of %d, %.1f MB of report, start-up included" % (n, os.path.getsize(report) / 1e6),
                   decide(b, report, b.count(50, 3)), "ms", bound)


# ---- the gate ----

REQUIRED = ["requests", "flask"]


def offered(releases):
    """Wheels in the shape of what these two draw in, each with some files. Their names only read well."""
    needs = {"requests": ["charset-normalizer>=2", "idna>=2.5,<4", "urllib3>=1.21.1,<4", "certifi>=2"],
             "flask": ["werkzeug>=2.0", "jinja2>=3.0", "itsdangerous>=2.0", "click>=3.1", "blinker>=1.6"],
             "jinja2": ["MarkupSafe>=2.0"], "werkzeug": ["MarkupSafe>=2.1.1"]}
    made, maker = [], made_up.Maker()
    for name in ("requests", "flask", "charset-normalizer", "idna", "urllib3", "certifi", "werkzeug", "jinja2", "itsdangerous", "click",
                 "blinker", "MarkupSafe"):
        stem = name.lower().replace("-", "_")
        inside = {"%s/part_%d.py" % (stem, i): ('"""%s"""\n' % maker.text(6000).replace('"', "")).encode() for i in range(25)}
        made += [index.wheel(name, "3.%d.%d" % (i, i % 4), needs.get(name, ()), files=inside) for i in range(releases)]
    return made


def install(b, pip, env, *options):
    target = b.path("target")
    shutil.rmtree(target, ignore_errors=True)
    return measure.run([pip, "install", "-q", "--target", target] + list(options) + REQUIRED, env)


def second_pass(pid):
    """The pip that installs, below the gate, or None."""
    for child in measure.children(pid):
        words = measure.words_of(child)
        if "install" in words and "--dry-run" not in words:
            return child
    return None


def resident(b, gated, env):
    """The gate's own memory while the second pass runs: the largest VmRSS and Pss that were seen."""
    rss = pss = 0
    target = b.path("target")
    shutil.rmtree(target, ignore_errors=True)
    process = subprocess.Popen([gated, "install", "-q", "--target", target] + REQUIRED, env=env, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        if second_pass(process.pid):
            rss = max(rss, measure.fields("/proc/%d/status" % process.pid, ("VmRSS",)).get("VmRSS", 0))
            pss = max(pss, measure.fields("/proc/%d/smaps_rollup" % process.pid, ("Pss",)).get("Pss", 0))
        time.sleep(0.01)
    if process.returncode or not rss:
        raise measure.Broken("the gated install ended with %d, its second pass was %s" % (process.returncode, "seen" if rss else "not seen"))
    return rss, pss


@row("plan-mode")
def plan_mode(b):
    server = index.Index(offered(b.count(12, 2)))
    try:
        env = b.gate_environ(PIP_INDEX_URL=server.url)
        gated, bare = os.path.join(b.links(), "pip"), os.path.join(b.environment.bin, "pip")
        report = b.path("dry-run.json")

        def twice():
            return install(b, bare, env, "--dry-run", "--report", report) + install(b, bare, env)

        install(b, gated, env, "--gate-mode", "plan")  # both find pip's cache filled
        measured = measure.alternate(lambda: install(b, gated, env, "--gate-mode", "plan"), twice, b.count(9, 1))
        yield Line("plan mode: `pip install %s` over a bare dry run + a bare install" % " ".join(REQUIRED), median(g / p for g, p in measured),
                   "×", 1.03, note="bare %.2f s, gated %.2f s, %d pairs" % (median(p for _, p in measured), median(g for g, _ in measured),
                                                                           len(measured)))
        rss, pss = resident(b, gated, dict(env, PIPGATE_MODE="plan"))
        yield Line("– memory of ours while pip installs (VmRSS)", rss, "MiB", 4 * MIB)
        yield Line("– the same, shared pages counted by their share (Pss)", pss, "MiB", 4 * MIB)
    finally:
        server.close()


# ---- others ----


def pip_audit(b):
    """The program and its version, from the index that pip is configured with, once for a build folder."""
    root = os.path.join(paths.BUILD, "benchenv")
    program, ready = os.path.join(root, "bin", "pip-audit"), os.path.join(root, "ready")
    if not os.path.exists(ready):
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", root], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            subprocess.run([os.path.join(root, "bin", "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", "pip-audit"],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        except subprocess.CalledProcessError as e:
            raise Skip("pip-audit cannot be had: " + (e.stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"])[-1])
        with open(ready, "w"):
            pass
    version = subprocess.run([program, "--version"], stdout=subprocess.PIPE, check=True).stdout.decode().split()[-1]
    return program, version


class Stub:
    """An OSV service on the loopback that answers from a zip of records."""

    def __init__(self, archive):
        program = os.path.join(paths.SHARED, "tools", "osv_stub.py")
        if not os.path.exists(program):
            raise Skip("there is no OSV stub here")
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.process = subprocess.Popen([sys.executable, program, archive, str(self.port)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.url = "http://127.0.0.1:%d/v1" % self.port
        self._await()

    def _await(self):
        for _ in range(300):
            try:
                urllib.request.urlopen(self.url + "/vulns/none", timeout=5).close()
            except urllib.error.HTTPError:
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        self.close()
        raise measure.Broken("the OSV stub does not answer")

    def close(self):
        self.process.terminate()
        self.process.wait()


def pins_of(path):
    with open(path, encoding="utf-8") as f:
        return [tuple(re.split("==", line.split("#")[0].strip(), maxsplit=1)) for line in f if "==" in line]


@row("beside")
def beside(b):
    if b.quick:
        raise Skip("not in the quick form")
    pinned, archive = paths.shared("req", "req200-pinned.txt"), paths.shared("advisories", "all.zip")
    if not pinned or not archive:
        raise Skip("the public sets are not here")
    program, version = pip_audit(b)
    measure.run(b.build_argv([archive], "pysec.db"), b.environ())
    pins = pins_of(pinned)
    report = b.path("pins.json")
    with open(report, "wb") as f:
        f.write(made_up.report(pins, len(pins) * 12500))
    stub = Stub(archive)
    try:
        argv = [program, "-r", pinned, "--disable-pip", "--no-deps", "-s", "osv", "--osv-url", stub.url, "--progress-spinner", "off"]
        theirs = median(measure.run(argv, b.environ(), (0, 1)) for _ in range(5))
        memory = measure.highest(argv, b.environ())
    finally:
        stub.close()
    pairs = b.pairs_file("pins.tsv", pins)
    matched = measure.command([paths.PIPGATE, "match", "--db", b.path("pysec.db"), pairs], b.environ(), 30)
    decided = measure.command([paths.PIPGATE, "decide", "--gate-db", b.path("pysec.db"), report], b.environ(), 30, (0, 40))
    yield Line("beside: pip-audit %s, %d pins, OSV on the loopback" % (version, len(pins)), theirs, "ms", note="%.0f MiB" % (memory / MIB))
    yield Line("– the same pins: `pipgate match`", matched, "ms", note="1/%.0f" % (theirs / matched))
    yield Line("– the same pins as a report: `pipgate decide`", decided, "ms", note="1/%.0f" % (theirs / decided))
