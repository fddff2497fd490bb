# SPDX-License-Identifier: Apache-2.0
"""Run by the Python that holds the judges: read_formats.py [--theirs] FOLDER…, each of which has a report a format, named for it.

Prints a list, for each folder {format: {"wrong": what its validator says or null, "findings": what stands in it}}; a finding is [name, version, ids, severity,
verdict], as a reader takes it out of the document with the format's own library where there is one. --theirs: also "pip-audit", what
its own formatters print for what our JSON holds.
"""
import json
import os
import re
import sys

from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from cyclonedx.validation.xml import XmlValidator
from defusedxml.ElementTree import fromstring
from junitparser import JUnitXml, Properties

VERDICT_OF_LEVEL = {"error": "block", "warning": "warn", "note": "allow", "notice": "allow"}


def text_of(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8", newline="") as f:
        return f.read()


def finding(name, version, ids, severity, verdict):
    # XML has no way to write most control characters: they are U+FFFD there, and are taken for one here
    def told(text):
        return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", text)
    return [told(name), told(version), sorted(told(i) for i in ids), severity.upper(), verdict]


# ---- one reader a format ----


def json_findings(text):
    return [finding(d["name"], d["version"], [v["id"]] + v["aliases"], v["severity"], v["verdict"])
            for d in json.loads(text)["dependencies"] for v in d.get("vulns", ())]


def cyclonedx(bom):
    components = {c.bom_ref.value: c for c in bom.components}
    found = []
    for v in bom.vulnerabilities:
        rating, = v.ratings
        verdict, = (p.value for p in v.properties if p.name == "pipgate:verdict")
        for target in v.affects:
            c = components[target.ref]
            assert c.purl.type == "pypi" and c.purl.version == c.version
            found.append(finding(re.sub("[-_.]+", "-", c.name).lower(), c.version, [v.id] + [r.id for r in v.references],
                                 rating.severity.value, verdict))
    return found


def cyclonedx_json(text):
    bom = json.loads(text)
    references = [x["bom-ref"] for x in bom.get("components", []) + bom.get("vulnerabilities", [])]
    wrong = None if len(references) == len(set(references)) else "a bom-ref stands twice"
    return next(filter(None, map(JsonStrictValidator(SchemaVersion.V1_4).validate_str, slices(bom))), wrong), cyclonedx(Bom.from_json(bom))


def slices(bom):
    """The document, or where it is long all of it in shorter ones: the validator compares each item of a list with each other."""
    for i in range(0, max(1, len(bom.get("components", [])), len(bom.get("vulnerabilities", []))), 500):
        part = {k: v[i:i + 500] if k in ("components", "dependencies", "vulnerabilities") else v for k, v in bom.items()}
        yield json.dumps({k: v for k, v in part.items() if v != []})


def cyclonedx_xml(text):
    return XmlValidator(SchemaVersion.V1_4).validate_str(text), cyclonedx(Bom.from_xml(fromstring(text)))


def sarif(text):
    run, = json.loads(text)["runs"]  # its schema is asked outside, by check-jsonschema
    found, prints, wrong = [], set(), None
    for r in run["results"]:
        p = r["properties"]
        rule = run["tool"]["driver"]["rules"][r["ruleIndex"]]
        mark, = r["partialFingerprints"].values()
        line = r["locations"][0]["physicalLocation"]["region"]["startLine"]
        if rule["id"] != r["ruleId"] or mark in prints or VERDICT_OF_LEVEL[r["level"]] != p["verdict"] or line != (p["line"] or 1):
            wrong = "a result contradicts itself: %r" % r
        prints.add(mark)
        found.append(finding(p["name"], p["version"], [r["ruleId"]] + p["aliases"], p["severity"], p["verdict"]))
    return wrong, found


def junit(text):
    document, found, counts = JUnitXml.fromstring(text.encode()), [], [0, 0, 0]
    for suite in document:
        for case in suite:
            properties = {}
            for p in case.child(Properties) or ():
                properties.setdefault(p.name, []).append(p.value)
            kinds = [type(r).__name__ for r in case.result]
            counts[0] += 1
            counts[1] += kinds.count("Failure")
            counts[2] += kinds.count("Skipped")
            if "id" not in properties:
                continue
            verdict, = properties["verdict"]
            assert (verdict == "block") == ("Failure" in kinds)
            found.append(finding(case.classname, properties["version"][0], properties["id"] + properties.get("alias", []),
                                 properties["severity"][0], verdict))
    told = [document.tests, document.failures, document.skipped]
    return None if told == counts else "counts are %r, it says %r" % (counts, told), found


def unescaped(text):
    for code, character in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(code, character)
    return text


def github(text):
    found = []
    for line in text.splitlines():
        command, properties, message = re.match("::(error|warning|notice) (.*?)::(.*)$", line).groups()
        title = unescaped(dict(p.split("=", 1) for p in properties.split(","))["title"])
        told = re.match(r"(\S+) (\S+): (\S+) \((\w+).*\)$", title)
        if told:  # the others tell of what was not audited
            name, version, ident, severity = told.groups()
            aliases = re.search("; also (.*?);", unescaped(message))
            found.append(finding(name, version, [ident] + (aliases.group(1).split(", ") if aliases else []), severity, VERDICT_OF_LEVEL[command]))
    return None, found


READERS = {"cyclonedx-json": cyclonedx_json, "cyclonedx-xml": cyclonedx_xml, "sarif": sarif, "junit": junit, "github": github}


# ---- pip-audit's own formatters ----


def theirs(report):
    from packaging.version import Version
    from pip_audit._format.markdown import MarkdownFormat
    from pip_audit._service import ResolvedDependency, SkippedDependency, VulnerabilityResult
    result = {}
    for d in report["dependencies"]:
        if "skip_reason" in d:
            result[SkippedDependency(d["name"], d["skip_reason"])] = []
        else:
            result[ResolvedDependency(d["name"], Version(d["version"]))] = [
                VulnerabilityResult(v["id"], v["description"].replace("\n", " "), [Version(f) for f in v["fix_versions"]], v["aliases"])
                for v in d["vulns"]]
    return {"short": MarkdownFormat(False, False).format(result, []), "long": MarkdownFormat(True, True).format(result, [])}


def everything(folder):
    out = {"json": {"wrong": None, "findings": json_findings(text_of(folder, "json"))}}
    for name, read in READERS.items():
        if os.path.exists(os.path.join(folder, name)):
            wrong, found = read(text_of(folder, name))
            out[name] = {"wrong": str(wrong) if wrong else None, "findings": sorted(found)}
    out["json"]["findings"].sort()
    if "--theirs" in sys.argv:
        out["pip-audit"] = theirs(json.loads(text_of(folder, "json")))
    return out


if __name__ == "__main__":
    json.dump([everything(a) for a in sys.argv[1:] if a != "--theirs"], sys.stdout)
