/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/source/resolve.h"

#include <limits.h>
#include <unistd.h>

#include "wrapper/cache.h"
#include "wrapper/keep.h"
#include "wrapper/pip/index.h"
#include "wrapper/pip/quietly.h"
#include "wrapper/source/target.h"
#include "wrapper/status.h"
#include "wrapper/temporary.h"

#include "matcher/base/banned.h"

#define MATERIAL_MAX ((size_t)256 << 20)

static const struct cache_kind resolutions = {"resolutions", PIP_REPORT_MAX, 64};

extern char **environ;

/* ---- what an answer depends on, beside what is asked ---- */

/* pip's configuration: its variables, and its files where it looks for them. */
static void add_settings(struct gathering *g, struct buf *key)
{
	for (char **e = environ; *e; e++)
		if (strncmp(*e, "PIP_", 4) == 0 || strncmp(*e, "NETRC=", 6) == 0 || strncmp(*e, "PIPGATE_SDIST=", 14) == 0)
			buf_format(key, "%s\n", *e);
	for (char **file = pip_config_files(g->run, &g->pip, NULL); *file; file++) {
		struct span text;

		if (keep_file(g->run, *file, PIP_CONFIG_MAX, &text, NULL) != PIPGATE_OK)
			continue;
		buf_format(key, "%s %zu\n", *file, text.n);
		buf_span(key, text);
	}
}

static void make_key(struct gathering *g, struct resolution *r, struct buf *key)
{
	char *const *words = r->words.list.items;
	const char *temporary = temporary_folder(NULL); /* another one each time: what is copied there is known by its bytes */
	char folder[PATH_MAX];

	buf_format(key, "%s %s %s %d\n%s\n", g->pip.python, g->pip.python_version, g->pip.version, g->settings->build,
		getcwd(folder, sizeof(folder)) ? folder : "");
	for (size_t i = 0; i < r->words.list.n; i++)
		buf_format(key, "%s\n", temporary && strncmp(words[i], temporary, strlen(temporary)) == 0 ? "(a copy)" : words[i]);
	add_settings(g, key);
	if (r->material.n)
		buf_span(key, buf_view(&r->material));
}

/* ---- asking ---- */

enum pipgate_status resolve_options(struct gathering *g, struct words *words, struct pipgate_error *error)
{
	if (g->settings->require_hashes)
		words_add(words, "--require-hashes");
	source_index_words(g->settings, words);
	return target_pip_words(g->settings, words, error);
}

/* pip's report of what it would install. */
static enum pipgate_status ask(struct gathering *g, struct resolution *r, struct span *out, struct pipgate_error *error)
{
	const char *folder = temporary_folder(error);
	struct dry_run dry = {.python = g->pip.python, .ignore_installed = true, .build = g->settings->build, .words = words_end(&r->words)};
	enum pipgate_status status;
	struct span said;
	int code = -1;

	if (!folder)
		return PIPGATE_FAILED;
	dry.report = text_format(g->run, "%s/resolved.json", folder);
	status = pip_dry_run(g->run, &dry, &code, &said, error);
	dry.malicious = status == PIPGATE_OK && code == EXIT_BLOCKED && g->settings->build;
	if (dry.malicious)
		status = pip_dry_run(g->run, &dry, &code, &said, error);
	if (status != PIPGATE_OK)
		return status;
	if (code)
		return error_set(error, PIPGATE_INVALID, "pip could not resolve it: " SPAN_FMT "%s", SPAN_ARG(pip_last_word(said)),
			g->settings->build ? "" : " (source distributions are left out, as sdist is block)");
	return keep_file(g->run, dry.report, PIP_REPORT_MAX, out, error);
}

/* A kept answer that cannot be read is none. */
static bool kept_answer(struct gathering *g, struct cache *cache, struct span key, struct plan *out)
{
	struct cached kept;

	return cache_get(cache, key, &kept) && kept.age >= 0 && kept.age <= RESOLUTION_SECONDS &&
		report_read(g->run, kept.body, out, NULL) == PIPGATE_OK;
}

static enum pipgate_status fresh_answer(struct gathering *g, struct resolution *r, struct cache *cache, struct span key, struct plan *out,
	struct pipgate_error *error)
{
	struct span answer = {NULL, 0};
	enum pipgate_status status = ask(g, r, &answer, error);

	if (status == PIPGATE_OK && r->unchanged)
		status = r->unchanged(r->ctx, error);
	if (status == PIPGATE_OK)
		status = report_read(g->run, answer, out, error);
	if (status == PIPGATE_OK)
		cache_put(cache, key, "", answer);
	return status;
}

static enum pipgate_status answer_of(struct gathering *g, struct resolution *r, struct buf *key, struct plan *out, struct pipgate_error *error)
{
	enum pipgate_status status = PIPGATE_OK;
	struct cache cache = {.folder = -1};

	make_key(g, r, key);
	if (buf_status(key) != PIPGATE_OK || buf_status(&r->material) != PIPGATE_OK)
		return error_set(error, PIPGATE_LIMIT, "what is asked is larger than %zu bytes", MATERIAL_MAX);
	if (!g->settings->no_cache && !r->passing)
		cache_open(&cache, g->run, &resolutions, g->settings->cache_dir);
	if (!kept_answer(g, &cache, buf_view(key), out))
		status = fresh_answer(g, r, &cache, buf_view(key), out, error);
	cache_close(&cache);
	return status;
}

enum pipgate_status resolve(struct gathering *g, struct resolution *r, struct plan *out, struct pipgate_error *error)
{
	enum pipgate_status status = gathering_pip(g, true, error);
	struct buf key;

	buf_init(&key, NULL, MATERIAL_MAX);
	if (status == PIPGATE_OK && !pip_at_least(&g->pip, 22, 2))
		status = error_set(error, PIPGATE_INVALID, "pip %s cannot tell what it would install: upgrade it to 22.2 or later, name another "
			"Python with --python, or audit a fully pinned file with --no-deps", g->pip.version);
	if (status == PIPGATE_OK)
		status = resolve_options(g, &r->words, error);
	if (status == PIPGATE_OK)
		status = answer_of(g, r, &key, out, error);
	if (status == PIPGATE_OK && (g->settings->target || g->settings->target_python)) /* pip's report tells of the Python that ran it */
		status = gathering_markers(g, error);
	else if (status == PIPGATE_OK)
		g->inventory->environment = out->environment;
	buf_fini(&key);
	buf_fini(&r->material);
	return status;
}
