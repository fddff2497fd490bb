/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `pipgate baseline create|update|diff`: the findings that are there when somebody begins to look, one item each. The words behind it are
 * those of `pip audit`; -o names the baseline.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "matcher/policy/when.h"
#include "wrapper/audit/audit.h"
#include "wrapper/command/command.h"
#include "wrapper/file.h"
#include "wrapper/pardon/pardon_file.h"
#include "wrapper/temporary.h"

#include "matcher/base/banned.h"

#define BASELINE_FILE ".pipgate-baseline.yaml"

struct baseline {
	struct auditing a;
	const char *path;
	struct pipgate_policy *kept; /* what the file has: its list baseline */
};

static bool kept_covers(const struct baseline *b, const struct pipgate_finding *f)
{
	const struct baseline_entry *v = b->kept->baseline.items;

	for (size_t i = 0; i < b->kept->baseline.n; i++)
		if (baseline_covers(&v[i], &b->a.audit.components[f->component], f))
			return true;
	return false;
}

/* ---- create ---- */

struct item {
	struct span distribution, place, id;
};

static int item_order(const void *left, const void *right)
{
	const struct item *a = left, *b = right;
	int order = span_compare(a->distribution, b->distribution);

	if (!order)
		order = span_compare(a->id, b->id);
	return order ? order : span_compare(a->place, b->place);
}

static void write_item(struct buf *out, const struct item *item, const char *since)
{
	buf_text(out, "  - distribution: ");
	pardon_file_value(out, item->distribution);
	buf_text(out, "\n    id: ");
	pardon_file_value(out, item->id);
	if (item->place.n) {
		buf_text(out, "\n    place: ");
		pardon_file_value(out, item->place);
	}
	buf_format(out, "\n    since: %s\n", since);
}

/* As the gate would read it. */
static enum pipgate_status read_back(struct baseline *b, struct span text, struct pipgate_error *error)
{
	const struct pipgate_layer layer = {.kind = PIPGATE_LAYER_OPTION, .name = b->path, .may_loosen = true};
	enum pipgate_status status = pipgate_policy_new(b->a.run, &b->kept);

	return status == PIPGATE_OK ? pipgate_policy_add(b->kept, &layer, text, error) : status;
}

static size_t write_items(struct baseline *b, struct buf *out)
{
	size_t n = b->a.audit.n_findings, written = 0;
	struct item *items = must(arena_array(b->a.run, n + 1, sizeof(*items)));
	char since[WHEN_TEXT];

	when_day(b->a.context.now, since);
	for (size_t i = 0; i < n; i++) {
		const struct pipgate_finding *f = &b->a.audit.findings[i];

		items[i] = (struct item){b->a.audit.components[f->component].name, audit_place(&b->a, f->component), f->id};
	}
	qsort(items, n, sizeof(*items), item_order);
	buf_format(out, "schema: " BASELINE_SCHEMA "\n" BASELINE_LIST ":%s\n", n ? "" : " []");
	for (size_t i = 0; i < n; i++)
		if (!i || item_order(&items[i], &items[i - 1]) != 0) {
			write_item(out, &items[i], since);
			written++;
		}
	return written;
}

