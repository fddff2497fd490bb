# SPDX-License-Identifier: Apache-2.0
"""`pipgate enable` and `disable`: what they cover, what they leave behind, and what they refuse."""
import glob
import os
import random
import shutil
import time

from lib import enabling, paths, pips
from lib.case import SYSTEM_PATH, Skipped, case
from lib.enabling import bare, disable, enable, expect, held, library, own, roads, same, state, venv

PAIRS = "22.2.2 24.3.1 newest"
TEXT = "import sys\nsys.stdout.write('theirs ')\n"


# ---- what is covered ----

@case(pips=PAIRS, mode="any")
def enable_covers(c):
    """An enabled interpreter: its own pip and that of environments made before and after, by every spelling; disabled, none."""
    base = own(c)
    old = venv(c, "old")
    enable(c, err="^pipgate: enabled: Python " + c.pair.python)
    new = venv(c, "new")
    held(c, base, roads(base)[:2])
    held(c, old, roads(old)[2:])
    held(c, new)
    runs = "import runpy, sys\nsys.argv = ['pip', 'install', '%s']\nrunpy.run_module('pip', run_name='__main__')\n" % enabling.BLOCKED
    mains = "from pip._internal.cli.main import main\nprint(main(['-q', 'install', '%s']))\n" % enabling.BLOCKED
    expect(c, [new.python, c.write("runs.py", runs)], 40)
    expect(c, [new.python, c.write("mains.py", mains)], 0, out="^40$")
    c.equal(new.installed(), {}, "installed")
    expect(c, roads(new)[0] + ["install", enabling.ALLOWED], 0)
    c.equal(new.installed(), {"idna": "3.7"}, "installed")
    disable(c, err="^pipgate: disabled: Python ")
    bare(c, roads(base)[3])
    bare(c, roads(old)[0])
    bare(c, roads(new)[3])


@case(pips="one", mode="any")
def enable_the_usual(c):
    """Without an option: the interpreter of the pip that is meant; of an activated environment its base interpreter, and it says so."""
    base = own(c)
    enable(c, "--python", base.python)
    disable(c, "--python", base.python)
    inner = venv(c, "inner")
    env = {"VIRTUAL_ENV": inner.root, "PATH": inner.bin + ":" + SYSTEM_PATH}
    enabling.pipgate(c, "enable", env=env, err=["of a virtual environment: its base", "^pipgate: enabled: .*" + base.root])
    held(c, base, [roads(base)[0]])
    enabling.pipgate(c, "disable", env=env, err="^pipgate: disabled")
    enabling.pipgate(c, "enable", env={"PIPGATE_PYTHON": base.python}, err="^pipgate: enabled")
    enabling.pipgate(c, "disable", env={"PATH": base.bin + ":" + SYSTEM_PATH}, err="^pipgate: disabled")
    disable(c, err="^pipgate: not enabled: .*nothing was changed")


@case(mode="any")
def enable_one_environment(c):
    """--venv: that environment alone, by one file, which goes again."""
    base = own(c)
    one = venv(c, "one")
    before = state(base.root, one.root)
    enable(c, "--venv", one.root, err="^pipgate: enabled: the environment " + one.root)
    made = state(base.root, one.root)
    c.equal(sorted(set(made) - set(before)), [os.path.join(one.site, "pipgate.pth")], "files that came")
    enable(c, "--venv", one.root, err="^pipgate: already enabled")
    same(c, made, base.root, one.root)
    held(c, one, roads(one)[1:])
    bare(c, roads(base)[0])
    expect(c, roads(one)[0] + ["list"], 0, not_err="pipgate")
    enable(c)  # both at once: gated once
    result = expect(c, roads(one)[0] + ["install", enabling.BLOCKED], 40)
    c.equal(result.stderr.count("blocked: jinja2"), 1, "verdicts")
    disable(c)
    disable(c, "--venv", one.root, err="^pipgate: disabled: the environment")
    same(c, before, base.root, one.root)
    bare(c, roads(one)[0])
    enable(c, "--venv", c.path("none"), status=41, err="no such folder")
    enable(c, "--venv", c.work, status=41, err="--venv .*bin/python3 cannot be started")
    os.mkdir(c.path("bin"))
    os.symlink(one.python, c.path("bin", "python"))
    enable(c, "--venv", c.work, status=41, err="is no environment: ")
    same(c, before, base.root, one.root)


