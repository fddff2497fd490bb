#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pipgate-fetch against servers and archives that misbehave: each job ends soon, small, with the right answer.

Environment: PIPGATE_FETCH (the program), PIPGATE_SHARED (the folder with data/bad.tar.xz; its archives are skipped where it
is absent), SEED (repeats the random damage). Servers listen on loopback only. Prints TAP.
"""
import contextlib
import gzip
import hashlib
import http.server
import io
import os
import random
import re
import shutil
import signal
import ssl
import stat
import struct
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import zipfile

FETCH = os.path.abspath(os.environ.get("PIPGATE_FETCH") or os.path.join(os.environ.get("B", "build"), "pipgate-fetch"))
SHARED = os.environ.get("PIPGATE_SHARED", "../shared")
SEED = int(os.environ.get("SEED", "1"))
HANG, RSS_KIB = 60, 64 * 1024  # seconds that only a hang takes
worst = []  # (KiB, seconds) of every run
MIB = 1 << 20
with open(FETCH, "rb") as program:
    SANITIZED = b"__asan_init" in program.read()  # its memory says nothing
TMP = os.path.realpath(tempfile.mkdtemp(prefix="pipgate-fetch-test."))
CLEAN = {k: v for k, v in os.environ.items() if not re.match(r"(?i)(.*_proxy|SSL_CERT_.*|CURL_CA_BUNDLE)$", k)}

# ---- one job ----


class Answer:
    """The frames of one run. Bodies longer than 64 KiB are kept by length and digest alone."""

    def __init__(self):
        self.frames, self.digest, self.bytes = [], hashlib.sha256(), 0

    def read(self, out, until=()):
        """Frames to the end of file, or to one of the tags."""
        while header := out.read(24):
            tag, job, name_n, zero, body_n = struct.unpack("<4sIIIQ", header)
            assert zero == 0 and name_n <= 4096 and body_n <= 16 * MIB, "a malformed frame"
            name, body = out.read(name_n), out.read(body_n)
            assert len(name) == name_n and len(body) == body_n, "a frame cut short"
            if tag == b"ITEM":
                self.digest.update(body)
                self.bytes += body_n
            self.frames.append((tag.decode(), job, name.decode("utf-8", "replace"), body if body_n <= 65536 else None, body_n))
            if tag in until:
                break

    def of(self, tag):
        return [f for f in self.frames if f[0] == tag]

    def items(self):
        return [f[2] for f in self.of("ITEM")]

    def meta(self):
        (frame,) = self.of("META")
        return dict(f.split("=", 1) for f in frame[3].decode().split("\0") if f) | {"place": frame[2]}

    def end(self):
        """"done", or a failure's class; DONE must count what came."""
        tag, _, name, body, _ = self.frames[-1]
        if tag == "FAIL":
            return name
        assert tag == "DONE", "the last frame is " + tag
        items, total = struct.unpack("<QQ", body[:16])
        assert (items, total, body[16:]) == (len(self.of("ITEM")), self.bytes, self.digest.digest()), "DONE counts wrongly"
        return "done"

    def text(self):
        return self.frames[-1][3].decode("utf-8", "replace") if self.frames[-1][0] == "FAIL" else ""


def job_bytes(body=b"", **fields):
    fields = {"job": 1, "verb": "unpack"} | fields
    if body:
        fields["body-bytes"] = len(body)
    return b"".join(k.replace("_", "-").encode() + b"=" + (v if isinstance(v, bytes) else str(v).encode()) + b"\0"
                    for k, v in fields.items()) + b"\0" + body


def peak(pid):
    """KiB of memory at the most. Of a process that lives: what wait4() tells holds the size of its parent at the fork."""
    with open("/proc/%d/status" % pid) as f:
        return int(re.search(r"VmHWM:\s*(\d+)", f.read())[1])


