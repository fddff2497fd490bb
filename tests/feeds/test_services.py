# SPDX-License-Identifier: Apache-2.0
"""Feeds that ask a service about names (osv-api=, pypi=): what they bring, and that all else leaves the old database as it was."""
import base64
import email.utils
import json
import os
import shutil
import sqlite3
import subprocess
import time

from lib import osvdb, proc
from lib.case import Skipped, case
from lib.osvstub import Fault, Stub

PINNED = "Jinja2==2.10\ncritical==1.0\nevil-typo==1.0\nodd==1!1.0\nfixless==1.0\nidna==3.6\n"
NAMES = ("jinja2", "critical", "evil-typo", "odd", "fixless", "idna")
YEAR = 365 * 86400


def build(c, *feeds, names=PINNED, output="new.db", env=None, words=()):
    if names is not None:
        words = ["--names", c.write("names.txt", names)] + list(words)
    return c.pipgate("db", "build", "-o", output, *words, *feeds, env=env)


def built(c, *feeds, **options):
    return c.expect(build(c, *feeds, **options), status=0)


def rows(c, statement, path="new.db"):
    link = sqlite3.connect(c.path(path))
    try:
        return link.execute(statement).fetchall()
    finally:
        link.close()


def ids(c):
    return {i for i, in rows(c, "select id from text")}


def matches(c, *pairs):
    """(name, version) → (sorted ids, sorted fixed versions) of what the new database says."""
    text = "".join("%s %s\n" % p for p in pairs)
    lines = c.expect(c.pipgate("match", "--db", "new.db", "--json", c.write("pairs", text)), status=0).stdout.split("\n")
    told = [json.loads(line) for line in lines if line]
    c.equal(len(told), len(pairs), "lines of match")
    return {p: (sorted(i for f in t["findings"] for i in f["ids"]), sorted(v for f in t["findings"] for v in f["fixed"])) for p, t in zip(pairs, told)}


def refused(c, *feeds, err, status=41, **options):
    """The build fails with that reason, soon, and the database that was there stays as it was."""
    path = c.path("old.db")
    if not os.path.exists(path):
        c.expect(c.pipgate("db", "build", "-o", path, "osv=" + osvdb.write([osvdb.record("OLD-1", "old")], c.path("old"))), status=0)
    with open(path, "rb") as f:
        before = f.read()
    result = c.expect(build(c, *feeds, output="old.db", **options), status=status, err=err)
    with open(path, "rb") as f:
        c.true(f.read() == before, "the old database changed")
    c.true(result.seconds < proc.HANG, "took %.1f s", result.seconds)
    return result


# ---- names ----


@case(pips="newest", mode="any")
def names_wanted(c):
    """Feeds that ask need names, others have none: usage, and no request. A file that names nobody, or hides names, is refused."""
    with Stub(c.records) as stub:
        osv, pypi = "osv-api=" + stub.root, "pypi=%s/pypi" % stub.root
        for feed in (osv, pypi):
            refused(c, feed, names=None, status=42, err=r"^pipgate: (osv-api|pypi)= asks a service about names.*--names FILE")
            c.expect(c.pipgate("db", "update", env={"PIPGATE_FEEDS": feed}), status=42, err="--names FILE")
            refused(c, feed, names="# nobody\n", err="names.txt: it names no distribution")
            refused(c, feed, names="-r https://127.0.0.1:9/more.txt\n", err="names a file at an address")
            refused(c, feed, names="fine==1.0\nbad name ! here\n", err=r"names.txt.*2")
            refused(c, feed, names="-r not-here.txt\n", err="not-here.txt")
        refused(c, pypi, names="jinja2===..\n", err="jinja2 is pinned to what is no version")
        refused(c, pypi, names="jinja2>=2\nflask\n", err="pins no version")
        refused(c, osv, names=None, words=["--names", "not-here"], err="not-here: No such file")
        refused(c, osv, names=None, words=["--names", c.work], err="it is a folder")
        refused(c, "osv=" + c.path("old"), status=42, err="--names is of a feed that asks a service")
        c.equal(stub.requests, [], "requests")


