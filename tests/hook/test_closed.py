# SPDX-License-Identifier: Apache-2.0
"""Deny is the state at the start: whatever goes wrong, nothing is installed, and the status is 41."""
import os
import signal
import time

from held import SHIM, WRAPS, enable, held, nothing_came, pip, program, with_decider, words

RESOLVER = "del %s['pip._internal.resolution.resolvelib.resolver']" % WRAPS


@held(pips="all")
def no_plan(c):
    """A pip that never shows a plan: nothing comes to any place, whichever option names it."""
    before = c.snapshot()
    for args in ([], ["--target", "t"], ["--prefix", "p"], ["--root", "r"], ["--target", "."]):
        c.expect(pip(c, "install", *args, "idna", before=RESOLVER), status=41, err="before its plan")
    for command, option in (("download", "-d"), ("wheel", "-w")):
        c.expect(pip(c, command, option, "d", "idna", before=RESOLVER), status=41)
    c.equal([f for _, _, files in os.walk(c.work) for f in files], [], "files")
    nothing_came(c, before)


@held()
def no_plan_and_nothing_written(c):
    """A command that ends with 0 and had no plan judged ends with 41."""
    c.expect(pip(c, "install", "--dry-run", "idna", before=RESOLVER), status=41, err="without a plan")


@held(pips="22.2.2 24.3.1 newest")
def no_parse_command(c):
    """A pip that is not as it is known: installing is refused in one line, the rest is untouched."""
    folder = os.path.join(c.env.site, "pip", "_internal", "cli")
    for name in ("main_parser.py", "main.py"):
        path = os.path.join(folder, name)
        with open(path) as f:
            text = f.read()
        os.unlink(path)
        with open(path, "w") as f:
            f.write(text.replace("parse_command", "parse_words"))
    before = c.snapshot()
    result = c.expect(pip(c, "install", "idna", env={"PYTHONDONTWRITEBYTECODE": "1"}), status=41, err="^pipgate: pip is not as it is known")
    c.equal(len(c.lines_of_ours(result)), 1, "lines")
    c.expect(pip(c, "list", env={"PYTHONDONTWRITEBYTECODE": "1"}), status=0)
    nothing_came(c, before)


@held()
def parts_are_missing(c):
    """The object gone or cut short, the program gone: 41 for what installs, nothing for what does not."""
    folder = with_decider(c)
    before = c.snapshot()
    c.expect(pip(c, "install", "idna", folder=folder, env={"PIPGATE_PROGRAM": "/bin/true"}), status=(41,), err="pipgate: .*not there|cannot")
    path = os.path.join(folder, "pipgate-hook.so")
    with open(path, "r+b") as f:
        f.truncate(3000)
    for _ in range(2):
        c.expect(pip(c, "install", "idna", folder=folder), status=41, err="^pipgate: .*is missing or broken")
        c.expect(pip(c, "--python", c.env.python, "install", "idna", folder=folder), status=(2, 41))
        c.expect(pip(c, "list", folder=folder), status=0)
        if os.path.exists(path):
            os.unlink(path)
    nothing_came(c, before)


@held()
def answers(c):
    """Only the allow line, the end behind it, and status 0 allow."""
    before = c.snapshot()
    folder = with_decider(c, "")
    allow = "printf 'pipgate 1 allow 0\\n' >&5"
    say = "printf 'pipgate %s' >&5"
    for script in ("kill -9 $$", "exit 0", allow + "; exit 1", allow + "; kill -9 $$", allow + "; " + allow, say % "1 allow 0", say % "1 allow 0\\n ",
                   say % "2 allow 0\\n", say % "1 block 40\\n", say % "1 error 41\\n" + "; exit 41", "head -c 100000 /dev/zero >&5",
                   "printf 'pipgate 1 allow 0\\n'"):
        with open(os.path.join(folder, "pipgate"), "w") as f:
            f.write("#!/bin/sh\n" + script + "\n")
        c.expect(pip(c, "install", "idna", folder=folder), status=41)
    nothing_came(c, before)
    with open(os.path.join(folder, "pipgate"), "w") as f:
        f.write("#!/bin/sh\nprintf 'pipgate 1 block 40\\n' >&5; exit 40\n")
    c.expect(pip(c, "install", "idna", folder=folder), status=40)
    with open(os.path.join(folder, "pipgate"), "w") as f:
        f.write("#!/bin/sh\n%s\n" % allow)
    c.expect(pip(c, "install", "idna", folder=folder), status=43, err="was not in the plan")  # it did not say what it allows
    nothing_came(c, before)


