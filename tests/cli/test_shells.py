# SPDX-License-Identifier: Apache-2.0
"""The alias in interactive shells, each on a terminal of its own, in and out of an activated environment."""
import contextlib
import os
import shutil
import time

from lib import paths, pips, terminal
from lib.case import SYSTEM_PATH, Skipped, case

BLOCKED, CLEAN, TABLE = "jinja2==2.10", "idna==3.7", "pipgate: blocked: jinja2 2.10"


class Kind:
    """rc: the file that the shell reads at its start, below HOME; init: the line that the README tells people to put there."""

    def __init__(self, argv, rc, init='eval "$({pipgate} shell-init {name})"', activate="activate", status="$?", env=()):
        self.argv, self.rc, self.init, self.activate, self.status, self.env = argv, rc, init, activate, status, dict(env)


KINDS = {
    "bash": Kind(["bash", "-i"], ".bashrc"),
    "zsh": Kind(["zsh", "-i"], ".zshrc"),
    "fish": Kind(["fish", "-i"], "config/fish/config.fish", "{pipgate} shell-init fish | source", "activate.fish", "$status"),
    "dash": Kind(["dash", "-i"], ".dashrc", 'eval "$({pipgate} shell-init sh)"', env={"ENV": "{home}/.dashrc"}),
}


@contextlib.contextmanager
def shell(c, name, before="", **more):
    """A shell whose start-up file holds our line, behind what else its user has there."""
    kind = KINDS[name]
    if not shutil.which(name):
        raise Skipped(name + " is not here")
    rc = os.path.join(c.home, kind.rc)
    os.makedirs(os.path.dirname(rc), exist_ok=True)
    with open(rc, "w") as f:
        f.write(before + kind.init.format(pipgate=paths.PIPGATE, name=name) + "\n")
    env = dict(c.environ(PATH=c.env.bin + ":" + SYSTEM_PATH, TERM="xterm", **more), **{k: v.format(home=c.home) for k, v in kind.env.items()})
    started = terminal.Shell(kind.argv, env, c.work, kind.status)
    try:
        yield started
    finally:
        started.close()


def typed(c, sh, line, status, shown=(), not_shown=()):
    got, screen = sh.type(line)
    c.true(got == status, "%s: status %s, expected %s; shown:\n%s", line, got, status, screen)
    for text in shown:
        c.true(text in screen, "%s: %r is not shown:\n%s", line, text, screen)
    for text in not_shown:
        c.true(text not in screen, "%s: %r is shown:\n%s", line, text, screen)


def system(c):
    """The pip on PATH is a Python's own; the pair's environment stands beside it, to be activated."""
    beside = c.env
    c.use(pips.standalone(c.pair, os.path.join(c.root, "system")))
    return c.env, beside


def here(c, sh, place, word):
    """pip and pip3 mean this place's pip, what is blocked does not come in, what is clean comes in here."""
    before = place.installed()
    typed(c, sh, word + " --version", 0, [place.site])
    typed(c, sh, "%s install %s" % (word, BLOCKED), 40, [TABLE])
    c.equal(place.installed(), before, "installed by %s" % word)
    typed(c, sh, "%s install %s" % (word, CLEAN), 0, not_shown=["blocked"])
    c.equal(place.installed(), dict(before, idna="3.7"), "installed by %s" % word)
    typed(c, sh, "%s uninstall -y idna" % word, 0)


def everywhere(c, name):
    outside, inside = system(c)
    with shell(c, name) as sh:
        here(c, sh, outside, "pip")
        typed(c, sh, ". %s/bin/%s" % (inside.root, KINDS[name].activate), 0)
        typed(c, sh, "echo $VIRTUAL_ENV", 0, [inside.root])
        for word in ("pip", "pip3"):
            here(c, sh, inside, word)
        c.equal(outside.installed(), {}, "beside the activated environment")
        typed(c, sh, "deactivate", 0)
        here(c, sh, outside, "pip3")
        c.equal(inside.installed(), {}, "in the environment that was left")


@case(pips="one", mode="any")
def shell_bash(c):
    """bash: .bashrc's line gates pip and pip3, in and out of an activated environment."""
    everywhere(c, "bash")


@case(pips="one", mode="any", slow=True)
def shell_zsh(c):
    """zsh, by .zshrc."""
    everywhere(c, "zsh")


@case(pips="one", mode="any")
def shell_fish(c):
    """fish, by config.fish."""
    everywhere(c, "fish")


@case(pips="one", mode="any", slow=True)
def shell_dash(c):
    """dash, by the file that ENV names."""
    everywhere(c, "dash")


ALIASES = ("pip=pip3", "pip={bin}/pip", "pip3='{bin}/python -m pip'")


@case(pips="one", mode="any")
def shell_with_an_alias_of_its_own(c):
    """An alias that the user has for pip comes before a function: it ends where ours begins. In check each shell has one of them."""
    system(c)
    for number, name in enumerate(KINDS):
        if not shutil.which(name):
            continue
        for alias in ALIASES if os.environ.get("ALL") else ALIASES[number % len(ALIASES):][:1]:
            with shell(c, name, "alias " + alias.format(bin=c.env.bin) + "\n") as sh:
                for word in ("pip", "pip3"):
                    typed(c, sh, "%s install %s" % (word, BLOCKED), 40, [TABLE])
    c.equal(c.env.installed(), {}, "installed")


@case(pips="one", mode="any")
def shell_without_pipgate(c):
    """Where pipgate went away, the alias does not quietly reach another pip: the shell says that the program is not there."""
    system(c)
    for name in KINDS:
        if not shutil.which(name):
            continue
        gone = os.path.join(c.root, name)
        os.mkdir(gone)
        for part in ("pipgate", "pipgate-hook.so", "pipgate_shim.py"):
            shutil.copy(os.path.join(paths.BUILD, part), gone)
        with shell(c, name) as sh:
            line = KINDS[name].init.format(pipgate=gone + "/pipgate", name=name)
            typed(c, sh, line, 0)
            typed(c, sh, "pip install " + BLOCKED, 40, [TABLE])
            shutil.rmtree(gone)
            typed(c, sh, "pip install " + CLEAN, 127)
    c.equal(c.env.installed(), {}, "installed")


def until(c, ready, text, seconds=30):
    end = time.monotonic() + seconds
    while not ready():
        c.true(time.monotonic() < end, text)
        time.sleep(0.05)


@case(pips="one", mode="any")
def shell_interrupted(c):
    """Ctrl-C while the plan is being made is pip's own cancel; nothing comes in, and the shell goes on."""
    system(c)
    for name in KINDS:
        if not shutil.which(name):
            continue
        c.index.delay["/simple/idna"] = 3
        with shell(c, name) as sh:
            typed(c, sh, "true", 0)
            sh.press("pip install --no-cache-dir %s\r" % CLEAN)
            until(c, lambda: c.index.waiting, name + ": pip did not ask the index")
            sh.press("\x03")
            typed(c, sh, "echo still here", 0, ["Operation cancelled by user", "still here"])
        until(c, lambda: not c.index.waiting, "the index goes on waiting")  # the next shell's pip is another
    c.equal(c.env.installed(), {}, "installed")
