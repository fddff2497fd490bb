# SPDX-License-Identifier: Apache-2.0
"""--fix: the nearest clean set, found with the real pip over the loopback index; environments and requirements files."""
import difflib
import os
import shutil
import signal
import stat
import time

from lib import enabling, index, osvdb
from lib.case import case
from lib.installed import place

w, r = index.wheel, osvdb.record


def offer(c, files, records):
    c.files += files
    c.records += records


def chain(c):
    """app 1 holds web below 2, app 2 lets it go; web is clean from 2.1 on."""
    offer(c, [w("web", v) for v in ("1.0", "1.5", "2.0", "2.1", "3.0")] +
          [w("app", "1.0", ["web<2"]), w("app", "2.0", ["web>=2"]), w("app", "3.0", ["web>=2"])],
          [r("PYSEC-2099-60", "web", "HIGH", fixed="2.1")])


def fixes(c, *argv, **options):
    report = c.audit_json("--fix", *argv, **options)
    return {f["name"]: f.get("new_version") or f["skip_reason"] for f in report["fixes"]}


def changed(before, after):
    lines = list(difflib.unified_diff(before.split("\n"), after.split("\n"), n=0, lineterm=""))[2:]
    return [line for line in lines if not line.startswith("@@")]


@case(pips="newest 22.2.2 20.3.4")
def fix_environment(c):
    """What is vulnerable moves by its smallest step, what is not stays; pip check passes and a second audit is run."""
    c.prepare("install", "flask==1.0", "jinja2==2.10", "idna==3.6", "medium==1.0")
    result = c.expect(c.audit("--fix"), status=0, out=r"Successfully upgraded jinja2 \(2\.10 => 2\.10\.1\)",
                      err=[r"^Found 2 known vulnerabilities in 2 packages and fixed 2 vulnerabilities in 2 packages$",
                           r"pip check: no broken requirements", r"the second audit finds nothing"])
    c.true("=> 2.0)" in result.stdout, "medium is fixed")
    installed = c.env.installed()
    c.equal({n: installed[n] for n in ("flask", "jinja2", "idna", "medium")},
            {"flask": "1.0", "jinja2": "2.10.1", "idna": "3.6", "medium": "2.0"}, "installed")
    c.expect(c.bare("check"), status=0)
    c.expect(c.audit(), status=0)


@case()
def fix_moves_who_holds_back(c):
    """The fewest are moved: who holds the vulnerable one back goes along by the smallest step."""
    chain(c)
    c.prepare("install", "app==1.0", "web==1.0", "idna==3.6")
    c.equal(fixes(c, status=0), {"web": "2.1", "app": "2.0"}, "fixes")
    c.equal({n: c.env.installed()[n] for n in ("app", "web", "idna")}, {"app": "2.0", "web": "2.1", "idna": "3.6"}, "installed")


@case()
def fix_dry_run(c):
    """--dry-run changes nothing, and says what it would do."""
    c.prepare("install", "jinja2==2.10", "fixless==1.0")
    path = c.write("requirements.txt", "jinja2==2.10\n")
    before = c.snapshot()
    c.expect(c.audit("--fix", "--dry-run"), status=1, err=[r"Dry run: would have upgraded jinja2 to 2\.10\.1",
                                                           r"Dry run: would have skipped fixless upgrade because no release on the index is clean"])
    c.unchanged(before)
    c.expect(c.audit("--fix", "-d", "-r", "requirements.txt"), status=1, err=r"Dry run: would have upgraded jinja2 to 2\.10\.1")
    with open(path) as f:
        c.equal(f.read(), "jinja2==2.10\n", "the file")


@case()
def fix_what_cannot_be(c):
    """Each that could not be fixed says why; what can be is fixed all the same."""
    offer(c, [w("late", "1.0"), w("held", "1.0"), w("held", "2.0"), w("holder", "1.0", ["held<2"]),
              w("pulled-fix", "1.0"), w("pulled-fix", "2.0", yanked="no"), w("early", "1.0"), w("early", "2.0rc1"),
              w("regressed", "1.0"), w("regressed", "2.0"), w("modern", "1.0"), w("modern", "2.0", requires_python=">=3.99")],
          [r("PYSEC-2099-70", "late", "HIGH", fixed="1.1"), r("PYSEC-2099-71", "held", "HIGH", fixed="2.0"),
           r("PYSEC-2099-72", "pulled-fix", "HIGH", fixed="2.0"), r("PYSEC-2099-73", "early", "HIGH", fixed="2.0rc1"),
           r("PYSEC-2099-74", "regressed", "HIGH", introduced="2.0"), r("PYSEC-2099-75", "modern", "HIGH", fixed="2.0")])
    c.prepare("install", "late==1.0", "holder==1.0", "held==1.0", "pulled-fix==1.0", "early==1.0", "regressed==2.0", "modern==1.0", "fixless==1.0",
              "critical==1.0")
    got = fixes(c, status=1)
    c.equal(got.pop("critical"), "2.0", "critical")
    for name, words in {"late": "fixed upstream in 1.1, but your index does not have it", "held": "held back by holder 1.0, which needs held<2",
                        "pulled-fix": "yanked", "early": "--allow-prereleases", "regressed": "--allow-downgrades",
                        "modern": "does not fit this Python", "fixless": "no release on the index is clean"}.items():
        c.true(words in got[name], "%s: %r", name, got[name])
    c.equal(c.env.installed()["critical"], "2.0", "critical")
    got = fixes(c, "--allow-prereleases", "--allow-downgrades", status=1)
    c.equal((got["early"], got["regressed"]), ("2.0rc1", "1.0"), "allowed")


