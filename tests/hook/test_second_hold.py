# SPDX-License-Identifier: Apache-2.0
"""What pip opens to install it is what was judged, or it is 43."""
import os
import shutil

from held import held, pip, with_decider
from lib import wheels


def links(c, *files):
    folder = os.path.join(c.root, "links")
    os.makedirs(folder, exist_ok=True)
    for name, data in files:
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)
    return folder


@held(pips="all")
def rewritten_after_the_verdict(c):
    """A --find-links wheel that is rewritten while pip is held: 43, not installed; the same by rename, with the times put back."""
    name, data = wheels.wheel("idna", "3.7")
    folder = links(c, (name, data), ("new", wheels.wheel("idna", "3.7", files={"planted.py": b"1\n"})[1]))
    wheel = os.path.join(folder, name)
    for change in ("cp new {0}", "cp new n; touch -r {0} n; mv n {0}"):
        links(c, (name, data))
        decider = with_decider(c, "{decide}; status=$?; cd %s\n%s\nexit $status" % (folder, change.format(wheel)))
        c.expect(pip(c, "install", "--no-index", "--find-links", folder, "idna", folder=decider), status=43, err="not what had been audited")
        c.equal(c.env.installed(), {}, "installed")
        shutil.rmtree(decider)
    links(c, (name, data))
    c.expect(pip(c, "install", "--no-index", "--find-links", folder, "idna"), status=0)


@held(pips="25.3 newest")
def a_sidecar_that_lies(c):
    """An index whose PEP 658 sidecar names other requirements than the wheel does, and that gives no hash."""
    name, data = wheels.wheel("idna", "3.7", ["evil-typo"])
    c.index.files[name].data = data
    c.index.hashes = False
    c.expect(pip(c, "install", "idna==3.7"), status=(1, 43))
    c.equal(c.env.installed(), {}, "installed")


@held(pips="22.2.2 24.3.1 newest")
def a_wheel_of_another_name(c):
    """A wheel whose METADATA names another distribution than its file."""
    name, _ = wheels.wheel("idna", "3.7")
    _, data = wheels.wheel("idna", "3.7", meta=wheels.metadata("evil-typo", "1.0"))
    folder = links(c, (name, data))
    result = pip(c, "install", "--no-index", "--find-links", folder, "idna==3.7")
    c.true(result.status in (1, 40, 43), "status %s", result.status)
    c.equal(c.env.installed(), {}, "installed")


@held(pips="all")
def without_hashes(c):
    """An index without hashes, with and without sidecars: what is as judged comes in."""
    c.index.hashes = False
    c.expect(pip(c, "install", "flask"), status=0)
    c.index.core_metadata = False
    c.expect(pip(c, "install", "--no-cache-dir", "--force-reinstall", "flask"), status=0)
    c.equal(c.env.installed()["flask"], "1.0", "flask")
