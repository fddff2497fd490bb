# SPDX-License-Identifier: Apache-2.0
"""A way on from a block: the nearest clean set, which the index has and which is what was asked for."""
import os

from lib import index
from lib.case import case

SOME = "22.2.2 newest"


@case(pips=SOME)
def remedy(c):
    """The set of releases that is clean, in either mode; nothing is installed, nothing is left."""
    before = c.snapshot()
    c.expect(c.gate("install", "jinja2==2.10", "--gate-remedy", "on"), status=40,
             err=(r"the nearest clean set: jinja2 2\.10\.1$", r"to take it: pip install jinja2==2\.10\.1$", "the clean set as constraints: "))
    c.expect(c.gate("install", "jinja2==2.10", "critical", "critical<2", env={"PIPGATE_REMEDY": "on"}), status=40,
             err="; a fixed release: ", not_err="nearest")  # what is asked lets no clean release of it in
    c.expect(c.gate("install", "jinja2==2.10"), status=40, err=r"a fixed release: jinja2 2\.10\.1", not_err="nearest")  # nobody reads
    c.expect(c.gate("install", "jinja2==2.10", "--gate-remedy", "off"), status=40, not_err="nearest")
    c.expect(c.gate("install", "jinja2==2.10", "--gate-remedy", "perhaps"), status=42, err="is none of auto, on, off")
    c.unchanged(before)


@case(pips=SOME)
def remedy_moves_who_holds_back(c):
    """What requires the vulnerable release must move with it; what was asked in a file holds."""
    c.files += [index.wheel("holder", "1.0", ["medium==1.0"]), index.wheel("holder", "1.1", ["medium==2.0"]), index.wheel("holder", "2.0", ["medium==2.0"])]
    c.write("r.txt", "holder==1.0\nidna<3.7\n")
    c.expect(c.gate("install", "-r", "r.txt", "--gate-fail-on", "medium", "--gate-remedy", "on"), status=40,
             err=r"the nearest clean set: (medium 2\.0, holder 1\.1|holder 1\.1, medium 2\.0)$")


@case(pips="newest")
def remedy_keeps_a_line_of_releases(c):
    """`==2.*` asks for a line of releases and pins none: nothing beyond it is offered."""
    c.expect(c.gate("install", "jinja2==2.*", "-c", c.write("c.txt", "jinja2<2.10.1\n"), "--gate-remedy", "on"), status=40, not_err="nearest")
    c.files += [index.wheel("Jinja2", "2.9", ["MarkupSafe>=0.23"])]
    c.expect(c.gate("install", "jinja2==2.10.*", "-c", c.write("d.txt", "jinja2!=2.10.1\n"), "--gate-remedy", "on"), status=40, not_err="nearest")


@case(pips="newest")
def remedy_ends_in_time(c):
    """An index that is gone, and a search that starts the gate again: the block comes all the same, once."""
    c.files += [index.wheel("wants-evil", "1.0", ["evil-typo"])]
    result = c.gate("install", "wants-evil", "--gate-remedy", "on")
    c.expect(result, status=40, err="MAL-2099-1", not_err="nearest")
    c.equal(sum("nothing was installed" in line for line in c.lines_of_ours(result)), 1, "said once")
    c.true(not [n for n in os.listdir(c.tmp)], "left in TMPDIR")
