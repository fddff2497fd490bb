# SPDX-License-Identifier: Apache-2.0
"""Two pip commands at once: in one process the second is refused, in two processes both are held."""
import os
import time

from held import enable, held, program, with_decider, words

TWO = """import os, sys, threading, time
from pip._internal.cli.main import main
got = {}
def work(name, args):
    got[name] = main(args)
def begin(name, args):
    thread = threading.Thread(target=work, args=(name, args))
    thread.start()
    return thread
first = begin('first', ['-q', 'install', 'idna'])
for _ in range(600):
    if os.path.exists(ASKED): break
    time.sleep(0.1)
SECOND
os.unlink(HOLD)
first.join()
print(sorted(got.items()), open(ASKED).read().count('asked'))
"""
MAIN = """second = begin('second', ['-q', 'install', 'click'])
second.join()"""
LIST = "got['second'] = main(['list', '-q'])"
FORGED = """try:
    sys.audit('pipgate.begin', 'install', [], 'pip', False, len, len)
except BaseException as e:
    got['second'] = type(e).__name__"""


def waits(c):
    """Its decider, once asked, waits until a file is taken away (which a pip that was refused may still do)."""
    asked, hold = os.path.join(c.root, "asked"), os.path.join(c.root, "hold")
    open(hold, "w").close()
    return with_decider(c, "echo asked >> %s; while [ -e %s ]; do sleep 0.1; done; exec {decide}" % (asked, hold)), asked, hold


@held(pips="22.2.2 24.3.1 newest")
def a_second_pip_in_one_process(c):
    """While the first is held another thread's install is refused with 41 before anything is asked for it; the first goes on."""
    folder, asked, hold = waits(c)
    enable(c, folder)
    text = TWO.replace("ASKED", repr(asked)).replace("HOLD", repr(hold))
    c.expect(program(c, text.replace("SECOND", MAIN)), status=0, out=r"^\[\('first', 0\), \('second', 41\)\] 1$",
             err="^pipgate: another pip command runs in this process")
    c.equal(c.env.installed(), {"idna": "3.7"}, "installed")


@held(pips="one")
def a_second_beginning(c):
    """Two commands that come to the hook itself at once (the shim refuses the second before): neither may go on."""
    folder, asked, hold = waits(c)
    enable(c, folder)
    text = TWO.replace("ASKED", repr(asked)).replace("HOLD", repr(hold))
    c.expect(program(c, text.replace("SECOND", FORGED)), status=0, out=r"^\[\('first', 41\), \('second', 'InstallationError'\)\] 1$")
    c.equal(c.env.installed(), {}, "installed")


@held(pips="22.2.2 24.3.1 newest")
def a_second_pip_that_installs_nothing(c):
    """`pip list` in another thread is pip's own affair, and takes nothing from the first one's hold."""
    folder, asked, hold = waits(c)
    enable(c, folder)
    text = TWO.replace("ASKED", repr(asked)).replace("HOLD", repr(hold)).replace("'idna'", "'jinja2==2.10'")
    c.expect(program(c, text.replace("SECOND", LIST)), status=0, out=r"^\[\('first', 40\), \('second', 0\)\] 1$")
    c.equal(c.env.installed(), {}, "installed")


@held(pips="22.2.2 24.3.1 newest")
def one_after_the_other(c):
    """The state of a command is its own: what the first was allowed is not the second's, what it was denied neither."""
    enable(c)
    text = """from pip._internal.cli.main import main
print([main(['-q', 'install'] + names) for names in (['critical==1.0'], ['idna'], ['jinja2==2.10'], ['idna', 'evil-typo'], ['click'])])
"""
    c.expect(program(c, text), status=0, out=r"^\[40, 0, 40, 40, 0\]$")
    c.equal(c.env.installed(), {"idna": "3.7", "click": "8.1.7"}, "installed")


@held(pips="22.2.2 24.3.1 newest")
def two_processes(c):
    """Two pips at once into one environment: each has its own question, its own answer, and its own end."""
    folder, asked, hold = waits(c)
    running = [c.start(words(c, "install", "-q", name, folder=folder)) for name in ("idna", "critical==1.0")]
    for _ in range(600):
        if os.path.exists(asked) and open(asked).read().count("asked") == 2:
            break
        time.sleep(0.1)
    os.unlink(hold)
    good, bad = (r.wait() for r in running)
    c.checked(good)
    c.expect(bad, status=40, err="blocked: critical 1.0")
    c.expect(good, status=0)
    c.equal(c.env.installed(), {"idna": "3.7"}, "installed")
