/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/facts/sources.h"

#include "wrapper/pip/index.h"
#include "wrapper/service/asking.h"

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

/* What is configured, then what is given: pip's options that repeat are added to the configured ones. */
static void each_value(const struct facts_request *r, const char *name, void (*take)(const struct facts_request *, struct sources *, struct span),
	struct sources *out)
{
	const char *set = pip_setting(r->run, r->pip, r->settings, name);
	struct span rest = span_of(set ? set : ""), word;

	while ((word = word_next(&rest)).n)
		take(r, out, word);
	for (size_t i = 0; r->arguments && i < r->arguments->n; i++)
		if (option_is(&r->arguments->v[i], name) && r->arguments->v[i].value)
			take(r, out, span_trim(span_of(r->arguments->v[i].value)));
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

	if (!given && r->settings) /* its variables are not in our environment */
		given = pip_setting(r->run, r->pip, r->settings, "index-url");
	if (!given || !*given)
		given = index_simple(r->run, r->pip, NULL);
	*built_in = !given;
	return given ? given : index_ask(r->run, r->pip, NULL);
}

void sources_find(const struct facts_request *r, struct sources *out)
{
	const char *no_index = one_value(r, "no-index"), *url;
	bool built_in;

	*out = (struct sources){0};
	if (option_given(r->arguments, "no-index") || (no_index && strchr("1yYtT", *no_index)))
		return;
	url = index_main(r, &built_in);
	if (url)
		index_add(r, out, span_of(url));
	if (out->n)
		out->v[0].built_in = built_in;
	each_value(r, "extra-index-url", index_add, out);
	each_value(r, "trusted-host", host_trust, out);
	out->cert = one_value(r, "cert");
	out->client = one_value(r, "client-cert");
	out->proxy = one_value(r, "proxy");
}
