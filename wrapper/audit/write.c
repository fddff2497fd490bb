/* SPDX-License-Identifier: Apache-2.0 */
/* The report in each format that was asked for. A file is written whole or not at all. */
#include <errno.h>
#include <unistd.h>

#include "wrapper/audit/audit.h"
#include "wrapper/file.h"

#include "matcher/base/banned.h"

#define OUTPUT_MAX ((size_t)1 << 30) /* 10,000 findings with their texts in XML stay below 100 MiB */

static bool switched(const char *value, bool by_format)
{
	return strcmp(value, "auto") == 0 ? by_format : strcmp(value, "on") == 0;
}

static enum pipgate_status write_one(struct auditing *a, const struct audit_output *output, bool clean, struct pipgate_error *error)
{
	const struct audit_format *format = audit_format_find(output->format);
	struct audit_report report = a->report;
	enum pipgate_status status;
	struct buf out;

	if (clean && !format->clean)
		return PIPGATE_OK;
	report.description = switched(a->options.desc, format->description);
	report.aliases = switched(a->options.aliases, format->aliases);
	buf_init(&out, NULL, OUTPUT_MAX);
	format->write(&out, &report);
	status = buf_status(&out);
	if (status == PIPGATE_NO_MEMORY)
		die_no_memory();
	if (status != PIPGATE_OK)
		error_set(error, status, "the %s report is larger than %zu bytes", format->name, OUTPUT_MAX);
	else if (strcmp(output->file, "-") != 0)
		status = file_write(output->file, buf_view(&out), error);
	else if (!file_put(STDOUT_FILENO, buf_view(&out)))
		status = error_set(error, PIPGATE_FAILED, "stdout: %s", strerror(errno));
	log_stage("report", "%s, %zu bytes", format->name, out.n);
	buf_fini(&out);
	return status;
}

enum pipgate_status audit_write(struct auditing *a, bool clean, struct pipgate_error *error)
{
	const struct audit_output *v = a->options.outputs.items;
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < a->options.outputs.n && status == PIPGATE_OK; i++)
		status = write_one(a, &v[i], clean, error);
	return status;
}