# ---- what is left behind ----

@case(pips=PAIRS, mode="any")
def enable_leaves_no_trace(c):
    """A second enable changes nothing; disable leaves the whole standard library as it was, its folder's times too, and no byte code."""
    own(c)
    folder = library(c)
    os.utime(folder, ns=(1234567890123456789, 1234567890987654321))
    before = state(folder)
    enable(c)
    made = state(folder)
    c.equal(sorted(set(made) - set(before)), [os.path.join(folder, "sitecustomize.py")], "files that came")
    enable(c, err="^pipgate: already enabled")
    expect(c, [c.env.python, "-m", "pip", "list"], 0, not_err="pipgate")
    same(c, made, folder)
    c.equal(made[folder], before[folder], "the folder itself")
    c.true(enabling.byte_code(c), "no byte code was made: the test shows nothing")
    disable(c)
    same(c, before, folder)
    c.equal(enabling.byte_code(c), [], "byte code")
    disable(c, err="not enabled")
    same(c, before, folder)


LAYOUTS = {
    "plain": TEXT, "without a newline": TEXT[:-1], "empty": "", "windows": TEXT.replace("\n", "\r\n"),
    "latin-1": b"# -*- coding: latin-1 -*-\n# caf\xe9\n" + TEXT.encode(), "byte order": b"\xef\xbb\xbf" + TEXT.encode(),
    "blank behind": TEXT + "if 1:\n    pass\n\n\f\n  ",
}


