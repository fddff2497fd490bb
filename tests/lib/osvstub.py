# SPDX-License-Identifier: Apache-2.0
"""Advisory services on the loopback, over the same records as a database: OSV's API (query, querybatch with paging, vulns), the JSON API
of an index, Ecosyste.ms's advisories. Every request is kept in .requests; faults are attributes, changed between two calls.

Own code: of the services it knows what their documentation says.
"""
import base64
import gzip
import hashlib
import http.server
import json
import re
import socketserver
import ssl
import threading
import urllib.parse

MIB = 1 << 20


class Fault:
    """What happens to requests whose path matches: times of them (None: all), after the first `after` went well.

    kind: status (value: its number, retry_after: seconds), cut (half of the answer), reset (nothing of it), slow (value: seconds before
    it), drip (a byte a tenth second), length (more is promised than comes), loop (redirected to itself), garbage
    (no JSON), huge (value: MiB of JSON), text (value: this body instead).
    """

    def __init__(self, pattern, kind, value=None, times=None, after=0, retry_after=None):
        self.pattern, self.kind, self.value, self.times, self.after, self.retry_after = pattern, kind, value, times, after, retry_after

    def strikes(self, path):
        if not re.search(self.pattern, path):
            return False
        if self.after:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
            return self.times >= 0
        return True


