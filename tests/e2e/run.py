#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Walks the ways of ways.py in containers of packaging/container/Dockerfile and prints a table of what ran (`make e2e`):
tests/e2e/run.py [--short] [--tap] [WAY…], a WAY as '*venv*'. --tap is for tests/run. Ends with `N passed, N failed, N skipped`."""
import argparse
import fnmatch
import io
import json
import os
import re
import shutil
import sys
import tempfile
import time
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
sys.dont_write_bytecode = True
import rootfs  # noqa: E402
import store  # noqa: E402
import ways  # noqa: E402
from lib import index, paths, pips, world  # noqa: E402

BLOCKED, CLEAN, MODULE = "jinja2==2.10", "idna==3.7", "idna"
TABLE = (r"^pipgate: package +version +severity", r"^pipgate: jinja2 +2\.10 +HIGH", r"^pipgate: blocked: jinja2 2\.10: HIGH")
LIBEXEC = ("pipgate-fetch", "starter.db", "pipgate-hook.so", "pipgate_shim.py", "sitecustomize.in")
PYTHON = "FROM localhost/bare\nENV PATH=/usr/local/bin:/usr/bin\nRUN python3 -I /opt/{0}/pip install --no-index /opt/{0}\n"
PIP_CONF = "[global]\nindex-url = %s\ndisable-pip-version-check = true\nroot-user-action = ignore\n"

OUR_FRAME = re.compile(r'^  File "[^"]*pipgate_shim\.py".*\n(?:    .*\n)+', re.M)  # between pip's own in a traceback

# buildah 1.28 with chroot isolation loses what a command writes last, some three times in a hundred (also of `echo`); a gate that
# says nothing says nothing every time.
BUILDS = 4
RUNS = "import %s as m; raise SystemExit(33 if m.VERSION == '3.7' else 1)" % MODULE  # told by its status for the same reason


class Wrong(Exception):
    pass


# ---- the images ----

class Images:
    """python: a Python with its pip, and nothing of ours; gated: packaging/container/Dockerfile over it; derived: made from that."""

    def __init__(self, folder, driver):
        self.index = index.Index(world.files())
        self.index.pages["/all.zip"] = advisories()
        self.store = store.Store(os.path.join(folder, "store"), driver)
        self.context, self.programs = os.path.join(folder, "context"), os.path.join(folder, "programs")
        self.version = None

    def make(self):
        self.fill_context()
        self.store.image_of("bare", self.fill_python)
        self.built("python", PYTHON.format(os.path.basename(pips.wheel("24.3.1"))))
        fill_pipgate(self.programs)
        with open(os.path.join(paths.ROOT, "packaging", "container", "Dockerfile")) as f:
            self.built("gated", f.read(), named=["pipgate=" + self.programs], PYTHON_IMAGE="localhost/python",
                       PIPGATE_FEEDS="osv=%s/all.zip" % self.index.root)
        self.built("derived", "FROM localhost/gated\nRUN python3 -m venv /venv\nENV PATH=/venv/bin:$PATH\n")

    def built(self, tag, text, **options):
        result = self.store.build(tag, text, **options)
        if result.status:
            raise Wrong("the image %s was not built: status %d\n%s%s" % (tag, result.status, result.stdout, result.stderr))

    def fill_python(self, root):
        python = pips.pythons().get("3.11") or max(pips.pythons().items(), key=lambda p: int(p[0][2:]))[1]
        self.version = rootfs.make(root, python, pips.wheel("24.3.1"))
        rootfs.libraries(root, paths.PIPGATE, os.path.join(paths.BUILD, "pipgate-fetch"))
        with open(os.path.join(root, "etc", "pip.conf"), "w") as f:
            f.write(PIP_CONF % self.index.url)

    def fill_context(self):
        """What Dockerfiles copy: the index's wheels, a requirements file for either pin."""
        wheels = os.path.join(self.context, "wheels")
        os.makedirs(wheels)
        for file in self.index.files.values():
            with open(os.path.join(wheels, file.filename), "wb") as f:
                f.write(file.data)
        for pin in (BLOCKED, CLEAN):
            with open(os.path.join(self.context, pin + ".txt"), "w") as f:
                f.write(pin + "\n")

    def close(self):
        self.index.close()
        self.store.close()


def advisories():
    """A feed as OSV has it: one archive of records."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as z:
        for record in world.advisories():
            z.writestr(record["id"] + ".json", json.dumps(record))
    return data.getvalue()


def fill_pipgate(root):
    """What the Dockerfile's own stage has: what `make install DESTDIR=/pipgate` lays down. fill_python brings the libraries: no package."""
    for name in ("bin", "libexec/pipgate"):
        os.makedirs(os.path.join(root, "pipgate/usr/local", name))
    shutil.copy(paths.PIPGATE, os.path.join(root, "pipgate/usr/local/bin"))
    for name in LIBEXEC:
        shutil.copy(os.path.join(paths.BUILD, name), os.path.join(root, "pipgate/usr/local/libexec/pipgate"))
    open(os.path.join(root, "pipgate/packages"), "w").close()


# ---- walking ----

def true(condition, text, result):
    if not condition:
        raise Wrong("%s; status %d\n%s%s" % (text, result.status, result.stdout, result.stderr))


def told(result):
    """Patterns of our table that the output lacks."""
    return [p for p in TABLE if not re.search(p, result.stdout + result.stderr, re.M)]