HASHED = """# what we need, by hand{end}
--index-url {index}{end}
{end}
flask==1.0 \\{end}
    --hash=sha256:{flask}{end}
    # the web{end}
Jinja2 == 2.10 ; python_version >= "3" \\{end}
    --hash=sha256:{jinja}   # held for the templates{end}
markupsafe==2.1.5 --hash=sha256:{markupsafe}{end}
click==8.1.7 \\{end}
  --hash=sha256:{click} \\{end}
  --hash=sha256:{zeros}{end}
"""


def hashes(c):
    found = {f.filename.split("-")[0].lower(): f.sha256() for f in c.files if f.filename.split("-")[1] in ("1.0", "2.10", "2.1.5", "8.1.7")}
    return {"flask": found["flask"], "jinja": found["jinja2"], "markupsafe": found["markupsafe"], "click": found["click"], "zeros": "0" * 64}


@case(pips="newest 22.2.2")
def fix_hashed_file(c):
    """A commented, hashed requirements file: one version and its hashes are new, every other byte stays; pip installs it."""
    c.files.append(index.sdist("Jinja2", "2.10.1"))  # the hashes of all files of the release, as pip-compile writes them
    text = "\ufeff" + HASHED.format(end="\r", index=c.index.url, **hashes(c)).replace("\r", "\r")
    path = c.write("requirements.txt", text.encode())
    os.chmod(path, 0o640)
    c.expect(c.audit("--fix", "-r", "requirements.txt"), status=0, err="the second audit finds nothing")
    with open(path, "rb") as f:
        after = f.read().decode()
    fresh = sorted(f.sha256() for f in c.files if f.filename.lower().startswith("jinja2-2.10.1"))
    c.equal(len(fresh), 2, "files")
    c.equal(after, text.replace("Jinja2 == 2.10 ", "Jinja2 == 2.10.1 ").replace(
        "--hash=sha256:%s   #" % hashes(c)["jinja"], " \\\r\n    --hash=".join([""] + ["sha256:" + h for h in fresh])[len(" \\\r\n    "):] + "   #"),
        "the file")
    c.equal(stat.S_IMODE(os.stat(path).st_mode), 0o640, "mode")
    c.expect(c.bare("install", "--require-hashes", "--only-binary", ":all:", "-r", "requirements.txt"), status=0)
    c.equal(c.env.installed()["jinja2"], "2.10.1", "installed")


@case(slow=True)
def fix_nested_files(c):
    """A pin in a nested file and in constraints; a range that holds it back is named; other lines stay."""
    chain(c)
    c.write("in/base.txt", "web==1.0  # for all\nidna==3.6\n")
    c.write("c.txt", "web==1.0\n")
    c.write("requirements.txt", "-r in/base.txt\n-c c.txt\napp>=1\ncritical == 1.0\n")
    c.equal(fixes(c, "-r", "requirements.txt", status=0), {"web": "2.1", "app": "2.0", "critical": "2.0"}, "fixes")
    c.equal([open(c.path(n)).read() for n in ("in/base.txt", "c.txt", "requirements.txt")],
            ["web==2.1  # for all\nidna==3.6\n", "web==2.1\n", "-r in/base.txt\n-c c.txt\napp>=1\ncritical == 2.0\n"], "the files")
    c.write("held.txt", "web==1.0\napp<2\n")
    got = fixes(c, "-r", "held.txt", status=1)
    c.true("held back by held.txt, line 2: app<2" in got["web"] or "app 1.0, which needs web<2" in got["web"], "reason: %r", got["web"])


