#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CVSS scores against public vectors and against PyPI's cvss library.

Environment: PIPGATE (the program), PIPGATE_SHARED (the folder with data/cvss), SEED (repeats a random run), N (how many
random vectors a version gets). Prints TAP.
"""
import itertools
import os
import random
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path = [p for p in sys.path if os.path.abspath(p) != HERE]  # "import cvss" is not this file

PIPGATE = os.environ.get("PIPGATE") or os.path.join(os.environ.get("B", "build"), "pipgate")
DATA = os.path.join(os.environ.get("PIPGATE_SHARED", "../shared"), "data", "cvss")
PUBLIC = ("v2.public.tsv", "v3.public.tsv", "v4.public.tsv", "pysec_vectors.tsv")
N = int(os.environ.get("N", "20000"))
SHOWN = 10  # differences printed of one test

# metric: its values; of optional ones, the first stands for "not defined"
V2 = {"AV": "L A N", "AC": "H M L", "Au": "M S N", "C": "N P C", "I": "N P C", "A": "N P C"}
V2_MORE = {"E": "ND U POC F H", "RL": "ND OF TF W U", "RC": "ND UC UR C", "CDP": "ND N L LM MH H", "TD": "ND N L M H",
           "CR": "ND L M H", "IR": "ND L M H", "AR": "ND L M H"}
V3 = {"AV": "N A L P", "AC": "L H", "PR": "N L H", "UI": "N R", "S": "U C", "C": "H L N", "I": "H L N", "A": "H L N"}
V3_MORE = {"E": "X H F P U", "RL": "X U W T O", "RC": "X C R U", "CR": "X H M L", "IR": "X H M L", "AR": "X H M L",
           **{"M" + metric: "X " + values for metric, values in V3.items()}}
V4 = {"AV": "N A L P", "AC": "L H", "AT": "N P", "PR": "N L H", "UI": "N P A", "VC": "H L N", "VI": "H L N",
      "VA": "H L N", "SC": "H L N", "SI": "H L N", "SA": "H L N"}
V4_MORE = {"E": "X A P U", "CR": "X H M L", "IR": "X H M L", "AR": "X H M L",
           **{"M" + metric: "X " + values for metric, values in V4.items()},
           "S": "X N P", "AU": "X N Y", "R": "X A U I", "V": "X D C", "RE": "X L M H", "U": "X Clear Green Amber Red"}
V4_MORE["MSI"] = V4_MORE["MSA"] = "X S H L N"
VERSIONS = {"": (V2, V2_MORE), "CVSS:3.0/": (V3, V3_MORE), "CVSS:3.1/": (V3, V3_MORE), "CVSS:4.0/": (V4, V4_MORE)}


def escape(text):
    """As `pipgate debug` wants a line: what may not stand in a field is written as an escape."""
    return re.sub(r"[\\\0-\x1f\x7f]", lambda m: "\\\\" if m[0] == "\\" else f"\\x{ord(m[0]):02x}", text)


def ask(vectors):
    """What pipgate says of each: "score SEVERITY" or "error"."""
    run = subprocess.run([PIPGATE, "debug", "cvss"], input="".join(escape(v) + "\n" for v in vectors).encode(),
                         stdout=subprocess.PIPE)
    lines = run.stdout.decode().splitlines()
    if run.returncode < 0 or len(lines) != len(vectors):
        raise SystemExit(f"Bail out! {len(vectors)} vectors, {len(lines)} answers, status {run.returncode}")
    return [line.replace("\t", " ") for line in lines]


def library(vector):
    """The same from PyPI's library."""
    import cvss
    reader = cvss.CVSS4 if vector.startswith("CVSS:4") else cvss.CVSS3 if vector.startswith("CVSS:3") else cvss.CVSS2
    try:
        answer = reader(vector)
    except cvss.CVSSError:
        return "error"
    return f"{answer.scores()[0]:.1f} {answer.severities()[0].upper()}"


