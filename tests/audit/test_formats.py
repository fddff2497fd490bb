# SPDX-License-Identifier: Apache-2.0
"""Every report format before its own judge, and read back: the same distributions, versions, ids, severities and verdicts as in JSON.

Judges: SARIF's schema by check-jsonschema, cyclonedx-python-lib's validators, junitparser and xmllint; GitHub's annotations by the
table below. Who has no network skips them by name.
"""
import json
import os
import re

from lib import osvdb
from lib.case import case
from lib.formats import FORMATS, judge, judge_all, judge_sarif, open_bytes, text, write
from lib.installed import place

ALWAYS = ("json", "cyclonedx-json", "cyclonedx-xml", "sarif", "junit")  # printed where there is nothing to tell, too
TYPICAL = """# asked for
jinja2==2.10
critical==1.0   # a comment
low==1.0

idna==3.7
evil-typo==1.0
twins==1.0
unscored==1.0
elsewhere @ https://127.0.0.1/elsewhere-1.0.zip
"""
HOSTILE = "x\x07\x1b[31m \u202eevil\u2066 | `<script>alert(1)</script>` ]]> & \"' ![](http://127.0.0.1/) %0A::error::y\r\n\n::stop-commands::z\n\U0001f600\ufffe"


def typical(c):
    c.write("requirements.txt", TYPICAL)
    return write(c, "typical", "-r", "requirements.txt", "--no-deps", "--disable-pip", "--fail-on", "high")


@case(mode="any")
def formats_typical(c):
    """A requirement file with findings of every severity and verdict, and one thing that could not be audited."""
    folder = typical(c)
    read = judge(c, folder)
    verdicts = {(f[0], f[3], f[4]) for f in read["json"]["findings"]}
    c.equal(verdicts, {("jinja2", "HIGH", "block"), ("critical", "CRITICAL", "block"), ("low", "LOW", "warn"), ("evil-typo", "UNKNOWN", "block"),
                       ("twins", "HIGH", "block"), ("twins", "MEDIUM", "warn"), ("unscored", "UNKNOWN", "block")}, "the scene")


@case(mode="any")
def formats_sarif_by_its_schema(c):
    """Typical, empty and hostile SARIF before the schema of its makers."""
    place(c.path("clean"), "idna", "3.7")
    write(c, "empty", "--path", "clean", status=0)
    judge_sarif(c, typical(c), "empty", hostile(c))


@case(mode="any")
def formats_sarif_tells_where(c):
    """The line that asks, a rule an advisory, its score, and a fingerprint that outlives a moved line and a new version."""
    folder = typical(c)
    run, = json.loads(text(c, folder, "sarif"))["runs"]
    results = {(r["properties"]["name"], r["ruleId"]): r for r in run["results"]}
    jinja = results["jinja2", "PYSEC-2099-10"]
    c.equal(jinja["locations"][0]["physicalLocation"], {"artifactLocation": {"uri": "requirements.txt"}, "region": {"startLine": 2}}, "the place")
    c.equal(jinja["level"], "error", "the level of what is blocked")
    c.equal(results["low", "PYSEC-2099-13"]["level"], "warning", "the level of a warning")
    scores = {r["id"]: r["properties"].get("security-severity") for r in run["tool"]["driver"]["rules"]}
    c.equal(scores, {"MAL-2099-1": "10.0", "PYSEC-2099-10": "7.5", "PYSEC-2099-11": "9.8", "PYSEC-2099-13": "3.7", "PYSEC-2099-14": None,
                     "PYSEC-2099-16": "7.5", "PYSEC-2099-17": "5.3"}, "security-severity")
    said = run["invocations"][0]["toolExecutionNotifications"]
    c.true([n for n in said if n["message"]["text"].startswith("elsewhere: ")], "what was not audited is told: %r", said)
    c.write("requirements.txt", "\n\n" + TYPICAL.replace("jinja2==2.10", "Jinja2==2.9"))
    write(c, "moved", "-r", "requirements.txt", "--no-deps", "--disable-pip")
    again, = json.loads(text(c, "moved", "sarif"))["runs"]
    marks = [{(r["ruleId"], r["properties"]["name"]): r["partialFingerprints"] for r in x["results"]} for x in (run, again)]
    c.equal(marks[0], marks[1], "fingerprints")


