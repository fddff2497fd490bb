/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `--drift LOCK`: what is installed, against its lock file. Where no --extra or --group is named, what they would bring may be there
 * and need not.
 */
#ifndef WRAPPER_SOURCE_DRIFT_H
#define WRAPPER_SOURCE_DRIFT_H

#include "wrapper/source/source.h"

/* The inventory holds the environment; what differs from the lock is put into drifts, and a note each. */
enum pipgate_status source_drift(struct gathering *gathering, const char *lock, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
