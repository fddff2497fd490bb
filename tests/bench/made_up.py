#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Made-up input of realistic shape and size, the same for the same seed: `made_up.py COUNT FILE.zip` writes OSV records.

The figures are those of PyPI's real feeds: of 100 records 22 are reviewed advisories (some 3 KB, half of them with a GIT
range before the versions, a list of 50 versions, four names a hundred advisories), the others name one malicious
distribution each (some 1.7 KB). Nothing here is a real name or a real advisory.
"""
import os
import bisect
import itertools
import json
import random
import sys
import zipfile

SEED = 20260807
REVIEWED = 0.224
WORDS = ("a attacker allows arbitrary before can cause certain code component configuration could crafted data default denial dependency "
         "deserialization does download endpoint execution exposes field file function handling header host in incorrect input issue "
         "leads library may memory module not of on package parser path payload prior release remote request resource server "
         "service template that the to traversal untrusted update upgrade url user using validation value version via when with").split()
SYLLABLES = "ba be bo da de di do fa fe ga go ja jo ka ke ki ko la le li lo ma me mi mo na ne no pa pe pi po ra re ri ro sa se so ta te to va vo wa xa za zu".split()
VECTORS = ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N",
           "CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:N/I:N/A:L", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N")


class Maker:
    def __init__(self, seed=SEED):
        self.r = random.Random(seed)
        self.used = set()

    # ---- words ----

    def fresh_name(self):
        while True:
            name = "".join(self.r.choice(SYLLABLES) for _ in range(self.r.randrange(2, 6)))
            if self.r.random() < 0.4:
                name += "-" + self.r.choice(WORDS)
            if name not in self.used:
                self.used.add(name)
                return name

    def text(self, n):
        """Some n bytes of prose, with line ends, quotes and a character beyond ASCII here and there."""
        words, have = [], 0
        while have < n:
            word = self.r.choice(WORDS)
            chance = self.r.random()
            if chance < 0.10:
                word += "\n"
            elif chance < 0.14:
                word = '"%s"' % word
            elif chance < 0.16:
                word += " \u2014"
            words.append(word)
            have += len(word) + 1
        return " ".join(words)

    def hexadecimal(self, n):
        return "%0*x" % (n, self.r.getrandbits(4 * n))

    def date(self):
        r = self.r
        return "20%02d-%02d-%02dT%02d:%02d:%02d.%06dZ" % (r.randrange(14, 27), r.randrange(1, 13), r.randrange(1, 29), r.randrange(24),
                                                       r.randrange(60), r.randrange(60), r.randrange(1000000))

    # ---- versions ----

    def releases(self, n):
        """n versions of one distribution, in order."""
        made, major, minor, patch = [], self.r.randrange(2), 0, 0
        while len(made) < n:
            chance = self.r.random()
            if chance < 0.06:
                major, minor, patch = major + 1, 0, 0
            elif chance < 0.35:
                minor, patch = minor + 1, 0
            else:
                patch += 1
            text = "%d.%d.%d" % (major, minor, patch)
            made.append(text + ("rc%d" % self.r.randrange(1, 3) if self.r.random() < 0.05 else ""))
        return made

    # ---- records ----

    def affected_by_versions(self, name):
        wanted = max(1, min(1200, int(self.r.lognormvariate(3.4, 1.05))))
        releases = self.releases(wanted + 1)
        ranges = []
        if self.r.random() < 0.52:
            ranges.append({"type": "GIT", "repo": "https://git.invalid/%s/%s" % (name, name),
                           "events": [{"introduced": "0"}, {"fixed": self.hexadecimal(40)}]})
        first = 0 if self.r.random() < 0.78 else self.r.randrange(wanted)
        ranges.append({"type": "ECOSYSTEM", "events": [{"introduced": releases[first] if first else "0"}, {"fixed": releases[-1]}]})
        return {"package": {"ecosystem": "PyPI", "name": name, "purl": "pkg:pypi/" + name}, "ranges": ranges,
                "versions": sorted(releases[first:-1])}  # by text, as OSV lists them

    def reviewed(self, number, name):
        year = self.r.randrange(2014, 2027)
        aliases = ["CVE-%d-%d" % (year, self.r.randrange(1000, 60000))]
        if self.r.random() < 0.7:
            aliases.append("GHSA-%s-%s-%s" % tuple(self.hexadecimal(4) for _ in range(3)))
        record = {"schema_version": "1.6.0", "id": "PYSEC-%d-%d" % (year, number), "modified": self.date(), "published": self.date(),
                  "aliases": aliases, "details": self.text(self.r.randrange(120, 900))}
        if self.r.random() < 0.08:
            record["severity"] = [{"type": "CVSS_V3", "score": self.r.choice(VECTORS[:3])}]
        record["affected"] = [self.affected_by_versions(name)]
        record["references"] = [{"type": "WEB", "url": "https://git.invalid/%s/commit/%s" % (name, self.hexadecimal(40))}
                                for _ in range(self.r.randrange(1, 8))]
        return record

    def malicious(self, number, name):
        origin = {"id": "X-" + self.hexadecimal(12), "import_time": self.date(), "modified_time": self.date(),
                  "sha256": self.hexadecimal(64), "source": "made-up"}
        affected = {"package": {"ecosystem": "PyPI", "name": name},
                    "database_specific": {"cwes": [{"cweId": "CWE-506", "name": "Embedded Malicious Code", "description": self.text(90)}]}}
        if self.r.random() < 0.7:
            affected["ranges"] = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]
            origin["ranges"] = affected["ranges"]
        else:
            affected["versions"] = self.releases(self.r.randrange(1, 4))
            origin["versions"] = affected["versions"]
        return {"modified": self.date(), "published": self.date(), "schema_version": "1.5.0", "id": "MAL-2026-%d" % number,
                "summary": "Malicious code in %s (PyPI)" % name,
                "details": "\n---\n## Source: made up (%s)\n\n%s" % (self.hexadecimal(64), self.text(200)), "affected": [affected],
                "references": [{"type": "WEB", "url": "https://reports.invalid/" + self.hexadecimal(24)}],
                "credits": [{"name": "made up", "type": "FINDER", "contact": ["https://reports.invalid"]}],
                "database_specific": {"malicious-packages-origins": [origin]}}

    def records(self, count):
        names = [self.fresh_name() for _ in range(max(1, int(count * REVIEWED / 4)))]
        weights = list(itertools.accumulate(1.0 / (i + 2) for i in range(len(names))))  # a few names have hundreds
        for number in range(1, count + 1):
            if self.r.random() < REVIEWED:
                yield self.reviewed(number, names[bisect.bisect(weights, self.r.random() * weights[-1])])
            else:
                yield self.malicious(number, self.fresh_name())


def archive(path, count, seed=SEED):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for record in Maker(seed).records(count):
            entry = zipfile.ZipInfo(record["id"] + ".json", (2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(entry, json.dumps(record, indent=2))


def vulnerable_pairs(count, wanted, seed=SEED):
    """Name and version of distributions that archive(…, count, seed) has advisories on."""
    pairs = []
    for record in Maker(seed).records(count):
        versions = record["affected"][0].get("versions")
        if versions:
            pairs.append((record["affected"][0]["package"]["name"], versions[len(versions) // 2]))
            if len(pairs) == wanted:
                break
    return pairs


def unknown_pairs(count, seed=SEED + 1):
    """Names that no feed has: none of ours and, by their beginning, none of anybody."""
    maker = Maker(seed)
    for number in range(count):
        yield "zz-%s-%d" % (maker.r.choice(SYLLABLES), number), "%d.%d.%d" % (number % 7, number % 31, number % 11)


# ---- pip's report ----

EXTRAS = ("test", "docs", "dev", "all", "async")


def requirement(maker, names):
    r, name = maker.r, maker.r.choice(names)
    text = name + maker.r.choice(("", ">=1.2", ">=2.0.1,<4", "!=1.5.*,>=1.4", "~=3.2", "<9"))
    chance = r.random()
    if chance < 0.5:
        return text + ' ; extra == "%s"' % r.choice(EXTRAS)
    if chance < 0.7:
        return text + ' ; python_version < "3.%d" and sys_platform != "win32"' % r.randrange(7, 12)
    return text


def as_pip_writes(value):
    return json.dumps(value, indent=2, ensure_ascii=False)


def component(maker, name, version, names, size, requested):
    stem = "%s-%s-py3-none-any.whl" % (name.replace("-", "_"), version)
    digest = maker.hexadecimal(64)
    metadata = {"metadata_version": "2.1", "name": name, "version": version, "summary": maker.text(60),
                "description_content_type": "text/markdown", "author": "Made Up", "license": "MIT", "home_page": "https://code.invalid/" + name,
                "classifier": ["Programming Language :: Python :: 3.%d" % minor for minor in range(8, 14)],
                "requires_dist": [requirement(maker, names) for _ in range(25)], "provides_extra": list(EXTRAS), "requires_python": ">=3.8"}
    made = {"download_info": {"url": "https://files.invalid/packages/%s/%s" % (digest[:40], stem),
                              "archive_info": {"hash": "sha256=" + digest, "hashes": {"sha256": digest}}},
            "is_direct": False, "is_yanked": False, "requested": requested, "metadata": metadata}
    room = size - len(as_pip_writes({"install": [made]}).encode())
    metadata["description"] = maker.text(max(0, room))
    return made


def report(pins, size, seed=SEED + 2):
    """What `pip install --dry-run --report` writes for pins, [(name, version)], in some `size` bytes; every tenth is asked for by name."""
    maker, names = Maker(seed), [name for name, _ in pins]
    installs = [component(maker, name, version, names, size // len(pins), i % 10 == 0) for i, (name, version) in enumerate(pins)]
    environment = {"implementation_name": "cpython", "implementation_version": "3.11.7", "os_name": "posix", "platform_machine": "x86_64",
                   "platform_release": "6.1.0", "platform_system": "Linux", "platform_version": "#1 SMP", "python_full_version": "3.11.7",
                   "platform_python_implementation": "CPython", "python_version": "3.11", "sys_platform": "linux"}
    return as_pip_writes({"version": "1", "pip_version": "25.3", "install": installs, "environment": environment}).encode()


if __name__ == "__main__":
    archive(sys.argv[2], int(sys.argv[1]))


def policy(folder, rules, exceptions):
    """Files of a policy, as an organisation has them."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "policy.yaml"), "w") as f:
        f.write("schema: pipgate/policy/1\nrules:\n")
        f.writelines('  - {name: "acme-%d-.*", severity: high, action: block}\n' % i for i in range(rules))
    with open(os.path.join(folder, "exceptions.yaml"), "w") as f:
        f.write("schema: pipgate/exceptions/1\nexceptions:\n")
        f.writelines("  - id: CVE-2024-%05d\n    distribution: name-%d\n    reason: the sandbox is not used\n    created: 2026-11-01\n    expires: 2027-01-01\n"
                     % (i, i % 3000) for i in range(exceptions))
