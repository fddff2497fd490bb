/* SPDX-License-Identifier: Apache-2.0 */
/* What a verdict asks of the engine: whom to move, what must hold, what would be clean. For --fix and for the gate's remedy alike. */
#ifndef WRAPPER_FIX_JUDGED_H
#define WRAPPER_FIX_JUDGED_H

#include "wrapper/decide.h"
#include "wrapper/fix/fix.h"
#include "wrapper/source/requirement_file.h"

struct judging { /* how was judged */
	struct pipgate_run *run;
	struct pipgate_environment environment;
	const struct pipgate_policy *policy;
	struct pipgate_cursor cursor;
	const struct list *ignored; /* of const char *: ids that count for nothing; NULL: none */
	int64_t now;                /* exceptions count by it */
};

/* Is this what has to be fixed: a finding that blocks, and that is not ignored? */
bool judged_counts(const struct judging *judging, const struct audit *audit, const struct pipgate_judgement *judgement);
/* ctx: the struct judging. */
fix_clean judged_clean;
/* A target for each of components[first..end) with such a finding, by the order of findings: of struct fix_target, counted from first. */
struct list judged_targets(const struct judging *judging, const struct audit *audit, size_t first, size_t end);
/* What rows leave open goes on to hold; a version that they pin is what moves. asked: of struct fix_asked. */
void judged_asked(struct list *asked, const struct requirement_files *files, bool constraints);

#endif
