/* SPDX-License-Identifier: Apache-2.0 */
/* What of a lock was chosen by --extra and --group, and what its markers say with that choice. */
#include "matcher/base/buf.h"
#include "wrapper/source/lock.h"

#include "matcher/base/banned.h"

#define MARKER_MAX ((size_t)1 << 20) /* of one marker; uv writes some of a few KB */
#define ALWAYS "sys_platform != \"\""
#define NEVER "sys_platform == \"\""

bool lock_chooses_all(const struct lock *lock)
{
	return !lock->gathering->settings->extras.n && !lock->gathering->settings->groups.n;
}

static bool named(struct lock *lock, const struct list *names, struct span name)
{
	const char *const *v = names->items;
	struct span wanted, normal;

	if (pipgate_name_normalize(lock->gathering->run, name, &normal) != PIPGATE_OK)
		die_no_memory();
	for (size_t i = 0; i < names->n; i++) {
		if (pipgate_name_normalize(lock->gathering->run, span_of(v[i]), &wanted) != PIPGATE_OK)
			die_no_memory();
		if (span_equal(normal, wanted))
			return true;
	}
	return false;
}

bool lock_chooses_extra(const struct lock *lock, struct span name)
{
	return lock_chooses_all(lock) || named((struct lock *)(uintptr_t)lock, &lock->gathering->settings->extras, name);
}

bool lock_chooses_group(const struct lock *lock, struct span name)
{
	const cJSON *item;

	if (lock_chooses_all(lock) || named((struct lock *)(uintptr_t)lock, &lock->gathering->settings->groups, name))
		return true;
	if (!lock->gathering->settings->groups.n)
		cJSON_ArrayForEach(item, lock->default_groups)
			if (span_equal(json_string(item), name))
				return true;
	return false;
}

/* ---- markers: what asks for extras and groups is answered, the rest is evaluated ---- */

/* A word, or a text in its quotes, of a canonical marker. */
static struct span take_word(struct span *rest)
{
	struct span word = *rest;
	const char *end;
	size_t n = 0;

	if (word.n && word.p[0] == '"') {
		end = memchr(word.p + 1, '"', word.n - 1);
		n = end ? (size_t)(end - word.p) + 1 : word.n;
	} else if (word.n && (word.p[0] == '(' || word.p[0] == ')')) {
		n = 1;
	} else {
		while (n < word.n && word.p[n] != ' ' && word.p[n] != '(' && word.p[n] != ')')
			n++;
	}
	word.n = n;
	*rest = span_from(*rest, n);
	while (rest->n && rest->p[0] == ' ')
		*rest = span_from(*rest, 1);
	return word;
}

static struct span unquoted(struct span word)
{
	return word.n >= 2 && word.p[0] == '"' ? (struct span){word.p + 1, word.n - 2} : word;
}

/*
 * uv tells extras and groups that exclude each other apart by names of its own, "extra-7-project-cpu" and "group-7-project-dev": what
 * stands behind the length and the project's name.
 */
static struct span own_name(struct span name, size_t skip)
{
	struct span rest = span_from(name, skip);
	size_t length = 0;

	while (rest.n && ascii_digit(rest.p[0]) && length < 1000) {
		length = length * 10 + (size_t)(rest.p[0] - '0');
		rest = span_from(rest, 1);
	}
	return length && rest.n > length + 2 && rest.p[0] == '-' && rest.p[length + 1] == '-' ? span_from(rest, length + 2) : name;
}

static bool chosen(struct lock *lock, struct span variable, struct span name)
{
	if (span_is(variable, "dependency_groups"))
		return lock_chooses_group(lock, name);
	if (span_starts(name, SPAN("group-")) && !span_equal(own_name(name, 6), name))
		return lock_chooses_group(lock, own_name(name, 6));
	if (span_starts(name, SPAN("extra-")))
		name = own_name(name, 6);
	return lock_chooses_extra(lock, name);
}

static bool asks_for_choice(struct span word)
{
	return span_is(word, "extra") || span_is(word, "extras") || span_is(word, "dependency_groups");
}

/* One comparison, which begins with this word. */
static void put_comparison(struct lock *lock, struct buf *out, struct span left, struct span *rest)
{
	struct span sign = take_word(rest), right;
	bool negative = span_is(sign, "not") || span_is(sign, "!="), left_asks = asks_for_choice(left), holds;

	if (span_is(sign, "not"))
		take_word(rest);
	right = take_word(rest);
	if (!left_asks && !asks_for_choice(right)) {
		buf_format(out, SPAN_FMT " " SPAN_FMT "%s " SPAN_FMT, SPAN_ARG(left), SPAN_ARG(sign), span_is(sign, "not") ? " in" : "",
			SPAN_ARG(right));
		return;
	}
	holds = left_asks ? chosen(lock, left, unquoted(right)) : chosen(lock, right, unquoted(left));
	buf_text(out, lock_chooses_all(lock) || holds != negative ? ALWAYS : NEVER);
}

static void put_answered(struct lock *lock, struct buf *out, struct span marker)
{
	while (marker.n) {
		struct span word = take_word(&marker);

		if (out->n)
			buf_byte(out, ' ');
		if (span_is(word, "(") || span_is(word, ")") || span_is(word, "and") || span_is(word, "or"))
			buf_span(out, word);
		else
			put_comparison(lock, out, word, &marker);
	}
}

static bool holds_text(struct span all, const char *part)
{
	return memmem(all.p, all.n, part, strlen(part)) != NULL;
}

enum pipgate_status lock_marker(struct lock *lock, struct span marker, bool *holds)
{
	struct pipgate_run *run = lock->gathering->run;
	enum pipgate_status status = PIPGATE_OK;
	struct pipgate_error why;
	struct buf answered;

	*holds = true;
	if (!marker.n)
		return PIPGATE_OK;
	buf_init(&answered, NULL, MARKER_MAX);
	if (holds_text(marker, "extra") || holds_text(marker, "dependency_groups")) {
		status = pipgate_marker_canonical(run, marker, &marker, &why);
		if (status == PIPGATE_OK) {
			put_answered(lock, &answered, marker);
			status = buf_status(&answered);
			marker = buf_view(&answered);
		}
	}
	if (status == PIPGATE_OK)
		status = pipgate_marker_evaluate(run, marker, &lock->gathering->inventory->environment, SPAN(""), holds, &why);
	if (status != PIPGATE_OK)
		status = lock_refuse(lock, "the marker " SPAN_FMT ": %s", SPAN_ARG(marker), why.text);
	buf_fini(&answered);
	return status;
}
