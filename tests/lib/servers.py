# SPDX-License-Identifier: Apache-2.0
"""Index servers that others wrote, on the loopback: nginx over a folder of pages, pypiserver over a folder of files."""
import contextlib
import os
import shutil
import socket
import subprocess
import time

from . import pips
from .index import JSON_TYPE

NGINX = """%(user)sdaemon off; worker_processes 1; pid %(folder)s/pid; error_log %(folder)s/error.log;
events { worker_connections 64; }
http { access_log off; client_body_temp_path %(folder)s/body; proxy_temp_path %(folder)s/proxy; fastcgi_temp_path %(folder)s/fastcgi;
uwsgi_temp_path %(folder)s/uwsgi; scgi_temp_path %(folder)s/scgi;
server { listen 127.0.0.1:%(port)d; root %(folder)s/root;
location /simple/ { index index.json; types { } default_type "%(type)s"; } } }
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextlib.contextmanager
def _running(argv, port, **options):
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    try:
        for _ in range(200):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None:
                raise pips.Unavailable("%s ended with %s" % (os.path.basename(argv[0]), process.returncode))
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def nginx(folder, index):
    """Serves what the index of the tests has; the address of its pages. folder: empty, its own."""
    program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not program:
        raise pips.Unavailable("nginx is not here")
    port = free_port()
    os.makedirs(os.path.join(folder, "root", "files"))
    for name, file in index.files.items():
        page = os.path.join(folder, "root", "simple", file.project)
        os.makedirs(page, exist_ok=True)
        with open(os.path.join(page, "index.json"), "wb") as f:
            f.write(index._json_page(file.project, [g for g in index.files.values() if g.project == file.project]))
        for suffix, data in (("", file.data), (".metadata", file.metadata)):
            with open(os.path.join(folder, "root", "files", name + suffix), "wb") as f:
                f.write(data or b"")
    with open(os.path.join(folder, "nginx.conf"), "w") as f:
        f.write(NGINX % {"folder": folder, "port": port, "type": JSON_TYPE, "user": "" if os.geteuid() else "user root; "})
    with _running([program, "-p", folder, "-c", os.path.join(folder, "nginx.conf"), "-e", os.path.join(folder, "error.log")], port):
        yield "http://127.0.0.1:%d/simple/" % port


@contextlib.contextmanager
def pypiserver(folder, files):
    """Serves these files from an empty folder; the address of its pages."""
    program = os.path.join(pips.tool_environment("pypiserver", "pypiserver"), "bin", "pypi-server")
    port = free_port()
    os.makedirs(folder)
    for file in files:
        with open(os.path.join(folder, file.filename), "wb") as f:
            f.write(file.data)
    with _running([program, "run", "-i", "127.0.0.1", "-p", str(port), folder], port, env={"PATH": os.defpath, "HOME": folder}):
        yield "http://127.0.0.1:%d/simple/" % port
