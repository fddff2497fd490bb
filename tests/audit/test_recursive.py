# SPDX-License-Identifier: Apache-2.0
"""--recursive: what is found below a folder, what is passed over, what ends the audit, and how long a thousand lock files take."""
import json
import os

from lib.case import case
from lib.locks import lock_of


def inputs(report):
    return [(i["kind"], i["path"]) for i in report["pipgate"]["inputs"]]


@case(pips="newest")
def recursive(c):
    """Lock files, requirement files, projects, notebooks and environments, by their paths; no link, no repository's inside, nothing in
    an environment."""
    jinja, idna = [("jinja2", "2.10")], [("idna", "3.7")]
    c.write("mono/b/uv.lock", lock_of("uv.lock", jinja))
    c.write("mono/a/poetry.lock", lock_of("poetry.lock", idna))
    c.write("mono/a/deep/er/pdm.lock", lock_of("pdm.lock", [("critical", "1.0")]))
    c.write("mono/c/Pipfile.lock", lock_of("Pipfile.lock", idna))
    c.write("mono/c/pylock.prod.toml", lock_of("pylock.toml", [("low", "1.0")]))
    c.write("mono/d/requirements-dev.txt", "medium==1.0\n")
    c.write("mono/d/requirements/base.txt", "idna==3.7\n")
    c.write("mono/d/readme.txt", "evil-typo==1.0\n")
    c.write("mono/env/pyvenv.cfg", "home = /usr/bin\nversion = 3.11.2\n")
    c.write("mono/p/pyproject.toml", '[project]\nname = "p"\nversion = "1"\ndependencies = ["jinja2==2.10.1"]\n')
    c.write("mono/b/pyproject.toml", '[project]\nname = "b"\nversion = "1"\ndependencies = ["evil-typo==1.0"]\n')  # it has a lock
    c.write("mono/n.ipynb", json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": ["%pip install idna==3.7\n"]}]}))
    for path in (".git/uv.lock", "web/node_modules/x/uv.lock", "env/lib/uv.lock", "x/site-packages/uv.lock"):
        c.write("mono/" + path, lock_of("uv.lock", [("evil-typo", "1.0")]))
    os.makedirs(c.path("mono", "env", "lib", "python3.11", "site-packages"))
    os.makedirs(c.path("mono", "env", "bin"))
    os.symlink(c.env.python, c.path("mono", "env", "bin", "python"))
    os.symlink("b", c.path("mono", "link"))
    os.symlink("b/uv.lock", c.path("mono", "uv.lock"))
    os.symlink("..", c.path("mono", "a", "loop"))
    os.mkfifo(c.path("mono", "a", "uv.lock"))
    report = c.audit_json("--recursive", "mono", "--no-deps")
    c.equal(inputs(report), [("pdm.lock", "mono/a/deep/er/pdm.lock"), ("poetry.lock", "mono/a/poetry.lock"), ("uv.lock", "mono/b/uv.lock"),
                             ("Pipfile.lock", "mono/c/Pipfile.lock"), ("pylock.toml", "mono/c/pylock.prod.toml"),
                             ("requirements", "mono/d/requirements-dev.txt"), ("requirements", "mono/d/requirements/base.txt"),
                             ("environment", "mono/env"), ("notebook", "mono/n.ipynb"), ("project", "mono/p/pyproject.toml")],
            "inputs")
    locked = c.audit_json("--recursive", "mono", "--no-deps", "--locked")
    c.true(("project", "mono/p/pyproject.toml") not in inputs(locked) and ("uv.lock", "mono/b/uv.lock") in inputs(locked),
           "--locked: no project is resolved")
    c.equal(sorted({d["name"] for d in report["dependencies"] if d["vulns"]}), ["critical", "jinja2", "low", "medium"], "vulnerable")


@case(pips="newest")
def recursive_is_as_one_by_one(c):
    """The same of each file as when it is asked about itself; a group that one of the files lacks is no slip of the pen here."""
    names = []
    for number, kind in enumerate(("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml") * 3):
        path = "mono/%02d/%s" % (number, kind)
        c.write(path, lock_of(kind, [("jinja2", "2.10"), ("idna", "3.%d" % number)]))
        names.append(path)

    def of(report):
        return sorted((d["file"], d["line"], d["name"], d["version"], len(d["vulns"])) for d in report["dependencies"])
    c.equal(of(c.audit_json("--recursive", "mono")), of(c.audit_json(*names)), "distributions")
    c.expect(c.audit("--recursive", "mono/", "--group", "no-such"), status=1, not_err="no group named")


@case(pips="newest")
def recursive_refuses(c):
    """What cannot be read is named, and nothing is said of the rest; nothing to audit is a failure, too."""
    c.write("mono/a/uv.lock", lock_of("uv.lock", [("idna", "3.7")]))
    c.write("mono/b/uv.lock", "version = 1\n[[package]\n")
    c.expect(c.audit("--recursive", "mono"), status=1, err=r"^pipgate: mono/b/uv\.lock: line 2, ", not_err="No known vulnerabilities")
    os.mkdir(c.path("empty"))
    c.expect(c.audit("--recursive", "empty"), status=1, err="empty: there is no lock file")
    c.expect(c.audit("--recursive", "nowhere"), status=1, err="nowhere: No such file")
    deep = c.path("deep", *["d"] * 70)
    os.makedirs(deep)
    c.expect(c.audit("--recursive", "deep"), status=1, err="more than 64 folders below one another")
