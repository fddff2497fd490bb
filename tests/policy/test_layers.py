# SPDX-License-Identifier: Apache-2.0
"""Where a policy comes from: the order of layers, what the system locks, which files are refused and how that is said."""
import os

from lib import paths
from lib.case import case
from machine import HEAD, OTHER, Machine, decide, project, report, show, user

ONE = dict(pips="newest", mode="any")


@case(**ONE)
def layers_in_their_order(c):
    """Of each two neighbours the stronger one's value counts, with its place; of rules, too: the first of the strongest layer that matches."""
    m = Machine(c, policy=HEAD + "database-old: allow\nunpinned: warn\n")
    person = {"PIPGATE_PROFILE": "ci"}  # trusts projects

    def value(key, *words, **more):
        shown = show(c, *words, run=m.pipgate, env={**person, **more})["keys"][key]
        return shown["value"], os.path.basename(shown["layer"]), shown.get("line")

    c.equal(value("cached-build", PIPGATE_PROFILE="image"), ("block", "profile image", 6), "a profile above the defaults")
    c.equal(value("database-old"), ("allow", "policy.yaml", 2), "the system above the profile")
    path = user(c, HEAD + "unpinned: block\n")
    c.equal(value("unpinned"), ("block", "policy.yaml", 2), "the user above the system")
    project(c, HEAD + "unpinned: allow\n")
    c.equal(value("unpinned"), ("allow", ".pipgate.yaml", 2), "the project above the user")
    c.equal(value("unpinned", PIPGATE_POLICY="unpinned=warn"), ("warn", "PIPGATE_POLICY", None), "a variable above the project")
    c.equal(value("unpinned", "--gate-policy", "unpinned=block", PIPGATE_POLICY="unpinned=warn"), ("block", "--gate-policy", None),
            "an option above a variable")

    rule = "rules:\n  - {name: jinja2, action: %s}\n"
    for strong, place in ((rule % "allow", "user"), (rule % "block", "project"), (None, "profile")):
        if place == "user":
            m.write("policy.yaml", HEAD + rule % "block")
            user(c, HEAD + strong)
            project(c, HEAD)
            c.expect(m.decide(env=person), status=0)
        elif place == "project":
            project(c, HEAD + strong)
            c.expect(m.decide(env=person), status=40, err="blocked: jinja2 2.10")
            c.expect(m.decide(env=person, pins=("idna==3.7",)), status=0)
        else:
            os.unlink(path)
            project(c, HEAD)
            c.expect(m.decide(env=person), status=40)
    m.write("policy.yaml", HEAD + "rules:\n  - {name: jinja2, action: allow}\n  - {name: 'jin.*', action: block}\n")
    c.expect(m.decide(env=person), status=0)


@case(**ONE)
def locks_hold(c):
    """What the system locks no file, option, variable, PIPGATE_OPTIONS or pyproject.toml of another user names: 42, with the key; no rule
    and no exception gets past a locked rule."""
    m = Machine(c, policy=HEAD + "fail-on: high\nlock: [mode, fail-on]\nrules:\n  - {name: idna, action: block, message: not here, locked: true}\n")
    m.second()
    locked = "mode is locked by the system's policy"
    c.expect(m.decide(uid=OTHER), status=40, err="blocked: jinja2 2.10")
    for words, env in ((["--gate-policy", "mode=off"], {}), ([], {"PIPGATE_POLICY": "mode=off"}),
                       ([], {"PIPGATE_OPTIONS": "--gate-policy=mode=off"})):
        c.expect(m.decide(*words, uid=OTHER, env=env), status=42, err=locked)
    c.expect(m.decide("--gate-fail-on", "none", uid=OTHER), status=42, err="--gate-fail-on: fail-on is locked")
    path = user(c, HEAD + "mode: off\n")
    os.chown(path, OTHER, OTHER)
    c.expect(m.decide(uid=OTHER), status=42, err=r"policy\.yaml: line 2, column 7: " + locked)
    os.unlink(path)
    path = project(c, HEAD + "mode: warn\n")
    os.chown(path, OTHER, OTHER)
    c.expect(m.decide(uid=OTHER), status=42, err=r"\.pipgate\.yaml: line 2.*" + locked)
    os.unlink(path)
    path = user(c, HEAD + "rules:\n  - {name: idna, action: allow}\nexceptions:\n  - {rule: own, distribution: idna, reason: r, "
                "created: 2026-01-01, expires: 2026-12-31}\n")
    os.chown(path, OTHER, OTHER)
    c.expect(m.decide(uid=OTHER, pins=("idna==3.7",)), status=40, err="not here")
    os.unlink(path)
    c.write("pyproject.toml", "[project]\nname='x'\nversion='1'\ndependencies=[]\n[tool.pipgate]\nmode='off'\n")
    c.expect(m.run([os.path.join(c.shims, "pip"), "audit", "."]), status=1, err=r"pyproject\.toml .*line 5.*" + locked)