@case(pips="newest", mode="any")
def names_of_all_forms(c):
    """Requirements with all they hold, what pip freeze prints, and a lock: every name once for osv-api, every pin for pypi."""
    c.write("more.txt", "Critical==1.0\n")
    text = ("-r more.txt\n-e git+https://127.0.0.1/x.git@abc#egg=edited\nplaced @ file:///nowhere\n--index-url http://127.0.0.1:9/\n"
            "jinja2[i18n]==2.10 ; python_version < '3'\nODD.name_X  # a comment\ncritical==1.0\ncritical==2.0\n./folder\n"
            "idna==3.6 --hash=sha256:%s\n" % ("0" * 64))
    lock = {"_meta": {"hash": {"sha256": "0" * 64}, "pipfile-spec": 6, "requires": {}, "sources": []},
            "default": {"jinja2": {"version": "==2.10"}}, "develop": {"critical": {"version": "==1.0"}}}
    os.mkdir(c.path("folder"))
    with Stub(c.records) as stub:
        def asked(feed, path):
            stub.requests.clear()
            c.expect(c.pipgate("db", "build", "-o", "new.db", "--names", path, feed), status=0)
            if feed.startswith("pypi"):
                return sorted(r[1] for r in stub.requests)
            return sorted(q["package"]["name"] for r in stub.seen("querybatch") for q in json.loads(r[2])["queries"])

        osv, pypi = "osv-api=" + stub.root, "pypi=%s/pypi" % stub.root
        path = c.write("all.txt", text)
        c.equal(asked(osv, path), ["critical", "edited", "idna", "jinja2", "odd-name-x", "placed"], "names of requirements")
        c.equal(asked(pypi, path), ["/pypi/%s/json" % n for n in ("critical/1.0", "critical/2.0", "idna/3.6", "jinja2/2.10")], "pins of requirements")
        path = c.write("Pipfile.lock", json.dumps(lock))
        c.equal(asked(osv, path), ["critical", "jinja2"], "names of a lock")
        c.equal(asked(pypi, path), ["/pypi/critical/1.0/json", "/pypi/jinja2/2.10/json"], "pins of a lock")


# ---- osv-api ----


@case(pips="newest", mode="any")
def osv_api(c):
    """The same rows and texts as a folder of these records, whole, page by page and packed; each record once; withdrawn ones count as such."""
    named = [r for r in c.records if any(a["package"]["name"].lower() in NAMES for a in r["affected"])]
    named.append(osvdb.record("PYSEC-2099-90", "idna", withdrawn="2026-01-02T00:00:00Z"))
    named = [dict(r, modified="2025-12-%02dT00:00:00Z" % (i + 1)) for i, r in enumerate(named)]
    c.expect(c.pipgate("db", "build", "-o", "folder.db", "osv=" + osvdb.write(named, c.path("named"))), status=0)
    with Stub(c.records + named) as stub:
        for stub.page, stub.packed in ((1000, False), (1, False), (1000, True)):
            stub.requests.clear()
            built(c, "osv-api=" + stub.root + "/")
            for table in ("text", "row"):
                c.equal(rows(c, "select * from %s order by 1" % table), rows(c, "select * from %s order by 1" % table, "folder.db"), table)
            got = [r[1] for r in stub.seen("/v1/vulns/")]
            c.equal(sorted(got), sorted("/v1/vulns/" + r["id"] for r in named), "records asked for, pages of %d" % stub.page)
        c.equal(rows(c, "select withdrawn, accepted from feed"), [(2, len(named))], "withdrawn, accepted")


@case(pips="newest", mode="any")
def osv_api_many(c):
    """2,100 names are three batches; several records at one time; nothing known of any of them is an answer."""
    names = "".join("name-%d\n" % i for i in range(2100))
    with Stub([osvdb.record("PYSEC-2099-%d" % i, "name-%d" % (i * 20), fixed="2.0") for i in range(100)]) as stub:
        stub.faults = [Fault("/v1/vulns/", "slow", 0.02)]
        built(c, "osv-api=" + stub.root, names=names)
        c.equal((len(ids(c)), len(stub.seen("querybatch"))), (100, 3), "records, batches")
        c.true(4 <= stub.most <= 16, "%d requests at one time", stub.most)
        built(c, "osv-api=" + stub.root, names="unheard-of\n")
        c.equal((ids(c), rows(c, "select accepted from feed")), (set(), [(0,)]), "of an unknown name")
        built(c, "osv-api=" + stub.root, "osv=" + osvdb.write([osvdb.record("OLD-1", "old")], c.path("more")), names="unheard-of\n")
        c.equal(ids(c), {"OLD-1"}, "beside another feed")


