# SPDX-License-Identifier: Apache-2.0
"""Rows of pip under the gate, beside the bare pip."""
import os
import shutil
import subprocess
import time

from bench import REQUIRED, Line, index, made_up_wheels, measure, median, paths, pips, row

MIB = measure.MIB


def words(b, pip, *options):
    """An install into a target that is not there."""
    target = b.path("target")
    shutil.rmtree(target, ignore_errors=True)
    return [pip, "install", "-q", "--target", target] + list(options) + REQUIRED


def install(b, pip, env, *options):
    return measure.usage(words(b, pip, *options), env)


def pip_environ(b, server, **more):
    """pip keeps what came over plain HTTP only from hosts that it is told to trust."""
    return b.gate_environ(PIP_INDEX_URL=server.url, PIP_TRUSTED_HOST="127.0.0.1", **more)


# ---- plan mode ----


def second_pass(pid):
    """The pip that installs, below the gate, or None."""
    for child in measure.children(pid):
        words = measure.words_of(child)
        if "install" in words and "--dry-run" not in words:
            return child
    return None


def resident(b, gated, env):
    """The gate's own memory while the second pass runs: the largest VmRSS and Pss that were seen."""
    rss = pss = 0
    process = subprocess.Popen(words(b, gated), env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        if second_pass(process.pid):
            rss = max(rss, measure.fields("/proc/%d/status" % process.pid, ("VmRSS",)).get("VmRSS", 0))
            pss = max(pss, measure.fields("/proc/%d/smaps_rollup" % process.pid, ("Pss",)).get("Pss", 0))
        time.sleep(0.01)
    if process.returncode or not rss:
        raise measure.Broken("the gated install ended with %d, its second pass was %s" % (process.returncode, "seen" if rss else "not seen"))
    return rss, pss


@row("plan-mode")
def plan_mode(b):
    server = index.Index(made_up_wheels(b.count(12, 2), b.count(25, 2)))
    try:
        env = pip_environ(b, server)
        gated, bare = os.path.join(b.links(), "pip"), os.path.join(b.environment.bin, "pip")
        report = b.path("dry-run.json")

        def twice():
            return install(b, bare, env, "--dry-run", "--report", report).wall + install(b, bare, env).wall

        if not b.quick:
            install(b, gated, env, "--gate-mode", "plan")  # both find pip's cache filled
        measured = measure.in_turns([lambda: install(b, gated, env, "--gate-mode", "plan").wall, twice], b.count(9, 1))
        yield Line("plan mode: `pip install %s` over a bare dry run + a bare install" % " ".join(REQUIRED), median(g / p for g, p in measured),
                   "×", 1.03, note="bare %.2f s, gated %.2f s, %d pairs" % (median(p for _, p in measured), median(g for g, _ in measured),
                                                                           len(measured)))
        rss, pss = resident(b, gated, dict(env, PIPGATE_MODE="plan"))
        yield Line("– memory of ours while pip installs (VmRSS)", rss, "MiB", 4 * MIB)
        yield Line("– the same, shared pages counted by their share (Pss)", pss, "MiB", 4 * MIB)
    finally:
        server.close()


# ---- inline mode ----


@row("inline")
def inline(b):
    server = index.Index(b.wheels)
    try:
        env = pip_environ(b, server, PIPGATE_FAIL_ON="none")  # a finding of today must not end the measuring
        for what, options, bound in (("pip's cache filled", [], 1.03), ("--no-cache-dir", ["--no-cache-dir"], 1.06)):
            yield from inline_over_bare(b, env, what, options, bound)
        yield from inline_memory(b, env)
    finally:
        server.close()


def inline_over_bare(b, env, what, options, bound):
    gated, bare = os.path.join(b.links(), "pip"), os.path.join(b.environment.bin, "pip")
    ways = [lambda: install(b, bare, env, *options), lambda: install(b, gated, env, "--gate-mode", "inline", *options),
            lambda: install(b, gated, env, "--gate-mode", "plan", *options)]
    if not b.quick:
        measure.in_turns(ways, 1)  # what is read once, and pip's cache
    measured = measure.in_turns(ways, b.count(12, 1))  # each of the six orders twice
    bares, inlines, plans = zip(*measured)
    yield Line("inline: `pip install --target … %s` over the bare pip, %s" % (" ".join(REQUIRED), what), over(inlines, bares, "wall"), "×", bound,
               note="bare %.2f s, inline %.2f s, %d rounds" % (median(u.wall for u in bares), median(u.wall for u in inlines), len(measured)))
    yield Line("– the same by processor time (user + system)", over(inlines, bares, "processor"), "×",
               note="bare %.2f s, inline %.2f s" % (median(u.processor for u in bares), median(u.processor for u in inlines)))
    yield Line("– beside: plan mode over the bare pip", over(plans, bares, "wall"), "×",
               note="processor time %.3f ×" % over(plans, bares, "processor"))


def over(some, others, what):
    """The median of the ratios, round by round."""
    return median(getattr(one, what) / getattr(other, what) for one, other in zip(some, others))


def inline_memory(b, env):
    """Looks at all processes of an install again and again, from when the gate has become pip to pip's end."""
    ours = {os.path.realpath(p) for p in (paths.PIPGATE, os.path.join(paths.BUILD, "pipgate-fetch"))}
    resident = decide = held = looks = 0
    process = subprocess.Popen(words(b, os.path.join(b.links(), "pip"), "--gate-mode", "inline"), env=env, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        if measure.program_of(process.pid) in ours:
            continue
        looks += 1
        for pid in measure.tree(process.pid):
            if measure.program_of(pid) in ours:
                memory = measure.fields("/proc/%d/status" % pid, ("VmRSS",)).get("VmRSS", 0)
                if measure.words_of(pid)[1:2] == ["decide"]:
                    decide = max(decide, memory)
                else:
                    resident = max(resident, memory)
        if looks % 16 == 1:  # the kernel takes its time to make this file
            held = max(held, measure.mapped(process.pid, "pipgate-hook.so"))
        time.sleep(0.001)
    if process.returncode or not held:
        raise measure.Broken("the inline install ended with %d, the object was %sseen in pip" % (process.returncode, "" if held else "not "))
    yield Line("inline: memory of our processes while pip runs, decide aside", resident, "MiB", 0, note="%d looks" % looks)
    yield Line("– decide, while pip is held (largest that was seen)", decide, "MiB")
    yield Line("– the object within pip's process (Pss)", held, "MiB")


# ---- what the index says ----


@row("facts")
def facts(b):
    """Pages of fifty names, each with two hundred files, from an index that is 50 ms away; nothing is kept from the run before."""
    n = b.count(50, 5)
    server = index.Index([index.wheel("one", "1.%d" % k) for k in range(b.count(200, 3))])
    for i in range(n):  # made before, as a server has them
        server.pages["/simple/fact-%d/" % i] = server._json_page("one", server.files.values()).replace(b'"one-', b'"fact_%d-' % i)
    server.delay[""] = 0.05
    cache = b.path("home", "cache", "pipgate")
    try:
        env = pip_environ(b, server)
        argv = [paths.PIPGATE, "facts", "--json"] + ["fact-%d==1.1" % i for i in range(n)]

        def once():
            shutil.rmtree(cache, ignore_errors=True)
            return measure.run(argv, env)
        taken = median(once() for _ in range(b.count(9, 1)))
        yield Line("facts: the index asked about %d distributions, each answer 50 ms away" % n, taken, "s", 0.3)
        yield Line("– the same from what was kept", median(measure.run(argv, env) for _ in range(b.count(9, 1))), "s")
    finally:
        server.close()


# ---- the interpreter hook ----


@row("interpreter-hook")
def interpreter_hook(b):
    """One Python: its hook is moved aside and back between the runs."""
    python, env = b.fresh("own", pips.standalone), b.environ()
    measure.run([paths.PIPGATE, "enable", "--python", python.python], env)
    hook = os.path.join(os.path.dirname(python.site), "sitecustomize.py")
    aside = hook + ".aside"
    if not os.path.exists(hook):
        raise measure.Broken("`pipgate enable` made no " + hook)

    def start(enabled):
        there, wanted = (aside, hook) if enabled else (hook, aside)
        if os.path.exists(there):
            os.rename(there, wanted)
        return measure.usage([python.python, "-c", "pass"], env)
    ways = [lambda: start(True), lambda: start(False)]
    measure.in_turns(ways, 1)  # writes the byte code
    measured = measure.in_turns(ways, b.count(60, 2))
    yield Line("`python -c pass` with the interpreter hook over without", median(e.wall - p.wall for e, p in measured), "ms", 0.0005,
               note="without %.2f ms, %d pairs" % (median(p.wall for _, p in measured) * 1000, len(measured)))
    yield Line("– the same by processor time (user + system)", median(e.processor - p.processor for e, p in measured), "ms",
               note="without %.2f ms" % (median(p.processor for _, p in measured) * 1000))
