# SPDX-License-Identifier: Apache-2.0
"""Lock files as the real tools make them, from the index that pip is configured with: what is audited equals the tool's own export."""
import json
import os
import re
import subprocess

from lib import paths, pips, proc
from lib.case import Failed, case

PYTHON = "3.12"  # of the tools themselves
CHOICES = {"all": [], "main": ["--group", "main"], "one": ["--extra", "yaml", "--group", "docs"]}

# name → what it depends on, its extra yaml, its groups dev and docs
PROJECTS = {
    "shop": (["jinja2==2.10", "requests[socks]>=2.28,<2.30", "colorama; sys_platform == 'win32'", "importlib-metadata; python_version < '3.10'"],
             ["pyyaml>=6"], ["iniconfig"], ["markdown>=3.4"]),
    "data": (["click>=8", "attrs", "tomli; python_version < '3.11'", "pywin32-ctypes; sys_platform == 'win32'"],
             ["ruamel-yaml>=0.18"], ["pytest>=8"], ["docutils", "pygments"]),
    "web": (["flask>=2.3,<3", "werkzeug<3", "python-dateutil"],
            ["pyyaml", "jsonschema>=4"], ["coverage[toml]"], ["mistune<3", "typing-extensions"]),
}

PROJECT = """[project]
name = %r
version = "1.0"
requires-python = ">=3.9,<4.0"
dependencies = %s
[project.optional-dependencies]
yaml = %s
[dependency-groups]
dev = %s
docs = %s
"""

INDEX = """
import subprocess, sys
from pip._internal.models.index import PyPI
said = subprocess.run([sys.executable, "-m", "pip", "config", "get", "global.index-url"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
print(said.stdout.decode().strip() or PyPI.simple_url)
"""

EVALUATE = """
import json, sys
from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import canonicalize_name
found = set()
for line in sys.stdin:
    line = line.split(" #")[0].strip()
    if not line or line.startswith(("#", "-")):
        continue
    r = Requirement(line)
    if r.marker is None or r.marker.evaluate({"extra": ""}):
        found.add((canonicalize_name(r.name), str(r.specifier)[2:]))
print(json.dumps(sorted(found)))
"""


class Tool:
    """One of the tools in a project's folder, with a home of its own and the index of the real pip."""

    def __init__(self, c, name, *requirements):
        self.c, self.name = c, name
        self.bin = os.path.join(pips.tool_environment(name, *requirements, python=PYTHON), "bin")
        self.folder = c.path("project")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("VIRTUAL_ENV")}
        self.environment.update(HOME=c.home, PATH=":".join((self.bin, c.env.bin, "/usr/bin", "/bin")), NO_COLOR="1", PYTHONDONTWRITEBYTECODE="1",
                                UV_CACHE_DIR=os.path.join(paths.BUILD, "tools", "uv-cache"), PIPENV_IGNORE_VIRTUALENVS="1", CI="1")
        index = subprocess.run([os.path.join(self.bin, "python"), "-c", INDEX], stdout=subprocess.PIPE, check=True)
        self.index = os.environ.get("PIP_INDEX_URL") or index.stdout.decode().strip()
        self.environment.update(UV_DEFAULT_INDEX=self.index, PDM_PYPI_URL=self.index, PIPENV_PYPI_MIRROR=self.index)

    def run(self, *words):
        result = proc.run([os.path.join(self.bin, self.name), *words], env=self.environment, cwd=self.folder)
        self.c.steps.append(result)
        if result.status:
            raise Failed("%s %s ended with %s" % (self.name, words[0], result.status))
        return result.stdout

    def project(self, name, text=PROJECT):
        self.c.write("project/pyproject.toml", text % ((name,) + tuple(json.dumps(part) for part in PROJECTS[name])))

    def exported(self, *words):
        """What this Python would install of an export."""
        result = proc.run([self.c.env.python, "-c", EVALUATE], stdin=self.run(*words).encode())
        self.c.steps.append(result)
        if result.status:
            raise Failed("the export was not read")
        return {tuple(pair) for pair in json.loads(result.stdout)}


def audited(c, *words):
    report = c.audit_json("--locked", "project", *words)
    return report, {(d["name"], d["version"]) for d in report["dependencies"]}


def compare(c, tool, exports, name):
    """Every choice of extras and groups, and each component's place."""
    for choice, words in exports.items():
        report, found = audited(c, *CHOICES[choice])
        wanted = tool.exported(*words)
        c.true(len(wanted) > 1, "the export of %s is empty", name)
        c.equal(sorted(found), sorted(wanted), "%s, %s: distributions" % (name, choice))
        for d in report["dependencies"]:
            with open(os.path.join(c.work, d["file"])) as f:
                lines = f.read().split("\n")
            entry = re.sub(r"[-_.]", "", "".join(lines[d["line"] - 1:d["line"] + 2]).lower())
            c.true(d["line"] and d["name"].replace("-", "") in entry, "%s stands at line %s", d["name"], d["line"])


