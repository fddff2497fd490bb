/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/policy/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "matcher/base/arena.h"

#include "matcher/base/banned.h"

#define PATTERN_OPTIONS                                                                                                     \
	(PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_CASELESS | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP |    \
		PCRE2_NEVER_BACKSLASH_C)

/* PCRE2's memory is the run's: a failure becomes a status, and nothing has to be freed. */
static void *memory_take(size_t bytes, void *run)
{
	return arena_alloc(run, bytes);
}

static void memory_leave(void *block, void *run)
{
	(void)block;
	(void)run;
}

static enum pipgate_status no_memory(struct pipgate_error *error)
{
	return error_set(error, PIPGATE_NO_MEMORY, "out of memory");
}

/* A plain name with "_" looks right and would never match: normalized names have "-" there. */
static bool never_matches(struct span text)
{
	bool underscore = false;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (!ascii_alpha(c) && !ascii_digit(c) && c != '.' && c != '-' && c != '_')
			return false;
		underscore |= c == '_';
	}
	return underscore;
}

static enum pipgate_status pattern_check(struct span text, struct pipgate_error *error)
{
	if (!text.n)
		return error_set(error, PIPGATE_INVALID, "an empty pattern matches no name");
	if (text.n > PATTERN_BYTES_MAX)
		return error_set(error, PIPGATE_INVALID, "a pattern of %zu bytes, the limit is %d", text.n, PATTERN_BYTES_MAX);
	if (never_matches(text))
		return error_set(error, PIPGATE_INVALID, "'" SPAN_FMT "' can never match: normalized names have '-' in place of '_'",
			SPAN_ARG(text));
	return PIPGATE_OK;
}

/* Most patterns of a long list end here, without PCRE2. */
static size_t literal_prefix(struct span text)
{
	size_t n = 0;

	if (text.n && memchr(text.p, '|', text.n))
		return 0;
	while (n < text.n && (ascii_alpha(text.p[n]) || ascii_digit(text.p[n]) || text.p[n] == '-'))
		n++;
	if (n && n < text.n && (text.p[n] == '*' || text.p[n] == '?' || text.p[n] == '{'))
		n--; /* the last one may be missing */
	return n;
}

static enum pattern_kind kind_of(struct span text)
{
	struct span rest = span_from(text, literal_prefix(text));

	return !rest.n ? PATTERN_LITERAL : span_is(rest, ".*") ? PATTERN_BEGINNING : PATTERN_REGEX;
}

static enum pipgate_status compile_failed(struct span text, int code, size_t at, struct pipgate_error *error)
{
	PCRE2_UCHAR why[160] = "";

	if (code == PCRE2_ERROR_HEAP_FAILED)
		return no_memory(error);
	pcre2_get_error_message(code, why, sizeof(why));
	return error_set(error, PIPGATE_INVALID, "'" SPAN_FMT "': byte %zu: %s", SPAN_ARG(text), at, (const char *)why);
}

enum pipgate_status pattern_compile(struct pipgate_run *run, struct span text, const char *layer, struct pattern *out,
	struct pipgate_error *error)
{
	enum pipgate_status status = pattern_check(text, error);
	struct span kept = arena_copy(run, text);
	pcre2_general_context *memory;
	pcre2_compile_context *limits;
	pcre2_code *code;
	size_t at = 0;
	int failure = 0;

	if (status != PIPGATE_OK)
		return status;
	if (!kept.p)
		return no_memory(error);
	*out = (struct pattern){kept, layer, NULL, kind_of(kept), literal_prefix(kept)};
	if (out->kind != PATTERN_REGEX)
		return PIPGATE_OK;
	memory = pcre2_general_context_create(memory_take, memory_leave, run);
	limits = memory ? pcre2_compile_context_create(memory) : NULL;
	if (!limits)
		return no_memory(error);
	pcre2_set_max_pattern_length(limits, PATTERN_BYTES_MAX);
	pcre2_set_parens_nest_limit(limits, PATTERN_NESTING_MAX);
	code = pcre2_compile((PCRE2_SPTR)kept.p, kept.n, PATTERN_OPTIONS, &failure, &at, limits);
	if (!code)
		return compile_failed(text, failure, at, error);
	out->code = code;
	return PIPGATE_OK;
}

enum pipgate_status pattern_matcher_init(struct pipgate_run *run, struct pattern_matcher *out)
{
	pcre2_general_context *memory = pcre2_general_context_create(memory_take, memory_leave, run);
	pcre2_match_context *limits = memory ? pcre2_match_context_create(memory) : NULL;
	pcre2_match_data *data = memory ? pcre2_match_data_create(1, memory) : NULL;

	if (!limits || !data)
		return PIPGATE_NO_MEMORY;
	pcre2_set_match_limit(limits, PATTERN_STEPS_MAX);
	pcre2_set_depth_limit(limits, PATTERN_DEPTH_MAX);
	pcre2_set_heap_limit(limits, PATTERN_HEAP_KIB_MAX);
	*out = (struct pattern_matcher){data, limits};
	return PIPGATE_OK;
}

enum pipgate_status pattern_match(const struct pattern_matcher *matcher, const struct pattern *pattern, struct span name, bool *out,
	struct pipgate_error *error)
{
	PCRE2_UCHAR why[160] = "";
	int found;

	if (name.n < pattern->prefix ||
		!span_equal_nocase((struct span){name.p, pattern->prefix}, (struct span){pattern->text.p, pattern->prefix})) {
		*out = false;
		return PIPGATE_OK;
	}
	if (pattern->kind != PATTERN_REGEX) { /* "." is any byte but a line's end */
		*out = pattern->kind == PATTERN_BEGINNING ? !memchr(name.p, '\n', name.n) : name.n == pattern->prefix;
		return PIPGATE_OK;
	}
	found = pcre2_match(pattern->code, (PCRE2_SPTR)name.p, name.n, 0, 0, matcher->data, matcher->limits);
	if (found >= 0 || found == PCRE2_ERROR_NOMATCH) {
		*out = found >= 0;
		return PIPGATE_OK;
	}
	if (found == PCRE2_ERROR_NOMEMORY)
		return no_memory(error);
	pcre2_get_error_message(found, why, sizeof(why));
	return error_set(error, PIPGATE_INVALID, "the pattern '" SPAN_FMT "' (%s) cannot be decided for '%.*s': %s",
		SPAN_ARG(pattern->text), pattern->layer, (int)(name.n > 100 ? 100 : name.n), name.p, (const char *)why);
}
