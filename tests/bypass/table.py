# SPDX-License-Identifier: Apache-2.0
"""The bypass table: every road by which something blocked might come in, and what proves that it does not.

A proof is a function of tests/bypass, or a case of another suite, "hook/NAME". What the printed table says of a row is the
outcome of its proofs in that very run. docs/bypass.md tells each row to people; both have the same rows (test_documented).
"""


class Row:
    def __init__(self, road, *proofs, why=None):
        """why: the road is not coverable, and its proof shows that it does let in."""
        self.road, self.proofs, self.why = road, proofs, why


ROWS = (
    Row("python -m pip and its spellings", "python-m-pip-and-its-spellings", "another-pip", "matrix-python-m-pip", "matrix-python-Im-pip", "matrix-runpy"),
    Row("main([...]) from code", "main-from-code", "parts-of-pip", "matrix-main", "hook/a-host-program", "hook/threads-of-a-host", "hook/without-parse-command"),
    Row("venv made before and after enable", "venv-made-before-and-after-enable", "matrix-venv-bin-pip"),
    Row("absolute path to pip", "absolute-path-to-pip"),
    Row("pip3.N", "pip3-N", "matrix-link"),
    Row("pipx", "matrix-pipx"),
    Row("tox", "matrix-tox"),
    Row("virtualenv", "virtualenv"),
    Row("python -m build", "matrix-build"),
    Row("pip-compile, pip-sync", "pip-compile-and-pip-sync"),
    Row("sudo", "sudo"),
    Row("nested build requirement", "build-requirement-that-is-blocked", "hook/build-requirements"),
    Row("sdist whose setup.py drops a file", "sdist-that-drops-a-file", "hook/malicious-sdist", "hook/the-old-way"),
    Row("VCS and URL requirement", "url-that-is-blocked", "hook/clones", "hook/folders-and-archives"),
    Row("an index that answers differently the second time", "an-index-that-answers-differently-the-second-time"),
    Row("an index without hashes", "an-index-without-hashes", "hook/without-hashes"),
    Row("a PEP 658 sidecar that lies", "hook/a-sidecar-that-lies"),
    Row("a wheel swapped on disk after the audit", "hook/rewritten-after-the-verdict"),
    Row("a poisoned wheel cache", "a-poisoned-wheel-cache", "hook/poisoned-afterwards", "hook/built-by-a-bare-pip",
        "hook/another-wheel-s-hash", "hook/notes-that-are-not-believed"),
    Row("a wheel whose METADATA names another distribution than its file", "hook/a-wheel-of-another-name"),
    Row("PIP_REPORT, PIP_DRY_RUN, PIP_CONFIG_FILE, pip.conf", "variables-and-configuration"),
    Row("the user's own --report, abbreviated", "the-users-own-report", "hook/reports-of-the-user"),
    Row("SIGINT ignored, SIGCHLD ignored", "hook/signals-ignored"),
    Row("a forged mark", "a-forged-mark"),
    Row("ctypes.py or sitecustomize.py in the current folder", "files-of-the-current-folder", "hook/files-of-the-folder"),
    Row("PYTHONPATH with a sitecustomize", "a-sitecustomize-on-PYTHONPATH"),
    Row("PATH with a fake pipgate", "PATH-with-a-fake-pipgate"),
    Row("hook file truncated", "the-hook-file-truncated", "hook/parts-are-missing"),
    Row("decide killed while pip is held", "hook/answers", "decide-killed"),
    Row("two pips at once", "two-pips-at-once"),
    Row("--target, --prefix, --root, --user, --python, -e, --find-links, --use-feature", "places-and-features", "hook/places", "hook/another-python"),
    Row("Python upgraded under us", "python-upgraded-under-us"),
    Row("a notebook's %pip", "notebook"),
    Row("python -S", "python-S", why="nothing of the site module runs, so nothing of ours does"),
    Row("an interpreter that was not enabled", "an-interpreter-not-enabled", why="nothing of ours is in it"),
    Row("a same-user race within one system call", "a-race-of-the-same-user", why="what is read was opened before it was changed"),
    Row("whoever can write our own files", "whoever-writes-our-files", why="they can take the gate away"),
)

# The matrix: what is walked on every pair, as columns.
ROADS = (
    ("link", "matrix-link"), ("-m pip", "matrix-python-m-pip"), ("-Im pip", "matrix-python-Im-pip"), ("venv pip", "matrix-venv-bin-pip"),
    ("runpy", "matrix-runpy"), ("pipx", "matrix-pipx"), ("tox", "matrix-tox"), ("build", "matrix-build"), ("main([…])", "matrix-main"),
)
