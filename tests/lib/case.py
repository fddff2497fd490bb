# SPDX-License-Identifier: Apache-2.0
"""A black-box case: a throw-away folder with an environment, an index, a database and the gate first on PATH.

Cases are folders with a file named `case` (see tests/cli/README.md) or functions marked @case. Each is expanded over the
pairs of pip and Python that it names.
"""
import concurrent.futures
import difflib
import glob
import importlib.util
import json
import os
import re
import shlex
import shutil
import signal
import tempfile
import time

from . import index, osvdb, paths, pips, proc, tree, wheels, world

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]")
SANITIZER = re.compile(rb"AddressSanitizer|LeakSanitizer|runtime error:|==\d+==")


_sweeper = concurrent.futures.ThreadPoolExecutor(1)  # folders go while the next case runs; all are gone when the runner ends


class Failed(Exception):
    pass


class Skipped(Exception):
    pass


class Case:
    """mode: None leaves --gate-mode to itself (auto), else PIPGATE_MODE says it. Every verdict that is written down tells how pip was
    held, and that is checked."""

    def __init__(self, name, pair, mode=None):
        self.name, self.pair, self.mode = name, pair, mode
        os.makedirs(os.path.join(paths.BUILD, "cli"), exist_ok=True)
        self.root = tempfile.mkdtemp(prefix="c", dir=os.path.join(paths.BUILD, "cli"))
        self.work, self.home, self.tmp, self.shims = (self._folder(n) for n in ("work", "home", "tmp", "shims"))
        self.marker = os.path.join(self.root, "built")  # build code of ours writes its name here
        self.verdict = os.path.join(self.root, "verdict.json")
        self.settings = {}
        self.files, self.records, self.epoch = world.files(), world.advisories(), None
        self.kev, self.epss = [], {}  # feeds beside the records: CVE ids, {CVE id: (score, percentile)}
        self.steps = []  # (command, Result) so far, for the report of a failure
        self._parts, self.leaves = {}, False
        for link in ("pip", "pip3"):
            os.symlink(paths.PIPGATE, os.path.join(self.shims, link))

    def _folder(self, name):
        path = os.path.join(self.root, name)
        os.mkdir(path)
        return path

    # ---- parts, each made when it is first needed ----

    def _part(self, name, make):
        if name not in self._parts:
            self._parts[name] = make()
        return self._parts[name]

    @property
    def env(self):
        return self._part("env", lambda: pips.environment(self.pair, os.path.join(self.root, "env")))

    def use(self, environment):
        """Another environment than the usual one (a Python of its own, a fake pip's)."""
        self._parts["env"] = environment

    @property
    def index(self):
        return self._part("index", lambda: index.Index(self.files))

    @property
    def db(self):
        return self._part("db", lambda: osvdb.build(self.records, self.epoch, self.kev, self.epss))

    @db.setter
    def db(self, path):
        self._parts["db"] = path

    # ---- running ----

    def environ(self, gate=True, **more):
        """A clean environment; a value of None takes the variable out."""
        activated = self.settings.get("road") == "venv"  # its bin is first then, and the gate is called by {shims}/pip
        roads = ([self.shims] if gate and not activated else []) + [self.env.bin, SYSTEM_PATH]
        made = {"PATH": ":".join(roads), "HOME": self.home, "TMPDIR": self.tmp, "LC_ALL": "C.UTF-8", "TERM": "dumb",
                "PIP_INDEX_URL": self.index.url, "PIP_CONFIG_FILE": os.devnull,
                "PIP_TRUSTED_HOST": "127.0.0.1",  # pip caches what came over plain HTTP from trusted hosts only
                "PIP_DISABLE_PIP_VERSION_CHECK": "1",
                "BUILD_MARKER": self.marker, "GIT_CONFIG_NOSYSTEM": "1"}
        for kind in ("CACHE", "CONFIG", "DATA", "STATE"):
            made["XDG_%s_HOME" % kind] = os.path.join(self.home, kind.lower())
        if gate:
            made["PIPGATE_DB"] = self.db
            made["PIPGATE_REPORT"] = self.verdict
            made["PIPGATE_MODE"] = self.mode
        if activated:
            made["VIRTUAL_ENV"] = self.env.root
        made.update(self.settings.get("env", {}))
        made.update(more)
        return {k: v for k, v in made.items() if v is not None}

    def start(self, argv, gate=True, env=None, cwd=None, **options):
        return proc.Running(argv, env=self.environ(gate, **(env or {})), cwd=cwd or self.work, **options)

    def run(self, argv, gate=True, env=None, raw=False, **options):
        """Runs a command line (a list, or text cut as a shell would). What must hold after any call of ours is checked here."""
        argv = shlex.split(argv) if isinstance(argv, str) else list(argv)
        settings = self.environ(gate, **(env or {}))
        argv = [shutil.which(argv[0], path=settings.get("PATH", os.defpath)) or argv[0]] + argv[1:]
        result = self.start(argv, gate, env, **options).wait()
        return self.checked(result, raw)

    def checked(self, result, raw=False):
        self.steps.append(result)
        if result.timed_out:
            raise Failed("it did not end in time")
        if result.left_over:
            raise Failed("it left processes behind: %s" % result.left_over)
        if SANITIZER.search(result.err):
            raise Failed("a sanitizer spoke")
        ours = "\n".join(line for line in result.stderr.split("\n") if line.startswith("pipgate:"))
        if RAW.search(ours) and not raw:
            raise Failed("raw control characters in our own lines: %r" % RAW.findall(ours))
        left = os.listdir(self.tmp)
        if self.leaves:  # a program that is known to leave something, with us and without
            for name in left:
                shutil.rmtree(os.path.join(self.tmp, name), ignore_errors=True)
        elif left:
            raise Failed("left in TMPDIR: %s" % left)
        self.check_mode(result.argv)
        return result

    def held(self, argv):
        """How this pip is to be held."""
        if self.pair.version < (22, 2):
            return "download"
        return "plan" if "--gate-plan" in " ".join(argv) else self.mode or "inline"

    def check_mode(self, argv):
        if os.path.exists(self.verdict):
            with open(self.verdict) as f:
                mode = json.load(f)["mode"]
            os.unlink(self.verdict)
            if mode not in (self.held(argv), "report"):
                raise Failed("mode is %s, expected %s" % (mode, self.held(argv)))

    def gate(self, *argv, **options):
        """`pip …` through the link."""
        return self.run(["pip"] + list(argv), **options)

    def audit(self, *argv, **options):
        """`pip audit …` through the link; a finding ends with 1, so no status is asked for."""
        return self.run(["pip", "audit"] + list(argv), **options)

    def audit_json(self, *argv, status=(0, 1), **options):
        result = self.expect(self.audit(*argv, "-f", "json", **options), status=status)
        self.true(result.stdout, "there is no report")
        return json.loads(result.stdout)

    def pipgate(self, *argv, **options):
        return self.run([paths.PIPGATE] + list(argv), **options)

    def bare(self, *argv, **options):
        """The environment's own pip."""
        return self.run([os.path.join(self.env.bin, "pip")] + list(argv), gate=False, **options)

    def prepare(self, *argv):
        """Bare pip sets the scene; that must work."""
        self.expect(self.bare(*argv), status=0)

    # ---- expectations ----

    def expect(self, result, status=None, out=(), err=(), not_out=(), not_err=()):
        """Patterns are searched line by line (re.MULTILINE)."""
        if status is not None and result.status not in (status if isinstance(status, (tuple, list)) else (status,)):
            raise Failed("status %s, expected %s" % (result.status, status))
        for stream, text, wanted, unwanted in (("stdout", result.stdout, out, not_out), ("stderr", result.stderr, err, not_err)):
            for pattern in _several(wanted):
                if not re.search(pattern, text, re.M):
                    raise Failed("%s lacks %r" % (stream, pattern))
            for pattern in _several(unwanted):
                if re.search(pattern, text, re.M):
                    raise Failed("%s has %r" % (stream, pattern))
        return result

    def true(self, condition, text, *values):
        if not condition:
            raise Failed(text % values if values else text)

    def equal(self, got, wanted, what):
        if got != wanted:
            raise Failed("%s: got %r, expected %r" % (what, got, wanted))

    def snapshot(self):
        return tree.snapshot(self.env.root)

    def unchanged(self, before):
        """Neither the environment nor the home's user site has changed."""
        lines = tree.differences(before, self.snapshot())
        if lines:
            raise Failed("the environment changed:\n    " + "\n    ".join(lines[:12]))

    def lines_of_ours(self, result):
        return [line for line in result.stderr.split("\n") if line.startswith("pipgate:")]

    def built(self):
        """What build code ran: lines "wheel built"."""
        if not os.path.exists(self.marker):
            return []
        with open(self.marker) as f:
            return f.read().split("\n")[:-1]

    def path(self, *parts):
        return os.path.join(self.work, *parts)

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        return path

    # ---- the end ----

    def story(self):
        """What happened, for the report of a failure."""
        lines = ["in %s" % self.root]
        for result in self.steps[-3:]:
            lines.append("$ " + " ".join(shlex.quote(a) for a in result.argv))
            lines.append("  status %s after %.1f s" % (result.status, result.seconds))
            lines += ["  out| " + line for line in result.stdout.split("\n") if line][-40:]
            lines += ["  err| " + line for line in result.stderr.split("\n") if line][-60:]
        return RAW.sub(lambda m: "\\x%02x" % ord(m.group()), "\n".join(lines))

    def close(self, keep):
        if "index" in self._parts:
            self._parts["index"].close()
        if not keep:
            _sweeper.submit(proc.run, ["rm", "-rf", self.root])


