# SPDX-License-Identifier: Apache-2.0
"""`pipgate db export`, and the feed pipgate=: what is taken, and each thing that is refused with the old database kept."""
import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import socket
import time

from lib import osvdb, paths
from lib.bundles import Bundle
from lib.case import SYSTEM_PATH, Skipped, case


def read(c, *name):
    with open(c.path(*name), "rb") as f:
        return f.read()


def database(c, name, n=1):
    """Of n records."""
    osvdb.write([osvdb.record("PYSEC-2097-%d" % i, "name-%d" % i, "HIGH", fixed="2.0") for i in range(n)], c.path(name))
    c.expect(c.pipgate("db", "build", "-o", name + ".db", "osv=" + name), status=0)
    return name + ".db"


def export(c, folder="out", db="one.db", *more):
    return c.expect(c.pipgate("db", "export", folder, "-k", "k", "--db", db, *more), status=0, err="serial [0-9]+, expires 20")


def scene(c):
    c.expect(c.pipgate("key", "new", "-o", "k"), status=0)
    c.expect(c.pipgate("key", "new", "-o", "other"), status=0)
    database(c, "one", 1)
    export(c)
    return Bundle(c, "out")


def take(c, place, *more, **options):
    return c.pipgate("db", "build", "-o", "taken/advisories.db", "--key", options.pop("key", "k.pub"), "pipgate=" + place, *more, **options)


@case(pips="one", mode="any")
def bundle_export_and_update(c):
    """A bundle by address and by folder, its policy beside, again without a download, a newer one, and what a key has signed by minisign's word."""
    bundle = scene(c)
    os.mkdir(c.path("taken"))
    c.expect(c.run(["minisign", "-V", "-H", "-p", "k.pub", "-m", "out/pipgate.json"]), status=0, out="serial:%d\texpires:" % bundle.manifest["serial"])
    url = bundle.put(c.index)
    c.expect(take(c, url.replace("://", "://user:secret@")), status=0, err="1 advisories for 1 distributions; serial %d" % bundle.manifest["serial"])
    c.true(read(c, "taken", "advisories.db") == read(c, "one.db"), "the database is another")
    c.true(not os.path.exists(c.path("taken", "bundle-policy.yaml")), "a policy from nowhere")
    c.expect(c.pipgate("db", "show", "--db", "taken/advisories.db", "name-0"), status=0, out="PYSEC-2097-0")
    before = len(c.index.seen(pattern="sha256-"))
    c.expect(take(c, url[:-1]), status=0, err="here already")
    c.equal(len(c.index.seen(pattern="sha256-")), before, "parts that were asked for")
    c.write("policy", "schema: pipgate/policy/1\n")
    database(c, "two", 2)
    export(c, "out", "two.db", "--policy", "policy", "--expires", "12h")
    newer = Bundle(c, "out")
    c.true(newer.manifest["serial"] > bundle.manifest["serial"], "the serial does not rise")
    key = read(c, "k.pub").decode().split("\n")[1]
    c.expect(take(c, newer.put(c.index), key=key), status=0, err="2 advisories")
    c.equal(read(c, "taken", "bundle-policy.yaml"), read(c, "policy"), "the policy")
    c.expect(take(c, "out"), status=0, err="here already")  # the folder itself, without a network
    export(c, "out", "one.db")
    c.expect(take(c, "out/"), status=0, err="1 advisories")
    c.true(not os.path.exists(c.path("taken", "bundle-policy.yaml")), "the policy of an earlier bundle stays")
    c.equal(sorted(n for n in os.listdir(c.path("taken")) if not n.endswith(".lock")), ["advisories.db", "advisories.db.history"], "left there")
    c.true(not [p for p in os.listdir(os.path.join(c.home, "state", "pipgate")) if "secret" in open(os.path.join(c.home, "state", "pipgate", p)).read()],
           "a password is kept")


