# SPDX-License-Identifier: Apache-2.0
"""What stands in pip's process beside the shared object: it tells the hook, by audit events, what only pip's own code knows.

A finder wraps five functions of pip when their modules are imported; `import pip` alone changes nothing, and a command that
installs nothing runs as before. Which event says what is written in shims/hook/hook.c; every decision is made there. Here is
nothing to decide: a function that is missing, or an object that cannot be loaded, ends an installing command with 41.

Run by exec() with __file__ set (the object lies beside it) and ROAD, the way by which pip was reached.
"""
import functools
import os
import sys

from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import PathFinder

INSTALLING = ("install", "download", "wheel", "lock")
PROTOCOL = 1
UNDECIDED = 41
REFUSED = (40, 41, 43)
HOOK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pipgate-hook.so")
BROKEN = "%s is missing or broken" % HOOK
# A nested pip is started as `python -c LOADER PARENT TERMINAL RUNNER …` in place of `python RUNNER …`.
LOADER = """import sys
if sys.path[:1] == ['']: del sys.path[0]
f = %r
words = dict(__name__='pipgate_shim', __file__=f, ROAD='nested', PARENT=sys.argv[1], TERMINAL=sys.argv[2])
exec(compile(open(f, 'rb').read(), f, 'exec'), words)
del sys.argv[:3]
import runpy
runpy.run_path(sys.argv[0], run_name='__main__')""" % os.path.abspath(__file__)
ROAD, PARENT, TERMINAL = (globals().get(*pair) for pair in (("ROAD", "interpreter"), ("PARENT", ""), ("TERMINAL", "")))


class _Now:
    """The one command of pip that is under way, and what of pip was not as it is known."""
    active = False     # its main() runs
    depth = 0          # of resolvers: one within another resolves build requirements in this very process
    planned = False    # the command's own plan has been judged
    subjects = []      # what is being prepared, and what that is drawn in by
    wrapped, missing = [], []


# ---- the shared object ----

def _whole():
    """Does the object end where its ELF header says? One that was cut short would end this process by SIGBUS."""
    try:
        with open(HOOK, "rb") as f:
            head, size = f.read(64), f.seek(0, 2)
    except OSError:
        return False
    table, entry, n = (int.from_bytes(head[a:b], sys.byteorder) for a, b in ((40, 48), (58, 60), (60, 62)))
    return head[:5] == b"\x7fELF\x02" and size >= table + entry * n


def _listening():
    """Is the hook there? Loads it at the first call, without ctypes: its PyInit starts it and then gives no module."""
    box = []
    sys.audit("pipgate.hello", box)
    if not box and "t" not in getattr(sys, "abiflags", "") and _whole():
        try:
            import _imp
            _imp.create_dynamic(ModuleSpec("pipgate_hook", None, origin=HOOK))
        except (ImportError, AttributeError):  # also of a Python that loads no objects
            pass
        sys.audit("pipgate.hello", box)
    if box == [PROTOCOL]:
        sys.audit("pipgate.setup", LOADER, os.path.realpath(os.path.dirname(sys.modules["pip"].__file__)))
    return box == [PROTOCOL]


# ---- where the hook cannot hold pip ----

def _refuse(why):
    sys.stderr.write("pipgate: %s; nothing was installed\n" % why)
    return UNDECIDED


def _not_inline():
    """Why this pip cannot be held from within, or None. It is loaded by now, and nothing of its command has run."""
    if not _listening():
        return "the hook cannot be loaded into this Python" if _whole() else BROKEN
    try:
        _import_all()
    except ImportError as e:  # a pip before 22.2
        return "this pip cannot say what it would install (%s)" % e
    if _Now.missing:
        return "pip is not as it is known (%s)" % ", ".join(_Now.missing)
    return None


def _mode():
    given = [w for w in os.environ.get("PIPGATE_OPTIONS", "").split("\x1f") if w.startswith("--gate-mode=")]
    return given[-1][len("--gate-mode="):] if given else os.environ.get("PIPGATE_MODE") or "auto"


def _program():
    folder = os.path.dirname(HOOK)
    beside = os.path.join(folder, "pipgate")  # as it is built; else as it is installed: PREFIX/libexec/pipgate/, PREFIX/bin/
    return beside if os.path.exists(beside) else os.path.join(os.path.dirname(os.path.dirname(folder)), "bin", "pipgate")


