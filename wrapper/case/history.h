/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last reports of the gate that blocked or warned: ${XDG_STATE_HOME:-~/.local/state}/pipgate/blocks/CODE.json, by the code of the
 * judgement that stands first. Nothing here ever changes a verdict: what cannot be kept is not kept.
 */
#ifndef WRAPPER_CASE_HISTORY_H
#define WRAPPER_CASE_HISTORY_H

#include "wrapper/decide.h"

#define HISTORY_FILES_MAX 200              /* the oldest go */
#define HISTORY_BYTES_MAX ((size_t)8 << 20) /* of one report; a larger one is not kept */

/* Keeps a report where the verdict is block or warn. Not in an image that is being built: it would become part of it. */
void history_keep(const struct audit *audit, const struct audit_context *context);
/* Keeps the nearest clean set beside the report, as constraints: CODE.txt. Its path; NULL: it is not kept. */
const char *history_keep_clean(const struct audit *audit, const struct audit_context *context);
/* The folder; NULL: there is none that is ours alone. */
const char *history_folder(struct pipgate_run *run);

/* The judgement that stands for a verdict: the first of its action; NULL where it allows. */
const struct pipgate_judgement *history_first(const struct audit *audit);

#endif