def refusals(c, good):
    """(what, the bundle that is served, the sentence)"""
    bare = good.with_file(re.search(rb"manifest:(sha256-[0-9a-f]{64})", good.files["pipgate.json.minisig"])[1].decode(), None)
    part, altered = good.part(), bytearray(good.files[good.part()])
    altered[5000] ^= 1

    def expired(m):
        m["expires"] = "2020-01-01T00:00:00Z"

    def older(m):
        m["serial"] -= 1

    def longer(m):
        m["parts"][0]["size"] -= 1

    def shorter(m):
        m["parts"][0]["size"] += 1

    def elsewhere(m):
        m["parts"][0]["path"] = "../x"

    return [
        ("signature of another key", good.signed(key="other"), "pipgate.json: signature: signed by another key"),
        ("altered manifest", bare.with_file("pipgate.json", good.files["pipgate.json"].replace(b'"accepted":1', b'"accepted":2')), "not the bytes that were signed"),
        ("signature of another version", good.with_file("pipgate.json.minisig", good.signed(expired).files["pipgate.json.minisig"]), "not the bytes that were signed"),
        ("garbage signature", good.with_file("pipgate.json.minisig", b"x"), "the signature is none"),
        ("no signature", good.with_file("pipgate.json.minisig", None), r"pipgate\.json\.minisig: http: the server answered 404"),
        ("no manifest", good.with_file("pipgate.json", None), r"pipgate\.json: http: the server answered 404"),
        ("a manifest without end", good.with_file("pipgate.json", b" " * (2 << 20)), r"pipgate\.json: limit: "),
        ("expired", good.signed(expired), "expired 2020-01-01T00:00:00Z: a newer one must be exported, or the clock here is wrong"),
        ("an older serial", good.signed(older), "serial [0-9]+ is older than [0-9]+, which was taken from there before"),
        ("too long", good.signed(longer), "part database: it is longer than the [0-9]+ bytes that pipgate.json tells"),
        ("too short", good.signed(shorter), "part database: it is [0-9]+ bytes long, and pipgate.json tells [0-9]+"),
        ("altered part", good.with_file(part, bytes(altered)), "part database: its digest is not the one in pipgate.json: altered, or of another version"),
        ("parts of another version", good.with_file(part, None), "part database: it is not there, or pipgate.json and the parts are of different versions"),
        ("a path that leads out", good.signed(elsewhere), "the part database is not where its digest says"),
        ("no database", good.signed(lambda m: m["parts"].clear()), "no part database"),
        ("two databases", good.signed(lambda m: m["parts"].append(m["parts"][0])), "two parts of the name database"),
        ("no serial", good.signed(lambda m: m.pop("serial")), "no serial"),
        ("half a serial", good.signed(lambda m: m.update(serial=1e300)), "no serial"),
        ("another schema", good.signed(lambda m: m.update(schema="pipgate/bundle/2")), "its schema is 'pipgate/bundle/2', and not pipgate/bundle/1"),
        ("no JSON", good.signed(text="{"), r"pipgate\.json: byte"),
        ("no database file", good.with_part("database", b"no database" * 500), r"advisories\.db"),
        ("a large policy", good.with_part("policy", b"#" * ((1 << 20) + 1)), "its policy is larger than"),
    ]


@case(pips="one", mode="any")
def bundle_refused(c):
    """A table of bundles that are not taken, each with its sentence; database, policy and serial stay as they were."""
    good = scene(c)
    os.mkdir(c.path("taken"))
    url = good.put(c.index)
    database(c, "before", 3)
    c.expect(take(c, url), status=0)
    state = os.path.join(c.home, "state", "pipgate")
    kept = {n: open(os.path.join(state, n)).read() for n in os.listdir(state)}
    c.write("taken/advisories.db", read(c, "before.db"))
    c.write("taken/bundle-policy.yaml", "mine")
    for what, bundle, sentence in refusals(c, good):
        bundle.put(c.index)
        result = c.expect(take(c, url), status=41, err=[sentence, "was not replaced; an older one stays as it was"])
        c.true(result.stderr.startswith("pipgate: pipgate=http://127.0.0.1"), "%s: %s", what, result.stderr)
        c.true(read(c, "taken", "advisories.db") == read(c, "before.db"), "%s: the database has changed", what)
        c.equal(read(c, "taken", "bundle-policy.yaml"), b"mine", what)
        c.equal({n: open(os.path.join(state, n)).read() for n in os.listdir(state)}, kept, what)
        c.equal(sorted(n for n in os.listdir(c.path("taken")) if not n.endswith(".lock")), ["advisories.db", "bundle-policy.yaml"], what)
    c.expect(take(c, good.put(c.index)), status=0)
    for name in kept:
        c.write(os.path.join(state, name), "{}")
    c.expect(take(c, url), status=41, err="holds no serial of this place")


