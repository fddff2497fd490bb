# SPDX-License-Identifier: Apache-2.0
"""Hostile input: the public set by its manifest, and places that are large, closed, circular or in motion."""
import os
import re
import signal
import tarfile
import threading
import time

from lib import paths, proc
from lib.case import Skipped, case
from lib.installed import place

KINDS = ("req", "pip-report", "pip-inspect", "pip-list", "pip-freeze", "pylock")
# what we do where the manifest leaves it open, or asks for an answer that only a resolution gives
OURS = {
    "req/conflict.txt": "error",        # pip refuses two pins of one name, and so do we: both are named
    "req/env.txt": "error",             # an unresolved ${VAR} is no requirement
    "req/unpinned.txt": "error",        # not without pip
    "req/continuation.txt": "error",    # one of its requirements has a hash, so all must
    "req/crlf.txt": "error",            # not pinned
    "req/options.txt": "error",         # pip refuses the option that it does not know
    "pip/list_format.json": "unknown",  # a version that is a number is no version
    "pip/freeze.txt": "unknown",
}


def rows(c):
    packed = paths.shared("bad.tar.xz")
    if not packed:
        raise Skipped("the public set is not here")
    with tarfile.open(packed) as t:
        t.extractall(c.work, filter="data") if hasattr(tarfile, "data_filter") else t.extractall(c.work)
    with open(c.path("bad", "MANIFEST.tsv"), encoding="utf-8") as f:
        for line in f:
            file, kind, must = line.rstrip("\n").split("\t")[:3]
            if kind in KINDS and not file.endswith(".gz"):
                yield file, kind, OURS.get(file, must)


def told(c, file, kind):
    words = ["-r", file, "--no-deps"] if kind in ("req", "pip-freeze") else [file]
    result = c.audit(*words, "-f", "json", cwd=c.path("bad"), raw=True)
    c.true(result.seconds < proc.HANG, "%s: %.1f s", file, result.seconds)
    c.true(not any(ord(ch) < 32 and ch != "\n" for ch in result.stderr), "%s: a raw control character", file)
    return result


@case()
def bad_set(c):
    """Every file of the manifest: refused by name, or told what of it is not known; never green by accident."""
    wrong, n = [], 0
    for file, kind, must in rows(c):
        result, n = told(c, file, kind), n + 1
        named = os.path.basename(file) in result.stderr or "line " in result.stderr
        if must == "error" and (result.status != 1 or result.stdout or not named):
            wrong.append("%s: status %s, %r, expected a named error" % (file, result.status, result.stderr[:200]))
        if must == "ok" and (result.status not in (0, 1) or not result.stdout):
            wrong.append("%s: status %s, %r, expected a report" % (file, result.status, result.stderr[:200]))
        if "unknown" in must and result.status == 0 and not re.search(r'"skip_reason"|"unknown":true|"broken":[1-9]', result.stdout):
            wrong.append("%s: it is green" % file)
        if "secret" in result.stderr or "hunter2" in result.stderr:
            wrong.append("%s: a password is printed" % file)
    c.true(not wrong, "%d of %d:\n  %s", len(wrong), n, "\n  ".join(wrong))


@case()
def large_file(c):
    """Ten megabytes of requirements, a line of a megabyte, and a million files in one dist-info."""
    c.write("large.txt", "".join("name-%d==1.%d\n" % (i, i % 7) for i in range(600000)))
    c.equal(os.path.getsize(c.path("large.txt")) >= 9 << 20, True, "its size")
    c.expect(c.audit("-r", "large.txt", "--no-deps"), status=0, err="600000 distributions")
    c.write("line.txt", "jinja2==2.10 # " + "x" * (1 << 20) + "\n")
    c.expect(c.audit("-r", "line.txt", "--no-deps"), status=1, out="jinja2")


@case(slow=True)
def a_million_files(c):
    """A dist-info that holds a million files is one distribution like any other."""
    info = place(c.path("a"), "jinja2", "2.10")
    for i in range(1000000):
        os.close(os.open(os.path.join(info, "f%d" % i), os.O_CREAT, 0o600))
    c.expect(c.audit("--path", "a"), status=1, out="jinja2")