GITHUB = """\
::error file=requirements.txt,line=7,title=evil-typo 1.0%3A MAL-2099-1 (UNKNOWN%2C malicious)::made up for a test; no fix is known
::error file=requirements.txt,line=3,title=critical 1.0%3A PYSEC-2099-11 (CRITICAL 9.8)::made up for a test; fixed in 2.0
::error file=requirements.txt,line=2,title=jinja2 2.10%3A PYSEC-2099-10 (HIGH 7.5)::made up for a test; also CVE-2099-1000, GHSA-aaaa-bbbb-cccc; fixed in 2.10.1
::error file=requirements.txt,line=8,title=twins 1.0%3A PYSEC-2099-16 (HIGH 7.5)::made up for a test; fixed in 2.0
::error file=requirements.txt,line=9,title=unscored 1.0%3A PYSEC-2099-14 (UNKNOWN)::made up for a test; fixed in 2.0
::warning file=requirements.txt,line=8,title=twins 1.0%3A PYSEC-2099-17 (MEDIUM 5.3)::made up for a test; fixed in 3.0
::warning file=requirements.txt,line=4,title=low 1.0%3A PYSEC-2099-13 (LOW 3.7)::made up for a test; fixed in 2.0
::notice file=requirements.txt,line=10,title=elsewhere::"""


@case(mode="any")
def formats_github_golden(c):
    """The annotations, strictest first and of those the most urgent, each with file and line."""
    lines = text(c, typical(c), "github").rstrip("\n").split("\n")
    c.equal(lines[:7], GITHUB.split("\n")[:7], "annotations")
    c.equal(len(lines), 8, "lines")
    c.true(lines[7].startswith(GITHUB.split("\n")[7]), "what was not audited: %s", lines[7])


@case(mode="any")
def formats_as_pip_audit_prints(c):
    """Markdown line for line as pip-audit's own formatter makes it of the same findings, short and long; the most urgent come first."""
    folder = typical(c)
    wanted = judge(c, folder, "--theirs")["pip-audit"]
    page = re.compile(r"\[([^]]*)\]\(http[^)]*/([^/)]*)/\)")  # theirs link to one index, ours to the one that pip uses
    for name, words in (("short", []), ("long", ["--desc", "--aliases"])):
        result = c.expect(c.audit("-r", "requirements.txt", "--no-deps", "--disable-pip", "-f", "markdown", *words), status=1)
        ours, theirs = page.sub(r"\1", result.stdout), page.sub(r"\1", wanted[name]) + "\n"
        c.equal(sorted(ours.split("\n")), sorted(theirs.split("\n")), "markdown, " + name)
        c.equal(ours.split("\n")[:3], theirs.split("\n")[:3], "titles, " + name)
    c.equal(re.findall(r"^([\w-]+) \| 1|^([\w-]+) \| 2", ours, re.M)[0], ("evil-typo", ""), "the first row")


@case(mode="any")
def formats_empty(c):
    """Nothing found: the documents stand, valid and empty; tables and annotations are not printed."""
    place(c.path("clean"), "idna", "3.7")
    folder = write(c, "empty", "--path", "clean", status=0)
    c.equal({f for f in FORMATS if os.path.exists(c.path(folder, f))}, set(ALWAYS), "what is printed")
    place(c.path("broken"), "nameless", "1.0", metadata="")
    place(c.path("broken"), "jinja2", "not.a.version")
    write(c, "broken-alone", "--path", "broken", status=0)
    c.true('<property name="broken" value="1"/>' in text(c, "broken-alone", "junit"), "junit tells of broken metadata")
    c.true('skipped="1"' in text(c, "broken-alone", "junit"), "junit skips what could not be decided")
    os.makedirs(c.path("nothing"))
    write(c, "nothing-at-all", "--path", "nothing", status=0)
    read = judge_all(c, [folder, "broken-alone", "nothing-at-all"])
    c.equal(read[0]["json"]["findings"], [], "findings")


