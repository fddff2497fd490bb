# SPDX-License-Identifier: Apache-2.0
"""A package index on the loopback, inside the test's own process (PEP 503, 691, 658, 592, 700).

Quirks are plain attributes, so that a test can change them between two calls of pip; every request is kept in .requests.
"""
import base64
import hashlib
import html
import http.server
import json
import re
import socketserver
import threading
import time
import urllib.parse

from . import wheels

JSON_TYPE = "application/vnd.pypi.simple.v1+json"


class File:
    def __init__(self, filename, data, metadata=None, yanked=None, uploaded="2020-01-01T00:00:00.000000Z", requires_python=None):
        self.filename, self.data, self.metadata = filename, data, metadata
        self.yanked, self.uploaded, self.requires_python = yanked, uploaded, requires_python
        self.project = wheels.normalize(filename.split("-")[0])
        self.asked = 0

    def sha256(self):
        return hashlib.sha256(self.data).hexdigest()


def wheel(name, version, requires=(), extras=(), headers=(), files=None, **options):
    filename, data = wheels.wheel(name, version, requires, extras, headers, files)
    return File(filename, data, wheels.metadata(name, version, requires, extras, headers), **options)


def sdist(name, version, requires=(), legacy=False, needs=(), **options):
    return File(*wheels.sdist(name, version, requires=requires, legacy=legacy, needs=needs), **options)


class Request:
    def __init__(self, method, path, headers, status):
        self.method, self.path, self.headers, self.status = method, path, headers, status
        self.kind = "page" if path.startswith(("/simple/", "/private/")) else "metadata" if path.endswith(".metadata") else "file"