@case(pips="newest", mode="any")
def osv_api_all_or_nothing(c):
    """A record that is named and cannot be had, is another's, or is older than was said, fails the feed; a newer one is taken."""
    with Stub(c.records) as stub:
        feed, at = "osv-api=" + stub.root, "^pipgate: osv-api=http://127.0.0.1:[0-9]+: "
        stub.missing = {"PYSEC-2099-11"}
        refused(c, feed, err=at + "could not ask the service about PYSEC-2099-11: http: the server answered 404")
        stub.missing = set()
        for said, ok in (("2026-01-02T03:04:05.000001Z", False), ("2026-01-02T05:04:06+02:00", False), ("2026-01-02T03:04:04Z", True),
                         ("2026-01-02T05:04:05+02:00", True)):
            stub.said = {"PYSEC-2099-11": said}
            if ok:
                built(c, feed)
            else:
                refused(c, feed, err=at + "could not understand what the service answered about PYSEC-2099-11: the record is older than")
        for said in ("soon", "", None, 7):
            stub.said = {"PYSEC-2099-11": said}
            refused(c, feed, err="PYSEC-2099-11: modified is missing, or no date")
        stub.said = {}
        for text, err in ((stub.records["PYSEC-2099-10"], "the record of another advisory"), ({"id": "PYSEC-2099-11"}, "modified is missing"),
                          ([], "another advisory"), (b"{", "PYSEC-2099-11")):
            stub.faults = [Fault("/v1/vulns/PYSEC-2099-11", "text", text)]
            refused(c, feed, err=err)
        stub.faults = [Fault("/v1/vulns/PYSEC-2099-11", "text", dict(stub.records["PYSEC-2099-11"], affected=7))]
        c.expect(built(c, feed), err="PYSEC-2099-11: affected: a list expected")
        c.true("PYSEC-2099-11" not in ids(c), "a malformed record was taken")
        stub.faults, stub.batches = [], False
        refused(c, feed, err="has no /v1/querybatch")


@case(pips="newest", mode="any")
def osv_api_pages_without_end(c):
    """Pages that never end, and tokens that are none."""
    with Stub(c.records) as stub:
        feed = "osv-api=" + stub.root
        stub.endless = True
        refused(c, feed, names="jinja2\n", err="about jinja2: too many pages")
        c.equal(len(stub.seen("querybatch")), 100, "pages asked for")
        for token in (7, {}, ["1"], "x" * 5000):
            stub.faults = [Fault("querybatch", "text", {"results": [{"vulns": [], "next_page_token": token}]})]
            refused(c, feed, names="jinja2\n", err="a next_page_token that is none")


@case(pips="newest", mode="any")
def osv_api_hostile_ids(c):
    """An id that leads out of its path, or holds what no id holds, is never asked for."""
    with Stub(c.records) as stub:
        for bad in ("../../secret", "PYSEC-1/../../x", "..", ".", "a b", "PYSEC-1\n", "PYSEC-1\x1b[31m", "PYSEC-1?x=1", "PYSEC-1#", "PYSEC-1%2f..",
                    "-x", "", "P" * 200, "PYSÉC-1", None, 7, ["PYSEC-2099-11"]):
            stub.faults = [Fault("querybatch", "text", {"results": [{"vulns": [{"id": bad, "modified": "2026-01-01T00:00:00Z"}]}]})]
            refused(c, "osv-api=" + stub.root, names="jinja2\n", err="about jinja2: an advisory without a proper id")
        c.equal(stub.seen("vulns|secret|x$"), [], "asked for")


