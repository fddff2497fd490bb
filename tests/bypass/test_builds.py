# SPDX-License-Identifier: Apache-2.0
"""Before code of others runs: by python -m pip under the interpreter's hook, and by our link."""
import os

from lib import index, wheels

from held import offer, repository
from scene import BLOCKED, bypass, enabled, refused

MALICIOUS = r"^pipgate: blocked: evil-open.*malicious"


def roads(c):
    return [c.env.python, "-m", "pip"], ["pip"]


@bypass()
def sdist_that_drops_a_file(c):
    """Its name and version are malicious in the database: the file that its setup.py or backend would write is not there after."""
    enabled(c)
    for legacy in (True, False):
        offer(c, index.sdist("evil-open", "2.0", legacy=legacy))
        for road in roads(c):
            refused(c, road + ["install", "evil-open==2.0"], err=MALICIOUS)
            refused(c, road + ["install", c.index.file_url("evil-open-2.0.tar.gz")], err=MALICIOUS)
            c.true(not os.path.exists(c.marker), "code ran: %s", c.built())


@bypass()
def url_that_is_blocked(c):
    """No git and no backend process: by `name @ url`, by -e, by #egg."""
    enabled(c)
    url = "git+file://localhost" + repository(c, "fine")
    seen = os.path.join(c.root, "git-ran")
    os.chmod(c.write("bin/git", "#!/bin/sh\necho \"$@\" >> %s\nexec /usr/bin/git \"$@\"\n" % seen), 0o755)
    for road in roads(c):
        path = c.path("bin") + ":" + c.environ()["PATH"]
        for words in (["evil-open @ " + url], ["-e", url + "#egg=evil-open"], [url + "#egg=evil-open"]):
            refused(c, road + ["install"] + words, err=MALICIOUS, env={"PATH": path})
        c.true(not os.path.exists(seen) and not c.built(), "something ran")
        c.expect(c.run(road + ["install", "--dry-run", url], env={"PATH": path}), status=0)
        c.true(os.path.exists(seen) and c.built(), "the road leads nowhere")
        os.unlink(seen)
        os.unlink(c.marker)


@bypass()
def build_requirement_that_is_blocked(c):
    """It stops the build: 40, named as build requirements of what wanted them."""
    enabled(c)
    wheels.project(c.path("needs"), "needs", "1.0", needs=[BLOCKED])
    for road in roads(c):
        refused(c, road + ["install", "./needs"], err=["pipgate: blocked: jinja2 2.10: HIGH", "^pipgate: blocked: build requirements of "])
        c.true(not c.built(), "code ran: %s", c.built())