def _several(patterns):
    return [patterns] if isinstance(patterns, str) else patterns


# ---- cases as functions ----

_functions = []


def case(pips="two", name=None, mode=None, slow=False):
    """Marks a function of one Case; its name with - for _ is the case's, its docstring what it shows. mode: the one it is about,
    or "any": it is about none. slow: with ALL=1 alone."""
    def mark(function):
        _functions.append(Definition(name or function.__name__.replace("_", "-"), pips, function, function.__doc__ or "", mode, slow))
        return function
    return mark


class Definition:
    def __init__(self, name, pips, function, what, mode=None, slow=False, data=False):
        self.name, self.pips, self.function, self.what, self.mode, self.slow, self.data = name, pips, function, what, mode, slow, data


# ---- cases as data ----

_STEPS = ("run", "shell", "bare", "same")
_HEAD = ("what", "pips", "mode", "road", "env", "epoch", "project")
_EXPECT = ("status", "stdout", "stderr", "not-stdout", "not-stderr", "lines", "tree", "stdin", "exists", "absent", "built", "golden", "cwd")


def parse(path):
    """A file of `key: value` lines → (head, [step]); each run, shell, bare or same begins a step, what follows belongs to it."""
    head, steps = {"env": {}, "project": []}, []
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            key, colon, value = line.partition(":")
            key, value = key.strip(), value.strip()
            if not colon or key not in _STEPS + _HEAD + _EXPECT:
                raise ValueError("%s:%d: no such key: %s" % (path, number, key))
            if key in _STEPS:
                steps.append({"kind": key, "command": value})
            elif key == "env":
                name, _, setting = value.partition("=")
                (steps[-1].setdefault("env", {}) if steps else head["env"])[name] = setting
            elif key == "project":
                head[key].append(value.split())
            elif key in _HEAD:
                head[key] = value
            elif not steps:
                raise ValueError("%s:%d: %s before the first step" % (path, number, key))
            elif key in ("stdout", "stderr", "not-stdout", "not-stderr", "exists", "absent"):
                steps[-1].setdefault(key, []).append(value)
            else:
                steps[-1][key] = value
    return head, steps


