# SPDX-License-Identifier: Apache-2.0
"""The gate itself is disturbed: forged marks, files in the way, parts cut short or killed, two at once, a new Python."""
import json
import os
import shlex
import shutil
import signal
import time

from lib import case, paths

from scene import BLOCKED, CLEAN, TABLE, bare_python, bypass, enable, enabled, few, let_in, library, refused, venv, walk


def parts(c, name="other"):
    """Our own files in a folder of the case."""
    folder = os.path.join(c.root, name)
    os.mkdir(folder)
    for part in ("pipgate", "pipgate-fetch", "pipgate_shim.py", "pipgate-hook.so", "sitecustomize.in"):
        shutil.copy(os.path.join(paths.BUILD, part), folder)
    return folder


@bypass()
def a_forged_mark(c):
    """Variables by which our programs might believe that the gate is held already: numbers of descriptors that are open, of the
    parent, of nothing; and an environment that names other programs."""
    enabled(c)
    shell = "exec 3</dev/null 4<>%s 5</proc/self/environ 9<. ; export PIPGATE_HELD; exec \"$@\"" % c.write("held", "1\n")
    values = ["", "0", "1", "2", "3", "4", "5", "9", "0 1 2", "3 4", "-1", "99999999999999999999", "yes", "1:3", "3:4", "3,%d" % os.getpid(),
              "%d" % os.getpid(), "%d:3" % os.getpid(), "%d 3" % os.getpid(), "/dev/fd/3", "\n3", "3\n"]
    for value in few(c, values):
        refused(c, ["sh", "-c", shell, "sh", c.env.python, "-m", "pip", "install", BLOCKED], env={"PIPGATE_HELD": value})
    for value in few(c, ("$$", "$PPID", "$$:3", "$$ 3", "$PPID:4")):
        refused(c, ["sh", "-c", "PIPGATE_HELD=%s; %s" % (value, shell), "sh", c.env.python, "-m", "pip", "install", BLOCKED])
    for env in few(c, ({"PIPGATE_PROGRAM": "/bin/true"}, {"PIPGATE_HOOK": "/dev/null"}, {"PIPGATE_LIBEXEC": c.work}, {"PIPGATE_ROAD": "nested"},
                {"LD_LIBRARY_PATH": c.work}, {"PIPGATE_MODE": "plan"}, {"PIPGATE_MODE": "nonsense"}, {"PIPGATE_DB": "/dev/null"}, {"PIPGATE_DB": "/nowhere"})):
        refused(c, [c.env.python, "-m", "pip", "install", BLOCKED], env=dict({"PIPGATE_REPORT": None}, **env), status=(40, 41, 42), err="^pipgate: ")
    let_in(c, [c.env.python, "-m", "pip", "install", CLEAN])


OURS = ("ctypes", "sitecustomize", "usercustomize", "pipgate_shim", "pipgate_hook", "_imp", "_frozen_importlib_external")
ALSO_PIPS = ("hashlib", "json", "email", "zipfile", "tempfile", "sysconfig", "subprocess")


@bypass()
def files_of_the_current_folder(c):
    """A ctypes.py, sitecustomize.py, … that lies where pip is started: we run none that the bare pip would not run, and hold."""
    bare_python(c)
    words = [c.env.python, "-m", "pip", "install", "--dry-run", CLEAN]
    for names in (OURS, OURS + ALSO_PIPS):
        for name in names:
            c.write(name + ".py", "open(%r, 'a').write('%s\\n')\n" % (c.marker, name))
        c.run(words, gate=False)  # it may not even start from here: what matters is what runs
    by_itself = set(c.built())
    forget(c)
    enable(c)
    c.run(words)
    refused(c, words[:-2] + [BLOCKED], status=None, err=())
    c.true(set(c.built()) <= by_itself, "ran %s, the bare pip %s", sorted(set(c.built())), sorted(by_itself))
    for name in ALSO_PIPS:
        os.unlink(c.path(name + ".py"))
    forget(c)
    for argv in ([c.env.python, "-m", "pip"], [c.env.python, "-Im", "pip"], [os.path.join(c.env.bin, "pip")], ["pip"]):
        refused(c, argv + ["install", BLOCKED])
    c.equal(c.built(), [], "what ran")


