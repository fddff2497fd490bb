# SPDX-License-Identifier: Apache-2.0
"""What the index says, as a policy wants it, decides about an install."""
import json
import os
import time

from lib import osvdb, servers
from lib.case import case
from lib.index import Index, sdist, wheel


def ago(hours):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - hours * 3600))


def aged(*more):
    """fresh 2.0 is an hour old, 1.0 is not; 1.5 was old enough when it was yanked."""
    return [wheel("fresh", "1.0"), wheel("fresh", "1.5", yanked="bad"), wheel("fresh", "2.0", uploaded=ago(1)), wheel("plain", "1.0"), *more]


def policy(c, text):
    folder = os.path.join(c.home, "config", "pipgate")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "policy.yaml"), "w") as f:
        f.write("schema: pipgate/policy/1\n" + text)
    os.chmod(folder, 0o755)


@case(pips="one", mode="any")
def min_age_blocks(c):
    """A young release is blocked, and the newest that is old enough named: not one that was yanked. So is a young archive of an old one."""
    c.files = aged(sdist("late", "1.0"), wheel("late", "1.0", uploaded=ago(5)))
    before = c.snapshot()
    c.expect(c.gate("install", "late", "--gate-policy", "min-age=3d"), status=40, err="uploaded 5 hours ago", not_err="newest old enough")
    for c.mode in ("plan", "inline"):
        c.expect(c.gate("install", "fresh", "--gate-policy", "min-age=3d"), status=40,
                 err=[r"uploaded 1 hours ago, min-age 3d", r"newest old enough is\s+1\.0"])
    c.unchanged(before)
    c.expect(c.gate("install", "fresh==1.0", "--gate-policy", "min-age=3d"), status=0)


@case(pips="20.3.4 22.2.2 newest", mode="any", slow=True)
def min_age_blocks_with_all(c):
    """The same with old and new pips. The newest is told to pass over it by itself: see min-age-by-pip."""
    c.files = aged()
    c.expect(c.gate("install", "fresh", "--gate-policy", "min-age=3d", env={"PIP_UPLOADED_PRIOR_TO": "2090-01-01"}), status=40,
             err=r"newest old enough is\s+1\.0")


@case(pips="one", mode="any")
def min_age_lets_a_fix_in(c):
    """A young release without the findings of the newest old one is better than waiting."""
    c.files = aged()
    c.records = [osvdb.record("PYSEC-2099-50", "fresh", "HIGH", fixed="2.0")]
    c.expect(c.gate("install", "fresh", "--gate-policy", "min-age=3d"), status=0)


@case(pips="one", mode="any")
def min_age_without_times(c):
    """An index that tells no times: it is said, and nothing is blocked."""
    c.files = aged()
    c.index.uploads = False
    c.expect(c.gate("install", "fresh", "--gate-policy", "min-age=3d"), status=0, err="fresh: the index .* tells no upload time")
    c.index.json = False
    c.expect(c.gate("install", "plain", "--gate-policy", "min-age=3d"), status=0, err="plain: the index .* tells no upload time")


@case(pips="one", mode="any")
def min_age_before_a_build(c):
    """What is too young is not built for its metadata, nor built with."""
    c.files = aged(sdist("raw", "1.0", uploaded=ago(2)), sdist("needy", "1.0", needs=["fresh"]))
    c.expect(c.gate("install", "raw", "--gate-policy", "min-age=3d"), status=40, err="uploaded 2 hours ago")
    c.expect(c.gate("install", "needy", "--gate-policy", "min-age=3d"), status=40, err=["build requirements of", "uploaded 1 hours ago"])
    c.equal(c.built(), [], "nothing ran")


@case(pips="newest", mode="any")
def min_age_by_pip(c):
    """A pip that can passes over young releases itself, where the index tells times; the user's own word wins."""
    c.files = aged()
    for mode in ("plan", "inline"):
        c.mode = mode
        c.expect(c.gate("install", "--dry-run", "fresh", "--gate-policy", "min-age=3d"), status=0, err="pip passes over what was uploaded after",
                 out="Would install fresh-1.0")
        for words, env in (((), {"PIP_UPLOADED_PRIOR_TO": "2090-01-01"}), (("--uploaded-prior-to", "P0D"), {})):
            c.expect(c.gate("install", "fresh", *words, "--gate-policy", "min-age=3d", env=env), status=40, not_err="passes over")
    c.expect(c.gate("install", "fresh", "--gate-policy", "min-age=3d"), status=0)
    c.equal(c.env.installed(), {"fresh": "1.0"}, "installed")


