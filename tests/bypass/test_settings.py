# SPDX-License-Identifier: Apache-2.0
"""What the user or the folder may set: variables, configuration, options."""
import os

from lib import wheels

from scene import BLOCKED, CLEAN, bypass, enabled, few, let_in, refused

def roads(c):
    return [c.env.python, "-m", "pip"], ["pip"]


@bypass()
def variables_and_configuration(c):
    """PIP_REPORT, PIP_DRY_RUN, PIP_CONFIG_FILE, and [install] report, dry-run, quiet of a pip.conf, each alone and together."""
    enabled(c)
    conf = c.write("pip.conf", "[install]\nreport = %s\ndry-run = false\nquiet = 3\n" % c.path("conf.json"))
    dry = c.write("dry.conf", "[install]\ndry-run = true\nreport = /dev/null\n[global]\nreport = -\n")
    settings = ({"PIP_REPORT": c.path("user.json")}, {"PIP_REPORT": "/dev/null"}, {"PIP_REPORT": "-"}, {"PIP_DRY_RUN": "0"}, {"PIP_DRY_RUN": "false"},
                {"PIP_CONFIG_FILE": conf}, {"PIP_CONFIG_FILE": conf, "PIP_REPORT": "/nowhere/x.json"}, {"PIP_QUIET": "3", "PIP_NO_COLOR": "1"},
                {"PIP_CONFIG_FILE": "/dev/null", "PIP_NO_INPUT": "1", "PIP_LOG": c.path("log")}, {"PIP_IGNORE_INSTALLED": "1", "PIP_FORCE_REINSTALL": "1"},
                {"PIP_USER": "0", "PIP_NO_DEPS": "1", "PIP_USE_PEP517": "1", "PIP_PREFER_BINARY": "1"})
    for road in roads(c):
        for env in few(c, settings):
            refused(c, road + ["install", BLOCKED], status=(40, 41), err="^pipgate: ", env=env)
        for env in ({"PIP_DRY_RUN": "1"}, {"PIP_CONFIG_FILE": dry}):
            refused(c, road + ["install", BLOCKED], status=(40, 41), err="^pipgate: ", env=env)
        let_in(c, road + ["install", CLEAN], env={"PIP_CONFIG_FILE": conf})
    place = c.path(".config", "pip")
    os.makedirs(place)
    os.makedirs(os.path.join(c.home, "config", "pip"))
    with open(os.path.join(c.home, "config", "pip", "pip.conf"), "w") as f:
        f.write("[install]\nreport = %s\n" % c.path("home.json"))
    for road in roads(c):
        refused(c, road + ["install", BLOCKED], env={"PIP_CONFIG_FILE": None})
        let_in(c, road + ["install", CLEAN], env={"PIP_CONFIG_FILE": None})
    c.true(os.path.exists(c.path("home.json")), "the user's own report is missing")


@bypass()
def the_users_own_report(c):
    """--report in every spelling, once and twice, to a file, to nowhere, to stdout."""
    enabled(c)
    for road in roads(c):
        for words in few(c, (["--report", "a.json"], ["--report=a.json"], ["--repor", "a.json"], ["--repo=a.json"], ["--report", "/dev/null"], ["--report", "-"],
                      ["--report", "a.json", "--report=b.json"], ["--report", "/nowhere/a.json"])):
            refused(c, road + ["install"] + words + [BLOCKED])
        let_in(c, road + ["install", "--repor", "came.json", CLEAN])
        c.true(os.path.exists(c.path("came.json")), "the user's own report is missing")
        os.unlink(c.path("came.json"))


@bypass()
def places_and_features(c):
    """--target, --prefix, --root, --user, --python, -e, --no-index --find-links, --use-feature, and what else pip's install takes."""
    enabled(c)
    links = os.path.join(c.root, "links")
    os.mkdir(links)
    for name, data in (wheels.wheel("Jinja2", "2.10"), wheels.wheel("idna", "3.7")):
        with open(os.path.join(links, name), "wb") as f:
            f.write(data)
    project = wheels.project(c.path("project"), "wants", "1.0", requires=[BLOCKED])
    words = [["--target", "t"], ["--target=.", "--upgrade"], ["--prefix", "p"], ["--root", "r"], ["--user"], ["--no-index", "--find-links", links],
             ["--find-links", links], ["--no-deps"], ["--no-cache-dir"], ["--ignore-installed"], ["--no-build-isolation"], ["--no-compile"],
             ["--use-deprecated=legacy-resolver"], ["--progress-bar", "off", "--no-warn-script-location"], ["--only-binary", ":all:"],
             ["--upgrade", "--upgrade-strategy", "eager"], ["--log", c.path("log")],
             ["--target", "t2", "--python-version", c.pair.python, "--only-binary=:all:"], ["--root-user-action", "ignore"]]
    words += [["--use-feature", name] for name in features(c)]
    for road in roads(c):
        for options in few(c, words):
            refused(c, road + ["install"] + options + [BLOCKED])
        refused(c, road + ["install", "-e", project], status=40)
        refused(c, road + ["install", "-r", c.write("r.txt", "--no-binary nothing\n" + BLOCKED + "\n")])
        if c.pair.version >= (22, 3):
            refused(c, road[:1] + road[1:] + ["--python", c.env.python, "install", BLOCKED], status=40)
    files = sorted(os.path.join(f, n) for f, _, names in os.walk(c.work) for n in names)
    c.true(not [f for f in files if "jinja2" in f.lower()], "files came: %s", files)
    for options in (["--cache-dir", c.env.site], ["--src", c.env.site], ["--log", os.path.join(c.env.site, "jinja2.py")]):
        c.expect(c.run([c.env.python, "-m", "pip", "install"] + options + [BLOCKED]), status=40)
        c.true("jinja2" not in c.env.installed(), "%s: it came in", options)
    c.true(not [f for f, _, _ in os.walk(c.home) if "jinja2" in f.lower()], "it is in the user's folder")
    for road in roads(c):
        for options in words[5:6]:
            let_in(c, road + ["install"] + options + [CLEAN])
    for options, place in ((["--target", "in-t"], c.path("in-t")), (["--prefix", "in-p"], c.path("in-p")), (["--root", "in-r"], c.path("in-r"))):
        c.expect(c.run(roads(c)[0] + ["install"] + options + [CLEAN]), status=0)
        c.true([n for _, _, names in os.walk(place) for n in names if n == "idna.py"], "%s: the road leads nowhere", options[0])


def features(c):
    """The names that this pip's --use-feature takes."""
    text = c.run([c.env.python, "-c", "import pip._internal.cli.cmdoptions as o; print(' '.join(o.use_new_feature().choices))"], gate=False)
    return [n for n in text.stdout.split() if n != "truststore" or c.pair.version >= (24, 2)]  # it wants a module that is not there
