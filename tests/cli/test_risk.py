# SPDX-License-Identifier: Apache-2.0
"""KEV and EPSS at the gate: they change the verdict and the order of what is told."""
import re

from lib import osvdb
from lib.case import case

PLAN = ["low==1.0", "medium==1.0", "critical==1.0", "twins==1.0"]
CVES = {"PYSEC-2099-13": "CVE-2099-1300", "PYSEC-2099-12": "CVE-2099-1200"}  # of low and medium


def scene(c, kev=(), epss=None):
    for r in c.records:
        if r["id"] in CVES:
            r["aliases"] = [CVES[r["id"]]]
    c.kev, c.epss = list(kev), epss or {}


def rows(result):
    """The distributions of the table, in its order."""
    return re.findall(r"^pipgate: ([a-z][\w-]*) +\d[.\w]* +[A-Z]+ ", result.stderr, re.M)


@case(pips="newest", mode="any")
def risk_exploited_blocks(c):
    """A MEDIUM that is known to be exploited is blocked, marked in the table and named in the reason; a policy may say otherwise."""
    scene(c, kev=["CVE-2099-1200"])
    before = c.snapshot()
    c.expect(c.gate("install", "medium==1.0"), status=40, err=[r"^pipgate: +exploited +CVE-2099-1200$", "medium 1.0: known to be exploited: exploited block"])
    c.unchanged(before)
    c.expect(c.gate("install", "--dry-run", "medium==1.0", "--gate-policy", "exploited=warn"), status=0, err="^pipgate: +exploited ")
    c.expect(c.gate("install", "--dry-run", "low==1.0"), status=0, not_err="exploited")


@case(pips="newest", mode="any")
def risk_likely_blocks(c):
    """EPSS blocks from where the policy says, and nowhere without it."""
    scene(c, epss={"CVE-2099-1200": ("0.5", "0.97"), "CVE-2099-1300": ("0.49999", "0.9")})
    c.expect(c.gate("install", "--dry-run", "medium==1.0"), status=0, not_err="blocked", err=r"EPSS 50\.0 %")
    for words, status in ((["medium==1.0", "--gate-policy", "epss=0.5"], 40), (["medium==1.0", "--gate-policy", "epss=0.51"], 0),
                          (["low==1.0", "--gate-policy", "epss=0.5"], 40), (["low==1.0", "--gate-policy", "epss=0.6"], 0)):
        err = r"EPSS 50\.00 % reaches epss 0\.5 \(--gate-policy\)" if status else None
        c.expect(c.gate("install", "--dry-run", *words), status=status, err=err or ())


@case(pips="newest", mode="any")
def risk_orders_the_table(c):
    """Strictest first, of those the most urgent: the order changes with what is known of attacks."""
    scene(c)
    first = c.expect(c.gate("install", "--dry-run", *PLAN), status=40)
    c.equal(rows(first), ["critical", "twins", "medium", "twins", "low"], "without feeds")
    scene(c, kev=["CVE-2099-1300"], epss={"CVE-2099-1200": ("0.9", "0.99")})
    c.db = osvdb.build(c.records, kev=c.kev, epss=c.epss)
    second = c.expect(c.gate("install", "--dry-run", *PLAN), status=40)
    c.equal(rows(second), ["low", "critical", "twins", "medium", "twins"], "low is exploited")
    third = c.expect(c.gate("install", "--dry-run", *PLAN, "--gate-policy", "epss=0.8"), status=40)
    c.equal(rows(third), ["low", "medium", "critical", "twins", "twins"], "medium is likely")
