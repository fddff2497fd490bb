/* SPDX-License-Identifier: Apache-2.0 */
/* A build in the making, shared by build.c (which fills it) and write.c (which turns it into a file). */
#ifndef WRAPPER_DATABASE_BUILD_H
#define WRAPPER_DATABASE_BUILD_H

#include "matcher/base/arena.h"
#include "matcher/base/buf.h"
#include "wrapper/database/beside.h"
#include "wrapper/database/database.h"
#include "wrapper/database/exploitation.h"
#include "wrapper/database/ledger.h"
#include "wrapper/database/spool.h"

struct build_refused {
	uint32_t feed;
	struct span item, reason;
};
struct database_build {
	struct beside beside;
	struct spool spool;
	struct ledger ledger;
	struct exploitation exploitation;
	struct pipgate_run *run;  /* forgotten at every record */
	struct pipgate_run *kept; /* until the end */
	struct list feeds;   /* struct database_feed */
	struct list refused; /* struct build_refused, the first REFUSED_KEPT */
	int64_t time; /* it is said to be built at */
	int64_t now;
	struct database_totals totals;
};

/* The whole file at build->beside.temporary, closed. Sorts the ledger. */
enum pipgate_status build_write(struct database_build *build, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
