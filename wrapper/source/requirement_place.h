/* SPDX-License-Identifier: Apache-2.0 */
/* Requirements that are no names: paths, archives, addresses. What pip takes for one, and which name it tells. */
#ifndef WRAPPER_SOURCE_REQUIREMENT_PLACE_H
#define WRAPPER_SOURCE_REQUIREMENT_PLACE_H

#include "wrapper/memory.h"

/* Would pip take this for a place? *marker: what stands behind its ";". */
bool requirement_is_place(struct pipgate_run *run, struct span text, struct span *marker);
/* Normalized; empty where it tells none: "NAME @ …", #egg=NAME, the file name of a wheel or a source distribution. */
struct span requirement_place_name(struct pipgate_run *run, struct span text);
/* An address of the web, of a requirements file. */
bool requirement_is_web(struct span text);
/* The path that a "file:" address means; anything else as it stands. */
struct span requirement_file_path(struct pipgate_run *run, struct span text);

#endif
