#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The house itself: who includes whom, what libpipgate may call, what no file may say."""
import os
import re
import subprocess
import sys

from _checks import check, end

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("B", "build"))

# A folder may include headers of these beginnings alone; the first rule that fits a file counts.
INCLUDES = [
    ("matcher/base/", ["matcher/base/", "matcher/pipgate.h"]),
    ("matcher/version/", ["matcher/base/", "matcher/version/", "matcher/pipgate.h"]),
    ("matcher/advisory/", ["matcher/base/", "matcher/version/", "matcher/advisory/", "matcher/pipgate.h"]),
    ("matcher/policy/", ["matcher/base/", "matcher/version/", "matcher/advisory/", "matcher/policy/", "matcher/pipgate.h"]),
    ("matcher/", ["matcher/"]),
    ("wrapper/fetch/", ["matcher/base/", "matcher/pipgate.h", "wrapper/fetch/", "wrapper/status.h", "shims/hook/protocol.h"]),
    ("wrapper/", ["matcher/", "wrapper/", "shims/hook/protocol.h"]),
    ("shims/hook/", ["shims/hook/"]),  # libc and libdl alone
]
# Libraries and the only folders that may name their headers.
LIBRARIES = {
    "sqlite3.h": ["wrapper/database/", "tests/"],
    "curl/": ["wrapper/fetch/"],
    "archive": ["wrapper/fetch/"],
    "openssl/": ["wrapper/fetch/"],
    "libfyaml.h": ["matcher/base/yaml.c"],
    "pcre2.h": ["matcher/policy/"],
    "libsmartcols": ["wrapper/report/", "wrapper/command/"],
    "cjson/": ["matcher/base/"],
}
IMPURE = {"open", "open64", "openat", "fopen", "fopen64", "time", "gettimeofday", "clock_gettime", "getenv", "secure_getenv", "socket",
          "connect", "execve", "execvp", "fork", "vfork", "posix_spawn", "popen", "system", "printf", "puts", "isatty", "localtime"}
HOSTS = re.compile(r"\b(pypi|pythonhosted|python-packages|npmjs|crates|rubygems)\.(org|io|com|python\.org)\b|\btest\.pypi\b", re.I)
PATHS = re.compile(r"/work/|/root/")

def files(*endings):
    git = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"], stdout=subprocess.PIPE, text=True)
    names = git.stdout.split("\n") if git.returncode == 0 else [
        os.path.relpath(os.path.join(d, f), ROOT) for d, _, fs in os.walk(ROOT) for f in fs if "/build" not in d and "/.git" not in d]
    return [n for n in names if n and n.endswith(endings or "") and os.path.isfile(os.path.join(ROOT, n))]


def text(name):
    with open(os.path.join(ROOT, name), encoding="utf-8", errors="replace") as f:
        return f.read()


def wrong_includes():
    for name in files(".c", ".h"):
        allowed = next((a for start, a in INCLUDES if name.startswith(start)), None)
        for header in re.findall(r'^#include "([^"]+)"', text(name), re.M) if allowed else []:
            if not any(header.startswith(a) for a in allowed):
                yield "%s includes %s" % (name, header)


def wrong_libraries():
    for name in files(".c", ".h"):
        for header in re.findall(r"^#include <([^>]+)>", text(name), re.M):
            for library, rooms in LIBRARIES.items():
                if header.startswith(library) and not any(name.startswith(r) for r in rooms):
                    yield "%s includes <%s>" % (name, header)


def impure_symbols():
    archive = os.path.join(BUILD, "libpipgate.a")
    nm = subprocess.run(["nm", "-u", archive], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    used = {line.split()[-1].split("@")[0] for line in nm.stdout.split("\n") if line.strip().startswith("U ")}
    if not used:
        return ["nm shows no symbol of " + archive]
    return sorted(s for s in used if s in IMPURE or s.startswith(("sqlite3_", "curl_", "archive_")))


def globals_that_change():
    archive = os.path.join(BUILD, "libpipgate.a")
    nm = subprocess.run(["nm", "-f", "sysv", archive], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    rows = [[c.strip() for c in line.split("|")] for line in nm.stdout.split("\n")]
    return sorted(r[0] for r in rows if len(r) == 7 and (r[6].startswith(".bss") or r[6] == ".data" or r[6].startswith(".data.") and ".rel.ro" not in r[6])
                  and r[3] == "OBJECT" and not r[0].startswith("__"))


def without_banned():
    for name in files(".c"):
        if name.startswith(("matcher/", "wrapper/")) and '#include "matcher/base/banned.h"' not in text(name):
            yield "%s does not include matcher/base/banned.h" % name


def matches(pattern, but=()):
    for name in files():
        if name in but or name.endswith((".db", ".zip", ".gz", ".png")):
            continue
        for number, line in enumerate(text(name).split("\n"), 1):
            if pattern.search(line):
                yield "%s:%d: %s" % (name, number, line.strip()[:120])


def long_lines():
    for name in files(".c", ".h"):
        for number, line in enumerate(text(name).split("\n") if not name.startswith("tests/") else [], 1):
            if len(line.replace("\t", " " * 8)) > 150:
                yield "%s:%d: %d columns" % (name, number, len(line.replace("\t", " " * 8)))


def main():
    me = os.path.relpath(os.path.abspath(__file__), ROOT)
    check("includes go down only", list(wrong_includes()))
    check("each library has its room", list(wrong_libraries()))
    check("libpipgate opens, runs and asks nothing", impure_symbols())
    if "coverage" not in BUILD and "asan" not in BUILD:
        check("libpipgate keeps no global that changes", globals_that_change())
    check("every .c file refuses the banned functions", list(without_banned()))
    check("no file names a package registry's host", list(matches(HOSTS, {me})))
    check("no file names a path of one machine", list(matches(PATHS, {me})))
    check("no line is longer than 150 columns", list(long_lines()))
    return end()


sys.exit(main())
