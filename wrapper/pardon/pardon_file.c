/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/pardon/pardon_file.h"

#include <errno.h>
#include <unistd.h>

#include "matcher/base/text.h"
#include "matcher/base/yaml.h"
#include "matcher/policy/document.h"
#include "wrapper/file.h"
#include "wrapper/keep.h"
#include "wrapper/pardon/lines.h"

#include "matcher/base/banned.h"

#define EDITED_MAX (DOCUMENT_BYTES + ((size_t)16 << 10)) /* the reader refuses what is longer than DOCUMENT_BYTES */

/* ---- values ---- */

/* What every reader of YAML takes for the text that it is. */
static bool is_plain(struct span value)
{
	static const char marks[] = "-_./+@*(),~=%"; /* inside; a plain value begins with a letter or a digit */
	static const char *const words[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};

	if (!value.n || (!ascii_alpha(value.p[0]) && !ascii_digit(value.p[0])) || value.p[value.n - 1] == ' ')
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (span_equal_nocase(value, span_of(words[i])))
			return false;
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (!ascii_alpha(c) && !ascii_digit(c) && c != ' ' && !memchr(marks, c, sizeof(marks) - 1) && (unsigned char)c < 0x80)
			return false;
	}
	return true;
}

void pardon_file_value(struct buf *out, struct span value)
{
	if (is_plain(value))
		buf_span(out, value);
	else
		pardon_file_quote(out, value);
}

bool pardon_file_shown(struct span text, size_t most)
{
	struct buf shown;
	bool same;

	buf_init(&shown, NULL, 8 * most);
	text_escape(&shown, text);
	same = text.n > 0 && text.n <= most && span_equal(buf_view(&shown), text) && span_trim(text).n == text.n;
	buf_fini(&shown);
	return same;
}

void pardon_file_quote(struct buf *out, struct span value)
{
	buf_byte(out, '"');
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '"' || value.p[i] == '\\')
			buf_byte(out, '\\');
		buf_byte(out, (unsigned char)value.p[i]);
	}
	buf_byte(out, '"');
}

void pardon_file_line(struct buf *out, const char *key, struct span value)
{
	buf_format(out, "%s: ", key);
	pardon_file_value(out, value);
	buf_byte(out, '\n');
}

/* ---- reading and writing ---- */

enum pipgate_status pardon_file_read(struct pipgate_run *run, const char *path, const char *schema, struct pardon_file *out,
	struct pipgate_error *error)
{
	enum pipgate_status status;
	struct span text = {"", 0};

	*out = (struct pardon_file){.run = run, .path = path};
	if (access(path, F_OK) == 0) {
		status = keep_file(run, path, DOCUMENT_BYTES, &text, error);
		if (status != PIPGATE_OK)
			return status;
		out->there = true;
	} else if (errno != ENOENT) {
		return error_set(error, PIPGATE_FAILED, "%s: %s", path, strerror(errno));
	}
	out->before = out->text = text;
	if (!span_trim(text).n)
		out->text = must_span(arena_format(run, "schema: %s\n", schema));
	return PIPGATE_OK;
}

enum pipgate_status pardon_file_write(const struct pardon_file *d, struct pipgate_error *error)
{
	struct span now = {"", 0};
	enum pipgate_status status = PIPGATE_OK;

	if (d->there)
		status = keep_file(d->run, d->path, DOCUMENT_BYTES, &now, error);
	if (status != PIPGATE_OK)
		return status;
	if (!span_equal(now, d->before) || (!d->there && access(d->path, F_OK) == 0))
		return error_set(error, PIPGATE_FAILED, "%s: somebody else has changed it; try again", d->path);
	return file_write(d->path, d->text, error);
}

/* ---- an edit, and its proof ---- */

/* text[begin, end) becomes with. */
static struct span replaced(const struct pardon_file *d, size_t begin, size_t end, struct span with)
{
	struct span made;
	struct buf out;

	buf_init(&out, NULL, EDITED_MAX);
	buf_add(&out, d->text.p, begin);
	buf_span(&out, with);
	buf_span(&out, span_from(d->text, end));
	if (buf_status(&out) != PIPGATE_OK) /* the reader will say that it is too long */
		buf_clear(&out);
	made = keep_buf(d->run, &out);
	buf_fini(&out);
	return made;
}

