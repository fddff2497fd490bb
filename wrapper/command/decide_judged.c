/* SPDX-License-Identifier: Apache-2.0 */
/* What was judged, written back for the hook: it holds the files that pip opens against it and needs no reader of JSON. */
#include <stdlib.h>

#include "shims/hook/protocol.h"
#include "wrapper/command/decide.h"
#include "wrapper/file.h"

#include "matcher/base/banned.h"

static unsigned hex_of(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (unsigned)(found - digits) % 16 : 16;
}

/* The file's name in a URL, its %XX resolved; pip gives the file that name. */
static void file_name(struct buf *out, struct span url)
{
	struct span path = span_split(&url, '#');

	path = span_split(&path, '?');
	for (size_t i = path.n; i-- > 0;)
		if (path.p[i] == '/') {
			path = span_from(path, i + 1);
			break;
		}
	for (size_t i = 0; i < path.n; i++) {
		unsigned high = i + 2 < path.n && path.p[i] == '%' ? hex_of(path.p[i + 1]) : 16;
		unsigned low = high < 16 ? hex_of(path.p[i + 2]) : 16;

		if (low < 16 && (high || low)) {
			buf_byte(out, (unsigned char)(high << 4 | low));
			i += 2;
		} else
			buf_byte(out, (unsigned char)path.p[i]);
	}
}

/* White space of a folded header is one space, as the shim writes it. */
static struct span flat(struct pipgate_run *run, struct span text)
{
	struct span result;
	struct buf out;

	buf_init(&out, NULL, DECIDE_KEYS_MAX);
	for (size_t i = 0; i < text.n; i++)
		if (!ascii_space(text.p[i]))
			buf_byte(&out, (unsigned char)text.p[i]);
		else if (out.n && out.p[out.n - 1] != ' ')
			buf_byte(&out, ' ');
	if (out.n && out.p[out.n - 1] == ' ')
		out.n--;
	result = must_span(arena_copy(run, buf_view(&out)));
	buf_fini(&out);
	return result;
}

static int by_bytes(const void *a, const void *b)
{
	return span_compare(*(const struct span *)a, *(const struct span *)b);
}

/* Name, version, then what it requires, sorted: a line each. */
static void metadata(struct buf *out, struct pipgate_run *run, const struct pipgate_component *c)
{
	struct span *requires = must(arena_array(run, c->n_requires_dist + 1, sizeof(*requires)));

	buf_span(out, c->shown_name);
	buf_byte(out, '\n');
	buf_span(out, c->version);
	for (size_t i = 0; i < c->n_requires_dist; i++)
		requires[i] = flat(run, c->requires_dist[i]);
	if (c->n_requires_dist)
		qsort(requires, c->n_requires_dist, sizeof(*requires), by_bytes);
	for (size_t i = 0; i < c->n_requires_dist; i++) {
		buf_byte(out, '\n');
		buf_span(out, requires[i]);
	}
}

static void record(struct buf *out, struct pipgate_run *run, const struct pipgate_component *c)
{
	buf_text(out, "name=");
	buf_span(out, c->name);
	buf_byte(out, 0);
	buf_text(out, "file=");
	file_name(out, c->url);
	buf_byte(out, 0);
	if (c->sdist) {
		buf_text(out, "built=1");
		buf_byte(out, 0);
	}
	if (c->sha256.n) {
		buf_text(out, "sha256=");
		for (size_t i = 0; i < c->sha256.n; i++)
			buf_byte(out, (unsigned char)(c->sha256.p[i] >= 'A' && c->sha256.p[i] <= 'F' ? c->sha256.p[i] + 32 : c->sha256.p[i]));
		buf_byte(out, 0);
	}
	if (!c->sdist) {
		buf_text(out, "metadata=");
		metadata(out, run, c);
		buf_byte(out, 0);
	}
	buf_byte(out, 0);
}

enum pipgate_status judged_write(struct pipgate_run *run, const struct plan *plan, size_t planned, const char *cached_build,
	struct pipgate_error *error)
{
	enum pipgate_status status;
	struct buf out;

	buf_init(&out, NULL, DECIDE_JUDGED_MAX);
	buf_format(&out, "cached-build=%s", cached_build);
	buf_add(&out, "\0", 2); /* the field's end, and the record's */
	for (size_t i = 0; i < planned; i++)
		record(&out, run, &plan->components[i]);
	status = buf_status(&out);
	if (status != PIPGATE_OK || !file_put(DECIDE_FD_JUDGED, buf_view(&out)))
		status = error_set(error, status == PIPGATE_OK ? PIPGATE_FAILED : status, "what was judged cannot be handed back to the hook");
	buf_fini(&out);
	return status;
}
