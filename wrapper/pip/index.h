/* SPDX-License-Identifier: Apache-2.0 */
/* Which index pip is configured with, as far as its files and variables tell without starting Python. */
#ifndef WRAPPER_PIP_INDEX_H
#define WRAPPER_PIP_INDEX_H

#include "wrapper/pip/locate.h"

#define PIP_CONFIG_MAX ((size_t)1 << 20) /* bytes of one of pip's configuration files; they have some lines */

/* Where pip looks for its configuration, NULL-ended, a later file wins: the system's, the user's, the environment's (sys.prefix),
 * PIP_CONFIG_FILE. They need not exist. pip may be NULL: no environment's file then. settings: as in pip_setting(). */
char **pip_config_files(struct pipgate_run *run, const struct pip *pip, char *const *settings);

/* The index that `pip install` would ask: given (--index-url, NULL: not given), PIP_INDEX_URL, pip's configuration files. Credentials are
 * in it where they are written there. NULL: pip's own default, which only pip knows (index_ask), or no index at all. */
const char *index_simple(struct pipgate_run *run, const struct pip *pip, const char *given);
/* The same, and where nothing is configured, what the real pip's own help names as its default: one start of Python.
 * NULL: none (--no-index, or pip does not say). */
const char *index_ask(struct pipgate_run *run, const struct pip *pip, const char *given);
/* What the real pip names as its default: one start of Python. NULL: it does not say. */
const char *index_default(struct pipgate_run *run, const struct pip *pip);
/* pip's notion of a true value. */
bool pip_true(struct span value);
/* Any setting of pip ("extra-index-url", "cert"): its variable (of settings, NAME=VALUE up to NULL; settings NULL: of our own
 * environment), else its configuration files. A list stands as pip has it, separated by white space. NULL: not set. */
const char *pip_setting(struct pipgate_run *run, const struct pip *pip, char *const *settings, const char *key);
/* Where the index shows a project to people: "…/simple" gives "…/project/", to be followed by the normalized name and "/". Without
 * user and password. NULL: simple is NULL or does not end in /simple. */
const char *index_project_page(struct pipgate_run *run, const char *simple);

#endif
