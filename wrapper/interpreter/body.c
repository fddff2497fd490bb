/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/interpreter/body.h"

#include <fcntl.h>

#include "wrapper/file.h"
#include "wrapper/part.h"
#include "wrapper/say.h"

#include "matcher/base/banned.h"

#define FILE_MAX  ((size_t)1 << 20)
#define TEMPLATE  "sitecustomize.in"
#define HEADLINE  "# ==== "
#define SHIM_HERE "@SHIM@"

/* A Python literal may hold any byte: ASCII, so that no encoding of the file matters. */
static void add_literal(struct buf *out, struct span bytes)
{
	for (size_t i = 0; i < bytes.n; i++) {
		unsigned char c = (unsigned char)bytes.p[i];

		if (c == '"' || c == '\\')
			buf_format(out, "\\%c", c);
		else if (c == '\n')
			buf_text(out, "\\n");
		else if (c >= ' ' && c < 0x7f)
			buf_byte(out, c);
		else
			buf_format(out, "\\x%02x", c);
	}
}

/* The part of the template behind "# ==== name", up to the next. */
static struct span part_of(struct span template, const char *name)
{
	while (template.n) {
		struct span line = span_split(&template, '\n');
		const char *end;

		if (!span_starts(line, SPAN(HEADLINE)) || !span_is(span_from(line, sizeof(HEADLINE) - 1), name))
			continue;
		end = memmem(template.p, template.n, "\n" HEADLINE, sizeof(HEADLINE));
		return end ? (struct span){template.p, (size_t)(end - template.p) + 1} : template;
	}
	return template;
}

static void add_finder(struct buf *out, struct span template, const char *shim)
{
	struct span finder = part_of(template, "finder");
	const char *at = memmem(finder.p, finder.n, SHIM_HERE, sizeof(SHIM_HERE) - 1);
	size_t before = at ? (size_t)(at - finder.p) : finder.n;

	buf_span(out, (struct span){finder.p, before});
	if (at)
		add_literal(out, span_of(shim));
	buf_span(out, span_from(finder, before + sizeof(SHIM_HERE) - 1));
}

/* One line, as a .pth wants it, and little to compile at every start. */
static void add_line(struct buf *out, struct span template, const char *shim)
{
	struct buf finder;

	buf_init(&finder, NULL, FILE_MAX);
	add_finder(&finder, template, shim);
	if (buf_status(&finder) != PIPGATE_OK)
		die_no_memory();
	buf_text(out, "import sys; exec(\"");
	add_literal(out, part_of(template, "line"));
	buf_text(out, "\", {\"sys\": sys, \"shim\": b\"");
	add_literal(out, span_of(shim));
	buf_text(out, "\", \"todo\": [\"");
	add_literal(out, buf_view(&finder));
	buf_text(out, "\"]})\n");
	buf_fini(&finder);
}

static enum pipgate_status read_template(struct buf *out, char shim[PATH_MAX], struct pipgate_error *error)
{
	char path[PATH_MAX];
	enum pipgate_status status;

	if (!part_find(path, TEMPLATE))
		return error_set(error, PIPGATE_FAILED, "%s is missing; install pipgate anew", path);
	if (!part_find(shim, "pipgate_shim.py"))
		return error_set(error, PIPGATE_FAILED, "%s is missing; install pipgate anew", shim);
	status = file_read(AT_FDCWD, path, out, error);
	if (status == PIPGATE_OK && !memmem(out->p, out->n, SHIM_HERE, sizeof(SHIM_HERE) - 1))
		return error_set(error, PIPGATE_FAILED, "%s is not whole; install pipgate anew", path);
	return status;
}

enum pipgate_status body_read(struct buf *out, enum body_form form, struct pipgate_error *error)
{
	struct buf template;
	char shim[PATH_MAX];
	enum pipgate_status status;

	buf_init(&template, NULL, FILE_MAX);
	status = read_template(&template, shim, error);
	if (status == PIPGATE_OK) {
		if (form == BODY_LINE)
			add_line(out, buf_view(&template), shim);
		else
			add_finder(out, buf_view(&template), shim);
		if (form == BODY_FILE)
			buf_span(out, part_of(buf_view(&template), "next"));
		if (buf_status(out) != PIPGATE_OK)
			die_no_memory();
	}
	buf_fini(&template);
	return status;
}
