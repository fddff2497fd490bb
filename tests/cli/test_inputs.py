# SPDX-License-Identifier: Apache-2.0
"""Where distributions come from: folders, archives, URLs, version control; and indexes that are not plain."""
import os
import shutil

from lib import index, pips, wheels
from lib.case import Skipped, case

SOME = "20.3.4 22.2.2 newest"


@case(pips=SOME)
def local_folder(c):
    """A folder is named as such and audited by its name and version."""
    wheels.project(c.path("here"), "here", "1.0", requires=["idna"])
    before = c.snapshot()
    c.expect(c.gate("install", "./here"), status=40, err=["PYSEC-2099-20", r"(?i)here +1\.0", "local folder|directory"])
    c.unchanged(before)
    wheels.project(c.path("here"), "here", "2.0", requires=["idna"])
    c.expect(c.gate("install", "./here"), status=0, err="local folder|directory")
    c.equal(c.env.installed(), {"here": "2.0", "idna": "3.7"}, "installed")


@case(pips="22.2.2 newest")
def editable(c):
    """An editable project is named as such; its dependencies are judged with it."""
    wheels.project(c.path("here"), "here", "1.0")
    before = c.snapshot()
    c.expect(c.gate("install", "-e", "./here"), status=40, err=["PYSEC-2099-20", "editable"])
    c.unchanged(before)
    wheels.project(c.path("here"), "here", "2.0", requires=["jinja2==2.10"])
    c.expect(c.gate("install", "--editable=./here"), status=40, err=r"here 2\.0 →")
    c.unchanged(before)
    wheels.project(c.path("here"), "here", "2.0")
    c.expect(c.gate("install", "-e", c.path("here")), status=0, err="editable")
    c.true(c.env.installed().get("here") == "2.0", "it was not installed")


@case(pips=SOME)
def local_archive(c):
    """A wheel or an sdist lying here."""
    for name, data in (wheels.wheel("here", "1.0"), wheels.wheel("here", "2.0"), wheels.sdist("built-bad", "1.0")):
        c.write(name, data)
    before = c.snapshot()
    c.expect(c.gate("install", "./here-1.0-py3-none-any.whl"), status=40, err=["PYSEC-2099-20", "local file|archive"])
    c.expect(c.gate("install", "built_bad-1.0.tar.gz"), status=40, err="PYSEC-2099-19")
    c.unchanged(before)
    c.expect(c.gate("install", "here-2.0-py3-none-any.whl"), status=0, err="local file|archive")
    c.equal(c.env.installed(), {"here": "2.0"}, "installed")


@case(pips=SOME)
def direct_url(c):
    """`name @ URL` and a plain URL."""
    before = c.snapshot()
    bad = c.index.file_url("critical-1.0-py3-none-any.whl")
    c.expect(c.gate("install", bad), status=40, err=["PYSEC-2099-11", "URL"])
    c.expect(c.gate("install", "critical @ " + bad), status=40, err="PYSEC-2099-11")
    c.unchanged(before)
    good = c.index.file_url("critical-2.0-py3-none-any.whl", fragment=True)
    c.expect(c.gate("install", "critical @ " + good), status=0, err="URL")
    c.equal(c.env.installed(), {"critical": "2.0"}, "installed")
    c.true(os.path.exists(os.path.join(c.env.site, "critical-2.0.dist-info", "direct_url.json")), "direct_url.json is lacking")


@case(pips="22.2.2 newest")
def version_control(c):
    """A git repository."""
    if not shutil.which("git"):
        raise Skipped("git is not here")
    wheels.project(c.path("repo"), "here", "1.0")
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main", "-C", c.path("repo")]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "one"]):
        c.expect(c.run(git + words, gate=False), status=0)
    before, url = c.snapshot(), "git+file://" + c.path("repo")
    c.expect(c.gate("install", url), status=40, err=["PYSEC-2099-20", "version control|vcs|git"])
    c.unchanged(before)
    wheels.project(c.path("repo"), "here", "2.0")
    c.expect(c.run(git + ["commit", "-q", "-a", "-m", "two"], gate=False), status=0)
    c.expect(c.gate("install", url), status=0, err="version control|vcs|git")
    c.equal(c.env.installed(), {"here": "2.0"}, "installed")


@case(pips="24.3.1 newest")
def legacy_setup_py(c):
    """An sdist of the old kind with the real setuptools from the configured index: named, blocked, its mark seen."""
    path = pips.extra_wheel("setuptools<81")
    with open(path, "rb") as f:
        c.files.append(index.File(os.path.basename(path), f.read()))
    path = pips.extra_wheel("wheel<0.46")
    with open(path, "rb") as f:
        c.files.append(index.File(os.path.basename(path), f.read()))
    c.files.append(index.sdist("here", "1.0", legacy=True))
    before = c.snapshot()
    c.expect(c.gate("install", "--gate-sdist", "block", "here"), status=(1, 40))
    c.equal(c.built(), [], "build code")
    c.expect(c.gate("install", "here"), status=40, err=["PYSEC-2099-20", r"built from source.*here 1\.0"])
    c.true("setup here" in c.built(), "no build code ran")
    c.unchanged(before)


