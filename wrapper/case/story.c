/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/case/story.h"

#include "matcher/base/text.h"
#include "wrapper/case/case.h"
#include "wrapper/case/code.h"
#include "wrapper/case/words.h"
#include "wrapper/database/moment.h"
#include "wrapper/memory.h"
#include "wrapper/pip/hint.h"
#include "wrapper/report/affected.h"
#include "wrapper/report/chain.h"
#include "wrapper/report/json_writer.h"

#include "matcher/base/banned.h"

static const struct pipgate_finding *finding_of(const struct story *s)
{
	return s->judgement->finding < s->audit->n_findings ? &s->audit->findings[s->judgement->finding] : NULL;
}

const char *story_exception(const struct story *s)
{
	const struct pipgate_component *c = &s->audit->components[s->judgement->component];
	const struct pipgate_finding *f = finding_of(s);
	struct pipgate_run *run = s->audit->run;
	const char *kind = f && f->malicious ? " --kind false-positive" : ""; /* no other lets it pass */
	const char *what = f ? hint_quoted(run, text_copy(run, f->id)) : text_format(run, "--rule %s", word_rule(s->judgement->rule));
	const char *pinned = hint_quoted(run, text_format(run, "==" SPAN_FMT, SPAN_ARG(c->version)));
	const char *versions = s->sample ? "" : text_format(run, " --versions %s", pinned);

	return text_format(run, "pipgate exception add %s --distribution %s%s%s --reason '…' --expires 30d", what,
		hint_quoted(run, text_copy(run, c->name)), versions, kind);
}

/* ---- text ---- */

static void begin(struct buf *out, const char *label)
{
	buf_format(out, "  %-10s ", label);
}

static void line(struct buf *out, const char *label, struct span text)
{
	if (!text.n)
		return;
	begin(out, label);
	text_escape(out, text);
	buf_byte(out, '\n');
}

static void list(struct buf *out, const char *label, const struct span *texts, size_t n)
{
	if (!n)
		return;
	begin(out, label);
	for (size_t i = 0; i < n; i++) {
		buf_text(out, i ? ", " : "");
		text_escape(out, texts[i]);
	}
	buf_byte(out, '\n');
}

static void put_head(struct buf *out, const struct story *s)
{
	const struct pipgate_component *c = &s->audit->components[s->judgement->component];

	text_escape(out, c->name);
	buf_byte(out, ' ');
	text_escape(out, c->version);
	buf_text(out, ": ");
	text_escape(out, case_about(s->audit, s->judgement));
	buf_text(out, s->sample ? " (a version that it affects)\n" : "\n");
}

static void put_advisory(struct buf *out, const struct pipgate_advisory *a, struct span name)
{
	line(out, "what", a->summary);
	line(out, "published", a->published);
	line(out, "withdrawn", a->withdrawn);
	for (size_t i = 0; i < a->n_affected; i++) {
		if (!span_equal(a->affected[i].name, name))
			continue;
		begin(out, "affected");
		affected_write(out, &a->affected[i]);
		buf_byte(out, '\n');
	}
}

static void put_share(struct buf *out, const char *label, unsigned share, const char *end)
{
	buf_format(out, "%s%u.%02u %%%s", label, share / 100, share % 100, end);
}

static void put_risk(struct buf *out, const struct pipgate_finding *f)
{
	begin(out, "severity");
	buf_text(out, pipgate_level_name(f->severity.level));
	if (f->severity.level != PIPGATE_LEVEL_UNKNOWN)
		buf_format(out, " %u.%u", f->severity.tenths / 10u, f->severity.tenths % 10u);
	if (f->severity.vector.n) {
		buf_text(out, "  ");
		text_escape(out, f->severity.vector);
	}
	buf_byte(out, '\n');
	if (f->malicious)
		line(out, "malicious", SPAN("its authors mean harm"));
	if (f->exploited)
		line(out, "exploited", SPAN("known to be exploited (KEV)"));
	if (f->exploit_public)
		line(out, "exploit", SPAN("a record refers to one"));
	if (f->has_epss) {
		begin(out, "EPSS");
		put_share(out, "", f->epss, " within 30 days");
		put_share(out, ", above ", f->epss_percentile, " of all\n");
	}
}

