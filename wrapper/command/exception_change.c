/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate exception renew` and `remove`: the lines of the exceptions that are named, wherever they stand. */
#include "wrapper/command/exception.h"
#include "wrapper/pardon/entry.h"
#include "wrapper/policy/layers.h"

#include "matcher/base/banned.h"

#define SCHEMA "pipgate/policy/1"

struct change {
	const struct exception_options *options;
	struct entry_wanted wanted;
	const char *expires; /* the new day; NULL: it is removed */
	size_t changed;
	bool *found;         /* per id */
};

static const char *title_of(struct pipgate_run *run, const struct entry *e)
{
	struct span what = e->id.n ? e->id : e->rule;

	return text_format(run, SPAN_FMT "%s" SPAN_FMT, SPAN_ARG(what), e->distribution.n ? " for " : "", SPAN_ARG(e->distribution));
}

static void mark_found(struct change *c, const struct entry *e)
{
	for (int i = 0; i < c->wanted.n_ids; i++)
		c->found[i] |= span_equal_nocase(e->id, span_of(c->wanted.ids[i]));
	c->changed++;
}

/* It is decided anew, today: exception-days counts from here. */
static enum pipgate_status renew(const struct change *c, struct pardon_file *d, size_t index, struct pipgate_error *error)
{
	char today[WHEN_TEXT];
	enum pipgate_status status = pardon_file_set(d, ENTRY_LIST, index, "created", span_of(exception_day(c->options->now, today)), error);

	return status == PIPGATE_OK ? pardon_file_set(d, ENTRY_LIST, index, "expires", span_of(c->expires), error) : status;
}

static enum pipgate_status change_entries(struct change *c, struct pardon_file *d, const struct list *entries, struct list *said,
	struct pipgate_error *error)
{
	struct pipgate_run *run = c->options->run;
	const struct entry *v = entries->items;
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = entries->n; i-- && status == PIPGATE_OK;) { /* from behind: numbers before stay as they are */
		if (!entry_is(run, &v[i], &c->wanted))
			continue;
		status = c->expires ? renew(c, d, i, error) : pardon_file_remove(d, ENTRY_LIST, i, error);
		mark_found(c, &v[i]);
		*(const char **)must(list_push(run, said, sizeof(char *))) = c->expires ?
			text_format(run, "%s:%zu: %s passes until %s", d->path, v[i].line, title_of(run, &v[i]), c->expires) :
			text_format(run, "%s:%zu: %s is removed", d->path, v[i].line, title_of(run, &v[i]));
	}
	return status;
}

/* A file that has none of them is left alone. */
static enum pipgate_status change_file(struct change *c, const char *path, struct pipgate_error *error)
{
	struct pipgate_run *run = c->options->run;
	struct pardon_file d;
	struct list entries, said = {0};
	enum pipgate_status status = pardon_file_read(run, path, SCHEMA, &d, error);

	if (status == PIPGATE_OK)
		status = entries_read(&d, &entries, error);
	if (status == PIPGATE_OK)
		status = change_entries(c, &d, &entries, &said, error);
	if (status == PIPGATE_OK && said.n)
		status = pardon_file_write(&d, error);
	for (size_t i = said.n; i-- && status == PIPGATE_OK;)
		say("%s", ((const char *const *)said.items)[i]);
	return status;
}

static bool is_wanted(const struct exception_options *o, const struct policy_file *file)
{
	if (!file->there || file->kind == PIPGATE_LAYER_ORGANISATION)
		return false; /* what a bundle brought is changed where bundles are made */
	return (!o->user || file->kind == PIPGATE_LAYER_USER) && (!o->project || file->kind == PIPGATE_LAYER_PROJECT);
}

/* Where they may stand: the file that is named, else every one that a policy is read from, the strongest first. */
static enum pipgate_status places_of(const struct exception_options *o, struct list *out, struct pipgate_error *error)
{
	const struct policy_file *v;
	struct pipgate_policy *policy;
	enum pipgate_status status = o->file ? PIPGATE_OK : exception_all(o, &policy, error);

	if (o->file)
		*(const char **)must(list_push(o->run, out, sizeof(char *))) = o->file;
	if (o->file || status != PIPGATE_OK)
		return status;
	v = policy_files()->items;
	for (size_t i = policy_files()->n; i--;)
		if (is_wanted(o, &v[i]))
			*(const char **)must(list_push(o->run, out, sizeof(char *))) = v[i].path;
	return PIPGATE_OK;
}

static int say_missing(const struct change *c, const struct list *places)
{
	const struct exception_options *o = c->options;
	const char *files = places->n == 1 ? "file" : "files";
	int code = EXIT_OK;

	for (int i = 0; i < c->wanted.n_ids; i++)
		if (!c->found[i])
			code = say_error(EXIT_NO, "no exception is for %s (in %zu %s of the policy)", o->words[i], places->n, files);
	if (!c->changed && o->rule)
		code = say_error(EXIT_NO, "no exception is for the rule %s (in %zu %s of the policy)", o->rule, places->n, files);
	return code;
}

static int change(const struct exception_options *o, const char *expires)
{
	struct change c = {.options = o, .wanted = {o->words, o->n_words, o->rule, o->distribution}, .expires = expires,
		.found = must(arena_array(o->run, (size_t)o->n_words + 1, sizeof(bool)))};
	struct list places = {0};
	struct pipgate_error error;

	if (!o->n_words && !o->rule)
		return say_error(EXIT_USAGE, "which? The id of an advisory, or --rule RULE");
	if (places_of(o, &places, &error) != PIPGATE_OK)
		return say_error(EXIT_USAGE, "%s", error.text);
	for (size_t i = 0; i < places.n; i++) {
		enum pipgate_status status = change_file(&c, ((const char *const *)places.items)[i], &error);

		if (status != PIPGATE_OK)
			return say_error(status == PIPGATE_INVALID ? EXIT_USAGE : EXIT_UNDECIDED, "%s", error.text);
	}
	return say_missing(&c, &places);
}

int exception_renew(struct exception_options *o)
{
	char day[WHEN_TEXT];
	int64_t until;
	int code = exception_until(o, &until);

	return code ? code : change(o, exception_day(until, day));
}

int exception_remove(struct exception_options *o)
{
	return change(o, NULL);
}
