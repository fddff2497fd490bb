# SPDX-License-Identifier: Apache-2.0
"""Runs a program as the cases need it: own process group, deadline, output as bytes, status as waitpid gives it."""
import os
import signal
import subprocess
import tempfile
import threading
import time

DEADLINE = 180  # seconds: far above the slowest case on a busy machine, far below a job's limit
HANG = 60  # seconds that only a hang takes, on the busiest machine; what is quick is shown by tests/bench
_running = set()
_lock = threading.Lock()


class Result:
    """status is negative for a signal, as subprocess has it; left_over: processes of its group still live after its end."""

    def __init__(self, argv, status, out, err, seconds, timed_out, left_over, pid):
        self.argv, self.status, self.seconds, self.pid = argv, status, seconds, pid
        self.out, self.err = out, err
        self.timed_out, self.left_over = timed_out, left_over

    @property
    def stdout(self):
        return self.out.decode("utf-8", "backslashreplace")

    @property
    def stderr(self):
        return self.err.decode("utf-8", "backslashreplace")


class Running:
    """A started program. Its output goes to files, so that no pipe can fill."""

    def __init__(self, argv, env=None, cwd=None, stdin=None, deadline=DEADLINE):
        self.argv = [os.fspath(a) for a in argv]
        self.out, self.err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self.start, self.timed_out = time.monotonic(), False
        feed = subprocess.DEVNULL
        if stdin is not None:
            feed = tempfile.TemporaryFile()
            feed.write(stdin)
            feed.seek(0)
        try:
            self.process = subprocess.Popen(self.argv, env=env, cwd=cwd, stdin=feed, stdout=self.out, stderr=self.err,
                                            start_new_session=True)
        finally:
            if stdin is not None:
                feed.close()
        with _lock:
            _running.add(self)
        self.timer = threading.Timer(deadline, self._overdue)
        self.timer.daemon = True
        self.timer.start()

    def _overdue(self):
        self.timed_out = True
        self.signal(signal.SIGKILL)

    def signal(self, number):
        """To the whole group, as a terminal does."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def wait(self):
        status = self.process.wait()
        self.timer.cancel()
        with _lock:
            _running.discard(self)
        seconds = time.monotonic() - self.start
        left = _group_members(self.process.pid)
        if left:
            self.signal(signal.SIGKILL)
        texts = []
        for stream in (self.out, self.err):
            stream.seek(0)
            texts.append(stream.read())
            stream.close()
        return Result(self.argv, status, texts[0], texts[1], seconds, self.timed_out, left, self.process.pid)


# What a background job or nohup ignores would be ignored by every program under test: with a handler here, they begin with
# the default, and the runner still goes on.
for _signal in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
    if signal.getsignal(_signal) == signal.SIG_IGN:
        signal.signal(_signal, lambda number, frame: None)


def run(argv, **options):
    return Running(argv, **options).wait()


def stop_all():
    """On Ctrl-C of the test run: end what we started, and only that."""
    with _lock:
        running = list(_running)
    for program in running:
        program.signal(signal.SIGKILL)


def _group_members(group, patience=0.5):
    """Live processes of a process group; a little patience for those that are just ending."""
    end = time.monotonic() + patience
    while True:
        try:
            os.killpg(group, 0)
        except (ProcessLookupError, PermissionError):
            return []
        members = [p for p in _processes() if p[1] == group and p[2] not in "ZX"]
        if not members or time.monotonic() > end:
            return members
        time.sleep(0.02)


def _processes():
    """(pid, process group, state, name) of all, from /proc."""
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open("/proc/%s/stat" % entry) as f:
                    head, _, tail = f.read().rpartition(")")
            except OSError:
                continue
            fields = tail.split()
            yield int(entry), int(fields[2]), fields[0], head.partition("(")[2]
