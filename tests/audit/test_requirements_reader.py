# SPDX-License-Identifier: Apache-2.0
"""Requirements files: ours and pip's own reader take the same out of them, of odd ones and of random ones."""
import json
import os
import random

from lib import paths
from lib.case import case

# Reads files as the pip beside it does: what it yields, and what it leaves for its finder.
PIP = r"""
import json, sys
from pip._internal.req.req_file import parse_requirements, RequirementsFileParseError
from pip._internal.req.constructors import parse_req_from_line
from pip._internal.index.package_finder import PackageFinder
from pip._internal.models.search_scope import SearchScope
from pip._internal.models.selection_prefs import SelectionPreferences
from pip._internal.models.link import Link
from pip._internal.network.session import PipSession
from pip._internal.index.collector import LinkCollector
import logging, optparse
logging.disable(logging.CRITICAL)

def read(path, session):
    collector = LinkCollector(session=session, search_scope=SearchScope.create(find_links=[], index_urls=[], no_index=False))
    finder = PackageFinder.create(link_collector=collector, selection_prefs=SelectionPreferences(allow_yanked=True))
    options = optparse.Values({"require_hashes": False, "no_require_hashes": False, "features_enabled": []})
    rows = []
    for r in parse_requirements(path, session, finder=finder, options=options):
        name = None
        if not r.is_editable:
            parts = parse_req_from_line(r.requirement, None)
            name = parts.requirement.name if parts.requirement else ""
        where, _, line = r.comes_from.rpartition(" (line ")
        hashes = sorted("%s:%s" % (a, d) for a, ds in ((r.options or {}).get("hashes") or {}).items() for d in ds)
        rows.append([r.requirement.strip(), r.is_editable, r.constraint, where[3:], int(line[:-1]), hashes, name])
    scope = finder.search_scope
    return {"rows": rows, "indexes": list(scope.index_urls), "links": list(scope.find_links), "no_index": scope.no_index,
            "require_hashes": options.require_hashes or any(r[5] for r in rows)}

session = PipSession()
for line in sys.stdin:
    try:
        answer = read(line.rstrip("\n"), session)
    except Exception as e:
        answer = {"error": "%s: %s" % (type(e).__name__, e)}
    print(json.dumps(answer), flush=True)
"""

