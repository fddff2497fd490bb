#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random lists of specifier sets, as a safety-db file has them, through `db build` and `match`, against PyPI's packaging. Prints TAP.

Environment: SEED (repeats a run; printed), N (advisories). Known and left aside: `===` of a version means it however it is spelt,
and a version with a local label also counts as the release that it was built from.
"""
import json
import os
import random
import sys

sys.dont_write_bytecode = True
import _db  # noqa: E402
from _db import WORK, Skip, build, pipgate, test  # noqa: E402
from differential_packaging import Maker  # noqa: E402

N = int(os.environ.get("N", "3000"))
SEED = os.environ.get("SEED") or str(random.randrange(10 ** 9))
SHOWN = 10


class Oracle:
    def __init__(self):
        try:
            import packaging
            from packaging import specifiers, version
        except ImportError:
            raise Skip("packaging is not here")
        if int(packaging.__version__.split(".")[0]) < 26:
            raise Skip("packaging %s is older than 26" % packaging.__version__)
        self.Invalid, self.SpecifierSet, self.Specifier = specifiers.InvalidSpecifier, specifiers.SpecifierSet, specifiers.Specifier
        self.Version, self.InvalidVersion = version.Version, version.InvalidVersion

    def version(self, text):
        try:
            return self.Version(text)
        except ValueError:  # also of a number that Python does not read
            return None

    def valid(self, text):
        try:
            return all(s.operator == "===" or self.version(s.version.removesuffix(".*")) for s in self.SpecifierSet(text))
        except self.Invalid:
            return False

    def member(self, specifier, version):
        same = self.version(specifier.version) if specifier.operator == "===" else None
        return version == same if same else specifier.contains(version, prereleases=True)

    def holds(self, text, version):
        return all(self.member(s, version) for s in self.SpecifierSet(text))

    def affected(self, sets, text):
        """None: the version is none."""
        version = self.version(text)
        if version is None:
            return None
        built_from = [version, self.Version(version.public)] if version.local else [version]
        return any(self.holds(s, v) for s in sets for v in built_from)


def cases(make, oracle):
    """(sets, versions) for N advisories; a third of the sets stay close to one version, where their edges are."""
    while True:
        base = make.one(make.version(), make.public(), make.one("1", "1.0", "0", "1.2.3", "1!2.0", "2.0a1", "1.0.post1", "1.0.dev2"))
        sets = [make.one(make.specifiers(base), near_set(make, base)) for _ in range(make.one(1, 1, 2, 3))]
        sets = [s for s in sets if oracle.valid(s)]
        versions = [make.near(base) for _ in range(4)] + [base, base.strip() + ".0.1", make.version(), make.one("foo", "1.0-x!")]
        if sets:
            yield sets, [v for v in versions if v.strip() and not set(v) & set("\t\n\r\x0b\x0c\x1c\x85\u2028\u2029")]


def near_set(make, base):
    text = base.strip().split("+")[0]
    signs = [make.one("==", "!=", "<", "<=", ">", ">=", "~=", "===") for _ in range(make.one(1, 2, 3))]
    members = [sign + make.one(text, text, make.near(text).strip()) for sign in signs]
    return make.one(",", ", ").join(members)


def match(pairs, target):
    (WORK / "pairs").write_text("".join("%s\t%s\n" % p for p in pairs), newline="\n")
    lines = pipgate("match", "--db", target, "--json", WORK / "pairs").expect(0).out.split("\n")[:-1]
    assert len(lines) == len(pairs), (len(lines), len(pairs))
    return [json.loads(line) for line in lines]


def wrong(oracle, sets, text, told):
    """What is not as packaging has it, or None."""
    wanted = oracle.affected(sets, text)
    if told["unknown"] != (wanted is None):
        return "unknown is %s" % told["unknown"]
    if wanted is not None and bool(told["findings"]) != wanted:
        return "affected is %s" % wanted
    for fixed in (v for f in told["findings"] for v in f["fixed"]):
        bounds = [s.version for t in sets for s in oracle.SpecifierSet(t) if s.operator == "<"]
        if oracle.affected(sets, fixed) or fixed not in bounds:
            return "fixed is %s" % fixed
    return None


@test
def specifier_sets_of_a_feed_are_as_packaging_reads_them():
    oracle, make = Oracle(), Maker(SEED)
    made = cases(make, oracle)
    asked = [next(made) for _ in range(N)]
    entries = {"n%d" % i: [{"advisory": "made up", "cve": None, "id": "pyup.io-%d" % (i + 1), "specs": sets, "v": ""}]
               for i, (sets, _) in enumerate(asked)}
    (WORK / "sets.json").write_text(json.dumps({"$meta": {"timestamp": 1700000000}, **entries}))
    build(WORK / "sets.db", "safety=%s" % (WORK / "sets.json")).expect(0, "%d advisories" % N, "0 refused")
    pairs = [("n%d" % i, v, i) for i, (_, versions) in enumerate(asked) for v in versions]
    told = match([(name, v) for name, v, _ in pairs], WORK / "sets.db")
    found = [(asked[i][0], v, w) for (_, v, i), t in zip(pairs, told) for w in [wrong(oracle, asked[i][0], v, t)] if w]
    affected = sum(bool(t["findings"]) for t in told)
    assert affected > len(told) / 10, "only %d of %d are affected: the cases tell little" % (affected, len(told))
    assert not found, "SEED=%s N=%d: %d of %d wrong:\n%s" % (SEED, N, len(found), len(told), "\n".join(map(repr, found[:SHOWN])))


print("# SEED=%s N=%d" % (SEED, N))
_db.main()
