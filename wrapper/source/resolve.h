/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What pip would install, told by the real pip: a dry run with a report, through our own gate, so that no build code runs that the
 * gate would not let run. Nothing is installed. What it said is kept for an hour (a new release is seen after that).
 */
#ifndef WRAPPER_SOURCE_RESOLVE_H
#define WRAPPER_SOURCE_RESOLVE_H

#include "matcher/base/buf.h"
#include "wrapper/pip/report.h"
#include "wrapper/source/source.h"

#define RESOLUTION_SECONDS 3600

struct resolution {
	struct words words;  /* what pip install is asked: "-r", FILE, … */
	struct buf material; /* all else that the answer depends on: the bytes of the files */
	bool passing;        /* it depends on more than that (a folder, a file at an address): it is not kept */
	/* After pip's answer: are the files still those of material? Else the answer is neither taken nor kept. NULL: there are none. */
	enum pipgate_status (*unchanged)(const void *ctx, struct pipgate_error *error);
	const void *ctx;
};
/* INVALID: pip said no; the error is its last word. material is freed. */
enum pipgate_status resolve(struct gathering *gathering, struct resolution *resolution, struct plan *out, struct pipgate_error *error)
	PIPGATE_MUST_USE;
/* Index options of the command line and of a target, as every resolution wants them. */
enum pipgate_status resolve_options(struct gathering *gathering, struct words *words, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
