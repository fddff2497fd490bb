# SPDX-License-Identifier: Apache-2.0
"""Requirements files: as they stand where they pin everything, else resolved by the real pip; kept answers; what is refused."""
import os
import re
import threading
import time

from lib import index, wheels
from lib.case import case

H = " --hash=sha256:" + "ab" * 32
NO_PYTHON = {"PATH": "/nowhere"}


def found(report):
    return {d["name"].lower(): (d["version"], d.get("file"), d.get("line")) for d in report["dependencies"] if "version" in d}


def skipped(report):
    return {d["name"]: d["skip_reason"] for d in report["dependencies"] if "skip_reason" in d}


@case(pips="newest")
def requirements_as_they_stand(c):
    """Pinned and hashed, or --no-deps: neither pip nor Python is started, lines and nested files are told."""
    c.write("r.txt", "# all of it\njinja2==2.10 \\\n   %s\n-r more/n.txt\n" % H)
    c.write("more/n.txt", "\n\nidna===3.7%s # why\n" % H)
    wanted = {"jinja2": ("2.10", "r.txt", 2), "idna": ("3.7", "more/n.txt", 3)}
    c.equal(found(c.audit_json("-r", "r.txt", status=1)), wanted, "hashed")
    c.equal(found(c.audit_json("-r", "r.txt", "--disable-pip", status=1)), wanted, "hashed, without pip")
    c.write("p.txt", "Jinja2 == 2.10\nidna==3.7 ; sys_platform == 'nowhere'\n")
    c.equal(found(c.audit_json("-r", "p.txt", "--no-deps", status=1)), {"jinja2": ("2.10", "p.txt", 1)}, "--no-deps and a marker")
    c.true(not c.index.requests, "the index was asked")
    c.write("u.txt", "jinja2==2.10\n")
    c.expect(c.run([os.path.join(c.shims, "pip"), "audit", "-r", "u.txt", "--no-deps"], env=NO_PYTHON), status=1, out="^jinja2 +2.10 ")


@case(pips="newest")
def requirements_refused(c):
    """What cannot be audited as it stands is refused by file and line."""
    table = (
        ("flask==1.0 x\n", [], "requirement file r.txt contains invalid specifier at line 1"),
        ("idna\n-r nowhere.txt\n", [], "r.txt, line 2: nowhere.txt: No such file"),
        ("-r r.txt\n", [], "r.txt, line 1: r.txt recursively references itself"),
        ("-c ./sub/../r.txt\n", [], "recursively references itself"),
        ("flask==1.0\n", ["--disable-pip"], "the --disable-pip flag can only be used with a hashed requirements files or if the --no-deps flag"),
        ("flask\n", ["--no-deps"], "requirement flask is not pinned: flask"),
        ("flask>=1\n", ["--no-deps"], "requirement flask is not pinned to an exact version: flask>=1"),
        ("flask==1.*\n", ["--no-deps"], "not pinned to an exact version"),
        ("flask==1.0\nflask==1.1\n", ["--no-deps"], "package flask has duplicate requirements: flask==1.1"),
        ("flask==1.0%s\nidna==3.7\n" % H, ["--disable-pip"], "requirement idna==3.7 does not contain a hash"),
        ("flask==1.0\n", ["--require-hashes", "--no-deps"], "does not contain a hash"),
        ("-r http://127.0.0.1:1/x\n", ["--no-deps"], "names a file at an address"),
        ("flask==1.0%s\nidna==3.7\n" % H, [], "pip could not resolve it: "),
        ("# coding: nowhere\nflask==1.0\n", [], "that encoding is not known; save it as UTF-8"),
        ("flask==1.0 --hash=md5:0\n", [], "no hash as pip takes it"),
        ("nothing-of-that-name\n", [], "pip could not resolve it: No matching distribution found for nothing-of-that-name"),
        ("picky\nproud\n", [], "pip could not resolve it: "),
    )
    for text, options, error in table:
        c.write("r.txt", text)
        c.expect(c.audit("-r", "r.txt", *options), status=1, err=re.escape(error), out=r"\A\Z")
    c.expect(c.audit("-r", "absent.txt"), status=1, err="invalid requirements input: absent.txt")