static enum pipgate_status parse(const struct pardon_file *d, struct span text, cJSON **out, struct pipgate_error *error)
{
	enum pipgate_status status = yaml_parse_long(text, DOCUMENT_BYTES, out, error);

	if (status == PIPGATE_OK && !cJSON_IsObject(*out)) {
		cJSON_Delete(*out);
		status = error_set(error, PIPGATE_INVALID, "it is no mapping of keys");
	}
	if (status != PIPGATE_OK)
		error_before(error, "%s", d->path);
	return status;
}

static enum pipgate_status not_understood(const struct pardon_file *d, const char *list, struct pipgate_error *error)
{
	return error_set(error, PIPGATE_INVALID,
		"%s: its `%s` is not written in lines that can be edited here; write `%s:` on a line of its own, each item below it behind `- `, "
		"a key a line, or edit it by hand", d->path, list, list);
}

/* Takes text as the document's where it reads as wanted. */
static enum pipgate_status take(struct pardon_file *d, const char *list, struct span text, const cJSON *wanted, struct pipgate_error *error)
{
	cJSON *tree;
	enum pipgate_status status = parse(d, text, &tree, error);
	bool same;

	if (status != PIPGATE_OK)
		return status == PIPGATE_INVALID ? not_understood(d, list, error) : status;
	same = cJSON_Compare(tree, wanted, true);
	cJSON_Delete(tree);
	if (!same)
		return not_understood(d, list, error);
	d->text = text;
	return PIPGATE_OK;
}

/* The list of the tree; NULL: there is none, or nothing in it. */
static cJSON *list_of(cJSON *tree, const char *list)
{
	return cJSON_GetObjectItemCaseSensitive(tree, list);
}

/* ---- append ---- */

/* The item's lines behind dash and blanks. */
static struct span indented(struct pardon_file *d, struct span item, size_t indent, const char *before, const char *end)
{
	struct span made, line;
	struct buf out;
	const char *lead = "- ";

	buf_init(&out, NULL, EDITED_MAX);
	buf_text(&out, before);
	for (; item.n; lead = "  ") {
		line = span_split(&item, '\n');
		buf_format(&out, "%*s%s", (int)indent, "", lead);
		buf_span(&out, line);
		buf_text(&out, end);
	}
	made = keep_buf(d->run, &out);
	buf_fini(&out);
	return made;
}

static struct span appended(struct pardon_file *d, const char *list, const struct list_lines *lines, struct span item)
{
	const char *end = line_end(d->text), *before = "";
	size_t at = lines->there ? lines->end : lines_document_end(d->text);
	bool open = at && d->text.p[at - 1] != '\n'; /* the last line has no end */

	if (!lines->there)
		before = text_format(d->run, "%s%s:%s", open ? end : "", list, end);
	else if (open)
		before = end;
	return replaced(d, at, at, indented(d, item, lines->indent, before, end));
}

static bool add_to_tree(cJSON *tree, const char *list, struct span item)
{
	struct pipgate_error error;
	cJSON *array = list_of(tree, list), *made = NULL;

	if (yaml_parse(item, &made, &error) != PIPGATE_OK)
		return false;
	if (array && !cJSON_IsArray(array)) { /* null */
		cJSON_DeleteItemFromObjectCaseSensitive(tree, list);
		array = NULL;
	}
	if (!array)
		array = cJSON_AddArrayToObject(tree, list);
	return cJSON_AddItemToArray(array, made);
}

enum pipgate_status pardon_file_append(struct pardon_file *d, const char *list, struct span item, struct pipgate_error *error)
{
	struct list_lines lines;
	cJSON *tree;
	enum pipgate_status status = parse(d, d->text, &tree, error);
	const cJSON *there;

