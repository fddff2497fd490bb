# SPDX-License-Identifier: Apache-2.0
"""Trees that are made once below build/ and stand in every case: the files of a copy are links to the kept ones (50 ms in place of 500).

Whatever works in an environment (pip, Python's byte code, the gate) writes beside and renames, so a kept file stays as it was made.
That is proved: before a run uses a tree, and once more when the run is over.
"""
import hashlib
import os
import shutil
import stat

_used = {}  # {root of a tree: its digest when this run began to use it}


def stands(root, key):
    """Is the tree there, made from what the key names, and untouched since? What is not is taken away. The caller holds its lock."""
    try:
        with open(root + ".ready") as f:
            wanted = f.read()
    except OSError:
        wanted = ""
    if root in _used and wanted == _line(key, _used[root]):
        return True
    digest = _digest(root)
    if wanted == _line(key, digest):
        _used[root] = digest
        return True
    shutil.rmtree(root, ignore_errors=True)
    return False


def made(root, key):
    _used[root] = _digest(root)
    with open(root + ".ready", "w") as f:
        f.write(_line(key, _used[root]))


def touched():
    """Trees that a test of this run has written to, through a copy."""
    return sorted(root for root, digest in _used.items() if _digest(root) != digest)


def replace(path, content):
    """Another content for a file of a copy: the kept one stays."""
    fresh = path + ".fresh"
    with open(fresh, "wb") as f:
        f.write(content)
    shutil.copymode(path, fresh)
    os.replace(fresh, path)


def _line(key, digest):
    return "%s\n%s\n" % (key, digest)


def _digest(root):
    """Of every entry of the tree, byte code too: what it is, whose, and what is in it."""
    found = hashlib.sha256()
    for folder, folders, files in os.walk(root):
        folders.sort()
        for path in [os.path.join(folder, name) for name in sorted(folders + files)]:
            info = os.lstat(path)
            found.update(repr((path, info.st_mode, info.st_uid, info.st_gid, _content(path, info.st_mode))).encode())
    return found.hexdigest()


def _content(path, mode):
    if stat.S_ISLNK(mode):
        return os.readlink(path)
    if not stat.S_ISREG(mode):
        return ""
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()
