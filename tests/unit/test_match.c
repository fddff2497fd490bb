/* SPDX-License-Identifier: Apache-2.0 */
/* From records to findings: which versions match, what joins, what a finding says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "matcher/advisory/row.h"
#include "matcher/base/arena.h"
#include "matcher/base/buf.h"
#include "tests/unit/faulty.h"

#include "matcher/base/banned.h"

#define BLOCK_BYTES ((size_t)64 << 10) /* as in base/arena.c */
#define NAMES_MAX 4
#define RECORDS_MAX 64

#define OF(name, more) "\"affected\":[{\"package\":{\"ecosystem\":\"PyPI\",\"name\":\"" name "\"}," more "}]"
#define RECORD(id, more) "{\"id\":\"" id "\",\"modified\":\"2024-01-01T00:00:00Z\"," more "}"
#define DEMO(id, more) RECORD(id, OF("demo", "\"versions\":[\"1\"]") more)
#define ALIASES(list) ",\"aliases\":[" list "]"
#define EVENTS(list) "\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[" list "]}]"
#define I(v) "{\"introduced\":\"" v "\"}"
#define F(v) ",{\"fixed\":\"" v "\"}"
#define L(v) ",{\"last_affected\":\"" v "\"}"
#define LIMIT(v) ",{\"limit\":\"" v "\"}"
#define SEVERITY(vector) ",\"severity\":[{\"type\":\"CVSS_V3\",\"score\":\"" vector "\"}]"
#define CRITICAL "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
#define LOW "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:L"

/* ---- a database in memory ---- */

struct world {
	struct pipgate_run *run;
	struct named {
		struct span name, records[RECORDS_MAX], row;
		size_t n;
	} names[NAMES_MAX];
	size_t n;
};

static struct named *world_name(struct world *world, struct span name)
{
	for (size_t i = 0; i < world->n; i++)
		if (span_equal(world->names[i].name, name))
			return &world->names[i];
	assert_true(world->n < NAMES_MAX);
	world->names[world->n].name = name;
	return &world->names[world->n++];
}

static enum pipgate_status world_add(struct world *world, const char *text, uint32_t feed)
{
	struct pipgate_advisory advisory;
	struct pipgate_error error = {""};
	enum pipgate_status status = pipgate_advisory_decode(world->run, PIPGATE_OSV_JSON, span_of(text), &advisory, &error);

	if (status == PIPGATE_INVALID)
		fail_msg("%s: %s", text, error.text);
	if (status != PIPGATE_OK || advisory.withdrawn.n)
		return status;
	for (size_t i = 0; i < advisory.n_affected && status == PIPGATE_OK; i++) {
		struct named *named = world_name(world, advisory.affected[i].name);

		assert_true(named->n < RECORDS_MAX);
		status = pipgate_record_encode(world->run, &advisory, &advisory.affected[i], feed, &named->records[named->n++]);
	}
	return status;
}

/* texts up to a NULL; the number of each is its feed. */
static enum pipgate_status world_fill(struct world *world, const char *const *texts)
{
	enum pipgate_status status = PIPGATE_OK;

	for (uint32_t i = 0; texts[i] && status == PIPGATE_OK; i++)
		status = world_add(world, texts[i], i);
	for (size_t i = 0; i < world->n && status == PIPGATE_OK; i++)
		status = pipgate_row_encode(world->run, world->names[i].records, world->names[i].n, NULL, &world->names[i].row);
	return status;
}

static enum pipgate_status world_seek(void *ctx, struct span name, struct span *row, struct pipgate_error *error)
{
	const struct world *world = ctx;

	(void)error;
	*row = (struct span){NULL, 0};
	for (size_t i = 0; i < world->n; i++)
		if (span_equal(world->names[i].name, name))
			*row = world->names[i].row;
	return PIPGATE_OK;
}

