# SPDX-License-Identifier: Apache-2.0
"""Every report format of an audit at once: written, read back, and put before its own judge."""
import json
import os
import shutil

from . import judges, paths

FORMATS = ("json", "markdown", "cyclonedx-json", "cyclonedx-xml", "sarif", "junit", "github")
READING = 540  # seconds: of 10,000 findings by libraries that keep every list sorted


def write(c, folder, *words, status=1, **options):
    """Every format of one run, each into a file named for it; twice, and both the same."""
    for name in (folder, folder + "-again"):
        os.makedirs(c.path(name))
        pairs = [w for f in FORMATS for w in ("-f", f, "-o", os.path.join(name, f))]
        c.expect(c.audit(*words, *pairs, **options), status=status, not_out=".")
    for f in FORMATS:
        both = [open_bytes(c, name, f) for name in (folder, folder + "-again")]
        c.equal(both[0], both[1], "%s, written twice" % f)
    return folder


def open_bytes(c, folder, name):
    path = c.path(folder, name)
    if not os.path.exists(path):
        return None
    with open(path, "rb") as f:
        return f.read()


def text(c, folder, name):
    return open_bytes(c, folder, name).decode()


def judge(c, folder, *more, omit=()):
    """Validators say nothing, and each format but those of omit holds what JSON holds. What was read."""
    return judge_all(c, [folder], *more, omit=omit)[0]


def judge_all(c, folders, *more, omit=()):
    """The same of several: the judges take a second to start."""
    tools = judges.tools()
    result = c.start([os.path.join(tools, "python"), os.path.join(paths.TESTS, "audit", "read_formats.py"), *more, *map(c.path, folders)],
                     gate=False, env={"PYTHONDONTWRITEBYTECODE": "1"}, deadline=READING).wait()
    c.equal(result.status, 0, "the readers' status: " + result.stderr[-2000:])
    every = json.loads(result.stdout)
    for folder, read in zip(folders, every):
        for name, told in read.items():
            if name != "pip-audit":
                agrees(c, folder, name, told, read["json"]["findings"], omit)
        for name in ("junit", "cyclonedx-xml"):
            well_formed(c, c.path(folder, name))
    c.equal(len(every), len(folders), "what was read")
    return every


def agrees(c, folder, name, told, wanted, omit):
    c.equal(told["wrong"], None, "%s/%s" % (folder, name))
    c.true(name in omit or told["findings"] == wanted, "%s/%s holds %r, JSON %r", folder, name, told["findings"], wanted)


def well_formed(c, path):
    if shutil.which("xmllint"):
        result = c.start(["xmllint", "--noout", "--huge", path], gate=False).wait()
        c.equal((result.status, result.stderr), (0, ""), "xmllint")


def judge_sarif(c, *folders):
    schema = judges.sarif_schema()
    result = c.start([os.path.join(judges.tools(), "check-jsonschema"), "--schemafile", schema] + [c.path(f, "sarif") for f in folders], gate=False).wait()
    c.equal(result.status, 0, "check-jsonschema: " + (result.stdout + result.stderr)[:2000])
