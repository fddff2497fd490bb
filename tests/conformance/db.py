#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`pipgate db`: every form a feed comes in, what is refused, and that the old database survives whatever happens. TAP."""
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import _db  # noqa: E402
from _db import (PROGRAM, WORK, Server, Skip, build, digest, env, folder, make_tar, make_zip, pipgate, pypa_files, record, records, show,  # noqa: E402
                 status, test)

KILLS = 30


# ---- forms ----

@test
def osv_folder_zip_tar_and_address_agree():
    files = {**records(12), "notes.txt": "not a record"}
    places = [folder("osv-forms", files), make_zip("osv-forms.zip", files), make_tar("osv-forms.tar.gz", files)]
    for place in places:
        done = build(WORK / "forms.db", f"osv={place}").expect(0, "12 advisories for 12 distributions (feeds: osv 12), 0 refused")
        assert done.err.count("\n") == 1, done.err
        assert "DEMO-2024-3" in show(WORK / "forms.db", "Demo_3", "1.9")
        assert "no advisory names demo-3 2.0" in show(WORK / "forms.db", "demo-3", "2.0")
    with Server() as address:
        for name in ("osv-forms.zip", "osv-forms.tar.gz"):
            build(WORK / "url.db", f"osv={address}/{name}?token=hidden").expect(0, "12 advisories")
            place = status(WORK / "url.db")["feeds"][0]["place"]
            assert place == f"{address}/{name}", place
        build(WORK / "url.db", f"osv={address}/nothing.zip").expect(41, "404")


@test
def one_json_file_by_path_and_address():
    place = folder("single", {"DEMO-2024-1.json": json.dumps(record(1))}) / "DEMO-2024-1.json"
    build(WORK / "single.db", f"osv={place}").expect(0, "1 advisories for 1 distributions")
    with Server() as address:
        build(WORK / "single2.db", f"osv={address}/single/DEMO-2024-1.json").expect(0, "1 advisories for 1 distributions")
    assert show(WORK / "single.db", "demo") == show(WORK / "single2.db", "demo")


@test
def pypa_checkout_tar_and_address():
    folder("checkout", pypa_files())
    make_tar("pypa.tar.gz", pypa_files())
    make_tar("pypa-github.tar.gz", pypa_files("advisory-database-main/"))
    with Server() as address:
        for place in (WORK / "checkout", WORK / "pypa.tar.gz", WORK / "pypa-github.tar.gz", f"{address}/pypa.tar.gz"):
            build(WORK / "pypa.db", f"pypa={place}").expect(0, "3 advisories for 1 distributions (feeds: pypa 3), 0 refused")
            out = show(WORK / "pypa.db", "demo-yaml", "1.9")
            assert out.count("PYSEC-2024-") == 3 and "<1.10" in out, out
    build(WORK / "pypa.db", f"pypa={WORK / 'single'}").expect(41, "vulns")


@test
def same_input_same_bytes():
    files = records(40)
    build(WORK / "a.db", f"osv={folder('bytes', files)}").expect(0)
    first = digest(WORK / "a.db")
    build(WORK / "again.db", f"osv={folder('bytes', files)}").expect(0)  # a file that replaces one has its serial + 1
    assert digest(WORK / "again.db") == first
    assert (WORK / "a.db").stat().st_mode & 0o7777 == 0o644
    a = make_zip("order.zip", files)
    build(WORK / "a.db", f"osv={a}").expect(0)
    make_zip("order.zip", dict(reversed(files.items())))
    one = status(WORK / "a.db")
    build(WORK / "a.db", f"osv={a}").expect(0)
    two = status(WORK / "a.db")
    for s in (one, two):
        s["feeds"][0].pop("sha256")  # of the bytes in the order of the archive
        s.pop("age_seconds")
    assert two.pop("serial") == one.pop("serial") + 1
    assert one == two


