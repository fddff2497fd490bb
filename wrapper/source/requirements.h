/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a requirements file asks for by name, for the gate: to find asked-for distributions that are already installed, and what would be
 * built. It is read by requirement_file.h; what pip will install, pip's own report tells.
 */
#ifndef WRAPPER_SOURCE_REQUIREMENTS_H
#define WRAPPER_SOURCE_REQUIREMENTS_H

#include "wrapper/memory.h"

struct asked {
	struct span name; /* normalized */
	const struct span *extras;
	size_t n_extras;
};

/* One requirement (PEP 508); what is none, a path or a URL say, adds nothing. */
void asked_add(struct pipgate_run *run, struct span text, struct list *asked /* of struct asked */);
/* All of a file; what cannot be read adds nothing: pip will say so. */
void asked_add_file(struct pipgate_run *run, const char *path, struct list *asked);
/* The first requirement that is editable or that wanted() wants, an option that wants source distributions (--no-binary), or the file
 * itself where it cannot be read to its end: what stands behind may be any of them. n 0: none. The text is NUL-ended. */
struct span requirements_find(struct pipgate_run *run, const char *path, bool (*wanted)(const char *word));

#endif
