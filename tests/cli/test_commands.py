# SPDX-License-Identifier: Apache-2.0
"""pipgate's own commands that talk to people, and packaging/deps.sh."""
import os
import re
import shutil

from lib import paths
from lib.case import SYSTEM_PATH, case

COMMANDS = ("pip", "db", "match", "debug", "doctor", "shims", "shell-init", "help")


@case(pips="one", mode="any")
def help(c):  # noqa: the case's name
    """--version, help, help COMMAND, and what is no command."""
    c.expect(c.pipgate("--version"), status=0, out=r"^pipgate \d+\.\d+")
    text = c.expect(c.pipgate("help"), status=0).stdout
    for command in COMMANDS:
        c.true(re.search(r"^ *%s\b" % command, text, re.M), "help has no %s", command)
        c.expect(c.pipgate("help", command), status=0, out=command)
        if command != "pip":
            c.expect(c.pipgate(command, "--help"), status=0, out="usage: ?\\n? *pipgate " + command)
    c.equal(c.pipgate("--help").out, c.pipgate("help").out, "--help")
    c.expect(c.pipgate(), status=(0, 42))
    c.expect(c.pipgate("help", "nothing"), status=42, err="nothing")
    c.expect(c.pipgate("no\x1b[31msense"), status=42)
    c.expect(c.pipgate("--nonsense"), status=42)
    c.expect(c.run(["bash", "-c", paths.PIPGATE + " help > /dev/full"]), status=(0, 1, 41))


@case(pips="20.3.4 newest", mode="any")
def doctor(c):
    """Which pip, which database and its age, which profile, what is missing."""
    text = c.expect(c.pipgate("doctor")).stdout
    for word in (c.env.root, c.db, "ci"):
        c.true(word in text, "doctor does not say %s", word)
    if c.pair.pip != "newest":
        c.true(c.pair.pip in text, "doctor does not say pip's version")
    text = c.expect(c.pipgate("doctor", env={"PIPGATE_DB": c.path("nothing.db")})).stdout
    c.true("nothing.db" in text, "doctor does not name the missing database")
    c.expect(c.pipgate("doctor", env={"PATH": c.shims}), status=(0, 1, 41))


@case(pips="one", mode="any")
def shims(c):
    """`pipgate shims DIR` makes links that gate."""
    c.expect(c.pipgate("shims", c.path("links")), status=0)
    names = sorted(os.listdir(c.path("links")))
    c.true({"pip", "pip3"} <= set(names), "links: %s", names)
    c.true(all(os.path.realpath(c.path("links", n)) == paths.PIPGATE for n in names), "they lead elsewhere")
    c.expect(c.pipgate("shims", c.path("links")), status=0)
    path = ":".join([c.path("links"), c.env.bin, SYSTEM_PATH])
    before = c.snapshot()
    for name in names:
        if name in ("pip", "pip3", "pip" + c.env.python_version):
            c.expect(c.run([c.path("links", name), "install", "jinja2==2.10"], env={"PATH": path}), status=40)
    c.unchanged(before)
    c.write("taken/pip", "#!/bin/sh\necho mine\n")
    c.expect(c.pipgate("shims", c.path("taken")), status=(1, 41, 42), err="taken")
    with open(c.path("taken", "pip")) as f:
        c.true("mine" in f.read(), "a file that was there is gone")
    c.expect(c.pipgate("shims"), status=42)


@case(pips="one", mode="any")
def shell_init(c):
    """Snippets that each shell reads without a word, and that lead pip to the gate even where PATH leads elsewhere."""
    for shell in ("bash", "zsh", "fish", "sh"):
        text = c.expect(c.pipgate("shell-init", shell), status=0).stdout
        c.true(text.strip(), "nothing for %s", shell)
        if not shutil.which(shell):
            continue
        path = c.write("init." + shell, text)
        c.expect(c.run([shell, "-n", path]), status=0, err=r"\A\Z")
        script = c.write("try." + shell, ". %s\npip --version\npip install jinja2==2.10\n" % path if shell != "fish" else
                         "source %s\npip --version\npip install jinja2==2.10\n" % path)
        interactive = {"bash": ["-O", "expand_aliases"]}.get(shell, [])
        before = c.snapshot()
        result = c.run([shell] + interactive + [script], env={"PATH": c.env.bin + ":" + SYSTEM_PATH})
        c.expect(result, status=40, out=r"^pip \d", err="PYSEC-2099-10")
        c.unchanged(before)
    c.expect(c.pipgate("shell-init", "tcsh"), status=42, err="bash, zsh, fish")
    c.expect(c.pipgate("shell-init"), status=42)


@case(pips="one", mode="any")
def deps(c):
    """packaging/deps.sh asks apt for what dpkg lacks, for nothing where nothing lacks, and names the packages elsewhere."""
    def stub(name, text):
        path = c.write("stub/" + name, "#!/bin/sh\n" + text)
        os.chmod(path, 0o755)
    script = os.path.join(paths.ROOT, "packaging", "deps.sh")
    for tool in ("id", "env", "sed", "head", "sh"):
        os.makedirs(c.path("stub"), exist_ok=True)
        os.symlink(shutil.which(tool), c.path("stub", tool))
    stub("apt-get", 'echo "apt-get $*" >> %s\n' % c.path("calls"))
    stub("sudo", 'shift; shift; exec "$@"\n')
    stub("dpkg-query", 'shift; shift; for p; do case $p in libcmocka-dev|libfyaml-dev) printf "not-installed:$p ";; *) printf "installed:$p ";; esac; done\n')
    env = {"PATH": c.path("stub")}
    c.expect(c.run([script, "test"], env=env), status=0, err="libfyaml-dev libcmocka-dev")
    with open(c.path("calls")) as f:
        calls = f.read().splitlines()
    c.equal(len(calls), 2, "calls of apt-get")
    c.true(" update" in calls[0] and calls[1].endswith("install -y --no-install-recommends libfyaml-dev libcmocka-dev"), "calls: %s", calls)
    stub("apt-get", "exit 100\n")
    c.expect(c.run([script, "build"], env=env), status=1, err="libfyaml-dev")
    stub("dpkg-query", 'shift; shift; for p; do printf "installed:$p "; done\n')
    c.expect(c.run([script, "build"], env=env), status=0, out=r"\A\Z", err=r"\A\Z")
    os.unlink(c.path("stub", "apt-get"))
    c.expect(c.run([script, "test"], env=env), status=1, err=["apt-get", "libsqlite3-dev", "libcmocka-dev"])
    stub("pkg-config", "exit 0\n")
    for tool in ("gcc", "cc", "make", "openssl", "git", "xz", "ps", "nm", "python3", "hyperfine", "abidiff", "zsh", "fish", "dash", "buildah", "xmllint", "minisign", "faketime"):
        if not os.path.exists(c.path("stub", tool)):
            stub(tool, "exit 0\n")
    c.expect(c.run([script, "test"], env=env), status=0, out=r"\A\Z", err=r"\A\Z")
    c.expect(c.run([script, "everything"], env=env), status=2, err="usage")
