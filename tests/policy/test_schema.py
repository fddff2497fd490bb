# SPDX-License-Identifier: Apache-2.0
"""The schemas in docs/ against the program: what they let through it takes, what it refuses they refuse, and no key is missing."""
import glob
import json
import os
import re

from lib import paths, schema
from lib.case import Skipped, case

POLICY = "pipgate/policy/1"
EXCEPTION = {"id": "X-1", "reason": "r", "created": "2026-01-01", "expires": "2026-06-01"}
TAKEN = (
    {}, {"rules": None}, {"epss": 0.25}, {"epss": "1.0"}, {"min-age": 0}, {"min-age": "12h"}, {"exception-days": 30},
    {"direct": "warn"}, {"direct": {"vcs": "block"}}, {"local-versions": "acme.*"}, {"block": ["evil-.*"]},
    {"index": {"packages.example.org/simple": "private"}}, {"allowed-indexes": [{"name": "a", "index": "b.example.org"}]},
    {"rules": [{"action": "block", "from": "2027-01-01", "requested": True, "source": "sdist"}, {"action": "warn", "malicious": "true"}]},
    {"checks": [{"run": ["x"], "timeout": "20s", "then": "warn", "on": "archive"}, {"run": "x"}]}, {"priority": {"critical": 41}},
    {"exceptions": [EXCEPTION, {**EXCEPTION, "places": "a/*", "kind": "mitigated", "ticket": "T"}]}, {"vex": ["a.json"]},
    {"exceptions": [{"rule": "sdist", "distribution": "a", **{k: v for k, v in EXCEPTION.items() if k != "id"}}]},
)
REFUSED = (
    {"schema": "pipgate/policy/2"}, {"fail_on": "low"}, {"fail-on": "lo"}, {"fail-on": ["low"]}, {"epss": 1.5}, {"epss": "0."},
    {"min-age": "3"}, {"min-age": 3}, {"exception-days": 0}, {"database": ""}, {"rules": {}}, {"rules": [{"nam": "x", "action": "block"}]},
    {"rules": [{"name": "x"}]}, {"rules": [{"action": "allow", "from": "2027-01-01"}]}, {"rules": [{"action": "block", "severity": "none"}]},
    {"rules": [{"action": "block", "source": ["disk"]}]}, {"rules": [{"action": "block", "requested": "yes"}]},
    {"block": ["a" * 1025]}, {"index": {"a": "mine"}}, {"index": []}, {"direct": {"git": "block"}}, {"direct": "no"},
    {"priority": {"critical": -1}}, {"priority": {"worst": 1}}, {"checks": [{"run": []}]}, {"checks": [{"run": ["x"], "then": "allow"}]},
    {"checks": [{"run": ["x"], "on": "wheel"}]}, {"allowed-indexes": [{"name": "a"}]}, {"vex": [""]}, {"vex": "a.json"},
    {"exceptions": [{k: v for k, v in EXCEPTION.items() if k != "expires"}]}, {"exceptions": [{**EXCEPTION, "created": "2026-13-01"}]},
    {"exceptions": [{**EXCEPTION, "rule": "sdist"}]}, {"exceptions": [{**EXCEPTION, "kind": "fine"}]},
    {"exceptions": [{"rule": "sdist", **{k: v for k, v in EXCEPTION.items() if k != "id"}}]},
    {"exceptions": [{"rule": "malicious", "distribution": "a", **{k: v for k, v in EXCEPTION.items() if k != "id"}}]},
)
FEED = {"name": "a", "kind": "osv", "place": "x"}
OTHERS = (  # schema, what it takes, what it refuses
    ("feeds", ({"feeds": [FEED, {**FEED, "name": "b", "weight": 5, "required": False, "max-age": "never", "max-shrink": 0, "key": "k", "names": "n"}]},
               {"feeds": [{**FEED, "max-age": "12h"}]}),
     ({"feed": []}, {"feeds": [{"name": "a", "kind": "osv"}]}, {"feeds": [{**FEED, "name": "../a"}]}, {"feeds": [{**FEED, "max-shrink": 101}]},
      {"feeds": [{**FEED, "weight": -1}]}, {"feeds": [{**FEED, "required": "perhaps"}]}, {"feeds": [{**FEED, "max-age": "soon"}]})),
    ("exceptions", ({}, {"exceptions": [EXCEPTION]}), ({"rules": []}, {"exceptions": [{"id": "X"}]})),
    ("owners", ({"owners": [{"name": "a.*", "team": "t", "contact": "c"}]},), ({"owner": []}, {"owners": [{"name": "a"}]})),
    ("baseline", ({"findings": [{"distribution": "a", "id": "X-1", "place": "r.txt", "since": "2026-01-01"}]},),
     ({"findings": [{"id": "X"}]}, {"findings": [{"distribution": "a", "id": "X", "since": "soon"}]}, {"baseline": []})),
)


