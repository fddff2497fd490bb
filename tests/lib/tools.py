# SPDX-License-Identifier: Apache-2.0
"""Tools that start pip, from the index that pip is configured with: fetched once for a version of Python, laid beside a case's own."""
import glob
import os
import shutil

from . import paths, pips

TOOLS = os.path.join(paths.BUILD, "tools")
MODULES = {"pipx": "pipx", "tox": "tox", "virtualenv": "virtualenv", "pyproject-build": "build", "pip-compile": "piptools", "pip-sync": "piptools"}
_unfetched = {}


def lay(environment, *requirements):
    """Makes what the requirements bring importable in an environment, by a .pth."""
    name = "%s-py%s" % ("-".join(requirements), environment.python_version)
    folder = os.path.join(TOOLS, name)
    with pips._alone("tool-" + name):
        if not pips._holds(folder + ".ready", "1"):
            _fetch(environment.python_version, folder, name, requirements)
            pips._write(folder + ".ready", "1")
    with open(os.path.join(environment.site, "tools-of-the-test.pth"), "a") as f:
        f.write(folder + "\n")


def script(environment, name, folder):
    """The tool's command, in a folder that stands on PATH."""
    path = os.path.join(folder, name)
    module, words = MODULES[name], "" if name not in ("pip-compile", "pip-sync") else "sys.argv[1:1] = [%r]; " % name[4:]
    with open(path, "w") as f:
        f.write("#!%s\nimport runpy, sys\n%srunpy.run_module(%r, run_name='__main__', alter_sys=True)\n" % (environment.python, words, module))
    os.chmod(path, 0o755)
    return path


def _fetch(python, folder, name, requirements):
    if name in _unfetched:
        raise pips.Unavailable(_unfetched[name])
    shutil.rmtree(folder, ignore_errors=True)
    pip = pips.wheel("24.3.1")
    try:
        pips._checked([pips.pythons()[python], os.path.join(pip, "pip"), "install", "-q", "--disable-pip-version-check", "--target", folder,
                       *requirements], "the index that pip is configured with gave no %s for Python %s" % (" ".join(requirements), python))
    except pips.Unavailable as e:
        _unfetched[name] = str(e)
        raise
    for path in glob.glob(os.path.join(glob.escape(folder), "pip")) + glob.glob(os.path.join(glob.escape(folder), "pip-[0-9]*")):
        shutil.rmtree(path)  # a tool's own pip: the pair's is meant