def from_folder(folder):
    head, steps = parse(os.path.join(folder, "case"))
    return Definition(os.path.basename(folder), head.get("pips", "two"), lambda c: _play(c, folder, head, steps),
                      head.get("what", ""), head.get("mode"), data=True)


def _play(c, folder, head, steps):
    shutil.rmtree(c.work)
    shutil.copytree(folder, c.work, symlinks=True)
    c.settings = {"env": {k: _filled(c, v) for k, v in head["env"].items()}, "road": head.get("road")}
    if "epoch" in head:
        c.epoch = int(head["epoch"])
    for place, name, version in head["project"]:
        wheels.project(c.path(place), name, version)
    for step in steps:
        _step(c, folder, step)


def _filled(c, text):
    """{index} {files} {env} {python} {work} {root} {home} {tmp} {db} in a command or a setting."""
    values = {"index": lambda: c.index.url, "files": lambda: c.index.root + "/files", "env": lambda: c.env.root, "python": lambda: c.env.python,
              "work": lambda: c.work, "root": lambda: c.root, "home": lambda: c.home, "tmp": lambda: c.tmp, "db": lambda: c.db,
              "pipgate": lambda: paths.PIPGATE, "shims": lambda: c.shims}
    return re.sub(r"\{(%s)\}" % "|".join(values), lambda m: values[m.group(1)](), text)


