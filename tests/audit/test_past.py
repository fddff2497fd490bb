# SPDX-License-Identifier: Apache-2.0
"""Times past: --since-db (what did updates change for me) and --at (what was known on that day)."""
import json
import os
import shutil
import time

from lib import osvdb, paths, schema
from lib.case import case
from lib.formats import judge, judge_sarif, text, write

PINNED = "kept==1.0\nfresh==1.0\nworse==1.0\nbetter==1.0\nalias==1.0\nevil==1.0\nblocked==1.0\n"
WORDS = ["-r", "requirements.txt", "--no-deps", "--disable-pip"]
DB = "h/advisories.db"
OLD = [osvdb.record("PYSEC-2097-1", "kept", "HIGH", fixed="2.0"), osvdb.record("PYSEC-2097-3", "worse", "LOW", fixed="2.0"),
       osvdb.record("PYSEC-2097-4", "better", "HIGH", fixed="2.0"), osvdb.record("PYSEC-2097-5", "alias", "HIGH", fixed="2.0"),
       osvdb.record("MAL-2097-6", "evil")]
NEW = [OLD[0], osvdb.record("PYSEC-2097-2", "fresh", "LOW", fixed="2.0"), osvdb.record("PYSEC-2097-3", "worse", "HIGH", fixed="2.0"),
       osvdb.record("PYSEC-2097-4", "better", "HIGH", fixed="1.0"),
       osvdb.record("PYSEC-2097-5", "alias", "HIGH", fixed="2.0", aliases=["CVE-2097-1000"]), OLD[4]]


def build(c, *generations):
    for records in generations:
        shutil.rmtree(c.path("records"), ignore_errors=True)
        osvdb.write(osvdb.dated(records, None), c.path("records"))
        os.makedirs(c.path("h"), exist_ok=True)
        c.expect(c.pipgate("db", "build", "-o", DB, "osv=records"), status=0)


def valid(c, report):
    with open(os.path.join(paths.ROOT, "docs", "audit.schema.json")) as f:
        c.equal(schema.problems(report, json.load(f)), [], "against the schema")


def marks(report):
    return {d["name"]: v["since"] for d in report["dependencies"] for v in d["vulns"]}


@case(pips="one", mode="any")
def since_db(c):
    """New and changed findings fail, what was so before passes, what is gone is listed apart; in every format."""
    c.write("requirements.txt", PINNED.replace("evil==1.0\n", ""))
    build(c, OLD, NEW, NEW)
    words = WORDS + ["--db", DB, "--since-db"]
    report = c.audit_json(*words, "1", status=1)
    valid(c, report)
    c.equal(marks(report), {"kept": "same", "fresh": "new", "worse": "changed", "alias": "same"}, "the marks")
    since = report["pipgate"]["since_db"]
    c.equal([since[k] for k in ("serial", "new", "changed", "same")], [1, 1, 1, 2], "the counts")
    c.equal([(g["name"], g["id"]) for g in since["gone"]], [("better", "PYSEC-2097-4")], "gone")
    c.equal({d["name"]: v["since_changes"] for d in report["dependencies"] for v in d["vulns"] if v["since_changes"]}, {"worse": ["severity"]}, "of it")
    c.expect(c.audit(*words, "1"), status=1, out=["^fresh .* new$", "^worse .* changed: severity$", "^better +1.0 +PYSEC-2097-4$"], not_out="^kept|^alias",
             err=["Found 2 known vulnerabilities, pardoned 2 in 2 packages", "since 1 .*: 1 new, 1 changed, 2 same, 1 gone"])
    c.expect(c.audit(*words, "1", "-f", "markdown"), status=1, out=[r"fresh.* \| new$", r"^better \| 1\.0 \| "])
    folder = write(c, "since", *words, "1")
    judge(c, folder, omit=("github",))
    judge_sarif(c, folder)
    states = {r["ruleId"]: r["baselineState"] for r in json.loads(text(c, folder, "sarif"))["runs"][0]["results"]}
    c.equal(states, {"PYSEC-2097-1": "unchanged", "PYSEC-2097-2": "new", "PYSEC-2097-3": "updated", "PYSEC-2097-5": "unchanged"}, "SARIF's words")
    for word in ("2", "3", DB + ".history/2.db"):  # the same twice
        c.expect(c.audit(*words, word), status=0, err="0 new, 0 changed, 4 same, 0 gone")
    c.expect(c.audit(*words, "1", "--fail-on", "high"), status=1)
    c.expect(c.audit(*words, "9"), status=1, err="no database of serial 9 is kept")
    c.expect(c.audit(*words, "9", "--exit-codes", "distinct"), status=41)
    c.expect(c.audit(*words, "1", "--fix"), status=2, err="--fix: not allowed with argument --since-db")
    c.expect(c.audit(*words, "1", "-s", "osv"), status=2)


