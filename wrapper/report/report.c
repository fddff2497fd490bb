/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/report/report.h"

#include "wrapper/case/words.h"

#include "matcher/base/banned.h"

const struct report_format report_formats[] = {
	{"table", report_table},
	{"json", report_json},
	{NULL, NULL},
};

const char *report_action_word(enum pipgate_action action)
{
	return word_action(action);
}