def _step(c, folder, step):
    command = _filled(c, step["command"])
    if step["kind"] == "bare":
        c.prepare(*shlex.split(command))
        return
    if step["kind"] == "same":
        _same(c, command)
        return
    before, packages = c.snapshot(), c.env.installed()
    argv = ["bash", "-c", command] if step["kind"] == "shell" else shlex.split(command)
    options = {"env": {k: _filled(c, v) for k, v in step.get("env", {}).items()}}
    if "stdin" in step:
        with open(os.path.join(folder, step["stdin"]), "rb") as f:
            options["stdin"] = f.read()
    result = c.run(argv, **options)
    c.expect(result, _status(step.get("status", "0")), step.get("stdout", ()), step.get("stderr", ()), step.get("not-stdout", ()), step.get("not-stderr", ()))
    if "lines" in step:
        c.equal(len(c.lines_of_ours(result)), int(step["lines"]), "lines of ours")
    if "golden" in step:
        with open(os.path.join(folder, step["golden"]), encoding="utf-8") as f:
            _same_bytes("stderr (" + step["golden"] + ")", result.err, f.read().encode())
    if "built" in step:
        c.equal(bool(c.built()), step["built"] == "yes", "build code ran")
    for pattern in step.get("exists", ()):
        c.true(glob.glob(os.path.join(c.work, _filled(c, pattern))), "no file is %s", pattern)
    for pattern in step.get("absent", ()):
        c.true(not glob.glob(os.path.join(c.work, _filled(c, pattern))), "there is a %s", pattern)
    _tree(c, step.get("tree", ""), before, packages, command)


def _status(text):
    """A number, several with a bar between, or SIGNAL's name."""
    return tuple(-getattr(signal, t) if t.startswith("SIG") else int(t) for t in text.split("|"))


def _tree(c, wanted, before, packages, command):
    if wanted == "unchanged":
        c.unchanged(before)
    elif wanted.startswith("installed"):
        fresh = {n: v for n, v in c.env.installed().items() if packages.get(n) != v}
        words = wanted.split()[1:]
        c.equal(fresh, dict(zip(words[::2], words[1::2])), "newly installed")
    elif wanted == "as bare":
        _as_bare(c, before, command)
    elif wanted:
        raise ValueError("no such tree: " + wanted)


def _as_bare(c, before, command):
    """The same command by the bare pip, in an environment at the same place and in the same state, gives the same tree, byte for byte."""
    gated = c.snapshot()
    kept = os.path.join(c.root, "kept")
    os.rename(c.env.root, kept)
    pips.environment(c.pair, c.env.root)
    c.true(tree.differences(before, c.snapshot()) == [], "tree: as bare needs a case without steps before")
    c.expect(c.run(shlex.split(command), gate=False), status=0)
    lines = tree.differences(c.snapshot(), gated)
    if lines:
        raise Failed("not as the bare pip leaves it:\n    " + "\n    ".join(lines[:12]))


