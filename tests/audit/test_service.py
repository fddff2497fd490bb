# SPDX-License-Identifier: Apache-2.0
"""-s osv, -s pypi, -s esms: a live service gives the database's verdict, or a failure that is named as one."""
import json
import os
import stat
import time

from lib import osvdb, proc, toxiproxy
from lib.case import case
from lib.osvstub import Fault, Stub

PINNED = [("Jinja2", "2.10"), ("critical", "1.0"), ("medium", "2.0"), ("evil-typo", "1.0"), ("odd", "1!1.0"), ("Odd.Name_x", "1.0"),
          ("idna", "3.5"), ("fixless", "1.0"), ("unscored", "1.0"), ("unheard-of", "0.1"), ("twins", "1.0")]


def lay(c, distributions, folder="d"):
    """Installed distributions, as metadata alone."""
    for name, version in distributions:
        c.write("%s/%s-%s.dist-info/METADATA" % (folder, name.replace("-", "_"), version),
                "Metadata-Version: 2.1\nName: %s\nVersion: %s\n\n" % (name, version))
    return folder


def told(c, *argv, status=(0, 1), **options):
    """(name, version) → sorted (id, fixed versions), and what was skipped."""
    report = c.audit_json(*argv, status=status, **options)
    found = {(d["name"], d["version"]): sorted((v["id"], tuple(v["fix_versions"])) for v in d["vulns"])
             for d in report["dependencies"] if "vulns" in d}
    return found, {d["name"]: d["skip_reason"] for d in report["dependencies"] if "skip_reason" in d}


def osv(stub):
    return ["-s", "osv", "--osv-url", stub.osv]


def pypi(stub):
    """pip-audit takes --index-url with -r alone, so pip's own setting it is."""
    return {"PIP_INDEX_URL": stub.index}


def fails(c, *argv, err, env=None):
    """Exit 1 with a reason, nothing on stdout, no word of "no vulnerabilities", no file."""
    result = c.audit(*argv, "-o", "report", env=env)
    c.expect(result, status=1, err=err, not_err=["No known vulnerabilities", "Traceback"])
    c.equal(result.stdout, "", "stdout of a failure")
    c.true(not os.path.exists(c.path("report")), "a failure left a report")
    c.true(result.seconds < proc.HANG, "took %.1f s", result.seconds)
    return result


# ---- osv ----


@case()
def service_osv_is_the_database(c):
    """The same findings, severities, texts and exit status as a database of the same records; whole, in pages, packed."""
    d = lay(c, PINNED)
    wanted = c.audit_json("--path", d)["dependencies"]
    c.true(sum(len(x["vulns"]) for x in wanted) >= 8, "too few findings to compare")
    with Stub(c.records) as stub:
        for page, packed in ((1000, False), (1, False), (1000, True)):
            stub.page, stub.packed = page, packed
            c.equal(c.audit_json("--path", d, "--no-cache", *osv(stub))["dependencies"], wanted, "dependencies, pages of %d" % page)
        ids = [r[1] for r in stub.seen("/v1/vulns/")]
        c.equal(len(ids), 3 * len(set(ids)), "each record once a run")
        c.expect(c.audit("--path", d, *osv(stub)), status=1, err=r"^pipgate: advisories are those of osv \(http://127\.0\.0\.1:\d+/v1/query\)")
        lay(c, [("idna", "3.7")], "clean")
        c.expect(c.audit("--path", "clean", *osv(stub)), status=0, err="^No known vulnerabilities found$")
        env = {"PIP_AUDIT_VULNERABILITY_SERVICE": "osv", "PIP_AUDIT_OSV_URL": stub.osv, "PIPGATE_DB": None}
        c.equal(c.audit_json("--path", d, env=env)["dependencies"], wanted, "by variables, without a database")


@case()
def service_osv_decides_here(c):
    """What the server says is affected does not count: records are asked for by name, and our matcher decides."""
    names = [("a", "1.5"), ("b", "1.5"), ("c", "2.0.0"), ("d", "1.0")]
    records = [osvdb.record("PYSEC-1", "a", fixed="1.6", introduced="1.5.0"), osvdb.record("PYSEC-2", "b", fixed="1.5"),
               osvdb.record("PYSEC-3", "c", versions=["2.0"], fixed=""),
               dict(osvdb.record("PYSEC-4", "d"), affected=[{"package": {"ecosystem": "npm", "name": "d"}, "versions": ["1.0"]},
                                                            {"package": {"ecosystem": "PyPI", "name": "d"}, "versions": ["1.1"]}])]
    with Stub(records) as stub:
        found, _ = told(c, "--path", lay(c, names), *osv(stub))
        c.equal({n: [v[0] for v in vs] for (n, _), vs in found.items()}, {"a": ["PYSEC-1"], "b": [], "c": ["PYSEC-3"], "d": []}, "findings")


