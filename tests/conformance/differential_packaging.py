#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random versions, specifiers, requirements, markers, names and file names against PyPI's packaging. Prints TAP.

Environment: PIPGATE (the program), SEED (repeats a run; printed), N (cases of each kind). packaging before 26 answers
some questions otherwise (pre-releases, what is no version), so it is not asked.
"""
import os
import pathlib
import random
import subprocess
import sys
import warnings

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("PIPGATE", str(ROOT / "build" / "pipgate"))
N = int(os.environ.get("N", "4000"))
SHOWN = 10  # differences of one kind: the first ones tell enough

ENVIRONMENT = {  # what `pipgate debug marker` answers for without --env
    "implementation_name": "cpython", "implementation_version": "3.11.7", "os_name": "posix",
    "platform_machine": "x86_64", "platform_python_implementation": "CPython", "platform_release": "6.1.0",
    "platform_system": "Linux", "platform_version": "#1 SMP Debian", "python_full_version": "3.11.7",
    "python_version": "3.11", "sys_platform": "linux",
}


class Maker:
    """Random texts: mostly in the grammar, some broken by a small change."""

    def __init__(self, seed):
        self.r = random.Random(seed)

    def one(self, *choices):
        return self.r.choice(choices)

    def maybe(self, text, chance=0.5):
        return text if self.r.random() < chance else ""

    def number(self):
        r = self.r.random()
        if r < 0.70:
            return str(self.r.randrange(12))
        if r < 0.82:
            return self.one("0", "00", "01", "007", "10", "99", "223", "224", "255", "256", "2013", "65535", "65536")
        if r < 0.92:
            return str(self.r.randrange(10 ** self.r.randrange(1, 25)))
        return self.one("9" * 19, "1" + "0" * 19, "18446744073709551615", "18446744073709551616", "9" * 40, "0" * 30 + "5",
                        "2" * 300)

    def case(self, text):
        return text if self.r.random() < 0.7 else self.one(text.upper(), text.title())

    def separator(self):
        return self.one("", "", "", ".", "-", "_")

    def release(self, least=1):
        count = self.r.choices((1, 2, 3, 4, 7), (2, 5, 6, 2, 1))[0]
        return ".".join(self.one(self.number(), "0", "1") for _ in range(max(count, least)))

    def pre(self):
        word = self.case(self.one("a", "b", "c", "rc", "alpha", "beta", "pre", "preview"))
        return self.separator() + word + self.separator() + self.maybe(self.number(), 0.8)

    def post(self):
        if self.r.random() < 0.3:
            return "-" + self.number()
        return self.separator() + self.case(self.one("post", "rev", "r")) + self.separator() + self.maybe(self.number(), 0.8)

    def dev(self):
        return self.separator() + self.case("dev") + self.separator() + self.maybe(self.number(), 0.8)

    def local(self):
        parts = [self.one("a", "abc", "Ubuntu", "1", "01", "0", "1a", "a1", "deb10u2", self.number())
                 for _ in range(self.r.randrange(1, 4))]
        return "+" + "".join(p + self.one(".", "-", "_") for p in parts)[:-1]

    def space(self):
        return self.one("", "", "", "", " ", "\t", "\n", "  ", "\x0b", "\x1c", "\u00a0", "\u2003", "\u3000", "\x85")

    def public(self, least=1):
        return (self.maybe(self.one("v", "V"), 0.05) + self.maybe(self.number() + "!", 0.1) + self.release(least)
                + self.maybe(self.pre(), 0.35) + self.maybe(self.post(), 0.3) + self.maybe(self.dev(), 0.3))

    def version(self):
        text = self.public() + self.maybe(self.local(), 0.25)
        return self.space() + text + self.space() if self.r.random() < 0.1 else text

    def broken(self, text, chance=0.15):
        """The text with a byte lost, doubled, moved or put in."""
        while self.r.random() < chance:
            at = self.r.randrange(len(text) + 1)
            extra = self.one("", *"0.-_+!*ave ,;()[]=<>~'\"\\@\t\n\x00") + self.maybe(text[at:at + 1])
            text = text[:at] + extra + text[at + 1:]
        return text

    def near(self, text):
        """Another version that is close to this one."""
        return self.one(
            text, text + ".0", text + ".dev0", text + ".post1", text + "+local", text + "rc1", text + ".post0.dev1",
            text.split("+")[0], text + ".1", text.rstrip("0123456789") + self.number(), self.version())

    def specifier(self, version=None):
        operator = self.one("==", "==", "!=", ">=", "<=", "<", ">", "~=", "===")
        if operator == "===":
            return operator + self.one("", " ") + self.one(version or "1.0", self.version(), "foo", "lolwat", "")
        if operator in ("==", "!="):
            text = self.one(self.version(), self.release() + ".*", version or self.version(), self.maybe("1!") + "1.*")
        else:
            text = self.one(self.public(1 + (operator == "~=")), (version or self.public()).split("+")[0])
        return operator + self.one("", "", "", " ", self.space()) + text

    def specifiers(self, version=None):
        count = self.r.choices((0, 1, 2, 3), (1, 8, 4, 2))[0]
        return self.one(",", ",", ", ", " , ").join(self.specifier(version) for _ in range(count)) + self.maybe(",", 0.03)

    def identifier(self):
        return self.one("foo", "Foo.Bar", "a", "A1", "foo_bar", "zope.interface", "x--y", "foo-", "foo_", "_foo", "B", "0a")

    def any_name(self):
        letters = "abcXYZ019-_.-_. \u00c9\u0130\u212a\u03a9\u1e9e\u0416\u10a0"
        return "".join(self.r.choice(letters) for _ in range(self.r.randrange(12)))

    def value(self):
        text = self.one("3.11", "3.8", "3.11.7", "3.*", "3.11.*", "linux", "posix", "x86_64", "", "cpython", "CPython", "x",
                        "foo", "X", "a_B.c", " 3.8 ", "=3.11", "os_name", "python_version", "extra", "6.1", "3.11,<4",
                        r"a\x41b", r"\d", r"\t", r"\\", r"\101", r"\u00e9", r"\'", r"\"", "it's", 'say "x"', r"\x4",
                        r"\400", "line\\\nbreak", "two\nlines", self.public(), r"\U0001F40d", r"\u12", "\u00e9", r"\0")
        return self.one('"%s"', "'%s'") % text

    def variable(self):
        return self.one("python_version", "python_full_version", "os_name", "os.name", "sys_platform", "sys.platform",
                        "platform_release", "platform.release", "platform_system", "platform_version", "platform.version",
                        "platform_machine", "platform.machine", "platform_python_implementation",
                        "platform.python_implementation", "python_implementation", "implementation_name",
                        "implementation_version", "extra", "extra", "extras", "dependency_groups", "nothing")

    def comparison(self):
        sides = [self.variable(), self.value()] if self.r.random() < 0.9 else [self.one(self.variable(), self.value())] * 2
        if self.r.random() < 0.3:
            sides.reverse()
        operator = self.one("==", "==", "!=", "<", "<=", ">", ">=", "~=", "===", " in ", " not in ", " not \t in ")
        return sides[0] + self.maybe(" ") + operator + self.maybe(" ") + sides[1]

    def marker(self, depth=3):
        if depth == 0 or self.r.random() < 0.4:
            return self.comparison()
        if self.r.random() < 0.3:
            return self.maybe(" ") + "(" + self.maybe(" ") + self.marker(depth - 1) + self.maybe("\t") + ")" + self.maybe(" ")
        return self.marker(depth - 1) + self.one(" and ", " or ", " or ", " and") + self.one("", " ") + self.marker(depth - 1)

    def requirement(self):
        extras = [self.identifier() for _ in range(self.r.randrange(4))]
        extras = "[" + self.one(",", ", ", " ,").join(extras) + self.one("", "", " ") + "]"
        text = self.maybe(" ", 0.1) + self.identifier() + self.maybe(" ") + self.maybe(extras, 0.4) + self.maybe(" ")
        kind = self.r.random()
        if kind < 0.2:
            text += "@" + self.maybe(" ")
            text += self.one("https://example.com/a.zip", "file:///x;y", "git+ssh://g@h:p/q.git@v1#egg=z") + self.maybe(" ", 0.8)
        elif kind < 0.4:
            text += "(" + self.maybe(" ") + self.specifiers() + self.maybe(" ") + ")" + self.maybe(" ")
        else:
            text += self.specifiers() + self.maybe(" ")
        return text + (";" + self.marker(2) if self.r.random() < 0.4 else "")

    def filename(self):
        name = self.one("foo", "foo_bar", "Foo.Bar", "foo__bar", "a", "", "foo-bar", "_x", "foo bar")
        if self.r.random() < 0.4:
            return name + "-" + self.version() + self.one(".tar.gz", ".zip", ".tgz", ".tar.bz2", ".TAR.GZ")
        build = self.one("", "", "", "-1", "-12abc", "-abc", "-")
        tags = self.one("py3-none-any", "cp39-cp39-manylinux1_x86_64", "py2.py3-none-any", "py3.-none-any", "3-none-any",
                        "py3-none-", "py3-none-a.b", "py3--any", "py3-none", "py+-none-any")
        return name + "-" + self.version().replace("-", "_") + build + "-" + tags + self.one(".whl", ".whl", ".whl", ".WHL")


class Packaging:
    """The same questions, answered by packaging in the form of `pipgate debug`."""

    def __init__(self):
        from packaging import markers, requirements, specifiers, utils, version
        self.markers, self.requirements, self.specifiers = markers, requirements, specifiers
        self.utils, self.version = utils, version

    def canonical(self, text):
        return str(self.version.Version(text))

    def compare(self, a, b):
        a, b = self.version.Version(a), self.version.Version(b)
        return str((a > b) - (a < b))

    def specifier(self, specifiers, version, prereleases):
        wanted = {"-": None, "true": True, "false": False}[prereleases]
        return str(self.specifiers.SpecifierSet(specifiers, prereleases=wanted).contains(version)).lower()

    def name(self, text):
        return escape(self.utils.canonicalize_name(text))

    def filename(self, text):
        if text.endswith(".whl"):
            name = self.utils.parse_wheel_filename(text)[0]
            version = text[:-4].split("-")[1]
        else:
            name = self.utils.parse_sdist_filename(text)[0]
            version = text.removesuffix(".tar.gz").removesuffix(".zip").rpartition("-")[2]
        return escape(name) + "\t" + escape(version)

    def requirement(self, text):
        r = self.requirements.Requirement(text)
        fields = (r.name, ",".join(sorted(r.extras)), str(r.specifier), r.url or "", str(r.marker or ""))
        return "\t".join(map(escape, fields))

    def marker(self, text):
        marker = self.markers.Marker(text)
        return "\t".join([escape(str(marker)), self.value(marker, ""), self.value(marker, "x")])

    def value(self, marker, extra):
        try:
            return str(marker.evaluate({**ENVIRONMENT, "extra": extra})).lower()
        except (self.markers.UndefinedComparison, self.markers.UndefinedEnvironmentName) as error:
            return "undefined:" + type(error).__name__


def escape(text):
    known = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
    return "".join(known.get(c) or (f"\\x{ord(c):02x}" if ord(c) < 0x20 or ord(c) == 0x7f else c) for c in text)


def pair(make):
    a = make.version()
    return make.broken(a, 0.05), make.broken(make.near(a), 0.05)


def specifier(make):
    version = make.version()
    candidate = make.one(make.near(version), version, "foo", "lolwat") if make.r.random() < 0.9 else make.broken(version)
    return make.broken(make.specifiers(version), 0.05), candidate, make.one("-", "-", "true", "false")


KINDS = {
    "canonical": lambda make: (make.broken(make.version()),),
    "compare": pair,
    "specifier": specifier,
    "name": lambda make: (make.any_name(),),
    "filename": lambda make: (make.broken(make.filename(), 0.1),),
    "requirement": lambda make: (make.broken(make.requirement(), 0.1),),
    "marker": lambda make: (make.broken(make.marker(), 0.05),),
}


def expected(packaging, kind, case):
    try:
        return getattr(packaging, kind)(*case)
    except (ValueError, KeyError):  # every refusal of packaging is one
        return "error"


def left_out(kind, case):
    """What is known to differ: the Greek final sigma, and characters that only a full table tells from letters."""
    return kind == "filename" and not case[0].isascii()


def differences(packaging, kind, seed):
    make = Maker(f"{seed} {kind}")
    cases = [case for case in (KINDS[kind](make) for _ in range(N)) if not left_out(kind, case)]
    text = "".join("\t".join(map(escape, case)) + "\n" for case in cases)
    run = subprocess.run([PROGRAM, "debug", kind], input=text.encode(), capture_output=True, check=False)
    got = run.stdout.decode().split("\n")[:-1]
    if run.returncode or len(got) != len(cases):
        return [(kind, f"{len(cases)} lines", f"{len(got)} lines, status {run.returncode}: {run.stderr.decode()}")], 0
    wanted = [expected(packaging, kind, case) for case in cases]
    valid = sum(w != "error" for w in wanted)
    return [(c, w, g) for c, w, g in zip(cases, wanted, got) if w != g], valid


def main():
    warnings.simplefilter("ignore")  # Python warns of "\d" in the strings of markers
    seed = os.environ.get("SEED") or str(random.randrange(10 ** 9))
    print(f"1..{len(KINDS)}")
    try:
        import packaging as module
        if int(module.__version__.split(".")[0]) < 26:
            raise ImportError(f"packaging {module.__version__} is older than 26")
        packaging = Packaging()
    except ImportError as error:
        for number, kind in enumerate(KINDS, 1):
            print(f"ok {number} - packaging and {kind} # SKIP {error}")
        return 0
    print(f"# SEED={seed} N={N} packaging {module.__version__}")
    failed = 0
    for number, kind in enumerate(KINDS, 1):
        different, valid = differences(packaging, kind, seed)
        failed += bool(different)
        print(f"{'not ok' if different else 'ok'} {number} - packaging and {kind}, {N} cases, {valid} of them valid")
        for case, wanted, got in different[:SHOWN]:
            print(f"#   {case!r}: packaging {wanted!r}, pipgate {got!r}")
        if different:
            print(f"#   {len(different)} differences; again: SEED={seed} N={N} {sys.argv[0]}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
