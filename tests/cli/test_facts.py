# SPDX-License-Identifier: Apache-2.0
"""What an index says of releases: `pipgate facts`."""
import json
import os
import socket
import threading

from lib import paths
from lib.case import case
from lib.index import Index, wheel

CUT = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.pypi.simple.v1+json\r\nContent-Length: 5000\r\n\r\n{\"files\": ["


def ask(c, index, *words, env=None):
    result = c.run([paths.PIPGATE, "facts", *words, "--json"],
                   env=dict({"PIP_INDEX_URL": index.url, "XDG_CACHE_HOME": c.path("facts-cache")}, **(env or {})))
    c.expect(result, status=0)
    return json.loads(result.out)


def made():
    return Index([wheel("aged", "1.0", uploaded="2020-01-02T03:04:05Z"), wheel("aged", "2.0", uploaded="2021-01-01T00:00:00Z", yanked="broken"),
                  wheel("other", "1.0")])


@case(pips="one")
def facts_of_an_index(c):
    """Upload, yanking, status, attestation; the newest that is not yanked."""
    index = made()
    index.status["aged"] = ("archived", "no more")
    index.attested.add("aged-2.0-py3-none-any.whl")
    try:
        old, new = ask(c, index, "aged==1.0", "aged==2.0")
        c.equal(old["uploaded"], "2020-01-02T03:04:05Z", "uploaded")
        c.equal((old["yanked"], old["attested"], old["status"], old["status_reason"]), ("no", "no", "archived", "no more"), "1.0")
        c.equal((new["yanked"], new["yanked_reason"], new["attested"], new["old_enough"]), ("yes", "broken", "yes", "1.0"), "2.0")
        c.equal(len(index.seen("page")), 1, "one page for both")
        ask(c, index, "aged==1.0")
        c.equal(len(index.seen("page")), 1, "the cache")
    finally:
        index.close()


@case(pips="one")
def facts_of_html(c):
    """A page of PEP 503: what it has no words for is not known."""
    index = made()
    index.json = False
    try:
        new, = ask(c, index, "aged==2.0")
        c.equal((new["yanked"], new["yanked_reason"], new["status"], new["attested"]), ("yes", "broken", None, None), "2.0")
        c.true("uploaded" not in new, "no time")
    finally:
        index.close()


@case(pips="one")
def facts_with_credentials(c):
    """In the address and in netrc; what is asked with a password in the address is not kept."""
    index = made()
    index.auth = ("user", "word")
    with open(c.path("netrc"), "w") as f:
        f.write("machine 127.0.0.1 login user password word\n")
    os.chmod(c.path("netrc"), 0o600)
    try:
        url = index.url.replace("http://", "http://user:word@")
        told, = ask(c, index, "aged==1.0", env={"PIP_INDEX_URL": url})
        c.equal((told["yanked"], told["index"]), ("no", index.url.rstrip("/")), "by the address")
        told, = ask(c, index, "aged==1.0", env={"NETRC": c.path("netrc")})
        c.equal(told["yanked"], "no", "by netrc")
    finally:
        index.close()


@case(pips="one")
def facts_not_told(c):
    """Errors, nonsense, half a page: nothing is known, and a note says so; never a no."""
    index = made()
    try:
        index.fail = {"aged": 500}
        index.pages["/simple/other/"] = b'{"meta": {}, "files": ['
        for told in ask(c, index, "aged==1.0", "other==1.0", "missing==1"):
            c.equal((told["yanked"], told["status"], told["index"]), (None, None, None), told["name"])
            c.true(told["note"], "a note for %s", told["name"])
    finally:
        index.close()


@case(pips="one")
def facts_cut_off(c):
    """A connection that ends before its answer does."""
    def serve():
        while True:
            try:
                with server.accept()[0] as s:
                    s.recv(65536)
                    s.sendall(CUT)
            except OSError:
                return
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        result = c.run([paths.PIPGATE, "facts", "aged==1.0", "--json"],
                       env={"PIP_INDEX_URL": "http://127.0.0.1:%d/" % server.getsockname()[1], "XDG_CACHE_HOME": c.path("facts-cache")})
        server.shutdown(socket.SHUT_RDWR)
    told, = json.loads(c.expect(result, status=0).out)
    c.true(told["index"] is None and told["note"], "nothing is known")


@case(pips="one")
def facts_elsewhere(c):
    """A redirect to another host goes without the credentials, and nowhere from a trusted one."""
    index, other = made(), made()
    index.redirect["/simple/aged/"] = other.url + "aged/"
    env = {"PIP_INDEX_URL": index.url.replace("http://", "http://user:word@")}
    try:
        ask(c, index, "aged==1.0", env=env)
        c.equal(other.requests, [], "trusted: requests")
        ask(c, index, "aged==1.0", env=dict(env, PIP_TRUSTED_HOST=None))
        c.true(other.requests and "Authorization" not in other.requests[0].headers, "as pip goes there")
    finally:
        index.close()
        other.close()


@case(pips="one")
def facts_of_similar_names(c):
    """One edit from a well-known name, and had by no index."""
    index = made()
    try:
        told = ask(c, index, "reqeusts==1.0", "requests==1.0", "unlike-any==1")
        c.equal([t["similar"] for t in told], ["requests", None, None], "similar")
    finally:
        index.close()


@case(pips="one")
def facts_of_extra_index(c):
    """The index that serves it is the one whose page lists it."""
    index, extra = made(), Index([wheel("inner", "1.0")])
    try:
        told = ask(c, index, "inner==1.0", "aged==1.0", env={"PIP_EXTRA_INDEX_URL": extra.url})
        c.equal([t["index"] for t in told], [extra.url.rstrip("/"), index.url.rstrip("/")], "indexes")
    finally:
        index.close()
        extra.close()