def blocked(images, way):
    result = started(images, way, BLOCKED)
    if way.control:
        true(result.status == 0, "the pin was to come in", result)
        return "comes in"
    if way.as_bare:
        return as_bare(images, way, BLOCKED, result)
    builds = 1
    while result.status == 40 and told(result) and builds < BUILDS:
        result = started(images, way, BLOCKED)
        builds += 1
    true(result.status == 40, "expected 40", result)
    true(not told(result), "the output lacks %r" % told(result), result)
    true("Successfully installed" not in result.stdout, "something was installed", result)
    true(way.read_only or not images.store.has("made"), "there is an image", result)
    return "exit 40" + (", build %d" % builds if builds > 1 else "")


def as_bare(images, way, pin, result):
    bare = started(images, way, pin, "python")
    words = OUR_FRAME.sub("", result.stderr)
    same = (result.status, result.out, words) == (bare.status, bare.out, bare.stderr)
    true(bare.status and same, "a pip without pipgate: %d %s; here" % (bare.status, bare.stderr), result)
    return "as bare: exit %d" % bare.status


def clean(images, way):
    result = started(images, way, CLEAN)
    if way.as_bare:
        return as_bare(images, way, CLEAN, result)
    true(result.status == 0 and "blocked" not in result.stderr, "the clean twin", result)
    if way.read_only:
        true("Successfully installed %s" % CLEAN.replace("==", "-") in result.stdout, "nothing came", result)
        return "installs"
    result = images.store.run("made", way.python, "-c", RUNS)
    true(result.status == 33, "the image does not run", result)
    return "builds, runs"


def started(images, way, pin, image="gated"):
    """image: of a way that is no Dockerfile."""
    words = {"pin": pin, "version": images.version}
    images.store.remove("made")
    if way.read_only:
        argv = ["sh", "-c", way.lines[0].format(**words)]
        return images.store.run_read_only(image, *argv, tmp=way.read_only == "tmp")
    lines = [re.sub(r"\{(\w+)\}", lambda m: words[m.group(1)], line) for line in way.lines]
    return images.store.build("made", "\n".join(lines) + "\n", images.context, way.network)


# ---- what ran ----

class Table:
    def __init__(self, tap, chosen):
        self.tap, self.wide, self.number = tap, max([len(w.name) for w in chosen] + [0]), 0
        self.counts = {"ok": 0, "failed": 0, "skipped": 0}

    def begin(self, n):
        if self.tap:
            print("1..%d" % n, flush=True)
        else:
            print("%-*s  %-24s %-24s" % (self.wide, "way", "blocked pin", "clean pin"))

    def row(self, way, cells):
        """cells: (what, state, text, seconds)"""
        for what, state, text, _ in cells:
            self.counts[state] += 1
            self.number += 1
            if self.tap:
                word, skip = "not ok" if state == "failed" else "ok", " # SKIP " + text if state == "skipped" else ""
                print("%s %d - %s: %s%s" % (word, self.number, way.name, what, skip))
                for line in text.split("\n") if state == "failed" else ():
                    print("# " + line)
        if not self.tap:
            shown = ["%s (%.1f s)" % (text if state == "ok" else state.upper(), seconds) for _, state, text, seconds in cells]
            print("%-*s  %-24s %-24s" % (self.wide, way.name, *shown))
            for what, state, text, _ in cells:
                if state == "failed":
                    print("    %s: %s" % (what, text.replace("\n", "\n    ")))
        sys.stdout.flush()

    def end(self):
        if not self.tap:
            print("%(ok)d passed, %(failed)d failed, %(skipped)d skipped" % self.counts)
        return 1 if self.counts["failed"] else 0


def cell(what, walk, images, way):
    start = time.monotonic()
    try:
        state, text = "ok", walk(images, way)
    except (Wrong, store.Refused) as e:
        state, text = "failed", str(e)
    return what, state, text, time.monotonic() - start


def walk_all(chosen, table, folder, driver):
    images = Images(folder, driver)
    try:
        images.make()
        for way in chosen:
            table.row(way, [cell("blocked pin", blocked, images, way), cell("clean pin", clean, images, way)])
    except (Wrong, store.Refused) as e:
        none_of(chosen[:1], table, "failed", "there are no images to walk in: %s" % e)
        none_of(chosen[1:], table, "failed", "there are no images to walk in")
    finally:
        images.close()


def none_of(chosen, table, state, reason):
    for way in chosen:
        table.row(way, [(what, state, reason, 0) for what in ("blocked pin", "clean pin")])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="a few ways only")
    parser.add_argument("--tap", action="store_true")
    parser.add_argument("ways", nargs="*", metavar="WAY")
    options = parser.parse_args()
    chosen = [w for w in ways.WAYS if (w.short or not options.short) and any(fnmatch.fnmatch(w.name, g) for g in options.ways or ["*"])]
    table = Table(options.tap, chosen)
    table.begin(2 * len(chosen))
    os.makedirs(paths.BUILD, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="e2e-", dir=paths.BUILD)
    try:
        driver, reason = store.probe(os.path.join(folder, "probe"))
        if reason:
            none_of(chosen, table, "skipped", reason)
            print("# skipped: " + reason)
        else:
            walk_all(chosen, table, folder, driver)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return table.end()


if __name__ == "__main__":
    sys.exit(main())
