/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/facts/sources.h"

#include "wrapper/pip/index.h"
#include "wrapper/service/asking.h"
#include "wrapper/source/requirement_file.h"

#include "matcher/base/banned.h"

static bool option_is(const struct argument *argument, const char *name)
{
	struct span names = span_of(argument->option ? argument->option->names : "");

	return span_is(span_split(&names, ' '), name);
}

const char *option_given(const struct arguments *arguments, const char *name)
{
	for (size_t i = arguments ? arguments->n : 0; i-- > 0;)
		if (option_is(&arguments->v[i], name))
			return arguments->v[i].value ? arguments->v[i].value : "";
	return NULL;
}

/* The next word of a list, which is separated by white space; n 0: none. */
static struct span word_next(struct span *rest)
{
	struct span word = span_trim(*rest);
	size_t n = 0;

	while (n < word.n && !ascii_space(word.p[n]))
		n++;
	*rest = span_from(word, n);
	return (struct span){word.p, n};
}

typedef void take(const struct facts_request *r, struct sources *out, struct span value);

static void each_word(const struct facts_request *r, struct sources *out, const char *words, take *each)
{
	struct span rest = span_of(words ? words : ""), word;

	while ((word = word_next(&rest)).n)
		each(r, out, word);
}

static void each_given(const struct facts_request *r, struct sources *out, const struct arguments *arguments, const char *name, take *each)
{
	for (size_t i = 0; arguments && i < arguments->n; i++)
		if (option_is(&arguments->v[i], name) && arguments->v[i].value)
			each(r, out, span_trim(span_of(arguments->v[i].value)));
}

/* What is configured, then what is given: pip's options that repeat are added to the configured ones. */
static void each_value(const struct facts_request *r, const char *name, take *each, struct sources *out)
{
	each_word(r, out, pip_setting(r->run, r->pip, r->settings, name), each);
	each_given(r, out, r->arguments, name, each);
}

static void index_add(const struct facts_request *r, struct sources *out, struct span url)
{
	const char *public;

	while (span_ends(url, SPAN("/")))
		url.n--;
	if (!span_starts(url, SPAN("http://")) && !span_starts(url, SPAN("https://")))
		return; /* a folder has no facts */
	url = must_span(arena_copy(r->run, url));
	public = url_public(r->run, url.p);
	for (size_t i = 0; i < out->n; i++)
		if (strcmp(out->v[i].public, public) == 0)
			return;
	if (out->n < SOURCES_MAX)
		out->v[out->n++] = (struct source_index){.url = url.p, .public = public, .credentials = strlen(public) != url.n};
}

/* "host" is trusted at any port, "host:port" at that one. */
static void host_trust(const struct facts_request *r, struct sources *out, struct span host)
{
	(void)r;
	for (size_t i = 0; i < out->n; i++) {
		struct span rest = span_of(strstr(out->v[i].public, "://") + 3), place = span_split(&rest, '/');
		const char *colon = place.n ? memrchr(place.p, ':', place.n) : NULL;
		struct span name = {place.p, colon ? (size_t)(colon - place.p) : place.n};

		out->v[i].trusted |= span_equal_nocase(place, host) || span_equal_nocase(name, host);
	}
}

static const char *one_value(const struct facts_request *r, const char *name)
{
	const char *given = option_given(r->arguments, name);

	return given ? given : pip_setting(r->run, r->pip, r->settings, name);
}

static const char *index_main(const struct facts_request *r, bool *built_in)
{
	const char *given = option_given(r->arguments, "index-url");

	if (!given || !*given)
		given = pip_setting(r->run, r->pip, r->settings, "index-url");
	if (!given)
		given = pip_setting(r->run, r->pip, r->settings, "pypi-url"); /* its old name */
	*built_in = !given;
	return given ? given : index_default(r->run, r->pip);
}

static bool no_index(const struct facts_request *r)
{
	return option_given(r->arguments, "no-index") || pip_true(span_of(pip_setting(r->run, r->pip, r->settings, "no-index")));
}

/* ---- what requirements files say, of which pip takes the last word ---- */

static void file_take(const struct facts_request *r, const char *path, struct sources *out)
{
	struct requirement_files files = {.run = r->run};
	struct words words = {.run = r->run};
	struct arguments given;
	const char *url;

	if (!requirement_file_stays(path) || requirement_file_read(&files, path, NULL) != PIPGATE_OK)
		return; /* one that can be read once was pip's; of a broken one pip tells itself */
	for (size_t i = 0; i < files.options.n; i++)
		words_add(&words, ((const char *const *)files.options.items)[i]);
	arguments_read(r->run, words_end(&words), PIP_INSTALL, &given);
	url = option_given(&given, "index-url");
	if (url || option_given(&given, "no-index"))
		out->n = 0;
	if (option_given(&given, "no-index"))
		return;
	if (url)
		index_add(r, out, span_of(url));
	each_given(r, out, &given, "extra-index-url", index_add);
	each_given(r, out, &given, "trusted-host", host_trust);
}

static void files_take(const struct facts_request *r, struct sources *out)
{
	for (size_t i = 0; r->arguments && i < r->arguments->n; i++) {
		const struct argument *a = &r->arguments->v[i];

		if (a->option && (a->option->role == ROLE_REQUIREMENT || a->option->role == ROLE_CONSTRAINT) && a->value)
			file_take(r, a->value, out);
	}
}

void sources_find(const struct facts_request *r, struct sources *out)
{
	const char *url;
	bool built_in;

	*out = (struct sources){0};
	if (no_index(r))
		return;
	url = index_main(r, &built_in);
	if (url)
		index_add(r, out, span_of(url));
	if (out->n)
		out->v[0].built_in = built_in;
	each_value(r, "extra-index-url", index_add, out);
	files_take(r, out);
	each_value(r, "trusted-host", host_trust, out);
	out->cert = one_value(r, "cert");
	out->client = one_value(r, "client-cert");
	out->proxy = one_value(r, "proxy");
}
