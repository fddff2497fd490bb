# SPDX-License-Identifier: Apache-2.0
"""The suites as the runner sees them: items with a name and run() → Outcome."""
import glob
import importlib.util
import os
import re
import time
import traceback

from . import paths, pips, proc

DEADLINE = 540  # seconds for one test program


class Outcome:
    def __init__(self):
        self.passed = 0
        self.failed = []   # (name, text)
        self.skipped = []  # (name, reason)
        self.seconds = 0.0


class Program:
    """A program that speaks TAP."""

    def __init__(self, name, argv, env, unavailable=None):
        self.name, self.argv, self.env, self.unavailable = name, argv, env, unavailable

    def run(self):
        outcome = Outcome()
        if self.unavailable:
            outcome.skipped.append((self.name, self.unavailable))
            return outcome
        result = proc.run(self.argv, env=self.env, cwd=paths.ROOT, deadline=DEADLINE)
        read_tap(result.stdout, self.name, outcome)
        end = _bad_end(result, outcome)
        if end:
            outcome.failed.append((self.name, end + "\n" + _tail(result)))
        return outcome


_LINE = re.compile(r"\s*(ok|not ok)\b\s*(\d*)\s*(?:-\s*)?(.*)$")
_PLAN = re.compile(r"\s*1\.\.(\d+)\s*(?:#\s*skip\S*\s*(.*))?$", re.I)
_SKIP = re.compile(r"(.*?)\s*#\s*(skip|todo)\S*\s*(.*)$", re.I)


def read_tap(text, name, outcome):
    """Counts TAP into outcome; several plans (cmocka: one a group) add up. outcome.planned is None where there was no plan."""
    outcome.planned, outcome.seen, last = None, 0, None
    for line in text.split("\n"):
        plan, test = _PLAN.match(line), _LINE.match(line)
        if plan:
            outcome.planned = (outcome.planned or 0) + int(plan.group(1))
            if plan.group(1) == "0":
                outcome.skipped.append((name, plan.group(2) or "nothing planned"))
        elif test:
            outcome.seen += 1
            last = _count(test, name, outcome)
        elif last is not None and line.strip().startswith("#"):
            last.append(line.strip()[1:].strip())
    outcome.failed = [(n, "\n".join(t) if isinstance(t, list) else t) for n, t in outcome.failed]


def _count(test, name, outcome):
    """The list that takes a failed test's comment lines, else None."""
    title = test.group(3).strip()
    skip = _SKIP.match(title)
    if skip:
        outcome.skipped.append(("%s: %s" % (name, skip.group(1).strip() or skip.group(3)), skip.group(3) or "no reason given"))
    elif test.group(1) == "ok":
        outcome.passed += 1
    else:
        lines = []
        outcome.failed.append(("%s: %s" % (name, title), lines))
        return lines
    return None


def _bad_end(result, outcome):
    """Why the program as a whole counts as a failure, or None."""
    if result.timed_out:
        return "stopped after %d seconds" % DEADLINE
    if result.status < 0:
        return "ended by signal %d" % -result.status
    if outcome.planned is None:
        return "printed no plan (status %d)" % result.status
    if outcome.planned != outcome.seen:
        return "planned %d tests, ran %d (status %d)" % (outcome.planned, outcome.seen, result.status)
    if result.status and not outcome.failed:
        return "all passed, but its status is %d" % result.status
    return None


def _tail(result, lines=40):
    text = (result.stdout + result.stderr).strip().split("\n")
    return "\n".join((["…"] if len(text) > lines else []) + text[-lines:])


def _environment():
    return dict(os.environ, B=os.path.relpath(paths.BUILD, paths.ROOT), PIPGATE=paths.PIPGATE, PIPGATE_SHARED=paths.SHARED,
                PYTHONPATH=paths.TESTS, PYTHONDONTWRITEBYTECODE="1", CMOCKA_MESSAGE_OUTPUT="TAP")


