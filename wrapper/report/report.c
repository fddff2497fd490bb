/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/report/report.h"

#include "matcher/base/banned.h"

const struct report_format report_formats[] = {
	{"table", report_table},
	{"json", report_json},
	{NULL, NULL},
};