@case(pips="newest", mode="any")
def min_age_by_no_pip(c):
    """pip would fail where the index tells no times: it is not told then."""
    c.files = aged()
    c.index.uploads = False
    c.expect(c.gate("install", "fresh", "--gate-policy", "min-age=3d"), status=0, err="tells no upload time", not_err="passes over")


@case(pips="one", mode="any")
def yanked_blocks(c):
    """yanked, quarantined: the index's own reason is told; what the index does not say blocks nothing."""
    c.files = aged()
    c.expect(c.gate("install", "fresh==1.5", "--gate-policy", "yanked=block"), status=40, err=r"yanked \(bad\)")
    c.index.status["plain"] = ("quarantined", "looks like malware")
    c.expect(c.gate("install", "plain", "--gate-policy", "quarantined=block"), status=40, err=r"quarantined by its\s+index \(looks like\s+malware\)")
    c.expect(c.gate("install", "fresh==1.0", "--gate-policy", "quarantined=block"), status=0)


@case(pips="one", mode="any")
def defaults_ask_nobody(c):
    """Without a policy the gate asks the index for nothing."""
    c.files = aged()
    c.prepare("install", "plain")
    bare = len(c.index.seen("page"))
    c.expect(c.run("pip uninstall -y plain", gate=False), status=0)
    c.index.requests.clear()
    c.expect(c.gate("install", "--no-cache-dir", "plain"), status=0)
    c.equal(len(c.index.seen("page")), bare, "pages")


@case(pips="one", mode="any")
def private_index(c):
    """A private index's name is not the one that a malicious public distribution has; an undeclared one is told how to declare it."""
    inner = Index([wheel("inner", "1.0")], folder="private")
    c.records = [osvdb.record("MAL-2099-50", "inner")]
    place = inner.url.split("://")[1].rstrip("/")
    env = {"PIP_INDEX_URL": inner.url}
    try:
        for c.mode in ("plan", "inline"):
            result = c.expect(c.gate("install", "inner", env=env), status=40, err="served by")
            c.true('`index: {"%s": private}`' % inner.url.rstrip("/") in " ".join(result.stderr.split()), "the line to add")
        policy(c, 'index: {"%s": private}\n' % place)
        for c.mode in ("plan", "inline"):
            c.expect(c.gate("install", "--dry-run", "inner", env=env), status=0)
        c.expect(c.gate("install", "inner", env=env), status=0)
    finally:
        inner.close()


@case(pips="one", mode="any")
def two_indexes(c):
    """A private name that another index has, too, warns; where it comes from may be held to one place."""
    c.files = aged()
    inner = Index([wheel("plain", "1.0")], folder="private")
    place = inner.url.split("://")[1].rstrip("/")
    env = {"PIP_EXTRA_INDEX_URL": inner.url}
    try:
        policy(c, 'index: {"%s": private}\n' % place)
        c.expect(c.gate("install", "--dry-run", "plain", env=env), status=0, err="a private index and another one\\s+serve this name")
        policy(c, 'allowed-indexes:\n  - {name: "fre.*", index: "%s"}\n' % place)
        c.expect(c.gate("install", "--dry-run", "fresh==1.0", env=env), status=40, err="comes from %s alone" % place)
        c.expect(c.gate("install", "--dry-run", "plain", env=env), status=0)
    finally:
        inner.close()


@case(pips="one", mode="any")
def similar_warns(c):
    """A new name, one edit from a well-known one."""
    c.files = [wheel("reqeusts", "1.0", uploaded=ago(24)), wheel("requests", "1.0")]
    c.expect(c.gate("install", "--dry-run", "reqeusts"), status=0, err="one edit from 'requests'")
    c.expect(c.gate("install", "--dry-run", "reqeusts", "--gate-policy", "similar=block"), status=40, err="one edit from 'requests'")
    c.expect(c.gate("install", "--dry-run", "requests", "--gate-policy", "similar=block"), status=0)


