/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What others have looked into: OpenVEX and the VEX of CycloneDX, as JSON, read into exceptions. not_affected and false positives
 * pardon, what is fixed or resolved counts as mitigated; affected, exploitable, and what is still looked into pardon nothing. Each lasts
 * exception-days from the document's own time on.
 */
#ifndef PIPGATE_POLICY_VEX_H
#define PIPGATE_POLICY_VEX_H

#include "matcher/policy/policy.h"

#define VEX_BYTES ((size_t)16 << 20)   /* of a document; a BOM with 5,000 components has some 8 MB */
#define VEX_EXCEPTIONS_MAX 20000       /* of a document */

/* INVALID: neither of the two, or a statement that cannot be read; the error says which and why. */
enum pipgate_status vex_read(struct pipgate_policy *policy, const struct pipgate_layer *layer, struct span text,
	struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