@case(pips="newest", mode="any")
def osv_api_hostile_answers(c):
    """Wrong types, too many and too few results, deep nesting, floods, repeated keys, cut and huge answers: each has its reason."""
    deep = b'{"results":' + b"[" * 5000 + b"]" * 5000 + b"}"
    vulns = [{"id": "X-%d" % i, "modified": "2026-01-01T00:00:00Z"} for i in range(50)]
    flood = {"results": [{"vulns": vulns * 200}]}
    many = {"results": [{"vulns": [{"id": "X-%d" % i, "modified": "2026-01-01T00:00:00Z"} for i in range(200001)]}]}
    with Stub() as stub:
        for text, err in (([], "other results"), ({}, "other results"), ({"results": {}}, "other results"), ({"results": []}, "other results"),
                          ({"results": [{}, {}]}, "other results"), ({"results": [7]}, "an object expected"),
                          ({"results": [{"vulns": {}}]}, "vulns: a list expected"), ({"results": [{"vulns": [7]}]}, "without a proper id"),
                          (deep, "a batch"), (b'{"results":[],"results":[{}]}', "a batch"), (b'{"results":[{}]} x', "a batch"),
                          (b'{"results":[{"\xff":1}]}', "a batch"), (flood, "about X-[0-9]+: http: the server answered 404"),
                          (many, "more than 200000 advisories")):
            stub.faults = [Fault("querybatch", "text", text)]
            refused(c, "osv-api=" + stub.root, names="jinja2\n", err=err)
        for fault, err in ((Fault("querybatch", "garbage"), "could not understand what the service answered about a batch"),
                           (Fault("querybatch", "cut"), "about a batch: network"), (Fault("querybatch", "reset"), "about a batch: network"),
                           (Fault("querybatch", "huge", 17), "about a batch: limit: "),
                           (Fault("querybatch", "status", 500), "answered 500"), (Fault("querybatch", "status", 403), "answered 403")):
            stub.faults = [fault]
            refused(c, "osv-api=" + stub.root, names="jinja2\n", err=err)


@case(pips="newest", mode="any")
def service_patience(c):
    """429 and 503 with Retry-After are waited for, on both ways; one that asks for more than there is time is given up; so is a slow one."""
    with Stub(c.records) as stub:
        for feed, paths in (("osv-api=" + stub.root, ("querybatch", "vulns/PYSEC-2099-11")), ("pypi=%s/pypi" % stub.root, ("pypi/critical",))):
            stub.faults = [Fault(p, "status", status, times=1, retry_after=1) for p, status in zip(paths, (429, 503))]
            start = time.monotonic()
            built(c, feed)
            c.true(time.monotonic() - start >= len(paths) - 0.1, "%s did not wait", feed)
            c.true("PYSEC-2099-11" in ids(c), "%s lacks what it waited for", feed)
            for fault, err in ((Fault(paths[0], "status", 429, retry_after=3600), "answered 429, and asks to come back in 3600 s"),
                               (Fault(paths[-1], "status", 429), "answered 429"), (Fault(paths[-1], "slow", 300), "not done within 1000 ms")):
                stub.faults = [fault]
                refused(c, feed, words=["--timeout", "1"], err=err)


@case(pips="newest", mode="any")
def service_time(c):
    """The feed is as old as the server says that its oldest answer is; one of the future is of now; without any it is now."""
    def feed_time():
        return rows(c, "select time from feed")[0][0]

    old = int(time.time()) - YEAR
    with Stub([osvdb.record("PYSEC-1", "critical", fixed="2.0", modified="2020-01-01T00:00:00Z")]) as stub:
        for feed, path in (("osv-api=" + stub.root, "querybatch"), ("pypi=%s/pypi" % stub.root, "pypi/critical")):
            for told, wanted in ((old, old), (time.time() + YEAR, time.time()), ("nonsense", time.time())):
                stub.dated = {"Date": told if isinstance(told, str) else email.utils.formatdate(told, usegmt=True)}
                built(c, feed)
                c.true(abs(feed_time() - wanted) < proc.HANG, "%s: the feed's time is %d, expected %d", feed, feed_time(), wanted)
        stub.dated = {"Last-Modified": email.utils.formatdate(old, usegmt=True)}
        built(c, "pypi=%s/pypi" % stub.root)
        said = {json.loads(b)["modified"] for b, in rows(c, "select bytes from text")}
        c.equal(said, {time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(old))}, "modified of the records")
        c.true(abs(feed_time() - time.time()) < proc.HANG, "the feed's time is that of its records")


# ---- pypi ----


def vulnerability(ident, **more):
    return dict({"id": ident, "aliases": [], "details": "", "summary": "s", "fixed_in": [], "link": "https://127.0.0.1/", "source": "osv",
                 "withdrawn": None}, **more)