@case()
def requirements_resolved(c):
    """The real pip resolves: versions and what is drawn in equal an installation by pip; lines are those of the file; nothing is
    installed and nothing built is left."""
    c.write("r.txt", "--pre\n\nflask\nbatteries[names]==1.0 ; python_version > '3'\nwindows-only\n-c limits.txt\n")
    c.write("limits.txt", "jinja2==2.10\n")
    before = c.snapshot()
    report = c.audit_json("-r", "r.txt", status=1)
    c.unchanged(before)
    told = found(report)
    c.prepare("install", "-r", "r.txt")
    c.equal({name: v[0] for name, v in told.items()}, {n: v for n, v in c.env.installed().items() if n != "setuptools"}, "distributions")
    c.equal(told["flask"][1:], ("r.txt", 3), "the place of flask")
    c.equal(told["batteries"][1:], ("r.txt", 4), "the place of batteries")
    jinja = [d for d in report["dependencies"] if d["name"].lower() == "jinja2"][0]
    c.true(not told["jinja2"][2], "a line for what is drawn in")
    c.true("flask" in str(jinja), "the chain: %s", jinja)


@case()
def requirements_from_a_pipe(c):
    """Standard input and a FIFO, also where they name files beside, and twice the same from the cache."""
    c.write("more.txt", "jinja2==2.10\n")
    text = "idna==3.7\n-r more.txt\n"
    c.expect(c.audit("-r", "-", "--no-deps", stdin=text.encode()), status=1, out="jinja2")
    for _ in range(2):
        told = found(c.audit_json("-r", "-", stdin=text.encode(), status=1))
        c.equal(told["jinja2"], ("2.10", "more.txt", 1), "jinja2")
        c.equal(told["idna"][0::2], ("3.7", 1), "idna")
    c.equal(len(c.index.seen("page", "/jinja2/")), 1, "questions to the index")
    fifo = c.path("fifo")
    os.mkfifo(fifo)
    writer = threading.Thread(target=lambda: open(fifo, "w").write(text))
    writer.start()
    c.equal(found(c.audit_json("-r", "fifo", status=1))["jinja2"][0], "2.10", "jinja2 of a FIFO")
    writer.join()
    c.expect(c.audit("-", stdin=b"jinja2==2.10\n"), status=1, out="jinja2")


def kept(c):
    folder = os.path.join(c.home, "cache", "pipgate", "resolutions")
    return sorted(os.path.join(folder, name) for name in os.listdir(folder)) if os.path.isdir(folder) else []


@case(pips="newest")
def requirements_kept(c):
    """An answer is kept for an hour, by all it depends on; a new release is seen after it."""
    c.index.cache = False  # that of pip itself is not meant
    c.write("r.txt", "idna\n")

    def version(*options, **more):
        return found(c.audit_json("-r", "r.txt", *options, **more))["idna"][0]

    c.equal(version(), "3.7", "first")
    new = index.wheel("idna", "3.8")
    c.index.files[new.filename] = new
    asked = len(c.index.requests)
    c.equal(version(), "3.7", "kept")
    c.equal(len(c.index.requests), asked, "questions to the index")
    c.equal(version("--index-url", c.index.root + "/simple"), "3.8", "another index")
    c.equal(version(env={"PIP_PRE": "1"}), "3.8", "another setting of pip")
    c.write("r.txt", "idna \n")
    c.equal(version(), "3.8", "another text")
    c.write("r.txt", "idna\n")
    for path in kept(c):  # as if it were two hours later
        os.utime(path, (time.time() - 7200,) * 2)
    c.equal(version(), "3.8", "after its time")
    for path in kept(c):
        with open(path, "rb") as f:
            data = f.read()
        with open(path, "wb") as f:
            f.write(data[:-200])
    c.equal(version(), "3.8", "over damaged files")
    os.chmod(os.path.dirname(kept(c)[0]), 0o777)
    asked = len(c.index.requests)
    c.expect(c.audit("-r", "r.txt"), status=0, err="resolutions is not used: another user owns it, or may write there")
    c.true(len(c.index.requests) > asked, "what others may write was believed")


@case(pips="newest")
def requirements_of_folders_are_not_kept(c):
    """What lies in a folder may change: it is read each time."""
    wheels.project(c.path("here"), "here", "1.0", requires=["idna"])
    c.write("r.txt", "./here\n")
    told = found(c.audit_json("-r", "r.txt", status=1))
    c.equal(told["here"], ("1.0", "r.txt", 1), "here")
    c.true("idna" in told, "idna is drawn in")
    wheels.project(c.path("here"), "here", "2.0")
    c.equal(set(found(c.audit_json("-r", "r.txt", status=0))), {"here"}, "here 2.0")
    c.write("e.txt", "-e ./here\n")
    c.equal(found(c.audit_json("-r", "e.txt", status=0))["here"], ("2.0", "e.txt", 1), "an editable one")
    c.equal(skipped(c.audit_json("-r", "e.txt", "--skip-editable", status=0)), {"here": "requirement marked as editable"}, "--skip-editable")