class Stub:
    def __init__(self, records=(), releases=None):
        """releases: (name, version) that the index has; None: every one."""
        self.records = {r["id"]: r for r in records}
        self.releases = releases
        self.faults = []
        self.page = 1000          # advisories of one answer
        self.batches = True       # there is /v1/querybatch
        self.packed = False       # answers go gzipped to who takes them
        self.etags = True
        self.endless = False      # a page says for ever that it goes on
        self.missing = set()      # ids that are named and not had
        self.said = {}            # id → `modified` that a batch says in the place of the record's
        self.dated = {}           # headers that tell a time: Date, Last-Modified
        self.headers = []         # of every request, as .requests
        self.password = None      # "user:password" that every request must bring
        self.requests = []        # (method, path, body)
        self.together = self.most = 0  # requests at one time: now, and at most
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.stub = self
        self.port = self._server.server_address[1]
        self.root = "http://127.0.0.1:%d" % self.port
        self.url = self.osv = self.root + "/v1/query"
        self.index = self.root + "/simple/"
        self.esms = self.root + "/esms"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def secure(self, certificate):
        """HTTPS from now on; a file of the certificate and one of its key."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, certificate + ".key")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.root, self.index = self.root.replace("http:", "https:"), self.index.replace("http:", "https:")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def seen(self, pattern):
        return [r for r in self.requests if re.search(pattern, r[1])]

    def fault(self, path):
        with self.lock:
            return next((f for f in self.faults if f.strikes(path)), None)

    # ---- what applies ----

    def naming(self, name):
        return [r for _, r in sorted(self.records.items()) if any(_is_named(a, name) for a in r.get("affected", ()))]

    def touching(self, name, version):
        return [r for r in self.naming(name) if "withdrawn" not in r and any(_is_named(a, name) and _touches(a, version) for a in r["affected"])]

    # ---- answers: (status, JSON) ----

    def post(self, path, body):
        asked = json.loads(body)
        if path == "/v1/query":
            vulns, more = self._page(asked)
            return 200, dict({"vulns": vulns} if vulns else {}, **more)
        if path == "/v1/querybatch" and self.batches:
            if len(asked["queries"]) > 1000:
                return 400, {"code": 3, "message": "too many queries"}
            results = []
            for query in asked["queries"]:
                vulns, more = self._page(query)
                found = {"vulns": [{"id": v["id"], "modified": self.said.get(v["id"], v["modified"])} for v in vulns]} if vulns else {}
                results.append(dict(found, **more))
            return 200, {"results": results}
        return 404, {"code": 5, "message": "no such method"}

    def _page(self, query):
        name = query["package"]["name"]
        assert query["package"]["ecosystem"] == "PyPI"
        all_of_them = self.touching(name, query["version"]) if "version" in query else self.naming(name)
        start = int(query.get("page_token") or 0)
        end = start + self.page
        return all_of_them[start:end], {"next_page_token": str(end)} if self.endless or end < len(all_of_them) else {}

    def get(self, path, query):
        if path.startswith("/v1/vulns/"):
            ident = urllib.parse.unquote(path[len("/v1/vulns/"):])
            record = None if ident in self.missing else self.records.get(ident)
            return (200, record) if record else (404, {"code": 5, "message": "Bug not found."})
        found = re.fullmatch("/pypi/([^/]+)/([^/]+)/json", path)
        if found:
            return self._release(*map(urllib.parse.unquote, found.groups()))
        if path == "/esms":
            return self._esms(query["package_name"], int(query["page"]), int(query["per_page"]))
        return 404, {"message": "Not Found"}

    def _release(self, name, version):
        if self.releases is not None and (name, version) not in self.releases:
            return 404, {"message": "Not Found"}
        vulnerabilities = [{"aliases": r.get("aliases", []), "details": r.get("details", ""), "summary": r.get("summary"), "id": r["id"],
                            "fixed_in": _fixed(r, name), "link": "https://osv.dev/vulnerability/" + r["id"], "source": "osv",
                            "withdrawn": r.get("withdrawn")}
                           for r in self.naming(name) if any(_is_named(a, name) and _touches(a, version) for a in r["affected"])]
        return 200, {"info": {"name": name, "version": version, "description": "long " * 100}, "urls": [], "vulnerabilities": vulnerabilities}

    def _esms(self, name, page, per_page):
        made = []
        for r in self.naming(name):
            versions = [{"vulnerable_version_range": words, "first_patched_version": fixed}
                        for a in r["affected"] if _is_named(a, name) for words, fixed in _words(a)]
            made.append({"uuid": r["id"], "identifiers": [r["id"]] + r.get("aliases", []), "title": r.get("summary"),
                         "description": r.get("details"), "published_at": r.get("published"), "withdrawn_at": r.get("withdrawn"),
                         "packages": [{"ecosystem": "pypi", "package_name": name, "versions": versions}]})
        return 200, made[(page - 1) * per_page:page * per_page]


# ---- records, as far as the tests' own go ----


def _normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def _is_named(affected, name):
    return affected["package"]["ecosystem"] == "PyPI" and _normal(affected["package"]["name"]) == _normal(name)


def _key(version):
    """An order for the plain versions of tests: epoch, release, a pre-release before its release."""
    epoch, release, pre = re.match(r"(?:(\d+)!)?([\d.]+)((?:a|b|rc)\d+)?", version).groups()
    numbers = [int(n) for n in release.strip(".").split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return int(epoch or 0), numbers, (0, pre) if pre else (1, "")


def _touches(affected, version):
    if version in affected.get("versions", ()):
        return True
    for span in affected.get("ranges", ()):
        inside = False
        if span["type"] == "GIT":
            continue
        for event in sorted(span["events"], key=lambda e: _key(next(iter(e.values())))):
            (kind, at), = event.items()
            if kind == "introduced" and (at == "0" or _key(at) <= _key(version)):
                inside = True
            elif kind == "fixed" and _key(at) <= _key(version):
                inside = False
            elif kind == "last_affected" and _key(at) < _key(version):
                inside = False
        if inside:
            return True
    return False


def _fixed(record, name):
    return [e["fixed"] for a in record["affected"] if _is_named(a, name) for s in a.get("ranges", ()) for e in s["events"] if "fixed" in e]


def _words(affected):
    for version in affected.get("versions", ()):
        yield "= " + version, None
    for span in affected.get("ranges", ()):
        start = next((e["introduced"] for e in span["events"] if "introduced" in e), "0")
        end = next((e["fixed"] for e in span["events"] if "fixed" in e), None)
        yield ", ".join([">= " + start] + (["< " + end] if end else [])), end


# ---- the server ----


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass  # whoever asked has gone


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._answer(b"")

    def do_POST(self):
        self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def _answer(self, body):
        stub = self.server.stub
        with stub.lock:
            stub.requests.append((self.command, self.path, body))
            stub.headers.append(dict(self.headers))
            stub.together += 1
            stub.most = max(stub.most, stub.together)
        try:
            self._judge(stub, body)
        finally:
            with stub.lock:
                stub.together -= 1

    def _judge(self, stub, body):
        if stub.password and self.headers.get("Authorization") != "Basic " + base64.b64encode(stub.password.encode()).decode():
            return self._send(401, b"{}")
        fault = stub.fault(self.path)
        path, _, query = self.path.partition("?")
        if fault and fault.kind in ("slow", "status", "garbage", "huge", "text", "reset", "loop"):
            if self._strike(stub, fault):
                return None
        status, made = stub.post(path, body) if self.command == "POST" else stub.get(path, dict(urllib.parse.parse_qsl(query)))
        data = json.dumps(made).encode()
        if fault and fault.kind in ("cut", "drip", "length"):
            return self._in_part(stub, status, data, fault.kind)
        etag = '"%s"' % hashlib.sha256(data).hexdigest()[:16]
        if status == 200 and stub.etags and self.command == "GET" and self.headers.get("If-None-Match") == etag:
            return self._send(304, b"", {"ETag": etag})
        return self._send(status, data, {"ETag": etag} if stub.etags else {})

    def _strike(self, stub, fault):
        """True: that was the answer."""
        if fault.kind == "slow":
            stub.stopped.wait(fault.value)
            return False
        if fault.kind == "reset":
            self.close_connection = True
        elif fault.kind == "status":
            self._send(fault.value, b'{"message": "out of order"}', {"Retry-After": str(fault.retry_after)} if fault.retry_after else {})
        elif fault.kind == "loop":
            self._send(302, b"", {"Location": self.path})
        elif fault.kind == "garbage":
            self._send(200, b"<html>it works\x1b[31m\xff</html>")
        elif fault.kind == "text":
            self._send(200, fault.value if isinstance(fault.value, bytes) else json.dumps(fault.value).encode())
        else:
            self._send(200, b"[" + b" " * (fault.value * MIB) + b"]")
        return True

    def _send(self, status, data, headers=()):
        headers = dict(headers)
        if self.server.stub.packed and status == 200 and "gzip" in self.headers.get("Accept-Encoding", ""):
            data = gzip.compress(data, 1)
            headers["Content-Encoding"] = "gzip"
        self.send_response_only(status)
        for name, value in dict({"Date": self.date_time_string()}, **self.server.stub.dated, **headers).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if status != 304:
            self.wfile.write(data)
        self.wfile.flush()

    def _in_part(self, stub, status, data, kind):
        self.send_response(status)
        self.send_header("Content-Length", str(len(data) + (1000 if kind == "length" else 0)))
        self.end_headers()
        self.close_connection = True
        if kind != "drip":
            self.wfile.write(data if kind == "length" else data[:len(data) // 2])
            self.wfile.flush()
            return
        for i in range(len(data)):
            self.wfile.write(data[i:i + 1])
            self.wfile.flush()
            if stub.stopped.wait(0.1):
                return
