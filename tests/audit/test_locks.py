# SPDX-License-Identifier: Apache-2.0
"""Lock files: what of them is audited, where it stands, what is refused. Small ones, typical and hostile; real ones: test_locks_real.py."""
import os

from lib.case import case

UV = """version = 1
revision = 3
requires-python = ">=3.8"

[[package]]
name = "shop"
version = "1.0"
source = { editable = "." }
dependencies = [
    { name = "flask" },
    { name = "windows-only", marker = "sys_platform == 'win32'" },
    { name = "batteries", extra = ["web"] },
]
[package.optional-dependencies]
gpu = [ { name = "critical", version = "2.0", source = { registry = "r" } } ]
cpu = [ { name = "critical", version = "1.0", source = { registry = "r" } } ]
[package.dev-dependencies]
dev = [ { name = "low" } ]

[[package]]
name = "flask"
version = "1.0"
source = { registry = "r" }
dependencies = [ { name = "jinja2" } ]
wheels = [ { url = "r/flask-1.0-py3-none-any.whl" } ]

[[package]]
name = "jinja2"
version = "2.10"
source = { registry = "r" }
wheels = [ { url = "r/jinja2-2.10-cp312-cp312-manylinux_2_17_x86_64.whl" } ]

[[package]]
name = "batteries"
version = "1.0"
source = { git = "r?rev=1#2" }
[package.optional-dependencies]
web = [ { name = "idna" } ]
names = [ { name = "medium" } ]

[[package]]
name = "idna"
version = "3.7"
source = { registry = "r" }

[[package]]
name = "medium"
version = "1.0"
source = { registry = "r" }

[[package]]
name = "windows-only"
version = "1.0"
source = { registry = "r" }

[[package]]
name = "critical"
version = "1.0"
source = { registry = "r" }

[[package]]
name = "critical"
version = "2.0"
source = { registry = "r" }

[[package]]
name = "low"
version = "1.0"
source = { path = "low-1.0.tar.gz" }
"""

PYLOCK = """lock-version = "1.0"
requires-python = ">=3.8"
extras = ["web"]
dependency-groups = ["dev", "docs"]
default-groups = ["docs"]
created-by = "hand"

[[packages]]
name = "Jinja2"
version = "2.10"
marker = "python_version >= '3.0'"

[[packages]]
name = "critical"
version = "1.0"
marker = "'web' in extras"

[[packages]]
name = "low"
version = "1.0"
marker = "'dev' in dependency_groups or 'docs' in dependency_groups"

[[packages]]
name = "medium"
version = "1.0"
marker = "'dev' in dependency_groups and python_version < '3'"

[[packages]]
name = "local"
[packages.directory]
path = "./local"
"""

POETRY = """[[package]]
name = "jinja2"
version = "2.10"
optional = false
python-versions = "*"
groups = ["main", "dev"]
markers = {main = "sys_platform == 'win32'", dev = "python_version >= '3'"}
files = []
[package.dependencies]
MarkupSafe = ">=0.23"

[[package]]
name = "markupsafe"
version = "2.1.5"
optional = false
python-versions = "*"
groups = ["main"]
files = []

[[package]]
name = "critical"
version = "1.0"
optional = true
python-versions = "*"
groups = ["main"]
markers = "extra == 'web'"
files = []

[extras]
web = ["critical"]

[metadata]
lock-version = "2.1"
python-versions = ">=3.8"
content-hash = "0"
"""

PDM = """[metadata]
groups = ["default", "web", "dev"]
strategy = ["inherit_metadata"]
lock_version = "4.5.0"
content_hash = "sha256:0"

[[package]]
name = "batteries"
version = "1.0"
groups = ["default"]

[[package]]
name = "batteries"
version = "1.0"
extras = ["web"]
groups = ["web"]
dependencies = ["batteries==1.0", "jinja2==2.10"]

[[package]]
name = "jinja2"
version = "2.10"
groups = ["web"]

[[package]]
name = "low"
version = "1.0"
groups = ["dev"]
marker = "sys_platform == 'win32'"
"""