@test
def two_feeds_the_newer_record_stays():
    old = folder("old", {"DEMO-2024-1.json": json.dumps(record(1, fixed="1.0")), "DEMO-2024-2.json": json.dumps(record(2))})
    new = folder("new", {"DEMO-2024-1.json": json.dumps(record(1, fixed="9.0", modified="2024-01-01T00:00:00.5Z"))})
    for feeds in ((old, new), (new, old)):
        build(WORK / "merged.db", *[f"osv={f}" for f in feeds]).expect(0, "2 advisories for 1 distributions (feeds: osv ")
        assert "DEMO-2024-1" in show(WORK / "merged.db", "demo", "8.0")
    info = status(WORK / "merged.db")
    assert [f["name"] for f in info["feeds"]] == ["osv", "osv-2"], info
    same = folder("same", {"DEMO-2024-1.json": json.dumps(record(1, fixed="5.0"))})
    build(WORK / "merged.db", f"osv={same}", f"osv={old}").expect(0)
    assert "DEMO-2024-1" in show(WORK / "merged.db", "demo", "4.0")  # of equals the first feed's
    build(WORK / "merged.db", f"osv={old}", f"osv={same}").expect(0)
    assert "DEMO-2024-1" not in show(WORK / "merged.db", "demo", "4.0")


@test
def withdrawn_and_empty_records_are_accepted():
    files = {"DEMO-2024-1.json": json.dumps(record(1, withdrawn="2024-02-01T00:00:00Z")),
             "DEMO-2024-2.json": json.dumps({**record(2), "affected": []}), "DEMO-2024-3.json": json.dumps(record(3, "other"))}
    build(WORK / "withdrawn.db", f"osv={folder('withdrawn', files)}").expect(0, "2 advisories for 1 distributions (feeds: osv 3)")
    assert status(WORK / "withdrawn.db")["feeds"][0]["withdrawn"] == 1
    assert "no advisory names demo" in show(WORK / "withdrawn.db", "demo")


@test
def another_id_than_the_name_is_noted():
    place = folder("renamed", {"DEMO-2024-7.json": json.dumps(record(1)), "DEMO-2024-2.json": json.dumps(record(2))})
    build(WORK / "renamed.db", f"osv={place}").expect(0, "1 of 2 records bear another id", "DEMO-2024-7.json: DEMO-2024-1")
    assert "DEMO-2024-1" in show(WORK / "renamed.db", "demo")


# ---- refusals ----

@test
def refused_rules():
    for good, bad, code in ((1, 2, 0), (300, 3, 0), (297, 3, 0), (296, 3, 41), (0, 1, 41), (0, 0, 41), (50, 25, 41), (1, 0, 0)):
        place = make_zip("rules.zip", records(good, bad))
        (WORK / "rules.db").unlink(missing_ok=True)
        done = build(WORK / "rules.db", f"osv={place}").expect(code)
        assert (WORK / "rules.db").exists() == (code == 0), (good, bad)
        if bad:
            assert f"{bad} of {good + bad} records refused" in done.err and "BAD-0.json: byte " in done.err, done.err
        if bad > 10:
            assert f"… and {bad - 10} more" in done.err and done.err.count("BAD-") == 10, done.err
    build(WORK / "rules.db", f"osv={make_zip('rules.zip', records(300, 2))}").expect(0, "2 refused")
    info = status(WORK / "rules.db")
    assert info["feeds"][0]["refused"] == 2 and [r["item"] for r in info["refused"]] == ["BAD-0.json", "BAD-1.json"], info
    assert "BAD-1.json" in pipgate("db", "status", "--db", WORK / "rules.db").expect(0).out


@test
def folder_entries_that_are_no_files_are_refused():
    place = folder("odd", records(2))
    for name in ("link.json", "fifo.json", "large.json"):
        (place / name).unlink(missing_ok=True)
    (place / "link.json").symlink_to("DEMO-2024-0.json")
    build(WORK / "odd.db", f"osv={place}").expect(0, "link.json: a symbolic link", "1 refused")
    os.mkfifo(place / "fifo.json")
    build(WORK / "odd.db", f"osv={place}").expect(0, "fifo.json: not a file", "2 refused")
    (place / "link.json").unlink()
    with open(place / "large.json", "wb") as f:
        f.truncate((16 << 20) + 1)
    build(WORK / "odd.db", f"osv={place}").expect(0, "large.json: too large", "2 refused")


@test
def one_id_twice_in_a_feed_fails_it():
    place = folder("twice", {"DEMO-2024-1.json": json.dumps(record(1)), "x.json": json.dumps(record(1))})
    build(WORK / "twice.db", f"osv={place}").expect(41, "DEMO-2024-1 is there twice")


