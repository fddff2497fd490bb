# SPDX-License-Identifier: Apache-2.0
"""The world most cases live in: what the index offers, and what the advisories say. Made up; real names only where they read well."""
import functools

from . import index, osvdb


def files():
    """Fresh File objects over shared bytes: an index counts in them."""
    return [index.File(f.filename, f.data, f.metadata, f.yanked, f.uploaded, f.requires_python) for f in _files()]


@functools.lru_cache(None)
def _files():
    w, s = index.wheel, index.sdist
    return [
        w("idna", "3.6"), w("idna", "3.7"),
        w("flask", "1.0", ["Jinja2>=2.10", "click>=5.1"]), w("click", "8.1.7"), w("markupsafe", "2.1.5"),
        w("Jinja2", "2.10", ["MarkupSafe>=0.23"]), w("Jinja2", "2.10.1", ["MarkupSafe>=0.23"]), w("Jinja2", "3.1.6", ["MarkupSafe>=2.0"]),
        w("critical", "1.0"), w("critical", "2.0"), w("medium", "1.0"), w("medium", "2.0"), w("low", "1.0"), w("low", "2.0"),
        w("unscored", "1.0"), w("unscored", "2.0"),            # its advisory has no severity
        w("fixless", "1.0"), w("fixless", "2.0"),              # no release is clean
        w("evil-typo", "1.0"), w("wants-evil", "1.0", ["evil-typo"]), w("evil-open", "1.0"),
        w("wants-medium", "1.0", ["medium==1.0"]),
        w("batteries", "1.0", extras={"web": ["jinja2==2.10"], "names": ["idna"]}),
        w("windows-only", "1.0", ["jinja2==2.10; sys_platform == 'win32'"]),
        w("pulled", "1.0", yanked="broken"), w("pulled", "0.9"),
        w("picky", "1.0", ["idna<3.7"]), w("proud", "1.0", ["idna>=3.7"]),   # cannot be had together
        w("a" * 40 + "b", "1.0"),                              # for patterns that backtrack
        w("odd", "1!2.0+ab.1"), w("odd", "1!1.0"), w("odd", "1!3.0rc1"), w("Odd.Name_x", "1.0"), w("Odd.Name_x", "2.0"),
        w("twins", "1.0"), w("quiet", "1.0"), w("quiet", "2.0"),
        s("built", "1.0"), s("built-bad", "1.0"), w("wants-built", "1.0", ["built"]),
        s("both", "1.0"), w("both", "0.9"),                    # the newest release is an sdist alone
    ]


def advisories():
    r = osvdb.record
    return [
        r("PYSEC-2099-10", "jinja2", fixed="2.10.1", aliases=["CVE-2099-1000", "GHSA-aaaa-bbbb-cccc"]),
        r("GHSA-aaaa-bbbb-cccc", "Jinja2", "HIGH", fixed="2.10.1", aliases=["CVE-2099-1000"]),
        r("PYSEC-2099-11", "critical", "CRITICAL", fixed="2.0"),
        r("PYSEC-2099-12", "medium", "MEDIUM", fixed="2.0"),
        r("PYSEC-2099-13", "low", "LOW", fixed="2.0"),
        r("PYSEC-2099-14", "unscored", fixed="2.0"),
        r("PYSEC-2099-15", "fixless", "HIGH"),
        r("MAL-2099-1", "evil-typo", versions=["1.0"], fixed=""),
        r("MAL-2099-2", "evil-open"),
        r("PYSEC-2099-16", "twins", "HIGH", fixed="2.0"),
        r("PYSEC-2099-17", "twins", "MEDIUM", fixed="3.0"),
        r("PYSEC-2099-18", "quiet", "HIGH", fixed="2.0"),
        r("PYSEC-2099-19", "built-bad", "HIGH", fixed="2.0"),
        r("PYSEC-2099-20", "here", "HIGH", fixed="2.0"),       # for projects of the case's own folder
        r("PYSEC-2099-22", "odd", "HIGH", fixed="1!2.0"),
        r("PYSEC-2099-23", "odd_name.X", "HIGH", fixed="2.0"),
        r("PYSEC-2099-21", "idna", "HIGH", fixed="3.6", withdrawn="2026-01-03T00:00:00Z"),
    ]
