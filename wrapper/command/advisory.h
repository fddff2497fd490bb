/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate advisory …`: an organisation's own advisories, written and checked. One function a sub-command. */
#ifndef WRAPPER_COMMAND_ADVISORY_H
#define WRAPPER_COMMAND_ADVISORY_H

#include "matcher/base/buf.h"
#include "matcher/base/json.h"
#include "wrapper/memory.h"
#include "wrapper/status.h"

struct advisory_options {
	struct pipgate_run *run;
	const char *id, *summary, *introduced, *fixed, *severity, *output;
	struct list versions, aliases; /* of const char *, as given */
	bool help;
	char **words; /* what stands beside the options */
	int n_words;
};

int advisory_new(struct advisory_options *options);
int advisory_check(struct advisory_options *options);

/* A tree of objects, lists and texts as YAML, a member a line, every text quoted that another reader might take for a number. */
void advisory_yaml(struct buf *out, const cJSON *tree);

#define ADVISORY_LOCATE_BYTES ((size_t)1 << 20) /* of a record whose lines are looked up: the reader takes 300 times as much */
/* Where each member of a record stands, NULL: cannot be told. The caller's: cJSON_Delete(). */
cJSON *advisory_places(struct span record);
/* The line (from 1) that a decoder's error is about, found by the member that it names; 0: not known. *what: the error without what
 * the line says. */
size_t advisory_line(struct span record, const cJSON *places, const char *error, const char **what);
/* The line of a byte. */
size_t advisory_line_of(struct span record, size_t byte);

#endif