def _by_plan(args, why):
    """The same command in plan mode, which ends this one. A host program's main() waits for it and gets its status."""
    if MARKED:  # plan mode started this pip and cannot be recognised: it would start another one, and so on
        return _refuse("%s, and who started it cannot be told" % why)
    os.environ["PIPGATE_PASSED"] = str(os.getpid())
    argv = [_program(), "pip", "--gate-fallback", "--gate-python", sys.executable] + list(args)
    sys.stdout.flush()
    try:
        if argv[5:] == sys.argv[1:]:
            os.execv(argv[0], argv)
        import subprocess
        return subprocess.call(argv)
    except OSError as e:
        return _refuse("%s: %s" % (argv[0], e.strerror))


def _in_plan_mode():
    """Is this pip run by plan mode, which holds it already? Told by its parent, and a file that only the two have."""
    try:
        fd = int(MARKED)
        parent = "/proc/%d/" % os.getppid()
        held = os.path.samefile(parent + "exe", _program()) and os.path.samestat(os.fstat(fd), os.stat(parent + "fd/%d" % fd))
        if held:
            os.close(fd)
        return held
    except (OSError, ValueError, OverflowError):
        return False


# ---- what the hook is told ----

def _import_all():
    """Before the command begins: pip 26.3 lets nothing be imported once it installs."""
    global InstallationReport, canonicalize_name, email, hashlib, json, sysconfig, tempfile, zipfile
    import email, hashlib, json, sysconfig, tempfile, zipfile  # noqa: E401
    from pip._internal.models.installation_report import InstallationReport
    from pip._vendor.packaging.utils import canonicalize_name


def _temporary():
    """None where no folder can be written at all: pip says so in its own words."""
    try:
        return tempfile.gettempdir()
    except OSError:
        return None


def _places(options):
    """Folders below which nothing may be written before the verdict, and those where pip may work at any time."""
    def of(*names):
        return [getattr(options, n, None) for n in names]
    closed = of("target_dir", "prefix_path", "root_path", "download_dir", "wheel_dir", "output_file")
    closed += list(sysconfig.get_paths().values()) + list(sysconfig.get_paths("posix_user").values())
    opened = [_temporary()] + of("cache_dir", "src_dir", "log")
    return [[f(p) for p in set(paths) if p for f in (os.path.abspath, os.path.realpath)] for paths in (closed, opened)]


def _bundled():
    """SHA-256 of the wheels that this Python carries for ensurepip, which a new environment gets its pip from."""
    folders = [os.path.join(os.path.dirname(os.__file__), "ensurepip", "_bundled"), sysconfig.get_config_var("WHEEL_PKG_DIR")]
    found = []
    for folder in filter(os.path.isdir, filter(None, folders)):
        for entry in os.scandir(folder):
            if entry.name.endswith(".whl") and entry.is_file():
                with open(entry.path, "rb") as f:
                    found.append(_sha256(f.fileno()))
    return found


def _satisfied(resolver, roots):
    """What pip's report is silent about: the distributions that are installed already and that the resolver settled on."""
    asked = {canonicalize_name(r.name): sorted(r.extras) for r in roots if r.name and not r.constraint}
    mapping = getattr(getattr(resolver, "_result", None), "mapping", {})
    for c in mapping.values():
        if getattr(c, "is_installed", False) and hasattr(c, "dist"):
            try:
                name, metadata = c.dist.canonical_name, c.dist.metadata_dict
            except Exception:  # broken metadata of something that is there already: pip goes on, too
                continue
            yield {"metadata": metadata, "requested": name in asked, "requested_extras": asked.get(name, [])}


def _report(resolver, roots, wanted):
    """pip's own installation report, which `download`, `wheel` and `lock` have no option for, without the long descriptions.
    Empty where pip cannot make one: that is no plan, and refused."""
    try:
        return json.dumps(_plan(resolver, roots, wanted), ensure_ascii=False).encode("utf-8", "replace")
    except Exception as e:
        sys.stderr.write("pipgate: pip cannot say what it would install: %r\n" % e)
        return b""


def _plan(resolver, roots, wanted):
    report = InstallationReport(wanted.requirements_to_install).to_dict()
    report["satisfied"] = list(_satisfied(resolver, roots))
    for item in report["install"] + report["satisfied"]:
        item["metadata"] = {k: v for k, v in item["metadata"].items() if k != "description"}
    return report