@case(pips="one", mode="any")
def since_db_fails_closed(c):
    """What is malicious fails though it was known; a rule of the policy about a distribution is no change."""
    c.write("requirements.txt", PINNED)
    build(c, OLD, OLD)
    words = WORDS + ["--db", DB, "--since-db", "1"]
    c.expect(c.audit(*words), status=1, err="known")
    c.write("requirements.txt", "blocked==1.0\nkept==1.0\n")
    c.expect(c.audit(*words, env={"PIPGATE_BLOCK": "blocked"}), status=0, err="blocked: blocked 1.0")
    c.expect(c.audit(*words[:-2], env={"PIPGATE_BLOCK": "blocked"}), status=1)


def at_scene(c):
    c.write("requirements.txt", "one==1.0\ntwo==1.0\nthree==1.0\nfour==1.0\n")
    def published(when, *words, **more):
        return osvdb.record(*words, published=when, **more)
    build(c, [published("2026-01-01T00:00:00Z", "PYSEC-2097-1", "one", "LOW", fixed="2.0", aliases=["CVE-2097-1001"]),
              published("2026-03-01T12:00:00Z", "GHSA-2222-2222-2222", "one", "CRITICAL", fixed="3.0", aliases=["CVE-2097-1001"]),
              published("2026-02-01T12:00:00Z", "PYSEC-2097-2", "two", "HIGH", fixed="2.0"),
              published("2026-02-01T12:00:00Z", "PYSEC-2097-3", "three", "HIGH", fixed="1.0"),
              published("2026-01-01T00:00:00Z", "PYSEC-2097-5", "three", "HIGH", fixed="2.0"),
              published(None, "PYSEC-2097-4", "four", "HIGH", fixed="2.0")])


@case(pips="one", mode="any")
def at(c):
    """What was published later does not count; a finding keeps those of its records that were there; no time at all counts."""
    at_scene(c)
    words = WORDS + ["--db", DB, "--at"]

    def found(when):
        report = c.audit_json(*words, when)
        valid(c, report)
        return {d["name"]: [(v["id"], v["severity"], v["fix_versions"]) for v in d["vulns"]] for d in report["dependencies"] if d["vulns"]}
    four, three = ("PYSEC-2097-4", "HIGH", ["2.0"]), ("PYSEC-2097-5", "HIGH", ["2.0"])
    two = ("PYSEC-2097-2", "HIGH", ["2.0"])
    c.equal(found("2025-12-31"), {"four": [four]}, "before all")
    c.equal(found("2026-01-01"), {"one": [("PYSEC-2097-1", "LOW", ["2.0"])], "three": [three], "four": [four]}, "the first day")
    c.equal(found("2026-02-01T13:59:59+02:00").get("two"), None, "a second before, elsewhere")
    c.equal(found("2026-02-01T14:00:00+02:00").get("two"), [two], "that second")
    c.equal(found("2026-02-01").get("two"), [two], "a day is whole")
    c.equal(found(time.strftime("%Y-%m-%d", time.gmtime()))["one"], [("PYSEC-2097-1", "CRITICAL", ["2.0", "3.0"])], "today")
    c.expect(c.audit(*words, "2026-01-31"), status=1, out="^as of 2026-01-31T23:59:59Z$", err="as of 2026-01-31T23:59:59Z: advisories published later")
    c.expect(c.audit(*words, "2026-01-31", "-f", "markdown"), status=1, out="^as of 2026-01-31T23:59:59Z$")
    c.equal(c.audit_json(*words, "2026-01-31")["pipgate"]["at"], "2026-01-31T23:59:59Z", "in JSON")


@case(pips="one", mode="any")
def at_policy_of_the_day(c):
    """An exception that has ended since counts on that day; nonsense and the future are usage."""
    at_scene(c)
    c.write("requirements.txt", "two==1.0\n")
    folder = os.path.join(c.home, "config", "pipgate")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "policy.yaml"), "w") as f:
        f.write("schema: pipgate/policy/1\nexceptions:\n  - {id: PYSEC-2097-2, reason: for a test, created: 2026-02-01, expires: 2026-03-01}\n")
    words = WORDS + ["--db", DB, "--at"]
    c.expect(c.audit(*words, "2026-02-15"), status=0, err="1 pardoned")
    c.expect(c.audit(*words, "2026-03-01"), status=1, err="has expired")
    for when in ("2026-02-30", "yesterday", "", "2026-02-01T12:00", "2999-01-01", "0000-01-01", "2026-02-01\x1b[31m",
                 time.strftime("%Y-%m-%d", time.gmtime(time.time() + 86400))):
        c.expect(c.audit(*words, when), status=2, err="argument --at: ", not_err="\x1b")
    c.expect(c.audit(*words, "2026-02-15", "--fix"), status=2, err="--fix: not allowed with argument --at")
