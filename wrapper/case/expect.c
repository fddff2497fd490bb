/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/case/expect.h"

#include <stddef.h>

#include "wrapper/case/case.h"
#include "wrapper/memory.h"

#include "matcher/base/banned.h"

#define E(f) offsetof(struct expectation, f)

static const struct member expectation_members[] = {
	{"action", MEMBER_WORD, E(action), 0, word_action},
	{"rule", MEMBER_WORD, E(rule), 0, word_rule},
	{"pardon", MEMBER_WORD, E(pardon), 0, word_pardon},
	{"component", MEMBER_TEXT, E(component), 0, NULL},
	{"id", MEMBER_TEXT, E(id), 0, NULL},
	{"reason", MEMBER_TEXT, E(reason), 0, NULL},
	{"where", MEMBER_TEXT, E(where), 0, NULL},
	{"message", MEMBER_TEXT, E(message), 0, NULL},
	{"owner", MEMBER_TEXT, E(owner), 0, NULL},
	{"note", MEMBER_TEXT, E(note), 0, NULL},
	{NULL, MEMBER_OTHER, 0, 0, NULL},
};

enum pipgate_status expectation_read(struct member_reader *r, const cJSON *item, struct expectation *out)
{
	static const struct member action = {"expect", MEMBER_WORD, E(action), 0, word_action};
	const struct member alone[] = {action, {NULL, MEMBER_OTHER, 0, 0, NULL}};
	cJSON holder = {.type = cJSON_Object};
	cJSON copy;

	*out = (struct expectation){.action = PIPGATE_UNDECIDED};
	if (!item || cJSON_IsNull(item))
		return member_refuse(r, item, "what is expected is not said: expect");
	if (!cJSON_IsString(item))
		return members_read(r, item, expectation_members, out);
	copy = *item; /* `expect: block` is read as a mapping's only member */
	copy.next = NULL;
	holder.child = &copy;
	return members_read(r, &holder, alone, out);
}

/* ---- is it met ---- */

static bool holds(struct span text, struct span part)
{
	return !part.n || (text.n && memmem(text.p, text.n, part.p, part.n));
}

static bool about(const struct expectation *e, const struct audit *audit, const struct pipgate_judgement *j)
{
	if (e->component.n && !span_equal_nocase(e->component, audit->components[j->component].name))
		return false;
	return !e->id.n || (j->finding < audit->n_findings && pipgate_finding_has_id(&audit->findings[j->finding], e->id));
}

static bool judgement_fits(const struct expectation *e, const struct audit *audit, const struct pipgate_judgement *j)
{
	return about(e, audit, j) && (!e->action || j->action == e->action) && (!e->rule || j->rule == e->rule) &&
		(!e->pardon || j->pardon == e->pardon) && holds(j->reason, e->reason) && holds(j->where, e->where) &&
		holds(j->message, e->message) && holds(j->owner, e->owner);
}

static bool note_fits(const struct expectation *e, const struct pipgate_verdict *v)
{
	bool found = !e->note.n;

	for (size_t i = 0; i < v->n_notes && !found; i++)
		found = holds(v->notes[i], e->note);
	return found;
}

static bool of_a_judgement(const struct expectation *e)
{
	return e->rule || e->pardon || e->component.n || e->id.n || e->reason.n || e->where.n || e->message.n || e->owner.n;
}

bool expectation_met(const struct expectation *e, const struct audit *audit)
{
	const struct pipgate_verdict *v = &audit->verdict;
	bool found = !of_a_judgement(e);

	if ((e->action && v->action != e->action) || !note_fits(e, v))
		return false;
	for (size_t i = 0; i < v->n_judgements && !found; i++)
		found = judgement_fits(e, audit, &v->judgements[i]);
	return found;
}

/* ---- in words ---- */

static void part(struct buf *out, const char *name, struct span text)
{
	if (text.n)
		buf_format(out, "%s%s " SPAN_FMT, out->n ? ", " : "", name, SPAN_ARG(text));
}

void expectation_words(struct buf *out, const struct expectation *e)
{
	if (e->action)
		buf_text(out, word_action(e->action));
	part(out, "rule", e->rule ? span_of(word_rule(e->rule)) : SPAN(""));
	part(out, "pardon", e->pardon ? span_of(word_pardon(e->pardon)) : SPAN(""));
	part(out, "component", e->component);
	part(out, "id", e->id);
	part(out, "reason", e->reason);
	part(out, "where", e->where);
	part(out, "message", e->message);
	part(out, "owner", e->owner);
	part(out, "note", e->note);
}

/* The nearest: about the same, else the first of the strictest. */
static const struct pipgate_judgement *nearest(const struct expectation *e, const struct audit *audit)
{
	const struct pipgate_verdict *v = &audit->verdict;
	const struct pipgate_judgement *best = NULL;
	int best_score = -1;

	for (size_t i = 0; i < v->n_judgements; i++) {
		const struct pipgate_judgement *j = &v->judgements[i];
		int score = 4 * about(e, audit, j) + 2 * (e->rule && j->rule == e->rule) + (j->action == v->action);

		if (score > best_score) {
			best = j;
			best_score = score;
		}
	}
	return best;
}

void expectation_came(struct buf *out, const struct expectation *e, const struct audit *audit)
{
	const struct pipgate_judgement *j = nearest(e, audit);
	const struct pipgate_component *c = j ? &audit->components[j->component] : NULL;

	buf_text(out, word_action(audit->verdict.action));
	if (!j) {
		buf_text(out, ", and nothing was said");
		return;
	}
	buf_format(out, ": " SPAN_FMT " " SPAN_FMT " " SPAN_FMT ": ", SPAN_ARG(c->name), SPAN_ARG(c->version), SPAN_ARG(case_about(audit, j)));
	if (j->action != audit->verdict.action)
		buf_format(out, "%s: ", word_action(j->action));
	buf_span(out, j->reason);
	if (j->where.n && !holds(j->reason, j->where))
		buf_format(out, " (" SPAN_FMT ")", SPAN_ARG(j->where));
	for (size_t i = 0; e->note.n && i < audit->verdict.n_notes; i++)
		part(out, "note", audit->verdict.notes[i]);
}