def _sha256(fd):
    digest = hashlib.sha256()
    for block in iter(lambda: os.read(fd, 1 << 20), b""):
        digest.update(block)
    return digest.hexdigest()


def _metadata(fd):
    """Name, version and what it requires of an open wheel, a line each, as decide writes what was judged."""
    with zipfile.ZipFile(os.fdopen(os.dup(fd), "rb")) as z:
        name, = [n for n in z.namelist() if n.count("/") == 1 and n.endswith(".dist-info/METADATA")]
        m = email.message_from_string(z.read(name).decode("utf-8", "replace"))
    return "\n".join([m["Name"], m["Version"]] + sorted(" ".join(r.split()) for r in m.get_all("Requires-Dist", [])))


# ---- pip's functions ----

def _parse_command(module):
    original = module.parse_command

    @functools.wraps(original)
    def parse_command(args):
        args = list(args)
        if "PIP_PYTHON" in os.environ or any(a.startswith("--py") for a in args):  # it starts another pip in here
            if not _listening():
                sys.exit(_refuse(BROKEN if not _whole() else "a pip for another Python cannot be held from here"))
        sys.audit("pipgate.parse")
        try:
            command, rest = original(args)
        finally:
            sys.audit("pipgate.parsed")
        if command in INSTALLING:
            _choose(args)
        return command, rest
    module.parse_command = parse_command


def _choose(args):
    """Returns where pip is held from within; else the process ends here, by plan mode or with 41."""
    if PASSED:
        return
    mode = _mode()
    why = "plan mode is wanted" if mode == "plan" else _not_inline()
    if why:
        sys.exit(_refuse(why) if mode == "inline" or why == BROKEN else _by_plan(args, why))


def _main(module):
    original = module.Command.main

    @functools.wraps(original)
    def main(self, args):
        if self.name not in INSTALLING:
            return original(self, args)
        if PASSED:
            self.run = lambda options, rest: _refuse("plan mode took this for a command that installs nothing")
            return original(self, args)
        why = "another pip command runs in this process" if _Now.active else _not_inline()  # a program may come here directly
        if why:
            return _refuse(why)
        run, status = self.run, [None]

        def held(options, rest):
            sys.audit("pipgate.options", *_places(options), bool(getattr(options, "dry_run", False)), options.quiet, options.cache_dir,
                      _bundled() if options.no_index else [])
            return run(options, rest)
        self.run = held
        _begin(self.name, list(args))
        try:
            status[0] = original(self, args)
        except BaseException:
            _end(status)
            if status[0] is None:
                raise
        else:
            _end(status)
        return status[0]
    module.Command.main = main


def _begin(command, args):
    terminal = bool(TERMINAL) or (not PARENT and os.isatty(2))
    _Now.active, _Now.planned, _Now.subjects = True, False, []
    sys.audit("pipgate.begin", command, args, ROAD, terminal, _sha256, _metadata)


def _end(status):
    """The hook puts its own status in where it refused; None: pip's exception goes on."""
    _Now.active = False
    sys.audit("pipgate.end", status)


def _resolve(module):
    original = module.Resolver.resolve

    @functools.wraps(original)
    def resolve(self, root_reqs, *args, **more):
        if not _Now.active:
            return original(self, root_reqs, *args, **more)
        nested = _Now.planned or _Now.depth > 0
        _Now.depth += 1
        try:
            wanted = original(self, root_reqs, *args, **more)
        finally:
            _Now.depth -= 1
        _Now.planned |= not nested
        sys.audit("pipgate.plan", _report(self, root_reqs, wanted), nested, _Now.subjects[-1][0] if _Now.subjects else PARENT)
        return wanted
    module.Resolver.resolve = resolve


def _prepare(module):
    for name in ("prepare_linked_requirement", "prepare_editable_requirement"):
        _prepare_one(module.RequirementPreparer, name, getattr(module.RequirementPreparer, name))


