/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate key …`: one function a sub-command. */
#ifndef WRAPPER_COMMAND_KEY_H
#define WRAPPER_COMMAND_KEY_H

#include "wrapper/memory.h"

struct key_options {
	const char *output;     /* -o */
	const char *key;        /* -k: a file */
	const char *public_key; /* -P: base64 */
	const char *comment;    /* -c */
	const char *file;       /* what is signed */
	bool help;
};

/* The exit status, with everything said. */
int key_new(struct pipgate_run *run, const struct key_options *options);
int key_sign(struct pipgate_run *run, const struct key_options *options);
int key_verify(struct pipgate_run *run, const struct key_options *options);

#endif
