#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hostile feeds (the public set's bad.tar.xz): each is refused by name, soon, in little memory, and the old database stays. TAP."""
import os
import shutil
import sys
import tarfile
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
import _db  # noqa: E402
from _db import DATA, HANG, PROGRAM, SANITIZED, TESTS, WORK, Skip, build, digest, env, folder, make_zip, records  # noqa: E402

HOSTILE_MIB = 64


def measured(words):
    """Exit status, stderr, seconds, MiB of the largest process."""
    with tempfile.TemporaryFile(dir=WORK) as err:
        start = time.monotonic()
        pid = os.posix_spawn(PROGRAM, [PROGRAM, *words], env(), file_actions=[(os.POSIX_SPAWN_DUP2, err.fileno(), 2)])
        _, code, usage_ = os.wait4(pid, 0)
        err.seek(0)
        return os.waitstatus_to_exitcode(code), err.read().decode(), time.monotonic() - start, usage_.ru_maxrss / 1024


def place_of(kind, path):
    if path.name.endswith(".tar.gz"):
        return f"pypa={path}"
    if kind == "yaml":
        at = folder(f"hostile/{path.stem}/vulns/demo", {})
        shutil.copy(path, at / "PYSEC-2099-1.yaml")
        return f"pypa={at.parent.parent}"
    return f"osv={path}"


def hostile(name, kind, must):
    target = WORK / "hostile.db"
    before = digest(target)
    code, err, seconds, mib = measured(["db", "build", "-o", str(target), place_of(kind, WORK / "bad" / name)])
    if must.startswith("error") and " or " not in must:
        assert code == 41, f"exit {code}\n{err}"
    elif must == "finding":
        assert code == 0, f"exit {code}\n{err}"
    else:
        assert code in (0, 41), f"exit {code}\n{err}"
    if code == 41:
        assert digest(target) == before
        assert Path(name).stem in err, err
    else:
        shutil.copy(WORK / "hostile-good.db", target)
    assert all(c == "\n" or c.isprintable() for c in err), ascii(err)
    assert err.startswith("pipgate: ") and len(err) < 4000, err
    assert seconds < HANG, f"{seconds:.2f} s"
    assert SANITIZED or mib <= HOSTILE_MIB, f"{mib:.0f} MiB"


def hostile_rows():
    manifest = DATA / "bad-MANIFEST.tsv"
    if not manifest.exists():
        return []
    rows = [line.split("\t") for line in manifest.read_text().splitlines() if not line.startswith("#")]
    return [row[:3] for row in rows if row[1] in ("osv", "feed", "yaml")]


def hostile_setup():
    with tarfile.open(DATA / "bad.tar.xz") as t:
        t.extractall(WORK)  # our own archive; the hostile ones are files in it
    build(WORK / "hostile.db", f"osv={make_zip('small.zip', records(3))}").expect(0)
    shutil.copy(WORK / "hostile.db", WORK / "hostile-good.db")


def missing():
    raise Skip(f"no {DATA}")


for row in hostile_rows():
    TESTS.append((f"{row[0]}: {row[2]}", lambda row=row: hostile(*row)))
if not TESTS:
    TESTS.append(("hostile feeds", missing))
_db.main(hostile_setup if hostile_rows() else None)