H = "sha256:" + "ab" * 32
ODD = [  # name, bytes
    ("empty", b""), ("newline", b"\n"), ("blank", b"   \t \n\n"), ("comment", b"# flask==1.0\n  # x\n"),
    ("plain", b"flask==1.0\nidna>=3,<4\n"), ("no end", b"flask==1.0"), ("crlf", b"flask==1.0\r\nidna==3.7\r\n"), ("cr", b"flask==1.0\ridna==3.7"),
    ("comment behind", b"flask==1.0 # x\nidna==3.7\t#y\nclick#1\nclick==1#2\n"),
    ("continuation", b"flask\\\n==1.0\nidna \\\n  ==3.7\n"), ("continued twice", b"flask==1.0 \\\n  --hash=" + H.encode() + b" \\\n  --hash " + H.encode() + b"\n"),
    ("comment with a backslash", b"# x \\\nflask==1.0\n"), ("comment behind with a backslash", b"flask==1.0 # x \\\nidna==3.7\nclick==1\n"),
    ("continued by a comment", b"flask==1.0 \\\n# x\nidna==3.7\n"), ("continued by an indented comment", b"flask==1.0 \\\n   # x \\\nidna==3.7\n"),
    ("continued by nothing", b"flask==1.0 \\\n\nidna==3.7\n"), ("ends with a backslash", b"flask==1.0\\"), ("backslash alone", b"\\\n\\\nflask\n"),
    ("backslashes", b"\\\\flask==1.0\\\\\nx\n"), ("backslash inside", b"fla\\sk==1.0\n"), ("backslash and blank", b"flask==1.0 \\ \nidna\n"),
    ("bom", b"\xef\xbb\xbfflask==1.0\n"), ("utf-16", "flask==1.0\nidna\n".encode("utf-16")), ("utf-16-be", b"\xfe\xff" + "flask\n".encode("utf-16-be")),
    ("utf-32", "flask==1.0\n".encode("utf-32")), ("coding", "# -*- coding: latin-1 -*-\n# \xe9\nflask==1.0\n".encode("latin-1")),
    ("coding in line 2", "# x\n# vim: set fileencoding=iso8859_15 :\n# \xe9\nflask\n".encode("latin-1")), ("coding unknown", b"# coding: nowhere\nflask\n"),
    ("coding later", b"# encoding is not coding here\n# coding: utf-8\nflask\n"), ("coding wrong", b"# coding: utf-8\n# \xe9\nflask\n"),
    ("coding ascii", "# coding: ascii\n# \xe9\nflask\n".encode()), ("utf-8 with a mark, broken", b"\xef\xbb\xbf# \xe9\n"), ("odd utf-16", b"\xff\xfea"),
    ("other line ends", "flask==1.0\x0bidna\x0cclick\x1cmarkupsafe\x85low\u2028odd\u2029medium\n".encode()),
    ("other blanks", "flask==1.0\u00a0# x\n\u3000idna\u2003\nclick\x1f\n".encode()), ("nul", b"flask\0==1.0\n"),
    ("markers", b"flask==1.0 ; python_version < '3' and extra == \"x - y\"\nidna;sys_platform=='linux'\n"), ("marker broken", b"flask ; pythn == 1\n"),
    ("marker with a dash", b"flask; platform_version == ' -r x'\n"),
    ("extras", b"batteries[web,names]==1.0\nbatteries [ web ] >= 1\n"), ("parentheses", b"flask (==1.0)\n"), ("arbitrary", b"flask===1.0\nflask=== 1.0.x\n"),
    ("wildcard", b"flask==1.*\n"), ("no operator", b"flask=1.0\n"), ("two names", b"flask idna\n"), ("bad name", b"-flask\n_flask\nflask-\n"),
    ("tab before an option", b"flask==1.0\t--hash=" + H.encode() + b"\n"), ("dash in a word", b"flask -idna\n"),
    ("hash quoted", b"flask==1.0 --hash='" + H.encode() + b"'\n"), ("hash without a colon", b"flask --hash=abc\n"), ("hash md5", b"flask --hash=md5:00\n"),
    ("hash abbreviated", b"flask==1 --has=" + H.encode() + b"\n"), ("hash alone", b"--hash=" + H.encode() + b"\nflask\n"), ("hash empty", b"flask --hash=\n"),
    ("hash last", b"flask --hash\n"), ("require", b"--require-hashes\nflask\n"), ("require with a value", b"--require-hashes=1\nflask\n"),
    ("index", b"-i http://127.0.0.1/a\n--extra-index-url=http://127.0.0.1/b\nflask\n"), ("index joined", b"-ihttp://127.0.0.1/a\n--index http://127.0.0.1/c\n"),
    ("index of a requirement", b"flask --index-url http://127.0.0.1/a\n"), ("no index", b"--no-index\n-f .\nflask\n"), ("pypi-url", b"--pypi-url http://127.0.0.1/\n"),
    ("find links", b"--find-links beside\n-f nowhere\n--find-links=http://127.0.0.1/x\n"), ("several", b"--pre --no-binary :all: --only-binary flask -f x words\nflask\n"),
    ("unknown option", b"--nothing\n"), ("unknown letter", b"-x\n"), ("ambiguous", b"--no\n"), ("ambiguous r", b"--requi x\n"), ("value missing", b"-r\n"),
    ("trusted", b"--trusted-host 127.0.0.1\n--use-feature=fast-deps\n--prefer-binary\n"), ("dashes", b"flask -- --hash=x\n-- -r x\n"), ("dash alone", b"-\nflask -\n"),
    ("quote open", b"flask --hash='x\n"), ("backslash at the end of words", b"-i x\\\\\\\n"), ("quotes", b"-f 'a b' -i \"http://127.0.0.1/\\\"q\\x\"\n"),
    ("config", b"flask --config-settings a=b -C c=d\n"), ("config broken", b"flask -C a\n"),
    ("nested", b"-r beside/more.txt\nflask\n"), ("nested joined", b"-rbeside/more.txt\n--requirement=beside/more.txt\n"),
    ("nested and more", b"-r beside/more.txt -c beside/limits.txt -i http://127.0.0.1/a\n"), ("two nested", b"-r beside/more.txt -r nowhere.txt\n"),
    ("nested not there", b"-r nowhere.txt\n"), ("nested by an address", b"-r file:beside/more.txt\n"),
    ("constraints", b"-c beside/limits.txt\nflask\n"), ("constraints and requirements", b"-c beside/limits.txt\n-r beside/up.txt\n"),
    ("a loop", b"-r a_loop\n"), ("loop of two", b"-r beside/back.txt\n"), ("diamond", b"-r beside/more.txt\n-r beside/again.txt\n"),
    ("folder", b"-r beside\n"), ("nested with words", b"-r 'beside/with blank.txt'\n"),
    ("variable", b"${NAME_1}==1.0\n-i http://${USER_2}@127.0.0.1/\n$NAME_1\n${name}\n${UNSET}\n${EMPTY}x\n"), ("variable of words", b"flask ${WORDS}\n"),
    ("variable of a comment", b"flask ${COMMENT}\nidna\n"), ("variables in each other", b"fl${A${NAME_1}}\n"),
    ("editable", b"-e ./beside\n--editable=git+https://127.0.0.1/x.git@1#egg=Flask_X[a]&subdirectory=y\n"), ("editable empty", b"-e ''\nflask\n"),
    ("editable twice", b"-e ./a -e ./b\n"), ("editable and file", b"-e ./a -r nowhere\n"), ("editable hashed", b"-e ./a --hash=" + H.encode() + b"\n"),
    ("addresses", b"https://127.0.0.1/a/Flask-1.0-py3-none-any.whl\nhttps://127.0.0.1/x.zip#egg=idna\ngit+https://127.0.0.1/x.git#egg=click\nhttp://127.0.0.1/y.tar.gz\n"),
    ("named addresses", b"flask @ https://127.0.0.1/flask-1.0.tar.gz\nidna@git+https://127.0.0.1/x ; python_version>'3'\n"),
    ("address with a marker", b"https://127.0.0.1/x.zip#egg=idna ; python_version<'3'\n"), ("egg that is none", b"https://127.0.0.1/x.zip#egg=idna;x\n"),
    ("archives", b"idna-3.7-py3-none-any.whl\nx.tar.gz\nflask.zip\nflask==1.0.zip\n./nowhere-1.0-py3-none-any.whl\n"),
    ("path with nothing", b"./nowhere\n"), ("rooted", b"/nowhere/x\n"), ("two equal signs", b"flask = = 1\n"), ("one long", b"flask==1.0 " + b"#" * 5000 + b"\n"),
]
BESIDE = {"more.txt": "idna==3.7\n", "limits.txt": "flask<2\n", "up.txt": "-c limits.txt\n-r ../plain.txt\n", "back.txt": "-r ../loop_of_two\n",
          "again.txt": "-r more.txt\n", "with blank.txt": "click\n", "mixed.txt": "-r more.txt\n"}
