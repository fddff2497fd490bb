/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of an advisory that the database keeps: OSV JSON again, on one line, but only what is shown: id, times,
 * aliases, summary, details, severity, references, and of `affected` the PyPI names with their version ranges (the
 * listed versions only where there is no range; specifier sets in database_specific). Some 40 % of what OSV publishes; a
 * record that came as YAML gets the same form. pipgate_advisory_decode() reads it.
 */
#ifndef WRAPPER_DATABASE_SHOWN_H
#define WRAPPER_DATABASE_SHOWN_H

#include "matcher/base/buf.h"

void shown_write(struct buf *out, const struct pipgate_advisory *advisory);

#endif