static enum pipgate_status world_match(struct world *world, const char *name, const char *version, struct pipgate_match *out,
	struct pipgate_error *error)
{
	const struct pipgate_cursor cursor = {world_seek, world};
	const struct pipgate_component component = {.name = span_of(name), .version = span_of(version)};

	return pipgate_match(world->run, &component, 7, &cursor, out, error);
}

/* ---- groups ---- */

static void put_list(struct buf *out, const char *label, const struct span *texts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_text(out, i ? "," : label);
		buf_span(out, texts[i]);
	}
}

static void put_groups(struct buf *out, const struct pipgate_match *match)
{
	for (size_t i = 0; i < match->n_findings; i++) {
		const struct pipgate_finding *finding = &match->findings[i];

		buf_text(out, i ? " " : "");
		for (size_t k = 0; k < finding->n_records; k++) {
			buf_text(out, k ? "=" : "");
			buf_span(out, finding->records[k].id);
		}
	}
}

static void put_finding(struct buf *out, const struct pipgate_finding *finding)
{
	buf_format(out, SPAN_FMT " %s %u", SPAN_ARG(finding->id), pipgate_level_name(finding->severity.level), finding->severity.tenths);
	put_list(out, " ids ", finding->ids, finding->n_ids);
	put_list(out, " fixed ", finding->fixed, finding->n_fixed);
	for (size_t i = 0; i < finding->n_records; i++) {
		buf_format(out, " (" SPAN_FMT " feed %u", SPAN_ARG(finding->records[i].id), finding->records[i].feed);
		put_list(out, " fixed ", finding->records[i].fixed, finding->records[i].n_fixed);
		buf_byte(out, ')');
	}
	buf_text(out, finding->has_end ? " end" : "");
	buf_text(out, finding->malicious ? " malicious" : "");
	assert_int_equal(finding->component, 7);
}

/* The match of demo in a world of texts, as groups or (full) as findings. */
static void expect(const char *const *texts, const char *version, bool full, const char *expected)
{
	struct world world = {.n = 0};
	struct pipgate_match match;
	struct pipgate_error error = {""};
	struct buf out;

	assert_int_equal(pipgate_run_new(NULL, &world.run), PIPGATE_OK);
	assert_int_equal(world_fill(&world, texts), PIPGATE_OK);
	assert_int_equal(world_match(&world, "demo", version, &match, &error), PIPGATE_OK);
	buf_init(&out, NULL, (size_t)1 << 20);
	buf_text(&out, "");
	if (!full)
		put_groups(&out, &match);
	for (size_t i = 0; full && i < match.n_findings; i++) {
		buf_text(&out, i ? "; " : "");
		put_finding(&out, &match.findings[i]);
	}
	assert_int_equal(buf_status(&out), PIPGATE_OK);
	assert_string_equal(out.p, expected);
	buf_fini(&out);
	pipgate_run_free(&world.run);
}
#define GROUPS(version, expected, ...) expect((const char *const[]){__VA_ARGS__, NULL}, version, false, expected)
#define FINDING(version, expected, ...) expect((const char *const[]){__VA_ARGS__, NULL}, version, true, expected)

static void alias_joins(void **state)
{
	(void)state;
	GROUPS("1", "A-1=B-1 C-1", DEMO("B-1", ALIASES("\"A-1\"")), DEMO("A-1", ""), DEMO("C-1", ""));
	GROUPS("1", "A-1=B-1", DEMO("B-1", ALIASES("\"CVE-1\"")), DEMO("A-1", ALIASES("\"CVE-2\",\"CVE-1\"")));
	GROUPS("1", "A-1", DEMO("A-1", ALIASES("\"A-1\",\"A-1\"")));
}

static void chain_joins(void **state)
{
	(void)state;
	GROUPS("1", "A-1=C-1", DEMO("A-1", ALIASES("\"CVE-1\"")),
		RECORD("B-1", OF("demo", "\"versions\":[\"2\"]") ALIASES("\"CVE-1\",\"CVE-2\"")), DEMO("C-1", ALIASES("\"CVE-2\"")));
}

