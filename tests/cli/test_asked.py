# SPDX-License-Identifier: Apache-2.0
"""What a policy says of how something is asked for: pinned, locked, directly, from which file."""
from lib.case import case


@case(mode="any")
def asked_for(c):
    """unpinned, require-lock and direct, and an exception for one file alone."""
    before = c.snapshot()
    c.expect(c.gate("install", "idna", "--gate-policy", "unpinned=block"), status=40, err="asked for without ==")
    c.expect(c.gate("install", "idna==3.7", "--dry-run", "--gate-policy", "unpinned=block"), status=0)
    c.expect(c.gate("install", "idna", "-c", c.write("c.txt", "idna==3.7\n"), "--dry-run", "--gate-policy", "unpinned=block"), status=0)
    c.expect(c.gate("install", "idna==3.7", "--gate-policy", "require-lock=block"), status=40, err="held by no hash")
    c.write("locked.txt", "idna==3.7 --hash=sha256:%s\n" % c.index.files["idna-3.7-py3-none-any.whl"].sha256())
    c.expect(c.gate("install", "-r", "locked.txt", "--dry-run", "--gate-policy", "require-lock=block"), status=0)
    c.write("req/a.txt", "jinja2==2.10\n")
    c.write("req/b.txt", "jinja2==2.10\n")
    c.write(".pipgate.yaml", "schema: pipgate/policy/1\nexceptions:\n  - {id: CVE-2099-1000, places: [\"req/a.txt\"], reason: r,"
                             " created: 2026-01-01, expires: 2026-12-31}\n")
    policy = ("--gate-policy", "project=trust")
    c.expect(c.gate("install", "-r", "req/a.txt", "--dry-run", *policy), status=0)
    c.expect(c.gate("install", "-r", "req/b.txt", "--dry-run", *policy), status=40)
    c.expect(c.gate("install", "-r", "req/a.txt", "--dry-run", "--gate-profile", "developer"), status=40, err="is not trusted")
    c.unchanged(before)