@case(pips="newest", mode="any")
def pypi(c):
    """Exactly the versions that were asked about, their fixed versions and aliases; of unknown severity; a version that is not there is nothing known."""
    names = "many==1.0\nmany==1.1\nmany==1.2\nother==1.0\ngone==1.0\n"
    answers = {"many/1.0": [vulnerability("PYSEC-1", aliases=["CVE-1-1"], fixed_in=["1.2", "what", "0.9.5"]), vulnerability("PYSEC-2")],
               "many/1.1": [vulnerability("PYSEC-1", aliases=["GHSA-1"], fixed_in=["1.2"])], "many/1.2": [],
               "other/1.0": [vulnerability("PYSEC-1")]}
    with Stub(releases=()) as stub:
        stub.faults = [Fault("/pypi/%s/json" % k, "text", {"vulnerabilities": v}) for k, v in answers.items()]
        built(c, "pypi=%s/pypi" % stub.root, names=names)
        found = matches(c, *(("many", v) for v in ("0.9", "1.0", "1.0.0", "1.0.1", "1.1", "1.2", "9")), ("other", "1.0"), ("gone", "1.0"))
        fixed = ["0.9.5", "1.2"]
        one = ["CVE-1-1", "GHSA-1", "PYSEC-1"]
        c.equal({k[1]: v[0] for k, v in found.items() if k[0] == "many"},
                {"0.9": [], "1.0": sorted(one + ["PYSEC-2"]), "1.0.0": sorted(one + ["PYSEC-2"]), "1.0.1": [], "1.1": one, "1.2": [], "9": []}, "found")
        c.equal(found[("many", "1.0")][1], ["1.2"], "fixed above 1.0")
        c.equal((found[("other", "1.0")][0], found[("gone", "1.0")][0]), (one, []), "of the others")
        shown = c.expect(c.pipgate("db", "show", "--db", "new.db", "many"), status=0, out=["severity +UNKNOWN"]).stdout
        c.true(all(v in shown for v in fixed), "the fixed versions are shown")
        c.equal(len(ids(c)), 2, "records")


@case(pips="newest", mode="any")
def pypi_beside_others(c):
    """A record of the index never takes the place of one that says more, though its time is later and it stands first."""
    full = osvdb.record("PYSEC-1", "many", "HIGH", fixed="2.0", modified="2025-12-01T00:00:00Z")
    with Stub(releases=()) as stub:
        stub.faults = [Fault("/pypi/many/1.0", "text", {"vulnerabilities": [vulnerability("PYSEC-1"), vulnerability("PYSEC-2")]})]
        built(c, "pypi=%s/pypi" % stub.root, "osv=" + osvdb.write([full], c.path("full")), names="many==1.0\n")
        c.equal({k[1]: v for k, v in matches(c, ("many", "1.0"), ("many", "1.5")).items()},
                {"1.0": (["PYSEC-1", "PYSEC-2"], ["2.0"]), "1.5": (["PYSEC-1"], ["2.0"])}, "found")


@case(pips="newest", mode="any")
def pypi_withdrawn(c):
    """Withdrawn of every version: it is there and affects nothing. Of one of them: the others count."""
    gone = "2026-01-01T00:00:00Z"
    with Stub(releases=()) as stub:
        stub.faults = [Fault("/pypi/a/1.0", "text", {"vulnerabilities": [vulnerability("MAL-1", withdrawn=gone), vulnerability("MAL-2", withdrawn=gone)]}),
                       Fault("/pypi/a/2.0", "text", {"vulnerabilities": [vulnerability("MAL-1", withdrawn=gone), vulnerability("MAL-2")]})]
        built(c, "pypi=%s/pypi" % stub.root, names="a==1.0\na==2.0\n")
        c.equal({k[1]: v[0] for k, v in matches(c, ("a", "1.0"), ("a", "2.0")).items()}, {"1.0": [], "2.0": ["MAL-2"]}, "found")
        c.equal(rows(c, "select withdrawn, accepted from feed"), [(1, 2)], "withdrawn, accepted")
        for wrong in (True, "yes", "", 7, {}):
            stub.faults = [Fault("/pypi/a", "text", {"vulnerabilities": [vulnerability("MAL-1", withdrawn=wrong)]})]
            refused(c, "pypi=%s/pypi" % stub.root, names="a==1.0\n", err="about a 1.0: withdrawn: a date and time expected")