@test
def old_file_stays_when_a_feed_fails():
    target = WORK / "kept" / "kept.db"
    target.parent.mkdir()
    good = make_zip("good.zip", records(20))
    build(target, f"osv={good}").expect(0)
    before = digest(target)
    cut = WORK / "cut.zip"
    cut.write_bytes(good.read_bytes()[:-100])
    (WORK / "page.zip").write_text("<html>proxy error</html>")
    for place in (cut, WORK / "page.zip", WORK / "not-there.zip", folder("empty", {}), make_zip("none.zip", {}), WORK / "not-there"):
        build(target, f"osv={good}", f"osv={place}").expect(41, str(place), "an older one stays as it was")
        assert digest(target) == before
    assert sorted(p.name for p in target.parent.iterdir()) == ["kept.db", "kept.db.lock"]


@test
def usage():
    for words in (("db",), ("db", "nothing"), ("db", "build"), ("db", "build", "osv"), ("db", "build", "osv="), ("db", "build", "npm=x"),
                  ("db", "build", "--json", "osv=x"), ("db", "status", "--what"), ("db", "status", "x"), ("db", "show"),
                  ("db", "show", "a", "1", "b"), ("db", "update", "--timeout", "0"), ("db", "update", "--timeout", "x"),
                  ("db", "update", "osv=x"), ("db", "show", "--db")):
        done = pipgate(*words).expect(42)
        assert done.err.startswith("pipgate: ") and not done.out, words
    assert "usage" in pipgate("db", "--help").expect(0).out
    assert "db show" in pipgate("db", "show", "--help").expect(0).out
    pipgate("db", "update", environment=env(PIPGATE_FEEDS="osv=/x npm=/y")).expect(42, "npm")


@test
def missing_or_foreign_database():
    pipgate("db", "status", "--db", WORK / "none.db").expect(41, "none.db")
    pipgate("db", "status", environment=env(PIPGATE_DB=str(WORK / "none.db"))).expect(41, "PIPGATE_DB")
    (WORK / "foreign.db").write_text("hello")
    pipgate("db", "show", "--db", WORK / "foreign.db", "x").expect(41, "not an advisory database")


# ---- update ----

@test
def update_reads_the_feeds_of_the_environment():
    if os.geteuid() == 0:
        raise Skip("as root it would write the system's database")
    place = make_zip("update.zip", records(5))
    environment = env(PIPGATE_FEEDS=f"  osv={place}  pypa={WORK / 'checkout'} ", XDG_DATA_HOME=str(WORK / "xdg"))
    pipgate("db", "update", environment=environment).expect(0, str(WORK / "xdg/pipgate/advisories.db"), "osv 5, pypa 3")
    info = json.loads(pipgate("db", "status", "--json", environment=environment).expect(0).out)
    assert info["kind"] in ("user", "system"), info


# ---- showing ----

@test
def status_and_show():
    severity = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}]
    files = {"DEMO-2024-1.json": json.dumps(record(1, aliases=["CVE-2024-1"], severity=severity, summary="a \u202e\x1b[31mtrap",
                                                   references=[{"type": "WEB", "url": "https://example.org/\x9b"}])),
             "DEMO-2024-2.json": json.dumps({**record(2), "affected": [{"package": {"ecosystem": "PyPI", "name": "demo"},
                                                                        "versions": [f"1.{i}" for i in range(15)]}]})}
    target = WORK / "show.db"
    build(target, f"osv={folder('show', files)}").expect(0)
    info = status(target)
    assert info["schema"] == "pipgate/db-status/1" and info["path"] == str(target) and info["kind"] == "named", info
    assert info["built"] == "2023-11-14T22:13:20Z" and info["names"] == 1 and info["records"] == 2, info
    assert info["feeds"][0]["newest"] == "2024-01-01T00:00:00Z" and info["bytes"] == target.stat().st_size, info
    out = show(target, "DEMO")
    for part in ("DEMO-2024-1 (CVE-2024-1)", "HIGH 7.5", "<2.0", "fixed in  2.0", "1.0, 1.1", "… and 5 more", "\\u202e\\x1b[31mtrap"):
        assert part in out, (part, out)
    assert "\x1b" not in out and "\x9b" not in out
    assert "DEMO-2024-1" not in show(target, "demo", "2.0") and "DEMO-2024-2" in show(target, "demo", "1.14")
    text = pipgate("db", "status", "--db", target).expect(0).out
    assert "2 advisories for 1 distributions" in text and "osv" in text, text
    assert pipgate("db", "show", "--db", target, "demo", "no version").expect(0, "no version").out
    assert sorted(p.name for p in WORK.glob("show.db*")) == ["show.db", "show.db.lock"]


