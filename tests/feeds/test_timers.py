# SPDX-License-Identifier: Apache-2.0
"""What starts updates by itself: the systemd timer and its unit, the line for cron."""
import os
import re
import shutil

from lib import paths
from lib.case import SYSTEM_PATH, Skipped, case
from lib.feedserver import FeedServer
from updates import database, record

PACKAGING = os.path.join(paths.ROOT, "packaging")
HARDENED = ("NoNewPrivileges=yes", "ProtectSystem=strict", "ReadWritePaths=/var/lib/pipgate", "CapabilityBoundingSet=", "PrivateTmp=yes")


def text(c, *name):
    """A file of packaging as it is installed, for a PREFIX in the case's folder, where the program lies."""
    os.makedirs(c.path("bin"), exist_ok=True)
    if not os.path.lexists(c.path("bin", "pipgate")):
        os.symlink(paths.PIPGATE, c.path("bin", "pipgate"))
    with open(os.path.join(PACKAGING, *name), encoding="utf-8") as f:
        return f.read().replace("@PREFIX@", c.work)


@case(pips="one", mode="any")
def systemd_units(c):
    """systemd has nothing to say about them; the service is hardened, the timer does not ask with all others at once."""
    service, timer = text(c, "systemd", "pipgate-update.service.in"), text(c, "systemd", "pipgate-update.timer")
    for line in HARDENED:
        c.true(line + "\n" in service, "the service lacks %s", line)
    c.true(re.search("^RandomizedDelaySec=", timer, re.M), "the timer has no random delay")
    if not shutil.which("systemd-analyze", path=SYSTEM_PATH):
        raise Skipped("no systemd-analyze is here")
    units = [c.write("pipgate-update.service", service), c.write("pipgate-update.timer", timer)]
    said = c.expect(c.run(["systemd-analyze", "verify", *units]), status=0)
    c.true("pipgate-update" not in said.stderr, "%s", said.stderr)


@case(pips="one", mode="any")
def the_line_for_cron(c):
    """cron's command as cron starts it: quiet as long as all goes well, else it says what an update says, and ends well."""
    line = next(x for x in text(c, "pipgate.cron.in").split("\n") if "root" in x)
    command = line.split(" root ", 1)[1].replace("\\%", "%").replace("/var/lib/pipgate/advisories.db", database(c)).replace("sleep ", "echo >/dev/null ")
    os.makedirs(os.path.dirname(database(c)))
    c.true("%" not in line.replace("\\%", ""), "cron would end the command at a %%")
    with FeedServer() as server:
        env = {"PIPGATE_FEEDS": server.osv({"PYSEC-1": record("PYSEC-1")})}
        said = c.expect(c.run(["/bin/sh", "-c", command], env=env), status=0)
        c.equal(said.stdout + said.stderr, "", "what cron would mail")
        c.true(os.path.exists(database(c)), "there is no database")
        env["PIPGATE_FEEDS"] = "osv=%snone/all.zip" % server.root
        c.expect(c.run(["/bin/sh", "-c", command], env=env), status=0, out="the server answered 404")