@case(pips="one", mode="any")
def index_of_the_line(c):
    """The index that is asked is the one of pip's own words: files, options before and behind the command, its configuration."""
    c.files = aged()
    c.write("reqs.txt", "--index-url %s\nfresh==2.0\n" % c.index.url)
    c.write("pip.conf", "[global]\nindex-url = %s\n" % c.index.url)
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple/"}
    for c.mode in ("plan", "inline"):
        for words, env in ((("-r", "reqs.txt"), nowhere), (("fresh", "-i", c.index.url), nowhere),
                           (("fresh",), {"PIP_INDEX_URL": None, "PIP_CONFIG_FILE": c.path("pip.conf")})):
            c.expect(c.gate("install", *words, "--gate-policy", "min-age=3d", env=env), status=40, err="uploaded 1 hours ago")


@case(pips="one", mode="inline", slow=True)
def index_that_cannot_be_told(c):
    """More arguments than a question holds: no index is guessed."""
    c.files = aged()
    many = [w for i in range(700) for w in ("--trusted-host", "%d.%s.example" % (i, "h" * 60))]
    c.expect(c.gate("install", "--dry-run", "fresh", *many, "--gate-policy", "min-age=3d"), status=0, err="cannot be told which index pip has")


@case(pips="one", mode="any")
def credentials_as_pip(c):
    """By address and netrc, as pip sends them itself; to the index alone."""
    c.files = aged()
    c.index.auth = ("user", "word")
    c.write("netrc", "machine 127.0.0.1 login user password word\n")
    os.chmod(c.path("netrc"), 0o600)
    told = c.index.url.replace("http://", "http://user:word@")
    c.write("pip.conf", "[global]\nindex-url = %s\n" % told)
    other = Index([])
    ways = ({"PIP_INDEX_URL": told, "PIP_EXTRA_INDEX_URL": other.url}, {"PIP_INDEX_URL": None, "PIP_CONFIG_FILE": c.path("pip.conf")},
            {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_EXTRA_INDEX_URL": told, "PIP_RETRIES": "0"}, {"NETRC": c.path("netrc")})
    try:
        for mode, env in (("plan", ways[0]), ("inline", ways[0]), ("inline", ways[1]), ("inline", ways[2]), ("inline", ways[3])):
            c.mode = mode
            result = c.expect(c.gate("install", "fresh", "--gate-policy", "min-age=3d", env=env), status=40, err="uploaded 1 hours ago")
            c.true("word@" not in result.stderr, "no password is shown")
        ours = [r for r in c.index.requests if not r.headers.get("User-Agent", "").startswith("pip/")]
        c.equal({r.status for r in ours}, {200}, "what we were answered")
        c.true(other.requests and not any("Authorization" in r.headers for r in other.requests), "none of it for the other index")
    finally:
        other.close()


def unanswered(c, note, within=15):
    """An install goes on without facts, and says so."""
    began = time.monotonic()
    c.expect(c.gate("install", "--dry-run", "fresh==2.0", "--gate-policy", "min-age=3d", env={"PIP_CACHE_DIR": c.path("pip-cache")}), status=0,
             err=note)
    c.true(time.monotonic() - began < within, "it took %.1f s", time.monotonic() - began)


def later(c, body=None, status=None, headers=None):
    """What answers us only: pip asks first, then the gate."""
    answer = c.index.answer

    def second(path, asked):
        if path.startswith("/simple/fresh") and not asked.get("User-Agent", "").startswith("pip/"):
            return (status or 200), dict({"Content-Type": "application/vnd.pypi.simple.v1+json"}, **(headers or {})), body or b""
        return answer(path, asked)
    c.index.answer = second


@case(pips="one", mode="any")
def strange_pages(c):
    """Garbage, halves, broken HTML, too much: no facts, a note, and the install goes on."""
    c.files = aged()
    for body in (b"\x00\xff garbage", b'{"meta": {"api-version": "1.0"}, "files": [', b"[]", b'{"files": 3}', b"<html><a href=", b"<!-- ",
                 b" " * (11 << 20), b"[" * 100000):
        c.index.pages["/simple/fresh/"] = body
        told = json.loads(c.expect(c.pipgate("facts", "fresh==2.0", "--json"), status=0).out)
        c.true("uploaded" not in told[0] and told[0]["note"], "%r is no page", body[:20])
    c.index.pages.clear()
    later(c, b'{"files": [')
    unanswered(c, "fresh: the index .* did not tell")


@case(pips="one", mode="any")
def refused_pages(c):
    """Errors, patience that is asked for, a redirect to another host, which gets no request."""
    c.files = aged()
    answer, other = c.index.answer, Index(aged())
    try:
        for status, headers in ((500, {}), (401, {}), (429, {"Retry-After": "3600"}), (302, {"Location": other.url + "fresh/"})):
            c.index.answer = answer
            later(c, status=status, headers=headers)
            unanswered(c, "fresh: the index .* did not tell")
        c.equal(other.requests, [], "the other host's requests")
    finally:
        other.close()


@case(pips="one", mode="any", slow=True)
def slow_pages(c):
    """An index that does not answer in time."""
    c.files = aged()
    answer = c.index.answer

    def second(path, asked):
        if path.startswith("/simple/fresh") and not asked.get("User-Agent", "").startswith("pip/"):
            time.sleep(30)
        return answer(path, asked)
    c.index.answer = second
    unanswered(c, "fresh: the index .* did not tell", within=20)


@case(pips="one", mode="any")
def audit_asks_too(c):
    """A lock file's releases, by the index that pip has; without pip it is said."""
    c.files = aged()
    c.write("reqs.txt", "fresh==2.0\n")
    c.expect(c.audit("-r", "reqs.txt", "--no-deps", "--gate-policy", "min-age=3d"), status=1, err="uploaded 1 hours ago")
    c.expect(c.audit("-r", "reqs.txt", "--no-deps", "--disable-pip", "--gate-policy", "min-age=3d"), status=0, err="no pip is used")


@case(pips="newest 24.3.1", mode="any", slow=True)
def nginx_serves(c):
    """Pages of PEP 691, 700 and 792 as files under nginx."""
    c.files = aged()
    c.index.status["plain"] = ("quarantined", "looks like malware")
    with servers.nginx(os.path.join(c.root, "nginx"), c.index) as url:
        env = {"PIP_INDEX_URL": url}
        for c.mode in ("plan", "inline"):
            c.expect(c.gate("install", "fresh==1.5", "--gate-policy", "yanked=block", env=env), status=40, err=r"yanked \(bad\)")
            c.expect(c.gate("install", "plain", "--gate-policy", "quarantined=block", env=env), status=40, err="looks like")
            c.expect(c.gate("install", "fresh", "--gate-policy", "min-age=3d", env=dict(env, PIP_UPLOADED_PRIOR_TO="2090-01-01")), status=40,
                     err=r"newest old enough is\s+1\.0")


@case(pips="newest 24.3.1", mode="any", slow=True)
def pypiserver_serves(c):
    """pypiserver tells no times, no status: it is said, and blocks nothing."""
    with servers.pypiserver(os.path.join(c.root, "served"), aged()) as url:
        env = {"PIP_INDEX_URL": url}
        c.expect(c.gate("install", "fresh", "--gate-policy", "min-age=3d", "--gate-policy", "quarantined=block", env=env), status=0,
                 err="fresh: the index .* tells no upload time")
        policy(c, 'index: {"%s": private}\n' % url)
        told = json.loads(c.expect(c.pipgate("facts", "fresh==2.0", "absent==1", "--json", env=env), status=0).out)
        c.equal([t.get("index") for t in told], [url.rstrip("/"), None], "indexes")


@case(pips="newest", mode="any")
def no_clean_release(c):
    """An advisory that ends with the newest release names no fix, and the index has none: a warning. One clean release: a block."""
    c.files += [wheel("dead", "1.0"), wheel("dead", "2.0"), wheel("alive", "1.0"), wheel("alive", "2.0")]
    c.records = [osvdb.record("PYSEC-2099-60", "dead", "HIGH", versions=["1.0", "2.0"], fixed=""),
                                      osvdb.record("PYSEC-2099-61", "alive", "HIGH", versions=["1.0"], fixed="")]
    c.expect(c.gate("install", "alive==1.0"), status=40)
    c.expect(c.gate("install", "dead==2.0"), status=0, err="no clean")
