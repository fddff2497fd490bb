# SPDX-License-Identifier: Apache-2.0
"""Bundles for tests: exported by the program, altered and signed anew where a test wants one that the program would not make."""
import hashlib
import json
import os


class Bundle:
    """A folder that `pipgate db export` made, as bytes by name."""

    def __init__(self, case, folder, key="k"):
        self.case, self.key, self.files = case, key, {}
        for name in os.listdir(case.path(folder)):
            if not name.endswith(".lock"):
                with open(case.path(folder, name), "rb") as f:
                    self.files[name] = f.read()

    @property
    def manifest(self):
        return json.loads(self.files["pipgate.json"])

    def part(self, name="database"):
        return next(p["path"] for p in self.manifest["parts"] if p["name"] == name)

    def copy(self):
        other = object.__new__(Bundle)
        other.case, other.key, other.files = self.case, self.key, dict(self.files)
        return other

    def signed(self, change=None, key=None, text=None):
        """The same with another manifest, well signed. change: a function that alters it."""
        other, manifest = self.copy(), self.manifest
        if change:
            change(manifest)
        path = self.case.write("manifest", json.dumps(manifest) if text is None else text)
        self.case.expect(self.case.pipgate("key", "sign", path, "-k", key or self.key), status=0)
        for name in ("", ".minisig"):
            with open(path + name, "rb") as f:
                other.files["pipgate.json" + name] = f.read()
        return other

    def with_file(self, name, content):
        """content None: it is not there."""
        other = self.copy()
        other.files[name] = content
        if content is None:
            del other.files[name]
        return other

    def with_part(self, name, content):
        """Another part, well signed."""
        digest = hashlib.sha256(content).hexdigest()

        def change(manifest):
            manifest["parts"] = [p for p in manifest["parts"] if p["name"] != name]
            manifest["parts"].append({"name": name, "path": "sha256-" + digest, "size": len(content), "sha256": digest})
        return self.signed(change).with_file("sha256-" + digest, content)

    def put(self, index, path="/bundle/"):
        """Serves it instead of what was served there."""
        for old in [p for p in index.pages if p.startswith(path)]:
            del index.pages[old]
        index.pages.update({path + name: content for name, content in self.files.items()})
        return index.root + path
