/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/command/command.h"

#include <string.h>

#include "wrapper/say.h"

#include "matcher/base/banned.h"

const struct command command_table[] = {
	{"pip", command_pip, "the gated pip: what a link named pip runs",
		"usage: pipgate pip [pip's own arguments] [--gate-…]\n\n"
		"install, download and wheel are audited first; everything else is the real pip, untouched.\n", true},
	{"audit", command_audit, "what is vulnerable in an environment, requirement and lock files: pip-audit's command line",
		"usage: pipgate audit --help\n\nThe same as `pip audit` through a link.\n", true},
	{"why", command_why, "why a distribution is there, and who keeps it where it is",
		"usage: pipgate why NAME [SOURCE… | -r FILE | --path DIR | --python PYTHON]\n\n"
		"The tree from NAME to what was asked for, in the environment or in any input of `pipgate audit`.\n", false},
	{"match", command_match, "which advisories apply to name and version, a pair a line",
		"usage: pipgate match [--db FILE] [--json] [FILE|-]\n\n"
		"Reads `name version` a line (or name<tab>version) and prints name, version, ok or unknown, and the groups of ids\n"
		"that name one vulnerability each. --json: an object a line, with severity, KEV, EPSS and fixed versions.\n", false},
	{"db", command_db, "build, update, export and look into the advisory database",
		"usage: pipgate db build [-o FILE] KIND=PLACE…     kinds: osv, osv-api, pypa, pypi, safety, dir, kev, epss, pipgate\n"
		"       pipgate db update [--feed NAME] [--if-older-than 6h]\n"
		"                                                  the feeds of feeds.yaml, by default OSV's (docs/feeds.md)\n"
		"       pipgate db build|update --key FILE|BASE64  with the feed pipgate=PLACE: what `db export` has signed\n"
		"       pipgate db export DIR -k KEY [--expires 7d] [--policy FILE] [--db FILE]\n"
		"       pipgate db status [--db FILE] [--json]\n"
		"       pipgate db diff [--db FILE] [--json] [OLD [NEW]]  what updates have changed: files, or serials (db status)\n"
		"       pipgate db show [--db FILE] NAME [VERSION]\n", true},
	{"advisory", command_advisory, "an organisation's own advisories: write one, check them",
		"usage: pipgate advisory new NAME [--id ID|PREFIX-] [--alias ID]… [--summary TEXT] [--introduced V] [--fixed V]\n"
		"           [--versions V,V…]… [--severity critical|high|medium|low|VECTOR] [-o FILE|FOLDER]\n"
		"       pipgate advisory check FILE|FOLDER…\n\n"
		"OSV records as YAML or JSON, which the feed dir=FOLDER reads (docs/feeds.md). new overwrites nothing; an id that is not given\n"
		"is the next free ORG-YEAR-0001. check: 1 if a record is bad; what is odd is noted.\n", true},
	{"key", command_key, "keys and signatures, as minisign's: make a pair, sign a file, verify one",
		"usage: pipgate key new -o KEY\n"
		"       pipgate key sign FILE -k KEY [-c COMMENT]\n"
		"       pipgate key verify FILE -k KEY.pub|-P BASE64\n\n"
		"new: KEY (not encrypted, mode 0600) and KEY.pub, never over a file that is there. sign: FILE.minisig. verify: 0 and the trusted\n"
		"comment, or 1.\n", true},
	{"decide", command_decide, "judge a report that pip wrote",
		"usage: pipgate decide [--gate-…] REPORT.json\n\n"
		"Reads the report of `pip install --dry-run --report` and says what the gate would: 0, 40, 41.\n", false},
	{"baseline", command_baseline, "what is found today passes from now on, what is new does not: create, update, diff",
		"usage: pipgate baseline create|update|diff [what `pip audit` takes] [-o FILE]\n\n"
		"FILE: .pipgate-baseline.yaml. create writes what is found and overwrites nothing; update takes out what is gone and adds\n"
		"nothing; diff prints what is new (+) and gone (-), and ends with 1 where there is any.\n", false},
	{"exception", command_exception, "let a finding pass until a day, with a reason: add, list, renew, remove, check",
		"usage: pipgate exception add|list|renew|remove|check …      pipgate exception --help\n\n"
		"Edits the policy's files in place (docs/policy.md); comments and all else stay as they are.\n", true},
	{"facts", command_facts, "what pip's index says of releases: upload, yanking, project status, attestation",
		"usage: pipgate facts NAME==VERSION… [--json]\n\nAsks the indexes that pip is configured with, with pip's own credentials.\n", false},
	{"explain", command_explain, "what an advisory, a version or a block is, and what the policy does with it",
		"usage: pipgate explain [--json] [--gate-…] ID|PACKAGE==VERSION|CODE\n\n"
		"ID: an advisory or an alias, which distributions it names and what this policy does with them. PACKAGE==VERSION: all that is\n"
		"said of it. CODE (PG-…): the block that the gate has named so. 1: nothing is known of it.\n", false},
	{"doctor", command_doctor, "which pip, database and profile are in use, and what is missing", "usage: pipgate doctor\n", false},
	{"shims", command_shims, "make the links pip, pip3, pip3.N in a folder",
		"usage: pipgate shims DIR\n\nPut DIR first on PATH afterwards.\n", false},
	{"enable", command_enable, "gate every pip of an interpreter: python -m pip, environments' own pips, tools that call it",
		"usage: pipgate enable [--python PYTHON | --venv DIR | --all]\n\n"
		"Without an option: the interpreter of the pip that is meant here; of a virtual environment its base interpreter, which is\n"
		"that of every environment made from it. --venv: that environment alone. --all: every python3.N on PATH, in /usr/bin and\n"
		"/usr/local/bin.\n", false},
	{"disable", command_disable, "take out what enable put in",
		"usage: pipgate disable [--python PYTHON | --venv DIR | --all]\n\nBytes, modes and times are as they were before.\n", false},
	{"status", command_status, "which ways to a pip are gated here, and what closes the others",
		"usage: pipgate status [--json] [--strict]\n\n"
		"Walks the roads that this environment has (PATH, VIRTUAL_ENV, PYTHONPATH, …): covered, open, or not coverable here.\n"
		"--strict: 1 if any is open. An alias of your shell cannot be seen from here.\n", false},
	{"shell-init", command_shell_init, "an alias for interactive shells: eval \"$(pipgate shell-init bash)\"",
		"usage: pipgate shell-init bash|zsh|fish|sh\n", false},
	{"policy", command_policy, "the policy that counts here, its files, tests of it, and kept reports under another one",
		"usage: pipgate policy show [--json]\n"
		"       pipgate policy check [--system] FILE…\n"
		"       pipgate policy trust|untrust [DIR]\n"
		"       pipgate policy test FILE…\n"
		"       pipgate policy simulate [--profile NAME] [--json] FILE [REPORT|FOLDER…]\n\n"
		"show: each key, its value, the layer and line it came from, and whether it is locked; lists, files, what was left out.\n"
		"check: would these files be taken? Each by itself, as a user's or the system's; 42 if one would not.\n"
		"trust: the project's own policy may loosen, too (docs/policy.md); DIR: the project of the current folder.\n"
		"test: the cases of FILE (schema pipgate/policy-test/1) against its policy; 1 if one fails.\n"
		"simulate: what the policy FILE would have blocked of these gate reports that was not, and the other way round; without a\n"
		"report: of those that the gate has kept here.\n", false},
	{"debug", command_debug, "versions, specifiers, markers and scores against an oracle; the hook's log",
		"usage: pipgate debug compare|specifier|requirement|marker|cvss|name|filename\n"
		"       pipgate debug hook LOG|-\n\n"
		"A line in, a line out, tab separated. hook: what PIPGATE_HOOK_LOG=LOG has recorded, event by event and command by\n"
		"command.\n", false},
	{"help", command_help, "this list, or one command", "usage: pipgate help [COMMAND]\n", false},
	{0},
};

const struct command *command_find(const char *name)
{
	for (const struct command *c = command_table; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

bool command_is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

int command_one_of(const char *command, const char *ones, const char *name)
{
	return say_error(EXIT_USAGE, "%s: %s%s; one of %s is wanted (pipgate %s --help)", command, *name ? "no such command: " : "no command", name,
		ones, command);
}