def forget(c):
    if os.path.exists(c.marker):
        os.unlink(c.marker)


def status(c, environment, env):
    """{road: (state, the command that closes it)} of an activated environment."""
    settings = dict(env, VIRTUAL_ENV=environment.root, PATH=environment.bin + ":" + case.SYSTEM_PATH)
    told = c.expect(c.pipgate("status", "--json", env=settings), status=0).stdout
    return {r["road"]: (r["state"], r["close"]) for r in json.loads(told)["roads"]}


@bypass()
def a_sitecustomize_on_PYTHONPATH(c):
    """It takes the place of the interpreter's: `status` says open, and so it is; our link holds; and when what status names has been
    done, python -m pip holds as well, of the environment and of the interpreter itself."""
    enabled(c)
    place = venv(c)
    c.write("other/sitecustomize.py", "open(%r, 'a').write('other\\n')\n" % c.marker)
    env = {"PYTHONPATH": c.path("other")}
    walk(c, "pip", env=env)
    for where in (place, c.env):
        state, close = status(c, where, env)["python -m pip"]
        c.equal(state, "open", "status")
        c.expect(c.run([where.python, "-m", "pip", "install", "--no-deps", "--target", c.path("t", str(len(c.steps))), BLOCKED], env=env), status=0)
        c.expect(c.run([paths.PIPGATE] + shlex.split(close)[1:]), status=0)
        c.equal(status(c, where, env)["python -m pip"][0], "covered", "status")
        walk(c, where.python, "-m", "pip", place=where, env=env)
        refused(c, [os.path.join(where.bin, "pip"), "install", BLOCKED], place=where, env=env)
    c.true("other" in c.built(), "the other sitecustomize never ran")


@bypass()
def PATH_with_a_fake_pipgate(c):
    """Programs of our names, a python and a git first on PATH; or no PATH at all."""
    enabled(c)
    for name in ("pipgate", "pipgate-fetch", "decide", "sh"):
        os.chmod(c.write("fake/" + name, "#!/bin/sh\necho ran >> %s\nprintf 'pipgate 1 allow 0\\n' >&5\nexit 0\n" % c.marker), 0o755)
    path = c.path("fake") + ":" + c.environ()["PATH"]
    for value in few(c, (path, "", "/nowhere", ".", c.path("fake"))):
        for argv in ([c.env.python, "-m", "pip"], [os.path.join(c.env.bin, "pip")]):
            refused(c, argv + ["install", BLOCKED], env={"PATH": value}, cwd=c.path("fake"))
    refused(c, [os.path.join(c.shims, "pip"), "install", BLOCKED], env={"PATH": path})
    c.equal(c.built(), [], "what ran")
    let_in(c, [c.env.python, "-m", "pip", "install", CLEAN], env={"PATH": path})


