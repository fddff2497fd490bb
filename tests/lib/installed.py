# SPDX-License-Identifier: Apache-2.0
"""Installed distributions without an installer: what stands in a site-packages folder."""
import os


def place(folder, name, version, requires=(), metadata=None, **files):
    """A distribution as an installer leaves it."""
    info = os.path.join(folder, "%s-%s.dist-info" % (name, version))
    os.makedirs(info)
    text = metadata if metadata is not None else "Metadata-Version: 2.1\nName: %s\nVersion: %s\n%s\n" % (
        name, version, "".join("Requires-Dist: %s\n" % r for r in requires))
    for file, content in dict({"METADATA": text, "INSTALLER": "pip\n"}, **files).items():
        with open(os.path.join(info, file), "w") as f:
            f.write(content)
    return info
