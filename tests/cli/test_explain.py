# SPDX-License-Identifier: Apache-2.0
"""What the gate keeps of a block, and what is told of it afterwards: the code, explain, policy test, policy simulate."""
import json
import os
import re

from lib import paths
from lib.case import RAW, case

TEST = """schema: pipgate/policy-test/1
policy: p.yaml
cases:
  - title: an old one is blocked
    now: 2026-11-24
    components: [{name: jinja2, version: "2.10", requested: true}]
    findings: [{component: jinja2, id: CVE-2099-1000, severity: high, fixed: ["2.10.1"]}]
    expect: {action: block, rule: severity, reason: fail-on}
  - title: a mild one is not
    components: [jinja2==2.10]
    findings: [{id: CVE-2099-1000, severity: medium, fixed: ["2.10.1"]}]
    expect: %s
"""


def kept(c):
    folder = os.path.join(c.home, "state", "pipgate", "blocks")
    return [os.path.join(folder, n) for n in sorted(os.listdir(folder))] if os.path.isdir(folder) else []


def blocked(c):
    result = c.expect(c.gate("install", "flask", "-c", "c.txt"), status=40, err="why: pipgate explain PG-")
    return re.search(r"PG-\w{5}", result.stderr).group()


@case(pips="one", mode="any")
def a_block_is_kept_and_explained(c):
    """The code of a block names its report; explain tells it, with the chain, and what the policy of today does."""
    c.write("c.txt", "jinja2==2.10\n")
    c.expect(c.gate("install", "idna"), status=0)
    c.equal(kept(c), [], "kept of what was allowed")
    code = blocked(c)
    c.equal([os.path.basename(p) for p in kept(c)], [code + ".json"], "kept")
    with open(kept(c)[0]) as f:
        report = json.load(f)
    c.equal([x["code"] for x in report["findings"]], [code], "code in the report")
    for word in (code, code.lower()):
        told = c.expect(c.pipgate("explain", word), status=0)
        for part in ("blocked on ", "PYSEC-2099-10", "CVE-2099-1000", "flask", "fixed in   2.10.1", "pipgate exception add PYSEC-2099-10"):
            c.true(part in told.stdout, "%s is not told of %s:\n%s", part, word, told.stdout)
    told = c.expect(c.pipgate("explain", "--gate-fail-on=none", code), status=0)
    c.true("warn, by the rule severity" in told.stdout, "not under another policy: %s", told.stdout)
    c.expect(c.pipgate("explain", "PG-00000"), status=1, err="no report of it is kept")


@case(pips="one", mode="any")
def explain_of_ids_and_versions(c):
    """By id, by alias and by version it is the same finding and the same judgement."""
    for word in ("PYSEC-2099-10", "CVE-2099-1000", "Jinja2==2.10"):
        found, = json.loads(c.expect(c.pipgate("explain", "--json", word), status=0).stdout)["explained"]
        c.equal((found["component"], found["id"], found["action"], found["rule"]), ("jinja2", "PYSEC-2099-10", "block", "severity"), word)
    c.expect(c.pipgate("explain", "idna==3.7"), status=1, err="no advisory names it")
    c.expect(c.pipgate("explain", "CVE-1-1"), status=1, err="no advisory of this id")
    c.expect(c.pipgate("explain"), status=42, err="usage")
    c.expect(c.pipgate("explain", "a==1", "b"), status=42, err="usage")


@case(pips="one", mode="any")
def a_history_that_cannot_be_written(c):
    """A block is a block, and an allowed plan goes on, where nothing can be kept."""
    c.write("c.txt", "jinja2==2.10\n")
    c.write("file", "")
    for state in (c.path("file"), "/proc/none"):
        c.expect(c.gate("install", "jinja2==2.10", env={"XDG_STATE_HOME": state}), status=40)
        c.expect(c.gate("install", "--dry-run", "medium==1.0", env={"XDG_STATE_HOME": state}), status=0)


@case(pips="one", mode="any")
def the_oldest_go(c):
    """Two hundred reports are kept."""
    blocked_folder = os.path.join(c.home, "state", "pipgate", "blocks")
    os.makedirs(blocked_folder)
    for i in range(205):
        path = os.path.join(blocked_folder, "old%03d.json" % i)
        with open(path, "w") as f:
            f.write("{}")
        os.utime(path, (1000 + i, 1000 + i))
    c.write("c.txt", "jinja2==2.10\n")
    code = blocked(c)
    names = [os.path.basename(p) for p in kept(c)]
    c.equal((len(names), names[0], names[-1]), (200, code + ".json", "old204.json"), "kept")
    c.true("old005.json" not in names and "old006.json" in names, "the wrong ones went")
    c.expect(c.pipgate("explain", code), status=0)


