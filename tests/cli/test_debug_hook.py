# SPDX-License-Identifier: Apache-2.0
"""`pipgate debug hook`: what a hook's log tells, and what no log may do."""
import os
import re

from lib import paths
from lib.case import RAW, case

HEAD = "7 100.000000 loaded\n7 100.250000 begin: install\n"
LINE = re.compile(r" *-?\d+\.\d +\d+  |        \?           ")


def told(c, text, status=0, **options):
    """What it says of a log, which is shown to a terminal as it is."""
    result = c.expect(c.pipgate("debug", "hook", c.write("log", text), **options), status=status)
    c.true(not RAW.search(result.stdout), "raw control characters: %r", RAW.findall(result.stdout))
    return result


@case(pips="22.2.2 24.3.1 newest", mode="inline")
def debug_hook(c):
    """The log of real commands: each event with its milliseconds, each hold with its verdict, each command with its end."""
    log = c.path("hook.log")
    env = {"PIPGATE_HOOK_LOG": log, "PIPGATE_MODE": "inline"}
    c.expect(c.gate("install", "idna", env=env), status=0)
    c.expect(c.gate("install", "jinja2==2.10", env=env), status=40)
    c.write("project/pyproject.toml", '[build-system]\nrequires = ["critical==1.0"]\n')
    c.expect(c.gate("install", "./project", env=env), status=40)
    text = c.expect(c.pipgate("debug", "hook", log), status=0).stdout
    events, accounts = text.split("\n\n", 1)
    with open(log) as f:
        lines = f.read().split("\n")[:-1]
    c.equal(len(events.split("\n")), len(lines), "events")
    times = [float(e.split()[0]) for e in events.split("\n")]
    c.true(times[0] == 0 and times == sorted(times) and times[-1] < 600000, "times %s", times)
    for line, event in zip(lines, events.split("\n")):
        c.true(event[LINE.match(event).end():].startswith(line.split(" ", 2)[2][:200]), "%s\nis told as\n%s", line, event)
    holds = re.findall(r"status (\d+)   held (\d+\.\d) ms, (\w+ \w+)$", events, re.M)
    c.equal([(status, what) for status, _, what in holds], [("0", "plan allowed"), ("40", "plan blocked"), ("0", "build allowed"), ("40", "nested blocked")],
            "holds")
    blocks = accounts.split("\n\n")
    c.equal(len(blocks), 5, "four commands and the sum")
    for block, words in zip(blocks, (["holds: 1, ", "asked: plan allowed 1", "as judged 1", "ended: pip's 0, ours 0"],
                                     ["asked: plan blocked 1", "denied: 40 pipgate refused this plan", "ended: pip's 1, ours 40"],
                                     ["asked: build allowed 1", "nested pip for 1", "denied: 40 ", "ours 40"],
                                     ["asked: nested blocked 1", "ours 40"])):
        for word in ["install, process "] + words:
            c.true(word in block, "%r is not in\n%s", word, block)
    c.equal(blocks[4], "%d events of 4 commands\n" % len(lines), "the sum")
    with open(log, "rb") as f:
        c.equal(c.pipgate("debug", "hook", "-", stdin=f.read()).stdout, text, "by stdin")


@case(pips="one", mode="inline")
def debug_hook_unfinished(c):
    """A log that ends while pip is held, a hold that is never answered, an answer that is none, a command within another's process."""
    told_of = told(c, HEAD + "7 100.500000 ask=plan\n").stdout
    c.true("the log ends while pip is held" in told_of and "holds: 1, 0.0 ms" in told_of, "%s", told_of)
    told_of = told(c, HEAD + "7 101.0 x\n7 102.000000 open reaches /a b\n").stdout
    c.true("the log ends before the command does" in told_of and "reaches 1" in told_of and "none of the hook's: 1" in told_of, "%s", told_of)
    for answer in ("19 bytes, status 0", "18 bytes, status -1", "18 bytes, status 40", "0 bytes, status 41", "18 bytes, status 0 ", "many"):
        told_of = told(c, HEAD + "7 100.300000 ask=build\n7 100.301000 decider: %s\n7 100.400000 end: pip's 0, phase 2, ours 41\n" % answer).stdout
        c.true("held 1.0 ms, build without an answer" in told_of and "asked: build without an answer 1" in told_of, "%s", told_of)
        c.true("ended: pip's 0, ours 41" in told_of, "%s", told_of)
    told_of = told(c, HEAD + "7 100.300000 ask=plan\n7 100.300000 ask=nested\n7 100.400000 end: pip's 0, phase 2, ours 41\n"
                   "7 100.500000 begin: download\n7 100.600000 what\n").stdout
    c.true("asked: plan without an answer 1, nested without an answer 1" in told_of, "%s", told_of)
    c.true(re.search("^download, process 7: 100.0 ms; holds: 0, 0.0 ms\n  nothing was asked\n  events: other 1\n", told_of, re.M), "%s", told_of)


