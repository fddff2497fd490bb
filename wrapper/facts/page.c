/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/facts/page.h"

#include "matcher/advisory/date.h"
#include "wrapper/database/moment.h"
#include "wrapper/keep.h"

#include "matcher/base/banned.h"

static enum pipgate_project_status status_of(struct span word)
{
	static const struct {
		const char *word;
		enum pipgate_project_status status;
	} table[] = {{"active", PIPGATE_PROJECT_ACTIVE}, {"archived", PIPGATE_PROJECT_ARCHIVED}, {"deprecated", PIPGATE_PROJECT_DEPRECATED},
		{"quarantined", PIPGATE_PROJECT_QUARANTINED}};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (span_is(word, table[i].word))
			return table[i].status;
	return PIPGATE_PROJECT_UNKNOWN;
}

static enum pipgate_status file_add(struct pipgate_run *run, struct list *files, const struct page_file *file, struct pipgate_error *error)
{
	if (files->n == PAGE_FILES)
		return error_set(error, PIPGATE_LIMIT, "more than %zu files", PAGE_FILES);
	if (file->name.n && file->name.n <= PAGE_TEXT_BYTES)
		*(struct page_file *)must(list_push(run, files, sizeof(*file))) = *file;
	return PIPGATE_OK;
}

/* ---- JSON ---- */

static struct span short_member(struct pipgate_run *run, const cJSON *object, const char *name)
{
	struct span text = json_string(json_member(object, name));

	return text.n <= PAGE_TEXT_BYTES ? keep_member(run, object, name) : (struct span){NULL, 0};
}

static int64_t upload_time(struct pipgate_run *run, const cJSON *item)
{
	struct span text = json_string(json_member(item, "upload-time")), utc;
	struct moment moment;

	if (!text.n || date_utc(run, text, &utc) != PIPGATE_OK || !moment_parse(utc, &moment))
		return 0;
	return moment.seconds > 0 ? moment.seconds : 0;
}

/* yanked is false where it is missing (PEP 691); anything but a truth value or a text says nothing. */
static enum pipgate_answer yanked_of(const cJSON *yanked)
{
	if (!yanked || cJSON_IsFalse(yanked))
		return PIPGATE_NO;
	return cJSON_IsTrue(yanked) || cJSON_IsString(yanked) ? PIPGATE_YES : PIPGATE_NOT_KNOWN;
}

/* A missing provenance is an index that does not have the key, null one that has no attestation (PEP 740). */
static enum pipgate_answer attested_of(const cJSON *provenance)
{
	if (!provenance)
		return PIPGATE_NOT_KNOWN;
	return cJSON_IsNull(provenance) ? PIPGATE_NO : json_string(provenance).n ? PIPGATE_YES : PIPGATE_NOT_KNOWN;
}

static enum pipgate_status json_read(struct pipgate_run *run, const cJSON *root, struct page *out, struct list *files, struct pipgate_error *error)
{
	const cJSON *list = json_member(root, "files"), *status = json_member(root, "project-status"), *item;

	if (!cJSON_IsArray(list) || !cJSON_IsObject(json_member(root, "meta")))
		return error_set(error, PIPGATE_INVALID, "meta or files is missing");
	if (!status)
		status = json_member(json_member(root, "meta"), "project-status");
	out->status = status_of(cJSON_IsString(status) ? json_string(status) : json_string(json_member(status, "status")));
	out->status_reason = short_member(run, status, "reason");
	cJSON_ArrayForEach(item, list) {
		struct page_file file = {
			.name = short_member(run, item, "filename"),
			.sha256 = short_member(run, json_member(item, "hashes"), "sha256"),
			.uploaded = upload_time(run, item),
			.yanked = yanked_of(json_member(item, "yanked")),
			.attested = attested_of(json_member(item, "provenance")),
			.reason = short_member(run, item, "yanked"),
		};

		if (!file.name.n)
			return error_set(error, PIPGATE_INVALID, "files: a file without a name");
		if (file_add(run, files, &file, error) != PIPGATE_OK)
			return PIPGATE_LIMIT;
	}
	return PIPGATE_OK;
}

/* ---- HTML ---- */

/* One character of an attribute; the few entities that pages of indexes have. */
static char character(struct span *text)
{
	static const struct {
		struct span entity;
		char c;
	} table[] = {{SPAN("&amp;"), '&'}, {SPAN("&lt;"), '<'}, {SPAN("&gt;"), '>'}, {SPAN("&quot;"), '"'}, {SPAN("&#39;"), '\''},
		{SPAN("&#x27;"), '\''}, {SPAN("&#34;"), '"'}, {SPAN("&apos;"), '\''}};
	char c = text->p[0];

	for (size_t i = 0; c == '&' && i < sizeof(table) / sizeof(*table); i++)
		if (span_starts(*text, table[i].entity)) {
			*text = span_from(*text, table[i].entity.n);
			return table[i].c;
		}
	*text = span_from(*text, 1);
	return c;
}

static struct span unescape(struct pipgate_run *run, struct span text)
{
	char *out;
	size_t n = 0;

	if (text.n > PAGE_TEXT_BYTES)
		return (struct span){NULL, 0};
	out = must(arena_alloc(run, text.n + 1));
	while (text.n)
		out[n++] = character(&text);
	return (struct span){out, n};
}

