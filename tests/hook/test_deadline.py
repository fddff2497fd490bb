# SPDX-License-Identifier: Apache-2.0
"""A decider that hangs: when its time is over it is killed and waited for, and there was no answer."""
import contextlib
import fcntl
import os
import time

from held import enable, held, nothing_came, pip, program, with_decider
from lib import case, paths, proc

SECONDS = 1          # in place of DECIDE_DEADLINE_SECONDS
LATE = 100           # below what the deciders would take, far above what pip takes on a busy machine
HANG = "exec sleep 120"
ALLOW, BLOCK = ("printf 'pipgate 1 %s\\n' >&5; " % words for words in ("allow 0", "block 40"))
CLOSE = "exec 5>&-; "
HOST = """import os, time
from pip._internal.cli.main import main
start = time.monotonic()
status = main(['-q', 'install', 'idna'])
try:
    children = 'children: %s' % (os.waitpid(-1, os.WNOHANG),)
except ChildProcessError:
    children = 'no children'
print(status, '%.1f s' % (time.monotonic() - start), children)
os.mkdir('after')
"""


@contextlib.contextmanager
def alone():
    with open(os.path.join(paths.BUILD, "hasty.lock"), "w") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def hasty_hook():
    """The object as the makefile makes it, with less patience."""
    folder = os.path.join(paths.BUILD, "hasty")
    hook = os.path.join(folder, "pipgate-hook.so")
    environ = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "B", "CFLAGS", "SANITIZE", "OPTIMIZE")}
    with alone():
        made = proc.run(["make", "-s", "-C", paths.ROOT, "B=" + folder, "CFLAGS=-DDECIDE_DEADLINE_SECONDS=%d" % SECONDS, hook], env=environ)
    if made.status:
        raise case.Failed("no object with another deadline: " + made.stderr)
    return hook


def decides(folder, script):
    with open(os.path.join(folder, "pipgate"), "w") as f:
        f.write("#!/bin/sh\necho $$ >> %s/pids\n%s\n" % (folder, script))


def gone(c, folder):
    with open(os.path.join(folder, "pids")) as f:
        for pid in f.read().split():
            c.true(not os.path.exists("/proc/%s" % pid), "the decider lives, or was not waited for: %s", pid)


@held(pips="22.2.2 24.3.1 newest")
def a_decider_that_hangs(c):
    """Without an answer, with a part of one, with the whole of one and the pipe open or closed: 41 in time, nothing is left."""
    before = c.snapshot()
    folder = with_decider(c, "", hasty_hook())
    for script in (HANG, CLOSE + HANG, ALLOW + HANG, ALLOW + CLOSE + HANG, ALLOW + ALLOW + CLOSE + HANG, "printf 'pipgate 1 al' >&5; " + HANG,
                   "trap '' TERM INT HUP; " + ALLOW + "kill -STOP $$"):
        decides(folder, script)
        result = c.expect(pip(c, "install", "idna", folder=folder), status=41, err="^pipgate: the decider .*; nothing was installed")
        c.true(SECONDS <= result.seconds < LATE, "it took %.1f s with %s", result.seconds, script)
        gone(c, folder)
    nothing_came(c, before)


@held(pips="22.2.2 24.3.1 newest")
def hangs_after_a_no(c):
    """A no that does not end is no answer: 41, as the status by which it ends is a part of it."""
    folder = with_decider(c, "", hasty_hook())
    decides(folder, BLOCK + CLOSE + HANG)
    c.expect(pip(c, "install", "idna", folder=folder), status=41)
    gone(c, folder)


@held(pips="22.2.2 24.3.1 newest")
def answers_in_time_and_ends_badly(c):
    """These need no patience: twice, with a status of its own, the pipe closed without a line. 41, and long before the deadline of 60 s."""
    before = c.snapshot()
    folder = with_decider(c, "")
    for script in (ALLOW + ALLOW, ALLOW + BLOCK + "exit 40", BLOCK + ALLOW, ALLOW + "exit 1", ALLOW + "exit 40", ALLOW + CLOSE + "exit 1",
                   CLOSE + "exit 0", CLOSE + "exit 40", BLOCK + "exit 0"):
        decides(folder, script)
        result = c.expect(pip(c, "install", "idna", folder=folder), status=41)
        c.true(result.seconds < 50, "it took %.0f s with %s", result.seconds, script)
        gone(c, folder)
    nothing_came(c, before)


@held(pips="22.2.2 24.3.1 newest")
def hangs_in_a_host_program(c):
    """The program that called main() has no child left to wait for, and goes on."""
    folder = with_decider(c, "", hasty_hook())
    enable(c, folder)
    before = c.snapshot()
    for script in (HANG, ALLOW + CLOSE + HANG):
        decides(folder, script)
        c.expect(program(c, HOST), status=0, out=r"^41 \d+\.\d s no children$")
        gone(c, folder)
        os.rmdir(c.path("after"))
    nothing_came(c, before)


@held(pips="one")
def the_usual_patience(c):
    """The object that is installed waits longer than the hasty one: one that takes its time is heard."""
    folder = with_decider(c, "sleep %d; exec {decide}" % (3 * SECONDS))
    start = time.monotonic()
    c.expect(pip(c, "install", "idna", folder=folder), status=0)
    c.true(time.monotonic() - start >= 3 * SECONDS, "it did not wait")
