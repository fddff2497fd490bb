# SPDX-License-Identifier: Apache-2.0
"""Held to the plan: what pip does is what was audited, and its status, signals and interruptions are its own."""
import os
import random
import shutil
import signal
import time

from lib import fakepip, index, tree, wheels
from lib.case import case


def fake(c, **orders):
    made = fakepip.FakePip(c.env, c.root)
    made.orders(**orders)
    return made


@case(pips="22.2.2 24.3.1 newest")
def another_file_the_second_time(c):
    """An index that answers a file, then another with a new dependency: the malicious one is not brought in unseen."""
    name, second = wheels.wheel("idna", "3.7", ["evil-typo"])
    c.index.second[name] = second
    c.index.hashes = c.index.core_metadata = c.index.cache = False
    result = c.expect(c.gate("install", "idna==3.7"), status=(0, 1, 43), err="^pipgate: .*audited")
    asked = c.index.files[name].asked
    if asked > 1:
        c.expect(result, status=(1, 43))
        c.true("evil-typo" not in c.env.installed() or result.status == 43, "unseen: %s", c.env.installed())
    else:
        c.expect(result, status=0)
        c.equal(c.env.installed(), {"idna": "3.7"}, "installed")


@case(pips="22.2.2 24.3.1 newest")
def another_release_the_second_time(c):
    """A new release that appears between the passes is not taken."""
    c.index.delay = {"/files/": 0}
    late = index.wheel("quiet", "3.0")
    seen = []
    answer = c.index.answer

    def later(path, headers):
        seen.append(path)
        made = answer(path, headers)
        if path.startswith("/simple/quiet"):
            c.index.files[late.filename] = late
        return made
    c.index.answer, c.index.cache = later, False
    c.expect(c.gate("install", "quiet", "--no-cache-dir"), status=0, err="^pipgate: .*audited")
    c.equal(c.env.installed(), {"quiet": "2.0"}, "installed")


@case(pips="one", mode="plan")
def status_of_pip(c):
    """pip's own status is passed on: of the dry run, of the install."""
    for status in (1, 2, 3, 4, 23, 120):
        pip = fake(c, report=fakepip.report([("idna", "3.7")]), wet={"status": status, "stderr": "so be it\n"})
        c.expect(c.gate("install", "idna"), status=status, err="so be it")
        c.true(pip.installed, "the real pip was not run")
        os.unlink(pip.marker)
        pip.orders(report=fakepip.report(), dry={"status": status, "stderr": "no plan\n"})
        c.expect(c.gate("install", "idna"), status=status, err="no plan")
        c.true(not pip.installed, "it was run without a plan")


@case(pips="one", mode="plan")
def signals_of_pip(c):
    """A pip that a signal ends ends us with the same signal."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        pip = fake(c, report=fakepip.report([("idna", "3.7")]), wet={"signal": number})
        c.expect(c.gate("install", "idna"), status=-number)
        pip.orders(report=fakepip.report(), dry={"signal": number})
        os.unlink(pip.marker)
        c.expect(c.gate("install", "idna"), status=-number)
        c.true(not pip.installed, "it was run without a plan")
        c.expect(c.gate("list"), status=0)


@case(pips="one", mode="plan")
def what_pip_is_given(c):
    """pip sees none of our options; both passes get the same arguments."""
    pip = fake(c, report=fakepip.report([("idna", "3.7"), ("click", "8.1.7")]))
    c.expect(c.gate("install", "--gate-fail-on", "any", "idna", "--pre", "click>=8", "--gate-policy=unknown=low"), status=0)
    calls = [x for x in pip.calls() if "install" in x["argv"]]
    c.equal(len(calls), 2, "calls of pip install")
    for call in calls:
        c.true(not any("gate" in a for a in call["argv"] if a.startswith("-")), "argv %s", call["argv"])
        c.true({"idna", "--pre", "click>=8"} <= set(call["argv"]), "argv %s", call["argv"])
    c.true("--dry-run" in calls[0]["argv"] and "--dry-run" not in calls[1]["argv"], "order")


@case(pips="one")
def terminated(c):
    """SIGTERM to the gate alone: pip ends with it, nothing is left running, nothing of ours is left lying about."""
    c.index.delay = {"/files/": 30}
    before = c.snapshot()
    running = c.start([os.path.join(c.shims, "pip"), "install", "idna"])
    time.sleep(1.0)
    os.kill(running.process.pid, signal.SIGTERM)
    result = running.wait()
    c.steps.append(result)
    c.true(not result.left_over, "left running: %s", result.left_over)
    c.true(not [n for n in os.listdir(c.tmp) if n.startswith("pipgate")], "left in TMPDIR: %s", os.listdir(c.tmp))
    c.expect(result, status=-signal.SIGTERM)
    c.unchanged(before)


def interrupted(c, words, installs):
    """Ctrl-C at random moments; the seed is printed with a failure."""
    seed = int.from_bytes(os.urandom(4), "big")
    pick = random.Random(seed)
    took = c.expect(c.gate("install", "--gate-plan", *words), status=0 if installs else 40).seconds * 1.6
    before = c.snapshot()
    for _ in range(12):
        moment = pick.random() * took
        running = c.start([os.path.join(c.shims, "pip"), "install"] + words)
        time.sleep(moment)
        running.signal(signal.SIGINT)
        result = running.wait()
        c.steps.append(result)
        told = "at %.3f s (seed %d)" % (moment, seed)
        c.true(not result.timed_out and not result.left_over, "it went on %s", told)
        c.true(result.status != 0 or installs, "status 0 %s", told)
        c.true(not [n for n in os.listdir(c.tmp) if n.startswith("pipgate")], "left in TMPDIR %s: %s", told, os.listdir(c.tmp))
        if not installs:
            c.unchanged(before)


@case(pips="newest")
def ctrl_c_never_opens(c):
    """Ctrl-C at any moment of a blocked install: the environment is as before, nothing of ours is left."""
    interrupted(c, ["jinja2==2.10"], installs=False)


@case(pips="one")
def ctrl_c_of_an_install(c):
    """Ctrl-C at any moment of a clean install is pip's own; nothing of ours is left."""
    interrupted(c, ["--force-reinstall", "flask"], installs=True)