@case(pips="one", mode="any")
def bundle_half_put_down(c):
    """A client that comes between the new signature and the new manifest takes the copy that the signature names."""
    before = scene(c)
    os.mkdir(c.path("taken"))
    database(c, "two", 2)
    export(c, "out", "two.db")
    half = Bundle(c, "out").with_file("pipgate.json", before.files["pipgate.json"])
    named = re.search(rb"\tmanifest:(sha256-[0-9a-f]{64})$", half.files["pipgate.json.minisig"], re.M)[1].decode()
    c.expect(take(c, half.with_file(named, None).put(c.index)), status=41, err="pipgate.json: signature: wrong: these are not")
    c.expect(take(c, half.with_file(named, before.files["pipgate.json"]).put(c.index)), status=41, err="pipgate.json: signature: wrong: these are not")
    c.expect(take(c, half.put(c.index)), status=0, err="2 advisories")


@case(pips="one", mode="any")
def bundle_parts_kept(c):
    """Parts of the manifest before, and of those that were replaced within the hour, stay; older ones go; nothing else is touched."""
    scene(c)
    parts = []
    for name, n in (("one", 1), ("two", 2), ("three", 3)):
        if n > 1:
            database(c, name, n)
            export(c, "out", name + ".db")
        parts.append(Bundle(c, "out").part())
    c.write("out/index.html", "mine")
    for name in os.listdir(c.path("out")):
        os.utime(c.path("out", name), (time.time() - 7200,) * 2)
    database(c, "four", 4)
    export(c, "out", "four.db")
    here = {n for n in os.listdir(c.path("out")) if n.startswith("sha256-")}
    copies = {n for n in here if read(c, "out", n).startswith(b"{")}
    c.equal(here - copies, {parts[2], Bundle(c, "out").part()}, "parts")
    c.equal(len(copies), 2, "copies of manifests")
    c.true(os.path.exists(c.path("out", "index.html")), "another file is gone")
    export(c, "out", "one.db")
    c.true(os.path.exists(c.path("out", parts[2])), "a part that was replaced a moment ago is gone")