PIPFILE = """{
    "_meta": {"hash": {"sha256": "0"}, "pipfile-spec": 6, "requires": {}, "sources": []},
    "default": {
        "jinja2": {
            "hashes": [],
            "version": "==2.10"
        },
        "medium": {
            "markers": "sys_platform == 'win32'",
            "version": "==1.0"
        },
        "shop": {"editable": true, "path": "."}
    },
    "develop": {
        "jinja2": {
            "version": "==2.10"
        },
        "low": {
            "version": "==1.0"
        },
        "fetched": {"git": "r", "ref": "1"}
    }
}
"""

CONDA = """version: 1
metadata:
  platforms:
  - linux-64
  - linux-aarch64
package:
- name: python
  version: 3.12.0
  manager: conda
  platform: linux-64
  dependencies: {}
  url: r
  category: main
- name: jinja2
  version: '2.10'
  manager: pip
  platform: linux-64
  dependencies:
    markupsafe: '>=0.23'
  url: r/Jinja2-2.10-py2.py3-none-any.whl
  category: main
# one for the other machine
- name: critical
  version: '1.0'
  manager: pip
  platform: linux-aarch64
  dependencies: {}
  url: r
  category: main
- name: low
  version: '1.0'
  manager: pip
  platform: linux-64
  dependencies: {}
  url: git+r
  category: dev
"""

LINUX = ["--target", "linux/x86_64", "--target-python", "3.12"]

# file, text, options, what is audited as {name version: line}, what is skipped
TYPICAL = [
    ("uv.lock", UV, [], {"flask 1.0": 20, "jinja2 2.10": 27, "batteries 1.0": 33, "idna 3.7": 41, "critical 1.0": 56,
                         "critical 2.0": 61, "low 1.0": 66}, []),
    ("uv.lock", UV, ["--group", "main"], {"flask 1.0": 20, "jinja2 2.10": 27, "batteries 1.0": 33, "idna 3.7": 41}, []),
    ("uv.lock", UV, ["--extra", "CPU"], {"flask 1.0": 20, "jinja2 2.10": 27, "batteries 1.0": 33, "idna 3.7": 41, "critical 1.0": 56}, []),
    ("script.py.lock", 'version = 1\n[manifest]\nrequirements = [{ name = "low" }]\n[[package]]\nname = "low"\nversion = "1.0"\n', [],
     {"low 1.0": 4}, []),
    ("pylock.toml", PYLOCK, [], {"jinja2 2.10": 8, "critical 1.0": 13, "low 1.0": 18}, ["local no version specified"]),
    ("pylock.prod.toml", PYLOCK, ["--extra", "web"], {"jinja2 2.10": 8, "critical 1.0": 13, "low 1.0": 18}, ["local no version specified"]),
    ("pylock.toml", PYLOCK, ["--group", "default"], {"jinja2 2.10": 8}, ["local no version specified"]),
    ("poetry.lock", POETRY, [], {"jinja2 2.10": 1, "markupsafe 2.1.5": 12, "critical 1.0": 20}, []),
    ("poetry.lock", POETRY, ["--group", "main"], {"markupsafe 2.1.5": 12}, []),
    ("poetry.lock", POETRY, ["--group", "main", "--target", "windows/amd64", "--target-python", "3.12"],
     {"jinja2 2.10": 1, "markupsafe 2.1.5": 12}, []),
    ("poetry.lock", POETRY, ["--extra", "web"], {"markupsafe 2.1.5": 12, "critical 1.0": 20}, []),
    ("pdm.lock", PDM, [], {"batteries 1.0": 7, "jinja2 2.10": 19}, []),
    ("pdm.lock", PDM, ["--group", "default"], {"batteries 1.0": 7}, []),
    ("Pipfile.lock", PIPFILE, [], {"jinja2 2.10": 4, "low 1.0": 18}, ["fetched no version specified"]),
    ("Pipfile.lock", PIPFILE, ["--group", "main"], {"jinja2 2.10": 4}, []),
    ("conda-lock.yml", CONDA, LINUX, {"jinja2 2.10": 14, "low 1.0": 30}, []),
    ("conda-lock.yml", CONDA, ["--target", "linux/arm64", "--target-python", "3.12"], {"critical 1.0": 23}, []),
    ("dev.conda-lock.yml", CONDA, LINUX + ["--group", "main"], {"jinja2 2.10": 14}, []),
]