@case()
def service_osv_batches(c):
    """2,100 distributions: three batches of at most a thousand, each record once, several requests at one time."""
    many = [("name-%d" % i, "1.0") for i in range(2100)]
    records = [osvdb.record("PYSEC-2099-%d" % i, "name-%d" % (i * 7), fixed="2.0") for i in range(150)]
    with Stub(records) as stub:
        stub.faults = [Fault("/v1/vulns/", "slow", 0.02)]
        found, _ = told(c, "--path", lay(c, many), *osv(stub))
        c.equal(sum(bool(v) for v in found.values()), 150, "findings")
        c.equal(len(stub.seen("querybatch")), 3, "batches")
        c.equal(sorted(r[1] for r in stub.seen("/v1/vulns/")), sorted("/v1/vulns/PYSEC-2099-%d" % i for i in range(150)), "records asked for")
        c.true(4 <= stub.most <= 16, "%d requests at one time", stub.most)


@case()
def service_osv_mirror(c):
    """A server that has /v1/query alone, and an --osv-url of another form: asked a name at a time, the same answer."""
    d = lay(c, PINNED)
    with Stub(c.records) as stub:
        wanted, _ = told(c, "--path", d, *osv(stub))
        stub.batches, stub.page = False, 1
        c.equal(told(c, "--path", d, *osv(stub))[0], wanted, "without batches")
        c.true(not stub.seen("/v1/vulns/.*") or len(stub.seen("/v1/query$")) >= 11, "asked by /v1/query")
        stub.batches, stub.page = True, 1000
        for url in (stub.root + "/v1", stub.root + "/v1/", stub.osv + "/"):
            c.equal(told(c, "--path", d, "-s", "osv", "--osv-url", url)[0], wanted, url)
        stub.requests.clear()
        stub.post, whole = lambda path, body: whole("/v1/query", body) if path == "/mirror/osv" else (404, {}), stub.post
        c.equal(told(c, "--path", d, "-s", "osv", "--osv-url", stub.root + "/mirror/osv")[0], wanted, "another form")
        c.equal({r[1] for r in stub.requests}, {"/mirror/osv"}, "asked")


@case()
def service_osv_cache(c):
    """Records are kept as long as the server tells the same `modified`; what is damaged, or another's, is asked for again."""
    d = lay(c, PINNED)
    with Stub(c.records) as stub:
        def asked(*argv, wanted=None):
            stub.requests.clear()
            found, _ = told(c, "--path", d, *argv, *osv(stub))
            c.true(wanted is None or found == wanted, "the cache changes the answer")
            return len(stub.seen("/v1/vulns/")), found
        n, wanted = asked()
        c.true(n > 5, "%d records asked for at first", n)
        c.equal(asked(wanted=wanted)[0], 0, "records asked for again")
        c.equal(asked("--no-cache", wanted=wanted)[0], n, "records asked for with --no-cache")
        c.equal(asked("--cache-dir", "elsewhere", wanted=wanted)[0], n, "records asked for with a new --cache-dir")
        c.equal(asked("--cache-dir", "elsewhere", wanted=wanted)[0], 0, "records asked for again with --cache-dir")

        changed = stub.records["PYSEC-2099-11"] = dict(stub.records["PYSEC-2099-11"], modified="2026-01-05T00:00:00Z", withdrawn="2026-01-05T00:00:00Z")
        n_changed, after = asked()
        c.equal((n_changed, after[("critical", "1.0")]), (1, []), "after %s was withdrawn" % changed["id"])

        folder = os.path.join(c.home, "cache", "pipgate", "services")
        files = sorted(os.path.join(folder, f) for f in os.listdir(folder))
        c.equal(len(files), n, "files kept")
        for i, path in enumerate(files):  # cut, overwritten, empty, another's key, a link, a folder
            with open(path, "rb") as f:
                whole = f.read()
            os.unlink(path)
            if i % 6 == 4:
                os.symlink("/dev/zero", path)
            elif i % 6 == 5:
                os.mkdir(path)
            else:
                with open(path, "wb") as f:
                    f.write([whole[:-1], whole[:200] + bytes(len(whole) - 200), b"", whole.replace(b" PYSEC-", b" PYSEK-", 1).replace(b" MAL-", b" MAR-", 1)][i % 6])
        again = asked(wanted=after)[0]
        c.true(again >= n - 3, "%d of %d damaged files were asked for anew", again, n)
        os.chmod(folder, 0o777)
        result = c.audit("--path", d, *osv(stub))
        c.expect(result, status=1, err="cache .* is not used: another user owns it, or may write there")
        c.equal(stat.S_IMODE(os.stat(folder).st_mode), 0o777, "mode")