@case()
def closed_and_circular(c):
    """Links that lead to themselves, folders in the place of files, FIFOs: counted, never waited for."""
    folder = c.path("a")
    place(folder, "jinja2", "2.10")
    os.symlink("loop-1.0.dist-info", os.path.join(folder, "loop-1.0.dist-info"))
    os.symlink(".", os.path.join(folder, "self-1.0.dist-info"))
    os.makedirs(os.path.join(folder, "folder-1.0.dist-info", "METADATA"))
    os.makedirs(os.path.join(folder, "fifo-1.0.dist-info"))
    os.mkfifo(os.path.join(folder, "fifo-1.0.dist-info", "METADATA"))
    os.symlink("/dev/zero", os.path.join(place(folder, "device", "1.0", metadata=""), "RECORD"))
    result = c.expect(c.audit("--path", "a"), status=1, out="jinja2", err=["fifo-1.0.dist-info", "folder-1.0.dist-info", "loop-1.0.dist-info"])
    c.true(result.seconds < proc.HANG, "%.1f s", result.seconds)


@case()
def unreadable(c):
    """A folder that may not be read is an error, metadata that may not be read is counted."""
    info = place(c.path("a"), "closed", "1.0")
    place(c.path("a"), "jinja2", "2.10")
    os.chmod(os.path.join(info, "METADATA"), 0)
    os.makedirs(c.path("b"))
    os.chmod(c.path("b"), 0)
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.getuid() == 0 else []
    if as_nobody:
        for path in (c.root, c.work, c.home, c.tmp):
            os.chmod(path, 0o777)
    gate = [os.path.join(c.shims, "pip"), "audit", "--db", c.db]
    first = c.run(as_nobody + gate + ["--path", "a"])
    if as_nobody and "Permission denied" in first.stderr and "jinja2" not in first.stdout:
        raise Skipped("another user cannot reach the build folder")
    c.expect(first, status=1, out="jinja2", err=r"closed-1\.0\.dist-info")
    c.expect(c.run(as_nobody + gate + ["--path", "b"]), status=1, err="b: ")
    os.chmod(c.path("b"), 0o700)


@case()
def an_environment_in_motion(c):
    """Distributions come and go while it is read: what stays is found each time."""
    place(c.path("a"), "jinja2", "2.10")
    over = threading.Event()

    def move():
        number = 0
        while not over.is_set():
            number += 1
            info = place(c.path("a"), "moving", str(number))
            os.rename(info, info + "~")
            for name in os.listdir(info + "~"):
                os.unlink(os.path.join(info + "~", name))
            os.rmdir(info + "~")
    mover = threading.Thread(target=move)
    mover.start()
    try:
        for _ in range(30):
            c.expect(c.audit("--path", "a"), status=1, out="jinja2")
    finally:
        over.set()
        mover.join()


@case(pips="newest")
def killed(c):
    """SIGTERM and SIGINT while pip resolves: nothing is left in TMPDIR, and it ends by the signal; what kill -9 leaves is swept."""
    c.write("r.txt", "flask==1.0\n")
    c.index.delay["."] = 3
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        running = c.start(["pip", "audit", "-r", "r.txt"])
        time.sleep(1)
        running.signal(number)
        result = running.wait()
        c.steps.append(result)
        c.true(result.status in (-number, 1), "%s: status %s", number, result.status)
        if number != signal.SIGKILL:
            c.equal(os.listdir(c.tmp), [], "left after signal %d" % number)
    c.index.delay.clear()
    for _ in range(50):
        if not [p for p in os.listdir("/proc") if p.isdigit() and c.root.encode() in _words(p)]:
            break
        time.sleep(0.1)
    for name in os.listdir(c.tmp):
        os.utime(os.path.join(c.tmp, name), (1, 1))  # a folder as young as that may be somebody's who has not locked it yet
    c.expect(c.audit("-r", "r.txt"), status=0, err="4 distributions")


def _words(pid):
    try:
        with open("/proc/%s/cmdline" % pid, "rb") as f:
            return f.read()
    except OSError:
        return b""
