# SPDX-License-Identifier: Apache-2.0
"""A server of feeds on the loopback: files by path, with ETags, and an OSV dump (all.zip, modified_id.csv, ID.json) made of records.
Every request is kept in .requests; faults are osvstub.Fault's kinds that make sense for files."""
import hashlib
import http.server
import io
import json
import socketserver
import threading
import time
import zipfile


def archive(records):
    """As OSV packs it; the same records give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, body in sorted(files_of(records).items()):
            z.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), body)
    return out.getvalue()


def files_of(records):
    return {i + ".json": r if isinstance(r, bytes) else json.dumps(r).encode() for i, r in records.items()}


def listing(records, times):
    return "".join("%s,%s\n" % (times[i], i) for i in sorted(records, key=lambda i: (times[i], i), reverse=True)).encode()


class FeedServer:
    def __init__(self):
        self.files, self.faults, self.requests = {}, [], []
        self.etags = True
        self.lies = False   # 304 to everybody
        self.delay = 0
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.feeds = self
        self.port = self._server.server_address[1]
        self.root = "http://127.0.0.1:%d/" % self.port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def osv(self, records, times=None, listed=True, folder="PyPI/"):
        """records: by id, each a dict or bytes; times: by id, else its own `modified`."""
        times = times or {i: r["modified"] for i, r in records.items()}
        self.files = {n: b for n, b in self.files.items() if not n.startswith(folder)}
        self.files[folder + "all.zip"] = archive(records)
        self.files.update({folder + name: body for name, body in files_of(records).items()})
        if listed:
            self.files[folder + "modified_id.csv"] = listing(records, times)
        return "osv=%s%sall.zip" % (self.root, folder)

    def seen(self, end):
        return [p for p in self.requests if p.endswith(end)]


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        pass  # a client that was killed


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body in one packet, as servers send them
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        feeds, path = self.server.feeds, self.path.lstrip("/")
        feeds.requests.append(path)
        if feeds.delay:
            time.sleep(feeds.delay)
        body = feeds.files.get(path)
        if body is None:
            return self.answer(404)
        for fault in feeds.faults:
            if fault.strikes(path):
                return self.fault(fault, body)
        etag = '"%s"' % hashlib.sha256(body).hexdigest()[:32]
        if feeds.lies or (feeds.etags and self.headers.get("If-None-Match") == etag):
            return self.answer(304)
        self.answer(200, body, **({"ETag": etag} if feeds.etags else {}))

    def fault(self, fault, body):
        if fault.kind == "status":
            return self.answer(fault.value, **({"Retry_After": str(fault.retry_after)} if fault.retry_after else {}))
        if fault.kind == "garbage":
            return self.answer(200, b"\x00\xff<html>" * 20)
        if fault.kind == "text":
            return self.answer(200, fault.value)
        if fault.kind == "loop":
            return self.answer(302, Location=self.path)
        if fault.kind == "length":  # more is promised than comes
            self.send_response(200)
            self.send_header("Content-Length", str(len(body) + 1000))
            self.end_headers()
            self.wfile.write(body)
        elif fault.kind == "cut":
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:len(body) // 2])
        self.close_connection = True