@held(pips="22.2.2 24.3.1 newest")
def what_the_decider_gets(c):
    """Three descriptors and the one for what was judged, nothing else; no PIP_ and no PYTHON in its environment; no signal ignored."""
    folder = with_decider(c, "cd %s; ls /proc/self/fd > fds; env > variables; tr '\\0' '\\n' <&3 > keys; cat /proc/self/status > status" % c.root)
    shell = ["sh", "-c", "trap '' CHLD USR1; exec 9</dev/null; exec \"$@\"", "sh"]
    c.expect(c.run(shell + words(c, "install", "idna", folder=folder), env={"PYTHONWARNINGS": "ignore", "PIP_NO_COLOR": "1"}), status=41)

    def text(name):
        with open(os.path.join(c.root, name)) as f:
            return f.read()
    c.true({"3", "4", "5", "6"} <= set(text("fds").split()) and "9" not in text("fds").split(), "descriptors %s", text("fds").split())
    c.true("PIP_" not in text("variables") and "PYTHON" not in text("variables"), "environment:\n%s", text("variables"))
    ignored = int([line.split()[1] for line in text("status").split("\n") if line.startswith("SigIgn")][0], 16)
    c.equal(ignored & 0x7fffffff, 0, "ignored signals")  # 32 and 33 are libc's own
    for key in ("protocol=1", "ask=plan", "command=install", "argument=idna", "road=pip"):
        c.true(key in text("keys").split("\n"), "no key %s in\n%s", key, text("keys"))


@held()
def signals_ignored(c):
    """SIGCHLD and SIGINT ignored by the parent, as in `cmd &` of a script: both verdicts are as ever."""
    shell = ["sh", "-c", "trap '' CHLD INT; exec \"$@\"", "sh"]
    c.expect(c.run(shell + words(c, "install", "idna")), status=0)
    c.expect(c.run(shell + words(c, "install", "critical==1.0")), status=40)
    c.equal(c.env.installed(), {"idna": "3.7"}, "installed")


@held()
def descriptors_run_out(c):
    """With few descriptors there is no answer, and so no install."""
    before = c.snapshot()
    for limit in (6, 8, 9, 10, 11, 12, 14, 16):
        shell = ["sh", "-c", "ulimit -n %d; exec \"$@\"" % limit, "sh"]
        result = c.run(shell + words(c, "install", "critical==1.0"))
        c.true(result.status != 0, "status 0 with %d descriptors", limit)
    nothing_came(c, before)


def cancelled(c, send):
    folder = with_decider(c, "exec sleep 120")
    before = c.snapshot()
    running = c.start(words(c, "install", "idna", folder=folder), env={"PIPGATE_HOOK_LOG": c.path("log")})
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not (os.path.exists(c.path("log")) and "ask=plan" in open(c.path("log")).read()):
        time.sleep(0.05)
    time.sleep(0.2)
    send(running)
    result = c.checked(running.wait())
    c.expect(result, status=1, err="Operation cancelled by user")
    c.true(result.seconds < 50, "it took %.0f s", result.seconds)
    nothing_came(c, before)


@held(pips="22.2.2 24.3.1 newest")
def ctrl_c_while_held(c):
    """Ctrl-C while held is pip's own cancel."""
    cancelled(c, lambda running: running.signal(signal.SIGINT))


@held()
def interrupted_alone(c):
    """SIGINT to pip alone: the decider does not outlive it."""
    cancelled(c, lambda running: os.kill(running.process.pid, signal.SIGINT))


@held(pips="one")
def loaded_twice(c):
    """A second load does nothing, and a road within a road is one."""
    enable(c)
    again = "exec(compile(open(f, 'rb').read(), f, 'exec'), {'__name__': 'pipgate_shim', '__file__': f, 'ROAD': 'pip'})"
    log = c.path("log")
    c.expect(pip(c, "install", "idna", before=again, env={"PIPGATE_HOOK_LOG": log}), status=0)
    with open(log) as f:
        text = f.read()
    c.equal((text.count(" loaded"), text.count("ask=plan")), (1, 1), "loads and questions")


@held(pips="one")
def files_of_the_folder(c):
    """A ctypes.py, hashlib.py or sitecustomize.py in the current folder is not run."""
    for name in ("ctypes", "hashlib", "json", "runpy", "email", "zipfile"):
        c.write(name + ".py", "open(%r, 'a').write('%s ran')\n" % (c.marker, name))
    c.expect(pip(c, "install", "idna"), status=0)
    c.equal(c.built(), [], "code that ran")
    c.expect(program(c, "print(1)"), status=0)
    c.true(os.path.exists(SHIM), "no shim")
