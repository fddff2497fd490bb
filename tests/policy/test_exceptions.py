# SPDX-License-Identifier: Apache-2.0
"""pipgate exception: files are edited in place, what is wrong is refused, what wants attention is told."""
import json
import os
import re
import time

from lib.case import case

MINE = "# mine\nschema: pipgate/policy/1 # first\nexceptions: # why\n" \
    "  - id: CVE-1-1\n    reason: x\n    created: 2020-01-01\n    expires: 2020-02-01\n"


def add(c, *words, **options):
    return c.pipgate("exception", "add", *words, "--reason", "not used: here", "--expires", "30d", **options)


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


@case(pips="newest", mode="any")
def exception_add_and_remove(c):
    """What was there stays byte for byte; --file, the user's and the project's file; renew changes one item's days."""
    path = c.write("p.yaml", MINE)
    os.chmod(path, 0o640)
    c.expect(add(c, "CVE-2099-1000", "--distribution", "Jinja2", "--versions", "<3", "--place", "a/*.txt", "--file", path), status=0,
             err="CVE-2099-1000 for Jinja2 passes until")
    c.true(read(path).startswith(MINE), "what was there has changed")
    for line in ("distribution: jinja2", 'versions: "<3"', r'places: \["a/\*\.txt"\]', 'reason: "not used: here"'):
        c.true(re.search("^    %s$" % line, read(path), re.M), "no %s in %s", line, read(path))
    c.equal(os.stat(path).st_mode & 0o777, 0o640, "mode")
    c.expect(add(c, "cve-2099-1000", "--distribution", "jinja2", "--versions", "<3", "--file", path), status=42,
             err=r"p\.yaml:8: has that exception already")
    c.expect(c.pipgate("exception", "renew", "cve-1-1", "--expires", "1d", "--file", path), status=0, err=r"p\.yaml:4: CVE-1-1 passes until")
    c.true("2020" not in read(path), "renewed on another day: %s", read(path))
    c.expect(c.pipgate("exception", "remove", "CVE-2099-1000", "CVE-1-1", "--file", path), status=0)
    c.equal(read(path), "# mine\nschema: pipgate/policy/1 # first\nexceptions: [] # why\n", "without them")
    c.expect(c.pipgate("exception", "remove", "CVE-1-1", "--file", path), status=1, err="no exception is for CVE-1-1")
    c.expect(add(c, "CVE-1-2", "--user"), status=0, err=r"pipgate/policy\.yaml: CVE-1-2 passes")
    c.write("repo/.git/HEAD", "")
    os.makedirs(c.path("repo", "deep"))
    c.expect(add(c, "--rule", "sdist", "--distribution", "idna", cwd=c.path("repo", "deep")), status=0)
    c.true(read(c.path("repo", ".pipgate.yaml")).startswith("schema: pipgate/policy/1\nexceptions:\n  - rule: sdist\n"), "the project's file")


@case(pips="newest", mode="any")
def exception_add_refuses(c):
    """No reason, no day, a day that is over or too far away, no id, no such kind, control characters, flow style: 42, and nothing is written."""
    flow = c.write("flow.yaml", "schema: pipgate/policy/1\nexceptions: [{id: A-1, reason: x, created: 2026-01-01, expires: 2026-02-01}]\n")
    before = read(flow)
    c.expect(add(c, "CVE-1-1", "--file", flow), status=42, err="edit it by hand")
    c.equal(read(flow), before, "the file")
    for words, err in ((["CVE-1-1", "--expires", "1d"], "--reason is wanted"), (["CVE-1-1", "--reason", "x"], "--expires is wanted"),
                       (["CVE-1-1", "--reason", "x", "--expires", "2020-01-01"], "over already"),
                       (["CVE-1-1", "--reason", "x", "--expires", "soon"], "expected a day"),
                       (["CVE-1-1", "--reason", "x", "--expires", "9999-01-01"], "exception-days is 365"),
                       (["x", "--reason", "x", "--expires", "1d"], "no id"),
                       (["CVE-1-1", "--reason", "a\x1b[2J", "--expires", "1d"], r"--reason a\\x1b"),
                       (["--reason", "x", "--expires", "1d"], "either the id"),
                       (["CVE-1-1", "--reason", "x", "--expires", "1d", "--kind", "fine"], "expected accepted, "),
                       (["CVE-1-1", "--reason", "x", "--expires", "1d", "--versions", "<<1"], "expected a specifier"),
                       (["--rule", "malicious", "--distribution", "a", "--reason", "x", "--expires", "1d"], "rule")):
        c.expect(c.pipgate("exception", "add", *words, "--file", c.path("new.yaml")), status=42, err=err)
    c.true(not os.path.exists(c.path("new.yaml")), "a file was made")