	if (status != PIPGATE_OK)
		return status;
	lines_of_list(d->run, d->text, list, &lines);
	there = list_of(tree, list);
	if (lines.there && span_is(lines.own, "[]")) { /* an empty one makes room */
		size_t begin = (size_t)(lines.own.p - d->text.p);

		d->text = replaced(d, lines.value, begin + lines.own.n, SPAN(""));
		lines_of_list(d->run, d->text, list, &lines);
	}
	if ((there && !lines.there) || lines.own.n || (there && !cJSON_IsNull(there) && !cJSON_IsArray(there)))
		status = not_understood(d, list, error);
	else if (!add_to_tree(tree, list, item))
		status = error_set(error, PIPGATE_INVALID, "%s: the new item does not read as one", d->path);
	else
		status = take(d, list, appended(d, list, &lines, item), tree, error);
	cJSON_Delete(tree);
	return status;
}

/* ---- remove and set ---- */

/* The item in the tree and in the lines, which must agree about their number. */
static enum pipgate_status find_item(struct pardon_file *d, const char *list, size_t index, cJSON **tree, struct list_lines *lines,
	struct pipgate_error *error)
{
	enum pipgate_status status = parse(d, d->text, tree, error);
	const cJSON *array;

	if (status != PIPGATE_OK)
		return status;
	lines_of_list(d->run, d->text, list, lines);
	array = list_of(*tree, list);
	if (!cJSON_IsArray(array) || (size_t)cJSON_GetArraySize(array) != lines->items.n || index >= lines->items.n) {
		cJSON_Delete(*tree);
		return not_understood(d, list, error);
	}
	return PIPGATE_OK;
}

enum pipgate_status pardon_file_remove(struct pardon_file *d, const char *list, size_t index, struct pipgate_error *error)
{
	struct list_lines lines;
	const struct item_lines *item;
	struct span text;
	cJSON *tree;
	enum pipgate_status status = find_item(d, list, index, &tree, &lines, error);

	if (status != PIPGATE_OK)
		return status;
	item = (const struct item_lines *)lines.items.items + index;
	text = replaced(d, item->begin, item->end, SPAN(""));
	if (lines.items.n == 1) {
		struct pardon_file rest = {.run = d->run, .text = text};

		text = replaced(&rest, lines.value, lines.value, SPAN(" []"));
	}
	cJSON_DeleteItemFromArray(list_of(tree, list), (int)index);
	status = take(d, list, text, tree, error);
	cJSON_Delete(tree);
	return status;
}

static struct span value_set(struct pardon_file *d, const struct item_lines *item, const struct value_lines *place, const char *key,
	struct span value)
{
	const char *end = line_end(d->text);
	bool open = d->text.p[item->end - 1] != '\n';

	if (place->there)
		return replaced(d, place->begin, place->end,
			must_span(arena_format(d->run, "%s" SPAN_FMT, d->text.p[place->begin - 1] == ':' ? " " : "", SPAN_ARG(value))));
	return replaced(d, item->end, item->end, must_span(arena_format(d->run, "%s%*s%s: " SPAN_FMT "%s", open ? end : "", (int)place->indent, "",
		key, SPAN_ARG(value), end)));
}

/* The value as the reader will give it. */
static bool set_in_tree(cJSON *item, const char *key, struct span value)
{
	struct pipgate_error error;
	cJSON *made = NULL;

	if (!cJSON_IsObject(item) || yaml_parse(value, &made, &error) != PIPGATE_OK)
		return false;
	if (json_member(item, key))
		return cJSON_ReplaceItemInObjectCaseSensitive(item, key, made);
	return cJSON_AddItemToObject(item, key, made);
}

enum pipgate_status pardon_file_set(struct pardon_file *d, const char *list, size_t index, const char *key, struct span value,
	struct pipgate_error *error)
{
	struct list_lines lines;
	const struct item_lines *item;
	struct value_lines place;
	cJSON *tree;
	enum pipgate_status status = find_item(d, list, index, &tree, &lines, error);

	if (status != PIPGATE_OK)
		return status;
	item = (const struct item_lines *)lines.items.items + index;
	lines_of_value(d->text, item, key, &place);
	if (place.flow || !set_in_tree(cJSON_GetArrayItem(list_of(tree, list), (int)index), key, value))
		status = not_understood(d, list, error);
	else
		status = take(d, list, value_set(d, item, &place, key, value), tree, error);
	cJSON_Delete(tree);
	return status;
}