def _prepare_one(owner, name, original):
    @functools.wraps(original)
    def prepare(self, req, *args, **more):
        link = req.link
        if not _Now.active:
            return (original if link.is_wheel else _without_command(prepare))(self, req, *args, **more)
        _Now.subjects.append((link.filename, link.url, req.name or "", bool(link.is_vcs), link.is_existing_dir()))
        try:
            sys.audit("pipgate.prepare", *_Now.subjects[-1])
            return original(self, req, *args, **more)
        finally:
            _Now.subjects.pop()
            if _Now.subjects:  # what was drawn in by a build is done, the build goes on
                sys.audit("pipgate.prepare", *_Now.subjects[-1])
    setattr(owner, name, prepare)


def _without_command(function):
    """A program that uses pip's parts by itself, as pip-compile does: what is built for it is asked about like any other."""
    @functools.wraps(function)
    def alone(*args, **more):
        why = _not_inline()
        if why:
            raise _error(why)
        _begin("install", [])
        try:
            return function(*args, **more)
        finally:
            _end([None])
    return alone


def _error(why):
    from pip._internal.exceptions import InstallationError
    return InstallationError("pipgate: %s; nothing was installed" % why)


def _install_wheel(module):
    original = module.install_wheel

    @functools.wraps(original)
    def install_wheel(*args, **more):
        if not _Now.active:  # a program calls run() or less of a command: there is no plan that was judged
            raise _error("a program would install without a command of pip")
        return original(*args, **more)
    module.install_wheel = install_wheel


def _subprocess(module):
    original = module.call_subprocess

    @functools.wraps(original)
    def call_subprocess(*args, **more):
        try:
            return original(*args, **more)
        except Exception as e:
            sys.audit("pipgate.failed", getattr(e, "exit_code", None) or 0)  # a nested pip's status is the only word it leaves
            raise
    module.call_subprocess = call_subprocess


_WRAPS = {
    "pip._internal.cli.main_parser": _parse_command,
    "pip._internal.cli.base_command": _main,
    "pip._internal.resolution.resolvelib.resolver": _resolve,
    "pip._internal.resolution.legacy.resolver": _resolve,
    "pip._internal.operations.prepare": _prepare,
    "pip._internal.operations.install.wheel": _install_wheel,
    "pip._internal.utils.subprocess": _subprocess,
}


class _Loader:
    """The module's own loader, and a wrap when it has done its work."""

    def __init__(self, loader, wrap):
        self.loader, self.wrap = loader, wrap

    def __getattr__(self, name):
        return getattr(self.loader, name)

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        exec(self.loader.get_code(module.__name__), module.__dict__)
        try:
            self.wrap(module)
            _Now.wrapped.append(self.wrap.__name__.strip("_"))
        except AttributeError as e:
            _Now.missing.append(str(e))


class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        spec = PathFinder.find_spec(name, path, target) if name in _WRAPS else None
        if spec:
            spec.loader = _Loader(spec.loader, _WRAPS[name])
        return spec


def run():
    """pip, as the wrapper starts it."""
    try:
        import pip._internal.cli.main_parser
        import pip._internal.cli.base_command  # noqa: F401
        from pip._internal.cli import main as m
        why = None if "parse_command" in _Now.wrapped and "main" in _Now.wrapped else "pip is not as it is known"
    except ImportError as e:
        why = "this Python has no pip that is known (%s)" % e
    if why:
        return _refuse(why) if _mode() == "inline" else _by_plan(sys.argv[1:], why)
    status = getattr(m, "cli", m.main)()
    for name in ("stdout", "stderr"):
        try:
            getattr(sys, name).flush()
        except (OSError, ValueError, AttributeError):
            if status in REFUSED:  # a full disk, a reader that left: Python would end with 120 for it
                setattr(sys, name, None)
    return status


if "pipgate_shim" not in sys.modules:
    MARKED = os.environ.pop("PIPGATE_HELD", "")
    PASSED = os.environ.pop("PIPGATE_PASSED", "") == str(os.getpid())  # plan mode became this pip: it prints help, and no more
    sys.modules["pipgate_shim"] = type(sys)("pipgate_shim")
    sys.modules["pipgate_shim"].words = globals()
    if MARKED and _in_plan_mode():
        _WRAPS.clear()
    sys.meta_path.insert(0, Finder)
elif ROAD != "interpreter":  # the interpreter's own hook was here first
    sys.modules["pipgate_shim"].words.update(ROAD=ROAD, PARENT=PARENT, TERMINAL=TERMINAL)
