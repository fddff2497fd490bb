# SPDX-License-Identifier: Apache-2.0
"""TAP of programs that look for problems: each check is a name and what is wrong, nothing or a list of lines."""

SHOWN = 20  # lines of one check

count = failed = 0


def check(name, problems):
    global count, failed
    count += 1
    print("%s %d - %s" % ("not ok" if problems else "ok", count, name))
    for p in problems[:SHOWN]:
        print("# " + p)
    failed += bool(problems)


def skip(name, reason):
    global count
    count += 1
    print("ok %d - %s # SKIP %s" % (count, name, reason))


def end():
    """The plan; the program's status."""
    print("1..%d" % count)
    return 1 if failed else 0