@case(pips="one", mode="inline")
def debug_hook_hostile(c):
    """Control characters, bidirectional ones, broken UTF-8, NUL, endless lines and thousands of commands: escaped and bounded."""
    nasty = "\x1b[2J\x1b]0;x\x07\r\u202e\u200b\x00\x7f\u0085\tend".encode() + b"\xff\xfe\xc0\x80"
    for place in (b"%s", b"7 100.5 %s", b"7 100.500000 %s", b"7 100.500000 begin: %s", b"7 100.500000 denied: %s", b"7 100.500000 end: %s",
                  b"7 100.500000 end: 1, 2,%s", b"7 100.500000 ask=%s", b"7 100.500000 decider: %s", b"7 100.500000 as judged: %s"):
        text = told(c, HEAD.encode() + place % nasty + b"\n").stdout
        c.true("\\x1b" in text and "\\u202e" in text and "\\x00" in text, "not shown: %r", text)
    text = told(c, HEAD + "7 100.500000 denied: %s\n%s\n7 100.600000 begin: %s\n" % (("x" * 3000000,) * 3)).stdout
    c.true(max(map(len, text.split("\n"))) < 400 and text.count(" …\n") == 4 and len(text) < 3000, "%d bytes", len(text))
    text = told(c, "".join("%d 100.000000 begin: x\n" % i for i in range(1000)) + "nothing\n" * 100).stdout
    c.true("1000 events of 1000 commands, 744 of them without an account; lines that are none of the hook's: 100" in text, "%s", text[-500:])
    c.equal(text.count("process "), 256, "accounts")
    c.equal(text.count("        ?           nothing\n"), 10, "lines that are none")
    big = "9999999999 999999999999.999999 "
    text = told(c, big + "begin: x\n" + ("9999999999 0.000000 ask=plan\n" + big + "decider: 18 bytes, status 0\n") * 51).stdout
    c.true("plan allowed 51" in text, "%s", text[-300:])


@case(pips="one", mode="inline")
def debug_hook_no_log(c):
    """What is no log, and what cannot be read."""
    for text in ("", "\n", "hello\n", "7 100.000000\n", "7 100.0000000 x\n", "x 100.000000 y\n", "12345678901 1.000000 x\n", "-7 1.000000 x\n"):
        told(c, text, status=41)
    c.expect(told(c, "no\x1b[31m\n", status=41), err="no line of it is the hook's")
    c.expect(c.pipgate("debug", "hook", c.path("none")), status=41, err="none: No such file")
    c.expect(c.pipgate("debug", "hook", c.work), status=41)
    os.mkfifo(c.path("fifo"))
    c.expect(c.pipgate("debug", "hook", c.path("fifo")), status=41)
    c.write("large", b"7 1.000000 x\n" * ((16 << 20) // 13 + 1))
    c.expect(c.pipgate("debug", "hook", c.path("large")), status=41, err="larger than")
    for words in (["hook"], ["hook", "a", "b"], ["hook", "--env", "x"]):
        c.expect(c.pipgate("debug", *words), status=42, err="debug hook LOG")
    c.write("log", HEAD)
    c.expect(c.run(["bash", "-c", '"$0" debug hook log > /dev/full', paths.PIPGATE]), status=41, err="cannot write")
