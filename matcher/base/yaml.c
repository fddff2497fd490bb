/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libfyaml's events, made into a tree with a stack of our own. Its documents are not used: they would resolve aliases,
 * type scalars and nest by recursion.
 */
#include "matcher/base/yaml.h"

#include <libfyaml.h>
#include <limits.h>
#include <stdio.h>

#include "matcher/base/text.h"

#include "matcher/base/banned.h"

struct reader {
	cJSON *root;
	cJSON *open[JSON_DEPTH]; /* mappings and sequences that are not closed yet, all of them below root */
	size_t depth;
	cJSON *key;              /* a mapping's key that waits for its value, as a string of its own; owned */
	size_t key_at;           /* where it stands */
	struct buf text;         /* of the scalar at hand */
	bool ended;              /* the first document is over */
	struct pipgate_error *error;
};

static enum pipgate_status refuse(struct reader *r, struct fy_event *event, const char *what)
{
	const struct fy_mark *mark = fy_event_start_mark(event);
	int line = mark ? mark->line + 1 : 1, column = mark ? mark->column + 1 : 1;

	return error_set(r->error, PIPGATE_INVALID, "line %d, column %d: %s", line, column, what);
}

static enum pipgate_status no_memory(struct reader *r)
{
	return error_set(r->error, PIPGATE_NO_MEMORY, "out of memory");
}

static size_t place_of(struct fy_event *event)
{
	const struct fy_mark *mark = fy_event_start_mark(event);

	return mark ? mark->input_pos : 0;
}

/* Hangs item, which may be NULL for want of memory, where the next value belongs. Takes it in any case. */
static enum pipgate_status attach(struct reader *r, struct fy_event *event, cJSON *item)
{
	cJSON *parent = r->depth ? r->open[r->depth - 1] : NULL;
	bool ok = item != NULL;

	if (ok) {
		item->valueint = (int)place_of(event);
		item->valuedouble = r->key ? (double)r->key_at : (double)item->valueint;
	}
	if (ok && !parent)
		r->root = item;
	else if (ok && cJSON_IsArray(parent))
		ok = cJSON_AddItemToArray(parent, item);
	else if (ok)
		ok = cJSON_AddItemToObject(parent, r->key->valuestring, item);
	cJSON_Delete(r->key);
	r->key = NULL;
	if (ok)
		return PIPGATE_OK;
	cJSON_Delete(item);
	return no_memory(r);
}

static bool key_due(const struct reader *r)
{
	return r->depth && !r->key && cJSON_IsObject(r->open[r->depth - 1]);
}

static enum pipgate_status take_key(struct reader *r, struct fy_event *event, const char *text, bool plain)
{
	if (plain && strcmp(text, "<<") == 0)
		return refuse(r, event, "merge keys are not allowed");
	r->key = cJSON_CreateString(text);
	r->key_at = place_of(event);
	return r->key ? PIPGATE_OK : no_memory(r);
}

/* A scalar's text into r->text. By pieces: where memory is missing, fy_token_get_text() gives an empty or broken text and
 * no error. */
static enum pipgate_status read_scalar(struct reader *r, struct fy_event *event)
{
	struct fy_token_iter *iter = fy_token_iter_create(event->scalar.value);
	const struct fy_iter_chunk *chunk = NULL;
	int failed = 0;

	if (!iter)
		return no_memory(r);
	buf_clear(&r->text);
	buf_add(&r->text, "", 0);
	while ((chunk = fy_token_iter_chunk_next(iter, chunk, &failed)))
		buf_add(&r->text, chunk->str, chunk->len);
	fy_token_iter_destroy(iter);
	if (failed) /* it has no memory, or does not know its way: a block scalar of blanks alone at the very end */
		return refuse(r, event, "libfyaml cannot read this value");
	return buf_status(&r->text) != PIPGATE_OK ? no_memory(r) : PIPGATE_OK;
}

static enum pipgate_status take_scalar(struct reader *r, struct fy_event *event)
{
	bool plain = fy_token_scalar_style(event->scalar.value) == FYSS_PLAIN;
	enum pipgate_status status = read_scalar(r, event);
	const char *text = r->text.p;

	if (status != PIPGATE_OK)
		return status;
	if (strlen(text) != r->text.n || text_valid(buf_view(&r->text)) != r->text.n)
		return refuse(r, event, "NUL or not UTF-8 in a value");
	if (key_due(r))
		return take_key(r, event, text, plain);
	if (plain && (!*text || strcmp(text, "~") == 0 || strcmp(text, "null") == 0))
		return attach(r, event, cJSON_CreateNull());
	return attach(r, event, cJSON_CreateString(text));
}

static enum pipgate_status open_collection(struct reader *r, struct fy_event *event, cJSON *(*create)(void))
{
	enum pipgate_status status;
	cJSON *item;

	if (key_due(r))
		return refuse(r, event, "a key is plain text");
	if (r->depth == JSON_DEPTH)
		return refuse(r, event, "nested too deeply");
	item = create();
	status = attach(r, event, item);
	if (status == PIPGATE_OK)
		r->open[r->depth++] = item;
	return status;
}

static enum pipgate_status close_mapping(struct reader *r, struct fy_event *event)
{
	const char *key;
	char what[160];

	if (json_repeated_key(r->open[--r->depth], &key) != PIPGATE_OK)
		return no_memory(r);
	if (!key)
		return PIPGATE_OK;
	snprintf(what, sizeof(what), "the mapping that ends here repeats the key \"%.100s\"", key);
	return refuse(r, event, what);
}

