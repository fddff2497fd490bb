# SPDX-License-Identifier: Apache-2.0
"""Files and lines for programs: pip's own --report, --gate-report, PIPGATE_LOG; and what a terminal may see."""
import json
import os

from lib import index, paths, schema, wheels
from lib.case import RAW, case

HOOKED = "22.2.2 24.3.1 newest"


@case(pips=HOOKED)
def pip_report_of_the_user(c):
    """The user's --report by option, abbreviation, variable and `-` is honoured, blocked or not."""
    def names(path):
        with open(c.path(path)) as f:
            return sorted(i["metadata"]["name"].lower() for i in json.load(f)["install"])
    ways = (("a.json", ["--report", "a.json"], {}), ("b.json", ["--rep=b.json"], {}), ("c.json", [], {"PIP_REPORT": "c.json"}))
    for path, words, env in ways:
        c.expect(c.gate("install", "--dry-run", "flask", *words, env=env), status=0)
        c.equal(names(path), ["click", "flask", "jinja2", "markupsafe"], path)
    result = c.expect(c.gate("install", "--dry-run", "-q", "idna", "--report", "-"), status=0)
    c.equal([i["metadata"]["name"] for i in json.loads(result.stdout)["install"]], ["idna"], "stdout")
    c.expect(c.gate("install", "--report", "d.json", "idna"), status=0, err="^pipgate: .*audited")
    c.expect(c.gate("install", "--report", "e.json", "jinja2==2.10"), status=40)
    c.equal(names("d.json"), ["idna"], "d.json")
    c.equal(c.env.installed(), {"idna": "3.7"}, "installed")
    result = c.expect(c.gate("install", "-q", "--report", "-", "medium==2.0"), status=0)
    c.equal([i["metadata"]["name"] for i in json.loads(result.stdout)["install"]], ["medium"], "stdout")


@case(pips="20.3.4 22.2.2 newest")
def gate_report(c):
    """--gate-report is valid against the project's own schema and says what was decided and why."""
    with open(os.path.join(paths.ROOT, "docs", "gate-report.schema.json")) as f:
        rules = json.load(f)
    table = ((["flask", "-c", "c.txt"], 40, "block"), (["medium==1.0"], 0, "warn"), (["idna"], 0, "allow"), (["built"], 0, "warn"))
    c.write("c.txt", "jinja2==2.10\n")
    for words, status, action in table:
        c.expect(c.gate("install", "--gate-report", "r.json", *words), status=status)
        with open(c.path("r.json")) as f:
            made = json.load(f)
        c.equal(schema.problems(made, rules), [], "against the schema, of " + words[0])
        c.equal(made["verdict"]["action"], action, "verdict of " + words[0])
        c.true(made["mode"], "no mode")
        os.unlink(c.path("r.json"))
        if words[0] == "flask":
            finding, = made["findings"]
            c.equal((finding["component"], finding["version"], finding["severity"]["score"], finding["fixed"]), ("jinja2", "2.10", 7.5, ["2.10.1"]), "finding")
            c.equal(finding["ids"], ["CVE-2099-1000", "GHSA-aaaa-bbbb-cccc", "PYSEC-2099-10"], "ids")
            c.equal([x["name"] for x in finding["chain"]], ["flask", "jinja2"], "chain")
            c.equal(made["counts"]["components"], 4, "components")


@case(pips="one")
def gate_report_that_cannot_be_written(c):
    """A report that was asked for and cannot be written is no yes."""
    before = c.snapshot()
    c.expect(c.gate("install", "--gate-report", "no/such/folder/r.json", "idna"), status=41, err="no/such/folder")
    c.expect(c.gate("install", "--gate-report", "/dev/full", "idna"), status=41)
    c.unchanged(before)


@case(pips="one")
def log(c):
    """PIPGATE_LOG=level[:file]: a line a stage with its milliseconds."""
    result = c.expect(c.gate("install", "idna", env={"PIPGATE_LOG": "stage:" + c.path("log")}), status=0)
    c.equal(len(c.lines_of_ours(result)), 1, "lines on the terminal")
    with open(c.path("log")) as f:
        lines = f.read().splitlines()
    c.true(len(lines) >= 3 and all(" ms" in line for line in lines), "the log: %s", lines)
    result = c.expect(c.gate("install", "medium==2.0", env={"PIPGATE_LOG": "stage"}), status=0)
    c.true(len(c.lines_of_ours(result)) >= 4, "no log on the terminal")


@case(pips="one")
def ten_lines(c):
    """A block of one finding is at most ten lines of 80 columns, a chain and an installed one with it."""
    for words in (["jinja2==2.10"], ["flask", "-c", "c.txt"], ["flask==1.0", "-c", "c.txt", "idna"]):
        c.write("c.txt", "jinja2==2.10\n")
        lines = c.lines_of_ours(c.expect(c.gate("install", *words), status=40))
        c.true(len(lines) <= 10, "%d lines", len(lines))
        c.true(all(len(line) <= 80 for line in lines), "a line of %d columns", max(map(len, lines)))


@case(pips="one")
def colour(c):
    """No colour without a terminal; on one, none with NO_COLOR; COLUMNS does not break it."""
    result = c.expect(c.gate("install", "jinja2==2.10"), status=40)
    c.true(b"\x1b" not in result.err, "escapes without a terminal")
    for env, wanted in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
        script = "import os, pty, sys; sys.exit(os.WEXITSTATUS(pty.spawn(sys.argv[1:])))"
        env = dict({"TERM": "xterm"}, **env)
        result = c.run([c.env.python, "-c", script, "pip", "install", "-q", "jinja2==2.10"], env=env, stdin=b"", raw=True)
        ours = [line for line in result.stdout.split("\n") if "pipgate:" in line]
        c.true(ours, "nothing of ours on the terminal")
        c.equal("\x1b[" in "".join(ours), wanted, "escapes with %s" % env)


HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202egnp.exe\x9b31m"


@case(pips="22.2.2 newest")
def hostile_metadata(c):
    """Control characters in what an index or an advisory says never reach the terminal raw."""
    c.files += [index.wheel("here", "1.0", headers=["Summary: " + HOSTILE, "License: " + HOSTILE, "Home-page: " + HOSTILE])]
    record, = [r for r in c.records if r["id"] == "PYSEC-2099-20"]
    record.update(summary=HOSTILE, details=HOSTILE, references=[{"type": "WEB", "url": "https://example.org/" + HOSTILE}])
    before = c.snapshot()
    result = c.expect(c.gate("install", "here==1.0", "--gate-report", "r.json"), status=40, err="PYSEC-2099-20")
    c.true(not RAW.search(result.stderr), "raw: %r", RAW.findall(result.stderr))
    with open(c.path("r.json"), encoding="utf-8") as f:
        c.true(not RAW.search(f.read()), "raw characters in the report")
    shown = c.pipgate("db", "show", "here", "1.0")
    c.true(not RAW.search(shown.stdout + shown.stderr), "db show: %r", RAW.findall(shown.stdout + shown.stderr))
    c.unchanged(before)