def public(name):
    """Pairs (vector, expected) of one file of the shared data."""
    def unescape(text):
        known = {"\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r"}
        return re.sub(r"\\(?:x[0-9a-fA-F]{2}|[\\tnr])", lambda m: known.get(m[0]) or chr(int(m[0][2:], 16)), text)

    with open(os.path.join(DATA, name), encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    return [(unescape(row[0]), "error" if row[1] == "error" else f"{row[1]} {row[2]}") for row in rows]


def every_base(prefix):
    base = VERSIONS[prefix][0]
    for values in itertools.product(*(v.split() for v in base.values())):
        yield prefix + "/".join(map(":".join, zip(base, values)))


def fields(rng, prefix):
    """A valid vector's fields in any order: all mandatory metrics, some optional ones."""
    base, more = VERSIONS[prefix]
    share = rng.choice((0, 0.2, 0.5, 1))
    metrics = {**base, **{m: v for m, v in more.items() if rng.random() < share}}
    out = [f"{metric}:{rng.choice(values.split())}" for metric, values in metrics.items()]
    if rng.random() < 0.5:
        rng.shuffle(out)
    return out


def broken(rng, prefix):
    """A vector with one thing wrong with it, mostly; some mutations leave it right, and the library decides."""
    out = fields(rng, prefix)
    i = rng.randrange(len(out))
    other = "/".join(fields(rng, rng.choice(list(VERSIONS))))
    kind = rng.randrange(10)
    if kind == 0:
        del out[i]
    elif kind == 1:
        out.insert(rng.randrange(len(out) + 1), rng.choice((out[i], "", "X:X", ":", out[i] + ":N")))
    elif kind == 2:
        out[i] = rng.choice((out[i].lower(), out[i] + " ", out[i].replace(":", ""), out[i].split(":")[0] + ":Q"))
    elif kind == 3:
        prefix = rng.choice(("CVSS:2.0/", "CVSS:3/", "CVSS:3.2/", "cvss:3.1/", "CVSS:4.1/", "CVSS:3.1", "/", " ", "("))
    elif kind == 4:
        out[i] = rng.choice(other.split("/"))
    elif kind == 5:
        prefix = rng.choice(list(VERSIONS))
    text = prefix + "/".join(out)
    if kind == 6:
        text += rng.choice(("/", "//", " ", ")", "/:", "\0"))
    elif kind == 7:
        at = rng.randrange(len(text))
        text = text[:at] + rng.choice("/:NHLX \té") + text[at + rng.randrange(2):]
    elif kind == 8:
        text = text[:rng.randrange(len(text) + 1)]
    elif kind == 9:
        text = rng.choice(("(" + text + ")", " " + text, text + "/" + other))
    return text


class Tap:
    def __init__(self, plan):
        print(f"1..{plan}")
        self.n = self.failed = 0

    def skip(self, name, why):
        self.n += 1
        print(f"ok {self.n} - {name} # SKIP {why}")

    def pairs(self, name, pairs):
        self.n += 1
        answers = ask([vector for vector, _ in pairs])
        wrong = [(v, want, got) for (v, want), got in zip(pairs, answers) if want != got]
        print(f"{'not ' if wrong else ''}ok {self.n} - {name}: {len(pairs)} vectors, {len(wrong)} differences")
        for vector, want, got in wrong[:SHOWN]:
            print(f"# {vector!r}: expected {want}, got {got}")
        self.failed += bool(wrong)


def main():
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(1 << 32))
    tap = Tap(len(PUBLIC) + 1 + 3 * len(VERSIONS))
    for name in PUBLIC:
        if os.path.exists(os.path.join(DATA, name)):
            tap.pairs(f"public set {name}", public(name))
        else:
            tap.skip(f"public set {name}", f"no {DATA}")
    try:
        import cvss  # noqa: F401
    except ImportError as missing:
        for i in range(1 + 3 * len(VERSIONS)):
            tap.skip(f"against the library {i + 1}", str(missing))
        return tap.failed
    print(f"# SEED={seed} N={N} {sys.argv[0]}")
    odd = ("", " ", "/", ":", "CVSS:4.0/", "CVSS:3.1/", "CVSS:3.1//", "7.5", "HIGH")
    tap.pairs("odd lines", [(v, library(v)) for v in odd])
    for prefix in VERSIONS:
        rng = random.Random(f"{seed} {prefix}")
        name = prefix.rstrip("/") or "v2"
        every = list(every_base(prefix)) if prefix != "CVSS:4.0/" else rng.sample(list(every_base(prefix)), N)
        tap.pairs(f"{name}, base metrics", [(v, library(v)) for v in every])
        some = [prefix + "/".join(fields(rng, prefix)) for _ in range(N)]
        tap.pairs(f"{name}, all metrics", [(v, library(v)) for v in some])
        bad = [broken(rng, prefix) for _ in range(N // 4)]
        tap.pairs(f"{name}, broken", [(v, library(v)) for v in bad])
    return tap.failed


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
