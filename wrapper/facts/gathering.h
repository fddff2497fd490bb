/* SPDX-License-Identifier: Apache-2.0 */
/* What facts_gather() has while it asks (gather.c) and reads off what it was told (tell.c). */
#ifndef WRAPPER_FACTS_GATHERING_H
#define WRAPPER_FACTS_GATHERING_H

#include "matcher/base/buf.h"
#include "wrapper/cache.h"
#include "wrapper/facts/page.h"
#include "wrapper/facts/sources.h"

struct asked { /* one name of one index */
	struct span name;
	const struct source_index *index;
	struct span key;
	struct cached cached;
	bool has;
	bool lacks; /* the index does not have the name */
	bool told;  /* page is there */
	struct page page;
	const char *note;
};

struct gathering {
	const struct facts_request *request;
	struct sources sources;
	struct cache cache;
	struct asked *asked; /* of names[i] of index k: [i * sources.n + k] */
	size_t *of;          /* component → its name's first; SIZE_MAX: from no index */
	size_t n_names;
	struct asked **jobs; /* of those that are asked now */
	struct buf body;
};

/* Of the indexes in pip's order, the first whose page lists the file. */
void tell_component(const struct gathering *gathering, size_t component, struct pipgate_facts *out);
/* What was asked for by name, and is new or is had by no index: one of the well-known names (a line each) that may have been meant. */
void tell_similar(const struct gathering *gathering, size_t component, struct span known, struct pipgate_facts *out);
/* Does each index tell when every file was uploaded, as far as it was asked? */
bool tell_dated(const struct gathering *gathering);

#endif
