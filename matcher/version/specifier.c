/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/version/specifier.h"

#include "matcher/base/arena.h"
#include "matcher/version/unicode.h"

#include "matcher/base/banned.h"

/* A longer operator before its own beginning. */
static const struct {
	enum specifier_operator operator;
	const char *text;
} operators[] = {
	{SPECIFIER_ARBITRARY, "==="},  {SPECIFIER_EQUAL, "=="},      {SPECIFIER_NOT_EQUAL, "!="},
	{SPECIFIER_COMPATIBLE, "~="},  {SPECIFIER_LESS_EQUAL, "<="}, {SPECIFIER_GREATER_EQUAL, ">="},
	{SPECIFIER_LESS, "<"},         {SPECIFIER_GREATER, ">"},
};
#define N_OPERATORS (sizeof(operators) / sizeof(*operators))

const char *specifier_text(enum specifier_operator operator)
{
	for (size_t i = 0; i < N_OPERATORS; i++)
		if (operators[i].operator == operator)
			return operators[i].text;
	return "";
}

static bool equality(enum specifier_operator operator)
{
	return operator == SPECIFIER_EQUAL || operator == SPECIFIER_NOT_EQUAL;
}

/* "===" takes anything up to white space, a semicolon (a marker follows) or a closing parenthesis. */
static size_t arbitrary_length(struct span text)
{
	size_t n = 0;

	while (n < text.n && text.p[n] != ';' && text.p[n] != ')' && !unicode_space(span_from(text, n)))
		n++;
	return n;
}

static size_t version_length(struct span text, struct specifier *out)
{
	size_t n = version_scan(text, equality(out->operator), &out->parts);
	const struct version_parts *parts = &out->parts;

	if (!n || (out->operator == SPECIFIER_COMPATIBLE && parts->n_release < 2))
		return 0;
	if (equality(out->operator) && !parts->pre && !parts->post && !parts->dev && !parts->local.n &&
	    span_starts(span_from(text, n), SPAN(".*"))) {
		out->wildcard = true;
		n += 2;
	}
	return n;
}

size_t specifier_scan(struct span text, struct specifier *out)
{
	struct span rest = text;
	size_t n;

	*out = (struct specifier){.operator = SPECIFIER_NONE};
	for (size_t i = 0; i < N_OPERATORS && !out->operator; i++) {
		struct span sign = span_of(operators[i].text);

		if (span_starts(text, sign)) {
			out->operator = operators[i].operator;
			rest = span_from(text, sign.n);
		}
	}
	if (!out->operator)
		return 0;
	while ((n = unicode_space(rest)) > 0)
		rest = span_from(rest, n);
	if (out->operator == SPECIFIER_ARBITRARY) {
		n = arbitrary_length(rest);
	} else {
		n = version_length(rest, out);
		if (!n)
			return 0;
	}
	out->version = (struct span){rest.p, n};
	return (size_t)(rest.p - text.p) + n;
}

enum pipgate_status specifier_parse(struct pipgate_run *run, struct span text, struct specifier *out)
{
	text = unicode_trim(text);
	if (!text.n || specifier_scan(text, out) != text.n)
		return PIPGATE_INVALID;
	if (out->operator == SPECIFIER_ARBITRARY)
		return PIPGATE_OK;
	return version_key(run, &out->parts, &out->key);
}

enum pipgate_status candidate_parse(struct pipgate_run *run, struct span text, struct specifier_candidate *out)
{
	*out = (struct specifier_candidate){.text = text};
	out->valid = version_split(text, &out->parts);
	return out->valid ? version_key(run, &out->parts, &out->key) : PIPGATE_OK;
}

static bool number_equal(struct span a, struct span b)
{
	return span_equal(version_number(a), version_number(b));
}

/* Are the first n numbers of the release those of the specifier, within one epoch? A number that is missing is 0. */
static bool release_starts(const struct version_parts *candidate, const struct version_parts *wanted, size_t n)
{
	struct span a = candidate->release, b = wanted->release;

	if (!number_equal(candidate->epoch, wanted->epoch))
		return false;
	while (n--)
		if (!number_equal(span_split(&a, '.'), span_split(&b, '.')))
			return false;
	return true;
}

static struct span public_key(const struct pipgate_version *version)
{
	return (struct span){version->key.p, version->public_n};
}

/* A specifier without a local label does not look at the candidate's. */
static bool matches_equal(const struct specifier *specifier, const struct specifier_candidate *candidate)
{
	if (specifier->wildcard)
		return release_starts(&candidate->parts, &specifier->parts, specifier->parts.n_release);
	if (specifier->parts.local.n)
		return span_equal(candidate->key.key, specifier->key.key);
	return span_equal(public_key(&candidate->key), specifier->key.key);
}

