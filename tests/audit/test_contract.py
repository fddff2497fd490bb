# SPDX-License-Identifier: Apache-2.0
"""The contract of pip-audit, walked beside it: the same words, the same exit status, the same shapes. Where it is wrong ours is right,
and the row says how."""
import json
import os
import re

from lib import judges, osvstub
from lib.case import case
from lib.installed import place

FLAGS = """-l --local -r --requirement --locked -f --format -s --vulnerability-service --osv-url -d --dry-run -S --strict --desc --aliases
--cache-dir --progress-spinner --timeout --path -v --verbose --fix --require-hashes --index-url --extra-index-url --skip-editable
--no-deps -o --output --ignore-vuln --disable-pip -V --version""".split()
VARIABLES = "FORMAT VULNERABILITY_SERVICE OSV_URL DESC PROGRESS_SPINNER OUTPUT LOGLEVEL".split()
REPORTS = ("out.txt", "out.json", "other.txt")
HASH = "--hash=sha256:" + "0" * 64

FILES = {
    "pinned.txt": "jinja2==2.10\nidna==3.7\n",
    "clean.txt": "idna==3.7\n",
    "two.txt": "critical==1.0 # a comment\nmedium==1.0\n",
    "hashed.txt": "jinja2==2.10 %s\nidna==3.7 \\\n    %s\n" % (HASH, HASH),
    "half.txt": "jinja2==2.10 %s\nidna==3.7\n" % HASH,
    "loose.txt": "jinja2>=2\n",
    "bare.txt": "jinja2\n",
    "twice.txt": "jinja2==2.10\njinja2==2.10.1\n",
    "same.txt": "jinja2==2.10\njinja2==2.10\n",
    "marker.txt": "jinja2==2.10; python_version < '3'\nidna==3.7\n",
    "url.txt": "jinja2 @ https://127.0.0.1/jinja2-2.10.zip\nidna==3.7\n",
    "wrong.txt": "jinja2==2.10\nthis is no requirement\n",
    "empty.txt": "# nothing\n",
    "nested.txt": "-r two.txt\nidna==3.7\n",
}

