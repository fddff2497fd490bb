/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/report/audit_report.h"

#include "wrapper/sorted.h"

#include "matcher/base/banned.h"

const struct audit_format audit_formats[] = {
	/* name, writer, printed when clean, description and aliases by themselves */
	{"columns", audit_columns, false, false, false},
	{"json", audit_json, true, true, true},
	{"cyclonedx-json", audit_cyclonedx_json, true, true, true},
	{"cyclonedx-xml", audit_cyclonedx_xml, true, true, true},
	{"markdown", audit_markdown, false, false, false},
	{"sarif", audit_sarif, true, true, true},
	{"junit", audit_junit, true, true, true},
	{"github", audit_github, false, false, true},
	{0},
};

const struct audit_format *audit_format_find(const char *name)
{
	for (const struct audit_format *f = audit_formats; f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

static int component_order(const void *finding, const void *index)
{
	size_t component = ((const struct pipgate_finding *)finding)->component, key = *(const size_t *)index;

	return component < key ? -1 : component > key;
}

size_t audit_findings_of(const struct audit_report *report, size_t index, size_t *first)
{
	const struct audit *audit = report->audit;
	size_t low = sorted_first(audit->findings, audit->n_findings, sizeof(*audit->findings), component_order, &index), n = 0;

	*first = low;
	while (low + n < audit->n_findings && audit->findings[low + n].component == index)
		n++;
	return n;
}

size_t audit_unknown(const struct audit_report *report)
{
	size_t n = 0;

	for (size_t i = 0; i < report->audit->n_components; i++)
		n += report->audit->unknown[i];
	return n;
}
