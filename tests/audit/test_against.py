# SPDX-License-Identifier: Apache-2.0
"""--against REV: what a branch adds is told, and what was there is not; the repository's own programs do not run."""
import os
import subprocess

from lib.case import case
from lib.locks import lock_of

OLD, NEW = [("jinja2", "2.10"), ("idna", "3.7")], [("jinja2", "2.10"), ("idna", "3.7"), ("critical", "1.0")]

PROJECT = '[project]\nname = "p"\nversion = "1"\ndependencies = [%s]\n'


def git(c, *words):
    environment = {"PATH": os.environ["PATH"], "HOME": c.home, "GIT_CONFIG_NOSYSTEM": "1"}
    for who in ("AUTHOR", "COMMITTER"):
        environment.update({"GIT_%s_NAME" % who: "a", "GIT_%s_EMAIL" % who: "a@example.org"})
    return subprocess.run(["git", "-C", c.path("repo"), *words], env=environment, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def commit(c, branch=None, **files):
    """Another commit with these files (a name's __ is a /, its _dot_ a dot)."""
    if not os.path.isdir(c.path("repo", ".git")):
        os.makedirs(c.path("repo"), exist_ok=True)
        git(c, "init", "-q", "-b", "main")
    if branch:
        git(c, "checkout", "-q", "-b", branch)
    for name, text in files.items():
        c.write("repo/" + name.replace("__", "/").replace("_dot_", "."), text)
    git(c, "add", "-A", "-f")
    git(c, "commit", "-q", "--allow-empty", "-m", "x")


def found(report):
    return sorted((d["name"], d["version"]) for d in report["dependencies"])


@case(pips="newest")
def against(c):
    """A lock, a requirement file with a nested one, and a folder: only what is new, with its chain through what is old."""
    commit(c, uv_dot_lock=lock_of("uv.lock", OLD), requirements_dot_txt="-r base.in\n", base_dot_in="jinja2==2.10\n",
           pyproject_dot_toml=PROJECT % '"jinja2==2.10"')
    commit(c, "branch", uv_dot_lock=lock_of("uv.lock", NEW, needs={"jinja2": ["critical"]}), base_dot_in="jinja2==2.10\ncritical==1.0\n",
           pyproject_dot_toml=PROJECT % '"jinja2==2.10", "critical==1.0"')
    for words in (["repo/uv.lock"], ["-r", "repo/requirements.txt", "--no-deps"], ["--recursive", "repo", "--no-deps"], ["--locked", "repo"],
                  ["repo/pyproject.toml", "--no-deps"]):
        report = c.audit_json(*words, "--against", "main")
        c.equal(set(found(report)), {("critical", "1.0")}, " ".join(words))
    lock = c.audit_json("repo/uv.lock", "--against", "main")["dependencies"]
    c.equal([step["name"] for step in lock[0]["vulns"][0]["chain"]], ["jinja2", "critical"], "chain")
    c.expect(c.audit("repo/uv.lock", "--against", "main"), status=1, out="^critical ", not_out="jinja2",
             err=r"^pipgate: repo/uv\.lock: 1 distribution$")
    c.expect(c.audit("repo/uv.lock", "--against", "HEAD"), status=0, err="^No known vulnerabilities found$")
    for output in ("cyclonedx-json", "cyclonedx-xml", "sarif", "junit", "markdown", "github", "columns"):
        c.expect(c.audit("repo/uv.lock", "--against", "main", "-f", output), status=1, out="critical")


@case(pips="newest")
def against_a_branch_that_went_on(c):
    """What counts is where the branch left: an upgrade on main alone makes nothing new here. Working files count as they stand."""
    commit(c, uv_dot_lock=lock_of("uv.lock", OLD))
    commit(c, "branch", other="x")
    git(c, "checkout", "-q", "main")
    commit(c, uv_dot_lock=lock_of("uv.lock", [("jinja2", "3.1.6")]))
    git(c, "checkout", "-q", "branch")
    c.equal(found(c.audit_json("repo/uv.lock", "--against", "main", status=0)), [], "nothing is new")
    c.write("repo/uv.lock", lock_of("uv.lock", NEW))
    c.equal(found(c.audit_json("repo/uv.lock", "--against", "main")), [("critical", "1.0")], "not committed")
    c.write("repo/fresh/uv.lock", lock_of("uv.lock", OLD))
    c.equal(found(c.audit_json("repo/fresh/uv.lock", "--against", "main")), sorted(OLD), "a file that was not there is new as a whole")


@case(pips="newest")
def against_nothing_of_the_repository_runs(c):
    """Hooks, monitors, filters, pagers and aliases of its configuration, and GIT_ variables, have no effect."""
    commit(c, uv_dot_lock=lock_of("uv.lock", OLD), _dot_gitattributes="*.lock filter=evil diff=evil\n")
    commit(c, "branch", uv_dot_lock=lock_of("uv.lock", NEW))
    ran = c.path("ran")
    program = c.write("evil.sh", "#!/bin/sh\ntouch %s\ncat\n" % ran)
    os.chmod(program, 0o755)
    for key in ("core.fsmonitor", "filter.evil.smudge", "filter.evil.clean", "diff.evil.textconv", "core.pager", "core.sshCommand",
                "core.alternateRefsCommand", "uploadpack.packObjectsHook", "core.editor", "diff.external"):
        git(c, "config", key, program)
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        os.symlink(program, c.path("repo", ".git", "hooks", hook))
    report = c.audit_json("repo/uv.lock", "--against", "main", env={"GIT_DIR": "/nowhere", "GIT_EXTERNAL_DIFF": program, "GIT_PAGER": program})
    c.equal(found(report), [("critical", "1.0")], "new")
    c.true(not os.path.exists(ran), "a program of the repository ran")


@case(pips="newest")
def against_refuses(c):
    """No revision, no repository, no file, a lock that could not be read then: each is named, and fails."""
    commit(c, uv_dot_lock="version = 1\n[[package]\n")
    commit(c, "branch", uv_dot_lock=lock_of("uv.lock", NEW))
    c.write("outside/uv.lock", lock_of("uv.lock", NEW))
    c.expect(c.audit("repo/uv.lock", "--against", "main"), status=1, err=r"as it was at main: .*uv\.lock: line 2")
    c.expect(c.audit("repo/uv.lock", "--against", "nowhere"), status=1, err="has no such revision")
    c.expect(c.audit("repo/uv.lock", "--against=--output=x"), status=1, err="no revision")
    c.expect(c.audit("outside/uv.lock", "--against", "nowhere", env={"GIT_CEILING_DIRECTORIES": c.work}), status=1,  # or in the project's own
             err="in no git repository|has no such revision")
    c.expect(c.audit("--against", "main"), status=1, err="--against compares files in git")
    c.expect(c.audit("-r", "-", "--no-deps", "--against", "main", stdin=b"idna==3.7\n"), status=1, err="standard input is none")