/* The next attribute of a tag's inside; false: there is none. */
static bool attribute(struct span *tag, struct span *name, struct span *value)
{
	size_t n = 0;
	char quote;

	*tag = span_trim(*tag);
	while (n < tag->n && tag->p[n] != '=' && !ascii_space(tag->p[n]))
		n++;
	*name = (struct span){tag->p, n};
	*value = (struct span){"", 0};
	*tag = span_trim(span_from(*tag, n));
	if (!tag->n || tag->p[0] != '=')
		return n > 0;
	*tag = span_trim(span_from(*tag, 1));
	quote = tag->n ? tag->p[0] : 0;
	if (quote == '"' || quote == '\'') {
		*tag = span_from(*tag, 1);
		*value = span_split(tag, quote);
		return true;
	}
	for (n = 0; n < tag->n && !ascii_space(tag->p[n]);)
		n++;
	*value = (struct span){tag->p, n};
	*tag = span_from(*tag, n);
	return true;
}

/* The last part of an address's path; + and %XX of versions with a local label. */
static struct span file_name(struct pipgate_run *run, struct span url)
{
	struct span path = span_split(&url, '#');
	const char *slash;
	char *out;
	size_t n = 0;

	path = span_split(&path, '?');
	slash = path.n ? memrchr(path.p, '/', path.n) : NULL;
	path = slash ? span_from(path, (size_t)(slash - path.p) + 1) : path;
	out = must(arena_alloc(run, path.n + 1));
	for (size_t i = 0; i < path.n; i++) {
		bool plus = i + 2 < path.n && path.p[i] == '%' && path.p[i + 1] == '2' && ascii_lower(path.p[i + 2]) == 'b';

		out[n++] = plus ? '+' : path.p[i];
		i += plus ? 2 : 0;
	}
	return (struct span){out, n};
}

static struct page_file anchor_read(struct pipgate_run *run, struct span tag)
{
	struct page_file file = {.yanked = PIPGATE_NO};
	struct span name, value;

	while (attribute(&tag, &name, &value)) {
		if (span_equal_nocase(name, SPAN("href"))) {
			struct span url = unescape(run, value), fragment = url;

			file.name = file_name(run, url);
			span_split(&fragment, '#');
			if (span_starts(fragment, SPAN("sha256=")))
				file.sha256 = span_from(fragment, sizeof("sha256=") - 1);
		} else if (span_equal_nocase(name, SPAN("data-yanked"))) {
			file.yanked = PIPGATE_YES;
			file.reason = unescape(run, value);
		} else if (span_equal_nocase(name, SPAN("data-provenance")) && value.n) {
			file.attested = PIPGATE_YES;
		}
	}
	return file;
}

static void meta_read(struct pipgate_run *run, struct span tag, struct page *out)
{
	struct span name, value, key = {"", 0}, content = {"", 0};

	while (attribute(&tag, &name, &value)) {
		if (span_equal_nocase(name, SPAN("name")))
			key = value;
		else if (span_equal_nocase(name, SPAN("content")))
			content = value;
	}
	if (span_is(key, "pypi:project-status"))
		out->status = status_of(span_trim(content));
	else if (span_is(key, "pypi:project-status-reason"))
		out->status_reason = unescape(run, content);
}

/* To the > that ends the tag: those in quotes do not. false: it has no end. */
static bool tag_take(struct span *rest, struct span *tag)
{
	char quote = 0;

	for (size_t i = 0; i < rest->n; i++) {
		char c = rest->p[i];

		if (quote) {
			quote = c == quote ? 0 : quote;
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (c == '>') {
			*tag = (struct span){rest->p, i};
			*rest = span_from(*rest, i + 1);
			return true;
		}
	}
	return false;
}

/* false: it has no end. */
static bool comment_pass(struct span *rest)
{
	const char *end = memmem(rest->p, rest->n, "-->", 3);

	if (end)
		*rest = span_from(*rest, (size_t)(end - rest->p) + 3);
	return end != NULL;
}

static enum pipgate_status html_read(struct pipgate_run *run, struct span rest, struct page *out, struct list *files, struct pipgate_error *error)
{
	bool page = false;

	while (rest.n) {
		struct span tag, name;
		bool comment;

		span_split(&rest, '<');
		comment = span_starts(rest, SPAN("!--"));
		if (!rest.n)
			break;
		if (comment ? !comment_pass(&rest) : !tag_take(&rest, &tag))
			return error_set(error, PIPGATE_INVALID, "the page ends within a tag");
		if (comment)
			continue;
		for (name = tag, name.n = 0; name.n < tag.n && !ascii_space(tag.p[name.n]);)
			name.n++;
		page = page || span_equal_nocase(name, SPAN("html")) || span_equal_nocase(name, SPAN("a")) ||
			span_equal_nocase(name, SPAN("!doctype"));
		if (span_equal_nocase(name, SPAN("meta"))) {
			meta_read(run, span_from(tag, name.n), out);
		} else if (span_equal_nocase(name, SPAN("a"))) {
			struct page_file file = anchor_read(run, span_from(tag, name.n));

			if (file_add(run, files, &file, error) != PIPGATE_OK)
				return PIPGATE_LIMIT;
		}
	}
	return page ? PIPGATE_OK : error_set(error, PIPGATE_INVALID, "neither JSON nor HTML");
}

enum pipgate_status page_read(struct pipgate_run *run, struct span bytes, struct page *out, struct pipgate_error *error)
{
	struct span text = span_trim(bytes);
	struct page page = {0};
	struct list files = {0};
	enum pipgate_status status;
	cJSON *root = NULL;

	if (text.n > PAGE_BYTES)
		return error_set(error, PIPGATE_LIMIT, "a page of more than %zu bytes", PAGE_BYTES);
	if (text.n && text.p[0] == '{') {
		status = json_parse(text, &root, error);
		if (status == PIPGATE_OK)
			status = json_read(run, root, &page, &files, error);
		cJSON_Delete(root);
	} else {
		status = html_read(run, text, &page, &files, error);
	}
	if (status != PIPGATE_OK)
		return status;
	page.files = files.items;
	page.n = files.n;
	*out = page;
	return PIPGATE_OK;
}
