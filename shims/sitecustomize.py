# SPDX-License-Identifier: Apache-2.0
# What `pipgate enable` puts into a Python, the shim's path put in. Between marks into any sitecustomize: the finder; where that
# file is ours alone: what is next, too; in a .pth: the line, which compiles the finder when it is needed. An ordinary program
# pays for one function; no name stays but _pipgate, nothing is imported.
# ==== finder
def _pipgate(shim):
    """Puts a finder first that finds nothing. When pip is imported it loads the shim; where that fails, what installs is refused."""
    import sys
    why = []  # not tried yet; [""]: the shim is there; else why it is not

    def load():
        file = shim.decode(sys.getfilesystemencoding(), "surrogateescape")
        if "pipgate_shim" in sys.modules:  # pip was reached by a road of ours
            return ""
        words = {"__name__": "pipgate_shim", "__file__": file}
        try:
            with open(shim, "rb") as f:
                exec(compile(f.read(), file, "exec"), words)
        except Exception as e:
            return "%s cannot be loaded (%s)" % (file, e)
        return "" if words.get("Finder") in sys.meta_path else "%s is not whole" % file

    def refuse(*ignored):
        if sys.stderr:
            sys.stderr.write("pipgate: %s; nothing was installed; install pipgate anew, or `pipgate disable`\n" % why[0])
        return 41

    def refusing(name, path):
        """The module of a command of pip whose run() refuses; its help goes on."""
        from _frozen_importlib_external import PathFinder
        spec = PathFinder.find_spec(name, path)
        code = spec.loader.get_code(name)

        def exec_module(module):
            exec(code, module.__dict__)
            commands = [c for c in vars(module).values() if isinstance(c, type) and c.__module__ == name and "run" in vars(c)]
            for command in commands:
                command.run = refuse
            if not commands:
                sys.exit(refuse())
        spec.loader = type(sys.implementation)(create_module=lambda spec: None, exec_module=exec_module)
        return spec

    def find_spec(name, path=None, target=None):
        if not why and name in ("pip", "pip._internal"):
            why.append(load())
        elif why and why[0] and name in ["pip._internal.commands." + c for c in ("install", "download", "wheel", "lock")]:
            return refusing(name, path)
    find_spec.find_spec = find_spec
    find_spec.pipgate = shim
    sys.meta_path.insert(0, find_spec)


_pipgate(b"@SHIM@")
# ==== line
def find_spec(name, path=None, target=None):  # noqa: E302 F821 (sys, shim and todo are given)
    if todo and name in ("pip", "pip._internal"):
        exec(todo.pop(), {"__name__": "pipgate"})
        return sys.meta_path[0].find_spec(name, path, target)
find_spec.find_spec, find_spec.pipgate = find_spec, shim  # noqa: E305
sys.meta_path.insert(0, find_spec)
# ==== next
def _pipgate(here):  # noqa: E302 F811
    """Another sitecustomize, further down sys.path, which this one keeps from being found, runs as if this one were not here."""
    import sys
    from _frozen_importlib_external import PathFinder
    behind = sys.path[sys.path.index(here) + 1:] if here in sys.path else []
    spec = PathFinder.find_spec("sitecustomize", [p for p in behind if p != here])
    if spec and spec.loader:
        from _frozen_importlib import module_from_spec
        sys.modules[__name__] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[__name__])


_pipgate(__file__.rpartition("/")[0])