VARIABLES = {"NAME_1": "flask", "USER_2": "u:p", "EMPTY": "", "WORDS": "--hash " + H, "COMMENT": "# x"}
# In these ours is told apart on purpose: a word why.
ASIDE = {
    "nested by an address": "pip asks its session; a relative one means nothing there",
    "variables in each other": "values are not looked through again", "editable empty": "refused at once, by pip a step later",
}

PIECES = ["flask", "idna", "==", "==1.0", ">=1,<2", "[web]", " ", "  ", "\t", "\\\n", " \\\n", "\n", "\n", "\n", "#", " # c", " ;", "; python_version<'4'", "--hash=" + H,
          " --hash " + H, "-r beside/more.txt", "-c beside/limits.txt", "-e ", "./x", "-i ", "http://127.0.0.1/", "'", '"', "\\", "${NAME_1}", "${UNSET}", "\r\n", "\r",
          "\x0c", "\u2028", "\u00a0", "-", "--", "--pre", " -f x", "@", " @ ", ".zip", "git+https://127.0.0.1/x#egg=a", "$", "{", "*", ","]


def random_file(r):
    return "".join(r.choice(PIECES) for _ in range(r.randrange(1, 14))).encode()


def options_of(words):
    """What a finder would hold after these words."""
    found, i = {"indexes": [], "links": [], "no_index": False}, 0
    while i < len(words):
        word = words[i]
        if word in ("--no-index",):
            found["no_index"], found["indexes"] = True, []
        elif word in ("--pre", "--prefer-binary"):
            pass
        else:
            i += 1
            if word in ("--index-url", "--pypi-url") and not found["no_index"]:
                found["indexes"] = [words[i]]
            elif word == "--extra-index-url" and not found["no_index"]:
                found["indexes"].append(words[i])
            elif word == "--find-links":
                found["links"].append(words[i])
        i += 1
    return found


