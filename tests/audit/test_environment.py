# SPDX-License-Identifier: Apache-2.0
"""Installed distributions: which are found, what is said of them, and which could not be audited."""
import json
import os

from lib import paths, schema
from lib.case import case
from lib.installed import place


@case(pips="newest 22.2.2")
def environment(c):
    """The environment of the pip that stands behind the link: found without starting it, with its tree."""
    c.prepare("install", "flask==1.0", "jinja2==2.10")
    result = c.audit()
    c.expect(result, status=1, out=[r"^Name +Version +ID +Fix Versions$", r"^-+ -+ -+ -+$", r"^jinja2 +2\.10 +PYSEC-"],
             err=[r"environment .* \(Python 3\.\d+\): \d+ distributions", r"^Found \d+ known vulnerabilit(y|ies) in \d+ packages?$"])
    report = c.audit_json()
    found = {d["name"]: d for d in report["dependencies"]}
    jinja = found["jinja2"]
    c.equal(jinja["version"], "2.10", "version")
    c.equal(jinja["installer"], "pip", "installer")
    c.true(jinja["vulns"][0]["dependents"] >= 1, "flask depends on jinja2")
    c.true(report["pipgate"]["inputs"][0]["kind"] == "environment", "the input is named")
    c.equal(c.audit("-f", "json").stdout, c.audit("-f", "json").stdout, "two runs")


@case()
def environment_listed_as_pip_lists_it(c):
    """The same names and versions as `pip list`, also with a .pth, an egg-link's folder and a broken folder."""
    c.prepare("install", "flask==1.0", "idna==3.7")
    extra = c.path("extra")
    place(extra, "beside", "1.0")
    with open(os.path.join(c.env.site, "more.pth"), "w") as f:
        f.write("# a comment\nimport sys\n%s\n" % extra)
    listed = {p["name"].lower().replace("_", "-").replace(".", "-"): p["version"] for p in json.loads(c.bare("list", "--format=json").stdout)}
    report = c.audit_json()
    c.equal({d["name"]: d["version"] for d in report["dependencies"]}, listed, "distributions")


@case()
def environment_of_another(c):
    """--python, and pip's own --python before the command."""
    c.prepare("install", "jinja2==2.10")
    for words in (["audit", "--python", c.env.python], ["--python", c.env.python, "audit"], ["audit", "--gate-python", c.env.python]):
        c.expect(c.gate(*words, env={"PATH": c.shims + ":/usr/bin:/bin"}), status=1, out=r"^jinja2 +2\.10 ")
    c.expect(c.audit("--python", "/no/such/python"), status=1, err="/no/such/python")


@case()
def json_against_its_schema(c):
    """What -f json writes is valid against the project's own schema."""
    with open(os.path.join(paths.ROOT, "docs", "audit.schema.json")) as f:
        rules = json.load(f)
    place(c.path("a"), "jinja2", "2.10")
    place(c.path("a"), "fixless", "1.0")
    place(c.path("b"), "here", "1.0", **{"direct_url.json": '{"dir_info": {"editable": true}}'})
    for words in (["--path", "a"], ["--path", "a", "--path", "b", "--skip-editable"], ["--path", "b", "--desc", "off", "--aliases", "off"]):
        c.equal(schema.problems(c.audit_json(*words), rules), [], "against the schema")


@case()
def why(c):
    """The tree to what was asked for, and who keeps it back."""
    place(c.path("a"), "top", "1.0", ["middle<2"])
    place(c.path("a"), "middle", "1.0", ["low; python_version > '3'"])
    place(c.path("a"), "low", "1.0")
    c.expect(c.pipgate("why", "low", "--path", "a"), status=0, out=[r"^low 1\.0$", r"^  ← middle 1\.0 requires low", r"^    ← top 1\.0 requires middle<2 \(asked for\)",
                                                                   "nothing keeps it back"])
    c.expect(c.pipgate("why", "Middle", "--path", "a"), status=0, out=r"must move first: top 1\.0 \(<2\)")
    c.expect(c.pipgate("why", "nobody", "--path", "a"), status=1, err="nobody is not there")
    c.expect(c.pipgate("why"), status=42)


@case()
def folders(c):
    """--path: folders, several, without any Python."""
    place(c.path("a"), "jinja2", "2.10")
    place(c.path("b"), "critical", "1.0")
    c.expect(c.audit("--path", "a"), status=1, out="jinja2", not_out="critical", err="folder a: 1 distribution$")
    c.expect(c.audit("--path", "a", "--path=b"), status=1, out=["jinja2", "critical"])
    c.expect(c.audit("--path", "nowhere"), status=1, err="nowhere: No such file")