# what is run · environment variables · what else is known of it: "ours: STATUS" where pip-audit's is a known defect
ROWS = """
-r pinned.txt --no-deps --disable-pip
-r pinned.txt --no-deps --disable-pip -f json
-r pinned.txt --no-deps --disable-pip --format=json --desc --aliases
-r pinned.txt --no-deps --disable-pip -f json --desc off --aliases off
-r pinned.txt --no-deps --disable-pip --aliases on
-r pinned.txt --no-deps --disable-pip --desc=on
-r pinned.txt --no-deps --disable-pip --desc auto --aliases auto
-r pinned.txt --no-deps --disable-pip -f markdown
-r pinned.txt --no-deps --disable-pip -f markdown --desc --aliases
-r pinned.txt --no-deps --disable-pip -f cyclonedx-json
-r pinned.txt --no-deps --disable-pip -f cyclonedx-xml
-r clean.txt --no-deps --disable-pip
-r clean.txt --no-deps --disable-pip -f json
-r clean.txt --no-deps --disable-pip -f markdown
-r clean.txt --no-deps --disable-pip -f cyclonedx-json
-r clean.txt -r two.txt --no-deps --disable-pip -f json
--requirement two.txt --no-deps --disable-pip --progress-spinner off
--requirement=two.txt --no-deps --disable-pip --progress-spinner on -f json
-r two.txt --no-deps --disable-pip -f json
-r hashed.txt --disable-pip -f json
-r hashed.txt --disable-pip --require-hashes -f json
-r half.txt --disable-pip
-r half.txt --disable-pip --no-deps
-r pinned.txt --require-hashes --disable-pip
-r loose.txt --no-deps --disable-pip
-r bare.txt --no-deps --disable-pip
-r twice.txt --no-deps --disable-pip
-r same.txt --no-deps --disable-pip -f json
-r marker.txt --no-deps --disable-pip -f json
-r url.txt --no-deps --disable-pip -f json
-r url.txt --no-deps --disable-pip
-r url.txt --no-deps --disable-pip -S
-r url.txt --no-deps --disable-pip --strict
-r wrong.txt --no-deps --disable-pip
-r empty.txt --no-deps --disable-pip
-r pinned.txt --disable-pip
-r nowhere.txt
-r two.txt --no-deps --disable-pip --ignore-vuln PYSEC-2099-11
-r two.txt --no-deps --disable-pip --ignore-vuln PYSEC-2099-11 --ignore-vuln PYSEC-2099-12
-r two.txt --no-deps --disable-pip --ignore-vuln PYSEC-1-1 -f json
-r two.txt --no-deps --disable-pip -o out.txt
-r two.txt --no-deps --disable-pip --output out.json -f json
-r clean.txt --no-deps --disable-pip -o out.txt
-r two.txt --no-deps --disable-pip -d
-r two.txt --no-deps --disable-pip --dry-run -f json
-r two.txt --no-deps --disable-pip --timeout 20 -v
-r two.txt --no-deps --disable-pip --timeout=30 --verbose
-r two.txt --no-deps --disable-pip --timeout x
-r two.txt --no-deps --disable-pip --cache-dir cache
-r two.txt --no-deps --disable-pip --cache-dir=cache -f json
-r two.txt --no-deps --disable-pip --skip-editable
-r two.txt --no-deps --disable-pip --skip-editable -f json
-r two.txt --no-deps --disable-pip --index-url INDEX
-r two.txt --no-deps --disable-pip --index-url=INDEX --extra-index-url=INDEX
-r two.txt --no-deps --disable-pip --extra-index-url INDEX -f json
-r nested.txt --no-deps --disable-pip -f json \t ours 1: its nested files are dropped there
--path site -f json
--path site
--path site --path other -f json
--path site -S
--path site --strict -f json
-r clean.txt --no-deps --disable-pip -d -f json
--path nowhere -f json	ours 1: a folder that is not there is no clean one
--local --path site -f json
-l --path other
-f x
--format yaml
-s x
--vulnerability-service=none
--desc maybe
--aliases perhaps
--progress-spinner never
--path site -r two.txt
-r two.txt --path site
-r two.txt project
--path site project
--locked
--locked -r two.txt
--require-hashes
--index-url INDEX
--extra-index-url INDEX
--no-deps
--disable-pip
--no-such-flag
--re x	ours 2: one more of ours begins so
-r
-f
-V
--version
nowhere
empty
--locked empty
--fix --dry-run -r two.txt --no-deps --disable-pip
--fix --dry-run --path site
FORMAT=json -r two.txt --no-deps --disable-pip
FORMAT=x -r two.txt --no-deps --disable-pip
FORMAT=json -f columns -r two.txt --no-deps --disable-pip
DESC=on -r two.txt --no-deps --disable-pip
DESC=off -f json -r two.txt --no-deps --disable-pip
OUTPUT=out.txt -r two.txt --no-deps --disable-pip
OUTPUT=out.txt -o other.txt -r two.txt --no-deps --disable-pip
PROGRESS_SPINNER=off -r two.txt --no-deps --disable-pip
PROGRESS_SPINNER=x -r two.txt --no-deps --disable-pip
LOGLEVEL=ERROR -r two.txt --no-deps --disable-pip
LOGLEVEL=DEBUG -r clean.txt --no-deps --disable-pip
"""
LIVE = """
-s osv --osv-url URL -r two.txt --no-deps --disable-pip -f json
--vulnerability-service osv --osv-url=URL -r clean.txt --no-deps --disable-pip
VULNERABILITY_SERVICE=osv OSV_URL=URL -r two.txt --no-deps --disable-pip
VULNERABILITY_SERVICE=x OSV_URL=URL -r two.txt --no-deps --disable-pip
-s osv --osv-url DEAD -r two.txt --no-deps --disable-pip
OSV_URL=DEAD -s osv -r two.txt --no-deps --disable-pip
"""


