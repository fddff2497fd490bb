/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what a feed has brought is believed: it can be read, is of the present, and is no cut or old copy of what is here. */
#ifndef WRAPPER_FEED_TRUST_H
#define WRAPPER_FEED_TRUST_H

#include "wrapper/feed/reading.h"

#define TRUST_REFUSED_LEAST 3             /* fewer refused ones never fail a feed, … */
#define TRUST_SHRINK_LEAST 10          /* records; the share of fewer says nothing */
#define TRUST_BACK_SECONDS 86400       /* what the newest record may go back: it can have been taken away */
#define TRUST_REFUSED_PERCENT 1           /* … more than this share of it does */

/* INVALID: the old data stay; the error says why, and what to do where it is right nevertheless. */
enum pipgate_status trust_judge(const struct reading *reading, const struct store_state *old, const struct store_state *new,
	struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