@case()
def service_cache_is_bounded(c):
    """What was kept grows to 128 MiB and no further: the oldest go; what a killed run left beside goes, too."""
    d, folder = lay(c, PINNED), os.path.join(c.home, "cache", "pipgate", "services")
    with Stub(c.records) as stub:
        told(c, "--path", d, *osv(stub))
        fresh = set(os.listdir(folder))
        for i in range(140):
            path = os.path.join(folder, ".new-1-left" if i == 139 else "%032x" % i)
            with open(path, "w") as f:
                f.truncate(1 << 20)  # no block of the disk is used
            os.utime(path, (time.time() - 100000 + i,) * 2)
        stub.records["PYSEC-2099-11"] = dict(stub.records["PYSEC-2099-11"], modified="2026-01-05T00:00:00Z")
        told(c, "--path", d, *osv(stub))
    left = os.listdir(folder)
    c.true(fresh <= set(left), "what is in use went")
    c.equal(sorted(set(left) - fresh), ["%032x" % i for i in range(139 - (len(left) - len(fresh)), 139)], "the newest stay")
    c.true(80 <= len(left) <= 96 + len(fresh), "%d files are left", len(left))


@case()
def service_osv_down(c):
    """Down, cut, slow, garbage, huge, other records than were asked for: exit 1 with a reason that names the service, never "none found"."""
    d = lay(c, PINNED)
    big = {"results": [{"vulns": [{"id": "../../x"}]}] + [{}] * 10}
    table = [  # fault, words
        (Fault("/v1", "status", 500), "could not ask osv .* answered 500"),
        (Fault("/v1", "status", 503), "could not ask osv .* answered 503"),
        (Fault("/v1", "status", 503, retry_after=3600), "answered 503, and asks to come back in 3600 s"),
        (Fault("/v1/vulns", "status", 429), r"about [A-Z]+-\S+: http: the server answered 429"),
        (Fault("/v1/vulns", "status", 404), "answered 404"),
        (Fault("querybatch", "cut"), "could not ask osv .* about a batch: network"),
        (Fault("/v1/vulns", "cut"), "could not ask osv .* network"),
        (Fault("/v1/vulns", "reset"), "could not ask osv .* network"),
        (Fault("querybatch", "slow", 300), "not done within 2000 ms"),
        (Fault("/v1/vulns", "slow", 300, after=2), "not done within 2000 ms"),
        (Fault("/v1/vulns", "drip", after=1), "not done within 2000 ms"),
        (Fault("querybatch", "garbage"), "could not understand what osv .* about a batch"),
        (Fault("/v1/vulns", "garbage"), r"could not understand what osv .* about [A-Z]+-"),
        (Fault("querybatch", "huge", 17), "limit: "),
        (Fault("/v1/vulns", "huge", 2), r"could not understand what osv "),
        (Fault("/v1/vulns", "text", osvdb.record("PYSEC-9", "jinja2")), "the record of another advisory"),
        (Fault("querybatch", "text", {"results": []}), "other results than it was asked for"),
        (Fault("querybatch", "text", {}), "other results than it was asked for"),
        (Fault("querybatch", "text", {"results": [[]] * 11}), "an object expected"),
        (Fault("querybatch", "text", {"results": [{"vulns": {}}] * 11}), "a list expected"),
        (Fault("querybatch", "text", big), "an advisory without a proper id"),
        (Fault("querybatch", "text", {"results": [{"next_page_token": "again"}] * 11}), "other results|too many pages"),
        (Fault("querybatch", "text", b'{"results": [], "results": []}'), "could not understand"),
    ]
    with Stub(c.records) as stub:
        for fault, words in table:
            stub.faults = [fault]
            fails(c, "--path", d, "--timeout", "2", "--no-cache", *osv(stub), err=words)
        stub.faults = []
        c.equal(told(c, "--path", d, *osv(stub)), told(c, "--path", d), "afterwards")
    fails(c, "--path", d, "-s", "osv", "--osv-url", stub.osv, err="could not ask osv .* network: ")
    fails(c, "--path", d, "-s", "osv", "--osv-url", "ftp:x", err="'ftp:x' is no address")
    fails(c, "--path", d, "-s", "osv", "--osv-url", "ftp://127.0.0.1/v1/query", err="http:// or https://")