def run_bytes(sent, env=None, status=0, jobs=0):
    """Runs the program in an empty folder that it must leave empty. jobs 1: stdin stays open until the answer is there."""
    cwd = tempfile.mkdtemp(dir=TMP)
    os.mkdir(cwd + "/tmp")
    os.mkdir(cwd + "/cwd")
    answer = Answer()
    started = time.monotonic()
    with subprocess.Popen([FETCH, "--protocol=1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=cwd + "/cwd",
                          env=CLEAN | {"TMPDIR": cwd + "/tmp"} | (env or {})) as p:
        feeder = threading.Thread(target=feed, args=(p.stdin, sent))
        feeder.start()
        if jobs:
            answer.read(p.stdout, (b"DONE", b"FAIL"))
            answer.seconds, answer.rss = time.monotonic() - started, peak(p.pid)
        feeder.join()
        with contextlib.suppress(BrokenPipeError):
            p.stdin.close()
        answer.read(p.stdout)
        p.wait()
    assert p.returncode == status, "ended with %d, not %d" % (p.returncode, status)
    assert not os.listdir(cwd + "/tmp") and not os.listdir(cwd + "/cwd") and len(os.listdir(cwd)) == 2, "a file was left"
    shutil.rmtree(cwd)
    return answer


def feed(pipe, sent):
    with contextlib.suppress(BrokenPipeError):
        pipe.write(sent)
        pipe.flush()


def run(env=None, **fields):
    answer = run_bytes(job_bytes(**fields), env, jobs=1)
    assert answer.seconds < HANG, "took %.1f s" % answer.seconds
    assert SANITIZED or answer.rss < RSS_KIB, "took %d KiB" % answer.rss
    worst.append((answer.rss, answer.seconds))
    return answer


def expect(end, text="", env=None, **fields):
    answer = run(env, **fields)
    assert answer.end() == end, "%s (%s), not %s" % (answer.end(), answer.text(), end)
    assert text in answer.text(), "%r does not hold %r" % (answer.text(), text)
    return answer


# ---- servers ----

OK = b'{"modified":"2024-01-01T00:00:00Z","id":"PYSEC-2024-1"}'
seen = []  # (path, headers) of every request
busy = {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def reply(self, status=200, body=OK, length=None, **headers):
        self.send_response(status)
        for k, v in headers.items():
            self.send_header(k.replace("_", "-"), v)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        seen.append((self.path, dict(self.headers)))
        path = re.sub(r"^https?://[^/]*", "", self.path)
        page = getattr(self, "page_" + re.sub(r"\W", "_", path.strip("/").split("?")[0]), None)
        self.close_connection = True
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            if path.startswith("/file/"):
                with open(os.path.join(TMP, path[6:]), "rb") as f:
                    self.reply(body=f.read())
            elif page:
                page()
            else:
                self.reply(404, b"no such page")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        seen.append((self.path, dict(self.headers)))
        self.close_connection = True
        if self.path == "/echo":
            self.reply(body=b"echo:" + body)
        else:
            self.reply(int(self.path.strip("/")), b"", Location="/echo")

    def page_ok_json(self):
        if self.headers.get("If-None-Match") == '"tag"':
            self.reply(304, b"", ETag='"tag"')
        else:
            self.reply(ETag='"tag"', Last_Modified="Mon, 01 Jan 2024 00:00:00 GMT")

    def page_redirect(self):
        self.reply(302, b"over there", Location="/ok.json")

    def page_elsewhere(self):
        self.reply(302, b"", Location="http://localhost:%d/ok.json" % plain.server_port)

    def page_same(self):
        self.reply(302, b"", Location="http://127.0.0.1:%d/ok.json" % plain.server_port)

    def page_loop(self):
        self.reply(302, b"", Location="/loop")

    def page_to_file(self):
        self.reply(302, b"", Location="file:///etc/passwd")

    def page_nowhere(self):
        self.reply(302, b"")

    def page_down(self):
        self.reply(301, b"", Location="http://127.0.0.1:%d/ok.json" % plain.server_port)

    def page_up(self):
        self.reply(301, b"", Location="https://localhost:%d/ok.json" % tls.server_port)

    def busy(self, times, **headers):
        busy[self.path] = busy.get(self.path, 0) + 1
        if busy[self.path] <= times:
            self.reply(429, b"later", **headers)
        else:
            self.reply()

    def page_busy(self):
        self.busy(1, Retry_After="1")

    def page_busy_twice(self):
        self.busy(2)

    def page_busy_always(self):
        self.busy(99)

    def page_busy_long(self):
        self.busy(1, Retry_After="3600")

    def page_error_page(self):
        self.reply(500, b"<html>" + b"x" * 100000)

    def page_partial(self):
        self.reply(206)

    def page_drip(self):
        self.send_response(200)
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.1)

    def page_silent(self):
        time.sleep(3)

    def page_cut(self):
        self.reply(length=1000)

    def page_cut_once(self):
        busy["cut"] = busy.get("cut", 0) + 1
        self.reply(length=1000 if busy["cut"] == 1 else None)

    def page_wrong_length(self):
        self.reply(length=10)

    def page_bad_length(self):
        self.reply(length="-5x")

    def page_gzip(self):
        self.reply(body=gzip.compress(OK), Content_Encoding="gzip")

    def page_gzip_broken(self):
        self.reply(body=gzip.compress(OK * 100)[:-9] + b"123456789", Content_Encoding="gzip")

    def page_gzip_short(self):
        self.reply(body=gzip.compress(OK * 100)[:-12], Content_Encoding="gzip")

    def page_gzip_twice(self):
        self.reply(body=gzip.compress(gzip.compress(OK)), Content_Encoding="gzip, gzip")

    def page_brotli(self):
        self.reply(Content_Encoding="br")

    def page_gzip_bomb(self):
        self.reply(body=gzip.compress(bytes(64 * MIB), 9), Content_Encoding="gzip")

    def page_big(self):
        self.reply(length=1 << 40)

    def page_endless(self):
        self.send_response(200)
        self.end_headers()
        for _ in range(1000):
            self.wfile.write(bytes(65536))

    def page_headers(self):
        self.send_response(200)
        self.flush_headers()
        for _ in range(10000):
            self.wfile.write(b"X-More: " + b"x" * 1000 + b"\r\n")

    def page_etag_evil(self):
        self.reply(ETag="\"a\tb\x07\"")

    def page_etag_long(self):
        self.reply(ETag='"' + "x" * 5000 + '"')

    def page_not_http(self):
        self.wfile.write(b"\x00\x01\x02 this is not the protocol\r\n\r\n")


def serve(context=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *args: None
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


plain = serve()
tls = None  # started with its certificate
CERTIFICATE = os.path.join(TMP, "certificate.pem")


def url(path, host="127.0.0.1"):
    return "http://%s:%d/%s" % (host, plain.server_port, path)


def tls_start():
    global tls
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", CERTIFICATE + ".key",
                    "-out", CERTIFICATE], check=True, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, CERTIFICATE + ".key")
    tls = serve(context)


# ---- archives ----


