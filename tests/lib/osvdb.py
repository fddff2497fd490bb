# SPDX-License-Identifier: Apache-2.0
"""OSV records for tests, and databases built from them by the program under test (kept by their content)."""
import hashlib
import json
import os
import threading
import time

from . import paths, proc

VECTORS = {
    "CRITICAL": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",  # 9.8
    "HIGH": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",      # 7.5
    "MEDIUM": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N",    # 5.3
    "LOW": "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:N/A:N",       # 3.7
}
UNDATED = "2026-01-02T03:04:05Z"  # a database of records that say no time of their own is as old as it was built
DATABASES = os.path.join(paths.BUILD, "test-databases")
_locks, _lock = {}, threading.Lock()


def record(ident, name, severity=None, fixed=None, introduced="0", versions=(), aliases=(), **more):
    """One OSV record; severity is a level's name or None; fixed None leaves the range open, "" leaves the range out."""
    affected = {"package": {"ecosystem": "PyPI", "name": name}}
    if fixed != "":
        events = [{"introduced": introduced}] + ([{"fixed": fixed}] if fixed else [])
        affected["ranges"] = [{"type": "ECOSYSTEM", "events": events}]
    if versions:
        affected["versions"] = list(versions)
    made = {"schema_version": "1.6.0", "id": ident, "modified": UNDATED, "published": "2026-01-01T00:00:00Z",
            "summary": "made up for a test", "aliases": list(aliases), "affected": [affected]}
    if severity:
        made["severity"] = [{"type": "CVSS_V3", "score": VECTORS[severity]}]
    made.update(more)
    return made


def moment(epoch):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() if epoch is None else epoch))


def dated(records, epoch):
    return [dict(r, modified=moment(epoch)) if r.get("modified") == UNDATED else r for r in records]


def write(records, folder, epoch=None):
    os.makedirs(folder, exist_ok=True)
    for r in dated(records, epoch):
        with open(os.path.join(folder, r["id"] + ".json"), "w") as f:
            json.dump(r, f)
    return folder


class BuildFailed(Exception):
    pass


def write_feeds(kev, epss, stem, epoch=None):
    """The words for `db build`: CVE ids that are exploited, and {CVE id: (score, percentile)}; the files begin with stem."""
    words = []
    if kev:
        with open(stem + ".kev.json", "w") as f:
            json.dump({"dateReleased": moment(epoch), "count": len(kev), "vulnerabilities": [{"cveID": cve} for cve in kev]}, f)
        words.append("kev=" + f.name)
    if epss:
        with open(stem + ".epss.csv", "w") as f:
            f.write("#model_version:v1,score_date:%s\ncve,epss,percentile\n" % moment(epoch))
            f.writelines("%s,%s,%s\n" % (cve, score, percentile) for cve, (score, percentile) in epss.items())
        words.append("epss=" + f.name)
    return words


def build(records, epoch=None, kev=(), epss=None):
    """A database of these records, built once for this program; epoch: as SOURCE_DATE_EPOCH, its build time."""
    info = os.stat(paths.PIPGATE)
    key = json.dumps([records, epoch, list(kev), epss, info.st_mtime_ns, info.st_size], sort_keys=True)
    stem = os.path.join(DATABASES, hashlib.sha256(key.encode()).hexdigest()[:16])
    with _lock:
        lock = _locks.setdefault(stem, threading.Lock())
    with lock:
        if not os.path.exists(stem + ".db"):
            _build(write(records, stem, epoch), stem, epoch, write_feeds(kev, epss, stem, epoch))
    return stem + ".db"


def _build(folder, stem, epoch, feeds):
    env = {"PATH": os.defpath, "HOME": folder, "LC_ALL": "C.UTF-8"}
    if epoch is not None:
        env["SOURCE_DATE_EPOCH"] = str(int(epoch))
    fresh = "%s.%d" % (stem, os.getpid())
    result = proc.run([paths.PIPGATE, "db", "build", "-o", fresh, "osv=" + folder] + feeds, env=env)
    if result.status or not os.path.exists(fresh):
        raise BuildFailed("pipgate db build ended with %d:\n%s%s" % (result.status, result.stdout, result.stderr))
    os.replace(fresh, stem + ".db")
