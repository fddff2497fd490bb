# SPDX-License-Identifier: Apache-2.0
# pipgate: when pip is imported, its shim is loaded; any other program is left alone. `pipgate enable` puts the path in.
import sys


class _Pipgate:
    shim = "@SHIM@"
    refused = ()  # modules of pip that only commands which install import

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name in ("pip", "pip._internal") and not cls.refused:
            cls.refused = tuple("pip._internal.commands." + command for command in ("install", "download", "wheel", "lock"))
            try:
                with open(cls.shim, "rb") as f:
                    exec(compile(f.read(), cls.shim, "exec"), {"__name__": "pipgate_shim", "__file__": cls.shim})
                sys.meta_path.remove(cls)
            except (OSError, SyntaxError, ValueError):
                pass
        elif name in cls.refused:
            sys.stderr.write("pipgate: %s cannot be loaded; nothing was installed\n" % cls.shim)
            sys.exit(41)


sys.meta_path.insert(0, _Pipgate)