def unit():
    """Every built test program that still has its source."""
    found = []
    for source in sorted(glob.glob(os.path.join(paths.TESTS, "unit", "test_*.c"))):
        name = os.path.basename(source)[:-2]
        binary = os.path.join(paths.BUILD, "unit", name)
        found.append(Program("unit/" + name, [binary] if os.path.exists(binary) else ["false"], _environment()))
    return found


def replay():
    """Every fuzz target over its committed inputs, without a fuzzer."""
    found = []
    for source in sorted(glob.glob(os.path.join(paths.TESTS, "fuzz", "fuzz_*.c"))):
        name = os.path.basename(source)[len("fuzz_"):-2]
        binary = os.path.join(paths.BUILD, "replay", "fuzz_" + name)
        argv = [binary, os.path.join(paths.TESTS, "fuzz", "corpus", name)]
        found.append(Program("replay/" + name, argv if os.path.exists(binary) else ["false"], _environment()))
    return found


def conformance():
    """Python programs, by the Python that has packaging and cvss."""
    return [_Conformance("conformance/" + os.path.basename(s)[:-3], [None, s], _environment())
            for s in sorted(glob.glob(os.path.join(paths.TESTS, "conformance", "*.py"))) if not os.path.basename(s).startswith("_")]


class _Conformance(Program):
    def run(self):
        try:
            self.argv[0] = pips.testenv()
        except pips.Unavailable as e:
            self.unavailable = str(e)
        return super().run()


class _Case:
    """A command-line case gives one test."""

    def __init__(self, item):
        self.name, self.item = item.name, item

    def run(self):
        outcome = Outcome()
        state, text = self.item.run()
        if state == "ok":
            outcome.passed = 1
        else:
            (outcome.failed if state == "failed" else outcome.skipped).append((self.name, text))
        return outcome


def _cases(suite):
    """What items() of tests/SUITE/run.py finds."""
    path = os.path.join(paths.TESTS, suite, "run.py")
    if not os.path.exists(path):
        return []
    spec = importlib.util.spec_from_file_location("cases_of_" + suite, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [_Case(i) for i in module.items()]


def cli():
    return _cases("cli")


HOOK_PAIR = "pip24.3.1-py3.11"  # the one that check runs every case of the hook on; ALL=1: on every pair
HOOK_CORE = ("allowed-and-blocked", "rewritten-after-the-verdict")  # and these on every pair always


def hook():
    found = _cases("hook")
    if not os.environ.get("ALL"):
        found = [i for i in found if i.name.endswith("@" + HOOK_PAIR) or i.name.split("/")[1].split("@")[0] in HOOK_CORE]
    if found and not os.path.exists(os.path.join(paths.BUILD, "pipgate-hook.so")):
        return [Program("hook/all", [], {}, "the hook is not built")]
    return found


def audit():
    return _cases("audit")


def policy():
    return _cases("policy")


def feeds():
    return _cases("feeds")


def bypass():
    return _cases("bypass")


class _Containers(Program):
    """A few ways in one program, as they share their images; ALL=1 all of them."""

    def __init__(self):
        words = [] if os.environ.get("ALL") else ["--short"]
        super().__init__("e2e/containers", [os.path.join(paths.TESTS, "e2e", "run.py"), "--tap"] + words, _environment(),
                         "a program with sanitizers does not stand in an image" if "asan" in paths.BUILD else None)


def e2e():
    return [_Containers()]


def run_safely(item):
    """run() with its time; an error of the test itself is a failure like any other."""
    start = time.monotonic()
    try:
        outcome = item.run()
    except Exception:  # noqa: the runner goes on
        outcome = Outcome()
        outcome.failed.append((item.name, traceback.format_exc()))
    outcome.seconds = time.monotonic() - start
    return outcome


SUITES = {"e2e": e2e, "conformance": conformance, "unit": unit, "replay": replay, "cli": cli, "audit": audit, "policy": policy, "feeds": feeds,
          "hook": hook, "bypass": bypass}  # in this order: long programs start first