@bypass()
def the_hook_file_truncated(c):
    """The object or the shim cut short anywhere, emptied, filled with zeros, or gone: nothing is installed, and Python goes on."""
    folder = parts(c)
    enabled(c, os.path.join(folder, "pipgate"))
    walk(c, c.env.python, "-m", "pip")
    before = c.snapshot()
    for name in ("pipgate-hook.so", "pipgate_shim.py"):
        path = os.path.join(folder, name)
        with open(path, "rb") as f:
            whole = f.read()
        cuts = [0, 1, 63, 64, 4096, len(whole) // 2, len(whole) - 1] if name.endswith("so") else line_ends(whole)
        for data in [whole[:n] for n in few(c, cuts)] + [b"\0" * len(whole), whole[:64] + b"\0" * (len(whole) - 64), None]:
            if data is None:
                os.unlink(path)
            else:
                with open(path, "wb") as f:
                    f.write(data)
            what = "%s, %s" % (name, "gone" if data is None else "%d of %d bytes" % (len(data), len(whole)))
            c.true(c.run([c.env.python, "-m", "pip", "install", BLOCKED], env={"PIPGATE_REPORT": None}).status != 0, "%s: status 0", what)
            c.true("jinja2" not in c.env.installed(), "%s: it came in", what)
            c.expect(c.run([c.env.python, "-c", "print(1)"]), status=0, out="^1$", not_err="pipgate")
        with open(path, "wb") as f:
            f.write(whole)
    c.unchanged(before)


def line_ends(text, n=8):
    """Places where a Python file may end and still be one, spread over it."""
    ends = [i for i in range(len(text)) if text[i:i + 1] == b"\n" and text[i + 1:i + 2] not in (b" ", b"\t", b"\n", b"#")]
    return ends[::max(1, len(ends) // n)] + ends[-2:]


@bypass()
def decide_killed(c):
    """The decider is killed, or ends by itself, while pip is held."""
    folder = parts(c)
    enabled(c, os.path.join(folder, "pipgate"))
    with open(os.path.join(folder, "pipgate"), "w") as f:
        f.write("#!/bin/sh\necho $$ > %s.new\nmv %s.new %s\nexec sleep 30\n" % ((c.path("pid"),) * 3))
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV):
        before = c.snapshot()
        running = c.start([c.env.python, "-m", "pip", "install", BLOCKED])
        while not os.path.exists(c.path("pid")) and running.process.poll() is None:
            time.sleep(0.05)
        with open(c.path("pid")) as f:
            os.kill(int(f.read()), number)
        os.unlink(c.path("pid"))
        c.expect(c.checked(running.wait()), status=41, err="^pipgate: .*nothing was installed")
        c.unchanged(before)


@bypass()
def two_pips_at_once(c):
    """Several in one environment at the same time, blocked and clean: each has its own verdict."""
    enabled(c)
    c.db, c.index  # both are made before
    pip = [c.env.python, "-m", "pip", "install"]
    started = [c.start(pip + [words]) for words in (BLOCKED, CLEAN, BLOCKED, "click==8.1.7", "critical==1.0")]
    ended = [r.wait() for r in started]
    c.steps += ended
    c.equal([r.status for r in ended], [40, 0, 40, 0, 40], "statuses")
    c.checked(ended[0])
    c.equal(c.env.installed(), {"idna": "3.7", "click": "8.1.7"}, "installed")


@bypass()
def python_upgraded_under_us(c):
    """The interpreter and its standard library are written anew, as a package manager does it, also while pip runs; what was put
    there by enable stays, and holds in environments of before, too. An upgrade that takes it away is seen by `status`."""
    enabled(c)
    place = venv(c)
    hook = os.path.join(library(c), "sitecustomize.py")
    with open(hook, "rb") as f:
        kept = f.read()
    c.index.delay = {"/simple/jinja2/": 1.5}
    before = c.snapshot()
    running = c.start([c.env.python, "-m", "pip", "install", BLOCKED])
    while not c.index.requests and running.process.poll() is None:
        time.sleep(0.05)
    upgrade(c)
    c.expect(c.checked(running.wait()), status=40, err=TABLE)
    c.unchanged(before)
    c.index.delay = {}
    for where in (c.env, place):
        walk(c, where.python, "-m", "pip", place=where)
    with open(hook, "rb") as f:
        c.equal(f.read(), kept, "the hook's file")
    with open(hook, "w") as f:
        f.write("# of a package that brings its own\n")
    c.equal(status(c, c.env, {})["python -m pip"][0], "open", "status")
    refused(c, ["pip", "install", BLOCKED])


def upgrade(c):
    """Each file a new one by rename; what the package does not own stays."""
    for folder, name in [(c.env.bin, "python3")] + [(library(c), n) for n in os.listdir(library(c))]:
        path = os.path.join(folder, name)
        if name in ("site-packages", "sitecustomize.py", "__pycache__"):
            continue
        if os.path.islink(path):
            os.symlink(os.readlink(path), path + ".new")
        else:
            shutil.copy2(path, path + ".new")
        os.replace(path + ".new", path)
