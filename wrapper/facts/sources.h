/* SPDX-License-Identifier: Apache-2.0 */
/* The indexes that pip would ask, in its order, and how it would reach them. */
#ifndef WRAPPER_FACTS_SOURCES_H
#define WRAPPER_FACTS_SOURCES_H

#include "wrapper/facts/facts.h"

#define SOURCES_MAX 32 /* more indexes than anybody has */

struct source_index {
	const char *url;    /* with what credentials are written in it, without / at its end */
	const char *public; /* without them */
	bool built_in;      /* pip's own default: nothing is configured */
	bool trusted;       /* trusted-host */
	bool credentials;   /* are in it */
};
struct sources {
	struct source_index v[SOURCES_MAX];
	size_t n;
	const char *cert, *client, *proxy; /* NULL: not set */
};

void sources_find(const struct facts_request *request, struct sources *out);
/* The value of the last such option of pip's line (its main name, without dashes), NULL: not given. */
const char *option_given(const struct arguments *arguments, const char *name);

#endif
