# SPDX-License-Identifier: Apache-2.0
"""measure.py FILE PROGRAM ARG…: runs a program, writes "SECONDS KIB" of its whole run to FILE, ends with its status.

A process of its own, run with -I -S, because a child's peak begins at the size of the process that forked it.
"""
import os
import sys
import time

if __name__ == "__main__":
    start = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.execve(sys.argv[2], sys.argv[2:], os.environ)
    _, status, usage = os.wait4(pid, 0)
    with open(sys.argv[1], "w") as f:
        f.write("%f %d" % (time.monotonic() - start, usage.ru_maxrss))
    sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 255)
