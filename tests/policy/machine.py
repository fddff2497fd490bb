# SPDX-License-Identifier: Apache-2.0
"""What the cases of layers share: plans for `pipgate decide`, and a machine with a policy of its own in /etc/pipgate.

The folder is compiled in, so such a case runs in a mount namespace with a small /etc of its own: the machine's is never touched.
"""
import json
import os
import shutil
import stat
import subprocess

from lib import paths
from lib.case import Skipped

HEAD = "schema: pipgate/policy/1\n"
KEPT = ("passwd", "group", "nsswitch.conf", "ld.so.cache", "hosts", "localtime", "alternatives")  # of the machine's /etc
OTHER = 65534  # nobody: the second user
INTO = 'mount --bind "$0" /etc && exec "$@"'


def report(c, *pins):
    """pip's report of an install of these NAME==VERSION, all asked for."""
    def item(pin):
        name, version = pin.split("==")
        url = "%sx/%s-%s-py3-none-any.whl" % (c.index.url, name, version)
        return {"download_info": {"url": url, "archive_info": {"hashes": {"sha256": "0" * 64}}}, "is_direct": False, "requested": True,
                "metadata": {"metadata_version": "2.1", "name": name, "version": version}}
    made = {"version": "1", "pip_version": "25.0", "install": [item(p) for p in pins],
            "environment": {"python_version": "3.11", "python_full_version": "3.11.2", "sys_platform": "linux"}}
    return c.write("plan.json", json.dumps(made))


def decide(c, *words, pins=("jinja2==2.10",), **options):
    return c.pipgate("decide", report(c, *pins), *words, **options)


def show(c, *words, run=None, **options):
    return json.loads(c.expect((run or c.pipgate)("policy", "show", "--json", *words, **options), status=0).stdout)


def user(c, text, name="policy.yaml"):
    path = os.path.join(c.home, "config", "pipgate", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def project(c, text, name=".pipgate.yaml"):
    """Of the current folder, which is a repository's root."""
    c.write(".git/HEAD", "")
    return c.write(name, text)


class Machine:
    """One whose /etc/pipgate holds these files."""

    def __init__(self, c, **files):
        if os.geteuid() or subprocess.run(["unshare", "-m", "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            raise Skipped("no mount namespace can be made here")
        self.c, self.etc = c, os.path.join(c.root, "etc")
        os.makedirs(os.path.join(self.etc, "pipgate"))
        for name in KEPT:
            place = os.path.join("/etc", name)
            if os.path.isdir(place):
                shutil.copytree(place, os.path.join(self.etc, name), symlinks=True)
            elif os.path.exists(place):
                shutil.copy(place, os.path.join(self.etc, name))
        for name, text in files.items():
            self.write(name + ".yaml", text)

    def write(self, name, text):
        path = os.path.join(self.etc, "pipgate", name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def pipgate(self, *words, uid=None, **options):
        return self.run([paths.PIPGATE, *words], uid, **options)

    def run(self, words, uid=None, **options):
        if uid:
            words = ["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups", *words]
        return self.c.run(["unshare", "-m", "sh", "-c", INTO, self.etc, *words], **options)

    def decide(self, *words, pins=("jinja2==2.10",), **options):
        return self.pipgate("decide", report(self.c, *pins), *words, **options)

    def second(self):
        """The other user gets this case's folder (what templates hold, too, stays whose it is), and runs. Environment for its runs."""
        for folder, _, names in os.walk(self.c.root):
            if folder != self.etc and not folder.startswith(self.etc + os.sep):
                for path in [folder] + [os.path.join(folder, n) for n in names]:
                    info = os.lstat(path)
                    if stat.S_ISDIR(info.st_mode) or info.st_nlink == 1:
                        os.chown(path, OTHER, OTHER, follow_symlinks=False)
        reachable = self.run(["sh", "-c", 'test -x "$1" && test -r "$2"', "sh", paths.PIPGATE, self.c.db], OTHER)
        if reachable.status:
            raise Skipped("another user cannot reach the build folder")
