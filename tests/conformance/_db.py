# SPDX-License-Identifier: Apache-2.0
"""What db.py and db_hostile.py share: running the program, records in every form a feed comes in, TAP."""
import hashlib
import http.server
import io
import json
import os
import shutil
import socketserver
import subprocess
import sys
import tarfile
import tempfile
import threading
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.path.abspath(os.environ.get("PIPGATE") or ROOT / os.environ.get("B", "build") / "pipgate")
DATA = Path(os.environ.get("PIPGATE_SHARED") or ROOT / "../shared") / "data"
EPOCH = "1700000000"
HANG = 60  # seconds that only a hang takes
# its memory and its time say nothing
SANITIZED = b"__asan_init" in Path(PROGRAM).read_bytes()

WORK = Path(tempfile.mkdtemp(prefix="pipgate-db-"))
TESTS = []  # (name, function)


class Skip(Exception):
    pass


def test(function):
    TESTS.append((function.__name__.replace("_", " "), function))
    return function


def env(**more):
    base = {k: v for k, v in os.environ.items() if not k.startswith(("PIPGATE_", "XDG_"))}
    return {**base, "HOME": str(WORK / "home"), "SOURCE_DATE_EPOCH": EPOCH, **more}


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def expect(self, code, *parts):
        assert self.code == code, f"exit {self.code}, expected {code}\n{self.err}"
        for part in parts:
            assert part in self.err, f"{part!r} not in\n{self.err}"
        return self


def pipgate(*words, environment=None, **more):
    done = subprocess.run([PROGRAM, *map(str, words)], env=environment or env(), stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=120, **more)
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


def build(target, *feeds, **more):
    return pipgate("db", "build", "-o", target, *feeds, **more)


def status(target):
    found = pipgate("db", "status", "--json", "--db", target).expect(0)
    return json.loads(found.out)


def show(target, *words):
    return pipgate("db", "show", "--db", target, *words).expect(0).out


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


# ---- records, and the forms they come in ----

def record(number, name="demo", fixed="2.0", modified="2024-01-01T00:00:00Z", **more):
    return {"schema_version": "1.6.0", "id": f"DEMO-2024-{number}", "modified": modified, "summary": f"number {number}",
            "affected": [{"package": {"ecosystem": "PyPI", "name": name},
                          "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]}], **more}


def records(n, bad=0):
    """n good ones by file name, and bad ones that are no JSON."""
    made = {f"DEMO-2024-{i}.json": json.dumps(record(i, f"demo-{i}")) for i in range(n)}
    made.update({f"BAD-{i}.json": "{" for i in range(bad)})
    return made


def folder(name, files):
    base = WORK / name
    for path, text in files.items():
        at = base / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(text)
    base.mkdir(parents=True, exist_ok=True)
    return base


def make_zip(name, files):
    with zipfile.ZipFile(WORK / name, "w", zipfile.ZIP_DEFLATED) as z:
        for path, text in files.items():
            z.writestr(path, text)
    return WORK / name


def make_tar(name, files):
    with tarfile.open(WORK / name, "w:gz") as t:
        for path, text in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(text.encode())
            t.addfile(entry, io.BytesIO(text.encode()))
    return WORK / name


YAML = """id: PYSEC-2024-{0}
details: a made up one
affected:
- package:
    name: demo-yaml
    ecosystem: PyPI
  ranges:
  - type: ECOSYSTEM
    events:
    - introduced: "0"
    - fixed: 1.10
  versions:
  - 1.0
  - 1.1
modified: "2024-01-01T00:00:00Z"
"""


def pypa_files(prefix=""):
    made = {f"{prefix}vulns/demo-yaml/PYSEC-2024-{i}.yaml": YAML.format(i) for i in range(3)}
    made[f"{prefix}vulns/demo-yaml/README.yaml"] = "not: a record"
    made[f"{prefix}other/PYSEC-2024-9.yaml"] = "elsewhere"
    made[f"{prefix}README.md"] = "hello"
    return made


class Server:
    """Serves WORK on loopback."""

    def __enter__(self):
        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *a, **k):
                super().__init__(*a, directory=str(WORK), **k)

            def log_message(self, *a):
                pass

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __exit__(self, *a):
        self.server.shutdown()
        self.server.server_close()


# ---- TAP ----

def run_all():
    failures = 0
    print(f"1..{len(TESTS)}", flush=True)
    for number, (name, case) in enumerate(TESTS, 1):
        try:
            case()
            print(f"ok {number} - {name}", flush=True)
        except Skip as why:
            print(f"ok {number} - {name} # SKIP {why}", flush=True)
        except Exception as why:  # noqa: BLE001
            failures += 1
            text = f"{type(why).__name__}: {why}".splitlines()
            print(f"not ok {number} - {name}\n" + "".join(f"# {line}\n" for line in text), end="", flush=True)
    return 1 if failures else 0


def main(setup=None):
    """The tests that were declared, in a folder of their own; ends the program."""
    try:
        (WORK / "home").mkdir()
        if setup:
            setup()
        code = run_all()
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
    sys.exit(code)