@case(pips="newest", mode="any")
def exception_list_and_check(c):
    """Each with file, line and state; check ends with 1 for what is expired, near its end, or for no live advisory; 0 where all is well."""
    c.write("repo/.git/HEAD", "")
    cwd = c.path("repo")
    person = {"PIPGATE_PROFILE": "developer"}
    c.expect(add(c, "CVE-2099-1000", "--distribution", "jinja2", cwd=cwd, env=person), status=0, err="not trusted: it does not count before")
    c.expect(c.pipgate("exception", "list", cwd=cwd, env=person), status=0, out="^$", err="yaml:2: exceptions is left out")
    c.expect(c.pipgate("policy", "trust", cwd=cwd), status=0, err="repo: its policy is trusted")
    c.expect(c.pipgate("exception", "list", cwd=cwd, env=person), status=0, out="CVE-2099-1000 for jinja2: .*, good", not_err="left out")
    c.expect(c.pipgate("exception", "check", cwd=cwd), status=0, not_err="pipgate:")
    c.expect(add(c, "PYSEC-2099-21", cwd=cwd), status=0)  # withdrawn
    c.expect(add(c, "PYSEC-2099-11", "--distribution", "jinja2", cwd=cwd), status=0)  # of another
    c.expect(c.pipgate("exception", "check", "--expiring", "40d", cwd=cwd), status=1, err=r"yaml:3: CVE-2099-1000 for jinja2 .* expires soon")
    c.expect(c.pipgate("exception", "check", cwd=cwd), status=1,
             err=(r"PYSEC-2099-21 .* matches nothing", r"PYSEC-2099-11 for jinja2 .* matches nothing"),
             not_err="CVE-2099-1000")
    with open(os.path.join(cwd, ".pipgate.yaml"), "a", encoding="utf-8") as f:
        f.write(MINE.split("# why\n")[1])
    c.expect(c.pipgate("exception", "check", cwd=cwd), status=1, err=r"CVE-1-1 \(until 2020-02-01\) has expired")
    listed = json.loads(c.expect(c.pipgate("exception", "list", "--json", cwd=cwd), status=0).stdout)["exceptions"]
    c.equal([(e["id"], e["state"]) for e in listed],
            [("cve-2099-1000", "good"), ("pysec-2099-21", "good"), ("pysec-2099-11", "good"), ("cve-1-1", "expired")], "list")
    c.expect(c.pipgate("exception", "list", "--expiring", "14d", cwd=cwd), status=0,
             out=r"CVE-1-1: accepted until 2020-02-01, expired: x", not_out="CVE-2099")


@case(pips="newest", mode="any")
def baseline_shrinks_and_tells(c):
    """create writes what is found and overwrites nothing; diff tells what is new and gone; update takes out what is gone, of the files looked at."""
    c.write("r.txt", "jinja2==2.10\ncritical==1.0\n")
    c.write("other.txt", "medium==1.0\n")
    words = ("--no-deps", "--disable-pip", "-r", "r.txt")
    c.expect(c.pipgate("baseline", "diff", *words), status=42, err="baseline create")
    c.expect(c.pipgate("baseline", "create", *words, "-r", "other.txt"), status=0, err=r"\.pipgate-baseline\.yaml: 3 findings")
    made = read(c.path(".pipgate-baseline.yaml"))
    c.true(re.match(r"schema: pipgate/baseline/1\nfindings:\n  - distribution: critical\n"
                    r"    id: PYSEC-2099-11\n    place: r\.txt\n    since: \d{4}-\d\d-\d\d\n",
                    made), "the file: %s", made)
    c.expect(c.pipgate("baseline", "create", *words), status=42, err="is there already")
    c.expect(c.pipgate("baseline", "diff", *words), status=0)
    c.write("r.txt", "jinja2==2.10\nlow==1.0\n")
    c.expect(c.pipgate("baseline", "diff", *words), status=1,
             out=(r"^\+ low PYSEC-2099-14|^\+ low PYSEC-2099-13", "^- critical pysec-2099-11"), not_out="medium|jinja2")
    c.expect(c.pipgate("baseline", "update", *words), status=0, err=("critical pysec-2099-11 is gone", "1 of 3 removed"))
    after = read(c.path(".pipgate-baseline.yaml"))
    c.true("critical" not in after and "low" not in after and "medium" in after and "jinja2" in after, "after: %s", after)


@case(pips="newest", mode="any")
def audit_with_a_baseline(c):
    """What the baseline has does not fail, what is new does; what is gone is told, and taken out with --baseline-shrink."""
    c.write("r.txt", "jinja2==2.10\n")
    words = ("--no-deps", "--disable-pip", "-r", "r.txt")
    c.expect(c.audit(*words), status=1)
    c.expect(c.pipgate("baseline", "create", *words, "-o", "b.yaml"), status=0, err="1 finding$")
    c.expect(c.audit(*words, "--baseline", "b.yaml"), status=0)
    c.write("r.txt", "jinja2==2.10\ncritical==1.0\n")
    c.expect(c.audit(*words, "--baseline", "b.yaml"), status=1)
    c.write("r.txt", "jinja2==3.1.6\n")
    c.expect(c.audit(*words, "--baseline", "b.yaml"), status=0, err=r"1 of 1 findings of b\.yaml are gone: run `pipgate baseline update`")
    c.expect(c.audit(*words, "--baseline", "b.yaml", "--baseline-shrink"), status=0, err=r"b\.yaml:3: jinja2 pysec-2099-10 is gone")
    c.equal(read(c.path("b.yaml")), "schema: pipgate/baseline/1\nfindings: []\n", "the baseline")
    c.expect(c.audit(*words, "--baseline-shrink"), status=2, err="can only be used with --baseline")


@case(pips="newest", mode="any")
def audit_with_vex(c):
    """A statement lets its version pass and no other; one that is none is refused."""
    statement = {"vulnerability": {"name": "CVE-2099-1000"}, "status": "not_affected", "justification": "component_not_present",
                 "products": [{"@id": "pkg:pypi/jinja2@2.10"}]}
    document = {"@context": "https://openvex.dev/ns/v0.2.0", "author": "jane", "timestamp": time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime()),
                "statements": [statement]}
    c.write("v.json", json.dumps(document))
    for version, status in (("2.10", 0), ("2.9", 1)):
        c.write("r.txt", "jinja2==%s\n" % version)
        c.expect(c.audit("--no-deps", "--disable-pip", "-r", "r.txt", "--vex", "v.json"), status=status)
    c.expect(c.audit("--no-deps", "--disable-pip", "-r", "r.txt", "--vex", "r.txt"), status=1, err=r"r\.txt: byte 0")