@case()
def fix_without_pip(c):
    """--disable-pip: the lowest fixed version that the advisories name, said to be unresolved; standard input is no file."""
    path = c.write("requirements.txt", "jinja2==2.10 # templates\ntwins==1.0\nidna==3.6\n")
    c.expect(c.audit("--fix", "--disable-pip", "--no-deps", "-r", "requirements.txt"), status=0,
             err=r"jinja2 2\.10\.1: the lowest fixed version that its advisories name; not resolved")
    with open(path) as f:
        c.equal(f.read(), "jinja2==2.10.1 # templates\ntwins==3.0\nidna==3.6\n", "the file")
    c.expect(c.audit("--fix", "--disable-pip", "--no-deps", "-r", "-", stdin=b"jinja2==2.10\n"), status=1, out="standard input cannot be edited")


@case(slow=True)
def fix_odd_lines(c):
    """A version out of a variable is left alone and named; two lines for two Pythons are told apart."""
    path = c.write("requirements.txt", "jinja2==${THEVERSION}\n")
    c.expect(c.audit("--fix", "-r", "requirements.txt", env={"THEVERSION": "2.10"}), status=1, out="edit requirements.txt, line 1, by hand")
    with open(path) as f:
        c.equal(f.read(), "jinja2==${THEVERSION}\n", "the file")
    path = c.write("two.txt", "critical==1.0; python_version >= '3'\ncritical==0.1; python_version < '3'\n")
    c.equal(fixes(c, "-r", "two.txt", status=0), {"critical": "2.0"}, "fixes")
    with open(path) as f:
        c.equal(f.read(), "critical==2.0; python_version >= '3'\ncritical==0.1; python_version < '3'\n", "the file")


@case()
def fix_what_is_not_pips(c):
    """What came from an address is fixed where it comes from; a folder, and what the operating system looks after, are not pip's."""
    c.write("requirements.txt", "jinja2 @ %s\ncritical==1.0\n" % c.index.file_url("Jinja2-2.10-py3-none-any.whl"))
    got = fixes(c, "-r", "requirements.txt", status=1)
    c.equal(got["critical"], "2.0", "critical")
    c.true("does not come from an index" in got["jinja2"], "reason: %r", got["jinja2"])
    place(c.path("site"), "jinja2", "2.10")
    c.true("a folder alone" in fixes(c, "--path", "site", status=1)["jinja2"], "a folder")
    place(c.path("system"), "jinja2", "2.10", INSTALLER="debian\n")
    c.true("the operating system looks after it" in fixes(c, "--path", "system", status=1)["jinja2"], "a vendor's")


@case(mode="any")
def fix_in_an_enabled_python(c):
    """The engine's own pips, and the one that installs, pass the hook of an enabled interpreter."""
    enabling.own(c)
    c.prepare("install", "flask==1.0", "jinja2==2.10")
    enabling.enable(c)
    c.expect(c.pipgate("audit", "--fix", "--python", c.env.python, "--ignore-vuln", "PYSEC-2099-99"), status=0, err="the second audit finds nothing")
    c.equal(c.env.installed()["jinja2"], "2.10.1", "jinja2")


@case()
def fix_killed(c):
    """Killed at any time, the files are whole: as they were, or as they become."""
    before = "# kept\n" + "idna==3.6\n" + "jinja2==2.10\n"
    path = c.write("requirements.txt", before)
    wanted = before.replace("2.10", "2.10.1")
    seen = set()
    for seconds in (0.2, 0.6, 1.0, 1.5, 2.5):
        running = c.start([os.path.join(c.shims, "pip"), "audit", "--fix", "-r", "requirements.txt"])
        time.sleep(seconds)
        if running.process.poll() is None:
            running.process.send_signal(signal.SIGTERM)
        running.wait()
        c.true(not [n for n in os.listdir(c.tmp) if n.startswith("pipgate")], "left in TMPDIR: %s", os.listdir(c.tmp))
        for name in os.listdir(c.tmp):  # a pip that is killed while it resolves leaves its own there
            shutil.rmtree(os.path.join(c.tmp, name))
        with open(path) as f:
            seen.add(f.read())
        c.true(seen <= {before, wanted}, "the file is torn: %r", seen)
        c.true(not [n for n in os.listdir(c.work) if n != "requirements.txt"], "left beside: %s", os.listdir(c.work))
    c.true(wanted in seen or fixes(c, "-r", "requirements.txt", status=0), "it ends")


@case()
def fix_lock(c):
    """A lock file is its own tool's: the command is printed."""
    path = c.write("uv.lock", 'version = 1\nrequires-python = ">=3.8"\n\n[[package]]\nname = "jinja2"\nversion = "2.10"\n'
                   'source = { registry = "%s" }\n' % c.index.url)
    c.expect(c.audit("--fix", path), status=1, out=r"uv lock --upgrade-package jinja2==2\.10\.1")
