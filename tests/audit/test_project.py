# SPDX-License-Identifier: Apache-2.0
"""Projects: what pyproject.toml says, with extras and groups; what only a build tells."""
import os
import re

from lib import wheels
from lib.case import case

PYPROJECT = """\
[project]
name = "Our.Project"
version = "1.0"
dependencies = [
    "flask==1.0",  # a comment
    'idna>=3 ; python_version > "3"',
    "windows-only; sys_platform == 'win32'",
]
[project.optional-dependencies]
web = ["critical==1.0"]
all = ["our_project[web]", "medium==1.0"]
[dependency-groups]
test = ["low==1.0", {include-group = "Lint_Tools"}]
lint-tools = ["quiet==1.0"]
"""


def found(report):
    return {d["name"].lower(): (d["version"], d.get("line")) for d in report["dependencies"] if "version" in d}


def names(c, *words, status=(0, 1)):
    return set(found(c.audit_json(*words, status=status)))


BASE = {"flask", "jinja2", "markupsafe", "click", "idna"}


@case(pips="newest")
def project_of_pyproject(c):
    """Dependencies, and by flag extras (which may name the project itself) and groups (which may include others)."""
    c.write("p/pyproject.toml", PYPROJECT)
    report = c.audit_json("p")
    told = found(report)
    c.equal(set(told), BASE, "dependencies")
    c.equal(told["flask"], ("1.0", 5), "flask and its line")
    c.equal(told["idna"], ("3.7", 6), "idna and its line")
    c.equal({d["file"] for d in report["dependencies"]}, {"p/pyproject.toml"}, "files")
    c.equal(report["pipgate"]["inputs"][0]["kind"], "project", "kind")
    c.equal(names(c, "p/pyproject.toml"), BASE, "the file itself")
    c.equal(names(c, "p", "--extra", "WEB"), BASE | {"critical"}, "an extra")
    c.equal(names(c, "p", "--extra", "all"), BASE | {"critical", "medium"}, "an extra of extras")
    c.equal(names(c, "p", "--group", "test"), BASE | {"low", "quiet"}, "a group that includes another")
    c.equal(names(c, "p", "--group", "lint.tools", "--extra", "web"), BASE | {"quiet", "critical"}, "both")


@case(pips="newest")
def project_refused(c):
    """What is wrong is told by file and line, and nothing comes in but requirements."""
    table = (
        ('[project]\nname = "x"\ndependencies = ["flask", "-r /etc/passwd"]\n', [], "p/pyproject.toml, line 3: '-r /etc/passwd' is no requirement"),
        ('[project]\nname = "x"\ndependencies = ["flask\\n-r y"]\n', [], "is no requirement"),
        ('[project]\nname = "x"\ndependencies = ["flask\\n"]\n', [], ""),
        ('[project]\nname = "x"\ndependencies = ["flask", 1]\n', [], "project.dependencies holds what is no requirement"),
        ('[project]\nname = "x"\ndependencies = "flask"\n', [], "project.dependencies is no list"),
        ('[project]\nname = "x"\ndependencies = ["flask==1.0 --hash=sha256:00"]\n', [], "is no requirement"),
        (PYPROJECT, ["--extra", "nothing"], "has no extra 'nothing'"),
        (PYPROJECT, ["--group", "nothing"], "has no dependency group 'nothing'"),
        (PYPROJECT + 'loop = [{include-group = "loop"}]\n', ["--group", "loop"], "dependency-groups.loop includes itself"),
        (PYPROJECT + 'odd = [{other = "x"}]\n', ["--group", "odd"], "dependency-groups.odd holds what is no requirement"),
        ('[project]\nname = "x"\noptional-dependencies.a = ["x[a]"]\ndependencies = []\n', ["--extra", "a"], "names itself"),
        ('[project\n', [], "p/pyproject.toml: "),
        ('[project]\nname = "x"\ndependencies = ["nothing-of-that-name"]\n', [], "No matching distribution found for nothing-of-that-name"),
    )
    for text, options, error in table:
        c.write("p/pyproject.toml", text)
        c.expect(c.audit("p", *options), status=1 if error else (0, 1), err=re.escape(error), out=r"\A\Z" if error else "")
    os.mkdir(c.path("empty"))
    c.expect(c.audit("empty"), status=1, err="couldn't find a supported project file in empty")


@case(pips="newest")
def project_with_nothing(c):
    """No dependencies: nothing is asked, and it is said where there is no list."""
    c.write("p/pyproject.toml", '[project]\nname = "x"\nversion = "1"\n')
    c.expect(c.audit("p"), status=0, err=["does not contain `dependencies` list", "No known vulnerabilities found"])
    c.write("g/pyproject.toml", '[dependency-groups]\ntest = ["jinja2==2.10"]\n')
    c.equal(names(c, "g", "--group", "test"), {"jinja2", "markupsafe"}, "groups without a project")
    c.true(not c.built(), "nothing was built")


@case()
def project_that_is_built(c):
    """What only a build tells (setup.py, dynamic dependencies, no [project]) the real pip tells, if building is allowed; the project is
    no component of itself."""
    wheels.project(c.path("here"), "here", "1.0", requires=["jinja2==2.10"], extras={"names": ["idna"]})
    report = c.audit_json("here")
    told = {d["name"].lower(): d for d in report["dependencies"]}
    c.equal(set(told), {"jinja2", "markupsafe"}, "distributions")
    c.true(c.built(), "its metadata was made by its backend")
    c.equal(names(c, "here", "--extra", "names"), {"jinja2", "markupsafe", "idna"}, "with an extra")
    os.unlink(c.marker)
    c.expect(c.audit("here", "--gate-sdist", "block"), status=1, err="told by its build alone, and building runs its code")
    c.expect(c.audit("here", "--no-deps"), status=1, err="only pip can tell what this project asks for")
    c.equal(c.built(), [], "builds")
    with open(c.path("here", "pyproject.toml"), "a") as f:
        f.write('[project]\nname = "here"\nversion = "1.0"\ndynamic = ["dependencies"]\n[dependency-groups]\ntest = ["critical==1.0"]\n')
    c.equal(names(c, "here", "--group", "test"), {"jinja2", "markupsafe", "critical"}, "dynamic ones and a group")
    left = [name for _, _, found_names in os.walk(c.path("here")) for name in found_names if name.endswith((".whl", ".egg-info"))]
    c.equal(left, [], "left in the project")


@case(pips="newest", slow=True)
def project_with_setuptools(c):
    """A setup.py of setuptools, whose build needs setuptools from the index that pip is configured with."""
    wheels.project(c.path("old"), "old", "1.0", requires=["idna"], legacy=True)
    c.write("old/setup.cfg", "[metadata]\nname = old\n")
    real = {"PIP_INDEX_URL": None, "PIP_CONFIG_FILE": None, "HOME": os.environ.get("HOME"), "XDG_CONFIG_HOME": None, "PIP_TRUSTED_HOST": None}
    real.update({k: v for k, v in os.environ.items() if k.startswith("PIP_") and k != "PIP_REQUIRE_VIRTUALENV"})
    told = found(c.audit_json("old", env=real))
    c.equal(set(told), {"idna"}, "distributions")
    c.equal(sorted(os.listdir(c.path("old"))), ["PKG-INFO", "old.py", "setup.cfg", "setup.py"], "what lies in the project")
