#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Matching against pairs whose answer is known, and random ones against the rule as a program (oracle.py of the shared data).

Environment: PIPGATE (the program), PIPGATE_SHARED (the folder with data/), SEED (repeats a random run), N (how many random
pairs a feed gets). Prints TAP; what has no data is skipped.
"""
import importlib.util
import os
import random
import re
import subprocess
import sys
import tempfile

PIPGATE = os.environ.get("PIPGATE") or os.path.join(os.environ.get("B", "build"), "pipgate")
DATA = os.path.join(os.environ.get("PIPGATE_SHARED", "../shared"), "data")
PYSEC = os.path.join(DATA, "advisories", "all.zip")
GHSA = os.path.join(DATA, "advisories", "ghsa-derived-SYNTHETIC.zip")
MAL = os.path.join(DATA, "enrich", "mal-pypi-all.zip")
ORACLE = os.path.join(DATA, "oracle")
N = int(os.environ.get("N", "20000"))
SHOWN = 10  # differences printed of one test
EVERY = {"ansible": {"PYSEC-2020-220"}}  # covers every version, also what is none; ambiguous.tsv leaves it out
ENDINGS = ("", "", "", ".dev1", "a1", "rc1", ".post1", ".0", ".1", "+local.1", "-x")


def build(folder, feeds):
    path = os.path.join(folder, "-".join(os.path.basename(feed) for feed in feeds) + ".db")
    if not os.path.exists(path):
        subprocess.run([PIPGATE, "db", "build", "-o", path] + ["osv=" + feed for feed in feeds], check=True,
                       stderr=subprocess.DEVNULL)
    return path


def match(database, pairs):
    """Of each pair (status, groups): a group is a tuple of ids."""
    run = subprocess.run([PIPGATE, "match", "--db", database, "-"], stdout=subprocess.PIPE,
                         input="".join(f"{name}\t{version}\n" for name, version in pairs).encode())
    lines = run.stdout.decode().split("\n")[:-1]
    if run.returncode or len(lines) != len(pairs):
        raise SystemExit(f"Bail out! {len(pairs)} pairs, {len(lines)} answers, status {run.returncode}")
    out = []
    for (name, version), line in zip(pairs, lines):
        fields = line.split("\t")
        if fields[:2] != [name, version] or len(fields) != 4:
            raise SystemExit(f"Bail out! asked for {name!r} {version!r}, answered {line!r}")
        out.append((fields[2], [tuple(group.split("=")) for group in fields[3].split(" ") if group]))
    return out


def rows(name):
    with open(os.path.join(ORACLE, name), encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]


def ids(text):
    return sorted(text.split(",")) if text else []


def flat(groups):
    return sorted(id for group in groups for id in group)


# What each file expects: (status, ids or groups); a status of None is not told by the file.
def expected_public(row):
    return None, ids(row[2])


def expected_mal(row):
    return row[3], ids(row[2])


def expected_local(row):
    return None, ids(row[3])


def expected_ambiguous(row):
    if row[1] == "0.0.0-dev":  # PEP 440 reads it as 0.0.0.dev0
        return "ok", None
    return "unknown", sorted({*ids(row[3]), *EVERY.get(row[0], ())})


def expected_merged(row):
    groups = [tuple(group.split("=")) for group in row[3].split(" ") if group]
    return (None, groups) if len(groups) == int(row[2]) else ("?", None)


FILES = (
    ("public.tsv", (PYSEC,), expected_public, True),
    ("local_mode.tsv", (PYSEC,), expected_local, True),
    ("ambiguous.tsv", (PYSEC,), expected_ambiguous, True),
    ("mal_public.tsv", (MAL,), expected_mal, True),
    ("merged_public.tsv", (PYSEC, GHSA), expected_merged, False),
)


def rule():
    """The shared oracle as a module; it needs packaging."""
    spec = importlib.util.spec_from_file_location("matching_rule", os.path.join(ORACLE, "oracle.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def version_of(rng, affected):
    """One near what an entry of a record names."""
    known = ["1.0", "0.dev0", "0", "999", "junk"] + (affected.get("versions") or [])[:50]
    for one in affected.get("ranges") or []:
        if one["type"] != "GIT":
            known += [next(iter(event.values())) for event in one["events"]] * 2
    return re.sub(r"[\t\r\n]", "", rng.choice(known) + rng.choice(ENDINGS))


def random_pairs(rng, index):
    names = sorted(index)
    for _ in range(N):
        name = rng.choice(names)
        yield name.replace("-", rng.choice("-_.")).title(), version_of(rng, rng.choice(index[name])[1])


class Tap:
    def __init__(self, plan):
        print(f"1..{plan}")
        self.n = self.failed = 0

    def skip(self, name, why):
        self.n += 1
        print(f"ok {self.n} - {name} # SKIP {why}")

    def compare(self, name, pairs, wanted, answers, merged=False):
        self.n += 1
        wrong = []
        for pair, (status, want), (said, groups) in zip(pairs, wanted, answers):
            got = groups if merged else flat(groups)
            if (status or said) != said or (want is not None and want != got):
                wrong.append((pair, (status, want), (said, got)))
        print(f"{'not ' if wrong else ''}ok {self.n} - {name}: {len(pairs)} pairs, {len(wrong)} differences")
        for pair, want, got in wrong[:SHOWN]:
            print(f"# {pair}: expected {want}, got {got}")
        self.failed += bool(wrong)


def files(tap, folder):
    for name, feeds, expected, separate in FILES:
        missing = [f for f in (*feeds, os.path.join(ORACLE, name)) if not os.path.exists(f)]
        if missing:
            tap.skip(name, f"no {missing[0]}")
            continue
        pairs = [(row[0], row[1]) for row in rows(name)]
        tap.compare(name, pairs, [expected(row) for row in rows(name)], match(build(folder, feeds), pairs), not separate)


def randoms(tap, folder, seed):
    for feed in (PYSEC, MAL):
        name = "random pairs of " + os.path.basename(feed)
        try:
            module = rule()
            index = module.load(feed)
        except (OSError, ImportError) as missing:
            tap.skip(name, str(missing))
            continue
        pairs = list(random_pairs(random.Random(f"{seed} {feed}"), index))
        wanted = [module.match(index, *pair)[::-1] for pair in pairs]
        tap.compare(name, pairs, wanted, match(build(folder, (feed,)), pairs))


def main():
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(1 << 32))
    tap = Tap(len(FILES) + 2)
    print(f"# SEED={seed} N={N} {sys.argv[0]}")
    with tempfile.TemporaryDirectory(prefix="pipgate-oracle-") as folder:
        files(tap, folder)
        randoms(tap, folder, seed)
    return tap.failed


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