@case()
def service_osv_tried_again(c):
    """What fails once and then goes well is no failure: 503 with and without Retry-After, 429, a cut, a connection without an answer."""
    d = lay(c, PINNED)
    wanted = told(c, "--path", d)
    with Stub(c.records) as stub:
        for fault in (Fault("/v1", "status", 503, times=1), Fault("/v1/vulns", "status", 429, times=2), Fault("/v1", "cut", times=1),
                      Fault("/v1/vulns", "cut", times=3), Fault("/v1", "reset", times=1)):
            stub.faults = [fault]
            c.equal(told(c, "--path", d, "--no-cache", *osv(stub)), wanted, "after %s" % fault.kind)
        stub.faults = [Fault("querybatch", "status", 503, times=1, retry_after=1)]
        started = time.monotonic()
        c.equal(told(c, "--path", d, "--no-cache", *osv(stub)), wanted, "after Retry-After")
        c.true(time.monotonic() - started >= 1, "Retry-After: 1 was not waited for")


@case()
def service_password(c):
    """User and password of an address reach the server and nothing else: no report, message, log, or file of the cache."""
    d = lay(c, PINNED)
    with Stub(c.records) as stub:
        stub.password = "someone:s3cr3t"
        for service, variable, url in (("osv", "PIP_AUDIT_OSV_URL", stub.osv), ("pypi", "PIP_INDEX_URL", stub.index)):
            env = {"PIPGATE_LOG": "debug", variable: url.replace("://", "://someone:s3cr3t@")}
            result = c.expect(c.audit("--path", d, "-s", service, "-f", "json", env=env), status=1, err="advisories are those of")
            stub.faults = [Fault("", "status", 500)]
            failed = fails(c, "--path", d, "--no-cache", "-s", service, err="could not ask", env=env)
            stub.faults = []
            for text in (result.stdout, result.stderr, failed.stderr):
                c.true("s3cr3t" not in text and "someone" not in text, "a password is shown: %s", text)
        for folder, _, files in os.walk(os.path.join(c.home, "cache")):
            for name in files:
                with open(os.path.join(folder, name), "rb") as f:
                    c.true(b"s3cr3t" not in f.read(), "a password in %s", name)


@case()
def service_hostile_text(c):
    """Control characters in ids, summaries and fixed versions reach no terminal raw."""
    record = osvdb.record("PYSEC-2099-1", "jinja2", fixed="3", summary="a\x1b[31mred\u202e\r\nb", aliases=["CVE-\x1b]0;x\x07"])
    with Stub([record]) as stub:
        d = lay(c, [("jinja2", "2.10")])
        for service in (osv(stub), ["-s", "pypi"]):
            result = c.expect(c.audit("--path", d, "--desc", "--aliases", *service, env=pypi(stub)), status=1, out="PYSEC-2099-1")
            c.true(not set("\x1b\x07\r\u202e") & set(result.stdout + result.stderr), "raw characters: %r", result.stdout)


# ---- pypi ----


@case()
def service_pypi(c):
    """The JSON API of pip's index: its findings, fixed versions and texts; a release that it does not have is skipped in pip-audit's words."""
    d = lay(c, PINNED)
    wanted = told(c, "--path", d)[0]
    releases = {(n.lower().replace(".", "-").replace("_", "-"), v) for n, v in PINNED if n not in ("unheard-of", "odd")}
    with Stub(c.records, releases) as stub:
        words, env = ["--path", d, "-s", "pypi"], pypi(stub)
        found, skipped = told(c, *words, env=env)
        c.equal(found, {k: v for k, v in wanted.items() if k[0] not in ("unheard-of", "odd")}, "findings")
        c.equal(skipped, {"unheard-of": "Dependency not found on PyPI and could not be audited: unheard-of (0.1)",
                          "odd": "Dependency not found on PyPI and could not be audited: odd (1!1.0)"}, "skipped")
        c.true(stub.seen("^/pypi/odd/1%211.0/json$"), "escaped in the address")
        c.expect(c.audit("--strict", *words, env=env), status=1, err="not found on PyPI")
        c.equal(c.audit_json(*words, env=env)["dependencies"], c.audit_json("--no-cache", *words, env=env)["dependencies"], "cached")


