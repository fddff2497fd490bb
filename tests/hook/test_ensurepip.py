# SPDX-License-Identifier: Apache-2.0
"""A Python with its hook makes new environments: ensurepip goes through by what it installs, and by nothing else."""
import os

from held import held
from lib import paths, pips, wheels

# ensurepip's own doing with a wheel more, or with another one of the same name
IMITATION = """import ensurepip, os, shutil, sys, tempfile
folder = tempfile.mkdtemp()
for name in os.listdir(sys.argv[1]):
    shutil.copy(os.path.join(sys.argv[1], name), folder)
sys.path[:0] = [os.path.join(folder, n) for n in os.listdir(folder) if n.startswith('pip-')]
sys.argv[1:] = ['install', '--no-cache-dir', '--no-index', '--find-links', folder, '--target', sys.argv[3]] + sys.argv[2].split()
import atexit; atexit.register(shutil.rmtree, folder, True)
import runpy; runpy.run_module('pip', run_name='__main__', alter_sys=True)
"""


def carried(c, python):
    """The folder of the wheels that this Python carries, and one with more beside a copy of them."""
    text = "import ensurepip, os, sysconfig; print(sysconfig.get_config_var('WHEEL_PKG_DIR') or os.path.join(os.path.dirname(ensurepip.__file__), '_bundled'))"
    folder = c.expect(c.run([python, "-c", text]), status=0).stdout.strip()
    more = c.path("more")
    os.makedirs(more)
    for name in os.listdir(folder):
        if name.endswith(".whl"):
            os.symlink(os.path.join(folder, name), os.path.join(more, name))
    return folder, more


@held(pips="24.3.1 newest")
def ensurepip(c):
    """python -m venv works though the pip and setuptools that it brings are blocked elsewhere; whoever asks for more is held."""
    c.use(pips.standalone(c.pair, os.path.join(c.root, "python")))
    python = c.env.python
    c.expect(c.pipgate("enable", "--python", python), status=0)
    blocked = {"PIPGATE_BLOCK": "pip|setuptools"}
    c.expect(c.run([python, "-m", "venv", c.path("made")], env=blocked), status=0)
    fresh = os.path.join(c.path("made"), "bin", "pip")
    c.expect(c.run([fresh, "install", "jinja2==2.10"]), status=40, err="blocked: jinja2")
    c.expect(c.run([fresh, "install", "idna"]), status=0, err="1 distribution audited")
    folder, more = carried(c, python)
    program = c.write("imitation.py", IMITATION)
    c.expect(c.run([python, program, folder, "pip", c.path("t")], env=blocked), status=0, err="carries")
    name, data = wheels.wheel("critical", "1.0")
    with open(os.path.join(more, name), "wb") as f:
        f.write(data)
    c.expect(c.run([python, program, more, "pip critical", c.path("u")], env=blocked), status=40, err="blocked: critical")
    c.expect(c.run([python, program, more, "critical", c.path("u")], env=blocked), status=40)
    for name in os.listdir(more):
        if name.startswith("pip-"):
            os.unlink(os.path.join(more, name))
            with open(os.path.join(folder, name), "rb") as f, open(os.path.join(more, name), "wb") as g:
                g.write(f.read() + b"one byte more is another file")
    c.expect(c.run([python, program, more, "pip", c.path("u")], env=blocked), status=(40, 41, 43))
    c.true(not os.path.exists(c.path("u")) or not os.listdir(c.path("u")), "something came")
    c.expect(c.run([paths.PIPGATE, "disable", "--python", python]), status=0)