# file, text, what is said
HOSTILE = [
    ("uv.lock", "version = 1\nversion = 2\n", r"uv\.lock: line 2, column \d+: "),
    ("uv.lock", "", r"uv\.lock: its version is not 1"),
    ("uv.lock", "version = 2\n", r"uv\.lock: its version is not 1"),
    ("uv.lock", "version = 1\npackage = {a = 1}\n", r"uv\.lock: package is no array"),
    ("uv.lock", "version = 1\n[[package]]\nversion = '1'\n", r"uv\.lock: invalid package #0: no name"),
    ("uv.lock", 'version = 1\n[[package]]\nname = "a"\nsource = {virtual = "."}\ndependencies = [{name = "b\\u001b[31m"}]\n',
     r"there is no package b\\x1b"),
    ("uv.lock", UV.replace("sys_platform == 'win32'", "os.system('x')"), r"uv\.lock: the marker "),
    ("uv.lock", b"version = 1\n\xff\xfe\n", r"uv\.lock: byte 12: not UTF-8"),
    ("uv.lock", "a = " + "[" * 5000, r"uv\.lock: "),
    ("uv.lock", "version = 1\na = " + "[" * 80 + "]" * 80 + "\n", r"uv\.lock: "),
    ("uv.lock", 'version = 1\na = "\\u0000"\n', r"uv\.lock: "),
    ("pylock.toml", "packages = []\n", r"pylock\.toml: missing lock-version in lockfile"),
    ("pylock.toml", "lock-version = '2.0'\npackages = []\n", r"pylock\.toml: lockfile version 2\.0 is not supported"),
    ("pylock.toml", "lock-version = '1.0'\n", r"pylock\.toml: missing packages in lockfile"),
    ("pylock.toml", "lock-version = '1.0'\n[[packages]]\nversion = '1'\n", r"invalid package #0: no name"),
    ("poetry.lock", "", r"poetry\.lock: its lock-version is none of"),
    ("poetry.lock", "package = 1\n[metadata]\nlock-version = '2.1'\n", r"poetry\.lock: package is no array"),
    ("pdm.lock", "[metadata]\nlock_version = '9'\n", r"pdm\.lock: its lock_version is none of"),
    ("pdm.lock", "package = 'a'\n[metadata]\nlock_version = '4.5.0'\n", r"pdm\.lock: package is no array"),
    ("Pipfile.lock", "{", r"Pipfile\.lock: byte 1"),
    ("Pipfile.lock", "{}", r"Pipfile\.lock: its pipfile-spec is not 6"),
    ("Pipfile.lock", PIPFILE.replace('"low": {', '"jinja2": {'), r"Pipfile\.lock: .*jinja2"),
    ("Pipfile.lock", '{"_meta": {"pipfile-spec": 6}, "default": {"a": 1}}', r"Pipfile\.lock: a is no object"),
    ("conda-lock.yml", "version: 1\n", r"conda-lock\.yml: there is no package: in it"),
    ("conda-lock.yml", CONDA.replace("version: 1\n", "version: 9\n"), r"conda-lock\.yml: its version is not 1"),
    ("conda-lock.yml", CONDA.replace("'2.10'", "*alias"), r"conda-lock\.yml: the entry at line 14: line 2, column \d+: "),
    ("conda-lock.yml", CONDA.replace("- name: low", "surprise\n- name: low"), r"conda-lock\.yml: "),
]


@case(pips="newest")
def locks(c):
    """Every kind, with what is chosen of it, its lines and what is skipped."""
    for file, text, options, wanted, skipped in TYPICAL:
        c.write(file, text)
        report = c.audit_json(file, *options)
        found = {"%s %s" % (d["name"], d["version"]): d["line"] for d in report["dependencies"] if "version" in d}
        c.equal(found, wanted, "%s %s" % (file, options))
        c.equal([d["name"] + " " + d["skip_reason"] for d in report["dependencies"] if "skip_reason" in d], skipped, "%s: skipped" % file)
        os.unlink(c.path(file))


@case(pips="newest")
def locks_refused(c):
    """What cannot be read ends the audit by the file's name, and nothing is said to be clean."""
    for file, text, said in HOSTILE:
        c.write(file, text)
        c.expect(c.audit(file), status=1, err="^pipgate: .*" + said, not_err="No known vulnerabilities")
        os.unlink(c.path(file))


