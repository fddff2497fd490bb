# SPDX-License-Identifier: Apache-2.0
"""What KEV, EPSS, owners and pardons do to an audit: the same in every format, in the order of urgency, and never hidden where it counts."""
import json
import os
import re
import time

from lib import index, paths, schema
from lib.case import case
from lib.formats import judge, judge_all, judge_sarif, text, write
from lib.installed import place

PINNED = "jinja2==2.10\ncritical==1.0\nmedium==1.0\nlow==1.0\n"
WORDS = ["-r", "requirements.txt", "--no-deps", "--disable-pip"]
POLICY = """schema: pipgate/policy/1
exceptions:
  - {id: CVE-2099-1000, distribution: jinja2, kind: %s, reason: "not | `used` <b>", created: %s, expires: %s}
rules:
  - {id: PYSEC-2099-13, action: block, from: 2999-01-01, message: Ask the platform team.}
"""
OWNERS = "schema: pipgate/owners/1\nowners:\n  - {name: \"(critical|jinja2)\", team: team-a, contact: a@example.org}\n"
URGENT = ["medium", "critical", "jinja2", "low"]  # exploited; 9.8; 7.5; 3.7


def day(n):
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + n * 86400))


def scene(c, kind="accepted", policy=POLICY):
    c.write("requirements.txt", PINNED)
    for r in c.records:
        if r["id"] == "PYSEC-2099-12":
            r["aliases"] = ["CVE-2099-1200"]
            r["references"] = [{"type": "EVIDENCE", "url": "https://127.0.0.1/exploit"}]
    c.kev, c.epss = ["CVE-2099-1200"], {"CVE-2099-1200": (0.94213, 0.9991), "CVE-2099-1000": (0.0123, 0.5)}
    folder = os.path.join(c.home, "config", "pipgate")
    os.makedirs(folder, exist_ok=True)
    for name, content in (("policy.yaml", policy % (kind, day(-1), day(90)) if "%s" in policy else policy), ("owners.yaml", OWNERS)):
        with open(os.path.join(folder, name), "w") as f:
            f.write(content)


def vulns(report):
    return {d["name"]: d["vulns"][0] for d in report["dependencies"]}


@case(mode="any")
def risk_in_json(c):
    """Each fact in its member, by the schema; what is pardoned stands there and counts apart."""
    scene(c)
    report = c.audit_json(*WORDS, status=1)
    with open(os.path.join(paths.ROOT, "docs", "audit.schema.json")) as f:
        c.equal(schema.problems(report, json.load(f)), [], "against the schema")
    told = vulns(report)
    c.equal({k: told["medium"][k] for k in ("exploited", "exploit_public", "epss", "epss_percentile", "priority", "risk", "owner", "pardon")},
            {"exploited": True, "exploit_public": True, "epss": 0.9421, "epss_percentile": 0.9991, "priority": 118, "owner": None, "pardon": "none",
             "risk": "medium 20 + exploited 50 + epss 28 + exploit 10 + fix 5 + direct 5"}, "what is attacked")
    c.equal(sorted(told, key=lambda n: -told[n]["priority"]), URGENT, "urgency")
    c.equal((told["critical"]["owner"], told["critical"]["epss"], told["critical"]["exploited"]), ("team-a (a@example.org)", None, False), "critical")
    c.equal((told["jinja2"]["verdict"], told["jinja2"]["pardon"]), ("allow", "exception"), "what is pardoned")
    c.true(re.search(r"policy\.yaml:3$", told["jinja2"]["where"]), "where: %s", told["jinja2"]["where"])
    c.equal((told["low"]["verdict"], told["low"]["message"], told["low"]["blocks_from"]), ("warn", "Ask the platform team.", "2999-01-01T00:00:00Z"), "low")
    counts = report["pipgate"]["counts"]
    c.equal((counts["findings"], counts["ignored"], counts["pardoned"]), (3, 0, 1), "counts")


