# SPDX-License-Identifier: Apache-2.0
"""What an index, a file or a cache may tell or hand out otherwise than was judged."""
import os

from lib import index, wheels

from scene import BLOCKED, CLEAN, bypass, enabled, refused, walk

PLANTED = {"planted.py": b"1\n"}


def planted(c):
    return os.path.exists(os.path.join(c.env.site, "planted.py"))


def roads(c):
    """The two roads that fetch differently: pip alone under its interpreter's hook, and our link."""
    return [c.env.python, "-m", "pip"], ["pip"]


@bypass()
def an_index_that_answers_differently_the_second_time(c):
    """Once the clean file, then other bytes under its hash; other requirements where there are no hashes; a page that names another
    file. Either the second answer is judged like the first, or it is not installed."""
    enabled(c)
    name, malicious = wheels.wheel("idna", "3.7", ["evil-typo"])
    _, other = wheels.wheel("idna", "3.7", files=PLANTED)
    good, c.index.cache = c.index.files[name], False
    for hashes, page, then in ((True, False, other), (False, False, malicious), (True, True, malicious)):
        c.index.hashes = hashes
        for road in roads(c):
            c.index.files[name] = index.File(name, good.data, good.metadata)
            c.index.second = {} if page else {name: then}
            words = road + ["install", "--no-cache-dir", "--force-reinstall", CLEAN]
            c.expect(c.run(words), status=0)
            if page:
                c.index.files[name] = index.File(name, then)
            status = c.run(words).status
            c.true(status != 0 or not hashes, "status 0")  # without hashes pip may not notice; then it takes no requirement from it either
            c.true(not planted(c) and "evil-typo" not in c.env.installed(), "the second answer came in")


@bypass()
def an_index_without_hashes(c):
    """Pages without hashes, with and without sidecars: what is blocked is blocked, what is clean comes in."""
    enabled(c)
    c.index.hashes = False
    for sidecars in (True, False):
        c.index.core_metadata = sidecars
        walk(c, c.env.python, "-m", "pip", more=("--no-cache-dir",))
        refused(c, ["pip", "install", "--no-cache-dir", BLOCKED])


@bypass()
def a_poisoned_wheel_cache(c):
    """A wheel that somebody put into pip's cache of built wheels: one that requires or is what is malicious is judged as such; one
    with other code, which nothing can tell, is let in by no profile that blocks, and is named where the rule only warns."""
    enabled(c)
    pip = [c.env.python, "-m", "pip"]
    c.expect(c.run(pip + ["install", "built"]), status=0)
    kept, = [os.path.join(f, n) for f, _, files in os.walk(c.home) for n in files if n.startswith("built-1.0-")]
    c.expect(c.run(pip + ["uninstall", "-y", "-q", "built"]), status=0)
    for data in (wheels.wheel("built", "1.0", ["evil-typo"])[1], wheels.wheel("built", "1.0", meta=wheels.metadata("evil-typo", "1.0"))[1]):
        write(kept, data)
        for road in roads(c):
            refused(c, road + ["install", "built"], status=(1, 40, 43), err="evil-typo|not what had been audited|built")
    write(kept, wheels.wheel("built", "1.0", files=PLANTED)[1])
    for env in ({"PIPGATE_CACHED_BUILD": "block"}, {"PIPGATE_PROFILE": "image"}, {"PIPGATE_PROFILE": "strict", "PIPGATE_SDIST": "allow"}):
        refused(c, pip + ["install", "built"], err="^pipgate: blocked: built", env=env)
    c.expect(c.run(pip + ["install", "built"]), status=0, err="built-1.0-.*built here, from cache, not verified")


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)