@case(pips="one", mode="any")
def policy_test(c):
    """A line a case; 1 where one fails, 42 where the file is none."""
    c.write("p.yaml", "schema: pipgate/policy/1\nfail-on: high\n")
    c.write("t.yaml", TEST % "warn")
    result = c.expect(c.pipgate("policy", "test", "t.yaml"), status=0)
    c.equal(result.stdout.splitlines(), ["ok   an old one is blocked", "ok   a mild one is not", "2 passed, 0 failed"], "lines")
    c.write("t.yaml", TEST % "block")
    result = c.expect(c.pipgate("policy", "test", "t.yaml"), status=1)
    c.true(re.search(r"^FAIL a mild one is not: expected block; came warn: jinja2 2.10 CVE-2099-1000: MEDIUM is below fail-on high.*p\.yaml", result.stdout, re.M),
           "not told: %s", result.stdout)
    c.write("t.yaml", (TEST % "warn").replace("severity: medium", "sverity: medium"))
    c.expect(c.pipgate("policy", "test", "t.yaml"), status=42, err="case 2: findings, entry 1: no member 'sverity'")
    c.write("t.yaml", (TEST % "warn").replace("p.yaml", "none.yaml"))
    c.expect(c.pipgate("policy", "test", "t.yaml"), status=42, err="none.yaml")
    c.expect(c.pipgate("policy", "test"), status=42)


@case(pips="one", mode="any")
def policy_simulate(c):
    """Kept reports under another policy: what would have been blocked, and what would not; the gate's own policy changes nothing."""
    c.write("c.txt", "jinja2==2.10\n")
    c.expect(c.gate("install", "--gate-report", "r.json", "--dry-run", "medium==1.0"), status=0)
    blocked(c)
    c.write("same.yaml", "schema: pipgate/policy/1\n")
    c.write("lax.yaml", "schema: pipgate/policy/1\nfail-on: none\n")
    c.write("strict.yaml", "schema: pipgate/policy/1\nfail-on: any\n")
    for name, newly, no_longer in (("same", 0, 0), ("lax", 0, 1), ("strict", 1, 0)):
        made = json.loads(c.expect(c.pipgate("policy", "simulate", "--json", name + ".yaml", "r.json", os.path.dirname(kept(c)[0])), status=0).stdout)
        c.equal((made["newly_blocked"], made["no_longer_blocked"]), (newly, no_longer) if name != "strict" else (2, 0), name)
    result = c.expect(c.pipgate("policy", "simulate", "lax.yaml", "r.json"), status=0)
    c.true(result.stdout.startswith("r.json: warn\n"), "told: %s", result.stdout)
    c.write("bad.json", "{}")
    c.expect(c.pipgate("policy", "simulate", "lax.yaml", "bad.json"), status=42, err="no report of the gate")


@case(pips="one", mode="any")
def hostile_words(c):
    """What a report, a test file or a word of the command line says is shown and not obeyed."""
    evil = "\x1b]0;owned\x07\u202e"
    c.write("t.json", json.dumps({"schema": "pipgate/policy-test/1", "policy": {"schema": "pipgate/policy/1"}, "cases": [
        {"title": evil, "components": [{"name": evil, "version": evil}], "expect": {"action": "block", "reason": evil}}]}))
    for words in (("policy", "test", "t.json"), ("explain", evil), ("explain", evil + "==1"), ("policy", "simulate", "p.yaml", evil)):
        result = c.pipgate(*words)
        c.true(not RAW.search(result.stdout + result.stderr), "raw: %r", result.stdout + result.stderr)


@case(pips="one", mode="any")
def policy_tests_of_the_profiles(c):
    """The four profiles do what packaging/policy-tests says of them."""
    folder = os.path.join(paths.ROOT, "packaging", "policy-tests")
    files = [os.path.join(folder, n) for n in sorted(os.listdir(folder))]
    c.equal(len(files), 4, "profiles")
    c.expect(c.pipgate("policy", "test", *files), status=0)
