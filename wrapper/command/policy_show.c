/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate policy show`: each key with its value and who said so, the lists, the files that were looked for, what was left out. */
#include <stddef.h>

#include "matcher/base/text.h"
#include "wrapper/command/command.h"
#include "wrapper/command/db.h"
#include "wrapper/command/policy.h"
#include "wrapper/policy/layers.h"
#include "wrapper/report/json_writer.h"

#include "matcher/base/banned.h"

#define NAME_WIDTH 20
#define VALUE_WIDTH 12

#define LIST(member) offsetof(struct pipgate_policy, member)

static const struct shown_list {
	const char *name;
	size_t at;        /* its struct list */
	unsigned lock;    /* its bit of locked_lists; 0: it has none */
} lists[] = {
	{"block", LIST(patterns), 1u << POLICY_LIST_BLOCK},
	{"rules", LIST(rules), 1u << POLICY_LIST_RULES},
	{"exceptions", LIST(exceptions), 1u << POLICY_LIST_EXCEPTIONS},
	{"index", LIST(indexes), 1u << POLICY_LIST_INDEX},
	{"allowed-indexes", LIST(allowed_indexes), 1u << POLICY_LIST_ALLOWED_INDEXES},
	{"checks", LIST(checks), 1u << POLICY_LIST_CHECKS},
	{"approvers", LIST(approvers), 1u << POLICY_LIST_APPROVERS},
	{"vex", LIST(vex), 1u << POLICY_LIST_VEX},
	{"baseline", LIST(baseline), 0},
	{"owners", LIST(owners), 0},
};
#define N_LISTS (sizeof(lists) / sizeof(*lists))

static size_t list_count(const struct pipgate_policy *policy, const struct shown_list *list)
{
	return ((const struct list *)((const char *)policy + list->at))->n;
}

static const char *kind_word(enum pipgate_layer_kind kind)
{
	static const char *const words[] = {
		[PIPGATE_LAYER_DEFAULT] = "default", [PIPGATE_LAYER_PROFILE] = "profile", [PIPGATE_LAYER_SYSTEM] = "system",
		[PIPGATE_LAYER_ORGANISATION] = "organisation",
		[PIPGATE_LAYER_USER] = "user", [PIPGATE_LAYER_PROJECT] = "project", [PIPGATE_LAYER_VARIABLE] = "variable",
		[PIPGATE_LAYER_OPTION] = "option",
	};

	return words[kind];
}

/* ---- text ---- */

static void put_padded(struct buf *out, struct span text, size_t width)
{
	size_t start = out->n;

	text_escape(out, text);
	do
		buf_byte(out, ' ');
	while (buf_status(out) == PIPGATE_OK && out->n - start < width);
}

static void text_keys(struct buf *out, const struct pipgate_policy *policy)
{
	for (size_t i = 0; i < POLICY_KEYS; i++) {
		const struct policy_value *v = &policy->values[i];

		put_padded(out, span_of(policy_key_name((enum policy_key)i)), NAME_WIDTH);
		put_padded(out, span_of(*v->word ? v->word : "-"), VALUE_WIDTH);
		text_escape(out, span_of(v->layer));
		if (v->line)
			buf_format(out, ":%u", v->line);
		buf_text(out, v->locked ? ", locked\n" : "\n");
	}
}

static void text_lists(struct buf *out, const struct pipgate_policy *policy)
{
	buf_text(out, "\nlists\n");
	for (size_t i = 0; i < N_LISTS; i++) {
		buf_text(out, "  ");
		put_padded(out, span_of(lists[i].name), NAME_WIDTH);
		buf_format(out, "%zu%s\n", list_count(policy, &lists[i]), policy->locked_lists & lists[i].lock ? ", locked" : "");
	}
}

static const char *untrusted_words(enum pipgate_layer_kind kind)
{
	return kind == PIPGATE_LAYER_ORGANISATION ? ": did not come by a bundle\n" : ": not trusted (`pipgate policy trust`)\n";
}

static void text_files(struct buf *out)
{
	const struct policy_file *v = policy_files()->items;

	buf_text(out, "\nfiles\n");
	for (size_t i = 0; i < policy_files()->n; i++) {
		buf_text(out, "  ");
		put_padded(out, span_of(kind_word(v[i].kind)), VALUE_WIDTH);
		text_escape(out, span_of(v[i].path));
		buf_text(out, !v[i].there ? ": not there\n" : v[i].trusted ? "\n" : untrusted_words(v[i].kind));
	}
}

static void text_notes(struct buf *out, const struct pipgate_policy *policy)
{
	const struct span *notes = policy->notes.items;

	if (policy->notes.n)
		buf_text(out, "\nnotes\n");
	for (size_t i = 0; i < policy->notes.n; i++) {
		buf_text(out, "  ");
		text_escape(out, notes[i]);
		buf_byte(out, '\n');
	}
}

static void show_text(struct buf *out, const struct pipgate_policy *policy)
{
	text_keys(out, policy);
	text_lists(out, policy);
	text_files(out);
	text_notes(out, policy);
}

/* ---- JSON ---- */

static void json_keys(struct buf *out, const struct pipgate_policy *policy)
{
	json_key(out, "keys");
	json_begin(out, '{');
	for (size_t i = 0; i < POLICY_KEYS; i++) {
		const struct policy_value *v = &policy->values[i];

		json_key(out, policy_key_name((enum policy_key)i));
		json_begin(out, '{');
		json_optional(out, "value", span_of(v->word));
		json_text(out, "layer", span_of(v->layer));
		if (v->line)
			json_number(out, "line", v->line);
		json_bool(out, "locked", v->locked != 0);
		json_end(out, '}');
	}
	json_end(out, '}');
}

static void json_lists(struct buf *out, const struct pipgate_policy *policy)
{
	json_key(out, "lists");
	json_begin(out, '{');
	for (size_t i = 0; i < N_LISTS; i++) {
		json_key(out, lists[i].name);
		json_begin(out, '{');
		json_number(out, "count", (int64_t)list_count(policy, &lists[i]));
		json_bool(out, "locked", (policy->locked_lists & lists[i].lock) != 0);
		json_end(out, '}');
	}
	json_end(out, '}');
}

static void json_files(struct buf *out)
{
	const struct policy_file *v = policy_files()->items;

	json_key(out, "files");
	json_begin(out, '[');
	for (size_t i = 0; i < policy_files()->n; i++) {
		json_begin(out, '{');
		json_text(out, "path", span_of(v[i].path));
		json_text(out, "layer", span_of(kind_word(v[i].kind)));
		json_bool(out, "there", v[i].there);
		json_bool(out, "trusted", v[i].trusted);
		json_end(out, '}');
	}
	json_end(out, ']');
}

static void show_json(struct buf *out, const struct pipgate_policy *policy)
{
	json_begin(out, '{');
	json_text(out, "schema", SPAN("pipgate/policy-show/1"));
	json_keys(out, policy);
	json_lists(out, policy);
	json_files(out);
	json_texts(out, "notes", policy->notes.items, policy->notes.n);
	json_end(out, '}');
	buf_byte(out, '\n');
}

/* ---- the command ---- */

static int show(struct pipgate_run *run, char **argv)
{
	struct pipgate_policy *policy;
	struct pipgate_error error;
	struct options options;
	char **words;
	struct buf out;
	bool json;

	if (options_read(run, argv + 1, &options, &words, &error) != PIPGATE_OK)
		return say_error(EXIT_USAGE, "%s", error.text);
	json = words[0] && strcmp(words[0], "--json") == 0;
	if (words[json])
		return say_error(EXIT_USAGE, "usage: pipgate policy show [--json] [--gate-OPTION…]");
	if (policy_layers(run, &options, POLICY_TO_SHOW, &policy, &error) != PIPGATE_OK)
		return say_error(EXIT_USAGE, "%s", error.text);
	buf_init(&out, NULL, DB_OUTPUT_MAX);
	(json ? show_json : show_text)(&out, policy);
	return db_print(&out);
}

int policy_show(int argc, char **argv)
{
	struct pipgate_run *run;
	int status;

	(void)argc;
	if (pipgate_run_new(NULL, &run) != PIPGATE_OK)
		die_no_memory();
	status = show(run, argv);
	pipgate_run_free(&run);
	return status;
}
