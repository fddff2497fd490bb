/* SPDX-License-Identifier: Apache-2.0 */
/* A policy file by itself: the defaults, a profile and that file as the system's, without this machine's own layers. */
#ifndef WRAPPER_CASE_POLICY_ALONE_H
#define WRAPPER_CASE_POLICY_ALONE_H

#include "matcher/base/error.h"

#define POLICY_FILE_BYTES_MAX ((size_t)1 << 20)

/* profile: NULL for the one that the policy itself names, or none. name: what reasons and errors call the text. */
enum pipgate_status policy_alone(struct pipgate_run *run, struct span text, const char *name, const char *profile,
	struct pipgate_policy **out, struct pipgate_error *error) PIPGATE_MUST_USE;
enum pipgate_status policy_alone_file(struct pipgate_run *run, const char *path, const char *profile, struct pipgate_policy **out,
	struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