@case(pips="newest", mode="any")
def pypi_index(c):
    """The word index: beside the index of the real pip, with its credentials, by address or netrc; none, or one of another form, is named."""
    def env(**more):
        return dict({"PIP_INDEX_URL": None, "PIP_CONFIG_FILE": c.path("pip.conf")}, **more)

    with Stub(c.records) as stub:
        place = stub.root.replace("//", "//user:word@")
        c.write("pip.conf", "[global]\nindex-url = %s/simple/\n" % place)
        c.write("netrc", "machine 127.0.0.1 login user password word\n")
        os.chmod(c.path("netrc"), 0o600)
        stub.password = "user:word"
        result = built(c, "pypi=index", env=env())
        c.true("PYSEC-2099-11" in ids(c) and "word" not in result.stderr, "by pip.conf")
        wanted = "Basic " + base64.b64encode(b"user:word").decode()
        c.equal({h.get("Authorization") for h in stub.headers}, {wanted}, "credentials")
        c.equal(rows(c, "select name, kind, place from feed"), [("pypi", "pypi", "index")], "the feed")
        built(c, "pypi=index", env=env(PIP_INDEX_URL=stub.index, NETRC=c.path("netrc")))
        refused(c, "pypi=index", env=env(PIP_INDEX_URL=stub.index), err="pypi=index: could not ask http://127.0.0.1:[0-9]+/pypi about .*answered 401")
    with Stub(c.records) as stub:
        refused(c, "pypi=index", env=env(PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_PROXY="http://127.0.0.1:1"), err="port 1 ")
        refused(c, "pypi=index", env=env(PIP_INDEX_URL=stub.root + "/files"), err="ends in /simple, and that of 'http://127.0.0.1:[0-9]+/files' does not")
        refused(c, "pypi=index", env=env(PIP_NO_INDEX="1"), err="none is known: set PIP_INDEX_URL")
        refused(c, "pypi=" + c.work, err="it is no address; expected the address of an index's JSON API")
        refused(c, "pypi=%s/pypi?x" % stub.root, err=r"without \? and #")
        c.equal(stub.requests, [], "requests")


@case(pips="newest", mode="any")
def pypi_index_by_tls(c):
    """pip's cert and trusted-host count for the word index, and for it alone; without them the certificate is not believed."""
    if not shutil.which("openssl"):
        raise Skipped("openssl is not here")
    certificate = c.path("certificate.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", certificate + ".key", "-out", certificate], check=True, capture_output=True)
    with Stub(c.records) as stub:
        stub.secure(certificate)
        env = {"PIP_INDEX_URL": stub.index, "PIP_TRUSTED_HOST": None}
        refused(c, "pypi=index", env=env, err="pypi=index: could not ask .* about .*: tls: ")
        for more in ({"PIP_CERT": certificate}, {"PIP_TRUSTED_HOST": "127.0.0.1"}):
            built(c, "pypi=index", env=dict(env, **more))
            c.true("PYSEC-2099-11" in ids(c), "with %s", more)
            refused(c, "pypi=%s/pypi" % stub.root, env=dict(env, **more), err="tls: ")
        built(c, "pypi=%s/pypi" % stub.root, env=dict(env, SSL_CERT_FILE=certificate))


