/* SPDX-License-Identifier: Apache-2.0 */
/* Requirements files as an input: one, or several that are one request. */
#include <limits.h>
#include <unistd.h>

#include "wrapper/file.h"
#include "wrapper/source/requirement_set.h"
#include "wrapper/temporary.h"

#include "matcher/base/banned.h"

/* ---- what can be read once only ---- */

/* What it names by a path stands beside it, and not beside its copy. */
static void add_copy(struct buf *out, const struct requirement_files *files, size_t index, const char *folder)
{
	const struct requirement_text *text = (const struct requirement_text *)files->texts.items + index;
	const struct requirement_reference *references = files->references.items;
	struct span rest = text->bytes;

	for (size_t i = 0; i < files->references.n && text->utf8; i++) {
		const struct requirement_reference *r = &references[i];

		if (r->text != index)
			continue;
		buf_add(out, rest.p, (size_t)(r->logical.p - rest.p));
		buf_format(out, "%s '%s%s%s'\n", r->constraint ? "-c" : "-r", r->path[0] == '/' ? "" : folder, r->path[0] == '/' ? "" : "/", r->path);
		rest = span_from(text->bytes, (size_t)(r->logical.p - text->bytes.p) + r->logical.n);
	}
	buf_span(out, rest);
}

/* What can be read once only is kept for pip in a file of ours. */
static const char *for_pip(struct gathering *g, const struct requirement_files *files, const struct source_file *file, size_t index,
	struct pipgate_error *error)
{
	const char *temporary, *copy = NULL;
	char folder[PATH_MAX];
	struct buf out;

	if (requirement_file_stays(file->path))
		return file->path;
	temporary = temporary_folder(error);
	buf_init(&out, NULL, 2 * SOURCE_BYTES);
	add_copy(&out, files, index, getcwd(folder, sizeof(folder)) ? folder : ".");
	if (temporary && buf_status(&out) != PIPGATE_OK)
		error_set(error, PIPGATE_LIMIT, "%s: too large", file->path);
	else if (temporary)
		copy = text_format(g->run, "%s/requirements-%zu.txt", temporary, index);
	if (copy && file_write(copy, out.n ? buf_view(&out) : SPAN(""), error) != PIPGATE_OK)
		copy = NULL;
	buf_fini(&out);
	return copy;
}

/* ---- the whole ---- */

static const char *title_of(struct gathering *g, const struct source_file *files, size_t n)
{
	const char *title = files[0].name;

	for (size_t i = 1; i < n && i < 4; i++)
		title = text_format(g->run, "%s, %s", title, i == 3 ? "…" : files[i].name);
	return strcmp(files[0].path, "-") == 0 && n == 1 ? "requirements on standard input" : text_format(g->run, "requirements %s", title);
}

enum pipgate_status source_requirements(struct gathering *g, const struct source_file *given, size_t n, struct pipgate_error *error)
{
	size_t *index = must(arena_array(g->run, n, sizeof(*index)));
	enum pipgate_status status = PIPGATE_OK;
	struct requirement_set set;

	requirement_set_init(&set, g, given[0].path);
	inventory_input(g->inventory, "requirements", title_of(g, given, n), given[0].path);
	for (size_t i = 0; i < n && status == PIPGATE_OK; i++) {
		index[i] = set.files.texts.n;
		status = requirement_file_add(&set.files, given[i].path, given[i].text, error);
	}
	for (size_t i = 0; i < n && status == PIPGATE_OK && !requirement_set_stands(g, &set); i++) {
		const char *path = for_pip(g, &set.files, &given[i], index[i], error);

		*(const char **)must(list_push(g->run, &set.paths, sizeof(path))) = path;
		status = path ? PIPGATE_OK : PIPGATE_FAILED;
	}
	return status == PIPGATE_OK ? requirement_set_audit(g, &set, error) : status;
}

/* pip freeze's output is one, too. */
bool takes_requirements(const struct source_file *file)
{
	struct span name = span_of(file->name);

	return !file->folder && (span_ends(name, SPAN(".txt")) || span_ends(name, SPAN(".in")) || span_starts(name, SPAN("requirements")) ||
		(strcmp(file->path, "-") == 0 && file->text.n && file->text.p[0] != '{' && file->text.p[0] != '['));
}

enum pipgate_status read_requirements(struct gathering *g, const struct source_file *file, struct pipgate_error *error)
{
	return source_requirements(g, file, 1, error);
}
