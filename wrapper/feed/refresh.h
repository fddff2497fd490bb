/* SPDX-License-Identifier: Apache-2.0 */
/* `auto-update`: an update before a verdict, only where the policy asks for it, and never for long. */
#ifndef WRAPPER_FEED_REFRESH_H
#define WRAPPER_FEED_REFRESH_H

#include "matcher/policy/policy.h"
#include "wrapper/memory.h"

#define REFRESH_SECONDS 30 /* then the verdict is from the data that are here */

/* Runs `pipgate db update` for the feeds that were asked longer ago than the policy's auto-update. What fails is said, and no failure
 * of the caller: how old the data may be is the policy's word. */
void refresh_before_verdict(struct pipgate_run *run, const struct pipgate_policy *policy);

#endif
