# SPDX-License-Identifier: Apache-2.0
"""Wheels that pip builds go into its cache: what was built while pip was held is known again by its hash, what was not is not verified."""
import glob
import hashlib
import os
import zipfile

from held import held, offer, pip, with_decider, words
from lib import index

PIPS = "22.2.2 24.3.1 newest"
SAID = "built-1.0-.*built here, from cache, not verified"
BLOCK = {"PIPGATE_CACHED_BUILD": "block"}


def notes(c, name="built"):
    return os.path.join(c.home, "state", "pipgate", name)


def cached(c, name="built"):
    found, = glob.glob(os.path.join(c.home, "cache", "pip", "wheels", "**", name + "-*.whl"), recursive=True)
    return found


def text_of(path):
    with open(path) as f:
        return f.read()


def anew(c, *names):
    """They are no longer installed, but cached."""
    c.expect(c.run([c.env.python, "-m", "pip", "uninstall", "-q", "-y"] + list(names or ["built"]), gate=False), status=0)
    c.equal(c.env.installed(), {}, "installed")


def build(c):
    """Built while pip is held, and away again."""
    c.expect(pip(c, "install", "built"), status=0, not_err="not verified")
    c.true("wheel built" in c.built(), "it was not built: %s", c.built())
    anew(c)


def plant(path):
    with zipfile.ZipFile(path, "a") as z:
        z.writestr("planted.py", "")


def refused(c, status=40, **options):
    result = c.expect(pip(c, "install", "built", env=BLOCK, **options), status=status)
    c.equal(c.env.installed(), {}, "installed")
    return result


@held(pips="all")
def built_under_the_gate(c):
    """Its hash is noted, once, for the user alone; from the cache it is installed without a word, also where that blocks otherwise."""
    build(c)
    with open(cached(c), "rb") as f:
        line = "%s %s\n" % (hashlib.sha256(f.read()).hexdigest(), os.path.basename(cached(c)))
    c.equal(text_of(notes(c)), line, "notes")
    c.equal([oct(os.stat(p).st_mode & 0o7777) for p in (notes(c), os.path.dirname(notes(c)))], ["0o600", "0o700"], "modes")
    for env in (BLOCK, {"PIPGATE_PROFILE": "strict", "PIPGATE_SDIST": "warn"}, {}):
        c.expect(pip(c, "install", "built", env=env), status=0, not_err="not verified")
        c.equal(c.env.installed(), {"built": "1.0"}, "installed")
        anew(c)
    c.equal((text_of(notes(c)), c.built().count("wheel built")), (line, 1), "notes, and how often it was built")


@held(pips="all")
def built_by_a_bare_pip(c):
    """Nothing tells what it was built of: one line, or a block."""
    c.prepare("install", "built")
    for rule, status, err in (("", 0, SAID), ("warn", 0, SAID), ("allow", 0, ()), ("block", 40, "^pipgate: blocked: " + SAID)):
        anew(c)
        c.expect(pip(c, "install", "built", env={"PIPGATE_CACHED_BUILD": rule}), status=status, err=err, not_err=() if err else "not verified")
        c.equal(c.env.installed(), {} if status else {"built": "1.0"}, "installed")
    for profile in ("image", "strict"):
        c.expect(pip(c, "install", "built", env={"PIPGATE_PROFILE": profile, "PIPGATE_SDIST": "warn"}), status=40, err=SAID)
    c.true(not os.path.exists(notes(c)), "it was noted")


@held(pips=PIPS)
def poisoned_afterwards(c):
    """Other bytes under the same name: 40 where such wheels are blocked, a line where they are not."""
    build(c)
    plant(cached(c))
    c.expect(refused(c), err="^pipgate: blocked: " + SAID)
    c.expect(pip(c, "install", "built"), status=0, err=SAID)


@held(pips=PIPS)
def another_wheel_s_hash(c):
    """A hash that is noted for another file is none for this one."""
    build(c)
    with open(notes(c), "w") as f:
        with open(cached(c), "rb") as wheel:
            f.write("%s other-1.0-py3-none-any.whl\n" % hashlib.sha256(wheel.read()).hexdigest())
    refused(c)


