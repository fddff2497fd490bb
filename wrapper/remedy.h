/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A way on from a block: the nearest clean set, by the engine of `pip audit --fix`. It is a new run of the whole way, in a process of
 * its own and for so long: whatever it comes to, the verdict stands, and its end is not waited for.
 */
#ifndef WRAPPER_REMEDY_H
#define WRAPPER_REMEDY_H

#include "matcher/base/buf.h"
#include "wrapper/decide.h"
#include "wrapper/pip/arguments.h"
#include "wrapper/pip/locate.h"

#define REMEDY_SECONDS 10 /* pip asks its index about each distribution that may have to move */

/* How pip is asked once more. */
struct remedy {
	struct pip *pip;                   /* located */
	const struct arguments *arguments; /* of the command */
	const struct arguments *general;   /* what stood before it; NULL: nothing */
	char *const *settings;             /* NAME=VALUE of pip's variables, NULL-ended, where they are not in our environment; NULL: they are */
	const char *database;              /* its path */
	bool downgrades;                   /* an older release will do: nothing is installed yet (on-block: resolve) */
};

/* Appends what has to move, as constraints: "jinja2==2.10.1", a line each; nothing where no whole set was found in time. */
void remedy_find(const struct remedy *remedy, const struct audit *audit, const struct pipgate_policy *policy, struct buf *out);

#endif