def _same(c, command):
    """Through the gate and bare: the same bytes on both streams, the same status, and the same tree."""
    before = c.snapshot()
    bare, gated = c.run(shlex.split(command), gate=False), c.run(shlex.split(command))
    c.equal(gated.status, bare.status, "status")
    _same_bytes("stdout", gated.out, bare.out)
    _same_bytes("stderr", gated.err, bare.err)
    c.unchanged(before)


def _same_bytes(what, got, wanted):
    if got != wanted:
        lines = difflib.unified_diff(wanted.decode("utf-8", "backslashreplace").split("\n"), got.decode("utf-8", "backslashreplace").split("\n"),
                                     "expected " + what, "got", n=1, lineterm="")
        raise Failed("\n".join(list(lines)[:20]))


# ---- what the runner sees ----


class Item:
    """One case on one pair, in one mode."""

    def __init__(self, definition, pair, mode=None, suite="cli"):
        self.definition, self.pair, self.mode = definition, pair, mode
        self.name = "%s/%s@%s%s" % (suite, definition.name, pair, "-" + mode if mode else "")

    def run(self):
        """→ ("ok" | "failed" | "skipped", text)"""
        c, keep = None, False
        try:
            c = Case(self.definition.name, self.pair, self.mode)
            self.definition.function(c)
            return "ok", ""
        except (Skipped, pips.Unavailable) as e:
            return "skipped", str(e)
        except (Failed, osvdb.BuildFailed) as e:
            keep = True
            return "failed", "%s\n%s\n%s" % (self.definition.what.strip(), e, c.story() if c else "")
        finally:
            if c:
                c.close(keep)


KEPT_SECONDS = 3600  # folders of failed cases; longer than any run, so that none in use is taken away


def sweep():
    """Takes away what failed cases of earlier runs kept."""
    for folder in glob.glob(os.path.join(glob.escape(paths.BUILD), "cli", "c*")):
        if time.time() - os.stat(folder).st_mtime > KEPT_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


# the cases that check walks with an old pip, too, and those in plan mode: the ways that these go by themselves
OLD_IN_CHECK = ("block-vulnerable", "clean-install", "download", "missing-distribution", "transitive-chain", "same-files-as-bare",
                "requirements-by-url", "abbreviations")
PLAN_IN_CHECK = ("block-vulnerable", "clean-install", "lock", "plan", "descriptors", "config-file")


def items(definitions):
    """Every case as it comes (auto: inline where pip can be held so), and in plan mode. In check a case runs as it comes on the last
    of its pips; some also on the first, where that cannot report its plan, and some in plan mode on the first that has both.
    ALL=1: everything everywhere. (What is on every pip always are the core cases of tests/hook.)"""
    found, everywhere = [], bool(os.environ.get("ALL"))
    for d in definitions:
        if d.slow and not everywhere:
            continue
        pairs = pips.pairs(d.pips)
        both = [p for p in pairs if p.version >= (22, 2)] if not d.mode else []
        mode = None if d.mode == "any" else d.mode
        if not everywhere:
            pairs = [p for p in pairs[:-1] if p.version < (22, 2) and d.name in OLD_IN_CHECK][:1] + pairs[-1:]
        found += [Item(d, p, mode) for p in pairs] + [Item(d, p, "plan") for p in (both if everywhere else both[:1] if d.data and d.name in PLAN_IN_CHECK else [])]
    return found


def functions():
    return list(_functions)


def load(folder, suite):
    """What the test_*.py of a folder define, each on the last of its pips (ALL=1: on all): cases that hold no pip."""
    before = len(_functions)
    for path in sorted(glob.glob(os.path.join(folder, "test_*.py"))):
        spec = importlib.util.spec_from_file_location(suite + "_" + os.path.basename(path)[:-3], path)
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    everywhere = bool(os.environ.get("ALL"))
    found = []
    for d in _functions[before:]:
        if everywhere or not d.slow:
            found += [Item(d, p, suite=suite) for p in (pips.pairs(d.pips) if everywhere else pips.pairs(d.pips)[-1:])]
    del _functions[before:]
    return found
