# SPDX-License-Identifier: Apache-2.0
"""Rows of `pip audit`."""
import os
import re
import re
import shutil
import subprocess

from bench import Line, made_up, measure, median, paths, row
from lib import osvdb

MIB = measure.MIB
FOUND = (0, 1, 44)  # clean, findings, and not everything could be audited
FORMATS = ("columns", "json", "markdown", "cyclonedx-json", "cyclonedx-xml", "sarif", "junit", "github")
HOSTILE = "x\x07\x1b[31m \u202eevil\u2066 | `<script>alert(1)</script>` ]]> & \"' ![](http://127.0.0.1/) %0A::error::y\r\n\U0001f600\ufffe"


def environment(b, n):
    """A site-packages folder of n distributions, a tenth of them vulnerable, each with a description and requirements as real ones have."""
    pairs = (list(dict(b.shuffled(n)).items())[:n // 10] + list(made_up.unknown_pairs(n)))[:n]
    folder = b.path("site-%d" % n)
    shutil.rmtree(folder, ignore_errors=True)
    for i, (name, version) in enumerate(pairs):
        info = os.path.join(folder, "%s-%s.dist-info" % (name, version))
        os.makedirs(info, exist_ok=True)
        requires = "".join("Requires-Dist: %s>=0\n" % pairs[(i * 7 + k) % n][0] for k in range(5))
        with open(os.path.join(info, "METADATA"), "w") as f:
            f.write("Metadata-Version: 2.1\nName: %s\nVersion: %s\n%s\n%s\n" % (name, version, requires, "A description. " * 500))
        with open(os.path.join(info, "INSTALLER"), "w") as f:
            f.write("pip\n")
    return folder


def audit(b, what, words, bound, memory=None, runs=30):
    argv, env = [paths.PIPGATE, "audit", "--exit-codes=distinct", "--db", b.database] + words, b.environ()  # else a failure is a 1, too
    measure.run(argv, env, FOUND)
    yield Line(what, median(measure.run(argv, env, FOUND) for _ in range(b.count(runs, 1))), "ms", bound)
    if memory:
        seen = measure.highest(argv, env)
        yield Line("– memory", seen, "MiB", memory, note="" if seen else "less than can be seen, some 8 MiB")


def pins(b, name, pairs):
    path = b.path(name)
    with open(path, "w") as f:
        f.writelines("%s==%s\n" % pair for pair in pairs)
    return path


@row("audit-pins")
def audit_pins(b):
    yield from audit(b, "audit: 200 pins, start-up included", ["-r", pins(b, "200.txt", list({re.sub("[-_.]+", "-", name).lower(): (name, version) for name, version in b.shuffled(400)}.values())[:200]), "--no-deps"],
                     0.008, 10 * MIB)


@row("audit-environment")
def audit_environment(b):
    yield from audit(b, "audit: an environment of 63", ["--path", environment(b, 63)], 0.010)
    yield from audit(b, "audit: an environment of 1,000", ["--path", environment(b, b.count(1000, 100))], 0.060)


@row("audit-large-file")
def audit_large_file(b):
    n = b.count(100000, 1000)
    path = pins(b, "large.txt", dict(made_up.unknown_pairs(n)).items())
    yield from audit(b, "audit: a requirements file of {:,} lines".format(n), ["-r", path, "--no-deps"], 0.5, runs=5)


@row("audit-recursive")
def audit_recursive(b):
    """Lock files below a folder; the one Python that reads their TOML is measured by itself."""
    n, root = b.count(1000, 20), b.path("locks")
    shutil.rmtree(root, ignore_errors=True)
    pairs = b.shuffled(n * 10)
    for i in range(n):
        folder = os.path.join(root, "p%d" % i)
        os.makedirs(folder)
        with open(os.path.join(folder, "uv.lock"), "w") as f:
            f.write('version = 1\nrequires-python = ">=3.8"\n')
            f.writelines('\n[[package]]\nname = "%s"\nversion = "%s"\nsource = { registry = "https://index.invalid/simple" }\n' % p
                         for p in dict(pairs[i * 10:i * 10 + 10]).items())
    argv = [paths.PIPGATE, "audit", "--exit-codes=distinct", "--db", b.database, "--recursive", root, "--python", b.environment.python]
    script = "import glob, json, sys, tomllib; [json.dumps(tomllib.load(open(p, 'rb'))) for p in glob.glob(sys.argv[1] + '/*/uv.lock')]"
    ways = [lambda: measure.usage(argv, b.environ(), FOUND).wall,
            lambda: measure.usage([b.environment.python, "-I", "-c", script, root], b.environ()).wall]
    measure.in_turns(ways, 1)
    measured = measure.in_turns(ways, b.count(5, 1))
    yield Line("audit: {:,} lock files by --recursive, beside the Python that reads their TOML".format(n),
               median(ours - python for ours, python in measured), "s", 1, note="all %.2f s" % median(ours for ours, _ in measured))


def report_seconds(argv, env):
    """What the report takes of one run, as the program itself tells it."""
    told = subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    found = re.search(rb"\[ *([\d.]+) ms\] report:", told.stderr)
    if told.returncode != 1 or not found:
        raise measure.Broken("%s ended with %d: %s" % (" ".join(argv), told.returncode, told.stderr.decode("utf-8", "replace")[-800:].strip()))
    return float(found.group(1)) / 1000


@row("audit-report")
def audit_report(b):
    """Writing the report of many findings with texts that must be escaped: every format, the slowest against the bound."""
    n = b.count(2000, 100)
    records = [osvdb.record("PYSEC-2099-%d" % i, "p%d" % (i % (n // 5)), ("LOW", "MEDIUM", "HIGH", "CRITICAL", None)[i % 5], fixed="2.0",
                            aliases=["CVE-2099-%d" % (20000 + i)], summary=HOSTILE, details=HOSTILE * 10) for i in range(n)]
    words = ["audit", "--db", osvdb.build(records), "-r", pins(b, "many.txt", [("p%d" % i, "1.0") for i in range(n // 5)]), "--no-deps",
             "--disable-pip", "-o", os.devnull]
    env = b.environ(PIPGATE_LOG="stage")
    taken = {f: median(report_seconds([paths.PIPGATE] + words + ["-f", f], env) for _ in range(b.count(7, 1))) for f in FORMATS}
    slowest = max(taken, key=taken.get)
    yield Line("audit: a report of {:,} hostile findings, the slowest format".format(n), taken[slowest], "ms", 0.25,
               note="%s; %s" % (slowest, ", ".join("%s %.0f" % (f, s * 1000) for f, s in taken.items() if f != slowest)))