@case()
def index_without_hashes(c):
    """An index that gives no hashes, no PEP 658 and no cache headers."""
    c.index.hashes = c.index.core_metadata = c.index.cache = c.index.json = False
    before = c.snapshot()
    c.expect(c.gate("install", "jinja2==2.10"), status=40, err="PYSEC-2099-10")
    c.unchanged(before)
    c.expect(c.gate("install", "jinja2"), status=0)
    c.equal(c.env.installed(), {"jinja2": "3.1.6", "markupsafe": "2.1.5"}, "installed")


@case()
def index_with_password(c):
    """Credentials reach pip and appear in nothing that we write."""
    c.index.auth = ("user", "s3cr3t-w0rd")
    url = c.index.url.replace("//", "//user:s3cr3t-w0rd@")
    for way in ({"env": {"PIP_INDEX_URL": url}}, {"extra": ["--index-url", url]}, {"extra": ["--index-url=" + url]}):
        words = ["install"] + way.get("extra", []) + ["--gate-report", c.path("report.json")]
        env = dict(way.get("env", {}), PIPGATE_LOG="debug")
        blocked = c.expect(c.gate(*(words + ["critical==1.0"]), env=env), status=40, err="PYSEC-2099-11")
        c.true(b"s3cr3t" not in blocked.err + blocked.out, "a password on the terminal")
        with open(c.path("report.json")) as f:
            c.true("s3cr3t" not in f.read(), "a password in the report")
    c.expect(c.gate("install", "idna", env={"PIP_INDEX_URL": url}), status=0, not_err="s3cr3t")


@case(pips="20.3.4 22.2.2 24.3.1 newest")
def required_hashes(c):
    """Hashes in a requirements file bind as they do for the bare pip."""
    good = c.index.files["idna-3.7-py3-none-any.whl"].sha256()
    before = c.snapshot()
    c.write("wrong.txt", "idna==3.7 --hash=sha256:" + "0" * 64 + "\n")
    c.expect(c.gate("install", "-r", "wrong.txt"), status=1, err="(?i)hash")
    c.write("bad.txt", "critical==1.0 --hash=sha256:%s\n" % c.index.files["critical-1.0-py3-none-any.whl"].sha256())
    c.expect(c.gate("install", "--require-hashes", "-r", "bad.txt"), status=40)
    c.unchanged(before)
    c.write("good.txt", "idna==3.7 --hash=sha256:%s\n" % good)
    c.expect(c.gate("install", "-r", "good.txt"), status=0)
    c.equal(c.env.installed(), {"idna": "3.7"}, "installed")


@case(pips="20.3.4 22.2.2 24.3.1 newest")
def requests_to_the_index(c):
    """The second pass fetches no file again: what was audited is what is installed."""
    c.expect(c.gate("install", "flask"), status=0, err="^pipgate: .*audited")
    asked = [r.path for r in c.index.seen("file")]
    c.equal(sorted(asked), sorted(set(asked)), "files fetched")
    c.index.requests.clear()
    c.expect(c.gate("install", "--no-cache-dir", "batteries[names]"), status=0)
    asked = [r.path for r in c.index.seen("file")]
    c.equal(sorted(asked), sorted(set(asked)), "files fetched with --no-cache-dir")


@case(pips="20.3.4 22.2.2 newest")
def requirements_by_url(c):
    """-r URL: what it asks for is judged, what of it is installed already is shown."""
    c.index.pages["/r.txt"] = b"--pre\nidna\ncritical==1.0\n"
    before = c.snapshot()
    c.expect(c.gate("install", "-r", c.index.root + "/r.txt"), status=40, err="PYSEC-2099-11")
    c.unchanged(before)
    c.prepare("install", "-q", "critical==1.0")
    c.expect(c.gate("install", "-r", c.index.root + "/r.txt"), status=0, err=["PYSEC-2099-11", "already installed"])


@case(pips="22.2.2 newest")
def find_links(c):
    """--find-links without an index."""
    os.mkdir(c.path("links"))
    for name, data in (wheels.wheel("here", "1.0"), wheels.wheel("clean", "1.0")):
        c.write("links/" + name, data)
    before = c.snapshot()
    c.expect(c.gate("install", "--no-index", "-f", "links", "here"), status=40)
    c.unchanged(before)
    c.expect(c.gate("install", "--no-index", "--find-links=links", "clean"), status=0)
    c.equal(c.env.installed(), {"clean": "1.0"}, "installed")
