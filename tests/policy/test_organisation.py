# SPDX-License-Identifier: Apache-2.0
"""The policy that a bundle brings: between the machine's and the user's, with locks, and only where it is known to have come by one."""
import os
import shutil

from lib import osvdb, paths
from lib.bundles import Bundle
from lib.case import Skipped, case
from machine import HEAD, OTHER, Machine, decide, show, user

ONE = dict(pips="newest", mode="any")
DB = "taken/advisories.db"
FILE = "taken/bundle-policy.yaml"
LOCKED = HEAD + "fail-on: low\nsdist: block\nlock: [fail-on, exceptions]\n"


def take(c, policy, status=0, **expected):
    """A bundle with this policy, exported and taken."""
    if not os.path.exists(c.path("k")):
        c.expect(c.pipgate("key", "new", "-o", "k"), status=0)
        osvdb.write(osvdb.dated(c.records, None), c.path("records"))
        c.expect(c.pipgate("db", "build", "-o", "one.db", "osv=records"), status=0)
        os.makedirs(c.path("taken"))
    words = ["--policy", c.write("policy", policy)] if policy else []
    c.expect(c.pipgate("db", "export", "out", "-k", "k", "--db", "one.db", *words), status=0)
    return c.expect(c.pipgate("db", "build", "-o", DB, "--key", "k.pub", "pipgate=out"), status=status, **expected)


def mine(c):
    """Environment for runs with that database, by the file's owner."""
    return {"PIPGATE_DB": c.path(DB)}


@case(**ONE)
def organisation_in_its_order(c):
    """Above the machine's, below the user's; its locks hold against the user, the machine's against it; shown by its name."""
    take(c, LOCKED)
    env = mine(c)
    shown = show(c, env=env)
    c.equal([(f["path"], f["there"], f["trusted"]) for f in shown["files"] if f["layer"] == "organisation"], [(c.path(FILE), True, True)], "the file")
    c.equal((shown["keys"]["fail-on"]["value"], shown["keys"]["fail-on"]["locked"], shown["keys"]["fail-on"]["line"]), ("low", True, 2), "its key")
    c.equal([n for n, v in shown["lists"].items() if v["locked"]], ["exceptions"], "its list")
    c.expect(c.pipgate("policy", "show", env=env), status=0, out="organisation +.*bundle-policy.yaml$")
    c.expect(decide(c, "--gate-fail-on", "none", env=env), status=42, err="fail-on is locked by the organisation's policy")
    path = user(c, HEAD + "sdist: allow\n")
    c.equal(show(c, env=env)["keys"]["sdist"]["value"], "allow", "the user's")
    user(c, HEAD + "fail-on: none\n")
    c.expect(decide(c, env=env), status=42, err=r"policy\.yaml: line 2.*fail-on is locked by the organisation's policy")
    user(c, HEAD + "exceptions: []\n")
    c.expect(decide(c, env=env), status=42, err="'exceptions' is locked by the organisation's policy")
    os.unlink(path)
    c.expect(c.pipgate("policy", "show", "--json", env={"PIPGATE_DB": None}), status=0, not_out="organisation")
    c.equal(show(c, "--gate-db", c.path(DB), env={"PIPGATE_DB": None})["keys"]["sdist"]["value"], "block", "by an option")
    c.write("requirements.txt", "low==1.0\n")
    c.expect(c.audit("-r", "requirements.txt", "--no-deps", "--disable-pip", "--db", c.path(DB), "--fail-on", "none", env={"PIPGATE_DB": None}),
             status=1, err="fail-on is locked by the organisation's policy")
    take(c, None)
    c.equal([f for f in show(c, env=env)["files"] if f["layer"] == "organisation"], [], "taken away")


@case(**ONE)
def organisation_below_the_machine(c):
    """What the machine locks the organisation may not name; what it leaves open the organisation says."""
    take(c, HEAD + "fail-on: low\nunpinned: block\n")
    m = Machine(c, policy=HEAD + "unpinned: warn\n")
    c.equal(show(c, run=m.pipgate, env=mine(c))["keys"]["unpinned"]["value"], "block", "left open")
    m.write("policy.yaml", HEAD + "fail-on: high\nlock: [fail-on]\n")
    c.expect(m.decide(env=mine(c)), status=42, err=r"bundle-policy\.yaml: line 2.*fail-on is locked by the system's policy")
    m.write("policy.yaml", HEAD + "lock: [rules]\n")
    take(c, HEAD + "rules: []\nlock: [mode]\n")
    c.expect(m.decide(env=mine(c)), status=42, err="'rules' is locked by the system's policy")


