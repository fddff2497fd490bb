#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Finds the proofs of the bypass table for tests/run. By itself it walks every row on every pair of pip and Python and prints
the table and the matrix (`make bypass`): tests/bypass/run.py [-j N] [ROW…], a ROW as `pipx` or `two*`; 1 if a row failed."""
import argparse
import concurrent.futures
import fnmatch
import glob
import importlib.util
import os
import sys
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path[:0] = [HERE, TESTS, os.path.join(TESTS, "hook")]
sys.dont_write_bytecode = True
import scene  # noqa: E402
import show  # noqa: E402
import table  # noqa: E402
from lib import case, paths  # noqa: E402

SHORT_ENDS = ("matrix-link", "matrix-python-m-pip")  # and these at both ends of the matrix, too
# roads that other proofs walk, too (python-m-pip-and-its-spellings, absolute-path-to-pip, main-from-code, build-requirement-that-is-blocked)
LONG = ("matrix-python-Im-pip", "matrix-venv-bin-pip", "matrix-runpy", "matrix-main", "matrix-tox", "matrix-build")


class Item(case.Item):
    """A proof on a pair; note: what a person should know of it, as which pip ran."""

    def __init__(self, definition, pair):
        super().__init__(case.Definition(definition.name, definition.pips, self.play, definition.what), pair)
        self.function, self.proof, self.note = definition.function, definition.name, ""
        self.name = "bypass/%s@%s" % (definition.name, pair)

    def play(self, c):
        c.note = ""
        c.leaves = c.pair.python == "3.8"  # its ensurepip leaves an empty folder, with us and without
        try:
            self.function(c)
        finally:
            self.note = c.note


class Documented:
    """docs/bypass.md has the table's rows, in its order, and the cases of the hook's that rows name are there."""
    name = "bypass/documented"

    def run(self):
        elsewhere({p for r in table.ROWS for p in r.proofs})
        with open(os.path.join(paths.ROOT, "docs", "bypass.md"), encoding="utf-8") as f:
            told = [line.split(" | ")[0][2:] for line in f if line.startswith("| ") and not line.startswith(("| ---", "| road |"))]
        roads = [r.road for r in table.ROWS]
        return ("ok", "") if told == roads else ("failed", "docs/bypass.md and tests/bypass/table.py differ: %s" % (set(told) ^ set(roads) or "in their order"))


def load(folder, prefix):
    for path in sorted(glob.glob(os.path.join(folder, "test_*.py"))):
        spec = importlib.util.spec_from_file_location(prefix + os.path.basename(path)[:-3], path)
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


def every():
    """All proofs of this folder, on all their pairs."""
    load(HERE, "bypass_")
    known, named = scene.definitions(), {p for row in table.ROWS for p in row.proofs} | {p for _, p in table.ROADS}
    odd = set(known) - named | {p for p in named if "/" not in p} - set(known)
    if odd:
        raise ValueError("table.py and the proofs disagree about " + ", ".join(sorted(odd)))
    return [Item(d, p) for d in known.values() for p in scene.pairs(d.pips)]


def items():
    """For tests/run: everything, or each proof on one pair."""
    found = every()
    if os.environ.get("ALL"):
        return found + [Documented()]
    return [Documented()] + [i for i in found if (i.pair == scene.SHORT and i.proof not in LONG) or (i.proof in SHORT_ENDS and i.pair in scene.pairs("two"))]


def elsewhere(proofs):
    """Items of the hook's own cases that rows name as their proof."""
    import held
    load(os.path.join(TESTS, "hook"), "hook_")
    found = held.items(everywhere=True)
    for item in found:
        item.proof, item.note = item.name.split("@")[0], ""
    missing = {p for p in proofs if p.startswith("hook/")} - {i.proof for i in found}
    if missing:
        raise ValueError("table.py names cases that are not there: " + ", ".join(sorted(missing)))
    return [i for i in found if i.proof in proofs]


def outcome_of(item):
    try:
        state, text = item.run()
    except Exception:  # noqa: an error of the test itself is a failure like any other
        state, text = "failed", traceback.format_exc()
    return item, state, text


def walk(items, jobs):
    """[(item, state, text)] of each, in any order; failures are told as they come."""
    done = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for waiting in concurrent.futures.as_completed([pool.submit(outcome_of, i) for i in items]):
            item, state, text = waiting.result()
            done.append((item, state, text))
            if state == "failed":
                print("FAILED %s\n    %s" % (item.name, text.replace("\n", "\n    ")), file=sys.stderr, flush=True)
    return done


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("rows", nargs="*", metavar="ROW")
    options = parser.parse_args()
    os.environ["ALL"] = "1"  # values that the pairs share among them (scene.few)
    rows = [r for r in table.ROWS if not options.rows or any(fnmatch.fnmatch(r.road, g) for g in options.rows)]
    proofs = {p for r in rows for p in r.proofs}
    if not options.rows:
        proofs |= {p for _, p in table.ROADS}
    case.sweep()
    done = walk([i for i in every() if i.proof in proofs] + elsewhere(proofs), options.jobs)
    failed = show.rows(rows, done)
    if not options.rows:
        failed += show.matrix(table.ROADS, done)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
