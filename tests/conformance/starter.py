#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The starter set: are its records well-formed, are they true, and does it match like the full feeds do?

The records are written by hand from public facts. One rule is not obvious: a vector that the full feed does not have is
added only where it is HIGH, because an unknown severity counts as high: so both give one verdict.

Environment: PIPGATE (the program), PIPGATE_SHARED (the folder with data/advisories and data/enrich). Prints TAP.
"""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STARTER = os.path.join(ROOT, "packaging", "starter")
PIPGATE = os.environ.get("PIPGATE") or os.path.join(os.environ.get("B", "build"), "pipgate")
DATA = os.path.join(os.environ.get("PIPGATE_SHARED", "../shared"), "data")
FEEDS = [os.path.join(DATA, "advisories", "all.zip"), os.path.join(DATA, "enrich", "mal-pypi-all.zip")]
SHOWN = 10  # differences printed of one test

FIELDS = {"schema_version", "id", "modified", "published", "aliases", "summary", "severity", "affected", "references"}
MANDATORY = FIELDS - {"published", "aliases", "severity"}
REFERENCES = {"ADVISORY", "ARTICLE", "DETECTION", "DISCUSSION", "EVIDENCE", "FIX", "INTRODUCED", "PACKAGE", "REPORT",
              "WEB"}
EVENTS = {"introduced", "fixed", "last_affected", "limit"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
IDENT = re.compile(r"(PYSEC-\d{4}-\d+|MAL-\d{4}-\d+)$")
ALIAS = re.compile(r"(CVE-\d{4}-\d{4,}|GHSA(-[23456789cfghjmpqrvwx]{4}){3})$")
HOSTS = ["pypi" + end for end in (".org", ".io", ".python")] + ["python" + "hosted.", "ana" + "conda.org"]


def normalize(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def load_starter():
    """id → record; a file that does not parse ends the program."""
    records = {}
    for path in sorted(glob.glob(os.path.join(STARTER, "*"))):
        with open(path, encoding="utf-8") as file:
            records[os.path.basename(path).removesuffix(".json")] = json.load(file)
    return records


def load_feeds():
    """id → record of the full feeds."""
    records = {}
    for path in FEEDS:
        with zipfile.ZipFile(path) as feed:
            for name in feed.namelist():
                record = json.loads(feed.read(name))
                records[record["id"]] = record
    return records


# ---- what can be said without the feeds; each gives a list of faults ----

def faults_of_shape(name, record):
    if record.get("id") != name or not IDENT.match(name):
        yield f"its id is {record.get('id')}"
    if set(record) - FIELDS or MANDATORY - set(record):
        yield f"fields: {sorted(set(record) ^ FIELDS)}"
    for field in ("modified", "published"):
        if field in record and not MOMENT.match(record[field]):
            yield f"{field} is no time"
    if record["schema_version"] != "1.6.0":
        yield "another schema"
    if not 10 <= len(record["summary"]) <= 100 or not record["summary"].isprintable():
        yield "the summary is not one line of at most 100 characters"
    yield from (f"alias {alias}" for alias in record.get("aliases", []) if not ALIAS.match(alias))
    for severity in record.get("severity", []):
        if severity["type"] not in ("CVSS_V2", "CVSS_V3", "CVSS_V4"):
            yield f"severity {severity}"
    for reference in record["references"]:
        if reference["type"] not in REFERENCES or not reference["url"].startswith("https://"):
            yield f"reference {reference}"


def faults_of_ranges(name, record):
    for affected in record["affected"]:
        if affected["package"]["ecosystem"] != "PyPI" or set(affected) - {"package", "ranges", "versions"}:
            yield f"affected: {affected}"
        if not affected.get("ranges") and not affected.get("versions"):
            yield "affects no version"
        for events in (r["events"] for r in affected.get("ranges", [])):
            if any(len(event) != 1 or set(event) - EVENTS for event in events) or "introduced" not in events[0]:
                yield f"events {events}"
            # a release of today must pass: what an advisory on a real project opens, it closes
            kinds = [kind for event in events for kind in event]
            if name.startswith("PYSEC") and kinds != ["introduced", "fixed"] * (len(events) // 2):
                yield f"events do not come in pairs: {events}"


def faults_of_text(name, _):
    with open(os.path.join(STARTER, name + ".json"), encoding="ascii") as file:
        text = file.read()
    yield from (f"names the host {host}" for host in HOSTS if host in text)


# ---- what the feeds say ----

def faults_of_fact(name, record, feeds):
    fact = feeds.get(name)
    if fact is None:
        yield "no such record"
        return
    if fact.get("withdrawn"):
        yield "withdrawn"
    for field in ("modified", "published"):
        if record.get(field) != fact.get(field):
            yield f"{field}: {record.get(field)}, {fact.get(field)}"
    yield from (f"alias {alias}" for alias in set(record.get("aliases", [])) - set(fact.get("aliases") or []))
    names = [[normalize(a["package"]["name"]) for a in r["affected"]] for r in (record, fact)]
    if names[0] != names[1]:
        yield f"names {names}"
    if fact.get("severity") and record.get("severity") != fact["severity"]:
        yield f"severity {record.get('severity')}, {fact['severity']}"
    if not fact.get("severity"):
        yield from (f"{s['score']} is not HIGH" for s in record.get("severity", []) if level(s["score"]) != "HIGH")


def level(vector):
    run = subprocess.run([PIPGATE, "debug", "cvss"], input=vector + "\n", stdout=subprocess.PIPE, text=True, check=True)
    return run.stdout.rstrip("\n").split("\t")[-1]


def neighbours(version):
    """A version and those around it, most of them valid."""
    bumped = re.sub(r"\d+(?=\D*$)", lambda m: str(int(m[0]) + 1), version)
    dropped = re.sub(r"\d+(?=\D*$)", lambda m: str(max(int(m[0]) - 1, 0)), version)
    around = [version, bumped, dropped, version + ".1", version + ".0", "v" + version, "1!" + version]
    return around + [v + end for v in (version, bumped) for end in ("a1", "rc1", ".dev1", ".post1", "+local.1", "-x.y")]


def pairs_of(records, feeds):
    """(name, version) to ask for: everything that the feeds say of the starter's projects, and what lies around it."""
    names = {normalize(a["package"]["name"]) for r in records.values() for a in r["affected"]}
    said = {(name, version) for name in names for version in ("0", "0.0.1", "1.0", "99999", "1!0", "unknown")}
    for affected in (a for r in feeds.values() for a in r.get("affected") or []):
        name = normalize((affected.get("package") or {}).get("name", ""))
        if name in names:
            said.update((name, version) for version in affected.get("versions") or [])
            events = [e for r in affected.get("ranges") or [] if r["type"] != "GIT" for e in r["events"]]
            said.update((name, version) for event in events for version in event.values())
    return sorted({(name, around) for name, version in said for around in neighbours(version)})


