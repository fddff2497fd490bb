/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/feed/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "matcher/policy/feed.h"
#include "wrapper/home.h"
#include "wrapper/memory.h"
#include "wrapper/options.h"
#include "wrapper/policy/layers.h"
#include "wrapper/policy/place.h"

#include "matcher/base/banned.h"

#define DEFAULT_FEEDS "osv=https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"
#define FILE_NAME "feeds.yaml"

/* ---- words ---- */

enum pipgate_status feeds_of_words(struct pipgate_run *run, char *const *words, size_t n, struct feeds *out, struct pipgate_error *error)
{
	for (size_t i = 0; i < n; i++) {
		struct feed_source source, *place;
		const struct feed_source *before = out->list.items;
		size_t same = 1;
		enum pipgate_status status = feed_source_parse(words[i], &source, error);

		if (status != PIPGATE_OK)
			return status;
		for (size_t k = 0; k < out->list.n; k++)
			same += before[k].kind == source.kind;
		if (same > 1)
			source.name = text_format(run, "%s-%zu", source.kind->name, same);
		place = must(list_push(run, &out->list, sizeof(*place)));
		*place = source;
	}
	return PIPGATE_OK;
}

static enum pipgate_status of_text(struct pipgate_run *run, struct span rest, const char *from, struct feeds *out, struct pipgate_error *error)
{
	struct words words = {.run = run};

	out->from = from;
	while (rest.n) {
		struct span word = span_split(&rest, ' ');

		if (word.n)
			words_add(&words, text_copy(run, word));
	}
	return feeds_of_words(run, words_end(&words), words.list.n, out, error);
}

/* ---- files ---- */

/* A path beside the file is meant from its folder. */
static const char *path_from(struct pipgate_run *run, const char *file, struct span path)
{
	bool whole = !path.n || path.p[0] == '/' || memmem(path.p, path.n, "://", 3);

	return whole ? text_copy(run, path) : text_format(run, "%s/" SPAN_FMT, place_folder(run, file), SPAN_ARG(path));
}

static enum pipgate_status source_of(struct pipgate_run *run, const char *file, const struct policy_feed *f, struct feed_source *out,
	struct pipgate_error *error)
{
	const struct feed_kind *kind = feed_kind_find(f->kind);
	const char *place = kind && kind->asks ? text_copy(run, f->place) : path_from(run, file, f->place);
	const char *word = text_format(run, SPAN_FMT "=%s", SPAN_ARG(f->kind), place);
	enum pipgate_status status = feed_source_parse(word, out, error);

	if (status != PIPGATE_OK)
		return error_before(error, "%s: line %u", file, f->line), status;
	out->name = text_copy(run, f->name);
	if (f->weight)
		out->weight = f->weight;
	out->optional = f->required == PIPGATE_NO;
	if (f->max_age)
		out->max_age = f->max_age == POLICY_FEED_AGELESS ? DATABASE_AGELESS : f->max_age;
	if (f->max_shrink >= 0)
		out->max_shrink = f->max_shrink;
	if (f->names.n)
		out->names = path_from(run, file, f->names);
	if (f->key.n) /* a file, or the key itself */
		out->key = access(path_from(run, file, f->key), F_OK) == 0 ? path_from(run, file, f->key) : text_copy(run, f->key);
	return PIPGATE_OK;
}

static enum pipgate_status of_document(struct pipgate_run *run, const char *file, struct span text, struct feeds *out,
	struct pipgate_error *error)
{
	const struct pipgate_layer layer = {.kind = PIPGATE_LAYER_USER, .name = file, .may_loosen = true};
	struct pipgate_policy *policy = NULL;
	const struct policy_feed *feeds;
	enum pipgate_status status;

	if (pipgate_policy_new(run, &policy) != PIPGATE_OK)
		die_no_memory();
	status = pipgate_policy_add(policy, &layer, text, error);
	if (status != PIPGATE_OK)
		return error_before(error, "%s", file), status;
	feeds = policy->feeds.items;
	if (!policy->feeds.n)
		return error_set(error, PIPGATE_INVALID, "%s: there is no feed in it; it begins with 'schema: pipgate/feeds/1', then 'feeds:'", file);
	out->from = file;
	for (size_t i = 0; i < policy->feeds.n && status == PIPGATE_OK; i++) {
		struct feed_source *source = must(list_push(run, &out->list, sizeof(*source)));

		status = source_of(run, file, &feeds[i], source, error);
	}
	return status;
}

/* Nothing is found where there is no file, which is an error where it was named. */
static enum pipgate_status of_file(struct pipgate_run *run, const char *file, bool named, enum place_owner owner, struct feeds *out,
	struct pipgate_error *error)
{
	struct place place;
	enum pipgate_status status = place_read(run, file, owner, &place, error);

	if (status != PIPGATE_OK)
		return status;
	if (!place.there)
		return named ? error_set(error, PIPGATE_INVALID, "%s: there is no such file of feeds", file) : PIPGATE_OK;
	return of_document(run, file, place.text, out, error);
}

static enum pipgate_status of_standard_files(struct pipgate_run *run, struct feeds *out, struct pipgate_error *error)
{
	const char *folder = home_folder(run, HOME_CONFIG);
	enum pipgate_status status = PIPGATE_OK;
	bool root = geteuid() == 0;

	for (int turn = 0; turn < 2 && status == PIPGATE_OK && !out->list.n; turn++)
		if ((turn == 0) == root) /* root makes the system's database */
			status = of_file(run, POLICY_SYSTEM_FOLDER "/" FILE_NAME, false, PLACE_OF_SYSTEM, out, error);
		else if (folder)
			status = of_file(run, text_format(run, "%s/" FILE_NAME, folder), false, PLACE_OF_USER, out, error);
	return status;
}

/* ---- the order ---- */

enum pipgate_status feeds_find(struct pipgate_run *run, const char *file, struct feeds *out, struct pipgate_error *error)
{
	const char *words = getenv("PIPGATE_FEEDS");
	struct pipgate_policy *policy = NULL;
	struct options options;
	char *none[] = {NULL}, **rest;
	const struct policy_value *wish;
	enum pipgate_status status = options_read(run, none, &options, &rest, error);

	*out = (struct feeds){0};
	if (status == PIPGATE_OK)
		status = policy_layers(run, &options, POLICY_FOR_GATE, &policy, error);
	if (status != PIPGATE_OK)
		return status;
	wish = &policy->values[POLICY_FEEDS];
	if (wish->locked && wish->word) {
		if (file)
			return error_set(error, PIPGATE_INVALID, "--feeds %s: feeds is locked by %s", file, wish->layer);
		return of_file(run, wish->word, true, PLACE_OF_SYSTEM, out, error);
	}
	if (file)
		return of_file(run, file, true, PLACE_OF_USER, out, error);
	if (words && span_trim(span_of(words)).n)
		return of_text(run, span_of(words), "PIPGATE_FEEDS", out, error);
	if (wish->word)
		return of_file(run, wish->word, true, PLACE_OF_USER, out, error);
	status = of_standard_files(run, out, error);
	if (status == PIPGATE_OK && !out->list.n)
		status = of_text(run, SPAN(DEFAULT_FEEDS), "the built-in feed", out, error);
	return status;
}