def rules_of(name):
    with open(os.path.join(paths.ROOT, "docs", name + ".schema.json"), encoding="utf-8") as f:
        return json.load(f)


def yaml_of(text):
    """As the program reads it: every scalar is text."""
    try:
        import yaml
    except ImportError:
        raise Skipped("python3-yaml is not here")
    return yaml.load(text, Loader=yaml.BaseLoader)


def check(c, documents, *words):
    """The files that `policy check` refuses of these, with what it says, by number."""
    files = [c.write("%d.yaml" % i, json.dumps(d)) for i, d in enumerate(documents)]
    said = c.pipgate("policy", "check", *words, *files).stderr
    return {int(n): text for n, text in re.findall(r"/(\d+)\.yaml: (.*)$", said, re.M)}


@case(pips="newest", mode="any")
def schema_has_every_key(c):
    """Each key and list of `policy show --json` is in the schema and can be locked by it; each word of a key is the program's."""
    rules = rules_of("policy")
    shown = json.loads(c.expect(c.pipgate("policy", "show", "--json"), status=0).stdout)
    keys, lists = set(shown["keys"]), set(shown["lists"])
    c.equal(keys | lists | {"schema", "direct", "priority", "lock"}, set(rules["properties"]), "the schema's keys")
    c.equal(set(rules["properties"]["lock"]["items"]["enum"]) | {"schema", "direct"}, set(rules["properties"]), "what can be locked")
    words = {k: rules["$defs"]["action"] if p.get("$ref") == "#/$defs/action" else p for k, p in rules["properties"].items() if k in keys}
    words = [(k, p["enum"]) for k, p in words.items() if "enum" in p]
    refused = check(c, [{"schema": POLICY, k: "zzz"} for k, _ in words])
    for i, (key, enum) in enumerate(words):
        told = re.search("is none of (.*)$", refused.get(i, ""))
        c.true(told and set(told.group(1).split(", ")) == set(enum), "%s: the schema has %s; %s", key, enum, refused.get(i))


@case(pips="newest", mode="any")
def schema_and_program_agree(c):
    """A table of documents, each taken by both or refused by both; the exceptions in a file of their own are those of a policy."""
    tables = (("policy", TAKEN, REFUSED),) + OTHERS
    for name, taken, refused in tables:
        rules, head = rules_of(name), {"schema": "pipgate/%s/1" % name}
        documents = [{**head, **d} for d in taken + refused]
        said = check(c, documents)
        for i, d in enumerate(documents):
            c.equal((i in said, bool(schema.problems(d, rules))), (i >= len(taken),) * 2, "refused by program and schema: %s" % d)
        for part, text in rules["$defs"].items():
            if part in rules_of("policy")["$defs"]:
                c.equal(text, rules_of("policy")["$defs"][part], "%s.schema.json: %s" % (name, part))


@case(pips="newest", mode="any")
def schema_of_what_is_shipped(c):
    """The profiles, and the policy that docs/policy.md shows, are valid, and the program takes them."""
    rules = rules_of("policy")
    files = sorted(glob.glob(os.path.join(paths.ROOT, "packaging", "profiles", "*.yaml")))
    c.true(len(files) >= 4, "no profiles")
    with open(os.path.join(paths.ROOT, "docs", "policy.md"), encoding="utf-8") as f:
        files.append(c.write("shown.yaml", re.search(r"^```yaml\n(.*?)^```", f.read(), re.M | re.S).group(1)))
    c.expect(c.pipgate("policy", "check", "--system", *files), status=0)
    for path in files:
        with open(path, encoding="utf-8") as f:
            c.equal(schema.problems(yaml_of(f.read()), rules), [], path)