def path_of(name, data):
    path = os.path.join(TMP, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def zip_of(entries, compression=zipfile.ZIP_DEFLATED, out=None, comment=b""):
    """entries: (name or ZipInfo, bytes)."""
    out = out or io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as z:
        for name, data in entries:
            z.writestr(name, data)
        z.comment = comment
    return out.getvalue()


class Stream(io.BytesIO):
    """What cannot seek gets data descriptors behind its entries."""

    def seekable(self):
        return False

    def seek(self, *args):
        raise io.UnsupportedOperation


def tar_of(entries, **how):
    """entries: (TarInfo or name, bytes)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=6, **how) as t:
        for info, data in entries:
            if isinstance(info, str):
                info = tarfile.TarInfo(info)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def tar_special(kind, name="a", link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return tar_of([(info, b"")])


def replaced(data, old, new, which):
    """The which-th place of old (0 the first, -1 the last) becomes new."""
    at = [m.start() for m in re.finditer(re.escape(old), data)][which]
    return data[:at] + new + data[at + len(old):]


TWO = zip_of([("a.json", OK), ("b.json", OK)])
END = TWO.rindex(b"PK\5\6")


def zip_symlink():
    info = zipfile.ZipInfo("a.json")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return zip_of([(info, b"/etc/passwd")])


def zip_one_local():
    """Both names of the directory lead to one local header."""
    second = TWO.rindex(b"PK\1\2")
    return TWO[:second + 42] + bytes(4) + TWO[second + 46:]


def zip_flag(bit):
    data = bytearray(TWO)
    data[data.index(b"PK\1\2") + 8] |= bit
    return bytes(data)


def end_with(**fields):
    """TWO with other values in its end: count, size, offset."""
    data = bytearray(TWO)
    for name, value in fields.items():
        at, form = {"disk": (4, "<H"), "here": (8, "<H"), "count": (10, "<H"), "size": (12, "<I"), "offset": (16, "<I")}[name]
        struct.pack_into(form, data, END + at, value)
    return bytes(data)


def zip_claims(size):
    """Both headers say another size for the first entry."""
    data = bytearray(zip_of([("a.json", OK)], zipfile.ZIP_STORED))
    struct.pack_into("<I", data, 22, size)
    struct.pack_into("<I", data, data.index(b"PK\1\2") + 24, size)
    return bytes(data)


def zip_overlap():
    """Each of 200 entries says that it holds all that follows."""
    data = bytearray(zip_of([("%d.json" % i, os.urandom(500)) for i in range(200)], zipfile.ZIP_STORED))
    for m in re.finditer(b"PK\1\2", bytes(data)):
        struct.pack_into("<II", data, m.start() + 20, 50000, 50000)
    return bytes(data)


def bad_archives():
    """name, bytes, the class that is expected."""
    good_gz = gzip.compress(OK * 50)
    yield "zip-traversal", zip_of([("../a.json", OK)]), "archive"
    yield "zip-absolute", zip_of([("/tmp/a.json", OK)]), "archive"
    yield "zip-drive", zip_of([("C:a.json", OK)]), "archive"
    yield "zip-backslash", TWO.replace(b"a.json", b"a\\json"), "archive"
    yield "zip-control", TWO.replace(b"a.json", b"a\x1b[2Jn"), "archive"
    yield "zip-nul", TWO.replace(b"a.json", b"a\0json"), "archive"
    yield "zip-not-utf8", TWO.replace(b"a.json", b"a\xffjson"), "archive"
    yield "zip-symlink", zip_symlink(), "archive"
    yield "zip-duplicate", TWO.replace(b"b.json", b"a.json"), "archive"
    yield "zip-one-local-header", zip_one_local(), "archive"
    yield "zip-local-name-differs", replaced(TWO, b"b.json", b"c.json", 0), "archive"
    yield "zip-local-name-repeated", replaced(TWO, b"b.json", b"a.json", 0), "archive"
    yield "zip-encrypted", zip_flag(1), "archive"
    yield "zip-bad-crc", TWO.replace(struct.pack("<I", zipfile.crc32(OK)), b"\1\2\3\4"), "archive"
    yield "zip-bad-data", replaced(zip_of([("a.json", OK)], zipfile.ZIP_STORED), b"PYSEC", b"XYSEC", 0), "archive"
    yield "zip-truncated", TWO[:-30], "archive"
    yield "zip-only-start", TWO[:50], "archive"
    yield "zip-count-less", end_with(here=1, count=1), "archive"
    yield "zip-count-more", end_with(here=3, count=3), "archive"
    yield "zip-two-disks", end_with(disk=1), "archive"
    yield "zip-size-wrong", end_with(size=20), "archive"
    yield "zip-offset-wrong", end_with(offset=2 ** 32 - 2), "archive"
    yield "zip-prefixed", b"#!/bin/sh\n" + TWO, "archive"
    yield "zip-suffixed", TWO + b"more", "archive"
    yield "zip-end-in-comment", zip_of([("a.json", OK)], comment=b"x" + TWO[END:]), "archive"
    yield "zip-concatenated", TWO + TWO, "archive"
    yield "zip-bzip2", zip_of([("a.json", OK)], zipfile.ZIP_BZIP2), "archive"
    yield "zip-overlapping", zip_overlap(), "archive"
    yield "zip-claims-2-gib", zip_claims(0x7fffffff), "archive"
    yield "zip-claims-little", zip_claims(3), "archive"
    yield "zip-bomb-entry", zip_of([("a.json", bytes(17 * MIB))]), "limit"
    yield "zip-bomb-many", zip_of([("%d.json" % i, bytes(MIB)) for i in range(20)]), "limit"
    yield "zip-large-entry", zip_of([("a.json", bytes(17 * MIB))], zipfile.ZIP_STORED), "limit"
    yield "tar-traversal", tar_of([("a/../../b", OK)]), "archive"
    yield "tar-absolute", tar_of([("/tmp/b", OK)]), "archive"
    yield "tar-control", tar_of([("a\n.json", OK)]), "archive"
    yield "tar-not-utf8", tar_of([("a\udcff.json", OK)], errors="surrogateescape", format=tarfile.GNU_FORMAT), "archive"
    yield "tar-symlink", tar_special(tarfile.SYMTYPE, link="/etc/passwd"), "archive"
    yield "tar-hardlink", tar_special(tarfile.LNKTYPE, link="/etc/passwd"), "archive"
    yield "tar-device", tar_special(tarfile.CHRTYPE), "archive"
    yield "tar-block-device", tar_special(tarfile.BLKTYPE), "archive"
    yield "tar-fifo", tar_special(tarfile.FIFOTYPE), "archive"
    yield "tar-duplicate", tar_of([("a", OK), ("b", OK), ("a", OK)]), "archive"
    yield "tar-duplicate-dot", tar_of([("a", OK), ("./a", OK)]), "archive"
    yield "tar-bad-header", gzip.compress(replaced(gzip.decompress(tar_of([("a", OK), ("b", OK)])), b"b\0\0", b"c\0\0", 0)), "archive"
    yield "tar-truncated", tar_of([("a", os.urandom(5000))])[:-2000], "archive"
    yield "tar-cut-inside", gzip.compress(gzip.decompress(tar_of([("a", bytes(5000))]))[:2000]), "archive"
    yield "tar-bomb", tar_of([("a", bytes(15 * MIB)), ("b", bytes(15 * MIB))]), "limit"
    yield "tar-large-entry", tar_of([("a", random.Random(1).randbytes(64) * (17 * MIB // 64))]), "limit"
    yield "tar.gz-crc", good_gz[:-8] + b"\1\2\3\4" + good_gz[-4:], "archive"
    yield "gz-length", good_gz[:-4] + b"\1\2\3\4", "archive"
    yield "gz-truncated", good_gz[:-9], "archive"
    yield "gz-two-members", good_gz + good_gz, "archive"
    yield "gz-suffixed", good_gz + b"more", "archive"
    yield "gz-bomb", gzip.compress(bytes(64 * MIB)), "limit"
    yield "gz-header-only", b"\x1f\x8b\x08", "archive"
    yield "plain-tar", gzip.decompress(tar_of([("a", OK)])), "archive"
    yield "html", b"<html>sign in to the network</html>", "archive"
    yield "nothing", b"", "archive"
    yield "zip-end-alone-cut", b"PK\5\6" + bytes(10), "archive"
    yield "zip-endless-directory", b"PK\1\2" * 50000 + b"PK\5\6" + bytes(18), "archive"
    yield "only-end-signatures", b"PK\5\6" * 4096, "archive"


# ---- the tests ----

TESTS = []


def test(title):
    def add(function):
        TESTS.append((title, function))
        return function
    return add


class Skip(Exception):
    pass


@test("a page: one item, its META, no file left")
def _():
    a = expect("done", verb="get", place=url("ok.json?x=1"))
    assert a.items() == ["ok.json"] and a.of("ITEM")[0][3] == OK
    meta = a.meta()
    assert abs(int(meta.pop("answered")) - time.time()) < 60, a.meta()
    assert meta == {"place": url("ok.json"), "etag": '"tag"', "date": "1704067200", "length": str(len(OK))}, meta
    assert seen[-1][1]["User-Agent"].startswith("pipgate/")


@test("a page that has not changed")
def _():
    assert not expect("unchanged", verb="get", place=url("ok.json"), etag='"tag"').of("ITEM")
    expect("unchanged", verb="unpack", place=url("ok.json"), etag='"tag"')
    expect("done", verb="get", place=url("ok.json"), etag='"other"')
    expect("job", verb="get", place=url("ok.json"), etag='"a"\r\nX-Evil: 1')


@test("redirects: followed, counted, never to another kind of address")
def _():
    assert expect("done", verb="get", place=url("redirect")).meta()["place"] == url("ok.json")
    expect("http", "more than 5 redirects", verb="get", place=url("loop"))
    expect("http", "another scheme", verb="get", place=url("to-file"))
    expect("http", "without saying where", verb="get", place=url("nowhere"))


@test("a password goes to its own server only, and never into META")
def _():
    secret = url("same").replace("//", "//user:secret@")
    a = expect("done", verb="get", place=secret)
    assert "Authorization" in seen[-1][1] and "Authorization" in seen[-2][1]
    assert "secret" not in a.meta()["place"] and "user" not in a.meta()["place"]
    expect("done", verb="get", place=secret.replace("/same", "/redirect"))
    assert "Authorization" in seen[-1][1]
    expect("done", verb="get", place=secret.replace("/same", "/elsewhere"))
    assert "Authorization" not in seen[-1][1] and "Authorization" in seen[-2][1]


@test("errors of a server")
def _():
    expect("http", "answered 404", verb="get", place=url("no-such"))
    expect("http", "answered 404", verb="unpack", place=url("no-such.zip"))
    expect("http", "answered 500", verb="get", place=url("error_page"))
    expect("http", "answered 206", verb="get", place=url("partial"))
    expect("http", verb="get", place=url("not_http"))


@test("a server that asks for patience")
def _():
    a = expect("done", verb="get", place=url("busy"))
    assert a.seconds >= 1 and any(b"again in 1.0 s" in f[3] for f in a.of("NOTE"))
    expect("done", verb="get", place=url("busy_twice"))
    expect("http", "answered 429", verb="get", place=url("busy_always"))
    expect("http", "3600 s", verb="get", place=url("busy_long"))


@test("the deadline ends what is slow")
def _():
    for page in ("drip", "silent"):
        a = expect("limit", "600 ms", verb="get", place=url(page), deadline_ms=600)
        assert a.seconds >= 0.6


@test("bodies that are cut, or not what their length says")
def _():
    expect("network", verb="get", place=url("cut"))
    expect("network", verb="unpack", place=url("cut"))
    assert expect("done", verb="get", place=url("cut_once")).of("ITEM")[0][3] == OK
    assert expect("done", verb="get", place=url("wrong-length")).of("ITEM")[0][3] == OK[:10]
    assert run(verb="get", place=url("bad-length")).end() in ("http", "network", "done")


@test("gzip on the way: unpacked for get, left alone for unpack, bounded")
def _():
    assert expect("done", verb="get", place=url("gzip")).of("ITEM")[0][3] == OK
    assert expect("done", verb="unpack", place=url("gzip")).of("ITEM")[0][3] == OK
    assert seen[-2][1]["Accept-Encoding"] == "gzip" and "Accept-Encoding" not in seen[-1][1]
    for page, end in (("gzip-broken", "archive"), ("gzip-short", "archive"), ("gzip-twice", "http"), ("brotli", "http")):
        expect(end, verb="get", place=url(page))
    expect("limit", verb="get", place=url("gzip-bomb"), max_bytes=MIB)


@test("more bytes than allowed, said or not")
def _():
    expect("limit", verb="get", place=url("big"), max_bytes=MIB)
    expect("limit", verb="get", place=url("endless"), max_bytes=MIB)
    expect("limit", verb="unpack", place=url("endless"), max_bytes=MIB)
    expect("limit", "headers", verb="get", place=url("headers"))
    expect("limit", verb="get", place=path_of("big", bytes(2 * MIB)), max_bytes=MIB)


@test("etags that could harm are dropped")
def _():
    for page in ("etag_evil", "etag_long"):
        assert expect("done", verb="get", place=url(page)).meta()["etag"] == ""


@test("a query: its body is sent, its answer comes as an item; a POST is not redirected into a GET")
def _():
    body = b'{"package":{"name":"x"}}' * 10000
    a = expect("done", verb="query", place=url("echo"), body=body)
    assert a.bytes == len(body) + 5 and seen[-1][1]["Content-Type"] == "application/json"
    expect("done", verb="query", place=url("307"), body=body)
    expect("http", verb="query", place=url("302"), body=body)
    expect("job", verb="query", place=path_of("x.json", OK), body=b"x")


@test("a proxy from the environment")
def _():
    env = {"http_proxy": "http://127.0.0.1:%d" % plain.server_port}
    expect("done", verb="get", place="http://feed.invalid/ok.json", env=env)
    assert seen[-1][0] == "http://feed.invalid/ok.json"


@test("nobody listens; schemes that are not spoken")
def _():
    expect("network", verb="get", place="http://127.0.0.1:1/x")
    for place in ("ftp://127.0.0.1/x", "file:///etc/passwd", "gopher://127.0.0.1/x", "HTTP+unix://x/y"):
        expect("job", verb="get", place=place)
    expect("job", verb="get", place="http://")


@test("TLS: an unknown certificate is refused, one from the environment is taken, downgrades are refused")
def _():
    if not shutil.which("openssl"):
        raise Skip("no openssl")
    tls_start()
    place = "https://localhost:%d/" % tls.server_port
    expect("tls", verb="get", place=place + "ok.json")
    expect("tls", verb="unpack", place=place + "ok.json")
    for name in ("SSL_CERT_FILE", "CURL_CA_BUNDLE"):
        expect("done", verb="get", place=place + "ok.json", env={name: CERTIFICATE})
    expect("tls", verb="get", place=place.replace("localhost", "127.0.0.1") + "ok.json", env={"SSL_CERT_FILE": CERTIFICATE})
    expect("tls", verb="get", place=place + "ok.json", env={"SSL_CERT_FILE": "/dev/null"})
    expect("http", "from https", verb="get", place=place + "down", env={"SSL_CERT_FILE": CERTIFICATE})
    expect("done", verb="get", place=url("up"), env={"SSL_CERT_FILE": CERTIFICATE})
    expect("tls", verb="get", place=url("up"))


@test("places that are paths: a file, a link to one; not a folder, a pipe, a device, nothing")
def _():
    path = path_of("file.json", OK)
    os.symlink(path, path + ".link")
    os.mkfifo(os.path.join(TMP, "fifo"))
    assert expect("done", verb="get", place=path).items() == ["file.json"]
    assert expect("done", verb="get", place=path + ".link").of("ITEM")[0][3] == OK
    assert expect("done", verb="get", place=path_of("empty", b"")).of("ITEM")[0][4] == 0
    for place in (TMP, os.path.join(TMP, "fifo"), "/dev/zero", path + ".missing", "-"):
        for verb in ("get", "unpack"):
            expect("file", verb=verb, place=place)


@test("bytes beyond 16 MiB come as several items in order")
def _():
    path = path_of("large", random.Random(SEED).randbytes(1 << 16) * 528)
    with open(path, "rb") as f:
        digest = hashlib.file_digest(f, "sha256") if hasattr(hashlib, "file_digest") else hashlib.sha256(f.read())
    for place in (path, url("file/large")):
        a = expect("done", verb="get", place=place)
        assert [f[4] for f in a.of("ITEM")] == [16 * MIB, 16 * MIB, MIB] and set(a.items()) == {"large"}
        assert a.digest.digest() == digest.digest()
    with open(path, "rb") as f:
        path_of("large.gz", gzip.compress(f.read(), 1))
    a = expect("done", place=os.path.join(TMP, "large.gz"))
    assert [f[4] for f in a.of("ITEM")] == [16 * MIB, 16 * MIB, MIB] and a.digest.digest() == digest.digest()


@test("good archives of every kind")
def _():
    entries = [("d/", b""), ("d/a.json", OK), ("ü/b.json", b""), ("c.txt", OK)]
    names = ["d/a.json", "ü/b.json", "c.txt"]
    kinds = {"good.zip": zip_of(entries), "stored": zip_of(entries, zipfile.ZIP_STORED), "stream.zip": zip_of(entries, out=Stream()),
             "comment.zip": zip_of(entries, comment=b"hello"),
             "good.tar.gz": tar_of(entries[1:]), "gnu.tgz": tar_of(entries[1:], format=tarfile.GNU_FORMAT)}
    for name, data in kinds.items():
        path_of(name, data)
        for place in (os.path.join(TMP, name), url("file/" + name)):
            a = expect("done", place=place)
            assert a.items() == names and a.of("ITEM")[0][3] == OK, (name, a.items())
    assert expect("done", place=path_of("one.csv.gz", gzip.compress(OK))).items() == ["one.csv"]
    expect("archive", place=path_of("one.tar.gz", gzip.compress(OK)))
    assert not expect("done", place=path_of("empty.zip", zip_of([]))).items()
    assert not expect("done", place=path_of("empty.tar.gz", tar_of([]))).items()


@test("zip64: more entries than 65,535, and in bounded time")
def _():
    path = os.path.join(TMP, "many.zip")
    with zipfile.ZipFile(path, "w") as z:
        for i in range(66000):
            z.writestr(zipfile.ZipInfo("%x" % i), b"")
    a = run(place=path)
    assert a.end() == "done" and len(a.items()) == 66000
    expect("limit", "65999", place=path, max_entries=65999)


@test("the part of an archive that was asked for")
def _():
    entries = [("repo-1/vulns/x/a.yaml", OK), ("repo-1/vulns/x/b.txt", OK), ("repo-1/README", OK), ("repo-1/vulns", OK), ("n.zip", TWO)]
    for name, data in (("part.zip", zip_of(entries)), ("part.tar.gz", tar_of(entries))):
        place = path_of(name, data)
        a = expect("done", place=place, prefix="*/vulns/", suffix=".yaml")
        assert a.items() == ["repo-1/vulns/x/a.yaml"] and [f[2] for f in a.of("SKIP")] == ["repo-1/vulns/x/b.txt"]
        assert expect("done", place=place, prefix="repo-").items() == [e[0] for e in entries[:4]]
        assert expect("done", place=place, prefix="*/vulns/*/a").items() == [entries[0][0]]
        assert not expect("done", place=place, prefix="*/").of("SKIP")
        assert len(expect("done", place=place, suffix=".json").of("SKIP")) == 5
        expect("limit", place=place, suffix=".json", max_entries=4)
        assert expect("done", place=place, prefix="n").of("ITEM")[0][3] == TWO


@test("limits of the job: bytes, entries, ratio, deadline")
def _():
    place = path_of("two.zip", TWO)
    expect("done", place=place, max_bytes=1000, max_entries=2)
    expect("limit", place=place, max_entries=1)
    expect("limit", place=path_of("four.zip", zip_of([(str(i), os.urandom(1000)) for i in range(4)])), max_bytes=4200)
    flat = path_of("flat.zip", zip_of([("a", random.Random(SEED).randbytes(4096) * 1024)]))
    expect("done", place=flat, max_ratio=10000)
    expect("limit", place=flat, max_ratio=10)
    expect("limit", "within", place=os.path.join(TMP, "many.zip"), deadline_ms=1)


@test("a bad name condemns the container even where it was not asked for")
def _():
    for name, data in (("hidden.zip", zip_of([("a.json", OK), ("../b.txt", OK)])), ("hidden.tar.gz", tar_of([("a.json", OK), ("../b", OK)]))):
        expect("archive", place=path_of(name, data), suffix=".json")


for bad_name, bad_data, bad_class in bad_archives():
    TESTS.append(("refused: " + bad_name, lambda n=bad_name, d=bad_data, c=bad_class: expect(c, place=path_of(n, d), max_bytes=64 * MIB)))


@test("damaged archives end with an answer, whatever is damaged")
def _():
    rng = random.Random(SEED)
    for base in (TWO, tar_of([("a.json", OK), ("b/c.json", OK * 20)])):
        for _ in range(50):
            data = bytearray(base)
            for _ in range(rng.choice((1, 1, 2, 8))):
                data[rng.randrange(len(data))] = rng.randrange(256)
            a = run(place=path_of("damaged", bytes(data[:rng.choice((len(data), len(data), rng.randrange(len(data)))) or 1])))
            assert a.end() in ("done", "archive", "limit"), a.end()


@test("malformed jobs are told and end the program")
def _():
    good = job_bytes(place="/x")
    for sent in (b"\0", good[:-1], b"job=1\0verb=get\0\0", b"verb=get\0place=x\0\0", b"job=1\0verb=steal\0place=x\0\0", b"job=0" + good[5:],
                 b"job=99999999999" + good[5:], job_bytes(place="/x", max_bytes=-1), job_bytes(place="/x", max_bytes=0),
                 job_bytes(place="/x", max_bytes="1 "), job_bytes(place="/x", new_limit=1), b"place=/y\0" + good, b"job=1\0" + good,
                 b"noise\0\0", b"x" * 100000, job_bytes(place="/x" * 3000), job_bytes(place="/x", body_bytes=5),
                 job_bytes(place="/x", body_bytes=2 ** 40), good[:-1] + b"deadline-ms=0\0\0"):
        a = run_bytes(sent, status=42)
        assert a.end() == "job", sent[:60]
    assert [f[0] for f in run_bytes(b"").frames] == ["HELO"]


@test("several jobs, one after the other")
def _():
    a = run_bytes(job_bytes(job=7, place=path_of("two.zip", TWO)) + job_bytes(job=8, verb="get", place="/nowhere") +
                  job_bytes(job=9, verb="query", place=url("echo"), body=b"q") + job_bytes(job=10, verb="get", place=path_of("two.zip", TWO)))
    assert [(f[0], f[1]) for f in a.frames if f[0] in ("DONE", "FAIL")] == [("DONE", 7), ("FAIL", 8), ("DONE", 9), ("DONE", 10)]


@test("keygen, sign, verify: of a body and of a file; what their fields must not be")
def _():
    def items(**fields):
        answer = run_bytes(job_bytes(**fields))
        assert answer.end() == "done", (fields["verb"], answer.text())
        return {f[2]: f[3] for f in answer.frames if f[0] == "ITEM"}

    keys = {name: text.decode() for name, text in items(verb="keygen").items()}
    assert set(keys) == {"secret-key", "public-key"} and items(verb="keygen")["secret-key"] != keys["secret-key"].encode()
    signing = {"verb": "sign", "secret-key": keys["secret-key"], "comment": "words"}
    for what in ({"body": b"bytes"}, {"body": b""}, {"place": path_of("signed", b"bytes")}):
        signature = items(**signing, **what)["signature"].decode()
        judged = {"verb": "verify", "signature": signature, "public-key": keys["public-key"]}
        assert items(**judged, **what)["trusted-comment"] == b"words"
        assert run_bytes(job_bytes(**judged, body=b"others")).end() == "signature"
    for what in ({"place": "/nowhere"}, {"place": "/dev/null"}, {"place": TMP}):
        assert run_bytes(job_bytes(**signing, **what)).end() == "file", what
    for what in ({"place": path_of("signed", b"bytes"), "body": b"bytes"}, {"comment": "x" * 8193}, {"secret-key": "x" * 1025}, {"together": 1}):
        assert run_bytes(job_bytes(**(signing | what)), status=42).end() == "job", what
    assert run_bytes(job_bytes(**signing, place=path_of("signed", b"bytes"), max_bytes=4)).end() == "limit"
    assert run_bytes(job_bytes(verb="verify")).end() == "signature" and run_bytes(job_bytes(verb="sign")).end() == "signature"


PATIENCE_MS = 6000 * (3 if SANITIZED else 1)  # a job's, on a busy machine


def together(*places, status=0, **fields):
    """The ends of jobs that run together, by number; the frames of each stand together."""
    sent = b"".join(job_bytes(**({"job": i, "verb": "get", "place": place, "max_bytes": 2 * MIB, "deadline_ms": PATIENCE_MS, "together": 1} | fields))
                    for i, place in enumerate(places, 1))
    frames = [f for f in run_bytes(sent, status=status).frames if f[0] != "HELO"]
    order = [f[1] for f in frames]
    assert [n for i, n in enumerate(order) if not i or n != order[i - 1]] == list(dict.fromkeys(order)), "the frames of jobs are mixed"
    assert not any(f[0] == "NOTE" for f in frames)
    return {f[1]: (f[2] or "done", (f[3] or b"").decode("utf-8", "replace") if f[0] == "FAIL" else "") for f in frames if f[0] in ("DONE", "FAIL")}


@test("jobs that run together: each has its own end, whatever the others come to")
def _():
    pages = ["ok.json", "redirect", "nowhere", "gzip", "gzip_broken", "partial", "cut_once", "loop", "busy_always", "headers", "drip", "silent",
             "big", "elsewhere", "down", "cut", "brotli", "same"]
    busy.clear()
    alone = {page: (lambda a: (a.end(), a.text()))(run_bytes(job_bytes(verb="get", place=url(page), max_bytes=2 * MIB, deadline_ms=PATIENCE_MS)))
             for page in pages}
    busy.clear()
    ends = together(*[url(page) for page in pages])
    assert len(ends) == len(pages)
    for i, page in enumerate(pages, 1):
        assert ends[i][0] == alone[page][0], (page, ends[i], alone[page])
    assert {alone[p][0] for p in pages} >= {"done", "http", "network", "limit"}, alone


@test("jobs that run together run beside each other, a dozen at most, and all of two thousand are answered")
def _():
    started = time.monotonic()
    ends = together(*[url("silent")] * 12, deadline_ms=6000)  # three tries of a silent page take longer
    assert {e[0] for e in ends.values()} == {"limit"} and len(ends) == 12
    assert time.monotonic() - started < PATIENCE_MS / 1000 * 6, "they waited for each other"
    ends = together(*[url("ok.json")] * 2000, deadline_ms=20000)
    assert len(ends) == 2000 and {e[0] for e in ends.values()} == {"done"}
    assert together(*[url("echo")] * 3, verb="query").keys() == {1, 2, 3}
    assert {e[0] for e in together("http://127.0.0.1:1/", "http://nowhere.invalid/", "http://").values()} <= {"network", "job"}


@test("jobs that may not run together end the program")
def _():
    for fields in ({"verb": "unpack"}, {"place": "/x"}, {"max_bytes": 17 * MIB}, {"together": 2}):
        sent = job_bytes(**({"job": 1, "verb": "get", "place": url("ok.json"), "max_bytes": 1000, "together": 1} | fields))
        assert run_bytes(sent, status=42).end() == "job", fields
    first = job_bytes(job=1, verb="get", place=url("ok.json"), max_bytes=1000, together=1)
    for second in (job_bytes(job=2, verb="get", place=url("ok.json"), max_bytes=1000), b"job=2\0verb=get\0\0", b"noise"):
        assert any(f[0] == "FAIL" and f[2] == "job" for f in run_bytes(first + second, status=42).frames), second


@test("another version, or none, is refused")
def _():
    for args in ([], ["--protocol=2"], ["--protocol=1", "x"], ["http://127.0.0.1/"]):
        p = subprocess.run([FETCH, *args], stdin=subprocess.DEVNULL, capture_output=True, env=CLEAN)
        assert p.returncode == 42 and not p.stdout and b"pipgate-fetch: " in p.stderr


@test("it ends with its reader, and dies with its parent")
def _():
    with subprocess.Popen([FETCH, "--protocol=1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=CLEAN) as p:
        p.stdout.read(1)
        p.stdout.close()
        p.stdin.write(job_bytes(place=path_of("two.zip", TWO)))
        p.stdin.close()
        assert p.wait(5) == -signal.SIGPIPE, p.returncode
    code = "import subprocess,sys;p=subprocess.Popen([sys.argv[1],'--protocol=1'],stdin=0);print(p.pid,file=sys.stderr,flush=True);p.wait()"
    with subprocess.Popen([sys.executable, "-c", code, FETCH], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=CLEAN) as parent:
        pid = int(parent.stderr.readline())
        parent.stdin.write(job_bytes(verb="get", place=url("silent")))
        parent.stdin.flush()
        assert parent.stdout.read(4) == b"HELO"  # it is bound to its parent before it says so
        assert os.path.exists("/proc/%d" % pid)
        parent.kill()
        parent.wait()
        until = time.monotonic() + HANG
        while os.path.exists("/proc/%d" % pid) and time.monotonic() < until and state(pid) != "Z":
            time.sleep(0.01)
        assert state(pid) in ("Z", ""), "it outlives its parent"


def state(pid):
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0]
    except OSError:
        return ""


@test("it is confined: no new privileges, no core, no dump, bounded descriptors")
def _():
    with subprocess.Popen([FETCH, "--protocol=1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=CLEAN) as p:
        p.stdout.read(1)
        with open("/proc/%d/status" % p.pid) as f:
            assert re.search(r"NoNewPrivs:\s1", f.read())
        limits = subprocess.run(["prlimit", "--noheadings", "-o", "RESOURCE,HARD", "--pid", str(p.pid)], capture_output=True, text=True)
        p.stdin.close()
        p.wait()
    found = dict(line.split() for line in limits.stdout.splitlines() if len(line.split()) == 2)
    if limits.returncode == 0:
        assert found["CORE"] == "0" and int(found["NOFILE"]) <= 64 and found["FSIZE"] != "unlimited"
        assert SANITIZED or found["AS"] != "unlimited"


# what each file of the shared bad set must come to, where it is not "archive"
SHARED_BAD = {"zip/bomb_10MB.zip": "limit", "zip/nested.zip": "done", "zip/many_entries.zip": "done", "zip/wrong_id.zip": "done",
              "zip/empty.zip": "done"}


@test("every archive of the shared bad set")
def _():
    packed = os.path.join(SHARED, "data", "bad.tar.xz")
    if not os.path.exists(packed):
        raise Skip("no " + packed)
    count = 0
    with tarfile.open(packed) as t:
        for member in t:
            kind = re.search(r"(?:^|/)((?:zip|tar)/[^/]+)$", member.name)
            if member.isreg() and kind:
                count += 1
                a = expect(SHARED_BAD.get(kind[1], "archive"), place=path_of(os.path.basename(kind[1]), t.extractfile(member).read()))
                assert kind[1] != "zip/nested.zip" or a.of("ITEM")[0][3][:2] == b"PK"
                assert kind[1] != "zip/empty.zip" or not a.items()
    assert count >= 24, "only %d archives" % count


@test("thousands of advisories in 32 MiB")
def _():
    for name in ("advisories/all.zip", "enrich/mal-pypi-all.zip"):
        path = os.path.join(SHARED, "data", name)
        if not os.path.exists(path):
            raise Skip("no " + path)
        if SANITIZED:
            raise Skip("built with sanitizers")
        with open(path, "rb") as f, zipfile.ZipFile(f) as z:
            count = len(z.namelist())
        a = run(place=path)
        assert a.end() == "done" and len(a.items()) == count
        print("# %s: %d entries, %d KiB" % (name, count, a.rss))
        assert a.rss <= 32 * 1024, "%d KiB" % a.rss


def main():
    os.umask(0o077)
    print("1..%d" % len(TESTS))
    failed = 0
    for i, (title, function) in enumerate(TESTS, 1):
        try:
            function()
            print("ok %d - %s" % (i, title), flush=True)
        except Skip as e:
            print("ok %d - %s # SKIP %s" % (i, title, e), flush=True)
        except Exception as e:  # a fault of one test is that test's failure
            failed += 1
            line = e.__traceback__
            lines = []
            while line:
                lines.append(str(line.tb_lineno))
                line = line.tb_next
            print("not ok %d - %s\n# %s: %s (lines %s)" % (i, title, type(e).__name__, str(e).replace("\n", "\n# "), ", ".join(lines)), flush=True)
    shutil.rmtree(TMP)
    print("# %d runs, at most %d KiB and %.2f s" % (len(worst), max(worst)[0], max(w[1] for w in worst)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