@case(pips="newest")
def lock_chain(c):
    """Who asked for it, and who needs it."""
    c.write("uv.lock", UV)
    found = {d["name"]: d for d in c.audit_json("uv.lock", "--group", "main")["dependencies"]}
    jinja = found["jinja2"]["vulns"][0]
    c.equal((jinja["direct"], jinja["dependents"]), (False, 1), "jinja2 is there by flask")
    c.equal([step["name"] for step in jinja["chain"]], ["flask", "jinja2"], "chain")


@case(pips="newest")
def lock_names_are_checked(c):
    """A slip of the pen in a group's name does not audit less."""
    c.write("uv.lock", UV)
    c.expect(c.audit("uv.lock", "--group", "dve"), status=1, err=r"uv\.lock: there is no group named dve in it")
    c.expect(c.audit("uv.lock", "--extra", "web2"), status=1, err=r"uv\.lock: there is no extra named web2 in it")


@case(pips="newest")
def lock_for_another_machine(c):
    """--target and --target-python: markers and wheels; what has no wheel there is named."""
    c.write("uv.lock", UV)
    c.expect(c.audit("uv.lock", "--target", "windows/amd64", "--target-python", "3.12"), status=1, err="jinja2 2.10 has no wheel for the target")
    report = c.audit_json("uv.lock", "--target", "windows/amd64", "--target-python", "3.12", "--group", "main")
    c.true("windows-only" in {d["name"] for d in report["dependencies"]}, "the marker holds there")
    c.expect(c.audit("uv.lock", *LINUX), status=1, not_err="has no wheel")
    c.expect(c.audit("uv.lock", "--target-python", "3.7"), status=1, err=r"is made for Python >=3\.8, and Python 3\.7\.0 is meant")
    c.expect(c.audit("uv.lock", "--target", "plan9/vax"), status=1, err="--target plan9/vax: no such platform")
    c.expect(c.audit("uv.lock", "--target-python", "three"), status=1, err="--target-python three: no version of Python")


@case(pips="22.2.2")
def lock_read_by_an_old_python(c):
    """A Python without tomllib reads it by the tomli of its pip."""
    c.write("uv.lock", UV)
    c.expect(c.audit("uv.lock"), status=1, out="^jinja2 +2.10 ")


@case(pips="newest")
def project_locked(c):
    """--locked: a project's lock files, all of them; none is a failure."""
    c.write("p/uv.lock", UV)
    c.write("p/pylock.toml", PYLOCK)
    report = c.audit_json("--locked", "p")
    c.equal([i["kind"] for i in report["pipgate"]["inputs"]], ["pylock.toml", "uv.lock"], "inputs")
    os.mkdir(c.path("empty"))
    c.expect(c.audit("--locked", "empty"), status=1, err="no lockfiles found in empty")


@case(pips="newest")
def drift(c):
    """An environment beside its lock: the same, then a missing, an additional and another version."""
    c.prepare("install", "flask==1.0", "jinja2==2.10", "idna==3.7", "click==8.1.7", "markupsafe==2.1.5")
    installed = c.env.installed()
    lock = 'lock-version = "1.0"\ncreated-by = "hand"\n' + "".join(
        '[[packages]]\nname = "%s"\nversion = "%s"\n' % p for p in sorted(installed.items()))
    c.write("pylock.toml", lock)
    c.expect(c.audit("--drift", "pylock.toml", "--fail-on", "none"), status=0, not_err="drift:")
    c.write("pylock.toml", lock.replace('name = "idna"\nversion = "3.7"', 'name = "idna"\nversion = "3.6"').replace('name = "click"', 'name = "low"'))
    c.expect(c.audit("--drift", "pylock.toml", "--fail-on", "none"), status=1, err=[
        r"drift: idna 3\.7 is installed, and pylock\.toml:\d+ has 3\.6$", r"drift: click 8\.1\.7 is installed, and pylock\.toml does not have it$",
        r"drift: low 8\.1\.7 of pylock\.toml:\d+ is not installed$"], not_err="drift: (flask|pip) ")
    c.expect(c.audit("--drift", "requirements.txt"), status=1, err="requirements.txt: No such file")
    c.write("requirements.txt", "")
    c.expect(c.audit("--drift", "requirements.txt"), status=1, err="this is no lock file")