static enum pipgate_status take(struct reader *r, struct fy_event *event)
{
	switch (event->type) {
	case FYET_DOCUMENT_START:
		return r->ended ? refuse(r, event, "a second document") : PIPGATE_OK;
	case FYET_DOCUMENT_END:
		r->ended = true;
		return PIPGATE_OK;
	case FYET_ALIAS:
		return refuse(r, event, "aliases are not allowed");
	case FYET_SCALAR:
		if (event->scalar.anchor || event->scalar.tag)
			return refuse(r, event, "anchors and tags are not allowed");
		return take_scalar(r, event);
	case FYET_SEQUENCE_START:
		if (event->sequence_start.anchor || event->sequence_start.tag)
			return refuse(r, event, "anchors and tags are not allowed");
		return open_collection(r, event, cJSON_CreateArray);
	case FYET_MAPPING_START:
		if (event->mapping_start.anchor || event->mapping_start.tag)
			return refuse(r, event, "anchors and tags are not allowed");
		return open_collection(r, event, cJSON_CreateObject);
	case FYET_SEQUENCE_END:
		r->depth--;
		return PIPGATE_OK;
	case FYET_MAPPING_END:
		return close_mapping(r, event);
	default:
		return PIPGATE_OK;
	}
}

/* ---- around libfyaml ---- */

/* libfyaml's own words, the first of them. It gives none where memory was missing. */
static enum pipgate_status library_error(struct fy_diag *diag, struct pipgate_error *error)
{
	void *place = NULL;
	const struct fy_diag_error *e = fy_diag_errors_iterate(diag, &place);

	if (!e) /* some of what it refuses it does not explain, nor where memory was missing: refused either way */
		return error_set(error, PIPGATE_INVALID, "line 1, column 1: not YAML");
	return error_set(error, PIPGATE_INVALID, "line %d, column %d: %s", e->line > 0 ? e->line : 1, e->column > 0 ? e->column : 1, e->msg);
}

static void swallow(struct fy_diag *diag, void *user, const char *text, size_t n)
{
	(void)diag;
	(void)user;
	(void)text;
	(void)n;
}

static struct fy_diag *diag_new(void)
{
	struct fy_diag_cfg cfg;
	struct fy_diag *diag;

	fy_diag_cfg_default(&cfg);
	cfg.fp = NULL;
	cfg.output_fn = swallow;
	cfg.colorize = false;
	diag = fy_diag_create(&cfg);
	if (diag)
		fy_diag_set_collect_errors(diag, true);
	return diag;
}

static enum pipgate_status read_events(struct reader *r, struct fy_parser *parser, struct fy_diag *diag)
{
	enum pipgate_status status = PIPGATE_OK;
	struct fy_event *event;

	while (status == PIPGATE_OK && (event = fy_parser_parse(parser))) {
		status = take(r, event);
		fy_parser_event_free(parser, event);
	}
	if (status == PIPGATE_OK && (fy_parser_get_stream_error(parser) || fy_diag_got_error(diag)))
		status = library_error(diag, r->error);
	if (status == PIPGATE_OK && !r->root)
		status = error_set(r->error, PIPGATE_INVALID, "line 1, column 1: nothing here");
	return status;
}

/* What YAML would take and we do not: the bytes before libfyaml sees them. */
static enum pipgate_status check_bytes(struct span text, struct pipgate_error *error)
{
	size_t line = 1, start = 0, bad = text_valid(text);
	const char *what = "not UTF-8";

	for (size_t i = 0; i < bad; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if ((c >= ' ' && c != 0x7F && c != 0xC2 && c != 0xEF) || c == '\t' || c == '\r')
			continue;
		if (c == '\n') {
			line++;
			start = i + 1;
		} else if (c == 0xEF && i == 0 && span_starts(text, SPAN("\xEF\xBB\xBF"))) {
			what = "byte order mark: a text begins without one";
			bad = i;
		} else if (c < ' ' || c == 0x7F || (c == 0xC2 && (unsigned char)text.p[i + 1] < 0xA0)) {
			what = "control character";
			bad = i;
		}
	}
	if (bad == text.n)
		return PIPGATE_OK;
	return error_set(error, PIPGATE_INVALID, "line %zu, column %zu: %s", line, bad - start + 1, what);
}

enum pipgate_status yaml_parse(struct span text, cJSON **out, struct pipgate_error *error)
{
	return yaml_parse_long(text, YAML_BYTES, out, error);
}

enum pipgate_status yaml_parse_long(struct span text, size_t limit, cJSON **out, struct pipgate_error *error)
{
	struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_JSON_NONE};
	struct reader r = {.error = error};
	struct fy_parser *parser = NULL;
	enum pipgate_status status = check_bytes(text, error);

	if (status != PIPGATE_OK)
		return status;
	if (!text.n)
		return error_set(error, PIPGATE_INVALID, "line 1, column 1: nothing here");
	if (text.n > limit || text.n > INT_MAX)
		return error_set(error, PIPGATE_LIMIT, "longer than %zu bytes", limit);
	buf_init(&r.text, NULL, 2 * text.n + 16); /* an escape of two bytes may become three */
	cfg.diag = diag_new();
	if (cfg.diag)
		parser = fy_parser_create(&cfg);
	if (!parser || fy_parser_set_string(parser, text.p, text.n) != 0)
		status = no_memory(&r);
	else
		status = read_events(&r, parser, cfg.diag);
	if (parser)
		fy_parser_destroy(parser);
	if (cfg.diag)
		fy_diag_destroy(cfg.diag);
	cJSON_Delete(r.key);
	buf_fini(&r.text);
	if (status == PIPGATE_OK)
		*out = r.root;
	else
		cJSON_Delete(r.root);
	return status;
}
