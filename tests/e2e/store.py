# SPDX-License-Identifier: Apache-2.0
"""buildah with chroot isolation, over a store of images of its own: no daemon, no registry, nothing of the machine's own images."""
import json
import os
import shutil
import subprocess

import rootfs
from lib import proc

DEADLINE = 300
DRIVERS = ("overlay", "vfs")  # the first that works: vfs copies a whole root file system for every container, and needs nothing


class Refused(Exception):
    """buildah did not do what must work."""


class Store:
    def __init__(self, folder, driver):
        self.folder, self.contexts = folder, 0
        for name in ("images", "run", "tmp", "empty"):
            os.makedirs(os.path.join(folder, name))
        self.words = ["buildah", "--root", os.path.join(folder, "images"), "--runroot", os.path.join(folder, "run"), "--storage-driver", driver]
        self.env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": folder, "TMPDIR": os.path.join(folder, "tmp"), "LC_ALL": "C.UTF-8",
                    "BUILDAH_ISOLATION": "chroot"}

    def ask(self, *words, before=()):
        return proc.run([*before, *self.words, *words], env=self.env, cwd=self.folder, deadline=DEADLINE)

    def need(self, *words):
        """What it says; for what must work."""
        result = self.ask(*words)
        if result.status:
            raise Refused("buildah %s ended with %d:\n%s%s" % (" ".join(words), result.status, result.stdout, result.stderr))
        return result.stdout.strip()

    def build(self, tag, text, context=None, network=True, named=(), **args):
        """A Dockerfile's text to an image. named: NAME=FOLDER, each in the place of the stage of that name.
        Without network there is no loopback either: a name space with nothing in it."""
        self.contexts += 1
        path = os.path.join(self.folder, "Dockerfile.%d" % self.contexts)
        with open(path, "w") as f:
            f.write(text)
        words = ["bud", "--pull-never", "--network", "host", "--layers=false", "-t", "localhost/" + tag, "-f", path]
        for name in named:
            words += ["--build-context", name]
        for name, value in args.items():
            words += ["--build-arg", "%s=%s" % (name, value)]
        return self.ask(*words, context or os.path.join(self.folder, "empty"), before=() if network else ("unshare", "--net"))

    def image_of(self, tag, fill):
        """An image from nothing but what fill(its folder) puts there."""
        container = self.need("from", "scratch")
        fill(self.need("mount", container))
        self.need("umount", container)
        self.need("commit", "-q", container, "localhost/" + tag)
        self.need("rm", container)

    def has(self, tag):
        return self.ask("inspect", "--type", "image", "localhost/" + tag).status == 0

    def run(self, tag, *argv):
        """Starts a program in a container of an image, as the image's own user."""
        container = self.need("from", "--pull-never", "localhost/" + tag)
        result = self.ask("run", "--network", "host", container, "--", *argv)
        self.need("rm", container)
        return result

    def run_read_only(self, tag, *argv, tmp=True):
        """The same with nothing that can be written but /tmp, or nothing at all; buildah itself has no such way."""
        container = self.need("from", "--pull-never", "localhost/" + tag)
        root, path = self.need("mount", container), os.path.join(self.folder, "read-only.sh")
        with open(path, "w") as f:
            f.write(READ_ONLY)
        words = json.loads(self.need("inspect", container))["OCIv1"]["config"]["Env"]
        result = proc.run(["unshare", "--mount", "sh", path, root, "tmp" if tmp else "", "env", "-i", *words, *argv], env=self.env, cwd="/")
        self.need("umount", container)
        self.need("rm", container)
        return result

    def remove(self, tag):
        self.ask("rmi", "-f", "localhost/" + tag)

    def close(self):
        self.ask("umount", "--all")
        self.ask("rm", "--all")
        with open("/proc/self/mountinfo") as f:
            mounted = [line.split()[4] for line in f if line.split()[4].startswith(self.folder + "/")]
        if mounted:  # whatever is mounted there may be the machine's own: not to be walked into
            raise RuntimeError("still mounted: " + " ".join(mounted))
        shutil.rmtree(self.folder)


READ_ONLY = """set -e
root=$1 tmp=$2; shift 2
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
[ -z "$tmp" ] || mount -t tmpfs tmpfs "$root/tmp"
mount -o remount,bind,ro "$root"
exec chroot "$root" "$@"
"""


def probe(folder):
    """(driver, None), or (None, why containers cannot be had here). Only what is the machine's counts: a shell in a folder must start
    by chroot first."""
    if os.getuid() != 0:
        return None, "containers are built by root here"
    for name in ("buildah", "unshare", "ldd"):
        if not shutil.which(name):
            return None, name + " is not here"
    root, reasons = os.path.join(folder, "shell"), []
    rootfs.frame(root)
    rootfs.program(root, "sh")
    if subprocess.run(["chroot", root, "/bin/sh", "-c", "exit 7"]).returncode != 7:
        raise RuntimeError("a root file system with a shell alone does not start one")
    for driver in DRIVERS:
        store = Store(os.path.join(folder, driver), driver)
        try:
            store.image_of("shell", lambda place: shutil.copytree(root, place, symlinks=True, dirs_exist_ok=True))
            result = store.build("probed", "FROM localhost/shell\nRUN exit 7\n")
            if result.status == 7:
                return driver, None
            reasons.append(result.stderr)
        except Refused as e:
            reasons.append(str(e))
        finally:
            store.close()
    return None, "buildah cannot run a command with chroot isolation here (%s)" % reasons[-1].strip().split("\n")[-1]