@case(mode="any")
def risk_formats_are_valid(c):
    """Each format before its judge; the documents hold what JSON holds, the tables and annotations all but the pardoned."""
    scene(c)
    folder = write(c, "risk", *WORDS)
    read = judge(c, folder, omit=("github",))
    c.equal([f for f in read["json"]["findings"] if f[0] != "jinja2"], read["github"]["findings"], "github holds")
    judge_sarif(c, folder)
    results = {r["properties"]["name"]: r for r in json.loads(text(c, folder, "sarif"))["runs"][0]["results"]}
    suppression, = results["jinja2"]["suppressions"]
    c.equal((suppression["kind"], suppression["status"]), ("external", "accepted"), "the suppression")
    c.true("not | `used` <b>" in suppression["justification"], "the justification: %s", suppression["justification"])
    c.true(not any("suppressions" in r for n, r in results.items() if n != "jinja2"), "another one is suppressed")
    c.equal({n: r["rank"] for n, r in results.items()}, {"medium": 100, "critical": 50, "jinja2": 40, "low": 20}, "ranks")
    c.equal(results["medium"]["properties"]["epss"], 0.9421, "EPSS in SARIF")
    c.true('<property name="exploitation" value="exploited, EPSS 94.21 %, exploit public"/>' in text(c, folder, "junit"), "junit")
    c.true('<property name="pardon" value="exception"/>' in text(c, folder, "junit"), "junit's pardon")
    c.true("; ask team-a (a@example.org)" in text(c, folder, "github").replace("%2C", ","), "github names the owner")
    c.equal(re.findall("title=([a-z0-9]+) ", text(c, folder, "github")), [n for n in URGENT if n != "jinja2"], "github's order")


@case(mode="any")
def risk_in_markdown(c):
    """The most urgent first, with columns of ours where they have something to say; no cell ends early."""
    scene(c)
    result = c.expect(c.audit(*WORDS, "-f", "markdown"), status=1, err="Found 3 known vulnerabilities, pardoned 1 in 3 packages")
    head, _, *rows = result.stdout.strip("\n").split("\n")
    c.equal(head, "Name | Version | ID | Fix Versions | Exploitation | Owner", "titles")
    c.equal([re.match(r"\[?(\w+)", r).group(1) for r in rows], [n for n in URGENT if n != "jinja2"], "order")
    c.true(all(r.count(" | ") == 5 for r in rows), "cells: %r", rows)
    c.true(" | exploited, EPSS 94.21 %, exploit public | " in rows[0], "the first row: %s", rows[0])
    columns = c.audit(*WORDS, "-f", "columns").stdout
    c.true(not re.search("exploited|EPSS|team-a|jinja2", columns), "columns are not pip-audit's: %s", columns)


@case(mode="any")
def risk_pardoned_alone_is_clean(c):
    """Where everything is pardoned the audit ends with 0, says how much, prints no table, and keeps it in the documents."""
    states = {"accepted": ("exploitable", ["will_not_fix"]), "mitigated": ("exploitable", ["workaround_available"]),
              "not-affected": ("not_affected", None), "false-positive": ("false_positive", None)}
    for kind, (state, response) in states.items():
        scene(c, kind)
        c.write("requirements.txt", "jinja2==2.10\n")
        folder = write(c, kind, *WORDS, status=0)
        c.true(not any(os.path.exists(c.path(folder, f)) for f in ("markdown", "github")), "a table of nothing")
        vulnerability, = json.loads(text(c, folder, "cyclonedx-json"))["vulnerabilities"]
        c.equal((vulnerability["analysis"]["state"], vulnerability["analysis"].get("response")), (state, response), kind)
        c.true("<analysis><state>%s</state>" % state in text(c, folder, "cyclonedx-xml"), "in XML: " + kind)
    judge_all(c, states, omit=("github",))
    judge_sarif(c, *states)
    c.expect(c.audit(*WORDS), status=0, err="^No known vulnerabilities found, 1 pardoned$", not_out=".")
    c.expect(c.audit(*WORDS, "--ignore-vuln", "CVE-2099-1000"), status=0, err="^No known vulnerabilities found, 1 ignored$")
    c.expect(c.audit(*WORDS, "--exit-codes", "distinct"), status=0)
    scene(c, policy="schema: pipgate/policy/1\n")
    c.write("requirements.txt", "jinja2==2.10\n")
    c.expect(c.audit(*WORDS), status=1, err="^Found 1 known vulnerability in 1 package$")


