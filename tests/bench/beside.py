# SPDX-License-Identifier: Apache-2.0
"""Rows of other programs that do a part of the same, to be compared with."""
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from bench import Line, Skip, made_up, measure, median, paths, row

MIB = measure.MIB


def pip_audit(b):
    """The program and its version, from the index that pip is configured with, once for a build folder."""
    root = os.path.join(paths.BUILD, "benchenv")
    program, ready = os.path.join(root, "bin", "pip-audit"), os.path.join(root, "ready")
    if not os.path.exists(ready):
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", root], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            subprocess.run([os.path.join(root, "bin", "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", "pip-audit"],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        except subprocess.CalledProcessError as e:
            raise Skip("pip-audit cannot be had: " + (e.stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"])[-1])
        with open(ready, "w"):
            pass
    version = subprocess.run([program, "--version"], stdout=subprocess.PIPE, check=True).stdout.decode().split()[-1]
    return program, version


SCANNER = "github.com/google/osv-scanner/v2/cmd/osv-scanner@v2.5.1"


def osv_scanner(archive, folder):
    """The program and its offline database, where Go is; built once for a build folder. None: it cannot be had."""
    program = os.path.join(paths.BUILD, "go", "osv-scanner")
    if not os.path.exists(program):
        if not shutil.which("go"):
            return None
        made = subprocess.run(["go", "install", SCANNER], env=dict(os.environ, GOBIN=os.path.dirname(program), GOFLAGS="-buildvcs=false"),
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if made.returncode or not os.path.exists(program):
            return None
    place = os.path.join(folder, "osv-scalibr", "PyPI")
    os.makedirs(place, exist_ok=True)
    shutil.copy(archive, os.path.join(place, "all.zip"))
    return program


def scanner_line(b, archive, pinned, ours):
    program = osv_scanner(archive, b.path("scanner"))
    if not program:
        return
    env = b.environ(OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY=b.path("scanner"))
    argv = [program, "scan", "source", "--offline", "-L", "requirements.txt:" + pinned]
    measure.run(argv, env, (0, 1))
    theirs = median(measure.run(argv, env, (0, 1)) for _ in range(9))
    version = subprocess.run([program, "--version"], stdout=subprocess.PIPE, env=env).stdout.decode().split("\n")[0].split()[-1]
    yield Line("beside: osv-scanner %s, the same pins, offline" % version, theirs, "ms",
               note="%.0f MiB; ours 1/%.0f" % (measure.highest(argv, env) / MIB, theirs / ours))


class Stub:
    """An OSV service on the loopback that answers from a zip of records."""

    def __init__(self, archive):
        program = os.path.join(paths.SHARED, "tools", "osv_stub.py")
        if not os.path.exists(program):
            raise Skip("there is no OSV stub here")
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.process = subprocess.Popen([sys.executable, program, archive, str(self.port)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.url = "http://127.0.0.1:%d/v1" % self.port
        self._await()

    def _await(self):
        for _ in range(300):
            try:
                urllib.request.urlopen(self.url + "/vulns/none", timeout=5).close()
            except urllib.error.HTTPError:
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        self.close()
        raise measure.Broken("the OSV stub does not answer")

    def close(self):
        self.process.terminate()
        self.process.wait()


def pins_of(path):
    with open(path, encoding="utf-8") as f:
        return [tuple(re.split("==", line.split("#")[0].strip(), maxsplit=1)) for line in f if "==" in line]


@row("beside")
def beside(b):
    if b.quick:
        raise Skip("not in the quick form")
    pinned, archive = paths.shared("req", "req200-pinned.txt"), paths.shared("advisories", "all.zip")
    if not pinned or not archive:
        raise Skip("the public sets are not here")
    program, version = pip_audit(b)
    measure.run(b.build_argv([archive], "pysec.db"), b.environ())
    pins = pins_of(pinned)
    report = b.path("pins.json")
    with open(report, "wb") as f:
        f.write(made_up.report(pins, len(pins) * 12500))
    ours = measure.command([paths.PIPGATE, "audit", "--db", b.path("pysec.db"), "-r", pinned, "--no-deps"], b.environ(), 30, (0, 1))
    stub = Stub(archive)
    try:
        argv = [program, "-r", pinned, "--disable-pip", "--no-deps", "-s", "osv", "--osv-url", stub.url, "--progress-spinner", "off"]
        theirs = median(measure.run(argv, b.environ(), (0, 1)) for _ in range(5))
        memory = measure.highest(argv, b.environ())
    finally:
        stub.close()
    yield from scanner_line(b, archive, pinned, ours)
    pairs = b.pairs_file("pins.tsv", pins)
    matched = measure.command([paths.PIPGATE, "match", "--db", b.path("pysec.db"), pairs], b.environ(), 30)
    decided = measure.command([paths.PIPGATE, "decide", "--gate-db", b.path("pysec.db"), report], b.environ(), 30, (0, 40))
    yield Line("beside: pip-audit %s, %d pins, OSV on the loopback" % (version, len(pins)), theirs, "ms", note="%.0f MiB" % (memory / MIB))
    yield Line("– the same pins: `pipgate audit -r --no-deps`", ours, "ms", note="1/%.0f" % (theirs / ours))
    yield Line("– the same pins: `pipgate match`", matched, "ms", note="1/%.0f" % (theirs / matched))
    yield Line("– the same pins as a report: `pipgate decide`", decided, "ms", note="1/%.0f" % (theirs / decided))