class Row:
    def __init__(self, line):
        words, _, note = line.partition("\t")
        self.note, self.words, self.variables = note.strip(), [], {}
        for word in words.split():
            name, equals, value = word.partition("=")
            if not self.words and equals and name in VARIABLES:
                self.variables[name] = value
            else:
                self.words.append(word)
        self.line = line.strip()
        self.ours = int(self.note.split()[1].rstrip(":")) if self.note.startswith("ours ") else None


def rows(text):
    return [Row(line) for line in text.strip("\n").split("\n")]


def flags_of(words):
    return [w.split("=")[0] for w in words if w.startswith("-")]


# pip-audit itself, imported once: each row is a process of its own that begins there, with its own words, variables and folder
BESIDE = """
import json, os, sys
import pip_audit._cli
for row in json.load(sys.stdin):
    pid = os.fork()
    if not pid:
        os.chdir(row["folder"])
        for number, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(os.path.join(row["folder"], name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.update(row["env"])
        pip_audit._cli.package_logger.setLevel(os.environ.get("PIP_AUDIT_LOGLEVEL", "INFO").upper())
        sys.argv = ["pip-audit"] + row["words"]
        pip_audit._cli.audit()
        sys.stdout.flush()
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


class Outcome:
    """What a run left: its status, both streams, and the reports that it wrote."""

    def __init__(self, status, stdout, stderr, folder):
        self.status, self.stdout, self.stderr, self.files = status, stdout, stderr, {}
        for name in REPORTS:
            if os.path.exists(os.path.join(folder, name)):
                with open(os.path.join(folder, name)) as f:
                    self.files[name] = f.read()


class Both:
    """pip-audit and ours over the same records, each row in a folder of its own."""

    def __init__(self, c, url):
        self.c, self.url = c, url
        self.python = os.path.join(judges.tools(), "python")

    def folder(self, side, number):
        folder = self.c.path(side, str(number))
        os.makedirs(folder)
        for name, text in FILES.items():
            with open(os.path.join(folder, name), "w") as f:
                f.write(text)
        for name in ("empty", "project"):
            os.makedirs(os.path.join(folder, name))
        place(os.path.join(folder, "site"), "jinja2", "2.10")
        place(os.path.join(folder, "site"), "idna", "3.7")
        place(os.path.join(folder, "other"), "critical", "1.0")
        return folder

    def filled(self, word):
        for name, value in (("INDEX", self.c.index.url), ("DEAD", "http://127.0.0.1:9/v1/query"), ("URL", self.url)):
            word = word.replace(name, value)
        return word

    def settings(self, row):
        return {"PIP_AUDIT_" + k: self.filled(v) for k, v in row.variables.items()}, [self.filled(w) for w in row.words]

    def theirs(self, wanted):
        asked = []
        for number, row in enumerate(wanted):
            env, words = self.settings(row)
            asks = {"-s", "--vulnerability-service"} & set(flags_of(words)) or "VULNERABILITY_SERVICE" in row.variables
            env.setdefault("PIP_AUDIT_OSV_URL", self.url)
            asked.append({"folder": self.folder("theirs", number), "env": env, "words": words if asks else ["-s", "osv"] + words})
        result = self.c.start([self.python, "-c", BESIDE], gate=False, stdin=json.dumps(asked).encode()).wait()
        self.c.equal(result.status, 0, "the status of pip-audit's rows: " + result.stderr[-500:])
        return [Outcome(int(status), read(a["folder"], "out"), read(a["folder"], "err"), a["folder"])
                for status, a in zip(result.stdout.split(), asked)]

    def ours(self, number, row):
        env, words = self.settings(row)
        folder = self.folder("ours", number)
        result = self.c.audit(*words, env=env, cwd=folder)
        return Outcome(result.status, result.stdout, result.stderr, folder)


def read(folder, name):
    with open(os.path.join(folder, name)) as f:
        return f.read()


def findings(text):
    return sorted((d["name"], d.get("version"), bool(d.get("skip_reason")),
                   tuple(sorted((v["id"], tuple(v["fix_versions"]), v.get("description"), tuple(sorted(v.get("aliases", ("-",))))) for v in d.get("vulns", ()))))
                  for d in json.loads(text)["dependencies"])


def shape(text):
    """What a reader of the output sees, without what may differ: widths, dashes, times, serial numbers."""
    if text.startswith("{") and '"bomFormat"' in text:
        bom = json.loads(text)
        return "cyclonedx", sorted((p["name"], p["version"]) for p in bom["components"]), sorted(v["id"] for v in bom.get("vulnerabilities", ()))
    if text.startswith("<?xml"):
        return "xml", sorted(re.findall(r"<(?:\w+:)?name>([^<]*)</(?:\w+:)?name>", text))[:0], sorted(set(re.findall(r"PYSEC-\d+-\d+", text)))
    if text.startswith("{"):
        return "json", findings(text)
    return [row_shape(line) for line in text.strip("\n").split("\n") if line.strip("- |")]


def row_shape(line):
    """A table's line: aliases are in no order there, and a project's page is that of the index here."""
    line = re.sub(r"https?://[^/ ]+/project/", "PROJECT/", line)
    return sorted(re.split(r"[ |,]+", re.sub(r" -+|-+ |\|", " ", line).strip()))


def last_sentence(result):
    """What is told of a failure, without who tells it."""
    lines = [re.sub(r"^(ERROR:pip_audit\._cli:|pipgate: |pip-audit: error: )", "", line) for line in result.stderr.strip().split("\n")]
    return lines[-1] if lines else ""


def summary(outcome):
    return [line for line in outcome.stderr.split("\n") if re.match("Found |No known", line)]


def differences(row, theirs, ours):
    if row.ours is not None:
        return [] if ours.status == row.ours else ["status %s, expected %s (%s)" % (ours.status, row.ours, row.note)]
    found = []
    if ours.status != theirs.status:
        found.append("status %s, theirs %s" % (ours.status, theirs.status))
    if theirs.status == 2 and last_sentence(ours) != last_sentence(theirs):
        found.append("usage: %r, theirs %r" % (last_sentence(ours), last_sentence(theirs)))
    if theirs.status != 2 and not {"-V", "--version"} & set(row.words) and shape(ours.stdout) != shape(theirs.stdout):
        found.append("output: %r\n      theirs %r" % (shape(ours.stdout), shape(theirs.stdout)))
    if summary(ours) != summary(theirs):
        found.append("summary: %r, theirs %r" % (ours.stderr, summary(theirs)))
    if {n: shape(x) for n, x in ours.files.items()} != {n: shape(x) for n, x in theirs.files.items()}:
        found.append("files: %r, theirs %r" % (ours.files, theirs.files))
    return found


def walk(c, wanted):
    stub = osvstub.Stub(c.records)
    try:
        both = Both(c, stub.url)
        wrong = []
        for number, (row, theirs) in enumerate(zip(wanted, both.theirs(wanted))):
            found = differences(row, theirs, both.ours(number, row))
            wrong += ["%s\n    %s" % (row.line, "\n    ".join(found))] if found else []
        c.true(not wrong, "%d of %d rows differ:\n  %s", len(wrong), len(wanted), "\n  ".join(wrong))
    finally:
        stub.close()


@case(mode="any")
def contract_is_walked(c):
    """Every flag and variable of pip-audit stands in at least two rows, and there are sixty of them."""
    every = rows(ROWS) + rows(LIVE)
    given = [f for row in every for f in flags_of(row.words)]
    c.equal([f for f in FLAGS if given.count(f) < (1 if f in ("-V", "--version", "-v", "--verbose", "-l", "--local", "--output") else 2)], [], "flags")
    c.equal([v for v in VARIABLES if sum(v in row.variables for row in every) < 2], [], "variables")
    c.true(len(every) >= 60, "only %d rows", len(every))


@case(mode="any")
def contract(c):
    """Every third of the rows beside pip-audit, with the database here and its OSV service there: half a second each there."""
    walk(c, rows(ROWS)[::3])


@case(mode="any", slow=True)
def contract_whole(c):
    """All rows."""
    walk(c, rows(ROWS))


@case(mode="any")
def contract_live(c):
    """Both ask a live service."""
    walk(c, rows(LIVE))
