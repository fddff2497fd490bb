# SPDX-License-Identifier: Apache-2.0
"""`pipgate advisory new` and `check`, and the schema of advisories against the latter."""
import json
import os
import re

from lib import osvdb, paths, schema
from lib.case import Skipped, case

DATE = "2026-01-02T03:04:05Z"
HEAD = {"id": "A-1", "modified": DATE}


def affected(ranges=None, **more):
    made = {"package": {"ecosystem": "PyPI", "name": "x"}, **more}
    return {"affected": [{**made, **({"ranges": ranges} if ranges is not None else {})}]}


def events(*pairs, kind="ECOSYSTEM"):
    return affected([{"type": kind, "events": [dict([p]) for p in pairs]}])


def package(**members):
    return {"affected": [{"package": members}]}


ZERO = ("introduced", "0")
TAKEN = (
    {}, {"id": "x"}, {"id": "a" * 128}, {"schema_version": "1"}, {"schema_version": "1.7.0"}, {"schema_version": None},
    {"anything": [1]}, {"modified": "2026-01-02T03:04:05.123+01:00"}, {"published": DATE, "withdrawn": None},
    {"withdrawn": "2026-01-02T03:04:60Z"}, {"summary": None, "details": ""}, {"aliases": None},
    {"aliases": ["CVE-2026-1", "no id!"]}, {"severity": 3}, {"severity": [{"score": "bad"}]},
    {"references": [{"type": "WEB", "url": "https://example.org"}, {}]}, {"affected": None}, {"affected": [{}]},
    {"affected": [{"package": None, "ranges": 3}]}, package(ecosystem="npm"),
    {"affected": [{"package": {"ecosystem": "npm", "name": 3}, "versions": 3}]},
    package(ecosystem="PyPI:https://a.example.org", name="x"), package(ecosystem="pypi"), affected(), affected([]),
    affected(versions=None), affected(versions=["1", "what"]), events(ZERO), events(ZERO, ("fixed", "1.x")),
    events(("fixed", "2"), ZERO, ("limit", "*"), kind="SEMVER"), events(ZERO, ("last_affected", "2")),
    affected([{"type": "GIT"}]), affected([{"type": "NEW", "events": 3}]),
    affected(database_specific={"pipgate_specifiers": [">1,<2", 3]}), affected(database_specific=3),
)
REFUSED = (
    {"id": None}, {"id": ""}, {"id": 3}, {"id": "a b"}, {"id": "-a"}, {"id": "a" * 129}, {"schema_version": "2.0"},
    {"schema_version": 1}, {"modified": None}, {"modified": "2026-01-02"}, {"modified": "2026-13-02T03:04:05Z"},
    {"modified": "2026-01-02 03:04:05Z"}, {"modified": "2026-01-02T03:04:05"}, {"modified": "2026-01-02T03:04:05.Z"},
    {"published": ""}, {"published": 3}, {"withdrawn": "yes"}, {"summary": 3}, {"details": []}, {"aliases": "CVE-2026-1"},
    {"aliases": [3]}, {"references": {}}, {"references": [3]}, {"references": [{"url": 3}]}, {"affected": {}},
    {"affected": [3]}, {"affected": [{"package": 3}]}, package(name="x"), package(ecosystem=""), package(ecosystem=3),
    package(ecosystem="PyPI"), package(ecosystem="PyPI", name=""), package(ecosystem="PyPI", name=3), affected(versions="1"),
    affected(versions=[1]), affected({}), affected([3]), affected([{"events": []}]), affected([{"type": "ECOSYSTEM"}]),
    affected([{"type": "ECOSYSTEM", "events": []}]), events(("fixed", "1")), events(ZERO, ("until", "1")),
    events(ZERO, ("fixed", 1)), events(ZERO, ("fixed", "")), events(ZERO, ("fixed", "1"), ("last_affected", "1")),
    affected([{"type": "ECOSYSTEM", "events": [{"introduced": "0", "fixed": "1"}]}]),
    affected([{"type": "ECOSYSTEM", "events": ["0"]}]), affected(database_specific={"pipgate_specifiers": "<2"}),
)


def documents():
    return [({**HEAD, **d}, i >= len(TAKEN)) for i, d in enumerate(TAKEN + REFUSED)]


def rules():
    with open(os.path.join(paths.ROOT, "docs", "advisory.schema.json"), encoding="utf-8") as f:
        return json.load(f)


def new(c, *words, status=0, **patterns):
    return c.expect(c.pipgate("advisory", "new", *words), status=status, **patterns)


def check(c, *words, status=0, **patterns):
    return c.expect(c.pipgate("advisory", "check", *words), status=status, **patterns)