def hostile(c):
    """Texts that would steer a terminal, a page, a runner or a parser; names and places of the same kind."""
    c.records = [osvdb.record("PYSEC-2099-1", "jinja2", "HIGH", fixed="3.0", summary=HOSTILE, details=HOSTILE * 40),
                 osvdb.record("PYSEC-2099-2", "jinja2", "LOW", fixed="3.0", summary="", details="y" * 60000, published="2026-01-01T00:00:60Z"),
                 osvdb.record("PYSEC-2099-3", "critical", fixed="2.0", summary="a" * 3000, details="")]
    site = c.path("si te:,%\u202e#[é]")
    place(site, "jinja2", "2.10")
    place(site, "critical", "not|a`version<b>\x07")
    place(c.path("twice"), "jinja2", "2.10")
    for number, name in enumerate((b"na\x1bme|\xe2\x80\xae", b"br\xffoken")):
        folder = c.path("twice", "x%d-1.dist-info" % number)
        os.makedirs(folder)
        with open(os.path.join(folder, "METADATA"), "wb") as f:
            f.write(b"Metadata-Version: 2.1\nName: %s\nVersion: 1\n" % name)
    return write(c, "hostile", "--path", site, "--path", c.path("twice"), raw=True)


@case(mode="any")
def formats_hostile(c):
    """Valid, the same findings as JSON's, and no character that a reader obeys."""
    folder = hostile(c)
    read = judge(c, folder)
    c.equal(len(read["json"]["findings"]), 4, "findings")
    for f in FORMATS:
        raw = re.search(b"[\x00-\x09\x0b-\x1f\x7f]|\xe2\x80\xae|\xe2\x81\xa6|\xc2[\x80-\x9f]", open_bytes(c, folder, f))
        c.true(not raw, "%s has a raw %r", f, raw and raw.group())
    for line in text(c, folder, "github").rstrip("\n").split("\n"):
        c.true(re.match("::(error|warning|notice) ", line), "a line of its own: %r", line)
    c.equal(text(c, folder, "markdown").count("\n"), 7, "lines of the table")
    result = c.audit("--path", "twice", "-f", "markdown", "--desc", "on")
    c.true("<script" not in result.stdout and "![" not in result.stdout.replace("\\![", ""), "a tag or a picture: %s", result.stdout)
    c.true(all(line.count(" | ") == 4 for line in result.stdout.strip("\n").split("\n")), "a cell ends early: %s", result.stdout)


def many(c, n):
    c.records = [osvdb.record("PYSEC-2099-%d" % i, "p%d" % (i % (n // 5)), ("LOW", "MEDIUM", "HIGH", "CRITICAL", None)[i % 5], fixed="2.0",
                              aliases=["CVE-2099-%d" % (20000 + i)], summary=HOSTILE, details=HOSTILE * 10) for i in range(n)]
    c.write("many.txt", "".join("p%d==1.0\n" % i for i in range(n // 5)))
    return ["-r", "many.txt", "--no-deps", "--disable-pip"]


@case(mode="any", slow=True)
def formats_many_judged(c):
    """10,000 hostile findings before the judges."""
    folder = write(c, "many", *many(c, 10000))
    c.equal(len(judge(c, folder)["json"]["findings"]), 10000, "findings")
    judge_sarif(c, folder)


@case(mode="any")
def formats_serial_and_time(c):
    """A CycloneDX document is the same for the same content; SOURCE_DATE_EPOCH is its time."""
    c.write("requirements.txt", TYPICAL)
    words = ["-r", "requirements.txt", "--no-deps", "--disable-pip"]
    told = {}
    for f, serial, time in (("cyclonedx-json", r'"serialNumber":"([^"]*)"', r'"timestamp":"([^"]*)"'),
                            ("cyclonedx-xml", r'serialNumber="([^"]*)"', "<timestamp>([^<]*)<")):
        out = c.audit(*words, "-f", f, env={"SOURCE_DATE_EPOCH": "1700000000"}).stdout
        told[f] = re.search(serial, out).group(1)
        c.equal(re.search(time, out).group(1), "2023-11-14T22:13:20Z", f + ": timestamp")
        c.true(told[f] in c.audit(*words, "-f", f).stdout, "%s: the serial number does not hang on the time", f)
        c.true(told[f] not in c.audit(*words, "-f", f, "--ignore-vuln", "PYSEC-2099-10").stdout, "%s: another content, the same serial number", f)
    c.equal(told["cyclonedx-json"], told["cyclonedx-xml"], "serial numbers of both forms")