static void withdrawn_joins_nothing(void **state)
{
	(void)state;
	GROUPS("1", "A-1 C-1", DEMO("A-1", ALIASES("\"CVE-1\"")),
		DEMO("B-1", ALIASES("\"CVE-1\",\"CVE-2\"") ",\"withdrawn\":\"2024-01-01T00:00:00Z\""), DEMO("C-1", ALIASES("\"CVE-2\"")));
}

static void other_name_joins_nothing(void **state)
{
	(void)state;
	GROUPS("1", "A-1 C-1", DEMO("A-1", ALIASES("\"CVE-1\"")),
		RECORD("B-1", OF("other", "\"versions\":[\"1\"]") ALIASES("\"CVE-1\",\"CVE-2\"")), DEMO("C-1", ALIASES("\"CVE-2\"")));
}

static void related_joins_nothing(void **state)
{
	(void)state;
	GROUPS("1", "A-1 B-1", DEMO("A-1", ",\"related\":[\"B-1\"]"), DEMO("B-1", ",\"related\":[\"A-1\"]"));
}

static void upstream_joins_nothing(void **state)
{
	(void)state;
	GROUPS("1", "A-1 B-1", DEMO("A-1", ",\"upstream\":[\"CVE-1\"]"), DEMO("B-1", ALIASES("\"CVE-1\"") ",\"upstream\":[\"A-1\"]"));
}

/* By the first record that matches, not by the group's first one. */
static void order_of_findings(void **state)
{
	(void)state;
	GROUPS("1", "B-1 C-1", RECORD("A-1", OF("demo", "\"versions\":[\"2\"]") ALIASES("\"C-1\"")), DEMO("C-1", ""), DEMO("B-1", ""));
}

/* ---- what a finding says ---- */

static void findings(void **state)
{
	(void)state;
	FINDING("1", "PYSEC-1 CRITICAL 98 ids CVE-1,GHSA-1,PYSEC-1 fixed 1.5,2 (GHSA-1 feed 0 fixed 0.9,2) (PYSEC-1 feed 1 fixed 1.5) end",
		RECORD("GHSA-1", OF("demo", EVENTS(I("0") F("0.9") "," I("1") F("2.0"))) ALIASES("\"CVE-1\"") SEVERITY(LOW)),
		RECORD("PYSEC-1", OF("demo", EVENTS(I("0") F("1.5"))) ALIASES("\"CVE-1\"") SEVERITY(CRITICAL)),
		RECORD("X-1", OF("demo", EVENTS(I("5") F("2")))));
	FINDING("1", "CVE-2 UNKNOWN 0 ids A-1,CVE-2,GHSA-1 (GHSA-1 feed 0)",
		RECORD("GHSA-1", OF("demo", EVENTS(I("0"))) ALIASES("\"CVE-2\",\"A-1\"")));
	FINDING("1", "MAL-1 UNKNOWN 0 ids GHSA-1,MAL-1,PYSEC-1 (MAL-1 feed 0) end malicious",
		DEMO("MAL-1", ALIASES("\"PYSEC-1\",\"GHSA-1\"")));
	FINDING("1", "A-1 UNKNOWN 0 ids A-1,MAL-1,X-1 (X-1 feed 0) end", DEMO("X-1", ALIASES("\"MAL-1\",\"A-1\"")));
	FINDING("2", "", DEMO("X-1", ALIASES("\"CVE-1\"")), RECORD("Y-1", OF("other", "\"versions\":[\"2\"]")));
}

/* Entries of one record: one record of the finding, with what they say together. */
static void entries_of_one_record(void **state)
{
	(void)state;
	FINDING("1", "A-1 CRITICAL 98 ids A-1 fixed 2,3 (A-1 feed 0 fixed 2,3) end",
		RECORD("A-1", "\"affected\":[{\"package\":{\"ecosystem\":\"PyPI\",\"name\":\"demo\"}," EVENTS(I("0") F("3")) SEVERITY(LOW)
				"},{\"package\":{\"ecosystem\":\"PyPI\",\"name\":\"Demo\"}," EVENTS(I("0") F("2")) SEVERITY(CRITICAL) "}]"));
}

