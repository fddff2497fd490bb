# SPDX-License-Identifier: Apache-2.0
"""A root file system from what this machine has: a shell, a handful of programs, a Python, the shared libraries they need. No network."""
import glob
import os
import re
import shutil
import subprocess

PROGRAMS = ("sh", "env", "cat", "ls", "cp", "mv", "rm", "mkdir", "ln", "chmod", "chown", "id", "test", "true", "touch", "sed")
UNUSED = {"test", "tests", "idlelib", "tkinter", "turtledemo", "lib2to3", "pydoc_data", "site-packages", "dist-packages",
          "sitecustomize.py", "EXTERNALLY-MANAGED"}  # of a standard library; the last two are settings of the machine's own
WHEELS = "/usr/share/python-wheels"  # where Debian's own Python keeps what ensurepip installs
USER, UID = "app", 1000  # who is not root in there
ASK = """import os, sys
for word in os.path.realpath(sys.executable), os.path.dirname(os.__file__), '%d.%d' % sys.version_info[:2], sys.base_prefix: print(word)"""


def make(root, python, pip):
    """The whole of it at root; pip: pip's own wheel, which lies in /opt and is not installed yet. Gives the Python's version."""
    frame(root)
    for name in PROGRAMS:
        program(root, name)
    version = add_python(root, python)
    shutil.copy(pip, os.path.join(root, "opt"))
    return version


def frame(root):
    """The folders and the files that a system has before any program. bin and lib are links, as Debian has them."""
    for folder in ("usr/bin", "usr/lib", "usr/lib64", "usr/local/bin", "usr/local/lib", "etc", "opt", "root", "dev", "proc", "sys", "run",
                   "home/" + USER):
        os.makedirs(os.path.join(root, folder))
    for folder in ("tmp", "var/tmp"):
        os.makedirs(os.path.join(root, folder))
        os.chmod(os.path.join(root, folder), 0o1777)
    for name in ("bin", "lib", "lib64"):
        os.symlink("usr/" + name, os.path.join(root, name))
    for name, line in (("passwd", "root:x:0:0:root:/root:/bin/sh\n{0}:x:{1}:{1}::/home/{0}:/bin/sh\n"), ("group", "root:x:0:\n{0}:x:{1}:\n"),
                       ("os-release", "ID=tests\nVERSION_ID=1\n"), ("ld.so.conf", "/usr/local/lib\n"), ("hosts", "127.0.0.1 localhost\n")):
        with open(os.path.join(root, "etc", name), "w") as f:
            f.write(line.format(USER, UID))
    os.chown(os.path.join(root, "home", USER), UID, UID)


def program(root, name):
    """A program of the machine's, at /usr/bin, with its libraries. Debian's sh is a link to dash: the name is what is copied to."""
    path = shutil.which(name, path="/usr/bin:/bin")
    shutil.copy2(path, os.path.join(root, "usr", "bin", name))
    libraries(root, path)


def libraries(root, *binaries):
    """The shared libraries that the loader names for these, where it finds them, and the loader itself. One that only its program's
    own path leads to comes to /usr/lib."""
    for binary in binaries:
        told = subprocess.run(["ldd", binary], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
        for path in re.findall(r"(/[^ \n]+) \(0x", told):
            there = root + path if path.startswith(("/usr/lib", "/lib")) else os.path.join(root, "usr/lib", os.path.basename(path))
            if not os.path.exists(there):
                os.makedirs(os.path.dirname(there), exist_ok=True)
                shutil.copy(path, there)


def add_python(root, python):
    """The interpreter and its standard library. One that is not the system's comes to /usr/local, as in Python's own images."""
    told = subprocess.run([python, "-I", "-S", "-c", ASK], stdout=subprocess.PIPE, text=True, check=True).stdout.split("\n")
    binary, library, version, prefix = told[:4]
    place = os.path.join(root, "usr" if prefix == "/usr" else "usr/local")
    shutil.copy2(binary, os.path.join(place, "bin", "python" + version))
    for name in ("python3", "python"):
        os.symlink("python" + version, os.path.join(place, "bin", name))
    shutil.copytree(library, os.path.join(place, "lib", "python" + version), ignore=_unused)
    os.makedirs(os.path.join(place, "lib", "python" + version, "site-packages"), exist_ok=True)
    if os.path.isdir(WHEELS):
        shutil.copytree(WHEELS, root + WHEELS)
    libraries(root, binary, *glob.glob(os.path.join(library, "lib-dynload", "*.so")))
    return version


def _unused(folder, names):
    """Byte code of the usual level stays: it belongs to the very bytes and times that are copied."""
    return [n for n in names if n in UNUSED or n.startswith("config-") or re.search(r"\.opt-\d\.pyc$", n) or n.startswith("sitecustomize.")]
