# SPDX-License-Identifier: Apache-2.0
"""Where pip cannot be held from within, plan mode holds it, once; a mark by which one tells the other is checked, not believed."""
import os
import sys

from held import enable, held, nothing_came, pip, program
from lib import fakepip

UNLOADABLE = """import _imp
def create(spec, *more, real=_imp.create_dynamic):
    if spec.name == 'pipgate_hook': raise ImportError('no objects here')
    return real(spec, *more)
_imp.create_dynamic = create
"""


def by_module(c, *args, **options):
    return c.run([c.env.python, "-m", "pip"] + list(args), **options)


def audited_once(c, result, status):
    c.expect(result, status=status)
    c.equal(len([line for line in c.lines_of_ours(result) if "audited" in line]), 1, "audits")


@held(pips="20.3.4 21.3.1")
def before_22_2(c):
    """An interpreter with the hook and a pip that cannot say what it would install: audited once, by the whole of plan mode."""
    enable(c)
    before = c.snapshot()
    audited_once(c, by_module(c, "install", "jinja2==2.10"), 40)
    audited_once(c, c.run([os.path.join(c.env.bin, "pip"), "install", "critical==1.0"]), 40)
    audited_once(c, c.gate("install", "critical==1.0"), 40)
    c.expect(by_module(c, "install", "idna", env={"PIPGATE_MODE": "inline"}), status=41, err="cannot say what it would install")
    c.expect(by_module(c, "list"), status=0, not_err="pipgate")
    c.expect(by_module(c, "install", "--help"), status=0, out="^Usage:", not_err="pipgate")
    nothing_came(c, before)
    audited_once(c, by_module(c, "install", "idna"), 0)
    c.expect(by_module(c, "install", "medium==2.0", env={"PIPGATE_POLICY": "mode=off"}), status=0, err="mode: off")
    c.expect(c.run([c.env.python, "-m", "pip", "uninstall", "-q", "-y", "medium"], gate=False), status=0)
    audited_once(c, c.gate("install", "click"), 0)
    c.equal(c.env.installed(), {"idna": "3.7", "click": "8.1.7"}, "installed")


@held(pips="two", mode="plan")
def plan_mode_in_a_hooked_interpreter(c):
    """Plan mode where the interpreter has the hook, too: audited once, by the link and by python -m pip, from code as well."""
    enable(c)
    before = c.snapshot()
    audited_once(c, c.gate("install", "jinja2==2.10"), 40)
    audited_once(c, by_module(c, "install", "jinja2==2.10"), 40)
    mains = "from pip._internal.cli.main import main\ntry:\n    main(['install', 'critical==1.0'])\nexcept SystemExit as e:\n    print(e.code)\n"
    c.expect(program(c, mains), status=0, out="^40$", err="PYSEC-2099-11")
    c.expect(by_module(c, "install", "--help"), status=0, out="^Usage:", not_err="pipgate")
    passed = "import os\nos.environ['PIPGATE_PASSED'] = str(os.getpid())\nos.execv(%r, ['python', '-m', 'pip', 'install', 'idna'])\n" % c.env.python
    c.expect(program(c, passed), status=41, err="installs nothing")
    nothing_came(c, before)
    audited_once(c, c.gate("install", "idna"), 0)
    audited_once(c, by_module(c, "install", "click"), 0)
    c.equal(c.env.installed(), {"idna": "3.7", "click": "8.1.7"}, "installed")


@held(pips="two")
def an_object_that_cannot_be_loaded(c):
    """A Python that loads no objects: plan mode by itself, 41 where inline is wanted."""
    before = c.snapshot()
    c.mode = "plan"  # what the verdict has to tell
    auto = {"PIPGATE_MODE": None}
    audited_once(c, pip(c, "install", "jinja2==2.10", before=UNLOADABLE, env=auto), 40)
    c.expect(pip(c, "install", "idna", before=UNLOADABLE, env={"PIPGATE_MODE": "inline"}), status=41, err="cannot be loaded into this Python")
    c.expect(pip(c, "list", before=UNLOADABLE, env=auto), status=0, not_err="pipgate")
    nothing_came(c, before)
    audited_once(c, pip(c, "install", "idna", before=UNLOADABLE, env=auto), 0)


@held(pips="one", mode="plan")
def a_pip_that_is_not_known(c):
    """A pip with other insides than the known ones is held by plan mode, and refused where inline is wanted."""
    fake = fakepip.FakePip(c.env, c.root)
    fake.orders(report=fakepip.report([("critical", "1.0")]), dry={}, wet={})
    c.expect(c.gate("install", "critical", env={"PIPGATE_MODE": None}), status=40)
    c.expect(c.gate("install", "critical", env={"PIPGATE_MODE": "inline"}), status=41, err="not as it is known|no pip that is known")
    c.true(not os.path.exists(fake.marker), "it installed")


@held(pips="two")
def a_forged_mark(c):
    """PIPGATE_HELD from anyone but plan mode opens nothing, whatever descriptor it names."""
    enable(c)
    before = c.snapshot()
    for mark in ("0", "1", "2", "3", "-1", "x", "9" * 30, str(sys.maxsize)):
        c.expect(by_module(c, "install", "jinja2==2.10", env={"PIPGATE_HELD": mark}), status=40)
    nothing_came(c, before)


@held(pips="20.3.4")
def a_forged_mark_where_plan_mode_is_needed(c):
    """Where plan mode would be next, a mark that cannot be verified is a no: pips would start each other without end."""
    enable(c)
    c.expect(by_module(c, "install", "idna", env={"PIPGATE_HELD": "3"}), status=41, err="who started it cannot be told")
    c.equal(c.env.installed(), {}, "installed")
