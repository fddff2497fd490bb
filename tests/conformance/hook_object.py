#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The object's face: what pipgate-hook.so shows, what it needs, how it lies in memory. `make hook-abi` renews hook.abi."""
import os
import platform
import re
import shutil
import subprocess
import sys

from _checks import check, end, skip

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
HOOK = os.path.join(ROOT, os.environ.get("B", "build"), "pipgate-hook.so")
MAP = os.path.join(ROOT, "shims", "hook", "hook.map")
ABI = os.path.join(HERE, "hook.abi")
# What the compiler's own start-up files ask for, weakly, in every shared object.
STARTUP = {"_ITM_deregisterTMCloneTable", "_ITM_registerTMCloneTable", "__gmon_start__", "__cxa_finalize"}

def output(*argv):
    return subprocess.run(argv, stdout=subprocess.PIPE, check=True, text=True, env=dict(os.environ, LC_ALL="C")).stdout


# ---- names ----

def names(*options):
    """[(name, version or None)] of the dynamic symbol table."""
    rows = [line.split()[0].partition("@") for line in output("nm", "-D", "--format=posix", *options, HOOK).split("\n") if line]
    return [(name, version.lstrip("@") or None) for name, _, version in rows]


def mapped():
    """What the version script lists as global."""
    with open(MAP) as f:
        script = re.sub(r"#[^\n]*|/\*.*?\*/", "", f.read(), flags=re.S)
    return set(re.search(r"global:(.*?)local:", script, re.S).group(1).replace(";", " ").split())


def shown():
    defined = {name for name, _ in names("--defined-only")}
    return ["not in hook.map: " + n for n in sorted(defined - mapped())] + ["not in the object: " + n for n in sorted(mapped() - defined)]


def asked_of_others():
    """libc's names carry its version; Python's would carry none."""
    return ["%s@%s" % pair for pair in names("--undefined-only") if not (pair[1] or "").startswith("GLIBC_") and pair[0] not in STARTUP]


def compiled():
    """The compiler command line of each unit, where the compiler leaves it in the debug information."""
    lines = re.findall(r"DW_AT_producer.*?: (?:\(.*?\): )?(\S.*)", output("readelf", "--debug-dump=info", HOOK))
    return [line for line in lines if " -f" in line]


def hidden():
    """The map makes every other name local at the end; hidden they have to be before it, so that no map is the only lock."""
    name, lines = "every unit is compiled with names hidden", compiled()
    if not lines:
        return skip(name, "the object does not tell how it was compiled")
    return check(name, [line for line in lines if "-fvisibility=hidden" not in line])


# ---- what it needs, and how it is laid out ----

def needed():
    libraries = set(re.findall(r"\(NEEDED\).*\[(.*)\]", output("readelf", "-dW", HOOK)))
    number = platform.libc_ver()[1].split(".")
    old = number[0].isdigit() and [int(n) for n in number[:2]] < [2, 34]  # dlsym moved into libc then
    return sorted(libraries ^ {"libc.so.6"} - ({"libdl.so.2"} if old else set()))


def segments():
    """{type: [flags]} of the program headers."""
    found = {}
    for line in output("readelf", "-lW", HOOK).split("\n"):
        row = re.match(r"\s+([A-Z_]+)\s+0x\S+ 0x\S+ 0x\S+ 0x\S+ 0x\S+ ([RWE ]{3})", line)
        if row:
            found.setdefault(row.group(1), []).append(row.group(2).replace(" ", ""))
    return found


def memory():
    found = segments()
    if found.get("GNU_STACK") != ["RW"]:
        yield "the stack is %s" % found.get("GNU_STACK")
    if any("W" in flags and "E" in flags for flags in found.get("LOAD", ["WE"])):
        yield "something is both written and executed: %s" % found.get("LOAD")


def relocations():
    dynamic = output("readelf", "-dW", HOOK)
    if "GNU_RELRO" not in segments():
        yield "no RELRO"
    if not re.search(r"\(FLAGS\).*BIND_NOW|\(FLAGS_1\).*\bNOW\b", dynamic):
        yield "names are bound when they are first called: RELRO is partial"
    if re.search(r"TEXTREL", dynamic):
        yield "code is relocated"
    if re.search(r"\((RPATH|RUNPATH)\)", dynamic):
        yield "libraries are searched for in a place of its own"
    if not re.search(r"\(FLAGS_1\).*\bNODELETE\b", dynamic):
        yield "it can be unloaded while Python calls it"


# ---- the interface as types see it ----

def interface():
    name = "the exported interface is that of hook.abi"
    if not shutil.which("abidiff"):
        return skip(name, "abidiff (abigail-tools) is not here")
    if ".debug_info" not in output("readelf", "-SW", HOOK):
        return skip(name, "the object was built without debug information")
    found = subprocess.run(["abidiff", "--no-architecture", ABI, HOOK], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = [line for line in found.stdout.split("\n") if line.strip()] or ["abidiff ended with %d" % found.returncode]
    return check(name, lines + ["if that is wanted: make hook-abi"] if found.returncode else [])


def main():
    if not os.path.exists(HOOK):
        print("1..0 # SKIP the hook is not built")
        return 0
    check("it exports what hook.map lists, and nothing else", shown())
    check("what it asks for is libc's, and nothing of Python", asked_of_others())
    check("it needs libc alone", needed())
    hidden()
    check("neither stack nor data can be executed", list(memory()))
    check("everything is bound at the start and then read-only", list(relocations()))
    interface()
    return end()


sys.exit(main())
