/* SPDX-License-Identifier: Apache-2.0 */
/* CycloneDX 1.4 in JSON: pip-audit's members, and ratings, references, purls and properties beside them. */
#include "wrapper/report/audit_cyclonedx.h"
#include "wrapper/report/audit_words.h"
#include "wrapper/report/json_writer.h"

#include "matcher/base/banned.h"

static void put_property(struct buf *out, const char *name, struct span value)
{
	json_begin(out, '{');
	json_text(out, "name", span_of(name));
	json_text(out, "value", value);
	json_end(out, '}');
}

static void put_component(struct buf *out, const struct audit_report *r, const struct cyclonedx *made, size_t index)
{
	const struct pipgate_component *c = &r->audit->components[index];

	json_begin(out, '{');
	json_text(out, "bom-ref", made->refs[index]);
	json_text(out, "name", c->shown_name.n ? c->shown_name : c->name);
	json_text(out, "type", SPAN("library"));
	json_text(out, "version", c->version);
	json_text(out, "purl", made->purls[index]);
	json_key(out, "properties");
	json_begin(out, '[');
	cyclonedx_component_properties(out, r, index, put_property);
	json_end(out, ']');
	json_end(out, '}');
}

static void put_components(struct buf *out, const struct audit_report *r, const struct cyclonedx *made)
{
	json_key(out, "components");
	json_begin(out, '[');
	for (size_t i = 0; i < r->audit->n_components; i++)
		put_component(out, r, made, i);
	json_end(out, ']');
	json_key(out, "dependencies");
	json_begin(out, '[');
	for (size_t i = 0; i < r->audit->n_components; i++) {
		json_begin(out, '{');
		json_text(out, "ref", made->refs[i]);
		json_end(out, '}');
	}
	json_end(out, ']');
}

static void put_metadata(struct buf *out, const struct audit_report *r, const struct cyclonedx *made)
{
	json_key(out, "metadata");
	json_begin(out, '{');
	json_time(out, "timestamp", made->timestamp);
	json_key(out, "tools");
	json_begin(out, '[');
	json_begin(out, '{');
	json_text(out, "name", SPAN("pipgate"));
	json_text(out, "version", SPAN(PIPGATE_VERSION));
	json_end(out, '}');
	json_end(out, ']');
	json_key(out, "properties");
	json_begin(out, '[');
	cyclonedx_document_properties(out, r, put_property);
	json_end(out, ']');
	json_end(out, '}');
}

/* ---- vulnerabilities ---- */

static void put_source(struct buf *out, struct span id)
{
	struct buf page;

	buf_init(&page, NULL, out->ceiling);
	audit_advisory_page(&page, id);
	json_key(out, "source");
	json_begin(out, '{');
	json_text(out, "name", SPAN("OSV"));
	json_text(out, "url", buf_view(&page));
	json_end(out, '}');
	buf_fini(&page);
}

static void put_references(struct buf *out, const struct finding_shown *s)
{
	json_key(out, "references");
	json_begin(out, '[');
	for (size_t i = 0; i < s->n_aliases; i++) {
		json_begin(out, '{');
		json_text(out, "id", s->aliases[i]);
		put_source(out, s->aliases[i]);
		json_end(out, '}');
	}
	json_end(out, ']');
}

static void put_rating(struct buf *out, const struct pipgate_severity *severity)
{
	json_key(out, "ratings");
	json_begin(out, '[');
	json_begin(out, '{');
	if (severity->level != PIPGATE_LEVEL_UNKNOWN) {
		json_key(out, "score");
		audit_score(out, severity);
	}
	json_text(out, "severity", span_of(cyclonedx_severity(severity)));
	if (severity->vector.n) {
		json_text(out, "method", span_of(cyclonedx_method(severity)));
		json_text(out, "vector", severity->vector);
	}
	json_end(out, '}');
	json_end(out, ']');
}

static void put_affects(struct buf *out, struct span ref)
{
	json_key(out, "affects");
	json_begin(out, '[');
	json_begin(out, '{');
	json_text(out, "ref", ref);
	json_end(out, '}');
	json_end(out, ']');
}

static void put_analysis(struct buf *out, const struct pipgate_judgement *j)
{
	const struct cyclonedx_analysis analysis = cyclonedx_analysis(j);
	const struct span response = span_of(analysis.response);

	json_key(out, "analysis");
	json_begin(out, '{');
	json_text(out, "state", span_of(analysis.state));
	if (response.n)
		json_texts(out, "response", &response, 1);
	json_text(out, "detail", j->reason);
	json_end(out, '}');
}

static void put_vulnerability(struct buf *out, const struct audit_report *r, const struct cyclonedx *made, size_t index)
{
	const struct pipgate_finding *f = &r->audit->findings[index];
	const struct finding_shown *s = &r->findings[index];

	json_begin(out, '{');
	put_affects(out, made->refs[f->component]);
	json_text(out, "bom-ref", cyclonedx_finding_ref(r, made, index));
	json_text(out, "description", s->description);
	json_text(out, "id", s->id);
	if (f->n_fixed)
		json_text(out, "recommendation", SPAN("Upgrade"));
	put_source(out, s->id);
	put_references(out, s);
	put_rating(out, &f->severity);
	if (cyclonedx_published(s))
		json_text(out, "published", s->published);
	if (s->pardoned)
		put_analysis(out, &r->audit->verdict.judgements[index]);
	json_key(out, "properties");
	json_begin(out, '[');
	cyclonedx_finding_properties(out, r, index, put_property);
	json_end(out, ']');
	json_end(out, '}');
}

void audit_cyclonedx_json(struct buf *out, const struct audit_report *report)
{
	struct cyclonedx made;

	cyclonedx_prepare(&made, report);
	json_begin(out, '{');
	if (report->audit->n_components)
		put_components(out, report, &made);
	put_metadata(out, report, &made);
	json_text(out, "serialNumber", span_of(made.serial));
	json_number(out, "version", 1);
	if (report->n_shown + report->n_pardoned) {
		json_key(out, "vulnerabilities");
		json_begin(out, '[');
		for (size_t i = 0; i < report->audit->n_findings; i++)
			if (!report->findings[i].ignored)
				put_vulnerability(out, report, &made, i);
		json_end(out, ']');
	}
	json_text(out, "$schema", SPAN("http://cyclonedx.org/schema/bom-1.4.schema.json"));
	json_text(out, "bomFormat", SPAN("CycloneDX"));
	json_text(out, "specVersion", SPAN("1.4"));
	json_end(out, '}');
	buf_byte(out, '\n');
}