@case(pips="one", mode="any")
def bundle_export_refused(c):
    """What cannot be exported leaves the folder as it was; what is wrong on the command line is 42."""
    bundle = scene(c)
    for words, sentence in ((("--db", "nothing.db", "-k", "k"), "nothing.db"), (("--db", "k", "-k", "k"), "k"), (("--db", "one.db", "-k", "k.pub"), "the secret key is none"),
                            (("--db", "one.db", "-k", "nokey"), "nokey"), (("--db", "one.db", "-k", "k", "--policy", "nothing"), "nothing")):
        c.expect(c.pipgate("db", "export", "out", *words), status=41, err=[sentence, "nothing was exported"])
        now = Bundle(c, "out")
        c.true(all(now.files[n] == b for n, b in bundle.files.items()), "%s changed the bundle", words)
    c.expect(c.pipgate("db", "export", "out", "-k", "k", env={"PIPGATE_DB": None}), status=41, err="the starter set alone")
    c.write("mine/pipgate.json", "{}")
    c.expect(c.pipgate("db", "export", "mine", "-k", "k", "--db", "one.db"), status=41, err="what is there is left as it is")
    for words in (("-k", "k"), ("out",), ("out", "-k", "k", "--expires", "7"), ("out", "-k", "k", "--expires", "0d"), ("out", "-k", "k", "--expires", "9999999d")):
        c.expect(c.pipgate("db", "export", *words), status=42, err="db export")
    c.expect(c.pipgate("db", "build", "-o", "x.db", "pipgate=out"), status=42, err="--key FILE.BASE64 is missing")
    c.expect(c.pipgate("db", "build", "-o", "x.db", "--key", "k.pub", "osv=one"), status=42, err="--key is of a bundle")
    c.expect(c.pipgate("db", "build", "-o", "x.db", "--key", "k.pub", "pipgate=out", "osv=one"), status=42, err="no feed can stand beside")
    c.expect(c.pipgate("db", "update", env={"PIPGATE_FEEDS": "pipgate=out"}), status=42, err="is missing")
    c.expect(c.pipgate("db", "build", "-o", "x.db", "--key", "nokey", "pipgate=out"), status=41, err="nokey")
    c.expect(c.pipgate("db", "build", "-o", "x.db", "--key", "k.pub", "pipgate=nowhere"), status=41, err="pipgate=nowhere: No such file")


@case(pips="one", mode="any")
def bundle_schema(c):
    """The manifest is as docs/bundle.schema.json says."""
    from lib import schema
    bundle = scene(c)
    with open(os.path.join(paths.ROOT, "docs", "bundle.schema.json")) as f:
        wrong = schema.problems(bundle.manifest, json.load(f))
    c.true(not wrong, "%s", wrong)
    part = bundle.manifest["parts"][0]
    c.equal(hashlib.sha256(bundle.files[part["path"]]).hexdigest(), part["sha256"], "the digest")


NGINX = """daemon off; master_process off; pid {w}/nginx.pid; error_log {w}/nginx-error.log;
events {{ worker_connections 256; }}
http {{ access_log off; client_body_temp_path {w}/t1; proxy_temp_path {w}/t2; fastcgi_temp_path {w}/t3; uwsgi_temp_path {w}/t4; scgi_temp_path {w}/t5;
server {{ listen 127.0.0.1:{port}; root {w}/out; }} }}
"""
CLIENTS, AT_ONCE = 1000, 40


@case(pips="one", mode="any", slow=True)
def bundle_thousand_clients(c):
    """A thousand clients, forty at a time, of one nginx, while new versions are exported: each has a whole database, none is lost."""
    nginx = shutil.which("nginx", path=SYSTEM_PATH)
    if not nginx:
        raise Skipped("no nginx (package nginx-light)")
    scene(c)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    server = c.start([nginx, "-c", c.write("nginx.conf", NGINX.format(w=c.work, port=port))], deadline=900)
    databases = [database(c, name, n) for name, n in (("two", 2), ("three", 3), ("four", 4))]
    env = {"PATH": SYSTEM_PATH, "HOME": c.home, "TMPDIR": c.tmp, "LC_ALL": "C.UTF-8"}

    def client(i):
        folder = c.path("clients", str(i))
        os.makedirs(folder)
        result = c.start([paths.PIPGATE, "db", "build", "-o", folder + "/advisories.db", "--key", "k.pub", "pipgate=http://127.0.0.1:%d/" % port],
                         env=env | {"XDG_STATE_HOME": folder}).wait()
        return result.status == 0 and os.path.exists(folder + "/advisories.db"), result.stderr

    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        runs = [pool.submit(client, i) for i in range(CLIENTS)]
        for i in range(30):
            time.sleep(0.5)
            export(c, "out", databases[i % 3])
        ends = [r.result() for r in runs]
    server.signal(15)
    server.wait()
    lost = [err for good, err in ends if not good]
    print("%d clients in %.1f s: %d lost" % (CLIENTS, time.monotonic() - start, len(lost)))
    c.equal(len(lost), 0, "lost, the first with %s" % re.sub(r"\s+", " ", lost[0] if lost else ""))
