/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/source/requirement_options.h"

#include "matcher/base/banned.h"

enum what {
	PASS, /* to pip's finder */
	NESTED,
	CONSTRAINT,
	EDITABLE,
	FIND_LINKS,
	HASH,
	REQUIRE_HASHES,
	BUILD,   /* KEY=VALUE for a build */
	NOTHING, /* taken, and of no use to us */
	LEAVE,   /* the same, and gone from new pips */
};

/* Those of all pips from 20.3 on: what one pip no longer takes, it will say itself. */
static const struct option_row {
	struct span name;
	char letter;
	bool value;
	enum what what;
} options[] = {
	{SPAN("requirement"), 'r', true, NESTED}, {SPAN("constraint"), 'c', true, CONSTRAINT}, {SPAN("editable"), 'e', true, EDITABLE},
	{SPAN("hash"), 0, true, HASH}, {SPAN("require-hashes"), 0, false, REQUIRE_HASHES}, {SPAN("no-require-hashes"), 0, false, NOTHING},
	{SPAN("index-url"), 'i', true, PASS}, {SPAN("pypi-url"), 0, true, PASS}, {SPAN("extra-index-url"), 0, true, PASS},
	{SPAN("no-index"), 0, false, PASS}, {SPAN("find-links"), 'f', true, FIND_LINKS}, {SPAN("no-binary"), 0, true, PASS},
	{SPAN("only-binary"), 0, true, PASS}, {SPAN("prefer-binary"), 0, false, PASS}, {SPAN("pre"), 0, false, PASS},
	{SPAN("all-releases"), 0, true, PASS}, {SPAN("only-final"), 0, true, PASS}, {SPAN("trusted-host"), 0, true, PASS},
	{SPAN("use-feature"), 0, true, PASS}, {SPAN("config-settings"), 'C', true, BUILD}, {SPAN("config-setting"), 0, true, BUILD},
	{SPAN("global-option"), 0, true, LEAVE}, {SPAN("install-option"), 0, true, LEAVE},
};
#define N_OPTIONS (sizeof(options) / sizeof(*options))

/* By its whole name, or by a beginning that only one has (names of one option count as one; what new pips no longer have, not). */
static const struct option_row *find_long(struct span name)
{
	const struct option_row *found = NULL;
	size_t n = 0;

	for (size_t i = 0; i < N_OPTIONS; i++) {
		if (span_equal(options[i].name, name))
			return &options[i];
		if (!span_starts(options[i].name, name) || options[i].what == LEAVE || (found && found->what == BUILD && options[i].what == BUILD))
			continue;
		found = &options[i];
		n++;
	}
	return n == 1 ? found : NULL;
}

static const struct option_row *find_letter(char letter)
{
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (options[i].letter == letter)
			return &options[i];
	return NULL;
}

static void keep(struct pipgate_run *run, struct list *list, struct span value)
{
	*(struct span *)must(list_push(run, list, sizeof(value))) = value;
}

/* Only what cannot be broken by accident or by will counts as a hash. */
static bool is_hash(struct span value)
{
	const struct span algorithm = span_split(&value, ':');

	return span_is(algorithm, "sha256") || span_is(algorithm, "sha384") || span_is(algorithm, "sha512");
}

static const char *take(struct pipgate_run *run, struct line_options *out, const struct option_row *row, struct span value)
{
	struct span *const first[] = {[NESTED] = &out->requirement, [CONSTRAINT] = &out->constraint, [EDITABLE] = &out->editable,
		[FIND_LINKS] = &out->find_links};

	switch (row->what) {
	case NESTED:
	case CONSTRAINT:
	case EDITABLE:
	case FIND_LINKS:
		if (!first[row->what]->p)
			*first[row->what] = value;
		break;
	case PASS:
		keep(run, &out->pass, must_span(arena_format(run, "--" SPAN_FMT, SPAN_ARG(row->name))));
		if (row->value)
			keep(run, &out->pass, value);
		break;
	case HASH:
		if (!is_hash(value))
			return "no hash as pip takes it, like --hash=sha256:abcde…";
		keep(run, &out->hashes, value);
		break;
	case BUILD:
		if (!memchr(value.n ? value.p : "", '=', value.n))
			return "a build's setting must be of the form KEY=VALUE";
		keep(run, &out->config, value);
		break;
	case REQUIRE_HASHES:
		out->require_hashes = true;
		break;
	case NOTHING:
	case LEAVE:
		break;
	}
	return NULL;
}

/* The option of v[*at], and its value, which may be the next word. */
static const char *take_word(struct pipgate_run *run, const struct span *v, size_t n, size_t *at, struct line_options *out)
{
	const struct span word = v[(*at)++];
	const bool is_long = span_starts(word, SPAN("--"));
	struct span value = span_from(word, 2), name = is_long ? span_split(&value, '=') : (struct span){NULL, 0};
	const struct option_row *row = is_long ? find_long(name) : find_letter(word.p[1]);
	const bool joined = is_long ? name.n + 2 < word.n : word.n > 2;

	if (!row)
		return "no such option in a requirements file";
	if (!row->value)
		return joined ? "this option takes no value" : take(run, out, row, (struct span){NULL, 0});
	if (!joined && *at == n)
		return "this option needs a value";
	if (!joined)
		value = v[(*at)++];
	return take(run, out, row, value.p ? value : SPAN(""));
}

enum pipgate_status line_options_read(struct pipgate_run *run, const struct list *words, struct line_options *out, const char **why,
	struct span *word)
{
	const struct span *v = words->items;
	size_t at = 0;

	*out = (struct line_options){0};
	*why = NULL;
	while (at < words->n && !*why) {
		*word = v[at];
		if (span_is(*word, "--"))
			break; /* as optparse: what follows is no option, and nobody looks at it */
		if (word->n < 2 || word->p[0] != '-')
			at++;
		else
			*why = take_word(run, v, words->n, &at, out);
	}
	return *why ? PIPGATE_INVALID : PIPGATE_OK;
}