@case(pips="newest", mode="any")
def advisory_new(c):
    """What it writes is good, by check and by schema, as YAML and as JSON; ids are the next free ones; nothing is overwritten."""
    new(c, "Foo.Bar", "--fixed", "1.10", "--severity", "HIGH", "--alias", "CVE-2099-1", "--summary", 'a "b": #c', "-o", "own",
        err=r"made own/ORG-\d{4}-0001\.yaml")
    new(c, "foo", "--versions", "1.0,1.1", "--versions", "2", "-o", "own/by-hand.json")
    vector = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
    new(c, "foo", "--introduced", "2", "--fixed", "3", "--severity", vector, "-o", "own", err=r"-0003\.yaml")
    new(c, "foo", "--id", "ACME-", "-o", "own/", err=r"ACME-\d{4}-0001\.yaml")
    new(c, "foo", "--id", "SEC.1", "-o", "own", err=r"SEC\.1\.yaml")
    new(c, "foo", "--id", "SEC.1", "-o", "own", status=41, err="there already")
    check(c, "own", err="5 good, 0 bad")
    c.expect(c.pipgate("db", "build", "-o", c.path("own.db"), "dir=own"), status=0, err="5 advisories for 2 distributions")
    c.expect(c.pipgate("db", "show", "--db", c.path("own.db"), "foo-bar"), status=0,
             out=[r"^ORG-\d{4}-0001 \(CVE-2099-1\)", "HIGH", r"<1\.10$", re.escape('a "b": #c')])
    with open(c.path("own", "by-hand.json")) as f:
        made = json.load(f)
    c.equal(schema.problems(made, rules()), [], "the schema")
    c.equal(made["affected"][0].get("versions"), ["1.0", "1.1", "2"], "versions")
    c.expect(c.pipgate("advisory", "new", "foo", "-o", "-", env={"TZ": "Asia/Tokyo"}), status=0, out="^id: ORG-")


@case(pips="newest", mode="any")
def advisory_new_refused(c):
    """Bad words are 42 and leave no file."""
    for words in ((), ("a b",), ("foo>1",), ("foo", "bar"), ("foo", "--colour", "x"), ("foo", "--id")):
        new(c, *words, status=42)
    for words in (("--fixed", "x"), ("--versions", "1,,2"), ("--introduced", "2", "--fixed", "2"), ("--severity", "worst"), ("--id", "a b"),
                  ("--summary", "two\nlines"), ("--summary", ""), ("-o", "x.txt")):
        new(c, "foo", *words, status=42)
    c.equal(os.listdir(c.work), [], "files")
    c.expect(c.pipgate("advisory", "--help"), status=0, out="advisory check")
    c.expect(c.pipgate("advisory", "burn"), status=42, err="one of new, check")


@case(pips="newest", mode="any")
def advisory_check_says_where(c):
    """Each bad record with its line, each oddity as a note; 1, 41, 42."""
    c.write("own/A-1.yaml", 'id: A-1\nmodified: "%s"\naffected:\n- package:\n    ecosystem: PyPI\n    name: x\n  ranges:\n'
            '  - type: ECOSYSTEM\n    events:\n    - fixed: "1"\n' % DATE)
    c.write("own/b.yml", "id: A-2\nmodified: [\n")
    c.write("own/deep/c.json", '{"id": "A-3",\n "modified": "2026-01-02"}')
    c.write("own/d.json", '{"id": "A-4",\n\n 1}')
    c.write("own/E-5.json", json.dumps({**HEAD, "id": "E-5", **affected([])}, indent=1))
    c.write("own/e.yaml", json.dumps({**HEAD, "id": "E-5", "affectd": [], **affected(versions=["1", "1.x"])}, indent=1))
    check(c, "own", status=1, err=[
        r"own/A-1\.yaml:9: affected\[0\]: ranges\[0\]: events: none is 'introduced'", r"own/b\.yml:3: ",
        r"own/deep/c\.json:2: modified: ", r"own/d\.json:3: ",
        r"own/E-5\.json:\d+: note: no range and no version", r"own/E-5\.json: note: no alias", r"own/E-5\.json:\d+: note: unknown severity",
        r"own/e\.yaml:2: note: the file is not named E-5", r"own/e\.yaml:4: note: 'affectd' is no member",
        r"own/e\.yaml:\d+: note: versions: '1\.x' is no version", r"own/e\.yaml:\d+: note: no range: ",
        r"own/e\.yaml: id: E-5 is that of own/E-5\.json, too", "1 good, 5 bad, "])
    good = c.write("GOOD-1.json", json.dumps(osvdb.record("GOOD-1", "x", "HIGH", aliases=["CVE-2099-1"])))
    check(c, good, err="1 good, 0 bad, 0 notes")
    check(c, good, c.path("nowhere"), status=41, err="No such file")
    os.makedirs(c.path("empty"))
    check(c, c.path("empty"), status=41, err="no record is there")
    check(c, c.write("x.txt", ""), status=42)
    check(c, status=42)


def bad_numbers(c, folder):
    said = c.pipgate("advisory", "check", c.path(folder)).stderr
    return {int(n) for n in re.findall(r"/(\d+)\.json:(?!\d*:? ?note: )", said)}


def disagreements(c, problems):
    """What check and the schema do not judge alike, and what neither judges as the table has it."""
    for i, (d, _) in enumerate(documents()):
        c.write("table/%d.json" % i, json.dumps({**d, "id": d["id"] + ".%d" % i} if d["id"] in ("A-1", "x") else d))
    bad = bad_numbers(c, "table")
    return [(d, "check: %s" % (i in bad), "schema: %s" % bool(problems(d)), refused) for i, (d, refused) in enumerate(documents())
            if not (i in bad) == bool(problems(d)) == refused]


@case(pips="newest", mode="any")
def advisory_schema_and_check_agree(c):
    """A table of records, each taken by both or refused by both."""
    c.equal(disagreements(c, lambda d: schema.problems(d, rules())), [], "not agreed on")


@case(pips="newest", mode="any")
def advisory_schema_by_jsonschema(c):
    """The same by jsonschema, which also finds the schema itself valid."""
    try:
        import jsonschema
    except ImportError:
        raise Skipped("python3-jsonschema is not here")
    kind = jsonschema.validators.validator_for(rules())
    kind.check_schema(rules())
    c.equal(disagreements(c, lambda d: list(kind(rules()).iter_errors(d))), [], "not agreed on")
