/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What CycloneDX says alike in JSON and XML (1.4, pip-audit's): references, serial number, timestamp. All of it follows from what was
 * audited, so that two runs over the same print the same bytes:
 * - serial number: a UUID of version 8 (RFC 9562) made of names, versions, ids, severities, risks and verdicts; the same in both forms;
 * - timestamp: SOURCE_DATE_EPOCH where it is set, else when the advisory database was built (the moment as of which the document
 *   speaks), else now.
 */
#ifndef WRAPPER_REPORT_AUDIT_CYCLONEDX_H
#define WRAPPER_REPORT_AUDIT_CYCLONEDX_H

#include "wrapper/report/audit_report.h"

struct cyclonedx {
	struct span *purls; /* per component: pkg:pypi/jinja2@2.10 */
	struct span *refs;  /* its bom-ref: the same, and #2, #3, … behind it where a document has it more than once */
	char serial[48];    /* urn:uuid:… */
	int64_t timestamp;
};

void cyclonedx_prepare(struct cyclonedx *out, const struct audit_report *report);

const char *cyclonedx_severity(const struct pipgate_severity *severity); /* "high" */
const char *cyclonedx_method(const struct pipgate_severity *severity);   /* "CVSSv31" */
/* What an exception or the baseline says of a finding, in the format's words; its reason is the detail. */
struct cyclonedx_analysis {
	const char *state, *response; /* response NULL: none */
};
struct cyclonedx_analysis cyclonedx_analysis(const struct pipgate_judgement *pardoned);
bool cyclonedx_published(const struct finding_shown *shown);             /* is it a date-time? */
struct span cyclonedx_finding_ref(const struct audit_report *report, const struct cyclonedx *made, size_t finding);

/* Properties of the document, a component and a finding (names beginning with "pipgate:"), for either writer. */
typedef void cyclonedx_property(struct buf *out, const char *name, struct span value);
void cyclonedx_document_properties(struct buf *out, const struct audit_report *report, cyclonedx_property *put);
void cyclonedx_component_properties(struct buf *out, const struct audit_report *report, size_t index, cyclonedx_property *put);
void cyclonedx_finding_properties(struct buf *out, const struct audit_report *report, size_t index, cyclonedx_property *put);

#endif
