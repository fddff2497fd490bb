# SPDX-License-Identifier: Apache-2.0
"""Where things are. B is the build folder (as in the makefile), PIPGATE_SHARED the folder of the public test sets."""
import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("B", "build"))
PIPGATE = os.path.realpath(os.path.join(BUILD, "pipgate"))
TESTS = os.path.join(ROOT, "tests")
SHARED = os.environ.get("PIPGATE_SHARED", os.path.join(os.path.dirname(ROOT), "shared"))


def shared(*parts):
    """A file of the public sets, or None where it is not."""
    path = os.path.join(SHARED, "data", *parts)
    return path if os.path.exists(path) else None
