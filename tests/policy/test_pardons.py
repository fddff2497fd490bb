# SPDX-License-Identifier: Apache-2.0
"""What lets an install through, and for how long: exceptions, approvals, baselines, rules that wait for a day, mode off."""
import os
import shutil
import time

from lib import paths
from lib.case import Skipped, case
from machine import HEAD, Machine, decide, report, user

ONE = dict(pips="newest", mode="any")
DAY = 86400


def day(days):
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + days * DAY))


def exception(days=10, schema="policy", **more):
    members = {"id": "CVE-2099-1000", "reason": "not used", "created": day(0), "expires": day(days), **more}
    return "schema: pipgate/%s/1\nexceptions:\n  - {%s}\n" % (schema, ", ".join("%s: %s" % x for x in members.items()))


def later(c, days, *words):
    """The same program on another day."""
    if not shutil.which("faketime"):
        raise Skipped("no faketime is here")
    if "asan" in paths.BUILD:
        raise Skipped("a sanitizer and faketime do not go together")
    return c.run(["faketime", day(days), paths.PIPGATE, *words])


@case(**ONE)
def an_exception_ends(c):
    """With pip: it installs what is blocked without; after its last day it does not, and says that it has expired."""
    c.expect(c.gate("install", "--no-deps", "jinja2==2.10"), status=40)
    path = user(c, exception())
    c.expect(c.gate("install", "--no-deps", "jinja2==2.10"), status=0)
    c.equal(c.env.installed(), {"jinja2": "2.10"}, "installed")
    c.expect(later(c, 9, "decide", report(c, "jinja2==2.10")), status=0)
    c.expect(later(c, 10, "decide", report(c, "jinja2==2.10")), status=40, err=["blocked: jinja2 2.10", r"policy\.yaml:3\) has expired"])
    c.expect(later(c, 10, "exception", "check"), status=1, err="CVE-2099-1000 .* has expired")
    user(c, exception(days=400))
    c.expect(decide(c), status=40, err="lasts longer than the policy's exception-days")
    user(c, exception(versions='"<2"'))
    c.expect(decide(c), status=40, err="matches nothing any more")
    os.unlink(path)


@case(**ONE)
def approval_by_signature(c):
    """approval: required: the requester's own does not count; the system's does, and one that an approver has signed, until it is changed."""
    c.expect(c.pipgate("key", "new", "-o", "k"), status=0)
    with open(c.path("k.pub"), encoding="utf-8") as f:
        key = f.read().split("\n")[1]
    m = Machine(c, policy=HEAD + "approval: required\nlock: [approval]\napprovers:\n  - {name: jane, key: %s}\n" % key)
    path = user(c, exception(schema="exceptions"), "exceptions.yaml")
    unapproved = r"exceptions\.yaml:3\) does not count: it is not approved"
    c.expect(m.decide(), status=40, err=unapproved)
    c.expect(m.pipgate("exception", "check"), status=1, err="CVE-2099-1000")
    c.expect(c.pipgate("key", "sign", path, "-k", "k"), status=0)
    c.expect(m.decide(), status=0)
    c.expect(m.pipgate("exception", "list"), status=0, out="CVE-2099-1000: accepted until .*, good, approved")
    with open(path, "a", encoding="utf-8") as f:
        f.write("# changed\n")
    c.expect(m.decide(), status=40, err=unapproved)
    c.expect(c.pipgate("key", "new", "-o", "other"), status=0)
    c.expect(c.pipgate("key", "sign", path, "-k", "other"), status=0)
    c.expect(m.decide(), status=40, err=unapproved)
    os.unlink(path)
    m.write("exceptions.yaml", exception(schema="exceptions"))
    c.expect(m.decide(), status=0)


@case(**ONE)
def a_baseline_at_the_gate(c):
    """What a baseline has is let through, what is new is blocked; a malicious one is, whatever it says; without the file nothing passes by it."""
    user(c, HEAD + "baseline: old.yaml\n")
    c.expect(decide(c), status=40)
    user(c, "schema: pipgate/baseline/1\nfindings:\n  - {distribution: jinja2, id: CVE-2099-1000}\n  - {distribution: evil-open, id: MAL-2099-2}\n",
         "old.yaml")
    c.expect(decide(c), status=0)
    c.expect(decide(c, pins=("jinja2==2.10", "critical==1.0")), status=40, err="blocked: critical 1.0", not_err="blocked: jinja2")
    c.expect(decide(c, pins=("evil-open==1.0",)), status=40, err="malicious")


@case(**ONE)
def a_rule_that_waits(c):
    """from: a warning that says from which day it blocks, and from that day on a block."""
    user(c, HEAD + "rules:\n  - {name: idna, action: block, from: %s, message: use another}\n" % day(5))
    c.expect(decide(c, pins=("idna==3.7",)), status=0, err=["use another; this blocks from$", "^pipgate:   %s$" % day(5)])
    c.expect(later(c, 6, "decide", report(c, "idna==3.7")), status=40, err="blocked: idna 3.7")


@case(**ONE)
def mode_off_says_so(c):
    """With pip: a user's mode: off audits nothing and names the file."""
    user(c, HEAD + "mode: off\n")
    result = c.expect(c.gate("install", "--no-deps", "critical==1.0"), status=0, err=r"^pipgate: mode: off \(.*/pipgate/policy\.yaml\): nothing")
    c.equal(len(c.lines_of_ours(result)), 1, "lines of ours")
