/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/audit/fix.h"

#include <stdlib.h>

#include "matcher/base/banned.h"

/* ---- what is to be fixed: what makes the audit fail, and nothing that --ignore-vuln lets pass ---- */

/* A vendor's package manager looks after it: pip would put a second one beside it. */
static void skip_vendor(struct fixing *f, size_t component)
{
	const struct pipgate_component *c = &f->auditing->audit.components[component];
	const struct fix_shown shown = {.name = c->name, .old_version = c->version,
		.reason = "the operating system looks after it: upgrade it with its package manager"};
	const struct fix_shown *v = f->shown.items;

	for (size_t i = 0; i < f->shown.n; i++)
		if (span_equal(v[i].name, c->name) && span_equal(v[i].old_version, c->version))
			return;
	if (f->auditing->options.dry_run)
		say("Dry run: would have skipped " SPAN_FMT " upgrade because %s", SPAN_ARG(c->name), shown.reason);
	*(struct fix_shown *)must(list_push(f->auditing->run, &f->shown, sizeof(shown))) = shown;
}

bool fixing_begin(struct fixing *fixing, size_t input, struct fixing_input *out)
{
	struct auditing *a = fixing->auditing;
	const struct source_settings *s = &a->options.source;
	const struct found *found = a->inventory.found.items;
	struct words options = {.run = a->run};
	struct list targets;
	struct fix_target *v;
	size_t n = 0;

	*out = (struct fixing_input){.fixing = fixing, .input = input};
	audit_input_range(a, input, &out->first, &out->end);
	targets = judged_targets(&fixing->judging, &a->audit, out->first, out->end);
	v = targets.items;
	for (size_t i = 0; i < targets.n; i++)
		if (found[out->first + v[i].component].vendor)
			skip_vendor(fixing, out->first + v[i].component);
		else
			v[n++] = v[i];
	source_index_words(s, &options);
	out->request = (struct fix_request){.run = a->run, .components = (const struct pipgate_component *)a->inventory.components.items + out->first,
		.n = out->end - out->first, .no_deps = s->no_deps, .targets = v, .n_targets = n, .clean = judged_clean, .ctx = &fixing->judging,
		.downgrades = a->options.downgrades, .prereleases = a->options.prereleases, .options = words_end(&options), .build = s->build};
	return n > 0;
}

enum pipgate_status fixing_pip(struct fixing_input *in, struct pipgate_error *error)
{
	struct auditing *a = in->fixing->auditing;
	enum pipgate_status status = gathering_pip(&a->gathering, true, error);

	if (status == PIPGATE_OK && !a->inventory.environment.n)
		status = gathering_markers(&a->gathering, error);
	in->request.pip = &a->gathering.pip;
	in->request.environment = in->fixing->judging.environment = a->inventory.environment;
	return status;
}

void fixing_refuse(struct fixing_input *in, const char *reason)
{
	for (size_t i = 0; i < in->plan.n; i++) {
		in->plan.moves[i].to = (struct span){NULL, 0};
		if (!in->plan.moves[i].reason)
			in->plan.moves[i].reason = reason;
	}
	in->plan.n_fixed = 0;
}

/* ---- what came of it ---- */

static void tell_dry(const struct fix_move *move)
{
	if (!move->to.n)
		say("Dry run: would have skipped " SPAN_FMT " upgrade because %s", SPAN_ARG(move->name), move->reason);
	else
		say("Dry run: would have upgraded " SPAN_FMT " to " SPAN_FMT, SPAN_ARG(move->name), SPAN_ARG(move->to));
}

static void show_move(struct fixing_input *in, const struct fix_move *move)
{
	struct fixing *f = in->fixing;
	bool dry = f->auditing->options.dry_run;

	if (dry)
		tell_dry(move);
	if (move->to.n && move->reason)
		say(SPAN_FMT " " SPAN_FMT ": %s", SPAN_ARG(move->name), SPAN_ARG(move->to), move->reason);
	if (dry || (!move->to.n && !move->ids))
		return;
	if (move->to.n && !move->ids && move->from.n)
		say("moved " SPAN_FMT " " SPAN_FMT " to " SPAN_FMT " along with it", SPAN_ARG(move->name), SPAN_ARG(move->from), SPAN_ARG(move->to));
	else if (move->to.n && !move->ids)
		say("added " SPAN_FMT " " SPAN_FMT " along with it", SPAN_ARG(move->name), SPAN_ARG(move->to));
	if (move->component != SIZE_MAX && move->to.n)
		f->fixed[in->first + move->component] = true;
	*(struct fix_shown *)must(list_push(f->auditing->run, &f->shown, sizeof(struct fix_shown))) = (struct fix_shown){
		.name = move->name, .old_version = move->from, .new_version = move->to, .reason = move->to.n ? NULL : move->reason, .ids = move->ids};
}

static enum pipgate_status fixing_folder(struct fixing_input *in, struct pipgate_error *error)
{
	enum pipgate_status status = fix_find(&in->request, &in->plan, error); /* without pip: names and reasons */