@held(pips=PIPS)
def notes_that_are_not_believed(c):
    """Others may write them, or have; they are a link; a line is none: as if there were none, and begun anew by the next build."""
    build(c)
    path, good = notes(c), text_of(notes(c))
    aside = os.path.join(c.root, "aside")

    def fresh():
        if os.path.lexists(path):
            os.unlink(path)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as f:
            f.write(good)

    def linked():
        os.rename(path, aside)
        os.symlink(aside, path)

    def content(text):
        return lambda: open(path, "w").write(text)
    spoilt = [lambda: os.chmod(path, 0o620), lambda: os.chmod(path, 0o602), linked, content(good[:-1]), content(good + "\n"), content("x" + good),
              content(good + good.replace(" ", "  ")), content(good.upper()), content(good + "\0"), content(good + "x" * 300 * 1024 + "\n"),
              lambda: os.chmod(os.path.dirname(path), 0o770), lambda: (os.unlink(path), os.mkfifo(path))]
    if os.geteuid() == 0:
        spoilt.append(lambda: os.chown(path, 12345, 12345))
    for spoil in spoilt:
        fresh()
        spoil()
        refused(c)
        os.chmod(os.path.dirname(path), 0o700)
    fresh()
    os.chmod(path, 0o640)  # others may read it
    c.expect(pip(c, "install", "built", env=BLOCK), status=0)
    anew(c)
    content("nonsense\n")()
    os.unlink(cached(c))
    build(c)
    c.equal(text_of(path), good, "notes after the next build")


@held(pips=PIPS)
def nowhere_to_note(c):
    """A state folder that cannot be made, a relative XDG_STATE_HOME, no HOME: pip works, and nothing is noted where it should not be."""
    c.write("no-folder", "")
    for env in ({"XDG_STATE_HOME": c.path("no-folder")}, {"XDG_STATE_HOME": "here", "HOME": None, "PIP_CACHE_DIR": os.path.join(c.home, "cache", "pip")}):
        c.expect(pip(c, "install", "built", env=env), status=0, not_err="not verified")
        anew(c)
        c.expect(pip(c, "install", "built", env=dict(env, **BLOCK)), status=40, err=SAID)
        os.unlink(cached(c))
    c.equal(os.listdir(c.work), ["no-folder"], "files")
    env = {"XDG_STATE_HOME": None}
    c.expect(pip(c, "install", "built", env=env), status=0)
    anew(c)
    c.expect(pip(c, "install", "built", env=dict(env, **BLOCK)), status=0)
    c.true(os.path.exists(os.path.join(c.home, ".local", "state", "pipgate", "built")), "no notes in the usual place")


@held(pips=PIPS)
def changed_while_pip_is_at_it(c):
    """A noted wheel that is changed after the verdict, or a fresh one between its build and its install: 43."""
    build(c)
    decider = with_decider(c, "{decide}; status=$?; echo >> %s; exit $status" % cached(c))
    refused(c, 43, folder=decider)
    os.unlink(cached(c))
    poison = """import pip._internal.wheel_builder as w
def inside(*args, original=w._build_one_inside_env, **more):
    path = original(*args, **more)
    with open(path, 'ab') as f:
        f.write(b'x')
    return path
w._build_one_inside_env = inside"""
    c.expect(refused(c, 43, before=poison), err="changed since it was built")


@held(pips=PIPS)
def build_requirements_from_the_cache(c):
    """What a nested pip has built is noted, too."""
    offer(c, index.sdist("modest", "1.0", needs=["built"]), index.sdist("humble", "1.0", needs=["built"]))
    c.expect(pip(c, "install", "modest"), status=0)
    c.equal(c.built().count("wheel built"), 1, "how often it was built")
    c.equal(sorted(line.split()[1].split("-")[0] for line in text_of(notes(c)).splitlines()), ["built", "modest"], "notes")
    c.expect(pip(c, "install", "humble", env=BLOCK), status=0, not_err="not verified")
    c.equal(c.built().count("wheel built"), 1, "how often it was built")


@held(pips="one")
def notes_stay_small(c):
    """A full file steps back and is still read; the one before it goes."""
    build(c)
    path, good = notes(c), text_of(notes(c))
    full = good
    while len(full) < 256 * 1024 - 200:
        full += "%064x filler-%d-py3-none-any.whl\n" % (len(full), len(full))
    with open(path, "w") as f:
        f.write(full)
    offer(c, index.sdist("other", "1.0"))
    c.expect(pip(c, "install", "other"), status=0)
    anew(c, "other")
    c.equal(text_of(notes(c, "built.old")), full, "the old notes")
    c.true(text_of(path).endswith(" other-1.0-py3-none-any.whl\n") and text_of(path).count("\n") == 1, "the new notes: %s", text_of(path))
    c.expect(pip(c, "install", "built", "other", env=BLOCK), status=0, not_err="not verified")


@held(pips="one")
def notes_of_many_at_once(c):
    """Pips that build at the same time lose no line of each other."""
    names = ["part%d" % i for i in range(6)]
    offer(c, *(index.sdist(name, "1.0") for name in names))
    running = [c.start(words(c, "install", "-q", "--target", name, name)) for name in names]
    results = [r.wait() for r in running]
    for result in results:
        c.expect(c.checked(result), status=0)
    c.equal(sorted(line.split()[1].split("-")[0] for line in text_of(notes(c)).splitlines()), names, "notes")
