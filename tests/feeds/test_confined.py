# SPDX-License-Identifier: Apache-2.0
"""pipgate-fetch is shut in: hostile code that runs within it reaches no file of the user's, no program and no other process."""
import ctypes
import os
import re
import shutil
import subprocess
import time

from lib import paths
from lib.case import Skipped, case
from lib.feedserver import FeedServer, archive
from updates import record

FETCH = os.path.join(paths.BUILD, "pipgate-fetch")
LANDLOCK = ctypes.CDLL(None, use_errno=True).syscall(444, 0, 0, 1)  # its version


def job(**fields):
    return b"".join(("%s=%s" % (k.replace("_", "-"), v)).encode() + b"\0" for k, v in {"job": 1, "verb": "unpack", **fields}.items()) + b"\0"


def fetch(c, *jobs, **env):
    """Answers by job: "DONE", or FAIL's class and text."""
    done = c.start([FETCH, "--protocol=1"], env=env, stdin=b"".join(jobs)).wait()
    told, at = {}, 0
    while at + 24 <= len(done.out):
        tag, number = done.out[at:at + 4].decode(), int.from_bytes(done.out[at + 4:at + 8], "little")
        name, body = int.from_bytes(done.out[at + 8:at + 12], "little"), int.from_bytes(done.out[at + 16:at + 24], "little")
        if tag in ("DONE", "FAIL"):
            told[number] = tag if tag == "DONE" else done.out[at + 24:at + 24 + name + body].decode()
        at += 24 + name + body
    return done, told


def confined():
    if "asan" in paths.BUILD:
        raise Skipped("sanitizers open files and start processes themselves")


def secrets(c):
    """Files of the user's that no feed has to do with."""
    made = [os.path.join(c.home, ".ssh", "id"), os.path.join(c.home, ".netrc"), os.path.join(c.tmp, "other"), os.path.join(c.work, "beside.zip")]
    for path in made:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write("secret")
    return made


def intruder(c):
    if not shutil.which("cc"):
        raise Skipped("no compiler is here")
    made = os.path.join(c.root, "intruder.so")
    subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", made, os.path.join(paths.TESTS, "feeds", "intruder.c")], check=True)
    return made


@case(pips="one", mode="any")
def an_intruder(c):
    """Code in pipgate-fetch, where it unpacks: of files and folders, of processes and of the network it gets nothing but the job's own."""
    confined()
    c.environ()
    own = c.write("own.zip", archive({"PYSEC-1": record("PYSEC-1")}))
    files = secrets(c) + ["/etc/shadow", "/etc/passwd", c.home, "/proc/self/mem", "/proc/self/environ"]
    env = {"LD_PRELOAD": intruder(c), "INTRUDER_FILES": ":".join([own] + files), "INTRUDER_MAKES": os.path.join(c.tmp, "made"), "INTRUDER_REMOVES": files[0]}
    with FeedServer() as server:
        server.files["feed.zip"] = archive({"PYSEC-1": record("PYSEC-1")})
        for place in (own, server.root + "feed.zip"):
            done, _ = fetch(c, job(place=place), **env)
            told = [line.rsplit(": ", 1) for line in done.stderr.split("\n") if line]
            c.true(len(told) == 2 * (len(files) + 1) + 10, "attempts: %s", done.stderr)
            wrong = [t for t in told if t[1] not in ("EPERM", "EACCES", "EISDIR") and t != [own, "done"] and (LANDLOCK > 0 or t[0] in (
                "run", "fork", "kill", "ptrace", "limit", "serve", "packets", "chmod"))]
            c.true(not wrong, "%s: %s", place, wrong)
            c.true((told[0] == [own, "done"]) == (place == own) or LANDLOCK < 1, "the job's own file: %s", told[0])
    c.true(os.path.exists(files[0]) and not os.path.exists(env["INTRUDER_MAKES"]), "a file was made or removed")
    for path in secrets(c):
        os.unlink(path)


@case(pips="one", mode="any")
def another_place(c):
    """A second job, and a symbolic link that is turned meanwhile, lead to a refusal, as the file of another job does."""
    confined()
    if LANDLOCK < 1:
        raise Skipped("this kernel has no Landlock")
    c.environ()
    own, link = c.write("own.json", "{}"), c.path("link.json")
    secret = secrets(c)[0]
    os.symlink(own, link)
    done, told = fetch(c, job(verb="get", place=own), job(job=2, verb="get", place=secret), job(job=3, verb="get", place="/etc/shadow"),
                       job(job=4, verb="get", place=own), job(job=5, verb="get", place=link))
    c.equal(told, {1: "DONE", 2: "filecannot be opened: Permission denied", 3: "filecannot be opened: Permission denied", 4: "DONE", 5: "DONE"}, "answers")
    running = subprocess.Popen([FETCH, "--protocol=1"], env=c.environ(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    running.stdin.write(job(verb="get", place=link))
    running.stdin.flush()
    out = b""
    while b"DONE" not in out:
        out += os.read(running.stdout.fileno(), 65536)
    os.unlink(link)
    os.symlink(secret, link)
    out = running.communicate(job(job=2, verb="get", place=link))[0]
    c.true(b"cannot be opened: Permission denied" in out and b"secret" not in out, "%r", out)
    signed, _ = fetch(c, job(verb="verify", place=link, public_key="x", signature="x"))
    c.true(b"secret" not in signed.out, "%r", signed.out)
    for path in secrets(c):
        os.unlink(path)


@case(pips="one", mode="any")
def how_it_runs(c):
    """What the kernel says of a running pipgate-fetch: no new privileges, a filter of calls, bounds; and nobody attaches to it as a user."""
    confined()
    with FeedServer() as server:
        word = server.osv({"PYSEC-1": record("PYSEC-1")})
        server.delay = 0.6
        update = c.start([paths.PIPGATE, "db", "build", "-o", "x.db", word])
        found, end = None, time.monotonic() + 10
        while not found and time.monotonic() < end:
            for pid in filter(str.isdigit, os.listdir("/proc")):
                try:
                    with open("/proc/%s/status" % pid) as f:
                        status = f.read()
                    with open("/proc/%s/limits" % pid) as f:
                        limits = f.read()
                    if status.startswith("Name:\tpipgate-fetch") and os.getsid(int(pid)) == update.process.pid and "Seccomp:\t2" in status:
                        found = status, limits
                except (OSError, ProcessLookupError):
                    pass
        server.delay = 0
        c.expect(update.wait(), status=0)
    c.true(found, "no pipgate-fetch with a filter was seen")
    c.true(re.search(r"^NoNewPrivs:\t1$", found[0], re.M), found[0])
    for bound in (r"core file size +0 +0", r"open files +64 +64", r"cpu time +600 ", r"file size +4294967296 ", r"address space +805306368 "):
        c.true(re.search("^Max " + bound, found[1], re.M), "%s: %s", bound, found[1])
