# SPDX-License-Identifier: Apache-2.0
"""The harness itself, with the bare pip alone: that what the other cases rely on can be seen to happen."""
import os

from lib import pips, schema, suites, tree, wheels
from lib.case import Failed, case


@case(pips="one", mode="any")
def harness_bare_pip_installs_what_the_gate_blocks(c):
    """Without the gate the vulnerable pin is installed, and the tree's digest sees it."""
    before = c.snapshot()
    c.prepare("install", "jinja2==2.10")
    c.equal(c.env.installed(), {"jinja2": "2.10", "markupsafe": "2.1.5"}, "installed")
    c.true(any(line.endswith("jinja2.py") for line in tree.differences(before, c.snapshot())), "the digest saw nothing")
    try:
        c.unchanged(before)
    except Failed:
        return
    raise Failed("unchanged() found no change")


@case(pips="all", mode="any")
def harness_index(c):
    """Every pip resolves from the loopback index, by HTML or JSON, with and without hashes and PEP 658."""
    c.prepare("download", "-q", "-d", c.path("a"), "flask")
    c.equal(len(os.listdir(c.path("a"))), 4, "files")
    c.index.hashes = c.index.core_metadata = c.index.json = c.index.cache = False
    c.prepare("download", "-q", "-d", c.path("b"), "flask", "--no-cache-dir")
    c.equal(len(os.listdir(c.path("b"))), 4, "files")
    c.true(c.index.seen("file") and c.index.seen("page"), "no requests were seen")


@case(pips="one", mode="any")
def harness_index_quirks(c):
    """Another file the second time, a password, a refusal."""
    name, second = wheels.wheel("idna", "3.7", ["click"])
    c.index.second[name], c.index.hashes, c.index.core_metadata, c.index.cache = second, False, False, False
    c.prepare("download", "-q", "-d", c.path("first"), "idna")
    c.prepare("download", "-q", "-d", c.path("second"), "idna")
    c.equal(sorted(os.listdir(c.path("second"))), ["click-8.1.7-py3-none-any.whl", name], "files")
    c.index.auth = ("user", "word")
    c.expect(c.bare("download", "-q", "--no-input", "idna"), status=1)
    c.prepare("download", "-q", "-d", c.path("third"), "idna", "-i", c.index.url.replace("//", "//user:word@"))
    c.index.auth, c.index.fail = None, {"/simple/idna": 404}
    c.expect(c.bare("download", "-q", "idna"), status=1, err="No matching distribution")


@case(pips="two 20.3.4", mode="any")
def harness_sdist_marks(c):
    """Build code of a test's sdist leaves its mark, with no other distribution needed; and its wheel is the same every time."""
    c.prepare("install", "-q", "built")
    c.true("wheel built" in c.built(), "no mark: %s", c.built())
    c.equal(wheels.sdist("built", "1.0"), wheels.sdist("built", "1.0"), "sdist")


@case(pips="one", mode="any")
def harness_tap(c):
    """Programs that die, print no plan or fewer tests than planned are failures."""
    table = (
        ("echo 1..2; echo ok 1 - a; echo ok 2 - b", 2, 0, 0),
        ("printf '\\t1..1\\n\\tok 1 - a\\n\\t1..2\\n\\tok 1 - b\\n\\tok 2 - c\\n'", 3, 0, 0),
        ("echo 1..2; echo ok 1 - a; echo not ok 2 - b; echo '# why'", 1, 1, 0),
        ("echo 1..2; echo ok 1 - a", 1, 1, 0),
        ("echo ok 1 - a", 1, 1, 0),
        ("echo 1..1; echo ok 1 - a; exit 3", 1, 1, 0),
        ("echo 1..1; echo ok 1 - a; kill -SEGV $$", 1, 1, 0),
        ("echo '1..0 # SKIP no data'", 0, 0, 1),
        ("echo 1..2; echo 'ok 1 - a # SKIP no data'; echo ok 2 - b", 1, 0, 1),
        ("true", 0, 1, 0),
    )
    for script, passed, failed, skipped in table:
        o = suites.Program("x", ["sh", "-c", script], {}).run()
        c.equal((o.passed, len(o.failed), len(o.skipped)), (passed, failed, skipped), script)


@case(pips="one", mode="any")
def harness_schema(c):
    """The checker of schemas finds what is wrong."""
    rules = {"type": "object", "required": ["a"], "additionalProperties": False,
             "properties": {"a": {"type": ["integer", "null"], "minimum": 1}, "b": {"type": "array", "items": {"enum": ["x"]}}}}
    for value, right in (({"a": 1}, True), ({"a": None, "b": ["x"]}, True), ({"a": 0}, False), ({}, False), ({"a": True}, False),
                         ({"a": 1, "b": ["y"]}, False), ({"a": 1, "c": 1}, False), ([], False)):
        c.equal(not schema.problems(value, rules), right, repr(value))
    c.true(schema.problems(1, {"typo": 1}), "an unknown keyword passed")


@case(pips="one", mode="any")
def harness_machine(c):
    """What changes beside a Python's standard library is seen: a sitecustomize that comes, changes or goes, its byte code, a .pth."""
    own = pips.standalone(c.pair, os.path.join(c.root, "own"))
    library = os.path.dirname(own.site)
    for name in ("sitecustomize.py", "__pycache__/sitecustomize.cpython-3.pyc", "site-packages/pipgate.pth"):
        before = pips.hooks([own.python])
        for text in ("1", "22", None):
            if text:
                c.write(os.path.join(library, name), text)
            else:
                os.unlink(os.path.join(library, name))
            after = pips.hooks([own.python])
            c.true(before != after, "%s was not seen", name)
            before = after
