# SPDX-License-Identifier: Apache-2.0
"""Finds the command-line cases: every folder here that holds a file `case`, every @case of the test_*.py here."""
import glob
import importlib.util
import os

from lib import case

HERE = os.path.dirname(os.path.abspath(__file__))


def items():
    case.sweep()
    found = [case.from_folder(os.path.dirname(p)) for p in sorted(glob.glob(os.path.join(HERE, "*", "case")))]
    for path in sorted(glob.glob(os.path.join(HERE, "test_*.py"))):
        spec = importlib.util.spec_from_file_location(os.path.basename(path)[:-3], path)
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    found += case.functions()
    names = [d.name for d in found]
    twice = {n for n in names if names.count(n) > 1}
    if twice:
        raise ValueError("cases of one name: " + ", ".join(sorted(twice)))
    return case.items(found)
