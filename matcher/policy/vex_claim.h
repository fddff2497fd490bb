/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of VEX documents share; private to vex*.c. */
#ifndef PIPGATE_POLICY_VEX_CLAIM_H
#define PIPGATE_POLICY_VEX_CLAIM_H

#include "matcher/base/json.h"
#include "matcher/policy/exception.h"
#include "matcher/policy/purl.h"
#include "matcher/policy/vex.h"

struct vex {
	struct pipgate_policy *policy;
	const struct pipgate_layer *layer;
	const cJSON *document;
	struct pipgate_error *error;
	struct span author;
	size_t pushed;
};

/* One statement: a vulnerability, what is said of it and when. */
struct claim {
	struct span id;
	enum exception_kind kind;
	struct span reason;
	int64_t time;
};

/* A status word → the kind; false: it pardons nothing. known: is it a word of that list at all? */
struct vex_word {
	const char *word;
	enum exception_kind kind; /* 0: pardons nothing */
};
bool vex_word_find(const struct vex_word *words, struct span word, enum exception_kind *kind);

/* RFC 3339 → seconds since 1970. INVALID: none, said as what. */
enum pipgate_status vex_time(struct vex *vex, struct span text, const char *what, int64_t *out) PIPGATE_MUST_USE;
/* "justification: text", what there is of both. p NULL: no memory. */
struct span vex_reason(struct vex *vex, struct span justification, struct span text);
/* The claim about a distribution; versions: a specifier, empty for all. */
enum pipgate_status vex_push(struct vex *vex, const struct claim *claim, struct span name, struct span versions) PIPGATE_MUST_USE;
/* The same for one version. INVALID: it is none. */
enum pipgate_status vex_push_version(struct vex *vex, const struct claim *claim, struct span name, struct span version) PIPGATE_MUST_USE;
/* The same for a purl: its version alone, where it has one. */
enum pipgate_status vex_push_purl(struct vex *vex, const struct claim *claim, const struct purl *purl) PIPGATE_MUST_USE;

enum pipgate_status vex_openvex(struct vex *vex) PIPGATE_MUST_USE;
enum pipgate_status vex_cyclonedx(struct vex *vex) PIPGATE_MUST_USE;

#endif