@case()
def broken_metadata(c):
    """What has no name or version is counted and named, and fails --strict; a version that is none is unknown."""
    place(c.path("a"), "fine", "1.0")
    place(c.path("a"), "broken", "1.0", metadata="Name: broken\n\n")
    place(c.path("a"), "empty", "1.0", metadata="")
    report = c.audit_json("--path", "a", status=0)
    c.equal(report["pipgate"]["inputs"][0]["broken"], 2, "broken")
    c.expect(c.audit("--path", "a"), status=0, err=[r"broken-1\.0\.dist-info.*not audited", r"^No known vulnerabilities found$"])
    c.expect(c.audit("--path", "a", "--strict"), status=1, err="2 distributions could not be audited")
    c.expect(c.audit("--path", "a", "--exit-codes=distinct"), status=44)
    place(c.path("b"), "jinja2", "not.a.version")
    c.equal(c.audit_json("--path", "b", status=0)["pipgate"]["counts"]["unknown"], 1, "unknown")


@case()
def vendor(c):
    """What the operating system looks after is told apart."""
    place(c.path("a"), "jinja2", "2.10", INSTALLER="debian\n")
    report = c.audit_json("--path", "a")
    c.equal(report["dependencies"][0]["vendor"], True, "vendor")
    c.expect(c.audit("--path", "a"), status=1, err="looked after by the operating system")


@case()
def editable(c):
    """--skip-editable leaves out what says so of itself."""
    place(c.path("a"), "jinja2", "2.10", **{"direct_url.json": '{"url": "file:///x", "dir_info": {"editable": true}}'})
    c.expect(c.audit("--path", "a"), status=1)
    c.expect(c.audit("--path", "a", "--skip-editable"), status=0, out=["^Name +Skip Reason$", "^jinja2 +distribution marked as editable$"])


@case()
def local_and_system(c):
    """An environment with the system's folders: with them, and -l without."""
    c.prepare("install", "jinja2==2.10")
    config = os.path.join(c.env.root, "pyvenv.cfg")
    with open(config) as f:
        text = f.read()
    with open(config, "w") as f:
        f.write(text.replace("include-system-site-packages = false", "include-system-site-packages = true"))
    site = os.path.join(c.home, ".local", "lib", "python%s" % c.env.python_version, "site-packages")
    place(site, "critical", "1.0")
    c.expect(c.audit(), status=1, out=["jinja2", "critical"])
    c.expect(c.audit("-l"), status=1, out="jinja2", not_out="critical")
    c.expect(c.audit("--user"), status=1, out="critical", not_out="jinja2")


@case()
def policy_of_the_audit(c):
    """--fail-on, --ignore-vuln by any alias, and ids that match nothing are named."""
    place(c.path("a"), "jinja2", "2.10")
    ids = c.audit_json("--path", "a")["dependencies"][0]["vulns"]
    c.expect(c.audit("--path", "a", "--fail-on", "none"), status=0, out="jinja2", err="^Found ")
    everything = [w for v in ids for w in ("--ignore-vuln", (v["aliases"] or [v["id"]])[-1].lower())]
    c.expect(c.audit("--path", "a", *everything), status=0, err=r"^No known vulnerabilities found, %d ignored$" % len(ids))
    c.expect(c.audit("--path", "a", "--ignore-vuln", "CVE-1-1"), status=1, err="--ignore-vuln CVE-1-1: no finding has that id")


@case()
def outputs(c):
    """-o: written whole, not made on failure; several pairs in one run."""
    place(c.path("a"), "jinja2", "2.10")
    c.expect(c.audit("--path", "a", "-o", "x.txt"), status=1, not_out=".")
    with open(c.path("x.txt")) as f:
        c.true("jinja2" in f.read(), "the file holds the table")
    c.expect(c.audit("--path", "nowhere", "-o", "y.txt"), status=1)
    c.true(not os.path.exists(c.path("y.txt")), "a failure makes no file")
    c.expect(c.audit("--path", "a", "-f", "json", "-o", "a.json", "-f", "columns", "-o", "a.txt"), status=1, not_out=".")
    with open(c.path("a.json")) as f:
        c.true(json.load(f)["dependencies"], "json")
    c.expect(c.audit("--path", "a", "-o", "no/such/folder/x"), status=1, err="no/such/folder")
