/* SPDX-License-Identifier: Apache-2.0 */
/* Package URLs (purl-spec) of type pypi: pkg:pypi/name@version. */
#ifndef PIPGATE_POLICY_PURL_H
#define PIPGATE_POLICY_PURL_H

#include "matcher/base/span.h"

struct purl {
	struct span name;    /* normalized */
	struct span version; /* as written, without percent signs; n 0: none */
};

/* INVALID: no package URL, or one of another type. Everything lives in the run. */
enum pipgate_status purl_parse(struct pipgate_run *run, struct span text, struct purl *out) PIPGATE_MUST_USE;
/* %XX made into bytes; a percent sign without two digits stays. p NULL: no memory. */
struct span purl_decode(struct pipgate_run *run, struct span text);

#endif