class Index:
    def __init__(self, files, folder="simple"):
        self.folder = folder       # where the pages are
        self.files = {f.filename: f for f in files}
        self.hashes = True         # sha256 in the pages
        self.core_metadata = True  # PEP 658 sidecars
        self.json = True           # PEP 691 for those who ask for it
        self.cache = True          # ETag and Cache-Control
        self.auth = None           # (user, password) asked for on every request
        self.delay = {}            # pattern of a path → seconds before the answer
        self.waiting = 0           # requests that are being delayed just now
        self.fail = {}             # pattern of a path → status instead of the answer
        self.second = {}           # file name → bytes from the second request on
        self.status = {}           # project → (status, reason), PEP 792
        self.attested = set()      # file names with a provenance, PEP 740
        self.pages = {}            # path → bytes, anything else that it shall serve
        self.redirect = {}         # path → address
        self.uploads = True        # upload-time in the pages, PEP 700
        self.requests = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.index = self
        self.port = self._server.server_address[1]
        self.root = "http://127.0.0.1:%d" % self.port
        self.url = "%s/%s/" % (self.root, folder)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def file_url(self, filename, fragment=False):
        return "%s/files/%s%s" % (self.root, filename, "#sha256=" + self.files[filename].sha256() if fragment else "")

    def seen(self, kind=None, pattern=""):
        """The requests of a kind (page, metadata, file) whose path matches."""
        return [r for r in self.requests if kind in (None, r.kind) and re.search(pattern, r.path)]

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    # ---- answers: (status, headers, body) ----

    def answer(self, path, headers):
        for pattern, seconds in self.delay.items():
            if re.search(pattern, path):
                self.waiting += 1
                time.sleep(seconds)
                self.waiting -= 1
        for pattern, status in self.fail.items():
            if re.search(pattern, path):
                return status, {}, b"refused by the test\n"
        if self.auth and headers.get("Authorization") != "Basic " + base64.b64encode(":".join(self.auth).encode()).decode():
            return 401, {"WWW-Authenticate": 'Basic realm="tests"'}, b""
        if path in self.redirect:
            return 302, {"Location": self.redirect[path]}, b""
        if path in self.pages:
            return 200, {"Content-Type": "text/plain"}, self.pages[path]
        if path.startswith("/%s/" % self.folder):
            return self._page(path.split("/")[2], headers)
        if path.startswith("/files/"):
            return self._file(path[len("/files/"):])
        return 404, {}, b""

    def _file(self, name):
        if name.endswith(".metadata"):
            file = self.files.get(name[:-len(".metadata")])
            found = file is not None and file.metadata is not None and self.core_metadata
            return (200, self._cache("public, max-age=31536000"), file.metadata) if found else (404, {}, b"")
        file = self.files.get(name)
        if file is None:
            return 404, {}, b""
        with self._lock:
            file.asked += 1
            again = file.asked > 1
        data = self.second[name] if again and name in self.second else file.data
        return 200, dict(self._cache("public, max-age=31536000"), **{"Content-Type": "application/octet-stream"}), data

    def _cache(self, value):
        return {"Cache-Control": value if self.cache else "no-store"}

    def _page(self, project, headers):
        files = [f for f in self.files.values() if f.project == project]
        if not files:
            return 404, {}, b""
        as_json = self.json and JSON_TYPE in headers.get("Accept", "")
        body = self._json_page(project, files) if as_json else self._html_page(files)
        answer = dict(self._cache("max-age=600"), **{"Content-Type": JSON_TYPE if as_json else "text/html; charset=utf-8"})
        if self.cache:
            answer["ETag"] = '"%s"' % hashlib.sha256(body).hexdigest()
            if headers.get("If-None-Match") == answer["ETag"]:
                return 304, answer, b""
        return 200, answer, body

    def _json_page(self, project, files):
        rows = []
        for f in files:
            row = {"filename": f.filename, "url": "../../files/" + f.filename, "hashes": {}, "size": len(f.data),
                   "upload-time": f.uploaded, "yanked": f.yanked if f.yanked is not None else False,
                   "provenance": self.root + "/provenance" if f.filename in self.attested else None}
            if not self.uploads:
                del row["upload-time"]
            if self.hashes:
                row["hashes"] = {"sha256": f.sha256()}
            if f.requires_python:
                row["requires-python"] = f.requires_python
            if f.metadata is not None and self.core_metadata:
                row["core-metadata"] = {"sha256": hashlib.sha256(f.metadata).hexdigest()}
            rows.append(row)
        versions = sorted({f.filename.split("-")[1].replace(".tar.gz", "") for f in files})
        page = {"meta": {"api-version": "1.4"}, "name": project, "versions": versions, "files": rows}
        if project in self.status:
            page["project-status"] = dict(zip(("status", "reason"), self.status[project]))
        return json.dumps(page).encode()

    def _html_page(self, files):
        rows = []
        for f in files:
            marks = ""
            if f.metadata is not None and self.core_metadata:
                digest = "sha256=" + hashlib.sha256(f.metadata).hexdigest()
                marks += ' data-dist-info-metadata="%s" data-core-metadata="%s"' % (digest, digest)
            if f.yanked is not None:
                marks += ' data-yanked="%s"' % html.escape(f.yanked)
            if f.requires_python:
                marks += ' data-requires-python="%s"' % html.escape(f.requires_python)
            fragment = "#sha256=" + f.sha256() if self.hashes else ""
            rows.append('<a href="../../files/%s%s"%s>%s</a><br>\n' % (f.filename, fragment, marks, f.filename))
        return ("<!DOCTYPE html>\n<html><body>\n%s</body></html>\n" % "".join(rows)).encode()


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def server_bind(self):  # without http.server's look-up of the host's name
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, request, client_address):  # a pip that was killed leaves its connection: no news
        pass


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *args):
        pass

    def do_GET(self):
        index = self.server.index
        path = urllib.parse.unquote(self.path.split("?")[0])
        status, headers, body = index.answer(path, self.headers)
        index.requests.append(Request(self.command, path, dict(self.headers), status))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status != 304:
            self.wfile.write(body)
        self.wfile.flush()

    do_HEAD = do_GET
