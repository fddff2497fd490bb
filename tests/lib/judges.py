# SPDX-License-Identifier: Apache-2.0
"""Who judges a report: the validators of its format, fetched once into build/ from the registries that pip and npm are configured with."""
import os
import shutil
import tarfile

from . import paths, pips

NEEDS = ("check-jsonschema", "cyclonedx-python-lib[validation]", "junitparser", "pip-audit==2.10.1")
SARIF = ("@microsoft/sarif-multitool-linux@5.7.0", "package/sarif-2.1.0.json")
_unavailable = []


def tools():
    """The folder of the commands of an environment that holds the validators, and pip-audit to compare with."""
    return os.path.join(pips.tool_environment("judges", *NEEDS), "bin")


def sarif_schema():
    """The path of SARIF's own schema, of the package that its makers give out on npm."""
    folder = os.path.join(paths.BUILD, "tools", "sarif")
    schema = os.path.join(folder, "sarif-2.1.0.json")
    with pips._alone("tool-sarif"):
        if _unavailable:
            raise pips.Unavailable(_unavailable[0])
        if not pips._holds(folder + ".ready", SARIF[0]):
            try:
                _fetch_schema(folder, schema)
            except pips.Unavailable as e:
                _unavailable.append(str(e))
                raise
            pips._write(folder + ".ready", SARIF[0])
    return schema


def _fetch_schema(folder, schema):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    if not shutil.which("npm"):
        raise pips.Unavailable("no npm here to fetch SARIF's schema with")
    pips._checked(["npm", "pack", "--silent", "--pack-destination", folder, SARIF[0]], "npm gave no " + SARIF[0])
    archive, = (os.path.join(folder, n) for n in os.listdir(folder))
    with tarfile.open(archive) as tar:
        pips._write(schema, tar.extractfile(SARIF[1]).read().decode())
    os.unlink(archive)