def build(out, *feeds):
    run = subprocess.run([PIPGATE, "db", "build", "-o", out, *("osv=" + feed for feed in feeds)], text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if run.returncode:
        raise SystemExit(f"Bail out! db build ended with {run.returncode}: {run.stdout[-500:]!r}")
    return out


def match(database, pairs, wanted):
    """Per pair, the matching ids among the wanted ones, and whether the version could be decided."""
    lines = "".join(f"{name}\t{version}\n" for name, version in pairs)
    run = subprocess.run([PIPGATE, "match", "--db", database], input=lines, stdout=subprocess.PIPE, text=True)
    answers = [line.split("\t") for line in run.stdout.splitlines()]
    if run.returncode < 0 or len(answers) != len(pairs):
        raise SystemExit(f"Bail out! match: {len(pairs)} pairs, {len(answers)} answers, status {run.returncode}")
    return [(sorted(set(re.split("[ =]", ids)) & wanted), state) for _, _, state, ids in answers]


def compare(records, feeds):
    """The pairs for which the two databases differ, how many pairs hit something, and what jinja2 2.10 hits."""
    pairs = pairs_of(records, feeds)
    with tempfile.TemporaryDirectory() as folder:
        small = match(build(os.path.join(folder, "small.db"), STARTER), pairs, set(records))
        full = match(build(os.path.join(folder, "full.db"), *FEEDS), pairs, set(records))
    different = [f"{' '.join(pair)}: {a} {b}" for pair, a, b in zip(pairs, small, full) if a != b]
    hit = {ident for ids, _ in small for ident in ids}
    return different, len(pairs), sorted(set(records) - hit), dict(zip(pairs, small))[("jinja2", "2.10")][0]


class Tap:
    def __init__(self, plan):
        print(f"1..{plan}")
        self.n = self.failed = 0

    def test(self, name, faults):
        self.n += 1
        print(f"{'not ' if faults else ''}ok {self.n} - {name}")
        for fault in faults[:SHOWN]:
            print(f"# {fault}")
        self.failed += bool(faults)

    def skip(self, name, why):
        self.n += 1
        print(f"ok {self.n} - {name} # SKIP {why}")


def main():
    tap = Tap(7)
    records = load_starter()
    for title, check in (("OSV's shape", faults_of_shape), ("ranges", faults_of_ranges), ("text", faults_of_text)):
        faults = [f"{name}: {fault}" for name, record in records.items() for fault in check(name, record)]
        tap.test(f"{title} of {len(records)} records", faults)
    missing = [path for path in FEEDS if not os.path.exists(path)]
    if missing:
        for title in ("facts", "one verdict", "every record matches", "jinja2 2.10"):
            tap.skip(title, f"no {missing[0]}")
        return tap.failed
    feeds = load_feeds()
    tap.test("facts", [f"{n}: {fault}" for n, r in records.items() for fault in faults_of_fact(n, r, feeds)])
    different, n, unhit, jinja2 = compare(records, feeds)
    tap.test(f"one verdict with the full feeds: {n} versions, {len(different)} differences", different)
    tap.test("every record matches some version", unhit)
    tap.test("jinja2 2.10 has advisories", [] if "PYSEC-2019-217" in jinja2 else [f"got {jinja2}"])
    return tap.failed


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
