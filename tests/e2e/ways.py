# SPDX-License-Identifier: Apache-2.0
"""The ways by which a container comes to a pip. Each is walked twice: with a pin that policy blocks, and with a clean one.

{pin} stands for it; the first line's image is one of run.py's. What is blocked ends the build with 40 and our table in its output, and
there is no image; its twin is built, and the python that is named imports what was installed in a container of it.
"""


class Way:
    """lines: of a Dockerfile. network: False: there is none, not even a loopback. control: pipgate is not in it, and the pin comes in.
    as_bare: pip cannot do it at all; status and words are those of a pip without pipgate.
    read_only: no Dockerfile, but a command (lines) in a container of the gated image with a root that cannot be written."""

    def __init__(self, name, *lines, python="python3", network=True, control=False, read_only=None, short=False, as_bare=False):
        self.name, self.lines, self.python, self.network = name, lines, python, network
        self.control, self.read_only, self.short, self.as_bare = control, read_only, short, as_bare


GATED, VENV, DERIVED = "FROM localhost/gated", "RUN python3 -m venv /venv", "FROM localhost/derived"
UNKNOWN = "USER 4321:4321"  # as clusters start containers: a number without a name, a home or a folder of its own

WAYS = (
    Way("without pipgate the pin comes in", "FROM localhost/python", "RUN pip install {pin}", control=True),
    Way("RUN pip install", GATED, "RUN pip install {pin}", short=True),
    Way('RUN ["pip", "install"]', GATED, 'RUN ["pip", "install", "{pin}"]'),
    Way("RUN pip3.N", GATED, "RUN pip{version} install {pin}"),
    Way("RUN python -m pip", GATED, "RUN python -m pip install {pin}", short=True),
    Way("RUN python -Im pip, no link on PATH", GATED, "ENV PATH=/usr/local/bin:/usr/bin", "RUN python3 -Im pip install {pin}"),
    Way("RUN the interpreter's own pip", GATED, "RUN $(python3 -c 'import sysconfig; print(sysconfig.get_path(\"scripts\"))')/pip install {pin}"),
    Way("RUN /venv/bin/pip", GATED, VENV, "RUN /venv/bin/pip install {pin}", python="/venv/bin/python", short=True),
    Way("RUN . /venv/bin/activate", GATED, VENV, "RUN . /venv/bin/activate && pip install {pin}", python="/venv/bin/python"),
    Way("a requirements file", GATED, "COPY {pin}.txt /requirements.txt", "RUN pip install -r /requirements.txt"),
    Way("several commands in one RUN", GATED, "RUN set -e; pip --version; pip install {pin}; echo built"),
    Way("--no-cache-dir", GATED, "RUN pip install --no-cache-dir {pin}"),
    Way("a derived image: pip", DERIVED, "RUN pip install {pin}", python="/venv/bin/python"),
    Way("a derived image: python -m pip", DERIVED, "RUN python -m pip install {pin}", python="/venv/bin/python"),
    Way("a stage that another copies from", GATED + " AS made", "RUN pip install --target /made {pin}", "FROM localhost/python",
        "COPY --from=made /made /made", "ENV PYTHONPATH=/made"),
    Way("not root: pip install --user", GATED, "USER app", "ENV HOME=/home/app", "RUN pip install --user {pin}"),
    Way("not root: an environment of its own", GATED, "USER app", "ENV HOME=/home/app", "RUN python3 -m venv /home/app/v",
        "RUN /home/app/v/bin/pip install {pin}", python="/home/app/v/bin/python"),
    Way("a user without a name or a home", GATED, UNKNOWN, "RUN pip install --target /tmp/made {pin}", "ENV PYTHONPATH=/tmp/made"),
    Way("without HOME", GATED, "RUN env -u HOME pip install {pin}"),
    Way("without HOME: python -m pip", GATED, "RUN env -u HOME python3 -m pip install {pin}"),
    Way("no network, wheels in the image", GATED, "COPY wheels /wheels", "RUN pip install --no-index --find-links /wheels {pin}",
        network=False, short=True),
    Way("no network: python -m pip", GATED, "COPY wheels /wheels", "RUN python -m pip install --no-index --find-links /wheels {pin}", network=False),
    Way("plan mode", GATED, "ENV PIPGATE_MODE=plan", "RUN pip install {pin}"),
    Way("read-only root: pip", "pip install --target /tmp/made {pin}", read_only="tmp"),
    Way("read-only root: python -m pip", "python3 -m pip install --target /tmp/made {pin}", read_only="tmp"),
    Way("read-only root, nothing can be written", "pip install {pin}", read_only="nothing", as_bare=True),
)
