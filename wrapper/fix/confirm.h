/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real resolver's word on a set: a dry run of pip with the set and everything else pinned, through our own gate, so that no build
 * code runs that the gate would not let run. The files it is given serve to apply the set, too.
 */
#ifndef WRAPPER_FIX_CONFIRM_H
#define WRAPPER_FIX_CONFIRM_H

#include "wrapper/fix/fix.h"
#include "wrapper/pip/report.h"

struct pin {
	struct span name, version;
};

/* What is asked of pip, as files in our private folder. */
struct pinned_files {
	const char *requirements, *constraints;
};
/* pins are what moves. */
enum pipgate_status confirm_files(const struct fix_request *request, const struct pin *pins, size_t n, struct pinned_files *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;

enum confirmed {
	CONFIRMED_YES = 1,
	CONFIRMED_NO,      /* the resolver refuses it: *why */
	CONFIRMED_UNKNOWN, /* this pip cannot tell (before 22.2) */
	CONFIRMED_ERROR,
};
/* plan: what pip would install. */
enum confirmed confirm(const struct fix_request *request, const struct pin *pins, size_t n, struct plan *plan, struct span *why,
	struct pipgate_error *error);

/* The same of requirements and constraints as they stand here, line by line. */
enum confirmed confirm_text(const struct fix_request *request, struct span requirements, struct span constraints, struct plan *plan,
	struct span *why, struct pipgate_error *error);

#endif
