/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `pipgate policy simulate FILE [REPORT…]`: kept reports of the gate under another policy: what would have been blocked that was not,
 * and what would not have been that was. Without a report: those that the gate has kept here (wrapper/case/history.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <dirent.h>

#include "matcher/base/text.h"
#include "wrapper/case/case.h"
#include "wrapper/case/history.h"
#include "wrapper/case/policy_alone.h"
#include "wrapper/command/policy.h"
#include "wrapper/file.h"
#include "wrapper/keep.h"
#include "wrapper/report/json_writer.h"
#include "wrapper/report/report.h"

#include "matcher/base/banned.h"

#define OUTPUT_MAX ((size_t)256 << 20)
#define USAGE "usage: pipgate policy simulate [--profile NAME] [--json] FILE [REPORT|FOLDER…]"

struct simulating {
	struct pipgate_run *run, *one; /* one: forgotten at every report */
	const char *profile, *file;
	bool json;
	struct span policy; /* its text: the policy lives in the run of its report */
	struct buf out;
	size_t reports, to_block, from_block, refused;
};

/* ---- what differs ---- */

static const struct pipgate_judgement none = {.action = PIPGATE_ALLOW, .finding = SIZE_MAX};

/* What the kept verdict said of the same thing; nothing was said: it was allowed. */
static const struct pipgate_judgement *same(const struct pipgate_verdict *kept, const struct pipgate_judgement *j)
{
	for (size_t i = 0; i < kept->n_judgements; i++) {
		const struct pipgate_judgement *k = &kept->judgements[i];

		if (k->component == j->component && k->finding == j->finding && (j->finding != SIZE_MAX || k->rule == j->rule))
			return k;
	}
	return &none;
}

struct change {
	const struct pipgate_judgement *judgement; /* of the verdict that says more of it */
	enum pipgate_action before, after;
};

static void changes_find(struct pipgate_run *run, const struct audit *audit, const struct pipgate_verdict *kept, struct list *out)
{
	for (size_t i = 0; i < audit->verdict.n_judgements; i++) {
		const struct pipgate_judgement *j = &audit->verdict.judgements[i], *k = same(kept, j);

		if ((k->action == PIPGATE_BLOCK) != (j->action == PIPGATE_BLOCK))
			*(struct change *)must(list_push(run, out, sizeof(struct change))) = (struct change){j, k->action, j->action};
	}
	for (size_t i = 0; i < kept->n_judgements; i++) { /* of components, which the new one may pass over in silence */
		const struct pipgate_judgement *k = &kept->judgements[i];

		if (k->action == PIPGATE_BLOCK && same(&audit->verdict, k) == &none)
			*(struct change *)must(list_push(run, out, sizeof(struct change))) = (struct change){k, k->action, PIPGATE_ALLOW};
	}
}

/* ---- showing ---- */

static void put_change(struct buf *out, const struct audit *audit, const struct change *c)
{
	buf_format(out, "  %s ", c->after == PIPGATE_BLOCK ? "+" : "-");
	text_escape(out, audit->components[c->judgement->component].name);
	buf_byte(out, ' ');
	text_escape(out, audit->components[c->judgement->component].version);
	buf_byte(out, ' ');
	text_escape(out, case_about(audit, c->judgement));
	buf_format(out, ": %s → %s", report_action_word(c->before), report_action_word(c->after));
	if (c->judgement->action == c->after) {
		buf_text(out, ": ");
		text_escape(out, c->judgement->reason);
	}
	buf_byte(out, '\n');
}

static void put_text(struct buf *out, const char *path, const struct audit *audit, enum pipgate_action before, const struct list *changes)
{
	text_escape(out, span_of(path));
	buf_format(out, ": %s", report_action_word(before));
	if (before != audit->verdict.action)
		buf_format(out, " → %s", report_action_word(audit->verdict.action));
	buf_byte(out, '\n');
	for (size_t i = 0; i < changes->n; i++)
		put_change(out, audit, (const struct change *)changes->items + i);
}

static void put_json(struct buf *out, const char *path, const struct audit *audit, enum pipgate_action before, const struct list *changes)
{
	json_begin(out, '{');
	json_text(out, "report", span_of(path));
	json_text(out, "before", span_of(report_action_word(before)));
	json_text(out, "after", span_of(report_action_word(audit->verdict.action)));
	json_key(out, "changes");
	json_begin(out, '[');
	for (size_t i = 0; i < changes->n; i++) {
		const struct change *c = (const struct change *)changes->items + i;

		json_begin(out, '{');
		json_text(out, "component", audit->components[c->judgement->component].name);
		json_text(out, "version", audit->components[c->judgement->component].version);
		json_text(out, "about", case_about(audit, c->judgement));
		json_text(out, "before", span_of(report_action_word(c->before)));
		json_text(out, "after", span_of(report_action_word(c->after)));
		json_text(out, "reason", c->judgement->action == c->after ? c->judgement->reason : SPAN(""));
		json_end(out, '}');
	}
	json_end(out, ']');
	json_end(out, '}');
}

/* ---- a report ---- */

static enum pipgate_status report_judge(struct simulating *s, const char *path, struct kept_case *kept, struct pipgate_error *error)
{
	struct pipgate_verdict verdict;
	struct pipgate_policy *policy;
	struct pipgate_case subject;
	struct list changes = {0};
	struct span bytes;
	enum pipgate_status status = policy_alone(s->one, s->policy, s->file, s->profile, &policy, error);

	if (status == PIPGATE_OK)
		status = keep_file(s->one, path, CASE_BYTES_MAX, &bytes, error);
	if (status == PIPGATE_OK)
		status = case_read_report(s->one, bytes, path, kept, error);
	if (status != PIPGATE_OK)
		return status;
	verdict = kept->audit.verdict;
	subject = audit_case(&kept->audit, kept->now);
	status = pipgate_decide(s->one, policy, &subject, &kept->audit.verdict, error);
	if (status != PIPGATE_OK)
		return status;
	changes_find(s->one, &kept->audit, &verdict, &changes);
	s->reports++;
	s->to_block += verdict.action != PIPGATE_BLOCK && kept->audit.verdict.action == PIPGATE_BLOCK;
	s->from_block += verdict.action == PIPGATE_BLOCK && kept->audit.verdict.action != PIPGATE_BLOCK;
	(s->json ? put_json : put_text)(&s->out, path, &kept->audit, verdict.action, &changes);
	return PIPGATE_OK;
}

static void report_simulate(struct simulating *s, const char *path)
{
	struct pipgate_error error = {""};
	struct kept_case kept;

	pipgate_run_reset(s->one);
	if (report_judge(s, path, &kept, &error) == PIPGATE_OK)
		return;
	s->refused++;
	say_error(EXIT_USAGE, "%s", error.text);
}

static int is_report(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && span_ends(span_of(entry->d_name), SPAN(".json"));
}

static void folder_simulate(struct simulating *s, const char *path)
{
	struct dirent **names;
	int n = scandir(path, &names, is_report, alphasort);

	if (n < 0) {
		s->refused++;
		say_error(EXIT_USAGE, "%s: %s", path, strerror(errno));
		return;
	}
	for (int i = 0; i < n; i++) {
		report_simulate(s, text_format(s->run, "%s/%s", path, names[i]->d_name));
		free(names[i]);
	}
	free(names);
}

static void place_simulate(struct simulating *s, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		folder_simulate(s, path);
	else
		report_simulate(s, path);
}

/* ---- all of them ---- */

static void put_sum(struct simulating *s)
{
	if (!s->json) {
		buf_format(&s->out, "%zu report%s: %zu would have been blocked that %s not, %zu would not have been that %s\n", s->reports,
			s->reports == 1 ? "" : "s", s->to_block, s->to_block == 1 ? "was" : "were", s->from_block,
			s->from_block == 1 ? "was" : "were");
		return;
	}
	json_end(&s->out, ']');
	json_number(&s->out, "count", (int64_t)s->reports);
	json_number(&s->out, "newly_blocked", (int64_t)s->to_block);
	json_number(&s->out, "no_longer_blocked", (int64_t)s->from_block);
	json_end(&s->out, '}');
	buf_byte(&s->out, '\n');
}

static int simulate(struct simulating *s, char **places)
{
	const char *history = *places ? NULL : history_folder(s->run);
	struct pipgate_policy *policy;
	struct pipgate_error error;

	if (!*places && !history)
		return say_error(EXIT_USAGE, "the gate has kept no report here; name some. " USAGE);
	if (keep_file(s->run, s->file, POLICY_FILE_BYTES_MAX, &s->policy, &error) != PIPGATE_OK ||
		policy_alone(s->run, s->policy, s->file, s->profile, &policy, &error) != PIPGATE_OK)
		return say_error(EXIT_USAGE, "%s", error.text);
	if (s->json) {
		json_begin(&s->out, '{');
		json_text(&s->out, "schema", SPAN("pipgate/policy-simulation/1"));
		json_text(&s->out, "policy", span_of(s->file));
		json_key(&s->out, "reports");
		json_begin(&s->out, '[');
	}
	if (history)
		place_simulate(s, history);
	for (; *places; places++)
		place_simulate(s, *places);
	put_sum(s);
	if (buf_status(&s->out) != PIPGATE_OK)
		die_no_memory();
	if (!file_put(STDOUT_FILENO, buf_view(&s->out)))
		return say_error(EXIT_UNDECIDED, "stdout cannot be written");
	return s->refused ? EXIT_USAGE : EXIT_OK;
}

int policy_simulate(int argc, char **argv)
{
	struct simulating s = {.profile = NULL};
	struct words places;
	int status;

	if (pipgate_run_new(NULL, &s.run) != PIPGATE_OK || pipgate_run_new(NULL, &s.one) != PIPGATE_OK)
		die_no_memory();
	places = (struct words){.run = s.run};
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			s.json = true;
		else if (strcmp(argv[i], "--profile") == 0 && i + 1 < argc)
			s.profile = argv[++i];
		else if (strncmp(argv[i], "--profile=", 10) == 0)
			s.profile = argv[i] + 10;
		else if (argv[i][0] == '-')
			return say_error(EXIT_USAGE, USAGE);
		else if (!s.file)
			s.file = argv[i];
		else
			words_add(&places, argv[i]);
	}
	if (!s.file)
		return say_error(EXIT_USAGE, USAGE);
	buf_init(&s.out, NULL, OUTPUT_MAX);
	status = simulate(&s, words_end(&places));
	buf_fini(&s.out);
	pipgate_run_free(&s.run);
	pipgate_run_free(&s.one);
	return status;
}