static void ends(void **state)
{
	static const struct {
		const char *text;
		bool end;
	} table[] = {
		{RECORD("A-1", OF("demo", EVENTS(I("0")))), false},
		{RECORD("A-1", OF("demo", EVENTS(I("0") F("2")))), true},
		{RECORD("A-1", OF("demo", EVENTS(I("0") F("2.x")))), true},
		{RECORD("A-1", OF("demo", EVENTS(I("0") L("2")))), true},
		{RECORD("A-1", OF("demo", EVENTS(I("0") LIMIT("2")))), true},
		{RECORD("A-1", OF("demo", EVENTS(I("0") LIMIT("*")))), false},
		{RECORD("A-1", OF("demo", "\"versions\":[\"1\"]")), true},
		{RECORD("A-1", OF("demo", "\"versions\":[\"1\"]," EVENTS(I("0")))), false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct world world = {.n = 0};
		struct pipgate_match match;
		struct pipgate_error error;

		assert_int_equal(pipgate_run_new(NULL, &world.run), PIPGATE_OK);
		assert_int_equal(world_fill(&world, (const char *const[]){table[i].text, NULL}), PIPGATE_OK);
		assert_int_equal(world_match(&world, "demo", "1", &match, &error), PIPGATE_OK);
		if (match.n_findings != 1 || match.findings->has_end != table[i].end)
			fail_msg("row %zu", i);
		pipgate_run_free(&world.run);
	}
}

/* ---- which versions ---- */

static bool matches(struct world *world, struct span version, bool *unknown)
{
	struct pipgate_match match;
	struct pipgate_error error = {""};
	char text[64];

	snprintf(text, sizeof(text), SPAN_FMT, SPAN_ARG(version));
	if (world_match(world, "demo", text, &match, &error) != PIPGATE_OK)
		fail_msg("%s", error.text);
	assert_true(match.named);
	*unknown = match.unknown;
	return match.n_findings > 0;
}

/* Versions separated by "|": all of them must (not) match. */
static void expect_all(struct world *world, size_t row, const char *versions, bool expected)
{
	struct span rest = span_of(versions);

	while (rest.n) {
		struct span version = span_split(&rest, '|');
		bool unknown;

		if (matches(world, version, &unknown) != expected)
			fail_msg("row %zu: " SPAN_FMT, row, SPAN_ARG(version));
	}
}

static void versions(void **state)
{
	static const struct {
		const char *affected, *yes, *no;
	} table[] = {
		/* half open, whatever the spelling */
		{EVENTS(I("1.0") F("2.0")), "1|1.0.0|v1.0|1.5|2.0rc1|2.0.dev0|1.0.post1|1.9+local", "0.9|1.0rc1|1.0.dev1|2|2.0.0|2.0+local|2.0.post1|3"},
		{EVENTS(I("1.0") L("2.0")), "1|1.5|2.0|2.0.0|2.0+x", "0.9|2.0.post1|2.0.1|3"},
		/* "0" is below everything, "0.0" is a version */
		{EVENTS(I("0") F("1")), "0|0.dev0|0a1|0.0.0.dev0|1.dev0", "1|1!0"},
		{EVENTS(I("0.0") F("1")), "0|0.0|0.5", "0.dev0|0a1|1"},
		{EVENTS(I("0")), "0.dev0|1|9999|1!1|x|latest", ""},
		{EVENTS(I("1")), "1|1!0", "0.9|x"},
		/* unsorted, several stretches */
		{EVENTS(I("3") F("4") "," I("1") F("2")), "1|1.9|3|3.9", "0|2|2.9|4"},
		/* ties: within an affected stretch what adjoins joins, outside of one the interval is empty */
		{EVENTS(I("1") F("2") "," I("2") F("3")), "1|2|2.9", "0|3"},
		{EVENTS(I("1") F("1")), "", "0.9|1|1.1"},
		{EVENTS(I("1") L("1")), "1|1.0+x", "0.9|1.1"},
		{EVENTS(I("1") L("2") "," I("2")), "1|2", "0.9|2.1"},
		/* limits: below one of them is enough */
		{EVENTS(I("0") LIMIT("2") LIMIT("3")), "1|2.5", "3|4"},
		{EVENTS(I("1") LIMIT("*")), "1|5", "0.9"},
		{EVENTS(I("1") LIMIT("2") LIMIT("*")), "1|5", "0.9"},
		{EVENTS(I("1") LIMIT("2.x")), "1|5", "0.9"},
		{EVENTS(I("1") F("5") LIMIT("2")), "1|1.9", "2|4|5"},
		{EVENTS(I("1") F("2") LIMIT("5")), "1|1.9", "2|4|5"},
		{EVENTS(I("3") LIMIT("2")), "", "1|2|3|4"},
		/* what is no version */
		{EVENTS(I("1") F("2.x")), "1|9", "0.9|x|2.x"},
		{EVENTS(I("1.x") F("2")), "0.dev0|1|1.9", "2|x"},
		{"\"versions\":[\"1.0\",\"1.x\",\"2.0+cu\"]", "1|1.0.0|1.0+x|1.x| 1.x |2.0+CU|2.0+cu", "1.X|2.0|2.0+cu.1|1.1|x"},
		/* lists and ranges together */
		{"\"versions\":[\"0.5\",\"1.5\",\"2.0\"]," EVENTS(I("1") F("2")), "0.5|1|1.5|1.9|2.0", "0.6|0.9|2.1"},
		{"\"versions\":[\"1\"],\"ranges\":[{\"type\":\"GIT\",\"repo\":\"r\",\"events\":[" I("0") "]}]", "1", "2|x"},
		{"\"ranges\":[{\"type\":\"SEMVER\",\"events\":[" I("1") F("2") "]},{\"type\":\"ECOSYSTEM\",\"events\":[" I("3") F("4") "]}]", "1|3", "2|4"},
		{"\"versions\":[]", "", "0|1|x"},
		/* no 64 bit number wraps */
		{EVENTS(I("0") F("18446744073709551616.0")), "2|18446744073709551615", "18446744073709551616|36893488147419103232"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct world world = {.n = 0};
		char text[1024];

		snprintf(text, sizeof(text), RECORD("A-1", OF("demo", "%s")), table[i].affected);
		assert_int_equal(pipgate_run_new(NULL, &world.run), PIPGATE_OK);
		assert_int_equal(world_fill(&world, (const char *const[]){text, NULL}), PIPGATE_OK);
		expect_all(&world, i, table[i].yes, true);
		expect_all(&world, i, table[i].no, false);
		pipgate_run_free(&world.run);
	}
}

static void nothing_named(void **state)
{
	struct world world = {.n = 0};
	struct pipgate_match match;
	struct pipgate_error error;

	(void)state;
	assert_int_equal(pipgate_run_new(NULL, &world.run), PIPGATE_OK);
	assert_int_equal(world_fill(&world, (const char *const[]){DEMO("A-1", ""), NULL}), PIPGATE_OK);
	assert_int_equal(world_match(&world, "other", "1", &match, &error), PIPGATE_OK);
	assert_false(match.named || match.unknown || match.n_findings);
	assert_int_equal(world_match(&world, "other", "x", &match, &error), PIPGATE_OK);
	assert_true(match.unknown && !match.named);
	pipgate_run_free(&world.run);
}

/* ---- damage and want of memory ---- */

static const char *const some[] = {
	RECORD("GHSA-1", OF("demo", "\"versions\":[\"0.1\",\"1.x\"]," EVENTS(I("0") F("0.9") "," I("1") F("2.0"))) ALIASES("\"CVE-1\"") SEVERITY(LOW)),
	RECORD("PYSEC-1", OF("demo", EVENTS(I("0") F("1.5"))) ALIASES("\"CVE-1\"") SEVERITY(CRITICAL)),
	RECORD("X-1", OF("demo", EVENTS(I("0")))),
	NULL,
};

/* Any byte of a row may be anything: the answer is a refusal or a match, and no byte outside is read. */
static void damaged_rows(void **state)
{
	static const char *const asked[] = {"1.2", "1.2+x", "1.x"};
	struct world world = {.n = 0};
	struct span row;

	(void)state;
	assert_int_equal(pipgate_run_new(NULL, &world.run), PIPGATE_OK);
	assert_int_equal(world_fill(&world, some), PIPGATE_OK);
	row = world.names[0].row;
	for (size_t n = 0; n < row.n * 257; n++) {
		size_t at = n / 257, value = n % 257; /* 256: the row ends here */
		size_t bytes = value == 256 ? at : row.n;
		char *exact = malloc(bytes + !bytes);

		assert_non_null(exact);
		memcpy(exact, row.p, bytes);
		if (value < 256)
			exact[at] = (char)value;
		world.names[0].row = (struct span){exact, bytes};
		for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
			struct pipgate_run *run = world.run;
			struct pipgate_match match;
			struct pipgate_error error;
			enum pipgate_status status;

			assert_int_equal(pipgate_run_new(NULL, &world.run), PIPGATE_OK);
			status = world_match(&world, "demo", asked[i], &match, &error);
			assert_true(status == PIPGATE_OK || status == PIPGATE_INVALID);
			pipgate_run_free(&world.run);
			world.run = run;
		}
		free(exact);
	}
	pipgate_run_free(&world.run);
}

static void damaged_records(void **state)
{
	struct world world = {.n = 0};
	struct span record;

	(void)state;
	assert_int_equal(pipgate_run_new(NULL, &world.run), PIPGATE_OK);
	assert_int_equal(world_fill(&world, some), PIPGATE_OK);
	record = world.names[0].records[0];
	for (size_t n = 0; n < record.n * 257; n++) {
		size_t at = n / 257, value = n % 257;
		size_t bytes = value == 256 ? at : record.n;
		char *exact = malloc(bytes + !bytes);
		struct pipgate_run *run = NULL;
		enum pipgate_status status;
		struct span row;

		assert_non_null(exact);
		memcpy(exact, record.p, bytes);
		if (value < 256)
			exact[at] = (char)value;
		assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
		status = pipgate_row_encode(run, &(struct span){exact, bytes}, 1, NULL, &row);
		assert_true(status == PIPGATE_INVALID || (status == PIPGATE_OK && value < 256));
		pipgate_run_free(&run);
		free(exact);
	}
	pipgate_run_free(&world.run);
}

/* A faulty allocator that gives the arena one block only; what bufs ask for is smaller than one. */
struct starving {
	struct faulty faulty;
	size_t blocks;
};

static void *starving_resize(void *ctx, void *old, size_t old_n, size_t new_n)
{
	struct starving *s = ctx;

	if (new_n > BLOCK_BYTES && s->blocks++)
		return NULL;
	return faulty_resize(&s->faulty, old, old_n, new_n);
}

static enum pipgate_status without(void *ctx, struct span id, bool *kept)
{
	*kept = !span_starts(id, span_of(ctx));
	return PIPGATE_OK;
}

/* All of the way; room is what is left of the arena's only block. */
static enum pipgate_status whole_way(size_t fail_at, size_t room)
{
	struct starving starving = {.faulty.fail_at = fail_at};
	const struct pipgate_allocator allocator = {starving_resize, &starving};
	struct world world = {.n = 0};
	struct pipgate_match match;
	struct pipgate_error error;
	enum pipgate_status status = pipgate_run_new(&allocator, &world.run);

	if (status == PIPGATE_OK && room < BLOCK_BYTES && !arena_alloc(world.run, BLOCK_BYTES - room))
		status = PIPGATE_NO_MEMORY;
	if (status == PIPGATE_OK)
		status = world_fill(&world, some);
	if (status == PIPGATE_OK)
		status = row_filter(world.run, world.names[0].row, without, (void *)(uintptr_t)"PYSEC", &world.names[0].row);
	if (status == PIPGATE_OK)
		status = world_match(&world, "demo", "1", &match, &error);
	if (status == PIPGATE_OK)
		assert_int_equal(match.n_findings, 2);
	else
		assert_int_equal(status, PIPGATE_NO_MEMORY);
	pipgate_run_free(&world.run);
	assert_int_equal(starving.faulty.live, 0);
	return status;
}

/* demo 1 by a row from which records were taken: those whose ids begin so. */
static void filtered(const char *dropped, const char *expected)
{
	static const char *const texts[] = {DEMO("A-1", ALIASES("\"CVE-1\"") SEVERITY(CRITICAL)), DEMO("B-1", ALIASES("\"CVE-1\"") SEVERITY(LOW)),
		DEMO("C-1", ""), DEMO("C-2", ALIASES("\"C-1\"")), NULL};
	struct world world = {.n = 0};
	struct pipgate_match match;
	struct pipgate_error error = {""};
	struct buf out;

	assert_int_equal(pipgate_run_new(NULL, &world.run), PIPGATE_OK);
	assert_int_equal(world_fill(&world, texts), PIPGATE_OK);
	for (size_t n = 0; n < world.names[0].row.n; n++) { /* cut */
		struct span none = {NULL, 0};
		enum pipgate_status status = row_filter(world.run, (struct span){world.names[0].row.p, n}, without, (void *)(uintptr_t)dropped, &none);

		assert_true(status == PIPGATE_OK || status == PIPGATE_INVALID);
	}
	assert_int_equal(row_filter(world.run, world.names[0].row, without, (void *)(uintptr_t)dropped, &world.names[0].row), PIPGATE_OK);
	assert_int_equal(world_match(&world, "demo", "1", &match, &error), PIPGATE_OK);
	buf_init(&out, NULL, (size_t)1 << 20);
	buf_text(&out, "");
	put_groups(&out, &match);
	if (match.n_findings)
		buf_format(&out, " %s", pipgate_level_name(match.findings[0].severity.level));
	assert_string_equal(out.p, expected);
	buf_fini(&out);
	pipgate_run_free(&world.run);
}

static void filtered_rows(void **state)
{
	(void)state;
	filtered("none", "A-1=B-1 C-1=C-2 CRITICAL");
	filtered("A", "B-1 C-1=C-2 LOW");
	filtered("B", "A-1 C-1=C-2 CRITICAL");
	filtered("C", "A-1=B-1 CRITICAL");
	filtered("C-1", "A-1=B-1 C-2 CRITICAL");
	filtered("", "");
}

static void no_memory(void **state)
{
	size_t n = 1, room = 0;

	(void)state;
	while (n < 1000 && whole_way(n, BLOCK_BYTES) != PIPGATE_OK)
		n++;
	assert_in_range(n, 10, 999); /* most of them are bufs */
	while (room < BLOCK_BYTES && whole_way(0, room) != PIPGATE_OK)
		room += 16;
	assert_in_range(room, 1024, BLOCK_BYTES - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alias_joins),
		cmocka_unit_test(chain_joins),
		cmocka_unit_test(withdrawn_joins_nothing),
		cmocka_unit_test(other_name_joins_nothing),
		cmocka_unit_test(related_joins_nothing),
		cmocka_unit_test(upstream_joins_nothing),
		cmocka_unit_test(order_of_findings),
		cmocka_unit_test(findings),
		cmocka_unit_test(entries_of_one_record),
		cmocka_unit_test(ends),
		cmocka_unit_test(versions),
		cmocka_unit_test(nothing_named),
		cmocka_unit_test(damaged_rows),
		cmocka_unit_test(damaged_records),
		cmocka_unit_test(filtered_rows),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