@case(**ONE)
def organisation_came_by_a_bundle(c):
    """A file of that name that no bundle brought does not count, one that was changed since blocks; place rules as for other policies."""
    env = mine(c)
    take(c, HEAD + "fail-on: low\n")
    good = open(c.path(FILE)).read()
    c.write(FILE, good + "mode: off\n")
    c.expect(decide(c, env=env), status=42, err=r"bundle-policy\.yaml is not what its bundle brought: take the bundle anew")
    take(c, HEAD + "fail-on: low\n")
    c.expect(decide(c, env=env), status=40)
    os.chmod(c.path(FILE), 0o666)
    c.expect(decide(c, env=env), status=42, err="may be written by others")
    os.chmod(c.path(FILE), 0o644)
    os.rename(c.path(FILE), c.path("real"))
    os.symlink(c.path("real"), c.path(FILE))
    c.expect(decide(c, env=env), status=42, err="is a link and is not followed")
    shutil.copytree(c.path("taken"), c.path("clone"), symlinks=False)  # as a repository might hold it
    c.write("clone/bundle-policy.yaml", HEAD + "mode: off\n")
    env = {"PIPGATE_DB": c.path("clone/advisories.db")}
    c.expect(decide(c, env=env), status=40)
    c.expect(c.pipgate("policy", "show", env=env), status=0, out=["did not come by a bundle$", "did not come by a bundle: it does not count"])
    if os.geteuid() == 0:
        os.chown(c.path("clone/bundle-policy.yaml"), OTHER, OTHER)
        c.expect(decide(c, env=env), status=42, err="belongs to another user")
        os.chown(c.path("clone/bundle-policy.yaml"), 0, 0)
        os.chown(c.path("clone/advisories.db"), OTHER, OTHER)
        c.expect(decide(c, env=env), status=42, err="another user .* than the database beside it")


@case(**ONE)
def organisation_damaged(c):
    """One that cannot be read is neither exported nor taken."""
    take(c, HEAD + "fail-on: low\n")
    for text, err in ((HEAD + "fail_on: low\n", "did you mean 'fail-on'"), (HEAD + "approvers: []\n", "is the system's policy's alone"),
                      ("# nothing\n" * 200000, "larger than")):
        c.expect(c.pipgate("db", "export", "out", "-k", "k", "--db", "one.db", "--policy", c.write("policy", text)), status=41, err=err)
    bad = Bundle(c, "out").with_part("policy", (HEAD + "fail_on: low\n").encode())
    c.expect(c.pipgate("db", "build", "-o", DB, "--key", "k.pub", "pipgate=" + bad.put(c.index)), status=41, err="its policy: .*did you mean 'fail-on'")
    c.expect(decide(c, env=mine(c)), status=40)


@case(**ONE)
def organisation_of_the_system(c):
    """Beside the system's database it counts for every user, whichever database they name."""
    m = Machine(c, policy=HEAD)
    m.second()
    into = 'mount -t tmpfs none /var/lib && mkdir /var/lib/pipgate && cp "$0" /var/lib/pipgate/bundle-policy.yaml && exec "$@"'
    policy = c.write("policy", HEAD + "mode: warn\nlock: [mode]\n")

    def run(*words, **options):
        words = ["setpriv", "--reuid", str(OTHER), "--regid", str(OTHER), "--clear-groups", paths.PIPGATE, *words]
        return c.run(["unshare", "-m", "sh", "-c", into, policy, *words], **options)
    if c.run(["unshare", "-m", "sh", "-c", into, policy, "true"]).status:
        raise Skipped("no file system can be mounted here")
    shown = show(c, run=run)
    c.equal((shown["keys"]["mode"]["value"], shown["keys"]["mode"]["layer"]), ("warn", "/var/lib/pipgate/bundle-policy.yaml"), "another user")
    c.expect(run("policy", "show", "--gate-policy", "mode=off"), status=42, err="mode is locked by the organisation's policy")
