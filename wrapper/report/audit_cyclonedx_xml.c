/* SPDX-License-Identifier: Apache-2.0 */
/* CycloneDX 1.4 in XML: the same as in JSON, in the order that its schema wants. */
#include <stdio.h>

#include "wrapper/database/moment.h"
#include "wrapper/report/audit_cyclonedx.h"
#include "wrapper/report/audit_words.h"
#include "wrapper/report/xml_writer.h"

#include "matcher/base/banned.h"

static void begin(struct buf *out, const char *name)
{
	xml_open(out, name);
	xml_inside(out);
}

static void put_property(struct buf *out, const char *name, struct span value)
{
	xml_open(out, "property");
	xml_attribute(out, "name", span_of(name));
	xml_inside(out);
	xml_text(out, value);
	xml_close(out, "property");
}

static void put_metadata(struct buf *out, const struct audit_report *r, const struct cyclonedx *made)
{
	char text[MOMENT_TEXT];

	begin(out, "metadata");
	xml_element(out, "timestamp", span_of(moment_text(made->timestamp, text)));
	begin(out, "tools");
	begin(out, "tool");
	xml_element(out, "name", SPAN("pipgate"));
	xml_element(out, "version", SPAN(PIPGATE_VERSION));
	xml_close(out, "tool");
	xml_close(out, "tools");
	begin(out, "properties");
	cyclonedx_document_properties(out, r, put_property);
	xml_close(out, "properties");
	xml_close(out, "metadata");
}

static void put_component(struct buf *out, const struct audit_report *r, const struct cyclonedx *made, size_t index)
{
	const struct pipgate_component *c = &r->audit->components[index];

	xml_open(out, "component");
	xml_attribute(out, "type", SPAN("library"));
	xml_attribute(out, "bom-ref", made->refs[index]);
	xml_inside(out);
	xml_element(out, "name", c->shown_name.n ? c->shown_name : c->name);
	xml_element(out, "version", c->version);
	xml_element(out, "purl", made->purls[index]);
	begin(out, "properties");
	cyclonedx_component_properties(out, r, index, put_property);
	xml_close(out, "properties");
	xml_close(out, "component");
}

static void put_components(struct buf *out, const struct audit_report *r, const struct cyclonedx *made)
{
	begin(out, "components");
	for (size_t i = 0; i < r->audit->n_components; i++)
		put_component(out, r, made, i);
	xml_close(out, "components");
	begin(out, "dependencies");
	for (size_t i = 0; i < r->audit->n_components; i++) {
		xml_open(out, "dependency");
		xml_attribute(out, "ref", made->refs[i]);
		xml_empty(out);
	}
	xml_close(out, "dependencies");
}

/* ---- vulnerabilities ---- */

static void put_source(struct buf *out, struct span id)
{
	struct buf page;

	buf_init(&page, NULL, out->ceiling);
	audit_advisory_page(&page, id);
	begin(out, "source");
	xml_element(out, "name", SPAN("OSV"));
	xml_element(out, "url", buf_view(&page));
	xml_close(out, "source");
	buf_fini(&page);
}

static void put_references(struct buf *out, const struct finding_shown *s)
{
	if (!s->n_aliases)
		return;
	begin(out, "references");
	for (size_t i = 0; i < s->n_aliases; i++) {
		begin(out, "reference");
		xml_element(out, "id", s->aliases[i]);
		put_source(out, s->aliases[i]);
		xml_close(out, "reference");
	}
	xml_close(out, "references");
}

static void put_rating(struct buf *out, const struct pipgate_severity *severity)
{
	begin(out, "ratings");
	begin(out, "rating");
	if (severity->level != PIPGATE_LEVEL_UNKNOWN) {
		begin(out, "score");
		audit_score(out, severity);
		xml_close(out, "score");
	}
	xml_element(out, "severity", span_of(cyclonedx_severity(severity)));
	if (severity->vector.n) {
		xml_element(out, "method", span_of(cyclonedx_method(severity)));
		xml_element(out, "vector", severity->vector);
	}
	xml_close(out, "rating");
	xml_close(out, "ratings");
}

static void put_affects(struct buf *out, struct span ref)
{
	begin(out, "affects");
	begin(out, "target");
	xml_element(out, "ref", ref);
	xml_close(out, "target");
	xml_close(out, "affects");
}

static void put_analysis(struct buf *out, const struct pipgate_judgement *j)
{
	const struct cyclonedx_analysis analysis = cyclonedx_analysis(j);

	begin(out, "analysis");
	xml_element(out, "state", span_of(analysis.state));
	if (analysis.response) {
		begin(out, "responses");
		xml_element(out, "response", span_of(analysis.response));
		xml_close(out, "responses");
	}
	xml_element(out, "detail", j->reason);
	xml_close(out, "analysis");
}

static void put_vulnerability(struct buf *out, const struct audit_report *r, const struct cyclonedx *made, size_t index)
{
	const struct pipgate_finding *f = &r->audit->findings[index];
	const struct finding_shown *s = &r->findings[index];

	xml_open(out, "vulnerability");
	xml_attribute(out, "bom-ref", cyclonedx_finding_ref(r, made, index));
	xml_inside(out);
	xml_element(out, "id", s->id);
	put_source(out, s->id);
	put_references(out, s);
	put_rating(out, &f->severity);
	xml_element(out, "description", s->description);
	if (f->n_fixed)
		xml_element(out, "recommendation", SPAN("Upgrade"));
	if (cyclonedx_published(s))
		xml_element(out, "published", s->published);
	if (s->pardoned)
		put_analysis(out, &r->audit->verdict.judgements[index]);
	put_affects(out, made->refs[f->component]);
	begin(out, "properties");
	cyclonedx_finding_properties(out, r, index, put_property);
	xml_close(out, "properties");
	xml_close(out, "vulnerability");
}

void audit_cyclonedx_xml(struct buf *out, const struct audit_report *report)
{
	struct cyclonedx made;

	cyclonedx_prepare(&made, report);
	xml_begin(out);
	xml_open(out, "bom");
	xml_attribute(out, "xmlns", SPAN("http://cyclonedx.org/schema/bom/1.4"));
	xml_attribute(out, "serialNumber", span_of(made.serial));
	xml_attribute(out, "version", SPAN("1"));
	xml_inside(out);
	put_metadata(out, report, &made);
	if (report->audit->n_components)
		put_components(out, report, &made);
	if (report->n_shown + report->n_pardoned) {
		begin(out, "vulnerabilities");
		for (size_t i = 0; i < report->audit->n_findings; i++)
			if (!report->findings[i].ignored)
				put_vulnerability(out, report, &made, i);
		xml_close(out, "vulnerabilities");
	}
	xml_close(out, "bom");
	buf_byte(out, '\n');
}
