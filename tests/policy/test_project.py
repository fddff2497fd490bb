# SPDX-License-Identifier: Apache-2.0
"""A project's policy is somebody else's text until it is trusted: what it may, what it may not, and who hears of it."""
import io
import os
import tarfile

from lib import index, paths
from lib.case import case
from machine import HEAD, decide, project, show, user

ONE = dict(pips="newest", mode="any")
PERSON = {"PIPGATE_PROFILE": "developer"}
HOSTILE = HEAD + "mode: off\nfail-on: none\nblock: [\"idn.\"]\nexceptions: []\nrules:\n  - {name: jinja2, action: allow}\n" \
    "checks:\n  - {name: theirs, run: [sh, -c, 'echo ran > ran']}\n"
PTH = "import sys; f = {shim!r}; exec(compile(open(f, 'rb').read(), f, 'exec'), {{'__name__': 'pipgate_shim', '__file__': f}})\n"


def pyproject(text):
    return "[project]\nname = 'x'\nversion = '1'\ndependencies = ['low==1.0']\n" + text


@case(**ONE)
def a_hostile_project(c):
    """Untrusted, its mode, checks and rules do nothing and that is said; what it blocks is blocked; `policy trust` changes it, untrust back."""
    project(c, HOSTILE)
    left = [r"yaml:%d: %s is left out" % x for x in ((2, "'mode: off'"), (3, "'fail-on: none'"), (5, "exceptions"), (7, "a rule that does not block"),
                                                     (8, "checks"))]
    result = c.expect(c.gate("install", "jinja2==2.10", env=PERSON), status=40, err=["blocked: jinja2 2.10"] + left)
    c.true(not os.path.exists(c.path("ran")), "its check ran")
    shown = show(c, env=PERSON)
    c.equal([(f["there"], f["trusted"]) for f in shown["files"] if f["layer"] == "project"][0], (True, False), "its file")
    c.equal((len(shown["notes"]), shown["keys"]["mode"]["value"]), (5, "block"), "notes and mode")
    c.expect(decide(c, pins=("idna==3.7",), env=PERSON), status=40, err="idna 3.7")
    os.makedirs(c.path("deep", "er"))
    c.expect(c.pipgate("policy", "trust", cwd=c.path("deep", "er"), env=PERSON), status=0, err="work: its policy is trusted from now on")
    result = c.expect(c.pipgate("policy", "show", env=PERSON), status=0, out=r"^mode +off +.*\.pipgate\.yaml:2$")
    c.true("left out" not in result.stdout, "still left out")
    c.expect(decide(c, env=PERSON), status=0, err="mode off")
    c.expect(c.pipgate("policy", "untrust", c.work, env=PERSON), status=0, err="not trusted any more")
    c.expect(decide(c, env=PERSON), status=40)
    c.expect(decide(c, "--gate-project", "-", pins=("idna==3.7",), env=PERSON), status=0)
    c.expect(c.pipgate("policy", "trust", cwd="/", env=PERSON), status=42, err="there is no .pipgate.yaml here")
    c.expect(c.pipgate("policy", "trust", c.path("nowhere")), status=42, err="No such file")


@case(**ONE)
def the_table_of_pyproject(c):
    """pip audit of a project takes [tool.pipgate]: tightens, loosens only where trusted, is refused with its line; without the text no matter."""
    path = c.write("p/pyproject.toml", pyproject("[tool.pipgate]\nblock = ['low']\nmode = 'off'\n"))
    words = ("--no-deps", "p")
    c.expect(c.audit(*words, env=PERSON), status=1, err=r"pyproject\.toml \[tool\.pipgate\]:5: 'mode: off' is left out")
    c.write("p/pyproject.toml", pyproject("[tool.pipgate]\nrules = [{name = 'low', action = 'allow'}]\nepss = 0.5\n"))
    c.expect(c.audit(*words, env=PERSON), status=1, err="a rule that does not block is left out")
    c.expect(c.pipgate("policy", "trust", "p"), status=0)
    c.expect(c.audit(*words, env=PERSON), status=0, not_err="left out")
    c.write("p/pyproject.toml", pyproject("[tool.pipgate]\nfail_on = 'low'\n"))
    c.expect(c.audit(*words), status=1, err=r"line 5, .*did you mean 'fail-on'")
    c.write("p/pyproject.toml", pyproject("[tool]\npipgate = 3 # tool.pipgate\n"))
    c.expect(c.audit(*words), status=1, err="tool.pipgate is no table")
    os.chmod(path, 0o666)
    c.expect(c.audit(*words), status=1, err="may be written by others")
    c.write("p/pyproject.toml", pyproject(""))
    os.chmod(path, 0o666)
    c.expect(c.audit(*words), status=1, err="^Found 1 known vulnerability", not_err="pyproject.toml may be")


@case(**ONE)
def the_interpreters_road(c):
    """Where the hook asks, what was left out is said, once; a policy with an error ends with 41 and says it."""
    with open(os.path.join(c.env.site, "pipgate.pth"), "w", encoding="utf-8") as f:
        f.write(PTH.format(shim=os.path.join(paths.BUILD, "pipgate_shim.py")))
    env = dict(PERSON, PIPGATE_DB=c.db)
    project(c, HEAD + "mode: off\n")
    result = c.expect(c.bare("install", "jinja2==2.10", env=env), status=40, err="blocked: jinja2 2.10")
    c.equal(result.stderr.count("'mode: off' is left out"), 1, "said")
    c.expect(c.bare("install", "-q", "idna==3.6", env=env), status=0, not_err="left out")
    path = user(c, HEAD + "fail_on: low\n")
    c.expect(c.bare("install", "idna", env=env), status=41, err=[r"policy\.yaml: line 2, .*did you mean 'fail-on'", "nothing was installed"])
    os.unlink(path)
    c.equal(c.env.installed(), {"idna": "3.6"}, "installed")


def brings(file, members):
    """The sdist with these members more."""
    data, folder = io.BytesIO(), file.filename[:-len(".tar.gz")]
    with tarfile.open(fileobj=io.BytesIO(file.data)) as old, tarfile.open(fileobj=data, mode="w:gz") as new:
        for entry in old:
            new.addfile(entry, old.extractfile(entry))
        for name, text in members.items():
            entry = tarfile.TarInfo("%s/%s" % (folder, name))
            entry.size = len(text)
            new.addfile(entry, io.BytesIO(text.encode()))
    return index.File(file.filename, data.getvalue())


@case(**ONE)
def an_sdists_policy(c):
    """The .pipgate.yaml that an sdist brings is no policy of the pip that its build starts."""
    file = brings(index.sdist("loose", "1.0", needs=["critical==1.0"]), {".pipgate.yaml": HEAD + "mode: off\n", ".git/HEAD": ""})
    c.index.files[file.filename] = file
    for env in (PERSON, {}):
        c.expect(c.gate("install", "loose", env=env), status=40, err="critical 1.0", not_err="mode: off")
    c.equal(c.built(), [], "code that ran")
