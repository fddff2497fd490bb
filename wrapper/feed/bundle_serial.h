/* SPDX-License-Identifier: Apache-2.0 */
/* The largest serial that was taken from a place: a bundle that is older than that is not taken again. A file a place, in
 * ${XDG_STATE_HOME:-~/.local/state}/pipgate; where neither names a folder, /var/lib/pipgate. */
#ifndef WRAPPER_FEED_BUNDLE_SERIAL_H
#define WRAPPER_FEED_BUNDLE_SERIAL_H

#include "wrapper/memory.h"

/* *out 0: nothing was taken from there yet. A file that cannot be read is an error, never 0. */
enum pipgate_status bundle_serial_read(struct pipgate_run *run, struct span place, int64_t *out, struct pipgate_error *error) PIPGATE_MUST_USE;
enum pipgate_status bundle_serial_keep(struct pipgate_run *run, struct span place, int64_t serial, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
