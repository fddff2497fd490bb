# SPDX-License-Identifier: Apache-2.0
"""What pip itself prints, and notebooks, as inputs: from a file and on standard input."""
import json
import re

from lib.case import case

HOUSE = {"flask": "1.0", "jinja2": "2.10", "markupsafe": "2.1.5", "click": "8.1.7"}


def found(report):
    return {d["name"].lower(): d["version"] for d in report["dependencies"] if "version" in d}


@case()
def outputs_of_pip(c):
    """pip list, pip inspect, a report and pip freeze tell what an audit of the environment tells."""
    c.prepare("install", "flask==1.0", "markupsafe==2.1.5", "click==8.1.7", "jinja2==2.10")
    environment = c.audit_json(status=1)
    house = found(environment)
    outputs = {"pip-list": c.bare("list", "--format=json").stdout, "pip-inspect": c.bare("inspect").stdout,
               "pip-report": c.bare("install", "--dry-run", "-q", "--ignore-installed", "--report", "-", "flask==1.0", "jinja2==2.10", "markupsafe==2.1.5").stdout}
    for kind, text in outputs.items():
        c.write(kind + ".json", text)
        for report in (c.audit_json(kind + ".json", status=1), c.audit_json("-", stdin=text.encode(), status=1)):
            c.equal(report["pipgate"]["inputs"][0]["kind"], kind, "kind")
            told = found(report)
            told.pop("pip", None)
            c.equal(told, {n: v for n, v in house.items() if n != "pip"}, kind)
            jinja = [d for d in report["dependencies"] if d["name"].lower() == "jinja2"][0]
            c.equal([v["id"] for v in jinja["vulns"]], [v["id"] for d in environment["dependencies"] if d["name"].lower() == "jinja2" for v in d["vulns"]], "ids")
    inspected = [d for d in c.audit_json("pip-inspect.json")["dependencies"] if d["name"].lower() == "jinja2"][0]
    c.equal(inspected["installer"], "pip", "installer")
    c.true(inspected["vulns"][0]["dependents"] >= 1, "the tree of pip inspect")
    compact = json.dumps(json.loads(outputs["pip-inspect"]), sort_keys=True)
    c.equal(found(c.audit_json("-", stdin=compact.encode(), status=1)), house, "written by another tool")
    frozen = c.bare("freeze").stdout
    c.equal(found(c.audit_json("-", "--no-deps", stdin=frozen.encode(), status=1)), {n: v for n, v in house.items() if n not in ("pip", "setuptools")}, "freeze")


@case(pips="newest")
def outputs_refused(c):
    """What is none of them, or broken, is refused by its name; what has no name or version is counted."""
    table = (
        ('[{"name": "jinja2", "version": "2.10"}', "standard input: byte"), ('{"version": "2", "installed": []}', "version '2' of pip inspect"),
        ('{"version": "1", "installed": {}}', "its distributions are no list"), ('{"version": "7", "install": []}', "version '7' of pip's report"),
        ('[{"name": "a", "name": "b"}]', "standard input: "), ('{"x": 1}', "this is none of the inputs that are known"),
    )
    for text, error in table:
        c.expect(c.audit("-", stdin=text.encode()), status=1, err=re.escape(error), out=r"\A\Z")
    broken = b'[{"name": "jinja2", "version": "2.10"}, {"name": "x"}, {"version": "1"}, 5]'
    report = c.audit_json("-", stdin=broken, status=1)
    c.equal(report["pipgate"]["inputs"][0]["broken"], 3, "broken ones")
    c.expect(c.audit("-", "--strict", stdin=broken), status=1, err="3 distributions could not be audited")
    editable = b'[{"name": "jinja2", "version": "2.10", "editable_project_location": "/x"}]'
    c.expect(c.audit("-", "--skip-editable", stdin=editable), status=0, out="distribution marked as editable")
    c.expect(c.audit("-", stdin=b"[]"), status=0)


def notebook(*cells, **more):
    made = [dict({"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": s.splitlines(True)}, **more) for s in cells]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)


@case(pips="newest")
def notebooks(c):
    """The lines by which a notebook installs; markdown, comments and other commands are none."""
    text = notebook("import os\n# !pip install evil-open\nprint('!pip install evil-open')\n",
                    "%pip install -q --upgrade \"jinja2==2.10\" 'idna>=3,<3.7' # pip install evil-open\n",
                    "if True:\n    !python3 -m pip install \\\n        critical==1.0 > /dev/null 2>&1\n",
                    "!apt-get install x && pip3 install --user medium==1.0; pip uninstall -y low\n", "%%bash\nset -e\npip install -r more.txt -t /tmp/x\n",
                    "!{sys.executable} -m pip install quiet==1.0 $NAME\n", "%conda install low\n!pip list\n!echo pip install low\n")
    text = text.replace('"cells": [', '"cells": [\n  {"cell_type": "markdown", "metadata": {}, "source": "!pip install evil-open"},')
    c.write("books/n.ipynb", text)
    c.write("books/more.txt", "\nclick==8.1.7\n")
    wanted = {"jinja2": "2.10", "markupsafe": "2.1.5", "idna": "3.6", "critical": "1.0", "medium": "1.0", "click": "8.1.7", "quiet": "1.0"}
    report = c.audit_json("books/n.ipynb", status=1)
    c.equal(found(report), wanted, "distributions")
    c.equal({d["name"]: d["skip_reason"] for d in report["dependencies"] if "skip_reason" in d}, {"$NAME": "it is known when the notebook runs"}, "skipped")
    lines = text.split("\n")
    for d in report["dependencies"]:
        if d.get("line") and d["file"].endswith(".ipynb") and "version" in d:
            c.true(d["name"].lower() in lines[d["line"] - 1] or "pip install" in lines[d["line"] - 1], "line %d is that of %s", d["line"], d["name"])
    c.equal({d["file"] for d in report["dependencies"] if d["name"] == "click"}, {"books/more.txt"}, "the file of click")
    c.equal(found(c.audit_json("-", "--no-deps", stdin=notebook("%pip install jinja2==2.10").encode(), status=1)), {"jinja2": "2.10"}, "on standard input")


@case(pips="newest")
def notebooks_refused(c):
    """A broken one is refused, one that installs nothing is told so."""
    c.write("n.ipynb", notebook("import os"))
    c.expect(c.audit("n.ipynb"), status=0, err="no line installs anything by pip")
    for text, error in (("{", "n.ipynb: byte"), ('{"worksheets": [], "nbformat": 3}', "no notebook of format 4"),
                        (notebook("%pip install 'x"), "a quote is open"), (notebook("%pip install x y=1"), "n.ipynb contains invalid specifier at line"),
                        (notebook("%pip install -r nowhere.txt"), "nowhere.txt: No such file")):
        c.write("n.ipynb", text)
        c.expect(c.audit("n.ipynb"), status=1, err=re.escape(error), out=r"\A\Z")
