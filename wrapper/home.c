/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/home.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "matcher/base/banned.h"

static const struct {
	const char *variable, *below_home;
} kinds[] = {
	[HOME_CACHE] = {"XDG_CACHE_HOME", ".cache"},
	[HOME_CONFIG] = {"XDG_CONFIG_HOME", ".config"},
	[HOME_DATA] = {"XDG_DATA_HOME", ".local/share"},
	[HOME_STATE] = {"XDG_STATE_HOME", ".local/state"},
};

bool home_path(enum home_kind kind, char *out, size_t size)
{
	const char *named = getenv(kinds[kind].variable), *home = getenv("HOME");
	int n = -1;

	if (named && named[0] == '/')
		n = snprintf(out, size, "%s/pipgate", named);
	else if (home && home[0] == '/')
		n = snprintf(out, size, "%s/%s/pipgate", home, kinds[kind].below_home);
	return n >= 0 && (size_t)n < size;
}

char *home_folder(struct pipgate_run *run, enum home_kind kind)
{
	char path[PATH_MAX];

	return home_path(kind, path, sizeof(path)) ? text_copy(run, span_of(path)) : NULL;
}
