/* SPDX-License-Identifier: Apache-2.0 */
/* What a store says of itself: one row of meta for each member of its state. */
#include "wrapper/database/store_file.h"

#include "matcher/advisory/record.h"

#include "matcher/base/banned.h"

#define STORE_SCHEMA 1

#define AT(member) offsetof(struct store_state, member)
static const struct {
	const char *key;
	size_t offset;
} numbers[] = {
	{"time", AT(time)}, {"checked", AT(checked)}, {"accepted", AT(accepted)}, {"withdrawn", AT(withdrawn)}, {"refused", AT(refused)},
	{"failed", AT(failed)},
}, texts[] = {
	{"etag", AT(etag)}, {"sha256", AT(sha256)}, {"failure", AT(failure)},
};
#define N(table) (sizeof(table) / sizeof(*(table)))

static void state_take(struct store *s, struct span key, sqlite3_stmt *row)
{
	char *state = (char *)&s->state;

	for (size_t i = 0; i < N(numbers); i++)
		if (span_is(key, numbers[i].key))
			*(int64_t *)(void *)(state + numbers[i].offset) = sqlite3_column_int64(row, 1);
	for (size_t i = 0; i < N(texts); i++)
		if (span_is(key, texts[i].key))
			*(struct span *)(void *)(state + texts[i].offset) = must_span(arena_copy(s->run, schema_column(row, 1)));
	if (span_is(key, "merged"))
		s->state.merged = sqlite3_column_int64(row, 1) == 1;
}

/* Whether the file is one of ours, of this feed. */
bool store_state_read(struct store *s)
{
	int64_t schema = 0, identity = 0;
	sqlite3_stmt *row;
	int code;

	if (sqlite3_prepare_v2(s->db, "SELECT key, value FROM meta ORDER BY key", -1, &row, NULL) != SQLITE_OK)
		return false;
	while ((code = sqlite3_step(row)) == SQLITE_ROW) {
		struct span key = schema_column(row, 0);

		if (span_is(key, "schema"))
			schema = sqlite3_column_int64(row, 1);
		else if (span_is(key, "identity"))
			identity = sqlite3_column_int64(row, 1);
		else
			state_take(s, key, row);
	}
	sqlite3_finalize(row);
	s->state.there = code == SQLITE_DONE && schema == (STORE_SCHEMA << 8 | RECORD_FORMAT) && (s->any || identity == s->identity);
	return s->state.there;
}

static enum pipgate_status meta_number(struct store *s, const char *key, int64_t value, struct pipgate_error *error)
{
	sqlite3_stmt *meta = store_statement(s, STORE_META);

	store_bind(meta, 1, span_of(key));
	sqlite3_bind_int64(meta, 2, value);
	return store_step(s, meta, error);
}

static enum pipgate_status meta_text(struct store *s, const char *key, struct span value, struct pipgate_error *error)
{
	sqlite3_stmt *meta = store_statement(s, STORE_META);

	store_bind(meta, 1, span_of(key));
	store_bind(meta, 2, value);
	return store_step(s, meta, error);
}

enum pipgate_status store_state_write(struct store *s, const struct store_state *state, struct pipgate_error *error)
{
	const char *from = (const char *)state;
	enum pipgate_status status = meta_number(s, "schema", STORE_SCHEMA << 8 | RECORD_FORMAT, error);

	if (status == PIPGATE_OK)
		status = meta_number(s, "identity", s->identity, error);
	if (status == PIPGATE_OK)
		status = meta_number(s, "merged", state->merged, error);
	for (size_t i = 0; i < N(numbers) && status == PIPGATE_OK; i++)
		status = meta_number(s, numbers[i].key, *(const int64_t *)(const void *)(from + numbers[i].offset), error);
	for (size_t i = 0; i < N(texts) && status == PIPGATE_OK; i++)
		status = meta_text(s, texts[i].key, *(const struct span *)(const void *)(from + texts[i].offset), error);
	return status;
}

void store_state_keep(struct store *s)
{
	for (size_t i = 0; i < N(texts); i++) {
		struct span *text = (struct span *)(void *)((char *)&s->state + texts[i].offset);

		*text = must_span(arena_copy(s->run, *text));
	}
}
