# SPDX-License-Identifier: Apache-2.0
"""Makes tiny wheels, sdists and projects, byte for byte the same for the same arguments.

Build code of ours appends its distribution's name to the file that BUILD_MARKER names, so that a test sees whether it ran.
The backend lies in the project (PEP 517, backend-path), so that a build needs nothing from an index.
"""
import base64
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import tarfile
import zipfile

BACKEND = '''\
import base64, hashlib, os, zipfile

NAME, VERSION, STEM = {name!r}, {version!r}, {stem!r}
METADATA = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "PKG-INFO"), "rb").read()
WHEEL = b"Wheel-Version: 1.0\\nGenerator: in-tree\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"


def mark(what):
    if os.environ.get("BUILD_MARKER"):
        with open(os.environ["BUILD_MARKER"], "a") as f:
            f.write(what + " " + NAME + "\\n")


def wheel(folder, files):
    info = STEM + ".dist-info/"
    files = dict(files, **{{info + "METADATA": METADATA, info + "WHEEL": WHEEL}})
    record = "".join("%s,sha256=%s,%d\\n" % (n, base64.urlsafe_b64encode(hashlib.sha256(b).digest()).rstrip(b"=").decode(), len(b))
                     for n, b in sorted(files.items())) + info + "RECORD,,\\n"
    files[info + "RECORD"] = record.encode()
    name = STEM + "-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as z:
        for n, b in sorted(files.items()):
            z.writestr(zipfile.ZipInfo(n, (2020, 1, 1, 0, 0, 0)), b)
    return name


def get_requires_for_build_wheel(config_settings=None):
    mark("requires")
    return []


get_requires_for_build_editable = get_requires_for_build_wheel


def prepare_metadata_for_build_wheel(folder, config_settings=None):
    mark("metadata")
    info = os.path.join(folder, STEM + ".dist-info")
    os.mkdir(info)
    open(os.path.join(info, "METADATA"), "wb").write(METADATA)
    open(os.path.join(info, "WHEEL"), "wb").write(WHEEL)
    return STEM + ".dist-info"


prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel


def build_wheel(folder, config_settings=None, metadata_directory=None):
    mark("wheel")
    return wheel(folder, {{"{module}.py": b"VERSION = '{version}'\\n"}})


def build_editable(folder, config_settings=None, metadata_directory=None):
    mark("editable")
    return wheel(folder, {{"__editable__{module}.pth": (os.getcwd() + "\\n").encode()}})
'''

PYPROJECT = '[build-system]\nrequires = %s\nbuild-backend = "backend"\nbackend-path = ["."]\n'

SETUP = '''\
import os
from setuptools import setup
if os.environ.get("BUILD_MARKER"):
    with open(os.environ["BUILD_MARKER"], "a") as f:
        f.write("setup {name}\\n")
setup(name={name!r}, version={version!r}, py_modules=[{module!r}], install_requires={requires!r})
'''


def normalize(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def stem(name, version):
    return "%s-%s" % (re.sub(r"[-_.]+", "_", name), version)


def module(name):
    return re.sub(r"\W", "_", name).lower()


def metadata(name, version, requires=(), extras=(), headers=()):
    """extras: {extra: [requirements]}; headers: further raw lines."""
    lines = ["Metadata-Version: 2.1", "Name: " + name, "Version: " + version]
    lines += list(headers)
    lines += ["Requires-Dist: " + r for r in requires]
    for extra, needs in sorted(dict(extras).items()):
        lines.append("Provides-Extra: " + extra)
        lines += ["Requires-Dist: %s; extra == '%s'" % (r, extra) for r in needs]
    return ("\n".join(lines) + "\n").encode()


def wheel(name, version, requires=(), extras=(), headers=(), files=None, meta=None):
    """(file name, bytes). meta replaces METADATA as a whole; files adds to the archive."""
    info = stem(name, version) + ".dist-info/"
    inside = {module(name) + ".py": ("VERSION = %r\n" % version).encode()}
    inside.update(files or {})
    inside[info + "METADATA"] = meta if meta is not None else metadata(name, version, requires, extras, headers)
    inside[info + "WHEEL"] = b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    inside[info + "RECORD"] = _record(inside, info)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as z:
        for path, content in inside.items():
            entry = zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0))
            entry.external_attr = 0o100644 << 16
            z.writestr(entry, content)
    return stem(name, version) + "-py3-none-any.whl", data.getvalue()


def _record(inside, info):
    lines = []
    for path, content in inside.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append("%s,sha256=%s,%d" % (path, digest, len(content)))
    return ("\n".join(lines) + "\n%sRECORD,,\n" % info).encode()


def project_files(name, version, requires=(), extras=(), legacy=False, needs=()):
    """A source tree: {path: bytes}. legacy: a setup.py that wants setuptools instead of the backend that lies beside; needs: what the
    build requires."""
    values = dict(name=name, version=version, module=module(name), stem=stem(name, version), requires=list(requires))
    files = {"PKG-INFO": metadata(name, version, requires, extras), module(name) + ".py": ("VERSION = %r\n" % version).encode()}
    if legacy:
        files["setup.py"] = SETUP.format(**values).encode()
    else:
        files["backend.py"] = BACKEND.format(**values).encode()
        files["pyproject.toml"] = (PYPROJECT % json.dumps(list(needs))).encode()
    return files


def project(folder, name, version, **options):
    """Writes a source tree to a folder; byte code of what stood there goes, as it may look fresh within one second."""
    os.makedirs(folder, exist_ok=True)
    shutil.rmtree(os.path.join(folder, "__pycache__"), ignore_errors=True)
    for path, content in project_files(name, version, **options).items():
        with open(os.path.join(folder, path), "wb") as f:
            f.write(content)
    return folder


def sdist(name, version, **options):
    """(file name, bytes)"""
    data = io.BytesIO()
    with gzip.GzipFile(fileobj=data, mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        for path, content in project_files(name, version, **options).items():
            entry = tarfile.TarInfo(stem(name, version) + "/" + path)
            entry.size, entry.mtime = len(content), 1577836800
            tar.addfile(entry, io.BytesIO(content))
    return stem(name, version) + ".tar.gz", data.getvalue()