	fixing_refuse(in, NULL);
	for (size_t i = 0; i < in->plan.n; i++)
		in->plan.moves[i].reason = "a folder alone is not pip's to upgrade: audit the environment that it belongs to";
	return status;
}

static enum pipgate_status fix_input(struct fixing *f, size_t input, struct pipgate_error *error)
{
	static const struct {
		const char *kind; /* the last one stands for all others */
		fixing_kind *fix;
	} kinds[] = {{"environment", fixing_environment}, {"requirements", fixing_requirements}, {"folder", fixing_folder}, {NULL, fixing_lock}};
	const struct input *inputs = f->auditing->inventory.inputs.items;
	struct fixing_input in;
	enum pipgate_status status;
	size_t kind = 0;

	if (!fixing_begin(f, input, &in))
		return PIPGATE_OK;
	while (kinds[kind].kind && strcmp(kinds[kind].kind, inputs[input].kind) != 0)
		kind++;
	status = kinds[kind].fix(&in, error);
	for (size_t i = 0; i < in.plan.n && status == PIPGATE_OK; i++)
		show_move(&in, &in.plan.moves[i]);
	return status;
}

/* ---- the second audit ---- */

/* Is this distribution still there as it was, or vulnerable as it is now? */
static bool still_vulnerable(const struct fixing *f, const struct auditing *again, struct span name)
{
	for (size_t i = 0; i < again->audit.verdict.n_judgements; i++) {
		const struct pipgate_judgement *j = &again->audit.verdict.judgements[i];

		if (judged_counts(&f->judging, &again->audit, j) && span_equal(again->audit.components[j->component].name, name))
			return true;
	}
	return false;
}

static enum pipgate_status look_again(struct auditing *again, struct pipgate_error *error)
{
	enum pipgate_status status = audit_gather(again, error);

	if (status == PIPGATE_OK && again->options.service)
		status = audit_open_service(again, error);
	return status == PIPGATE_OK ? audit_judge(again, error) : status;
}

/* What was changed and is not known to be good is not fixed. */
static void unfix(struct fixing *f, struct fix_shown *shown, const char *reason)
{
	const struct pipgate_component *components = f->auditing->inventory.components.items;

	shown->reason = reason;
	for (size_t i = 0; i < f->auditing->inventory.components.n; i++)
		f->fixed[i] = f->fixed[i] && !span_equal(components[i].name, shown->name);
}

static void say_left(const struct fixing *f, const struct auditing *again)
{
	size_t left = 0;

	for (size_t i = 0; i < again->audit.verdict.n_judgements; i++)
		left += judged_counts(&f->judging, &again->audit, &again->audit.verdict.judgements[i]);
	if (left)
		say("the second audit finds %zu known vulnerabilit%s that %s left", left, left == 1 ? "y" : "ies", left == 1 ? "is" : "are");
	else
		say("the second audit finds nothing");
}

static void audit_again(struct fixing *f)
{
	const struct auditing *a = f->auditing;
	struct auditing again = {.run = a->run, .gate = a->gate, .options = a->options, .policy = a->policy, .advisories = a->advisories,
		.context = a->context};
	struct fix_shown *shown = f->shown.items;
	struct pipgate_error error;
	bool seen = look_again(&again, &error) == PIPGATE_OK;

	if (seen)
		say_left(f, &again);
	for (size_t i = 0; i < f->shown.n; i++) {
		if (shown[i].reason)
			continue;
		if (!seen)
			unfix(f, &shown[i], text_format(a->run, "it is " SPAN_FMT " now, but the second audit failed: %s",
				SPAN_ARG(shown[i].new_version), error.text));
		else if (still_vulnerable(f, &again, shown[i].name))
			unfix(f, &shown[i], "the second audit finds it vulnerable still");
	}
	if (a->options.service && again.advisories.close && again.advisories.ctx != a->advisories.ctx)
		again.advisories.close(again.advisories.ctx);
}

enum pipgate_status audit_fix(struct auditing *a, struct pipgate_error *error)
{
	struct fixing f = {.auditing = a,
		.judging = {a->run, a->inventory.environment, a->policy, a->advisories.cursor, &a->options.ignored, a->context.now},
		.fixed = must(arena_array(a->run, a->inventory.components.n + 1, sizeof(bool)))};
	enum pipgate_status status = PIPGATE_OK;

	if (a->options.against) /* what it leaves out of the report still belongs to the set */
		return error_set(error, PIPGATE_INVALID, "--fix and --against exclude each other: fix what is there, then look at what is new");
	a->fixed = f.fixed;
	for (size_t i = 0; i < a->inventory.inputs.n && status == PIPGATE_OK; i++)
		status = fix_input(&f, i, error);
	if (status == PIPGATE_OK && f.changed)
		audit_again(&f);
	a->report.fixes = f.shown.items;
	a->report.n_fixes = a->options.dry_run ? 0 : f.shown.n; /* nothing was done, as pip-audit has it */
	return status;
}
