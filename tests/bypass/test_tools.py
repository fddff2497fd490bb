# SPDX-License-Identifier: Apache-2.0
"""Programs that start pip, or use it as a library, by themselves."""
import glob
import os

from lib import index, pips

from held import offer
from scene import BLOCKED, CLEAN, bypass, enabled, few, let_in, refused, tool, venv, walk


@bypass()
def virtualenv(c):
    """An environment of virtualenv's, seeded by it with the pair's pip; and one that is seeded by pip."""
    enabled(c)
    tool(c, "virtualenv")
    kept = pips.wheel(c.pair.pip)
    words = [c.env.python, "-m", "virtualenv", "-q", "--python", c.env.python, "--no-download", "--no-periodic-update", "--app-data", c.path("app-data"), "--extra-search-dir", os.path.dirname(kept),
             "--pip", os.path.basename(kept).split("-")[1]]
    c.expect(c.run(words + [c.path("v")]), status=0)
    place = pips.Environment(c.path("v"), c.pair.python)
    for argv in ([os.path.join(place.bin, "pip")], [place.python, "-m", "pip"]):
        walk(c, *argv, place=place)


@bypass()
def pip_compile_and_pip_sync(c):
    """pip-compile takes pip apart: no line of a malicious sdist runs, no build requirement comes in. pip-sync starts pip."""
    enabled(c)
    tool(c, "pip-tools")
    offer(c, index.sdist("evil-open", "2.0"))
    words = [c.env.python, "-m", "piptools"]
    place = venv(c)
    for path in glob.glob(os.path.join(glob.escape(place.site), "pip-*", "direct_url.json")):
        os.unlink(path)  # pip-sync would take away a pip that came from a file
    c.write("requirements.txt", BLOCKED + "\nmarkupsafe==2.1.5\n")
    sync = words + ["sync", "--python-executable", place.python, "requirements.txt"]
    refused(c, sync, status=1, place=place)
    c.write("requirements.in", "evil-open==2.0\n")
    c.run(words + ["compile", "-q", "-o", "made.txt", "requirements.in"])
    c.equal(c.built(), [], "code that ran")
    c.write("requirements.in", CLEAN + "\n")
    c.expect(c.run(words + ["compile", "-q", "-o", "requirements.txt", "requirements.in"]), status=0)
    let_in(c, sync, place=place)


KERNEL = """import sys
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name='python3', startup_timeout=60)
try:
    shown = []
    reply = client.execute_interactive(sys.argv[1], timeout=120, output_hook=lambda m: shown.append(m['content'].get('text', '')))
    print(''.join(shown))
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
"""


@bypass()
def notebook(c):
    """%pip and !pip in IPython, and in a Jupyter kernel."""
    enabled(c)
    tool(c, "ipython", "ipykernel")
    env = {"IPYTHONDIR": c.path("ipython"), "JUPYTER_PLATFORM_DIRS": "1", "JUPYTER_DATA_DIR": c.path("jupyter"), "JUPYTER_RUNTIME_DIR": c.path("run"),
           "PATH": c.environ(gate=False)["PATH"]}
    ipython = [c.env.python, "-m", "IPython", "--colors=NoColor", "-c"]
    kernel = [c.env.python, c.write("kernel.py", KERNEL)]
    for program, line in [(ipython, "%pip install ")] + few(c, ((kernel, "%pip install "), (ipython, "!pip install "), (kernel, "!pip install "))):
        result = refused(c, program + [line + BLOCKED], status=None, err=())
        c.true("blocked: jinja2 2.10: HIGH" in result.stdout + result.stderr, "our table is not shown")
        let_in(c, program + [line + CLEAN])
