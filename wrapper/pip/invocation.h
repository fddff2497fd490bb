/* SPDX-License-Identifier: Apache-2.0 */
/* The first stage: which command pip would see, and what it needs from us. */
#ifndef WRAPPER_PIP_INVOCATION_H
#define WRAPPER_PIP_INVOCATION_H

#include "wrapper/pip/gate.h"

enum need {
	NEED_PASS, /* installs nothing: the real pip, untouched */
	NEED_GATE,
};

/* words: pip's, without ours and without argv[0]. Fills the gate's command line. */
enum need invocation_read(struct gate *gate, char *const *words);
/* Inputs that can be read once (-r /dev/stdin, <(…)) are kept in the private folder for the second pass. 0, or 41. */
int invocation_keep_inputs(struct gate *gate);
/* With sdists blocked: the first thing asked for that pip would build, as the user wrote it; NULL: none is seen. */
const char *invocation_builds(struct gate *gate);
/* What is asked for by name, of the command line and its files: a list of struct asked. */
struct list invocation_asked(struct gate *gate);

#endif