/* ">1.0" leaves out 1.0 with any local label and every post-release of 1.0: all that continues its key up to the
 * stage. ">1.0.post1" and ">1.0.dev1" leave out their own local labels only. */
static bool matches_greater(const struct specifier *specifier, const struct specifier_candidate *candidate)
{
	struct span wanted = specifier->key.key, has = candidate->key.key, family = {wanted.p, wanted.n - 1};

	if (specifier->parts.dev || specifier->parts.post)
		return span_compare(public_key(&candidate->key), wanted) > 0;
	if (span_compare(has, wanted) <= 0)
		return false;
	return !span_starts(has, family) || (unsigned char)has.p[family.n] >= KEY_NUMBER;
}

enum pipgate_status specifier_first(struct pipgate_run *run, const struct specifier *specifier, struct span *key)
{
	struct version_parts parts = specifier->parts;
	struct pipgate_version first;
	enum pipgate_status status;

	parts.dev = true;
	parts.dev_n = (struct span){NULL, 0};
	status = version_key(run, &parts, &first);
	if (status == PIPGATE_OK)
		*key = first.key;
	return status;
}

/* "<1.0" leaves out the pre-releases of 1.0, of which 1.0.dev0 is the first; "<1.0rc1" is as it reads. */
static enum pipgate_status matches_less(struct pipgate_run *run, const struct specifier *specifier,
	const struct specifier_candidate *candidate, bool *out)
{
	struct span bound = specifier->key.key;
	enum pipgate_status status = specifier->key.prerelease ? PIPGATE_OK : specifier_first(run, specifier, &bound);

	if (status == PIPGATE_OK)
		*out = span_compare(candidate->key.key, bound) < 0;
	return status;
}

/* "===" compares text, without case. */
static enum pipgate_status matches_arbitrary(struct pipgate_run *run, struct span wanted, struct span has, bool *out)
{
	enum pipgate_status status = unicode_lower(run, wanted, &wanted);

	if (status == PIPGATE_OK)
		status = unicode_lower(run, has, &has);
	if (status == PIPGATE_OK)
		*out = span_equal(wanted, has);
	return status;
}

enum pipgate_status specifier_matches(struct pipgate_run *run, const struct specifier *specifier,
	const struct specifier_candidate *candidate, bool *out)
{
	struct span wanted = specifier->key.key, has = candidate->key.key;

	if (specifier->operator == SPECIFIER_ARBITRARY)
		return matches_arbitrary(run, specifier->version, candidate->text, out);
	*out = false;
	if (!candidate->valid)
		return PIPGATE_OK;
	switch (specifier->operator) {
	case SPECIFIER_EQUAL:
		*out = matches_equal(specifier, candidate);
		break;
	case SPECIFIER_NOT_EQUAL:
		*out = !matches_equal(specifier, candidate);
		break;
	case SPECIFIER_COMPATIBLE:
		*out = span_compare(has, wanted) >= 0 &&
		       release_starts(&candidate->parts, &specifier->parts, specifier->parts.n_release - 1);
		break;
	case SPECIFIER_LESS_EQUAL:
		*out = span_compare(public_key(&candidate->key), wanted) <= 0;
		break;
	case SPECIFIER_GREATER_EQUAL:
		*out = span_compare(has, wanted) >= 0;
		break;
	case SPECIFIER_LESS:
		return matches_less(run, specifier, candidate, out);
	case SPECIFIER_GREATER:
		*out = matches_greater(specifier, candidate);
		break;
	case SPECIFIER_NONE:
	case SPECIFIER_ARBITRARY:
		break;
	}
	return PIPGATE_OK;
}

enum pipgate_status pipgate_specifier_contains(struct pipgate_run *run, struct span specifiers, struct span version,
	enum pipgate_prereleases prereleases, bool *out)
{
	struct specifier_candidate candidate;
	enum pipgate_status status = candidate_parse(run, version, &candidate);
	bool all = true;

	/* every specifier is read, also behind one that does not match: the set is valid or it is not */
	while (status == PIPGATE_OK && specifiers.n) {
		struct span text = unicode_trim(span_split(&specifiers, ','));
		struct specifier specifier;
		bool one = false;

		if (!text.n)
			continue;
		status = specifier_parse(run, text, &specifier);
		if (status == PIPGATE_OK)
			status = specifier_matches(run, &specifier, &candidate, &one);
		all = all && one;
	}
	if (status != PIPGATE_OK)
		return status;
	/* A single version has no final release beside it, so AUTO lets a pre-release through (packaging 26). */
	if (prereleases == PIPGATE_PRERELEASES_NO && candidate.valid && candidate.key.prerelease)
		all = false;
	*out = all;
	return PIPGATE_OK;
}
