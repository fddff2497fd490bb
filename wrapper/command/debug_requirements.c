/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate debug requirements`: a line is the name of a requirements file, the answer what we read in it, in JSON. */
#include <fcntl.h>

#include "matcher/base/json.h"
#include "wrapper/command/debug.h"
#include "wrapper/file.h"
#include "wrapper/source/requirement_file.h"
#include "wrapper/source/source.h"

#include "matcher/base/banned.h"

static void put(struct buf *out, const char *key, struct span value)
{
	buf_format(out, "\"%s\": ", key);
	json_quote(out, value);
	buf_text(out, ", ");
}

static void put_row(struct buf *out, const struct requirement_row *row)
{
	buf_text(out, "{");
	put(out, "requirement", row->text);
	put(out, "name", row->name);
	put(out, "pin", row->pin);
	put(out, "file", span_of(row->file));
	buf_format(out, "\"named\": %s, \"editable\": %s, \"constraint\": %s, \"line\": %zu, \"lines\": %zu, \"hashes\": [",
		row->kind == REQUIREMENT_NAMED ? "true" : "false", row->kind == REQUIREMENT_EDITABLE ? "true" : "false",
		row->constraint ? "true" : "false", row->line, row->lines);
	for (size_t i = 0; i < row->n_hashes; i++) {
		buf_text(out, i ? ", " : "");
		json_quote(out, row->hashes[i]);
	}
	buf_text(out, "]}");
}

static void put_files(struct buf *out, const struct requirement_files *files)
{
	const struct requirement_row *rows = files->rows.items;
	const char *const *options = files->options.items;

	buf_text(out, "{\"rows\": [");
	for (size_t i = 0; i < files->rows.n; i++) {
		buf_text(out, i ? ", " : "");
		put_row(out, &rows[i]);
	}
	buf_text(out, "], \"options\": [");
	for (size_t i = 0; i < files->options.n; i++) {
		buf_text(out, i ? ", " : "");
		json_quote(out, span_of(options[i]));
	}
	buf_format(out, "], \"require_hashes\": %s}", files->require_hashes ? "true" : "false");
}

enum pipgate_status debug_requirements(struct debug *d)
{
	const char *path = text_copy(d->run, d->fields[0]);
	struct requirement_files files = {.run = d->run};
	struct pipgate_error error;

	if (requirement_file_read(&files, path, &error) == PIPGATE_OK) {
		put_files(d->out, &files);
	} else {
		buf_text(d->out, "{\"error\": ");
		json_quote(d->out, span_of(error.text));
		buf_text(d->out, "}");
	}
	return PIPGATE_OK;
}
