# SPDX-License-Identifier: Apache-2.0
"""A shell on a terminal of its own: lines are typed, and what each ends with is read from the screen."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

ROWS, COLUMNS = 50, 160  # wide enough that no line of a test is wrapped by a line editor
END = re.compile(rb"<end (\d+) (\d+)>")


class Shell:
    """status: the shell's word for the last command's status."""

    def __init__(self, argv, env, cwd, status="$?"):
        self.status, self.screen, self.typed = status, b"", 0
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.process = subprocess.Popen(argv, env=env, cwd=cwd, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)

    def type(self, line, deadline=90):
        """(status, what was shown): types one line and waits for its end."""
        self.typed += 1
        start = len(self.screen)
        # The shell shows the line as it was typed: it holds %s where the end's mark holds a number.
        self._write("%s; printf '<end %%s %%s>\\n' %d %s\r" % (line, self.typed, self.status))
        until = time.monotonic() + deadline
        while True:
            for found in END.finditer(self.screen, start):
                if int(found.group(1)) == self.typed:
                    return int(found.group(2)), self.screen[start:found.start()].decode("utf-8", "backslashreplace")
            if not self._read(until):
                raise TimeoutError("no end of %r; the screen:\n%s" % (line, self.screen[start:].decode("utf-8", "backslashreplace")))

    def press(self, key):
        self._write(key)

    def _write(self, text):
        os.write(self.master, text.encode())

    def _read(self, until):
        """More of the screen; False at the deadline or where the shell has gone."""
        ready, _, _ = select.select([self.master], [], [], max(0, until - time.monotonic()))
        if not ready:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:  # Linux: EIO, nobody has the other side open
            return False
        self.screen += data
        return bool(data)

    def close(self):
        """The line is hung up, as a closed window does it."""
        os.close(self.master)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