# ---- whatever happens ----

def big_zip():
    path = WORK / "big.zip"
    if not path.exists():
        make_zip("big.zip", {f"DEMO-2024-{i}.json": json.dumps(record(i, f"demo-{i}", details="x" * 500)) for i in range(4000)})
    return path


@test
def killed_at_any_moment():
    target = WORK / "killed" / "k.db"
    target.parent.mkdir()
    seed = int(os.environ.get("SEED") or random.randrange(1 << 32))
    print(f"# seed {seed} (SEED={seed} runs these moments again)")
    chance = random.Random(seed)
    build(target, f"osv={make_zip('small.zip', records(3))}").expect(0)
    words = [PROGRAM, "db", "build", "-o", str(target), f"osv={big_zip()}"]
    start = time.monotonic()
    subprocess.run(words[:4] + [str(WORK / "timing.db"), words[5]], env=env(), stderr=subprocess.DEVNULL, check=True)
    whole = time.monotonic() - start
    states = set()
    for _ in range(KILLS):
        child = subprocess.Popen(words, env=env(), stderr=subprocess.DEVNULL)
        time.sleep(chance.random() * whole * 1.2)
        child.send_signal(signal.SIGKILL)
        child.wait()
        states.add(status(target)["records"])
        assert "DEMO-2024-2" in show(target, "demo-2", "1.0")
    assert states <= {3, 4000}, states
    build(target, f"osv={WORK / 'small.zip'}").expect(0)
    assert sorted(p.name for p in target.parent.iterdir()) == ["k.db", "k.db.history", "k.db.lock"]


def mount_small(at):
    at.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(at)], stderr=subprocess.DEVNULL,
                                           check=False).returncode:
        return False
    return True


@test
def disk_full():
    at = WORK / "full"
    if not mount_small(at):
        raise Skip("no right to mount")
    try:
        target = at / "f.db"
        build(target, f"osv={WORK / 'small.zip'}").expect(0)
        before = digest(target)
        build(target, f"osv={big_zip()}").expect(41, "space")
        assert digest(target) == before and sorted(p.name for p in at.iterdir()) == ["f.db", "f.db.lock"]
    finally:
        subprocess.run(["umount", str(at)], check=False)


@test
def file_size_limit():
    target = WORK / "limit" / "l.db"
    target.parent.mkdir()
    build(target, f"osv={make_zip('small.zip', records(3))}").expect(0)
    before = digest(target)
    for kib in (100, 1000, 2900):
        build(target, f"osv={big_zip()}",
              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (kib << 10, kib << 10))).expect(41, str(target))  # noqa: B023
        assert digest(target) == before and sorted(p.name for p in target.parent.iterdir()) == ["l.db", "l.db.lock"]


@test
def read_only_folder_and_reader():
    if os.geteuid() == 0:
        raise Skip("root may write everywhere")
    target = WORK / "readonly" / "r.db"
    target.parent.mkdir()
    build(target, f"osv={WORK / 'small.zip'}").expect(0)
    target.parent.chmod(0o555)
    try:
        assert "DEMO-2024-1" in show(target, "demo-1")
        build(target, f"osv={WORK / 'small.zip'}").expect(41, str(target))
    finally:
        target.parent.chmod(0o755)


@test
def two_builds_at_once():
    target = WORK / "both.db"
    words = [PROGRAM, "db", "build", "-o", str(target)]
    both = [subprocess.Popen([*words, f"osv={z}"], env=env(), stderr=subprocess.DEVNULL) for z in (big_zip(), WORK / "small.zip", big_zip())]
    assert [p.wait() for p in both] == [0, 0, 0]
    assert status(target)["records"] in (3, 4000)


_db.main()
