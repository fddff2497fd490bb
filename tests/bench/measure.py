# SPDX-License-Identifier: Apache-2.0
"""Time and memory of programs. Knows nothing of what is measured."""
import itertools
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

MIB = 1 << 20


class Broken(Exception):
    """The program did not do its work: there is nothing to measure."""


class Usage:
    """Seconds of one run: by the clock, and of processors (user and system, what it started included)."""

    def __init__(self, wall, processor):
        self.wall, self.processor = wall, processor


def usage(argv, env, statuses=(0,), stdout=subprocess.DEVNULL):
    with tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        process = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=stdout, stderr=err)
        _, ended, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = status = os.WEXITSTATUS(ended) if os.WIFEXITED(ended) else -os.WTERMSIG(ended)
        if status not in statuses:
            err.seek(0)
            raise Broken("%s ended with %d: %s" % (" ".join(argv), status, err.read().decode("utf-8", "replace")[-800:].strip()))
    return Usage(wall, used.ru_utime + used.ru_stime)


def run(argv, env, statuses=(0,), stdout=subprocess.DEVNULL):
    """Seconds of one run by the clock."""
    return usage(argv, env, statuses, stdout).wall


def command(argv, env, runs, statuses=(0,)):
    """The median of a command's seconds: by hyperfine where it is there, else by a loop of our own."""
    run(argv, env, statuses)
    program = shutil.which("hyperfine")
    if not program:
        return statistics.median(run(argv, env, statuses) for _ in range(runs))
    with tempfile.TemporaryDirectory() as folder:
        export = os.path.join(folder, "hyperfine.json")
        run([program, "-N", "--style", "none", "--warmup", "1", "--runs", str(max(2, runs)), "--ignore-failure", "--export-json", export,
             shlex.join(argv)], dict(env, PATH=os.environ.get("PATH", os.defpath)))
        with open(export) as f:
            result, = json.load(f)["results"]
    if not set(result["exit_codes"]) <= set(statuses):
        raise Broken("%s ended with %s" % (" ".join(argv), result["exit_codes"]))
    return result["median"]


def in_turns(ways, rounds):
    """What these callables give, each once a round: [(one, other, …)]. Every order comes as often as every other."""
    orders, measured = list(itertools.permutations(range(len(ways)))), []
    for i in range(rounds):
        given = {way: ways[way]() for way in orders[i % len(orders)]}
        measured.append(tuple(given[way] for way in range(len(ways))))
    return measured


# ---- memory ----


def children(pid):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
            return [int(word) for word in f.read().split()]
    except OSError:
        return []


def tree(pid):
    """pid and all that came from it."""
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += children(found[-1])
    return found


def words_of(pid):
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as f:
            return f.read().decode("utf-8", "replace").split("\0")
    except OSError:
        return []


def fields(path, wanted):
    """{"VmHWM": bytes} of a file of /proc with "Name: N kB" lines; {} where the process has gone."""
    found = {}
    try:
        with open(path) as f:
            for line in f:
                name, _, rest = line.partition(":")
                if name in wanted:
                    found[name] = int(rest.split()[0]) * 1024
    except OSError:
        pass
    return found


def program_of(pid):
    """The file that a process runs; "": it has gone."""
    try:
        return os.readlink("/proc/%d/exe" % pid)
    except OSError:
        return ""


def mapped(pid, name):
    """Bytes of a mapped file in a process, shared pages counted by their share (Pss)."""
    total, within = 0, False
    try:
        with open("/proc/%d/smaps" % pid) as f:
            for line in f:
                key, _, rest = line.partition(":")
                if key == "Pss" and within:
                    total += int(rest.split()[0]) * 1024
                elif " " in key:  # the head of a mapping: addresses, modes, …, path
                    within = line.rstrip("\n").endswith("/" + name)
    except OSError:
        pass
    return total


def name_of(pid):
    try:
        with open("/proc/%d/comm" % pid) as f:
            return f.read().strip()
    except OSError:
        return ""


def peaks(argv, env, statuses=(0,), every=0.001):
    """{program: peak bytes} of a command and its children, asked of /proc again and again (VmHWM is each process's own)."""
    found = {}
    with tempfile.TemporaryFile() as err:
        process = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err)
        while process.poll() is None:
            for pid in tree(process.pid):
                name, peak = name_of(pid), fields("/proc/%d/status" % pid, ("VmHWM",)).get("VmHWM", 0)
                if name and peak > found.get(name, 0):
                    found[name] = peak
            time.sleep(every)
        if process.returncode not in statuses:
            err.seek(0)
            raise Broken("%s ended with %d: %s" % (" ".join(argv), process.returncode, err.read().decode("utf-8", "replace")[-800:].strip()))
    return found


# A fresh, small interpreter: ru_maxrss of a child begins with what its parent had when it was made.
_WAITER = """
import resource, subprocess, sys
subprocess.call(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def highest(argv, env):
    """The peak bytes of the largest process of a command, told by the kernel at its end; 0: below what this way can see."""
    out = subprocess.run([sys.executable, "-I", "-S", "-c", _WAITER] + list(argv), env=env, stdout=subprocess.PIPE, check=True).stdout.split()
    own, theirs = int(out[0]) * 1024, int(out[1]) * 1024
    return theirs if theirs > own else 0
