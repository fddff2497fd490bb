/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/command/policy.h"

#include <string.h>

#include "wrapper/command/command.h"
#include "wrapper/say.h"

#include "matcher/base/banned.h"

static const struct sub {
	const char *name;
	int (*run)(int argc, char **argv);
} subs[] = {
	{"show", policy_show},
	{"check", policy_check},
	{"trust", policy_trust},
	{"untrust", policy_untrust},
	{"test", policy_test},
	{"simulate", policy_simulate},
};

int command_policy(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(subs) / sizeof(*subs); i++)
		if (strcmp(subs[i].name, argv[1]) == 0)
			return subs[i].run(argc - 1, argv + 1);
	return say_error(EXIT_USAGE, "policy: one of show, check, trust, untrust, test, simulate is wanted; see `pipgate help policy`");
}