@case(mode="any")
def risk_notes_of_the_policy(c):
    """An exception that has expired or fits nothing is named, once; one that another input uses is not called useless."""
    expired = """schema: pipgate/policy/1
exceptions:
  - {id: CVE-2099-1000, distribution: jinja2, versions: "<2.10.1", reason: r, created: %s, expires: %s}
  - {id: PYSEC-2099-11, reason: r, created: 2020-01-01, expires: 2020-02-01}
""" % (day(-1), day(90))
    scene(c, policy=expired)
    for site, version in (("site", "2.10"), ("other", "3.1.6")):
        place(c.path(site), "jinja2", version)
        place(c.path(site), "critical", "1.0")
    both = c.audit_json("--path", "site", "--path", "other", status=1)
    notes = [n for n in both["pipgate"]["notes"] if "exception" in n]
    c.equal(len(notes), 1, "notes: %r" % both["pipgate"]["notes"])
    c.true(re.search(r"pysec-2099-11 \(.*policy\.yaml:4\) has expired$", notes[0]), "note: %s", notes[0])
    c.expect(c.audit("--path", "other"), status=1, err=[r"cve-2099-1000 \(.*policy\.yaml:3\) matches nothing any more: remove it", "has expired"])


@case(mode="any")
def risk_of_the_baseline(c):
    """What the baseline lets pass is told as such; what it never lets pass is not."""
    scene(c, policy="schema: pipgate/policy/1\n")
    c.write("requirements.txt", "critical==1.0\nmedium==1.0\nevil-typo==1.0\n")
    c.write("base.yaml", "schema: pipgate/baseline/1\nfindings:\n" + "".join(
        "  - {distribution: %s, id: %s, since: 2026-01-01}\n" % f
        for f in (("critical", "PYSEC-2099-11"), ("medium", "PYSEC-2099-12"), ("evil-typo", "MAL-2099-1"))))
    folder = write(c, "baseline", *WORDS, "--baseline", "base.yaml")
    told = vulns(json.loads(text(c, folder, "json")))
    c.equal({n: (v["pardon"], v["verdict"]) for n, v in told.items()},
            {"critical": ("baseline", "allow"), "medium": ("baseline", "allow"), "evil-typo": ("none", "block")}, "pardons")
    judge(c, folder, omit=("github",))
    judge_sarif(c, folder)
    states = {v["id"]: v.get("analysis", {}).get("state") for v in json.loads(text(c, folder, "cyclonedx-json"))["vulnerabilities"]}
    c.equal(states, {"PYSEC-2099-11": "in_triage", "PYSEC-2099-12": "in_triage", "MAL-2099-1": None}, "analyses")


@case(mode="any")
def risk_fix_knows_pardons(c):
    """--fix takes the nearest release whose findings are all pardoned, and leaves alone what is."""
    c.files += [index.wheel("twins", v) for v in ("2.0", "3.0")]
    c.write("twins.txt", "twins==1.0\njinja2==2.10\n")
    for exception, wanted in (("", {"twins": "3.0", "jinja2": "2.10.1"}), ("PYSEC-2099-17", {"twins": "2.0", "jinja2": "2.10.1"}),
                              ("CVE-2099-1000", {"twins": "3.0"})):
        scene(c, policy="schema: pipgate/policy/1\n" + (exception and "exceptions:\n  - {id: %s, reason: r, created: %s, expires: %s}\n" % (
            exception, day(-1), day(90))))
        result = c.expect(c.audit("--fix", "--dry-run", "-r", "twins.txt", "--no-deps"), status=1)
        told = dict(re.findall(r"Dry run: would have upgraded (\S+) to (\S+)$", result.stderr, re.M))
        c.equal(told, wanted, "with an exception for " + (exception or "nothing"))
