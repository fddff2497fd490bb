/* SPDX-License-Identifier: Apache-2.0 */
/* A project's folder for a build that may write beside its sources (setuptools leaves NAME.egg-info): a folder of ours full of links. */
#ifndef WRAPPER_SOURCE_PROJECT_LINKS_H
#define WRAPPER_SOURCE_PROJECT_LINKS_H

#include "wrapper/memory.h"

/* Two levels deep, so that also what is written into src/ stays with us. In the temporary folder, gone with it. NULL: error. */
const char *project_links(struct pipgate_run *run, const char *folder, struct pipgate_error *error);

#endif
