# SPDX-License-Identifier: Apache-2.0
"""A pip that does what a test tells it: replaces the pip package of a case's environment.

It looks like pip from outside (pip.__version__, python -m pip, bin/pip, dist-info), logs every call with its environment,
writes the prepared report where --report asks for one, and "installs" by writing INSTALLED into site-packages.
"""
import glob
import json
import os
import shutil

MAIN = '''\
import json, os, shutil, signal, sys

HERE = os.path.dirname(os.path.abspath(__file__))


def value(argv, option):
    found = None
    for i, word in enumerate(argv):
        if word == option and i + 1 < len(argv):
            found = argv[i + 1]
        elif word.startswith(option + "="):
            found = word[len(option) + 1:]
    return found


def main(argv=None):
    argv = sys.argv[1:] if argv is None else list(argv)
    with open(os.path.join(HERE, "orders.json")) as f:
        orders = json.load(f)
    with open(orders["log"], "a") as f:
        f.write(json.dumps({{"argv": argv, "env": dict(os.environ), "stdin": orders.get("stdin") and sys.stdin.read()}}) + "\\n")
    if argv == ["--version"]:
        print("pip {version} from %s (python %d.%d)" % (os.path.dirname(HERE), sys.version_info[0], sys.version_info[1]))
        return 0
    report = value(argv, "--report") or os.environ.get("PIP_REPORT")
    if report and orders.get("report"):
        shutil.copyfile(orders["report"], report)
    if "--dry-run" not in argv and "install" in argv:
        open(os.path.join(os.path.dirname(os.path.dirname(HERE)), "INSTALLED"), "w").close()
    turn = orders["dry"] if "--dry-run" in argv else orders["wet"]
    sys.stdout.write(turn.get("stdout", ""))
    sys.stderr.write(turn.get("stderr", ""))
    sys.stdout.flush()
    if turn.get("signal"):
        if turn["signal"] != signal.SIGKILL:
            signal.signal(turn["signal"], signal.SIG_DFL)
        os.kill(os.getpid(), turn["signal"])
    return turn.get("status", 0)
'''


class FakePip:
    def __init__(self, environment, folder, version="24.3.1"):
        self.folder, self.site = folder, environment.site
        self.log = os.path.join(folder, "fakepip.log")
        self._orders = os.path.join(environment.site, "pip", "_internal", "orders.json")
        self.marker = os.path.join(environment.site, "INSTALLED")
        for old in glob.glob(os.path.join(glob.escape(environment.site), "pip*")):
            shutil.rmtree(old)
        info = "pip-%s.dist-info" % version
        self._file("pip/__init__.py", "__version__ = %r\n" % version)
        self._file("pip/__main__.py", "import sys\nfrom pip._internal.cli.main import main\nsys.exit(main())\n")
        self._file("pip/_internal/__init__.py", "")
        self._file("pip/_internal/cli/__init__.py", "")
        self._file("pip/_internal/cli/main.py", "from pip._internal.orders import main\n")
        self._file("pip/_internal/orders.py", MAIN.format(version=version))
        self._file(info + "/METADATA", "Metadata-Version: 2.1\nName: pip\nVersion: %s\n" % version)
        self._file(info + "/INSTALLER", "pip\n")
        self.orders()

    def _file(self, name, text):
        path = os.path.join(self.site, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)

    def orders(self, report=None, dry=None, wet=None, stdin=False):
        """report: bytes or a path, None: no report is written; dry, wet: {status, stdout, stderr, signal} of a dry run and of any other."""
        if isinstance(report, bytes):
            path = os.path.join(self.folder, "prepared-report.json")
            with open(path, "wb") as f:
                f.write(report)
            report = path
        with open(self._orders, "w") as f:
            json.dump({"log": self.log, "report": report, "dry": dry or {}, "wet": wet or {}, "stdin": stdin}, f)

    def calls(self):
        if not os.path.exists(self.log):
            return []
        with open(self.log) as f:
            return [json.loads(line) for line in f]

    @property
    def installed(self):
        return os.path.exists(self.marker)


def report(items=(), version="1", **more):
    """A report as pip writes it. items: (name, version) or whole dicts."""
    return json.dumps(dict({"version": version, "pip_version": "24.3.1", "install": [i if isinstance(i, dict) else item(*i) for i in items],
                            "environment": ENVIRONMENT}, **more)).encode()


def item(name, version, requested=True, requires=(), **more):
    made = {
        "download_info": {"url": "http://127.0.0.1:9/files/%s-%s-py3-none-any.whl" % (name, version),
                          "archive_info": {"hash": "sha256=" + "0" * 64, "hashes": {"sha256": "0" * 64}}},
        "is_direct": False, "is_yanked": False, "requested": requested,
        "metadata": {"metadata_version": "2.1", "name": name, "version": version, "requires_dist": list(requires)},
    }
    made.update(more)
    return made


ENVIRONMENT = {
    "implementation_name": "cpython", "implementation_version": "3.11.7", "os_name": "posix", "platform_machine": "x86_64",
    "platform_release": "6.1", "platform_system": "Linux", "platform_version": "#1 SMP", "python_full_version": "3.11.7",
    "platform_python_implementation": "CPython", "python_version": "3.11", "sys_platform": "linux",
}