@case(pips="newest")
def requirements_changed_meanwhile(c):
    """A file that changes while pip reads it gives no answer, and none that is kept."""
    c.write("r.txt", "jinja2\n")
    c.index.delay["/simple/jinja2/"] = 1.5
    running = c.start([os.path.join(c.shims, "pip"), "audit", "-r", "r.txt"])
    deadline = time.monotonic() + 20
    while not c.index.requests and time.monotonic() < deadline:
        time.sleep(0.02)
    c.write("r.txt", "idna\n")
    c.expect(c.checked(running.wait()), status=1, err="r.txt was changed while it was audited; run it again")
    c.equal(kept(c), [], "kept answers")


@case(pips="newest")
def requirements_of_source_distributions(c):
    """What is built to be known follows the gate's word on source distributions."""
    c.write("r.txt", "wants-built\n")
    c.equal(set(found(c.audit_json("-r", "r.txt"))), {"wants-built", "built"}, "built")
    c.true(c.built(), "it was built")
    os.unlink(c.marker)
    c.expect(c.audit("--gate-sdist", "block", "-r", "r.txt"), status=1, err="source distributions are left out, as sdist is block")
    c.expect(c.audit("-r", "r.txt", env={"PIPGATE_SDIST": "block"}), status=1, err="source distributions are left out")
    c.equal(c.built(), [], "builds")


@case(pips="20.3.4 21.3.1")
def requirements_and_an_old_pip(c):
    """A pip that cannot tell what it would install: it is said what to do; a pinned file needs none."""
    c.write("r.txt", "flask\n")
    c.expect(c.audit("-r", "r.txt"), status=1, err=r"pip %s cannot tell what it would install: upgrade it to 22\.2 or later" % re.escape(c.pair.pip))
    c.write("p.txt", "jinja2==2.10%s\n" % H)
    c.expect(c.audit("-r", "p.txt"), status=1, out="jinja2")


@case(pips="newest")
def requirements_skipped(c):
    """Addresses have no version to be known by: they are named as not audited, as pip-audit names them."""
    c.write("r.txt", "flask @ http://127.0.0.1:1/flask-1.0-py3-none-any.whl\nhttp://127.0.0.1:1/x.zip#egg=Foo\n-e ./here\n"
            "http://127.0.0.1:1/y.zip ; sys_platform == 'nowhere'\n")
    report = c.audit_json("-r", "r.txt", "--no-deps", status=0)
    c.equal(skipped(report), {"flask": "URL requirements cannot be pinned to a specific package version",
                              "foo": "could not deduce package version from URL requirement",
                              "./here": "could not deduce package version from URL requirement"}, "skipped")
    c.expect(c.audit("-r", "r.txt", "--no-deps", "--strict"), status=1)


@case(pips="newest")
def requirements_without_end(c):
    """A file of 100,000 lines and one of 10 MB are audited; /dev/zero, deep nesting and many files are refused."""
    c.write("many.txt", "".join("package-%d==1.%d\n" % (i, i % 9) for i in range(99999)) + "jinja2==2.10\n")
    c.expect(c.audit("-r", "many.txt", "--no-deps"), status=1, out="jinja2", err="100000 distributions")
    c.write("long.txt", "".join("package-%d==1.0 \\\n%s\n" % (i, " \\\n".join(["   " + H] * 12)) for i in range(9500)))
    c.true(os.path.getsize(c.path("long.txt")) > 9 << 20, "it is long")
    c.expect(c.audit("-r", "long.txt"), status=0, err="9500 distributions")
    c.expect(c.audit("-r", "/dev/zero", "--no-deps"), status=1, err="/dev/zero")
    for i in range(100):
        c.write("deep%d.txt" % i, "-r deep%d.txt\n" % (i + 1))
    c.write("deep100.txt", "idna==3.7\n")
    c.expect(c.audit("-r", "deep0.txt", "--no-deps"), status=1, err="files name files more than 64 deep")
    for i in range(20):
        c.write("wide%d.txt" % i, "-r wide%d.txt\n" % (i + 1) * 2)
    c.write("wide20.txt", "idna==3.7\n")
    c.expect(c.audit("-r", "wide0.txt", "--no-deps"), status=1, err="more than 1000 files")
