# SPDX-License-Identifier: Apache-2.0
"""`ask`: a person at a terminal decides what the policy leaves to them; a job is never asked, and malice is no question."""
import threading
import time

from lib import terminal
from lib.case import case


def answering(shell, key):
    """Presses a key once the question stands on the screen."""
    def wait():
        until = time.monotonic() + 60
        while b"[y/N]" not in shell.screen and time.monotonic() < until:
            time.sleep(0.05)
        shell.press(key)
    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def typed(c, line, key, status, **more):
    shell = terminal.Shell(["bash", "--norc", "--noprofile", "-i"], c.environ(**more), c.work)
    thread = answering(shell, key) if key else None
    try:
        got, screen = shell.type(line)
    finally:
        shell.close()
        if thread:
            thread.join()
    c.true(got == status, "%s: status %s, expected %s:\n%s", line, got, status, screen)
    return screen


@case(pips="newest", mode="any")
def ask_a_person(c):
    pip = "%s/pip install --gate-profile developer --gate-policy ask=block " % c.shims
    before = c.snapshot()
    screen = typed(c, pip + "jinja2==2.10", "n\r", 40)
    c.true("go on all the same" in screen, "asked: %s", screen)
    c.true("[y/N]" not in typed(c, pip + "jinja2==2.10", None, 40, CI="true"), "a job was asked")
    c.true("[y/N]" not in typed(c, pip + "evil-typo", None, 40), "malice was a question")
    c.unchanged(before)
    typed(c, pip + "jinja2==2.10", "y\r", 0)
    c.expect(c.bare("list", "--format=freeze"), status=0, out=r"Jinja2==2\.10|jinja2==2\.10")
