/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `pip audit`: pip-audit's, and ours behind it, as argparse would read it; PIP_AUDIT_ variables. One table. */
#ifndef WRAPPER_AUDIT_OPTIONS_H
#define WRAPPER_AUDIT_OPTIONS_H

#include "wrapper/options.h"
#include "wrapper/source/source.h"

struct audit_output {
	const char *format; /* a row of audit_formats */
	const char *file;   /* "-": standard output */
};

struct audit_options {
	struct source_settings source;
	struct list requirements;  /* -r; of const char * */
	struct list paths;         /* --path */
	struct list inputs;        /* positional */
	const char *recursive;     /* --recursive DIR */
	const char *against;       /* --against REV */
	const char *drift;         /* --drift LOCK */
	const char *since_db;      /* --since-db SERIAL */
	const char *at;            /* --at DATE */
	int64_t at_seconds;
	struct list formats, files; /* -f and -o as they were given */
	struct list outputs;       /* of struct audit_output: the pairs that they make */
	const char *service;       /* -s: osv, pypi, esms; NULL: the database */
	const char *osv_url;
	const char *database;      /* --db */
	const char *desc, *aliases; /* on, off, auto */
	const char *fail_on;       /* low … critical, any, none; NULL: as the policy has it, and an audit fails on any by default */
	struct list ignored;       /* --ignore-vuln */
	const char *baseline;      /* --baseline FILE */
	bool baseline_shrink;
	struct list vex;           /* --vex FILE */
	const char *exit_codes;    /* pip-audit or distinct */
	const char *spinner;
	bool strict, fix, dry_run;
	bool downgrades, prereleases; /* --fix may use them */
	unsigned verbose;
	bool help, version;
};

/* words: behind `audit`, up to NULL. */
enum audit_parsed {
	AUDIT_GO = 1,
	AUDIT_ENDED, /* help, the version or a usage error was printed: *status is the end */
};
enum audit_parsed audit_options_read(struct pipgate_run *run, char *const *words, struct audit_options *out, int *status);

#endif
