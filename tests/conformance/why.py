#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Why a distribution is in the plan: chains of random plans against an independent walk by PyPI's packaging.

Each plan is a closure of random metadata (markers, extras that ask for extras, names as people write them), from which some
distributions were taken away as if they had been installed before. For every distribution the chain of pipgate's gate report must be
the shortest, of equals the one whose names come first; where no requirement leads there it must say so.

Environment: PIPGATE (the program), SEED (repeats a random run), N (how many plans). Prints TAP.
"""
import collections
import json
import os
import random
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path = [p for p in sys.path if os.path.abspath(p) != HERE]

PIPGATE = os.environ.get("PIPGATE") or os.path.join(os.environ.get("B", "build"), "pipgate")
SCHEMA = os.path.join(HERE, "..", "..", "docs", "gate-report.schema.json")
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(1 << 32))
N = int(os.environ.get("N") or 50)
NAMES = 160  # projects that there are

try:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name
except ImportError:
    print("1..0 # SKIP packaging is not here")
    raise SystemExit(0)

WORDS = ["flask", "jinja", "click", "core", "async", "http", "client", "django", "rest", "yaml", "tools", "test", "plugin", "data",
         "cache", "queue", "types", "stubs", "image", "crypto", "zope", "google", "aws", "sdk", "lib", "py", "utils", "time"]
EXTRAS = ["dev", "test", "docs", "speedups", "async", "all", "Socks", "s3_fs", "http.2", "tls"]
MARKERS = ["python_version < '3.9'", 'python_version >= "3.8"', "python_full_version < '3.11.1'", "sys_platform == 'win32'",
           "sys_platform != 'win32'", "platform_system == \"Linux\"", "os_name == 'posix' and python_version >= '3.7'",
           "platform_python_implementation == 'CPython'", "implementation_name == 'pypy' or sys_platform == 'linux'",
           "platform_machine in 'x86_64 aarch64'", "(python_version > '3.9' or sys_platform == 'darwin') and os_name != 'nt'"]
SPECIFIERS = ["", ">=1.0", "<3,>=1.2", " (>=1.1)", "~=1.4", "!=1.5.*", "==1.*"]


def environment(rng):
    minor = rng.choice([8, 9, 11, 12, 13])
    windows = rng.random() < 0.2
    return {"implementation_name": "cpython", "implementation_version": f"3.{minor}.4", "os_name": "nt" if windows else "posix",
            "platform_machine": rng.choice(["x86_64", "aarch64", "AMD64"]), "platform_python_implementation": "CPython",
            "platform_release": "6.1", "platform_system": "Windows" if windows else "Linux", "platform_version": "1",
            "python_full_version": f"3.{minor}.4", "python_version": f"3.{minor}", "sys_platform": "win32" if windows else "linux"}


def written(rng, name):
    """A name as metadata may write it."""
    return "".join(rng.choice("-_.") if c == "-" else c.upper() if rng.random() < 0.1 else c for c in name)


def make_requirement(rng, name, own_extras):
    text = written(rng, name)
    if rng.random() < 0.25:
        text += "[" + rng.choice([",", ", "]).join(rng.sample(EXTRAS, rng.choice([1, 1, 2, 3]))) + "]"
    text += rng.choice(SPECIFIERS)
    terms = []
    if rng.random() < 0.3:
        terms.append(rng.choice(MARKERS))
    if own_extras and rng.random() < 0.4:
        terms.append(f"extra {rng.choice(['==', '==', '==', '==', '!='])} {rng.choice(own_extras)!r}")
    rng.shuffle(terms)
    return text + (rng.choice(["; ", " ; ", ";"]) + rng.choice([" and ", " and ", " or "]).join(terms) if terms else "")


def make_world(rng):
    """name → (extras, requirements)"""
    names = set()
    while len(names) < NAMES:
        names.add("-".join(rng.sample(WORDS, rng.choice([1, 2, 2, 3]))))
    names = sorted(names)
    world = {}
    for name in names:
        extras = [written(rng, e) for e in rng.sample(EXTRAS, rng.choice([0, 0, 2, 5]))]
        others = rng.sample(names, rng.choice([0, 0, 1, 2, 3, 6, 12]))
        requirements = [make_requirement(rng, other, extras) for other in others for _ in range(rng.choice([1, 1, 1, 2]))]
        if extras and rng.random() < 0.3:
            requirements.append(f"{written(rng, name)}[{rng.choice(extras)}]; extra == 'all'")
        world[name] = (extras, requirements)
    return world


def holds(requirement, env, extra):
    return requirement.marker is None or requirement.marker.evaluate({**env, "extra": extra})


def walk(plan, requested, env):
    """name → the smallest of its shortest chains. A state is a distribution and one extra that is asked of it, or none."""
    parsed = {name: [Requirement(text) for text in requires] for name, requires in plan.items()}
    chains = {}
    level = {(name, canonicalize_name(extra)): (name,) for name, extras in requested.items() for extra in ["", *extras]}
    while level:
        chains.update(level)
        following = {}
        for (name, extra), chain in level.items():
            for requirement in parsed[name]:
                target = canonicalize_name(requirement.name)
                if target not in plan or not holds(requirement, env, extra):
                    continue
                for asked in ["", *requirement.extras]:
                    state = (target, canonicalize_name(asked))
                    longer = chain + (target,)
                    if state not in chains and (state not in following or longer < following[state]):
                        following[state] = longer
        level = following
    return {name: chain for (name, extra), chain in chains.items() if not extra}


def make_plan(rng, world):
    env = environment(rng)
    requested = {name: rng.sample(EXTRAS, rng.choice([0, 0, 1, 2])) for name in rng.sample(sorted(world), rng.choice([1, 2, 3, 5]))}
    everything = {name: requires for name, (_, requires) in world.items()}
    plan = {name: everything[name] for name in walk(everything, requested, env)}
    gone = rng.sample(sorted(plan), min(len(plan) // 4, rng.choice([0, 0, 1, 4, 20])))
    plan = {name: requires for name, requires in plan.items() if name not in gone}
    return plan, {name: extras for name, extras in requested.items() if name in plan}, env


def report(rng, plan, requested, env):
    """As pip writes it, in an order of its own."""
    items = []
    for name in rng.sample(sorted(plan), len(plan)):
        item = {"download_info": {"url": f"file:///srv/{name.replace('-', '_')}-1.4-py3-none-any.whl",
                                  "archive_info": {"hash": "sha256=" + "0" * 64, "hashes": {"sha256": "0" * 64}}},
                "is_direct": False, "is_yanked": False, "requested": name in requested,
                "metadata": {"metadata_version": "2.1", "name": written(rng, name), "version": "1.4", "requires_dist": plan[name]}}
        if requested.get(name):
            item["requested_extras"] = requested[name]
        items.append(item)
    return {"version": "1", "pip_version": "24.3.1", "install": items, "environment": env}


def advisory(number, name):
    return {"id": f"PYSEC-2024-{number}", "modified": "2024-01-01T00:00:00Z", "schema_version": "1.6.0",
            "affected": [{"package": {"ecosystem": "PyPI", "name": name},
                          "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2"}]}]}]}


def run(*words):
    env = {k: v for k, v in os.environ.items() if not k.startswith("PIPGATE_")}
    env["PIPGATE_POLICY"] = "database-max-age=9999d database-warn-age=9999d"  # the records are of a day of their own
    return subprocess.run([PIPGATE, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env)


def compare(plan, requested, env, answer):
    """What differs, as lines."""
    expected = walk(plan, requested, env)
    found = {f["component"]: f for f in answer["findings"]}
    if set(found) != set(plan):
        return [f"findings about {sorted(set(found) ^ set(plan))}"]
    wrong = []
    for name, finding in found.items():
        chain = tuple(link["name"] for link in finding["chain"])
        if chain != expected.get(name, (name,)) or finding["broken_chain"] != (name not in expected):
            wrong.append(f"{name}: {' → '.join(chain)}, broken {finding['broken_chain']}; expected {expected.get(name)}")
    return wrong


def one_plan(rng, world, folder, database):
    """(what differs, the number of distributions, the lengths of the chains, the gate report)"""
    plan, requested, env = make_plan(rng, world)
    paths = [os.path.join(folder, name) for name in ("report.json", "gate.json")]
    with open(paths[0], "w") as f:
        json.dump(report(rng, plan, requested, env), f)
    done = run("decide", paths[0], "--gate-db", database, "--gate-report", paths[1])
    if done.returncode not in (0, 40):
        return [f"status {done.returncode}: {done.stdout.decode(errors='replace')[:400]}"], len(plan), [], None
    with open(paths[1]) as f:
        answer = json.load(f)
    lengths = [0 if f["broken_chain"] else len(f["chain"]) for f in answer["findings"]]
    return compare(plan, requested, env, answer), len(plan), lengths, answer


def schema_test(number, answers):
    name = "gate reports hold to docs/gate-report.schema.json"
    try:
        import jsonschema
    except ImportError:
        print(f"ok {number} - {name} # SKIP jsonschema is not here")
        return
    with open(SCHEMA) as f:
        validator = jsonschema.Draft202012Validator(json.load(f))
    errors = [e for answer in answers for e in validator.iter_errors(answer)]
    print(f"{'not ok' if errors else 'ok'} {number} - {name}")
    for error in errors[:5]:
        print(f"# {error.json_path}: {error.message}")


def main():
    rng = random.Random(SEED)
    print(f"# SEED={SEED}")
    print(f"1..{N + 1}")
    world = make_world(rng)
    lengths = collections.Counter()
    answers = []
    with tempfile.TemporaryDirectory() as folder:
        feed, database = os.path.join(folder, "feed"), os.path.join(folder, "advisories.db")
        os.mkdir(feed)
        for number, name in enumerate(world, 1):
            with open(os.path.join(feed, f"{number}.json"), "w") as f:
                json.dump(advisory(number, name), f)
        built = run("db", "build", "-o", database, f"osv={feed}")
        if built.returncode:
            raise SystemExit(f"Bail out! db build: {built.stdout.decode(errors='replace')[:400]}")
        for number in range(1, N + 1):
            wrong, size, found, answer = one_plan(rng, world, folder, database)
            print(f"{'not ok' if wrong else 'ok'} {number} - plan {number}: {size} distributions")
            for line in wrong[:5]:
                print(f"# {line}")
            lengths.update(found)
            answers += [answer] if answer else []
    schema_test(N + 1, answers)
    print(f"# chains by length (0: broken): {dict(sorted(lengths.items()))}")


main()