def normalized(name):
    return "-".join(p for p in name.lower().replace("_", "-").replace(".", "-").split("-") if p)


def same(c, ours, theirs):
    """What differs, in words; None."""
    if theirs.get("error", "").startswith(("InvalidEggFragment", "InvalidWheelFilename")):
        return None  # what an address tells is looked at by who fetches it
    if ("error" in ours) != ("error" in theirs):
        return "ours %s, pip's %s" % (ours, theirs)
    if "error" in ours:
        return None
    rows = [[r["requirement"].strip(), r["editable"], r["constraint"], os.path.abspath(c.path(r["file"])), r["line"], sorted(r["hashes"])] for r in ours["rows"]]
    wanted = [r[:3] + [os.path.abspath(c.path(r[3]))] + r[4:6] for r in theirs["rows"]]
    if rows != wanted:
        return "rows: ours %s, pip's %s" % (rows, wanted)
    for a, b in zip(ours["rows"], theirs["rows"]):
        if b[6] is not None and a["name"] != normalized(b[6]) and not (b[6] == "" and a["name"]):
            return "name: ours %r, pip's %r of %r" % (a["name"], b[6], b[0])
    options = options_of(ours["options"])
    for key in ("indexes", "no_index"):
        if options[key] != theirs[key]:
            return "%s: ours %s, pip's %s" % (key, options[key], theirs[key])
    if [os.path.abspath(c.path(p)) for p in options["links"]] != [os.path.abspath(c.path(p)) for p in theirs["links"]]:
        return "links: ours %s, pip's %s" % (options["links"], theirs["links"])
    if ours["require_hashes"] != theirs["require_hashes"]:
        return "require_hashes: ours %s" % ours["require_hashes"]
    return None


def compared(c, files):
    """[(name, what differs)]; files: [(name, bytes)]"""
    for name, text in BESIDE.items():
        c.write("beside/" + name, text)
    for name, data in files:
        c.write(name, data)
    asked = "".join(name + "\n" for name, _ in files).encode()
    theirs = c.expect(c.run([c.env.python, "-I", "-c", PIP], gate=False, env=VARIABLES, stdin=asked), status=0).stdout.splitlines()
    ours = c.expect(c.run([paths.PIPGATE, "debug", "requirements"], env=VARIABLES, stdin=asked), status=0).stdout.splitlines()
    c.equal((len(ours), len(theirs)), (len(files), len(files)), "answers")
    found = [(name, data, same(c, json.loads(a), json.loads(b))) for (name, data), a, b in zip(files, ours, theirs)]
    return ["%s %r: %s" % one for one in found if one[2]]


@case(pips="newest")
def odd_files(c):
    """A table of odd files: the same rows, lines, hashes and options as pip's reader gives, or both refuse."""
    differences = compared(c, [(name.replace(" ", "_"), data) for name, data in ODD if name not in ASIDE])
    c.true(not differences, "%s", "\n".join(differences))


@case(pips="newest")
def random_files(c):
    """500 random ones; SEED says which."""
    seed = int(os.environ.get("SEED") or random.randrange(1 << 32))
    r = random.Random(seed)
    differences = compared(c, [("r%d" % i, random_file(r)) for i in range(int(os.environ.get("N") or 500))])
    c.true(not differences, "SEED=%s: %s", seed, "\n".join(differences[:10]))
