# SPDX-License-Identifier: Apache-2.0
"""What the cases of updates share: records, one update, and all that a database holds."""
import os
import sqlite3
import time

from lib import osvdb, paths

NOT_COMPARED = ("built", "check", "serial")  # of meta: when it was built, and what is made of that


def moment(back=0.0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - back))


def record(ident, name="critical", back=3600.0, fixed="2.0", **more):
    return osvdb.record(ident, name, "CRITICAL", fixed, modified=moment(back), published=moment(back + 86400), **more)


def database(c):
    return os.path.join(c.root, "d", "advisories.db")


def update(c, words, *options, env=()):
    os.makedirs(os.path.join(c.root, "d"), exist_ok=True)
    return c.run([paths.PIPGATE, "db", "update", "-o", database(c), *options],
                 env={"PIPGATE_FEEDS": " ".join(words), **dict(env)})


def dump(path):
    """All that a database holds, but for when it was built; bytes of a feed have a digest only where it came in one piece."""
    with sqlite3.connect("file:%s?mode=ro" % path, uri=True) as db:
        told = {table: db.execute("SELECT * FROM %s ORDER BY 1" % table).fetchall() for table in ("row", "text", "refused")}
        told["feed"] = db.execute("SELECT n, name, kind, place, time, accepted, withdrawn, refused, max_age FROM feed ORDER BY n").fetchall()
        told["meta"] = [m for m in db.execute("SELECT * FROM meta ORDER BY key") if m[0] not in NOT_COMPARED]
    return told
