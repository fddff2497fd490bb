/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One gated pip command on its way: what was asked, which pip, the plan, and what was kept. The stages fill it from
 * top to bottom; each has a file in this folder.
 */
#ifndef WRAPPER_PIP_GATE_H
#define WRAPPER_PIP_GATE_H

#include "wrapper/options.h"
#include "wrapper/pip/arguments.h"
#include "wrapper/pip/locate.h"
#include "wrapper/pip/report.h"

struct gate {
	struct pipgate_run *run;
	const struct options *options;
	struct pip pip;
	/* the command line */
	const char *command;        /* "install", "download", "wheel", "lock" */
	unsigned command_bit;
	char *const *before;        /* the words before the command, as they stand */
	size_t n_before;
	struct arguments general;   /* the same, read */
	struct arguments arguments; /* behind it */
	bool quiet;                 /* -q */
	bool dry_run;               /* the user's own --dry-run */
	const char *user_report;    /* where the user wants pip's report, "-" for stdout; NULL: nowhere */
	bool no_cache;              /* pip keeps no cache: the two passes share a private one */
	char **environment;         /* what pip is started with */
	const char *folder;         /* private, temporary */
	/* the plan */
	struct plan plan;
	const char *report_path;    /* pip's report of the plan; NULL where an old pip has none */
};

/* A road that a gated command takes, by pip's version and the command. Both give an exit status. */
struct road {
	const char *name;
	/* Fills gate->plan. 0: it is there; else the status to end with (what went wrong has been said). */
	int (*plan)(struct gate *gate);
	/* Lets the real pip do it, held to the plan. */
	int (*run)(struct gate *gate);
};
extern const struct road road_install;  /* pip 22.2 and later: dry run with a report, then constraints */
extern const struct road road_fetch;    /* the same for download and wheel, into a private folder first */
extern const struct road road_lock;     /* the same for lock, to another name first */
extern const struct road road_download; /* older pips: the plan is what `pip download` brings */

/* A file's path in the private folder. */
const char *gate_path(struct gate *gate, const char *name);

/* ---- composing pip's command line ---- */

/* The words up to and including the command: how pip is started, its general options, and `command`. */
void gate_begin(struct gate *gate, struct words *words, const char *command);
/* The arguments before any "--", in their order: of options those that a command with this bit has and that keep() wants. */
void gate_arguments(struct gate *gate, struct words *words, unsigned command_bit, bool (*keep)(const struct argument *argument));
/* "--" and what stands behind it: the end. */
char **gate_end(struct gate *gate, struct words *words);

/* ---- running it ---- */

/* Tells the hook of an enabled interpreter that this process holds the pips which it starts: PIPGATE_HELD is a descriptor that
 * only the two have, and we are the parent; the shim checks both. */
void gate_mark(struct gate *gate);

/* Runs pip with its output kept aside; shows it where pip fails. 0, or the status to end with. */
int gate_ask(struct gate *gate, char **argv, bool show);
/* The same with a report asked for at the end, which becomes gate->plan. */
int gate_ask_plan(struct gate *gate, struct words *words, bool show);
/* Runs pip in the open; its status. */
int gate_let(struct gate *gate, char **argv);

/* ---- holding it ---- */

/* Adds the plan as constraints, with its hashes where this pip can be bound to them (26.2). 0, or 41. */
int gate_hold(struct gate *gate, struct words *words);
/* 0, or 43 where the other plan has another distribution, version, place or hash than the one that was audited. */
int gate_compare(struct gate *gate, const struct plan *other);

#endif
