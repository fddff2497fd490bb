# SPDX-License-Identifier: Apache-2.0
"""Shopify's toxiproxy between a client and a server on the loopback: latency, cuts, closings. Built once, by Go, below build/."""
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

from . import paths, pips, proc

MODULE = "github.com/Shopify/toxiproxy/v2/cmd/server@v2.5.0"
FOLDER = os.path.join(paths.BUILD, "tools", "toxiproxy")
# What a line does, one after the other; (name, attributes) each. The last number that stands for a run goes in as `run`.
KINDS = (
    (),
    (("latency", {"latency": 60, "jitter": 50}),),
    (("limit_data", {"bytes": 900}),),               # closes after so many bytes: what is asked again gets less than all
    (("latency", {"latency": 20, "jitter": 20}), ("slicer", {"average_size": 64, "size_variation": 32, "delay": 200})),
    (("reset_peer", {"timeout": 40}),),
    (("bandwidth", {"rate": 64}),),
    (("limit_data", {"bytes": 3000}),),
    (("timeout", {"timeout": 0}),),                  # nothing comes, and nothing is closed
    (("slow_close", {"delay": 300}),),
    (("latency", {"latency": 30, "jitter": 0}), ("limit_data", {"bytes": 6000})),
)


def program():
    """The server; pips.Unavailable with the reason where it cannot be had."""
    path = os.path.join(FOLDER, "server")
    with pips._alone("tool-toxiproxy"):
        if os.path.exists(path):
            return path
        if not shutil.which("go"):
            raise pips.Unavailable("Go is not here, which builds toxiproxy")
        os.makedirs(FOLDER, exist_ok=True)
        made = proc.run(["go", "install", MODULE], env=dict(os.environ, GOBIN=FOLDER, GOFLAGS="-buildvcs=false"))
        if made.status or not os.path.exists(path):
            raise pips.Unavailable("Go could not build toxiproxy: " + (made.stderr.strip().split("\n") or [""])[-1])
    return path


def _free_port():

    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Proxy:
    """One server and one way to `port`; ends with the block."""

    def __init__(self, port):
        path = program()
        self.api, self.port = "http://127.0.0.1:%d" % _free_port(), _free_port()
        self.root = "http://127.0.0.1:%d" % self.port
        self._process = subprocess.Popen([path, "-host", "127.0.0.1", "-port", self.api.rsplit(":", 1)[1]], stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._names = []
        try:
            self._until_up()
            self._call("POST", "/proxies", {"name": "way", "listen": "127.0.0.1:%d" % self.port, "upstream": "127.0.0.1:%d" % port, "enabled": True})
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._process.kill()
        self._process.wait()

    def _until_up(self):
        for _ in range(200):
            try:
                return self._call("GET", "/version")
            except (urllib.error.URLError, ConnectionError):
                if self._process.poll() is not None:
                    raise pips.Unavailable("toxiproxy ended with %s" % self._process.returncode) from None
                time.sleep(0.05)
        raise pips.Unavailable("toxiproxy does not answer")

    def _call(self, method, path, body=None):
        request = urllib.request.Request(self.api + path, method=method, data=None if body is None else json.dumps(body).encode())
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
            return answer.read()

    def toxics(self, kinds, run):
        """These from now on, in place of those before."""
        for name in self._names:
            self._call("DELETE", "/proxies/way/toxics/" + name)
        self._names = []
        for kind, attributes in kinds:
            name = "%s-%d" % (kind, run)
            self._call("POST", "/proxies/way/toxics", {"name": name, "type": kind, "stream": "downstream", "attributes": attributes})
            self._names.append(name)