static void put_finding(struct buf *out, const struct story *s)
{
	const struct pipgate_finding *f = finding_of(s);

	list(out, "ids", f->ids, f->n_ids);
	if (s->advisory)
		put_advisory(out, s->advisory, s->audit->components[f->component].name);
	if (f->n_fixed)
		list(out, "fixed in", f->fixed, f->n_fixed);
	else
		line(out, "fixed in", f->has_end ? SPAN("no release that is named") : SPAN("none: no clean release is known"));
	put_risk(out, f);
	if (s->sample || !s->audit->chains)
		return;
	begin(out, "here");
	chain_write(out, s->audit, s->judgement->finding, CHAIN_WHOLE);
	buf_byte(out, '\n');
}

static void put_judgement(struct buf *out, const struct story *s)
{
	const struct pipgate_judgement *j = s->judgement;
	char when[MOMENT_TEXT], code[CODE_BYTES];

	begin(out, "policy");
	buf_format(out, "%s, by the rule %s: ", word_action(j->action), word_rule(j->rule));
	text_escape(out, j->reason);
	buf_byte(out, '\n');
	line(out, "decided in", j->where);
	line(out, "message", j->message);
	if (j->blocks_from)
		line(out, "blocks from", span_of(moment_text(j->blocks_from, when)));
	if (j->pardon)
		line(out, "pardoned", span_of(word_pardon(j->pardon)));
	line(out, "owner", j->owner);
	if (j->action == PIPGATE_ALLOW)
		return;
	if (!s->sample)
		line(out, "code", span_of(code_of(s->audit, j, code)));
	line(out, "to let pass", span_of(story_exception(s)));
}

void story_text(struct buf *out, const struct story *s)
{
	put_head(out, s);
	if (finding_of(s))
		put_finding(out, s);
	put_judgement(out, s);
}

/* ---- JSON ---- */

static void json_advisory(struct buf *out, const struct pipgate_advisory *a, struct span name)
{
	struct buf words;

	json_optional(out, "summary", a->summary);
	json_optional(out, "published", a->published);
	json_optional(out, "withdrawn", a->withdrawn);
	json_key(out, "affected");
	json_begin(out, '[');
	for (size_t i = 0; i < a->n_affected; i++) {
		if (!span_equal(a->affected[i].name, name))
			continue;
		buf_init(&words, out->allocator, out->ceiling);
		affected_write(&words, &a->affected[i]);
		json_value(out, buf_view(&words));
		buf_fini(&words);
	}
	json_end(out, ']');
}

static void json_finding(struct buf *out, const struct story *s)
{
	const struct pipgate_finding *f = finding_of(s);

	json_text(out, "id", f->id);
	json_texts(out, "ids", f->ids, f->n_ids);
	if (s->advisory)
		json_advisory(out, s->advisory, s->audit->components[f->component].name);
	json_texts(out, "fixed", f->fixed, f->n_fixed);
	json_text(out, "severity", span_of(pipgate_level_name(f->severity.level)));
	json_optional(out, "vector", f->severity.vector);
	json_bool(out, "malicious", f->malicious);
	json_bool(out, "exploited", f->exploited);
	json_key(out, "epss");
	if (f->has_epss)
		buf_format(out, "%u.%04u", f->epss / 10000u, f->epss % 10000u);
	else
		buf_text(out, "null");
}

void story_json(struct buf *out, const struct story *s)
{
	const struct pipgate_judgement *j = s->judgement;
	const struct pipgate_component *c = &s->audit->components[j->component];
	char code[CODE_BYTES];

	json_begin(out, '{');
	json_text(out, "component", c->name);
	json_text(out, "version", c->version);
	json_bool(out, "sample", s->sample);
	if (finding_of(s))
		json_finding(out, s);
	json_text(out, "action", span_of(word_action(j->action)));
	json_text(out, "rule", span_of(word_rule(j->rule)));
	json_text(out, "reason", j->reason);
	json_optional(out, "where", j->where);
	json_optional(out, "message", j->message);
	json_text(out, "pardon", span_of(word_pardon(j->pardon)));
	json_optional(out, "owner", j->owner);
	json_optional(out, "code", j->action == PIPGATE_ALLOW ? SPAN("") : span_of(code_of(s->audit, j, code)));
	json_optional(out, "exception", j->action == PIPGATE_ALLOW ? SPAN("") : span_of(story_exception(s)));
	json_end(out, '}');
}
