/* SPDX-License-Identifier: Apache-2.0 */
/* A person at a terminal may decide what the policy leaves to them (`ask: warn` or `ask: block`). A job never is one. */
#ifndef WRAPPER_ASK_H
#define WRAPPER_ASK_H

#include "wrapper/decide.h"

enum asked {
	ASK_NOBODY = 0, /* the policy does not ask, there is no terminal, or it is no question: malice, a dry run */
	ASK_YES,
	ASK_NO,
};
enum asked ask_person(const struct pipgate_policy *policy, const struct audit *audit, bool dry_run);

#endif
