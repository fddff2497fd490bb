/* SPDX-License-Identifier: Apache-2.0 */
/* "flask 1.0 → jinja2": why a distribution is in the plan, in words. */
#ifndef WRAPPER_REPORT_CHAIN_H
#define WRAPPER_REPORT_CHAIN_H

#include "matcher/base/buf.h"
#include "wrapper/decide.h"

enum chain_form {
	CHAIN_WHOLE, /* "flask 1.0 → a 2 → b 3 → jinja2" */
	CHAIN_ENDS,  /* "flask 1.0 → … → jinja2" */
	CHAIN_SHORT, /* "via flask" */
};

/* Escaped words for a finding of the audit. */
void chain_write(struct buf *out, const struct audit *audit, size_t finding, enum chain_form form);

#endif
