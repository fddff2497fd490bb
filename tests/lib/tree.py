# SPDX-License-Identifier: Apache-2.0
"""A digest of a whole folder tree, entry by entry, to prove that nothing was installed. Byte code caches are left out."""
import functools
import hashlib
import os
import stat


def snapshot(root):
    """{relative path: (kind, mode, digest or link target)}"""
    found, skip = {}, len(os.path.join(root, ""))
    for folder, folders, files in os.walk(root):
        folders[:] = [d for d in folders if d != "__pycache__"]
        for name in folders + files:
            path = os.path.join(folder, name)
            if not name.endswith(".pyc"):
                found[path[skip:]] = _entry(path)
    return found


def _entry(path):
    info = os.lstat(path)
    mode = stat.S_IMODE(info.st_mode)
    if stat.S_ISLNK(info.st_mode):
        return "link", 0, os.readlink(path)
    if stat.S_ISDIR(info.st_mode):
        return "folder", mode, ""
    if not stat.S_ISREG(info.st_mode):
        return "other", mode, ""
    return "file", mode, _digest(path, (info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns))


@functools.lru_cache(100000)
def _digest(path, identity):
    """A file is read anew when the kernel says that it was touched: nobody sets a ctime."""
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def differences(before, after):
    """Lines "+ path", "- path", "~ path"."""
    lines = ["+ " + p for p in after if p not in before]
    lines += ["- " + p for p in before if p not in after]
    lines += ["~ " + p for p in after if p in before and after[p] != before[p]]
    return sorted(lines, key=lambda line: line[2:])