@case(pips="newest", mode="any")
def pypi_hostile(c):
    """Wrong types, ids that are none, deep nesting and floods; faults of one version fail the feed; a 404 of a page alone does not."""
    deep = b'{"vulnerabilities":' + b"[" * 5000 + b"]" * 5000 + b"}"
    with Stub(c.records) as stub:
        feed = "pypi=%s/pypi" % stub.root
        for text, err in (([], "an object with a list"), ({"vulnerabilities": {}}, "an object with a list"), ({"vulnerabilities": [7]}, "an object expected"),
                          ({"vulnerabilities": [vulnerability("")]}, "its id is missing"), ({"vulnerabilities": [vulnerability("X" * 300)]}, "too long"),
                          ({"vulnerabilities": [vulnerability(7)]}, "its id is missing"), ({"vulnerabilities": [vulnerability("X-1", aliases=7)]}, "a list expected"),
                          ({"vulnerabilities": [vulnerability("X-1", fixed_in=[1])]}, "text expected"), (deep, "about critical 1.0"), (b"{}x", "about critical 1.0")):
            stub.faults = [Fault("/pypi/critical", "text", text)]
            refused(c, feed, err=err)
        for fault, err in ((Fault("/pypi/critical", "status", 500), "about critical 1.0: http: the server answered 500"),
                           (Fault("/pypi", "cut", after=2), "network"), (Fault("/pypi/critical", "garbage"), "could not understand"),
                           (Fault("/pypi/critical", "huge", 17), "limit")):
            stub.faults = [fault]
            refused(c, feed, err=err)
        stub.faults = [Fault("/pypi/critical", "text", {"vulnerabilities": [vulnerability(i) for i in ("../x", "a\x1bb", "a/../b")]})]
        refused(c, feed, err=r"5 records|3 of [0-9]+ records were refused")
        stub.faults = [Fault("/pypi/critical", "text", {"vulnerabilities": [vulnerability("X-1", aliases=["A-%d" % i for i in range(20000)])]})]
        built(c, feed)
        c.true(len(json.loads(rows(c, "select bytes from text where id = 'X-1'")[0][0])["aliases"]) <= 1000, "a flood of aliases")
        stub.faults = [Fault("/pypi/critical", "status", 404)]
        built(c, feed)
        c.true(ids(c) and "PYSEC-2099-11" not in ids(c), "without what is not there")


# ---- updates ----


@case(pips="newest", mode="any")
def service_updates(c):
    """An update keeps what the service said last; other names are asked about at once and may be fewer, the same ones may not."""
    def update(*words, names, status=0, env=None, **patterns):
        stub.requests.clear()
        c.write("names.txt", "".join("%s\n" % n for n in names))
        return c.expect(c.pipgate("db", "update", "-o", c.path("new.db"), "--feeds", feeds, *words, env=env), status=status, **patterns)

    records = [osvdb.record("PYSEC-%d" % i, "name-%d" % i, fixed="2.0") for i in range(30)]
    many, few = ["name-%d" % i for i in range(30)], ["name-1", "name-2"]
    with Stub(records) as stub:
        feeds = c.write("feeds.yaml", "schema: pipgate/feeds/1\nfeeds:\n  - {name: live, kind: osv-api, place: '%s', names: names.txt}\n" % stub.root)
        update(names=many)
        c.equal(len(ids(c)), 30, "records")
        update("--if-older-than", "6h", names=reversed(many))
        c.equal(stub.requests, [], "requests about the same names within the time")
        update("--if-older-than", "6h", names=few)
        c.equal(ids(c), {"PYSEC-1", "PYSEC-2"}, "records of fewer names")
        update(names=many)
        whole, stub.records = stub.records, {"PYSEC-1": records[1]}
        update(names=many, status=41, err=["osv-api=.*it has shrunk from 30 to 1 records", "its last good data stay"])
        c.equal(len(ids(c)), 30, "records behind a service that lost some")
        stub.records = dict(whole, **{"PYSEC-1": dict(records[1], withdrawn="2026-01-02T00:00:00Z")})
        stub.faults = [Fault("vulns/PYSEC-7$", "status", 500)]
        update(names=many, status=41, err="about PYSEC-7: .*answered 500")
        c.equal(matches(c, ("name-1", "1.0"))[("name-1", "1.0")][0], ["PYSEC-1"], "behind a service that is down")
        stub.faults = []
        update(names=many)
        c.equal(matches(c, ("name-1", "1.0"))[("name-1", "1.0")][0], [], "withdrawn")
        c.write("feeds.yaml", "schema: pipgate/feeds/1\nfeeds:\n  - {name: a, kind: pypi, place: index}\n")
        update(names=many, status=42, err="pypi= asks a service about names")
        c.write("feeds.yaml", "schema: pipgate/feeds/1\nfeeds:\n  - {name: a, kind: kev, place: k.json, names: names.txt}\n")
        update(names=many, status=42, err="feed a: names are of a feed that asks a service")
        c.write("feeds.yaml", "schema: pipgate/feeds/1\nfeeds:\n  - {name: a, kind: pypi, place: index, names: pins.txt}\n")
        c.write("pins.txt", "name-1==1.0\n")
        update(names=few, env={"PIP_INDEX_URL": stub.index})
        c.equal(ids(c), {"PYSEC-1"}, "of the index that pip has")