@case(pips="one", mode="plan")
def left_overs_are_swept(c):
    """What a killed process left in TMPDIR goes at the next start; what a live one has stays."""
    c.index.delay = {"/files/": 30}
    running = c.start([os.path.join(c.shims, "pip"), "install", "idna"])
    deadline = time.monotonic() + 10
    while not os.listdir(c.tmp) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.3)
    running.signal(signal.SIGKILL)
    running.wait()
    left = [n for n in os.listdir(c.tmp) if n.startswith("pipgate")]
    c.true(left, "the test is pointless: nothing was left")
    for name in left:
        os.utime(os.path.join(c.tmp, name), (time.time() - 3600, time.time() - 3600))
    for name in os.listdir(c.tmp):
        if not name.startswith("pipgate"):
            shutil.rmtree(os.path.join(c.tmp, name))
    c.index.delay = {}
    c.expect(c.gate("install", "idna"), status=0)


@case(pips="one", mode="plan")
def what_others_left_stays(c):
    """A folder in TMPDIR is swept only where its name and mode are those of ours: work may lie in one called pipgate-master."""
    folder = c.path("temporary")
    ours = "pipgate-run.abcdef"
    others = ["pipgate-fetch-test.z7wi5bjz", "pipgate-master", "pipgate-run.notes", "pipgate-run.public"]
    for name in (ours, *others):
        c.write(os.path.join(folder, name, "work"), "days of it")
        os.chmod(os.path.join(folder, name), 0o755 if name.endswith("public") else 0o700)
        os.utime(os.path.join(folder, name), (time.time() - 3600, time.time() - 3600))
    c.expect(c.gate("install", "idna", env={"TMPDIR": folder}), status=0)
    c.equal(sorted(os.listdir(folder)), others, "what stays")


@case()
def requirements_that_change(c):
    """A requirements file by URL that is another one the second time brings in nothing unseen."""
    answers = [b"idna==3.7\n", b"idna==3.7\ncritical==1.0\n"]
    answer = c.index.answer
    count = []

    def changing(path, headers):
        if path != "/r.txt":
            return answer(path, headers)
        count.append(path)
        return 200, {"Content-Type": "text/plain", "Cache-Control": "no-store"}, answers[min(len(count), 2) - 1]
    c.index.answer = changing
    result = c.gate("install", "-r", c.index.root + "/r.txt")
    c.true("critical" not in c.env.installed() or result.status == 43, "unseen: %s with status %d", c.env.installed(), result.status)
    c.expect(result, status=(0, 1, 40, 43), err="^pipgate: .*audited")


INHERIT = "import os, signal, sys; signal.signal(getattr(signal, sys.argv[1]), signal.SIG_IGN); os.execv(sys.argv[2], sys.argv[2:])"


@case(pips="one")
def inherited_signals(c):
    """Ignored SIGCHLD, SIGINT, SIGPIPE, SIGHUP, inherited over exec, open nothing and break nothing."""
    for name in ("SIGCHLD", "SIGINT", "SIGPIPE", "SIGHUP", "SIGTERM"):
        before = c.snapshot()
        words = [c.env.python, "-I", "-S", "-c", INHERIT, name, os.path.join(c.shims, "pip"), "install"]
        c.expect(c.run(words + ["jinja2==2.10"]), status=40, err="PYSEC-2099-10")
        c.unchanged(before)
        c.expect(c.run(words + ["--force-reinstall", "idna"]), status=0)


@case(pips="20.3.4 22.2.2 newest")
def same_files_as_bare(c):
    """What pip download and pip wheel leave has the same names, bytes and modes as the bare pip's."""
    for command, option in (("download", "-d"), ("wheel", "-w")):
        for words in (["flask"], ["--no-deps", "batteries[names]"]):
            c.expect(c.bare(command, option, c.path("bare"), *words), status=0)
            c.expect(c.gate(command, option, c.path("gate"), *words), status=0, err="^pipgate: .*audited")
            c.equal(tree.differences(tree.snapshot(c.path("bare")), tree.snapshot(c.path("gate"))), [], "%s %s" % (command, words))
    modes = {name: oct(os.stat(c.path(name)).st_mode) for name in ("bare", "gate")}
    c.equal(modes["gate"], modes["bare"], "mode of the folder")
