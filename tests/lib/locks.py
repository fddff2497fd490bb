# SPDX-License-Identifier: Apache-2.0
"""Small lock files of each kind, made of pairs of name and version."""
import json

HEADS = {
    "uv.lock": 'version = 1\n',
    "pylock.toml": 'lock-version = "1.0"\ncreated-by = "hand"\n',
    "poetry.lock": '[metadata]\nlock-version = "2.1"\npython-versions = "*"\ncontent-hash = "0"\n',
    "pdm.lock": '[metadata]\ngroups = ["default"]\nlock_version = "4.5.0"\ncontent_hash = "0"\n',
}
BODIES = {"uv.lock": 'source = { registry = "r" }\n', "poetry.lock": 'groups = ["main"]\noptional = false\n', "pdm.lock": 'groups = ["default"]\n'}


def lock_of(kind, packages, needs=None):
    """needs: {name: [names]}, for uv.lock."""
    if kind == "Pipfile.lock":
        return json.dumps({"_meta": {"pipfile-spec": 6}, "default": {n: {"version": "==" + v} for n, v in packages}, "develop": {}}, indent=4)
    text, needs = HEADS[kind], needs or {}
    if kind == "uv.lock":
        drawn_in = {n for names in needs.values() for n in names}
        text += '\n[[package]]\nname = "root"\nversion = "1"\nsource = { virtual = "." }\ndependencies = [%s]\n' % ", ".join(
            '{ name = "%s" }' % n for n, _ in packages if n not in drawn_in)
    for name, version in packages:
        text += '\n[[%s]]\nname = "%s"\nversion = "%s"\n%s' % (
            "packages" if kind == "pylock.toml" else "package", name, version, BODIES.get(kind, ""))
        if name in needs:
            text += "dependencies = [%s]\n" % ", ".join('{ name = "%s" }' % n for n in needs[name])
    return text