static int create(struct baseline *b, struct pipgate_error *error)
{
	struct buf out;
	size_t written;
	enum pipgate_status status;

	buf_init(&out, NULL, DOCUMENT_BYTES);
	written = write_items(b, &out);
	status = buf_status(&out);
	if (status != PIPGATE_OK)
		error_set(error, status, "%s: more than %zu bytes of findings", b->path, DOCUMENT_BYTES);
	else
		status = read_back(b, buf_view(&out), error);
	if (status == PIPGATE_OK)
		status = file_write(b->path, buf_view(&out), error);
	buf_fini(&out);
	if (status != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s", error->text);
	say("%s: %zu finding%s", b->path, written, written == 1 ? "" : "s");
	return EXIT_OK;
}

/* ---- update and diff ---- */

static int update(struct baseline *b, struct pipgate_error *error)
{
	size_t gone;
	enum pipgate_status status = audit_baseline_shrink(&b->a, b->path, &b->kept->baseline, &gone, error);

	if (status != PIPGATE_OK)
		return say_error(status == PIPGATE_INVALID ? EXIT_USAGE : EXIT_UNDECIDED, "%s", error->text);
	say("%s: %zu of %zu removed", b->path, gone, b->kept->baseline.n);
	return EXIT_OK;
}

static int diff(struct baseline *b, struct pipgate_error *error)
{
	const struct baseline_entry *v = b->kept->baseline.items;
	struct buf out;
	enum pipgate_status status;
	int code = EXIT_OK;

	buf_init(&out, NULL, (size_t)64 << 20);
	for (size_t i = 0; i < b->a.audit.n_findings; i++) {
		const struct pipgate_finding *f = &b->a.audit.findings[i];
		struct span place = audit_place(&b->a, f->component);

		if (kept_covers(b, f))
			continue;
		buf_format(&out, "+ " SPAN_FMT " " SPAN_FMT " " SPAN_FMT "\n", SPAN_ARG(b->a.audit.components[f->component].name), SPAN_ARG(f->id),
			SPAN_ARG(place));
		code = EXIT_NO;
	}
	for (size_t i = 0; i < b->kept->baseline.n; i++)
		if (audit_baseline_gone(&b->a, &v[i])) {
			buf_format(&out, "- " SPAN_FMT " " SPAN_FMT " " SPAN_FMT "\n", SPAN_ARG(v[i].distribution), SPAN_ARG(v[i].id),
				SPAN_ARG(v[i].place));
			code = EXIT_NO;
		}
	status = out.n ? file_write("-", buf_view(&out), error) : PIPGATE_OK;
	buf_fini(&out);
	return status == PIPGATE_OK ? code : say_error(EXIT_UNDECIDED, "%s", error->text);
}

/* ---- all of them ---- */

static const struct sub {
	const char *name;
	int (*run)(struct baseline *b, struct pipgate_error *error);
	bool makes; /* the file is not to be there yet */
} subs[] = {{"create", create, true}, {"update", update, false}, {"diff", diff, false}};

static enum pipgate_status read_kept(struct baseline *b, struct pipgate_error *error)
{
	struct pardon_file file;
	enum pipgate_status status = pardon_file_read(b->a.run, b->path, BASELINE_SCHEMA, &file, error);

	if (status == PIPGATE_OK && !file.there)
		return error_set(error, PIPGATE_INVALID, "%s is not there; make it: pipgate baseline create", b->path);
	return status == PIPGATE_OK ? read_back(b, file.text, error) : status;
}

static int look(struct baseline *b, const struct sub *sub, struct pipgate_error *error)
{
	struct auditing *a = &b->a;
	enum pipgate_status status;

	if (sub->makes && access(b->path, F_OK) == 0)
		return say_error(EXIT_USAGE, "%s is there already; `pipgate baseline update` takes out what is gone", b->path);
	status = sub->makes ? PIPGATE_OK : read_kept(b, error);
	if (status != PIPGATE_OK)
		return say_error(EXIT_USAGE, "%s", error->text);
	status = audit_policy(a, error);
	if (status == PIPGATE_OK)
		status = audit_gather(a, error);
	if (status == PIPGATE_OK)
		status = audit_open(a, error);
	if (status == PIPGATE_OK)
		status = audit_judge(a, error);
	return status == PIPGATE_OK ? sub->run(b, error) : say_error(EXIT_UNDECIDED, "%s", error->text);
}

static int run_sub(const struct sub *sub, char **argv)
{
	struct baseline b = {.path = BASELINE_FILE};
	struct options options;
	struct pipgate_error error;
	char **words;
	int status;

	if (pipgate_run_new(NULL, &b.a.run) != PIPGATE_OK)
		die_no_memory();
	if (options_read(b.a.run, argv, &options, &words, &error) != PIPGATE_OK) {
		status = say_error(EXIT_USAGE, "%s", error.text);
	} else if (audit_options_read(b.a.run, words, &b.a.options, &status) == AUDIT_GO) {
		b.a.gate = &options;
		b.a.context.now = time(NULL);
		if (b.a.options.files.n)
			b.path = *(const char *const *)b.a.options.files.items;
		if (!b.a.options.source.python)
			b.a.options.source.python = options.python;
		status = look(&b, sub, &error);
	}
	if (b.a.advisories.close)
		b.a.advisories.close(b.a.advisories.ctx);
	audit_since_close(&b.a);
	temporary_remove();
	pipgate_run_free(&b.a.run);
	return status;
}

int command_baseline(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(subs) / sizeof(*subs); i++)
		if (strcmp(subs[i].name, argv[1]) == 0)
			return run_sub(&subs[i], argv + 2);
	return say_error(EXIT_USAGE, "baseline: one of create, update, diff is wanted (pipgate help baseline)");
}
