/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate db diff`: what is compared (db_diff.c) and how it is shown (db_diff_show.c). */
#ifndef WRAPPER_COMMAND_DB_DIFF_H
#define WRAPPER_COMMAND_DB_DIFF_H

#include "wrapper/command/db.h"

enum diff_kind {
	DIFF_NEW,       /* it is not in the old one, or was withdrawn there */
	DIFF_GONE,      /* it is not in the new one, or names this distribution no longer */
	DIFF_WITHDRAWN,
	DIFF_CHANGED,
	DIFF_KINDS,     /* their number */
};
extern const char *const diff_kind_names[DIFF_KINDS];

struct diff_record { /* what a database says in one advisory of one distribution */
	struct span id;
	const struct span *aliases; /* sorted, each once */
	size_t n_aliases;
	struct pipgate_severity severity;
	struct pipgate_exploitation exploitation;
	struct span versions; /* which are affected, in words, escaped */
	struct span whole;    /* the same, comparable */
};
struct diff_change {
	enum diff_kind kind;
	struct span name; /* of the distribution */
	const struct diff_record *before, *after; /* NULL: not there */
	bool versions, severity, aliases, exploited, epss; /* what has changed, of CHANGED */
};

struct diff_side {
	char path[4096];
	struct database *database;
};
struct diff_show {
	const struct diff_side *sides; /* old, new */
	bool json;
	struct buf out;
	size_t n[DIFF_KINDS], n_names;
};

void diff_show_begin(struct diff_show *show);
/* A name whose changes follow: at least one. */
void diff_show_name(struct diff_show *show, struct span name);
void diff_show_change(struct diff_show *show, const struct diff_change *change);
void diff_show_end(struct diff_show *show);

#endif