@case(**ONE)
def a_locked_list(c):
    """lock: [rules, exceptions]: another layer that has them is refused."""
    m = Machine(c, policy=HEAD + "lock: [rules, exceptions]\n")
    for text in ("rules: []\n", "exceptions: []\n"):
        user(c, HEAD + text)
        c.expect(m.decide(), status=42, err="'%s' is locked by the system's policy" % text.split(":")[0])
    shown = show(c, run=Machine.pipgate.__get__(m), env={"XDG_CONFIG_HOME": c.home})
    c.equal([n for n, v in shown["lists"].items() if v["locked"]], ["rules", "exceptions"], "locked lists")


@case(**ONE)
def files_that_others_write(c):
    """A policy that others may write, that is another's, a link or no file is refused, and what mends it is said; also the system's folder."""
    path = user(c, HEAD)
    os.chmod(path, 0o666)
    c.expect(decide(c), status=42, err=r"may be written by others and is not read: chmod go-w .*policy\.yaml")
    os.unlink(path)
    os.mkdir(path)
    c.expect(decide(c), status=42, err="no regular file")
    os.rmdir(path)
    os.symlink(c.write("real.yaml", HEAD + "mode: off\n"), path)
    c.expect(decide(c), status=0, err="allowed: jinja2 2.10: mode off")
    os.unlink(path)
    c.write(".git/HEAD", "")
    os.symlink("real.yaml", c.path(".pipgate.yaml"))
    c.expect(decide(c), status=42, err="is a link and is not followed")
    os.unlink(c.path(".pipgate.yaml"))
    m = Machine(c, policy=HEAD)
    c.expect(m.pipgate("policy", "show"), status=0)
    os.chmod(os.path.join(m.etc, "pipgate"), 0o777)
    c.expect(m.decide(), status=42, err="/etc/pipgate may be written by others")
    os.chmod(os.path.join(m.etc, "pipgate"), 0o755)
    os.chown(os.path.join(m.etc, "pipgate", "policy.yaml"), OTHER, OTHER)
    c.expect(m.decide(), status=42, err="belongs to another user .*chown it to root")


@case(**ONE)
def slips_and_bombs(c):
    """An unknown key with the nearest one and a caret; anchors, depth and size are bounded; profiles that name one another have an end."""
    user(c, HEAD + "fail_on: low\n")
    result = c.expect(decide(c), status=42, err="did you mean 'fail-on'")
    c.true("    fail_on: low\npipgate:     ^" in result.stderr, "no caret: %s", result.stderr)
    bomb = "a: &a [x]\n" + "".join("%s: &%s [*%s, *%s]\n" % (b, b, a, a) for a, b in zip("abcdefgh", "bcdefghi"))
    for text, err in ((bomb, "anchors and tags"), ("rules: " + "[" * 5000 + "]" * 5000 + "\n", "deep|nest"), ("# x\n" * 2000000, "policy.yaml")):
        user(c, HEAD + text)
        result = c.expect(decide(c), status=42, err=err)
        c.true(result.seconds < 20, "%s s", result.seconds)
    user(c, HEAD + "profile: nowhere\n")
    c.expect(decide(c), status=42, err="profile: 'nowhere' is none of developer, ci, image, strict")
    user(c, HEAD + "profile: ci\n")                # trusts the project, which names one that does not
    project(c, HEAD + "profile: developer\n")
    c.expect(decide(c), status=42, err="the policy's profile has no end")
    os.unlink(c.path(".pipgate.yaml"))
    path = user(c, HEAD + "mode: off\n")
    c.expect(c.pipgate("policy", "check", path, report(c, "idna==3.7")), status=42, err=r"plan\.json: .*'schema: pipgate/policy/1'")
    c.expect(c.run([paths.PIPGATE, "policy", "check", "--system", path]), status=0)
    c.expect(decide(c, "--gate-policy", "mode=block"), status=40)
    result = c.expect(c.gate("install", "--no-index", "jinja2==2.10"), err="mode: off .*policy.yaml.: nothing is audited")
