/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `--recursive DIR`: every input below a folder: lock files, requirements*.txt, projects (a pyproject.toml without a lock beside it; none
 * with --locked), notebooks, environments. No link is followed; .git and its like, node_modules and the inside of environments are
 * passed over. All TOML is read by one Python (or one for each 32 MB).
 */
#ifndef WRAPPER_SOURCE_RECURSIVE_H
#define WRAPPER_SOURCE_RECURSIVE_H

#include "wrapper/source/source.h"

/* In the order of their paths. An input that cannot be read, or a folder, ends the audit by its name. INVALID: there is no input. */
enum pipgate_status source_recursive(struct gathering *gathering, const char *folder, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