@case()
def service_pypi_cache(c):
    """Fresh answers are not asked for; older ones by their ETag; what changed is seen then."""
    d = lay(c, [("jinja2", "2.10"), ("critical", "1.0")])
    with Stub(c.records) as stub:
        def asked():
            return told(c, "--path", d, "-s", "pypi", env=pypi(stub))

        first = asked()
        stub.requests.clear()
        c.equal((asked(), stub.requests), (first, []), "while fresh")
        folder = os.path.join(c.home, "cache", "pipgate", "services")
        for age in (700, -700):  # older than it is believed; of the future
            for name in os.listdir(folder):
                os.utime(os.path.join(folder, name), (time.time() - age,) * 2)
            stub.requests.clear()
            c.equal((asked(), len(stub.requests)), (first, 2), "at an age of %d s" % age)
            stub.requests.clear()
            c.equal((asked(), stub.requests), (first, []), "renewed")
        for name in os.listdir(folder):
            os.utime(os.path.join(folder, name), (time.time() - 700,) * 2)
        del stub.records["PYSEC-2099-11"]
        c.equal(asked()[0][("critical", "1.0")], [], "after a change")


@case()
def service_pypi_index(c):
    """Which index: --index-url, PIP_INDEX_URL, pip's files in pip's order; one without /simple, or none at all, is an error that says so."""
    d = lay(c, [("critical", "1.0")])

    def run(env, files=(), argv=("--path", d), **expected):
        for path, text in dict(files).items():
            c.write(path, text)
        env = dict({"PIP_INDEX_URL": None, "PIP_CONFIG_FILE": None, "XDG_CONFIG_DIRS": c.path("system"), "XDG_CONFIG_HOME": c.path("user")}, **env)
        c.expect(c.audit("-s", "pypi", "--no-cache", *argv, env=env), **expected)

    with Stub(c.records) as right, Stub() as wrong:
        good = {"status": 1, "out": "^critical +1.0 +PYSEC-2099-11"}
        conf = "[global]\nindex-url = %s\n"
        c.write("r.txt", "critical==1.0\n")
        run({"PIP_INDEX_URL": wrong.index}, argv=["-r", "r.txt", "--no-deps", "--index-url", right.index], **good)
        run({"PIP_INDEX_URL": right.index}, **good)
        run({}, {"user/pip/pip.conf": conf % right.index}, **good)
        run({}, {"system/pip/pip.conf": conf % wrong.index}, **good)
        run({}, {"user/pip/pip.conf": "# comment\n[install]\nIndex_URL:\n    %s\n[global]\nindex-url = %s" % (right.index, wrong.index)}, **good)
        run({"PIP_CONFIG_FILE": c.path("own.conf")}, {"own.conf": "[install]\n--index-url=%s\n" % right.index, "user/pip/pip.conf": conf % wrong.index}, **good)
        run({"PIP_INDEX_URL": right.index}, {"user/pip/pip.conf": conf % wrong.index}, **good)
        c.write("system/pip/pip.conf", "")
        run({"PIP_INDEX_URL": right.root + "/files"}, status=1, err="does not end in /simple", not_err="No known")
        run({"PIP_NO_INDEX": "1", "PIP_INDEX_URL": right.index}, status=1, err="none is known", not_err="No known")
        run({"PIP_CONFIG_FILE": os.devnull}, argv=["-r", "r.txt", "--no-deps", "--disable-pip"], status=1, err="none is known", not_err="No known")


