#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Versions, specifiers, names, requirements and markers against the public sets. Prints TAP.

The sets are not part of the project: $PIPGATE_SHARED (default: ../shared beside the checkout) names the folder that holds
data/pep440 and data/pep508; where it is absent every test counts as skipped. $PIPGATE is the program.
"""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("PIPGATE", str(ROOT / "build" / "pipgate"))
DATA = pathlib.Path(os.environ.get("PIPGATE_SHARED", str(ROOT.parent / "shared"))) / "data"
SHOWN = 10  # differences of one set: the first ones tell enough


def rows(path):
    """The lines as lists of fields, still escaped, behind the one that tells the columns. An empty line is a case, too."""
    text = (DATA / path).read_bytes().decode().removesuffix("\n")
    return [line.split("\t") for line in text.split("\n")[1:]]


def ask(what, inputs, *options):
    """The program's answer to each line."""
    text = "".join(line + "\n" for line in inputs).encode()
    run = subprocess.run([PROGRAM, "debug", what, *options], input=text, capture_output=True, check=False)
    if run.returncode != 0:
        raise RuntimeError(f"debug {what}: status {run.returncode}: {run.stderr.decode(errors='replace').strip()}")
    return run.stdout.decode().split("\n")[:-1]


def differences(what, inputs, expected, *options):
    got = ask(what, inputs, *options)
    if len(got) != len(inputs):
        raise RuntimeError(f"debug {what}: {len(inputs)} lines in, {len(got)} out")
    return len(inputs), [(i, e, g) for i, e, g in zip(inputs, expected, got) if e != g]


def valid():
    data = rows("pep440/valid.public.txt")
    return differences("canonical", [r[0] for r in data], [r[1] for r in data])


def invalid():
    data = rows("pep440/invalid.public.txt")
    return differences("canonical", [r[0] for r in data], ["error"] * len(data))


def order():
    """Every two neighbours; a list is strictly ascending, so that is all of it."""
    pairs = [pair for r in rows("pep440/order.public.txt") for pair in zip(r, r[1:])]
    inputs = [f"{a}\t{b}" for a, b in pairs] + [f"{b}\t{a}" for a, b in pairs]
    return differences("compare", inputs, ["-1"] * len(pairs) + ["1"] * len(pairs))


def random_compare():
    data = rows("pep440/random_cmp.public.tsv")
    return differences("compare", [f"{r[0]}\t{r[1]}" for r in data], [r[2] for r in data])


def specifiers():
    """Only what all releases of packaging agree about."""
    data = [r for r in rows("pep440/specifiers.public.tsv") if r[4] == "stable"]
    return differences("specifier", ["\t".join(r[:3]) for r in data], [r[3] for r in data])


def names():
    data = rows("pep440/names.tsv")
    return differences("name", [r[0] for r in data], [r[1] for r in data])


def filenames():
    data = rows("pep440/filenames.tsv")
    return differences("filename", [r[0] for r in data], [answer(r[1:3]) for r in data])


def requirements():
    data = rows("pep508/requirements.public.tsv")
    return differences("requirement", [r[0] for r in data], [answer(r[1:6]) for r in data])


def markers():
    data = rows("pep508/markers.public.tsv")
    return differences("marker", [r[0] for r in data], [answer(r[1:4]) for r in data],
                       "--env", str(DATA / "pep508" / "env.json"))


def answer(fields):
    return "error" if fields[0] == "error" else "\t".join(fields)


TESTS = [valid, invalid, order, random_compare, specifiers, names, filenames, requirements, markers]


def main():
    failed = 0
    print(f"1..{len(TESTS)}")
    for number, test in enumerate(TESTS, 1):
        name = f"public set: {test.__name__}"
        try:
            count, different = test()
        except FileNotFoundError as error:
            if str(error.filename).startswith(str(DATA)):
                print(f"ok {number} - {name} # SKIP {error.filename} is not there")
                continue
            count, different = 0, [("", "the program", str(error))]
        except RuntimeError as error:
            count, different = 0, [("", "an answer", str(error))]
        failed += bool(different)
        print(f"{'not ok' if different else 'ok'} {number} - {name}, {count} cases")
        for case, expected, got in different[:SHOWN]:
            print(f"#   {case!r}: expected {expected!r}, got {got!r}")
        if different:
            print(f"#   {len(different)} differences; again: {sys.argv[0]}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
