# SPDX-License-Identifier: Apache-2.0
"""A report of pip that cannot be believed: 41 with a message, nothing installed, soon and within 64 MiB."""
import json
import os
import sys
import tarfile

from lib import fakepip, paths, proc
from lib.case import Failed, Skipped, case

KIB = 64 << 10


def measured(c, *argv, **options):
    """Runs the gate with a clock and a scale; fails above the limits."""
    result = c.run([sys.executable, "-I", "-S", os.path.join(paths.TESTS, "lib", "measure.py"), c.path("measured"), os.path.join(c.shims, "pip")] + list(argv), **options)
    with open(c.path("measured")) as f:
        seconds, kib = f.read().split()
    c.true(float(seconds) < proc.HANG, "it took %s s", seconds)
    c.true(int(kib) <= KIB, "it took %s KiB", kib)
    return result


def refused(c, pip, report, what, status=41):
    pip.orders(report=report)
    before = c.snapshot()
    result = c.expect(measured(c, "install", "idna"), status=status, err="^pipgate: .*(report|plan)" if status == 41 else ())
    c.true(not pip.installed, "installed with %s", what)
    c.true(status != 41 or any("nothing was installed" in line for line in c.lines_of_ours(result)), "%s: no word that nothing was installed", what)
    c.unchanged(before)


def changed(**members):
    item = fakepip.item("idna", "3.7")
    item["metadata"].update(members)
    return fakepip.report([{k: v for k, v in item.items()}])


def without(path):
    """A good report with one member taken out."""
    made = json.loads(fakepip.report([("idna", "3.7")]))
    at, names = made, path.split(".")
    for name in names[:-1]:
        at = at[int(name) if name.isdigit() else name]
    del at[names[-1]]
    return json.dumps(made).encode()


GOOD = fakepip.report([("idna", "3.7")])
OWN = {
    "empty": b"",
    "white": b" \n",
    "cut": GOOD[:len(GOOD) // 2],
    "two": GOOD + GOOD,
    "trailing": GOOD + b"x",
    "list": b"[]",
    "null": b"null",
    "utf16": GOOD.decode().encode("utf-16"),
    "bad UTF-8": GOOD.replace(b"idna", b"idn\xff", 1),
    "NUL": GOOD.replace(b'"idna"', b'"idna\x00"'),
    "escaped NUL": GOOD.replace(b'"name": "idna"', b'"name": "idna\\u0000x"'),
    "control": GOOD.replace(b'"idna"', b'"idna\x01"'),
    "line break in a name": changed(name="idna\nSuccessfully installed"),
    "escape in a name": changed(name="\x1b[2Jidna"),
    "empty name": changed(name=""),
    "name is a number": changed(name=1),
    "empty version": changed(version=""),
    "version is a number": changed(version=3.7),
    "version is null": changed(version=None),
    "requires is text": changed(requires_dist="click"),
    "requires a number": changed(requires_dist=[1]),
    "duplicate key": GOOD.replace(b'"version": "3.7"', b'"version": "3.7", "version": "2.10"'),
    "duplicate install": GOOD[:-1] + b', "install": []}',
    "deep": GOOD[:-1] + b', "x": ' + b"[" * 100000 + b"]" * 100000 + b"}",
    "deep unclosed": b"[" * 1000000,
    "version 2": fakepip.report([("idna", "3.7")], version="2"),
    "version a number": fakepip.report([("idna", "3.7")], version=1),
    "version 10": fakepip.report([("idna", "3.7")], version="10"),
    "no install": without("install"),
    "no version": without("version"),
    "no metadata": without("install.0.metadata"),
    "no name": without("install.0.metadata.name"),
    "no version of it": without("install.0.metadata.version"),
    "no download_info": without("install.0.download_info"),
    "no environment": without("environment"),
    "install is an object": fakepip.report(install={}),
    "install holds null": fakepip.report(install=[None]),
}


@case(pips="one", mode="plan")
def bad_reports(c):
    """Reports that are cut, doubled, deep, of another version, of wrong types or not there."""
    pip, wrong = fakepip.FakePip(c.env, c.root), []
    for what, report in list(OWN.items()) + [("no report", None)]:
        try:
            refused(c, pip, report, what)
        except Failed as e:
            wrong.append("%s: %s" % (what, e))
            if pip.installed:
                os.unlink(pip.marker)
    c.true(not wrong, "\n".join(wrong))
    pip.orders(report=GOOD)
    c.expect(measured(c, "install", "idna"), status=0)
    c.true(pip.installed, "the good one was not installed")


@case(pips="one", mode="plan")
def odd_reports(c):
    """Reports that are odd and right: later minor members, no hashes, a big one, none to install."""
    pip = fakepip.FakePip(c.env, c.root)
    many = [("name-%d" % i, "1.%d" % i, i == 0, ["name-%d" % (i + 1)]) for i in range(2000)]
    table = {"nothing": (fakepip.report(), 0), "later members": (fakepip.report([("idna", "3.7")], later={"x": 1}), 0),
             "version 0": (fakepip.report([("idna", "3.7")], version="0"), 0),
             "no hashes": (fakepip.report([dict(fakepip.item("idna", "3.7"), download_info={"url": "http://127.0.0.1:9/x.whl", "archive_info": {}})]), 0),
             "2000": (fakepip.report(many), 0), "vulnerable": (fakepip.report([("Critical", "1.0")]), 40),
             "bad version": (changed(name="critical", version="1.x"), 40)}
    for what, (report, status) in table.items():
        pip.orders(report=report)
        result = measured(c, "install", "x")
        c.true(result.status == status, "%s: status %d, expected %d", what, result.status, status)
        c.equal(pip.installed, status == 0, "installed with " + what)
        if pip.installed:
            os.unlink(pip.marker)


@case(pips="one", mode="plan")
def bad_set_of_reports(c):
    """The pip/* rows of the public set of bad inputs."""
    packed = paths.shared("bad.tar.xz")
    if not packed:
        raise Skipped("no ../shared (PIPGATE_SHARED names it)")
    with open(paths.shared("bad-MANIFEST.tsv")) as f:
        rows = [line.rstrip("\n").split("\t") for line in f]
    pip = fakepip.FakePip(c.env, c.root)
    seen = 0
    with tarfile.open(packed) as tar:
        for member in tar:
            row = [r for r in rows if member.name.endswith(r[0]) and len(r) > 2 and r[1] == "pip-report"]
            if row and row[0][2] == "error":
                refused(c, pip, tar.extractfile(member).read(), row[0][0])
                seen += 1
    c.true(seen >= 7, "only %d rows were found", seen)
