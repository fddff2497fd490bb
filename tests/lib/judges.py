# SPDX-License-Identifier: Apache-2.0
"""Who judges a report: the validators of its format, fetched once into build/ from the registries that pip and npm are configured with."""
import os
import shutil
import sys
import tarfile

from . import paths, pips

FOLDER = os.path.join(paths.BUILD, "judges")
NEEDS = ("check-jsonschema", "cyclonedx-python-lib[validation]", "junitparser", "pip-audit==2.10.1")
SARIF = ("@microsoft/sarif-multitool-linux@5.7.0", "package/sarif-2.1.0.json")
_unavailable = {}


def _once(name, key, make):
    """make() fills FOLDER/name unless it stands there for this key; what could not be had once is not tried again in this run."""
    ready = os.path.join(FOLDER, name + ".ready")
    with pips._alone("judge-" + name):
        if name in _unavailable:
            raise pips.Unavailable(_unavailable[name])
        if not pips._holds(ready, key):
            try:
                make(os.path.join(FOLDER, name))
            except pips.Unavailable as e:
                _unavailable[name] = str(e)
                raise
            pips._write(ready, key)
    return os.path.join(FOLDER, name)


def python():
    """A Python that holds the validators, and pip-audit to compare with."""
    def make(folder):
        pips._checked([sys.executable, "-m", "venv", "--clear", folder], "build/judges could not be made")
        pips._checked([os.path.join(folder, "bin", "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"] + list(NEEDS),
                      "the index that pip is configured with gave no " + ", ".join(NEEDS))
    return os.path.join(_once("python", " ".join(NEEDS), make), "bin", "python")


def sarif_schema():
    """The path of SARIF's own schema."""
    package, member = SARIF

    def make(folder):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        if not shutil.which("npm"):
            raise pips.Unavailable("no npm here to fetch SARIF's schema with")
        pips._checked(["npm", "pack", "--silent", "--pack-destination", folder, package], "npm gave no " + package)
        archive, = (os.path.join(folder, n) for n in os.listdir(folder))
        with tarfile.open(archive) as tar:
            text = tar.extractfile(member).read().decode()
        os.unlink(archive)
        pips._write(os.path.join(folder, "sarif-2.1.0.json"), text)
    return os.path.join(_once("sarif", package, make), "sarif-2.1.0.json")
