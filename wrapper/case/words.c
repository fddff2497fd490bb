/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/case/words.h"

#include "matcher/base/span.h"

#include "matcher/base/banned.h"

#define WORD(table, value) ((value) < sizeof(table) / sizeof(*(table)) ? (table)[value] : NULL)

const char *word_action(unsigned value)
{
	static const char *const words[] = {
		[PIPGATE_UNDECIDED] = "undecided", [PIPGATE_ALLOW] = "allow", [PIPGATE_WARN] = "warn", [PIPGATE_BLOCK] = "block",
	};

	return WORD(words, value);
}

const char *word_origin(unsigned value)
{
	static const char *const words[] = {
		[PIPGATE_ORIGIN_UNKNOWN] = "unknown",     [PIPGATE_ORIGIN_INDEX] = "index",         [PIPGATE_ORIGIN_URL] = "url",
		[PIPGATE_ORIGIN_VCS] = "vcs",             [PIPGATE_ORIGIN_DIRECTORY] = "directory", [PIPGATE_ORIGIN_ARCHIVE] = "archive",
		[PIPGATE_ORIGIN_EDITABLE] = "editable",   [PIPGATE_ORIGIN_INSTALLED] = "installed",
	};

	return WORD(words, value);
}

const char *word_rule(unsigned value)
{
	if (!value)
		return "none";
	return value < PIPGATE_RULES ? pipgate_rule_name((enum pipgate_rule)value) : NULL;
}

const char *word_pardon(unsigned value)
{
	static const char *const words[] = {
		[PIPGATE_PARDON_NONE] = "none", [PIPGATE_PARDON_EXCEPTION] = "exception", [PIPGATE_PARDON_BASELINE] = "baseline",
	};

	return WORD(words, value);
}

const char *word_status(unsigned value)
{
	static const char *const words[] = {
		[PIPGATE_PROJECT_UNKNOWN] = "unknown",       [PIPGATE_PROJECT_ACTIVE] = "active",
		[PIPGATE_PROJECT_ARCHIVED] = "archived",     [PIPGATE_PROJECT_DEPRECATED] = "deprecated",
		[PIPGATE_PROJECT_QUARANTINED] = "quarantined",
	};

	return WORD(words, value);
}

const char *word_kind(unsigned value)
{
	static const char *const words[] = {
		[PIPGATE_INDEX_UNKNOWN] = "unknown", [PIPGATE_INDEX_PUBLIC] = "public",
		[PIPGATE_INDEX_MIRROR] = "mirror",   [PIPGATE_INDEX_PRIVATE] = "private",
	};

	return WORD(words, value);
}