@case()
def service_pypi_down(c):
    """Faults of the JSON API are failures with a name; a malformed fixed version is none."""
    d = lay(c, PINNED)
    with Stub(c.records) as stub:
        words, env = ["--path", d, "--timeout", "2", "--no-cache", "-s", "pypi"], pypi(stub)
        for fault, reason in ((Fault("/pypi", "status", 500), "could not ask pypi .* answered 500"), (Fault("/pypi", "cut", after=3), "network"),
                             (Fault("/pypi", "slow", 300), "not done within 2000 ms"), (Fault("/pypi", "garbage"), "could not understand what pypi"),
                             (Fault("/pypi", "text", []), "an object with a list"), (Fault("/pypi", "text", {"vulnerabilities": {}}), "with a list"),
                             (Fault("/pypi", "text", {"vulnerabilities": [{"id": ""}]}), "its id is missing"),
                             (Fault("/pypi", "text", {"vulnerabilities": [{"id": "x", "aliases": [1]}]}), "text expected")):
            stub.faults = [fault]
            fails(c, *words, err=reason, env=env)
        stub.faults = [Fault("/pypi/critical", "text", {"vulnerabilities": [{"id": "X-1", "aliases": [], "fixed_in": ["what", "3.0", "2.0"]}]})]
        c.equal(told(c, *words, env=env)[0][("critical", "1.0")], [("X-1", ("2.0", "3.0"))], "with a malformed fixed version")


@case()
def service_esms(c):
    """Ecosyste.ms: ranges in words, decided here; all pages; a failure has its name."""
    many = [osvdb.record("PYSEC-2098-%d" % i, "paged", fixed="2.%d" % i, introduced="1.0") for i in range(230)]
    records = [r for r in c.records if not r["id"].startswith("MAL")] + many
    d = lay(c, [p for p in PINNED if p[0] != "evil-typo"] + [("paged", "2.5")])
    with Stub(records) as stub:
        c.db = osvdb.build(records)
        env = {"PIPGATE_ESMS_URL": stub.esms}
        wanted, found = told(c, "--path", d)[0], told(c, "--path", d, "-s", "esms", env=env)[0]
        c.equal(len(found[("paged", "2.5")]), 224, "of all pages")
        c.equal(found, wanted, "findings")
        stub.faults = [Fault("/esms", "text", [{"identifiers": ["X-1"], "packages": [{"ecosystem": "pypi", "package_name": "jinja2", "versions": [
            {"vulnerable_version_range": "about 3"}]}]}])]
        fails(c, "--path", d, "-s", "esms", err="a vulnerable_version_range that is none", env=env)
        stub.faults = [Fault("/esms", "status", 500)]
        fails(c, "--path", d, "-s", "esms", err="could not ask esms .* answered 500", env=env)


@case()
def service_unknown(c):
    """Only the services that pip-audit has."""
    d = lay(c, PINNED[:1])
    c.expect(c.audit("--path", d, "-s", "what"), status=2, err="argument -s/--vulnerability-service: invalid VulnerabilityServiceChoice value: 'what'")


# ---- flaky lines ----


def _verdicts(c, runs):
    """The same input over a line with latency, jitter, cuts and closings: the one verdict, or a named failure."""
    d = lay(c, PINNED)
    wanted = told(c, "--path", d)[0]
    good = bad = 0
    with Stub(c.records) as stub, toxiproxy.Proxy(stub.port) as proxy:
        for i in range(runs):
            proxy.toxics(toxiproxy.KINDS[i % len(toxiproxy.KINDS)], i)
            result = c.audit("--path", d, "--no-cache", "--timeout", "3", "-f", "json", "-s", "osv", "--osv-url", "%s/v1/query" % proxy.root)
            if result.stdout:
                c.expect(result, status=1)
                found = {(x["name"], x["version"]): sorted((v["id"], tuple(v["fix_versions"])) for v in x["vulns"])
                         for x in json.loads(result.stdout)["dependencies"]}
                c.equal(found, wanted, "run %d" % i)
                good += 1
            else:
                c.expect(result, status=1, err=r"^pipgate: could not (ask|understand what) osv", not_err="No known")
                bad += 1
            c.true(result.seconds < proc.HANG, "run %d took %.1f s", i, result.seconds)
    c.true(good >= runs // 4 and bad >= runs // 10, "%d good, %d bad: the line is not what it should be", good, bad)


@case()
def service_over_a_bad_line(c):
    """Ten times through toxiproxy."""
    _verdicts(c, 10)


@case(slow=True)
def service_over_a_bad_line_long(c):
    """A hundred times through toxiproxy."""
    _verdicts(c, 100)
