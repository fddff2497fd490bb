/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/ask.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "matcher/policy/policy.h"
#include "wrapper/file.h"

#include "matcher/base/banned.h"

#define WAIT_MS 45000 /* the hook waits a minute for a decision: a person who is away has said no */
#define ANSWER_MAX 64

static bool asks(const struct pipgate_policy *policy, const struct audit *audit)
{
	const char *ci = getenv("CI");

	if ((int64_t)audit->verdict.action < policy->values[POLICY_ASK].value || (ci && *ci))
		return false;
	for (size_t i = 0; i < audit->verdict.n_judgements; i++)
		if (audit->verdict.judgements[i].rule == PIPGATE_RULE_MALICIOUS && audit->verdict.judgements[i].action == PIPGATE_BLOCK)
			return false;
	return true;
}

static bool is_yes(int terminal)
{
	struct pollfd p = {.fd = terminal, .events = POLLIN};
	char answer[ANSWER_MAX];
	ssize_t n;

	if (poll(&p, 1, WAIT_MS) <= 0)
		return false;
	n = read(terminal, answer, sizeof(answer));
	return n > 0 && (answer[0] == 'y' || answer[0] == 'Y') && (n == 2 || (n == 4 && span_equal_nocase((struct span){answer, 3}, SPAN("yes"))));
}

enum asked ask_person(const struct pipgate_policy *policy, const struct audit *audit, bool dry_run)
{
	int terminal;
	bool yes;

	if (dry_run || !asks(policy, audit))
		return ASK_NOBODY;
	terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (terminal < 0)
		return ASK_NOBODY;
	file_put(terminal, SPAN("pipgate: go on all the same? [y/N] "));
	yes = is_yes(terminal);
	close(terminal);
	return yes ? ASK_YES : ASK_NO;
}
