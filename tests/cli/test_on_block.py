# SPDX-License-Identifier: Apache-2.0
"""`on-block: resolve`: the nearest clean set is taken at once, where what was asked for lets it in."""
from lib import index, osvdb, world
from lib.case import case

RESOLVE = ("--gate-policy", "on-block=resolve")


@case(pips="22.2.2 newest", mode="plan")
def on_block_resolve(c):
    """The newest release is vulnerable, an older one is clean: one command installs it. A pin is not moved."""
    c.files += [index.wheel("fresh", "1.0"), index.wheel("fresh", "2.0"), index.wheel("wants-fresh", "1.0", ["fresh"])]
    c.records = world.advisories() + [osvdb.record("PYSEC-2099-50", "fresh", "HIGH", versions=["2.0"], fixed="")]
    before = c.snapshot()
    c.expect(c.gate("install", "wants-fresh"), status=40)
    c.expect(c.gate("install", "fresh==2.0", *RESOLVE), status=40, err="is not what was asked for")
    c.expect(c.gate("install", "evil-typo", *RESOLVE), status=40, not_err="taking")
    c.unchanged(before)
    c.expect(c.gate("install", "wants-fresh", *RESOLVE), status=0, err=r"taking the nearest clean set")
    c.expect(c.bare("list", "--format=freeze"), status=0, out=r"fresh==1\.0")