@case(pips="newest", slow=True)
def lock_of_uv(c):
    tool = Tool(c, "uv", "uv")
    for name in PROJECTS:
        tool.project(name)
        tool.run("lock", "-q", "--python", c.env.python)
        export = ["export", "-q", "--frozen", "--no-hashes", "--no-emit-project", "--python", c.env.python]
        compare(c, tool, {"all": export + ["--all-extras", "--all-groups"], "main": export + ["--no-default-groups"],
                          "one": export + ["--no-default-groups", "--extra", "yaml", "--group", "docs"]}, name)


@case(pips="newest", slow=True)
def lock_of_uv_as_pylock(c):
    """PEP 751, written by uv and by pip."""
    tool = Tool(c, "uv", "uv")
    tool.project("shop")
    tool.run("lock", "-q", "--python", c.env.python)
    tool.run("export", "-q", "--frozen", "--format", "pylock.toml", "-o", "pylock.toml", "--all-extras", "--all-groups", "--no-emit-project")
    os.unlink(c.path("project", "uv.lock"))
    report, found = audited(c)
    c.equal(report["pipgate"]["inputs"][0]["kind"], "pylock.toml", "kind")
    c.true(("jinja2", "2.10") in found and not any(name == "colorama" for name, _ in found), "markers are evaluated: %s", sorted(found))


@case(pips="newest", slow=True)
def lock_of_pip(c):
    """pip lock, over the index of the case."""
    c.expect(c.bare("lock", "flask==1.0", "windows-only", "-o", "pylock.toml"), status=0)
    report = c.audit_json("pylock.toml")
    c.equal({d["name"]: d["version"] for d in report["dependencies"]}["jinja2"], "3.1.6", "jinja2")


@case(pips="newest", slow=True)
def lock_of_poetry(c):
    tool = Tool(c, "poetry", "poetry", "poetry-plugin-export")
    text = PROJECT + '[tool.poetry]\npackage-mode = false\n[[tool.poetry.source]]\nname = "pip"\nurl = "%s"\n' % tool.index.replace("%", "%%")
    for name in PROJECTS:
        tool.project(name, text)
        tool.run("lock", "-n")
        export = ["export", "-n", "-f", "requirements.txt", "--without-hashes", "--without-urls"]
        compare(c, tool, {"all": export + ["--all-groups", "--all-extras"], "main": export + ["--only", "main"],
                          "one": export + ["--only", "main,docs", "-E", "yaml"]}, name)


@case(pips="newest", slow=True)
def lock_of_pdm(c):
    tool = Tool(c, "pdm", "pdm==2.26.2", "hishel<0.1.4", "unearth<0.18")  # newer ones of its parts are not for it
    for name in PROJECTS:
        tool.project(name)
        tool.run("config", "--local", "python.use_venv", "false")
        tool.run("use", "-q", "-f", c.env.python)
        tool.run("lock", "-q", "-G", ":all")
        export = ["export", "--no-hashes", "-f", "requirements"]
        compare(c, tool, {"all": export + ["-G", ":all"], "main": export + ["--prod"],
                          "one": export + ["-G", "yaml", "-G", "docs", "--without", "dev"]}, name)


@case(pips="newest", slow=True)
def lock_of_pipenv(c):
    """No extras here: groups are dev-packages and a category of its own."""
    tool = Tool(c, "pipenv", "pipenv")
    for name, (main, yaml, dev, docs) in PROJECTS.items():
        sections = {"packages": main, "dev-packages": dev, "docs": docs}
        c.write("project/Pipfile", "".join("[%s]\n%s\n" % (s, "".join(pipfile_line(r) for r in rows)) for s, rows in sections.items()))
        tool.run("lock", "-q", "--python", c.env.python)
        tool.run("lock", "-q", "--categories", "docs", "--python", c.env.python)
        for words, exported in ((["--group", "main"], []), (["--group", "dev"], ["--dev"]), (["--group", "docs"], ["--categories", "default docs"])):
            _, found = audited(c, *words)
            c.equal(sorted(found), sorted(tool.exported("requirements", *exported)), "%s, %s: distributions" % (name, words))


def pipfile_line(requirement):
    """A requirement of ours as a Pipfile writes it."""
    text, _, marker = requirement.partition("; ")
    cut = min([text.index(c) for c in "=<>" if c in text] or [len(text)])
    name, extras = (text[:cut].split("[") + [""])[:2]
    parts = ['version = "%s"' % (text[cut:] or "*")]
    if extras:
        parts.append("extras = %s" % json.dumps(extras[:-1].split(",")))
    if marker:
        parts.append('markers = "%s"' % marker)
    return "%s = {%s}\n" % (name, ", ".join(parts))
