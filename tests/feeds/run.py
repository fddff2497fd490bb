# SPDX-License-Identifier: Apache-2.0
"""Finds the cases of feeds and of an organisation's own advisories: every @case of the test_*.py here."""
import os
import sys

from lib import case

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)


def items():
    case.sweep()
    return case.load(HERE, "feeds")
