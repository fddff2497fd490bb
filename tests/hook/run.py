#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Finds the cases of the hook for tests/run; by itself it runs those that a glob names and prints TAP: tests/hook/run.py [GLOB…]"""
import fnmatch
import glob
import importlib.util
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
sys.dont_write_bytecode = True
import held  # noqa: E402


def items():
    for path in sorted(glob.glob(os.path.join(HERE, "test_*.py"))):
        spec = importlib.util.spec_from_file_location("hook_" + os.path.basename(path)[:-3], path)
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    return held.items()


def main():
    chosen = [i for i in items() if any(fnmatch.fnmatch(i.name, "hook/" + g) for g in sys.argv[1:] or ["*"])]
    failed = 0
    print("1..%d" % len(chosen))
    for number, item in enumerate(chosen, 1):
        state, text = item.run()
        failed += state == "failed"
        print("%s %d - %s%s" % ("not ok" if state == "failed" else "ok", number, item.name, " # SKIP " + text if state == "skipped" else ""))
        for line in text.split("\n") if state == "failed" else []:
            print("# " + line)
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