@case(pips=PAIRS, mode="any")
def enable_joins_a_file(c):
    """A sitecustomize that is there, by itself or behind a link as Debian has it: a block at its end, and exactly that goes again."""
    own(c)
    folder, etc = library(c), os.path.join(c.root, "etc")
    for number, (name, text) in enumerate(LAYOUTS.items()):
        shutil.rmtree(etc, ignore_errors=True)
        os.mkdir(etc)
        path = os.path.join(folder, "sitecustomize.py")
        real = os.path.join(etc, "sitecustomize.py") if number % 2 else path
        with open(real, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(real, 0o640)
        xattr(real)
        if number % 2:
            os.symlink("../../../etc/sitecustomize.py", path)
        for place in (real, etc, folder):
            os.utime(place, ns=(1234567890123456789, 987654321000000001 + number))
        before, times = state(folder, etc), (1234567890123456789, os.stat(real).st_mtime_ns)
        os.utime(real, ns=times)  # it was read
        enable(c, err="^pipgate: enabled: " + (".*a link to " if number % 2 else ""))
        made = state(folder, etc)
        c.equal({p for p in made if made[p] != before.get(p)}, {real}, "%s: entries that changed" % name)
        c.equal((made[real][1:4], made[real][5]), (before[real][1:4], before[real][5]), "%s: mode, owner and attributes" % name)
        enable(c, err="^pipgate: already enabled")
        same(c, made, folder, etc)
        expect(c, [c.env.python, "-c", "pass"], 0, out="^$" if name == "empty" else "^theirs $", not_err=".")
        if number < 2:
            held(c, c.env, roads(c.env)[:1])
        disable(c)
        c.equal((os.stat(real).st_atime_ns, os.stat(real).st_mtime_ns), times, "%s: its times" % name)
        same(c, before, folder, etc)
        os.unlink(path)
    bare(c, roads(c.env)[0])


def xattr(path):
    try:
        os.setxattr(path, "user.pipgate", b"a\0b")
    except OSError:  # a file system without
        pass


@case(pips="one", mode="any")
def enable_and_edits(c):
    """A file that was edited while enabled: the edits stay, the block goes, and the former time is not put back."""
    own(c)
    path = os.path.join(library(c), "sitecustomize.py")
    for before, behind in (("", "behind = 1\n"), ("before = 1\n", ""), ("", "")):
        write(path, TEXT[:-1], 987654321)
        enable(c)
        with open(path) as f:
            text = f.read()
        write(path, before + text + behind)
        disable(c)
        with open(path) as f:
            c.equal(f.read(), before + TEXT[:-1] + ("\n" if behind else "") + behind, "what is left")
        c.equal(os.stat(path).st_mtime == 987654321, not before + behind, "the former time")
    os.unlink(path)
    enable(c)
    with open(path) as f:
        text = f.read()
    write(path, "mine = 1\n" + text)
    enable(c, err="already")
    disable(c)
    with open(path) as f:
        c.equal(f.read(), "mine = 1\n", "what is left of a file that was ours alone")


def write(path, text, time_of=None):
    with open(path, "w") as f:
        f.write(text)
    if time_of is not None:
        os.utime(path, (time_of, time_of))


@case(pips="one", mode="any")
def enable_replaces_its_own(c):
    """Another place of the shim, or another version of the lines: replaced, and what was before the first time comes back."""
    own(c)
    path = os.path.join(library(c), "sitecustomize.py")
    for text in (None, TEXT[:-1]):
        if text:
            write(path, text, 987654321)
        before = state(library(c))
        copy = program(c)
        expect(c, [copy, "enable", "--python", c.env.python], 0, err="^pipgate: enabled")
        with open(path) as f:
            c.true(os.path.dirname(copy) in f.read(), "not that shim")
        enable(c, err="^pipgate: enabled")
        with open(path) as f:
            new = f.read()
        c.true(os.path.dirname(copy) not in new and paths.BUILD in new and new.count(">>> pipgate") == 1, "not replaced:\n%s", new)
        held(c, c.env, roads(c.env)[:1])
        disable(c)
        same(c, before, library(c))


def program(c, name="copy"):
    """Another installation of pipgate."""
    folder = os.path.join(c.root, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    for part in ("pipgate", "pipgate-hook.so", "pipgate_shim.py", "sitecustomize.in"):
        shutil.copy2(os.path.join(paths.BUILD, part), folder)
    return os.path.join(folder, "pipgate")


@case(pips="one", mode="any")
def enable_odd_paths(c):
    """Quotes, backslashes, newlines and bytes that are no UTF-8 in the path of the shim, in either form."""
    own(c)
    one = venv(c, "one")
    for name in (b"a'b\"c\\d", b"line\nbreak %s {}", b"caf\xe9", "ü☃".encode()):
        copy = os.fsencode(program(c, os.fsdecode(name)))
        for option in ([b"--python", c.env.python.encode()], [b"--venv", one.root.encode()]):
            expect(c, [copy, b"enable"] + option, 0)
            held(c, one, roads(one)[:1])
            expect(c, [copy, b"disable"] + option, 0)
    bare(c, roads(one)[0])


@case(pips="one", mode="any")
def enable_killed(c):
    """Killed at any moment: the file is whole or as before, and what was left lying is swept by the next."""
    own(c)
    path, seed = os.path.join(library(c), "sitecustomize.py"), random.randrange(1 << 30)
    dice = random.Random(seed)
    for text in (None, TEXT[:-1]):
        if text:
            write(path, text, 987654321)
        before = state(library(c))
        enable(c)
        enabled = body(path)
        start = time.monotonic()
        disable(c)
        took = time.monotonic() - start
        for n in range(20):
            running = c.start([paths.PIPGATE, dice.choice(["enable", "disable"]), "--python", c.env.python])
            time.sleep(dice.uniform(0.3, 1.1) * took)
            running.signal(9)
            running.wait()
            now = body(path)
            c.true(now in (text, text and text.encode()) or marks_off(now) == marks_off(enabled), "seed %d, kill %d: neither whole nor as before:\n%s",
                   seed, n, now)
            expect(c, [c.env.python, "-c", "pass"], 0, not_err=".")
        left = os.path.join(library(c), ".pipgate-enable-0123456789abcdef")
        write(left, "left")
        enable(c)
        c.true(not os.path.exists(left), "seed %d: not swept", seed)
        disable(c)
        write(left, "left")
        disable(c)
        c.equal(glob.glob(os.path.join(library(c), ".pipgate*")), [], "seed %d: left lying" % seed)
        after = state(library(c))
        c.equal({p: e[:4] for p, e in after.items()}, {p: e[:4] for p, e in before.items()}, "seed %d: the standard library" % seed)


def body(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except FileNotFoundError:
        return None


def marks_off(text):
    """Without the opening mark, which keeps the times of the file as it was that time."""
    return text and b"\n".join(line for line in text.split(b"\n") if b">>>" not in line)


@case(pips="one", mode="any")
def enable_at_once(c):
    """Several at the same time wait for each other."""
    own(c)
    before = state(library(c))
    for command in ("enable", "disable"):
        started = [c.start([paths.PIPGATE, command, "--python", c.env.python]) for _ in range(6)]
        for running in started:
            c.expect(c.checked(running.wait()), status=0)
    same(c, before, library(c))


# ---- what is refused ----

@case(pips="one", mode="any")
def enable_refuses(c):
    """What is no Python, one that is too old, a link that is not to be followed, marks that are damaged: 41, and nothing is changed."""
    own(c)
    path = os.path.join(library(c), "sitecustomize.py")
    etc = os.path.join(c.root, "etc")
    os.mkdir(etc)
    target = os.path.join(etc, "sitecustomize.py")

    def refused(pattern):
        before = state(library(c), etc)
        for change in (enable, disable):
            change(c, status=41, err="^pipgate: .*" + pattern)
        same(c, before, library(c), etc)

    enable(c, "--python", "/bin/true", status=41, err="does not answer as Python")
    enable(c, "--python", c.path("none"), status=41, err="no such program")
    old = [p for p in glob.glob(os.path.expanduser("~/.pyenv/versions/3.[67].*/bin/python3"))]
    for python in old[:1]:
        enable(c, "--python", python, status=41, err="3.8 and later")
    os.symlink(target, path)
    refused("leads nowhere")
    os.mkdir(target)
    refused("no regular file")
    os.rmdir(target)
    write(target, TEXT)
    os.chmod(target, 0o666)
    refused("others may change")
    os.chmod(target, 0o644)
    os.chmod(library(c), 0o777)
    refused("others may change")
    os.chmod(library(c), 0o755)
    if os.getuid() == 0:
        os.chown(target, enabling.NOBODY, enabling.NOBODY)
        refused("others may change")
        os.chown(target, 0, 0)
        os.chown(path, enabling.NOBODY, enabling.NOBODY, follow_symlinks=False)
        refused("others may change")
    os.unlink(path)
    os.mkdir(path)
    refused("no regular file")
    os.rmdir(path)
    write(path, TEXT)
    os.chmod(path, 0o646)
    refused("written by anyone")
    os.unlink(path)
    enable(c)
    whole = body(path)
    for damaged in (whole[:-20], whole[30:], whole + whole, whole.replace(b"1 made", b"1 mad"), b"\n".join(reversed(whole.split(b"\n")))):
        with open(path, "wb") as f:
            f.write(damaged)
        refused("damaged")
    with open(path, "wb") as f:
        f.write(whole)
    disable(c)


@case(pips="one", mode="any")
def enable_without_the_right(c):
    """Where only root may write: 41, and it says how; --all does the others, and ends with 41 too."""
    base = next((p for p in ("/usr/bin/python3",) if os.path.exists(p)), None)
    if not base:
        raise Skipped("no Python of the system is here")
    words = enabling.nobody(c)
    theirs, ours = os.path.join(c.root, "theirs"), os.path.join(c.root, "ours")
    folders = [pips.own_python(base, root) for root in (theirs, ours)]
    if words:
        os.chown(folders[1], enabling.NOBODY, enabling.NOBODY)
    else:
        os.chmod(folders[0], 0o555)
    before = state(folders[0])
    expect(c, words + [paths.PIPGATE, "enable", "--python", os.path.join(theirs, "bin", "python3")], 41,
           err="needs to be run as root: sudo pipgate enable --python ")
    same(c, before, folders[0])
    mixed = os.path.join(c.root, "bin")
    os.mkdir(mixed)
    for name, text in (("python3.9", "#!/bin/sh\nexit 127\n"), ("python3.55", "no program")):
        write(os.path.join(mixed, name), text)
        os.chmod(os.path.join(mixed, name), 0o755)
    path = ":".join([mixed, theirs + "/bin", ours + "/bin", "/bin"])
    result = expect(c, words + [paths.PIPGATE, "enable", "--all"], 41, env={"PATH": path},
                    err=["^pipgate: enabled: .*" + ours, "^pipgate: .*" + theirs])
    c.equal(result.stderr.count("enabled: "), 1, "enabled")
    c.true(os.path.exists(os.path.join(folders[1], "sitecustomize.py")), "not enabled")
    same(c, before, folders[0])
    expect(c, words + [paths.PIPGATE, "disable", "--all"], 0, env={"PATH": path}, err="^pipgate: disabled: .*" + ours)
    c.true(not os.path.exists(os.path.join(folders[1], "sitecustomize.py")), "not disabled")
    if words:  # root's file in a folder of theirs
        python = os.path.join(ours, "bin", "python3")
        write(os.path.join(folders[1], "sitecustomize.py"), TEXT)
        expect(c, words + [paths.PIPGATE, "enable", "--python", python], 41, err="belongs to another user; needs to be run as root")


@case(pips="one", mode="any")
def enable_usage(c):
    """Words that are not understood: 42."""
    for words in (["--foo"], ["x"], ["--python"], ["--all", "--python", "x"], ["--venv", "a", "--python", "b"]):
        for command in ("enable", "disable"):
            c.expect(c.pipgate(command, *words), status=42, err="^pipgate: " + command)
    c.expect(c.pipgate("help", "enable"), status=0, out="--venv DIR")


# ---- what must not break ----

def ordinary(c):
    """What a user sees of a Python that is no installing pip: {command: (status, stdout, stderr)}"""
    python, found = c.env.python, {}
    for words in ("-c pass", "-c import\tpip,sys;print(len(sys.argv)) a", "-m pip list", "-m pip install --help"):
        result = enabling.run(c, [python] + [w.replace("\t", " ") for w in words.split(" ")])
        found[words] = (result.status, result.out, result.err)
    return found


def as_usual(c, usual, what):
    now = ordinary(c)
    c.equal([words for words in usual if now[words] != usual[words]], [], what + ": not as before")


@case(mode="any")
def enable_and_broken_parts(c):
    """The shim gone or damaged in any way, by either form: ordinary Python and pip as ever, what installs ends with 41 and one line."""
    own(c)
    inner = venv(c, "inner")
    for option, damages in ((["--python", c.env.python], (gone, emptied, cut_short, no_python, no_text, a_folder)), (["--venv", inner.root], (gone, cut_short))):
        if option[0] == "--venv":
            c.use(inner)
        usual = ordinary(c)
        for damage in damages:
            copy = program(c)
            expect(c, [copy, "enable"] + option, 0)
            damage(os.path.join(os.path.dirname(copy), "pipgate_shim.py"))
            as_usual(c, usual, "%s, %s" % (option[0], damage.__name__))
            nothing_in(c, ("install", "download", "wheel") if damage is gone else ("install",))
            expect(c, [paths.PIPGATE, "disable"] + option, 0)


@case(pips="one", mode="any")
def enable_and_missing_parts(c):
    """The object or the program gone: ordinary Python and what installs nothing as ever, what installs ends with 41."""
    own(c)
    usual = ordinary(c)
    for part in ("pipgate-hook.so", "pipgate"):
        copy = program(c)
        expect(c, [copy, "enable", "--python", c.env.python], 0)
        gone(os.path.join(os.path.dirname(copy), part))
        for words in ("-c pass", "-m pip list"):
            result = enabling.run(c, [c.env.python] + words.split())
            c.equal((result.status, result.out, result.err), usual[words], part + " gone: " + words)
        expect(c, roads(c.env)[0] + ["install", enabling.ALLOWED], 41, err="^pipgate: ")
        c.equal(c.env.installed(), {}, "installed")
        expect(c, [paths.PIPGATE, "disable", "--python", c.env.python], 0)


def nothing_in(c, commands):
    for command in commands:
        result = expect(c, [c.env.python, "-m", "pip", "-q", command, "-q", enabling.ALLOWED], 41, err="^pipgate: .*nothing was installed")
        c.equal(len(c.lines_of_ours(result)), 1, "lines of ours")
    c.equal((c.env.installed(), os.listdir(c.work)), ({}, []), "what came")


def gone(path):
    os.unlink(path)


def emptied(path):
    write(path, "")


def cut_short(path):
    """Before the last lines: what is there is good Python, and does nothing."""
    with open(path, "rb") as f:
        text = f.read()
    with open(path, "wb") as f:
        f.write(text[:text.rindex(b'if "pipgate_shim" not in')])


def no_python(path):
    write(path, "def (:\n")


def no_text(path):
    with open(path, "wb") as f:
        f.write(bytes(range(256)))


def a_folder(path):
    os.unlink(path)
    os.mkdir(path)


@case(pips="one", mode="any")
def enable_and_any_cut(c):
    """The shim cut at any of its lines never lets anything in."""
    own(c)
    copy = program(c)
    shim = os.path.join(os.path.dirname(copy), "pipgate_shim.py")
    expect(c, [copy, "enable", "--python", c.env.python], 0)
    with open(shim) as f:
        lines = f.read().split("\n")
    for n in random.sample(range(len(lines) - 6), 12) + list(range(len(lines) - 6, len(lines) - 2)):
        write(shim, "\n".join(lines[:n]))
        result = enabling.run(c, [c.env.python, "-m", "pip", "install", enabling.BLOCKED])
        c.true(result.status in (40, 41), "cut at line %d: status %d", n, result.status)
        c.equal(c.env.installed(), {}, "cut at line %d: installed" % n)


@case(pips="one", mode="any")
def enable_without_a_database(c):
    """A database that cannot be read, and one that is not there: 41 for what installs, nothing for the rest; mode=off opens."""
    own(c)
    usual = ordinary(c)
    enable(c)
    c.settings["env"] = {"PIPGATE_DB": c.write("broken.db", "no database")}
    as_usual(c, usual, "a broken database")
    expect(c, roads(c.env)[0] + ["install", enabling.ALLOWED], 41, err="^pipgate: ")
    c.equal(c.env.installed(), {}, "installed")
    expect(c, roads(c.env)[0] + ["install", enabling.ALLOWED], 0, env={"PIPGATE_POLICY": "mode=off"})


# ---- another sitecustomize ----

@case(mode="any", slow=True)
def enable_before_another(c):
    """Our file hides another, further down sys.path: that one runs as if ours were not there; its errors are its own."""
    own(c)
    inner = venv(c, "inner")
    print_it = "import sys\nsys.stdout.write('%s %s %s\\n' % (__name__, __file__, sorted(n for n in dir() if n[:2] != '__')))\n"
    texts = (print_it, "raise ValueError('theirs')\n", "import no_such_module\n", "import sys; sys.exit(7)\n", "def f(:\n", print_it + "raise ImportError(name='sitecustomize')\n")
    for environment in (c.env, inner):
        for form in ("sitecustomize.py", "sitecustomize/__init__.py"):
            for text in texts:
                path = os.path.join(environment.site, form)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                write(path, text)
                asks = [[environment.python, "-c", "import sys; print(sys.modules.get('sitecustomize'))"], [environment.python, "-v", "-c", "pass"]]
                usual = [seen(enabling.run(c, argv)) for argv in asks]
                enable(c, status=(0, 41))
                c.equal([seen(enabling.run(c, argv)) for argv in asks], usual, "%s: %s" % (path, text))
                if text == texts[1]:
                    expect(c, roads(environment)[0] + ["install", enabling.BLOCKED], 40)
                disable(c)
            shutil.rmtree(os.path.join(environment.site, "sitecustomize"), ignore_errors=True)
            for left in glob.glob(os.path.join(environment.site, "sitecustomize*")):
                os.unlink(left)


def seen(result):
    """-v shows the traceback of an error in sitecustomize; what else it shows is left out, and the lines of our frames."""
    error = result.stderr
    return result.status, result.stdout, [line for line in error.split("\n") if line and line[0] not in "# " and not line.startswith(("import ", "Python", "[GCC", "Type"))]


@case(pips="one", mode="any")
def enable_twice_on_the_path(c):
    """The standard library's folder twice on sys.path, by another name: no circle."""
    own(c)
    enable(c)
    os.symlink(library(c), c.path("again"))
    for path in (library(c), c.path("again"), library(c) + "/", c.path("again") + ":" + library(c)):
        expect(c, roads(c.env)[0] + ["install", enabling.BLOCKED], 40, env={"PYTHONPATH": path})
        expect(c, [c.env.python, "-c", "pass"], 0, env={"PYTHONPATH": path}, not_err=".")
