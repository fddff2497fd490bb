/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding of advisories: every row is a record and what was made of it, or why it is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "matcher/base/arena.h"
#include "matcher/base/buf.h"
#include "tests/unit/faulty.h"

#include "matcher/base/banned.h"

#define BLOCK_BYTES ((size_t)64 << 10) /* as in base/arena.c */
#define DATED "\"modified\":\"2024-01-01T00:00:00Z\""
#define HEAD "{\"id\":\"X-1\"," DATED
#define DEMO HEAD ",\"affected\":[{\"package\":{\"ecosystem\":\"PyPI\",\"name\":\"demo\"}"
#define RANGE(events) DEMO ",\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[" events "]}]}]}"
#define CRITICAL "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
#define LOW "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:L"
#define V4 "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
#define V2 "AV:N/AC:L/Au:N/C:C/I:C/A:C"

static void put_list(struct buf *out, const char *label, const struct span *texts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_text(out, i ? "," : label);
		buf_span(out, texts[i]);
	}
}

/* Everything that decides, as one line. */
static void describe(struct buf *out, const struct pipgate_advisory *a)
{
	static const char signs[] = {'i', 'f', 'l', 'm'};

	buf_span(out, a->id);
	put_list(out, " =", a->aliases, a->n_aliases);
	if (a->withdrawn.n)
		put_list(out, " withdrawn ", &a->withdrawn, 1);
	for (size_t i = 0; i < a->n_affected; i++) {
		const struct pipgate_affected *entry = &a->affected[i];

		buf_text(out, "; ");
		buf_span(out, entry->name);
		put_list(out, " ", entry->versions, entry->n_versions);
		for (size_t r = 0; r < entry->n_ranges; r++) {
			buf_text(out, " [");
			for (size_t k = 0; k < entry->ranges[r].n_events; k++)
				buf_format(out, "%s%c" SPAN_FMT, k ? " " : "", signs[entry->ranges[r].events[k].kind],
					SPAN_ARG(entry->ranges[r].events[k].version));
			buf_byte(out, ']');
		}
		if (entry->severity.vector.n)
			buf_format(out, " %s %u", pipgate_level_name(entry->severity.level), entry->severity.tenths);
	}
	for (size_t i = 0; i < a->n_notes; i++) {
		buf_text(out, " # ");
		buf_span(out, a->notes[i]);
	}
}

static void decode(struct pipgate_run *run, size_t row, enum pipgate_encoding encoding, const char *text, const char *expected)
{
	struct pipgate_advisory advisory;
	struct pipgate_error error = {""};
	enum pipgate_status status = pipgate_advisory_decode(run, encoding, span_of(text), &advisory, &error);
	struct buf out;

	buf_init(&out, NULL, (size_t)1 << 20);
	if (status == PIPGATE_OK)
		describe(&out, &advisory);
	else
		buf_format(&out, "! %s", error.text);
	assert_int_equal(buf_status(&out), PIPGATE_OK);
	if (strcmp(out.p, expected) != 0 || (status != PIPGATE_OK && status != PIPGATE_INVALID))
		fail_msg("row %zu: status %d\n  got      %s\n  expected %s", row, status, out.p, expected);
	buf_fini(&out);
	pipgate_run_reset(run);
}

struct row {
	const char *text, *expected;
};

static void decode_all(void **state, enum pipgate_encoding encoding, const struct row *rows, size_t n)
{
	struct pipgate_run *run = NULL;

	(void)state;
	assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
	for (size_t i = 0; i < n; i++)
		decode(run, i, encoding, rows[i].text, rows[i].expected);
	pipgate_run_free(&run);
}
#define DECODE_ALL(state, encoding, rows) decode_all(state, encoding, rows, sizeof(rows) / sizeof(*(rows)))

static void records(void **state)
{
	static const struct row rows[] = {
		{HEAD "}", "X-1"},
		{"[]", "! a record is an object"},
		{"null", "! a record is an object"},
		{"{" DATED "}", "! id: missing"},
		{"{\"id\":\"\"," DATED "}", "! id: empty"},
		{"{\"id\":7," DATED "}", "! id: text expected"},
		{"{\"id\":\"../x\"," DATED "}", "! id: '../x' is no id"},
		{"{\"id\":\"X-1\\nOK\"," DATED "}", "! id: 'X-1\\x0aOK' is no id"},
		{"{\"id\":\"X 1\"," DATED "}", "! id: 'X 1' is no id"},
		{"{\"id\":\"ALSA-2019:3708_a.b+c\"," DATED "}", "ALSA-2019:3708_a.b+c"},
		{HEAD ",\"schema_version\":\"1.7.5\"}", "X-1"},
		{HEAD ",\"schema_version\":\"2.0.0\"}", "! schema_version: '2.0.0' is not understood, only 1.x is"},
		{HEAD ",\"schema_version\":\"10.0\"}", "! schema_version: '10.0' is not understood, only 1.x is"},
		{HEAD ",\"schema_version\":1}", "! schema_version: text expected"},
		{HEAD ",\"summary\":7}", "! summary: text expected"},
		{HEAD ",\"zzz\":{\"a\":[1,2]},\"related\":[\"CVE-1\"],\"upstream\":7}", "X-1"},
		{HEAD ",\"aliases\":[\"CVE-1\",\"X-1\"]}", "X-1 =CVE-1,X-1"},
		{HEAD ",\"aliases\":null}", "X-1"},
		{HEAD ",\"aliases\":\"CVE-1\"}", "! aliases: a list expected"},
		{HEAD ",\"aliases\":[1]}", "! aliases: text expected"},
		{HEAD ",\"aliases\":[\"a b\",\"CVE-1\"]}", "X-1 =CVE-1 # alias 'a b' is no id; it is left out"},
		{HEAD ",\"references\":[{\"type\":\"WEB\",\"url\":\"javascript:alert(1)\"}]}", "X-1"},
		{HEAD ",\"references\":[\"x\"]}", "! references: an object expected"},
		{HEAD ",\"references\":[{\"url\":7}]}", "! references: url: text expected"},
	};

	DECODE_ALL(state, PIPGATE_OSV_JSON, rows);
}

static void dates(void **state)
{
#define WITHDRAWN(date) HEAD ",\"withdrawn\":\"" date "\"}"
#define BAD(date) {WITHDRAWN(date), "! withdrawn: '" date "' is no date and time (RFC 3339)"}
	static const struct row rows[] = {
		{"{\"id\":\"X-1\"}", "! modified: missing"},
		{"{\"id\":\"X-1\",\"modified\":\"yesterday\"}", "! modified: 'yesterday' is no date and time (RFC 3339)"},
		{HEAD ",\"withdrawn\":null}", "X-1"},
		{HEAD ",\"withdrawn\":false}", "! withdrawn: text expected"},
		{WITHDRAWN("2999-01-01T00:00:00Z"), "X-1 withdrawn 2999-01-01T00:00:00Z"},
		{WITHDRAWN("2024-02-29T23:59:60.123456789Z"), "X-1 withdrawn 2024-02-29T23:59:60.123456789Z"},
		{WITHDRAWN("2024-01-01T00:30:00.5+02:00"), "X-1 withdrawn 2023-12-31T22:30:00.5Z"},
		{WITHDRAWN("2024-02-29T23:30:00-01:15"), "X-1 withdrawn 2024-03-01T00:45:00Z"},
		{WITHDRAWN("2024-12-31T23:30:00-00:30"), "X-1 withdrawn 2025-01-01T00:00:00Z"},
		{WITHDRAWN("2024-03-01T00:00:00+00:01"), "X-1 withdrawn 2024-02-29T23:59:00Z"},
		BAD(""), BAD("2024-01-01"), BAD("2024-01-01T00:00:00"), BAD("2024-01-01 00:00:00Z"), BAD("2024-02-30T00:00:00Z"),
		BAD("2023-02-29T00:00:00Z"), BAD("1900-02-29T00:00:00Z"), BAD("2024-13-01T00:00:00Z"), BAD("2024-00-01T00:00:00Z"),
		BAD("2024-01-00T00:00:00Z"), BAD("2024-01-01T24:00:00Z"), BAD("2024-01-01T00:60:00Z"), BAD("2024-01-01T00:00:61Z"),
		BAD("2024-01-01T00:00:00.Z"), BAD("2024-01-01T00:00:00Zx"), BAD("2024-01-01T00:00:00+2:00"),
		BAD("2024-01-01T00:00:00+02:60"), BAD("2024-01-01T00:00:00+0200"), BAD("0000-01-01T00:00:00+00:01"),
		BAD("24-01-01T00:00:00Z"),
	};

	DECODE_ALL(state, PIPGATE_OSV_JSON, rows);
#undef WITHDRAWN
#undef BAD
}

static void packages(void **state)
{
#define PACKAGE(package) HEAD ",\"affected\":[{\"package\":" package ",\"versions\":[\"1\"]}]}"
	static const struct row rows[] = {
		{HEAD ",\"affected\":{}}", "! affected: a list expected"},
		{HEAD ",\"affected\":[7]}", "! affected[0]: an object expected"},
		{HEAD ",\"affected\":[{\"versions\":[\"1\"]},{\"package\":null}]}", "X-1"},
		{PACKAGE("\"demo\""), "! affected[0]: package: an object expected"},
		{PACKAGE("{\"name\":\"demo\"}"), "! affected[0]: ecosystem: missing"},
		{PACKAGE("{\"ecosystem\":\"PyPI\"}"), "! affected[0]: name: missing"},
		{PACKAGE("{\"ecosystem\":\"PyPI\",\"name\":\"\"}"), "! affected[0]: name: empty"},
		{PACKAGE("{\"ecosystem\":\"PyPI\",\"name\":\"De._-Mo\",\"purl\":\"pkg:pypi/other\"}"), "X-1; de-mo 1"},
		{PACKAGE("{\"ecosystem\":\"PyPI:https://corp.example/simple\",\"name\":\"demo\"}"), "X-1; demo 1"},
		{PACKAGE("{\"ecosystem\":\"npm\",\"name\":\"demo\"}"), "X-1"},
		{PACKAGE("{\"ecosystem\":\"PyPIx\",\"name\":\"demo\"}"), "X-1"},
		{PACKAGE("{\"ecosystem\":\"pypi\",\"name\":\"demo\"}"), "X-1 # ecosystem 'pypi' is not 'PyPI'; its entry is left out"},
		{DEMO ",\"versions\":[1.0]}]}", "! affected[0]: versions: text expected"},
		{DEMO ",\"versions\":[null]}]}", "! affected[0]: versions: text expected"},
		{DEMO ",\"versions\":\"1.0\"}]}", "! affected[0]: versions: a list expected"},
		{DEMO "}]}", "X-1; demo"},
	};

	DECODE_ALL(state, PIPGATE_OSV_JSON, rows);
#undef PACKAGE
}

static void ranges(void **state)
{
#define INTRODUCED "{\"introduced\":\"0\"}"
	static const struct row rows[] = {
		{RANGE(INTRODUCED ",{\"fixed\":\"2.0\"},{\"introduced\":\"3\"},{\"limit\":\"*\"}"), "X-1; demo [i0 f2.0 i3 m*]"},
		{RANGE(INTRODUCED ",{\"last_affected\":\"2\"}"), "X-1; demo [i0 l2]"},
		{RANGE(""), "! affected[0]: ranges[0]: events: none is 'introduced'"},
		{RANGE("{\"fixed\":\"2\"}"), "! affected[0]: ranges[0]: events: none is 'introduced'"},
		{RANGE(INTRODUCED ",{\"fixed\":\"2\"},{\"last_affected\":\"3\"}"),
			"! affected[0]: ranges[0]: events: both 'fixed' and 'last_affected'"},
		{RANGE("{}"), "! affected[0]: ranges[0]: an event has one member"},
		{RANGE("7"), "! affected[0]: ranges[0]: an event has one member"},
		{RANGE("{\"introduced\":\"1\",\"fixed\":\"2\"}"), "! affected[0]: ranges[0]: an event has one member"},
		{RANGE(INTRODUCED ",{\"gone\":\"2\"}"), "! affected[0]: ranges[0]: 'gone' is no event"},
		{RANGE(INTRODUCED ",{\"fixed\":2}"), "! affected[0]: ranges[0]: fixed: text expected"},
		{RANGE(INTRODUCED ",{\"fixed\":null}"), "! affected[0]: ranges[0]: fixed: missing"},
		{RANGE(INTRODUCED ",{\"fixed\":\"1.x\"}"), "X-1; demo [i0 f1.x] # fixed '1.x' is no version; the range stays open"},
		{RANGE("{\"introduced\":\"1.x\"}"), "X-1; demo [i1.x] # introduced '1.x' is no version; the range begins with the first"},
		{DEMO ",\"ranges\":[{\"events\":[]}]}]}", "! affected[0]: ranges[0]: type: missing"},
		{DEMO ",\"ranges\":[7]}]}", "! affected[0]: ranges[0]: an object expected"},
		{DEMO ",\"ranges\":{}}]}", "! affected[0]: ranges: a list expected"},
		{DEMO ",\"ranges\":[{\"type\":\"GIT\",\"repo\":\"x\",\"events\":[" INTRODUCED "]},"
		      "{\"type\":\"SEMVER\",\"events\":[" INTRODUCED "]}]}]}", "X-1; demo [i0]"},
		{DEMO ",\"versions\":[\"1\"],\"ranges\":[{\"type\":\"CALVER\",\"events\":[" INTRODUCED "]}]}]}",
			"X-1; demo 1 # ranges of type 'CALVER' are not understood; one is left out"},
	};

	DECODE_ALL(state, PIPGATE_OSV_JSON, rows);
}

static void severities(void **state)
{
#define ONE(vector) "{\"type\":\"CVSS_V3\",\"score\":\"" vector "\"}"
#define AT_RECORD(list) DEMO ",\"versions\":[\"1\"]}],\"severity\":" list "}"
#define AT_ENTRY(list) DEMO ",\"versions\":[\"1\"],\"severity\":" list "}]}"
	static const struct row rows[] = {
		{AT_RECORD("[" ONE(CRITICAL) "]"), "X-1; demo 1 CRITICAL 98"},
		{AT_ENTRY("[" ONE(CRITICAL) "]"), "X-1; demo 1 CRITICAL 98"},
		{AT_RECORD("[" ONE(V2) "," ONE(LOW) "]"), "X-1; demo 1 LOW 18"},
		{AT_RECORD("[" ONE(CRITICAL) "," ONE(V4) "," ONE(V2) "]"), "X-1; demo 1 CRITICAL 93"},
		{AT_RECORD("[" ONE(LOW) "," ONE(CRITICAL) "]"), "X-1; demo 1 CRITICAL 98"},
		{AT_RECORD("[{\"type\":\"CVSS_V3\",\"score\":9.8}]"), "X-1; demo 1 # severity '' is no CVSS vector; it does not count"},
		{AT_RECORD("[" ONE("CVSS:3.1/AV:Z") "," ONE(LOW) "]"),
			"X-1; demo 1 LOW 18 # severity 'CVSS:3.1/AV:Z' is no CVSS vector; it does not count"},
		{AT_RECORD("\"HIGH\""), "X-1; demo 1 # severity is no list; it stays unknown"},
		{AT_RECORD("[7]"), "X-1; demo 1 # severity '' is no CVSS vector; it does not count"},
		{AT_RECORD("null"), "X-1; demo 1"},
		{DEMO ",\"severity\":[" ONE(CRITICAL) "]},{\"package\":{\"ecosystem\":\"PyPI\",\"name\":\"other\"}}],\"severity\":[" ONE(LOW) "]}",
			"X-1; demo CRITICAL 98; other LOW 18 # severity stands at the record and at an entry; the entry's counts for the entry"},
	};

	DECODE_ALL(state, PIPGATE_OSV_JSON, rows);
}

static void yaml(void **state)
{
	static const struct row rows[] = {
		{"id: X-1\nmodified: 2024-01-01T00:00:00Z\naffected:\n- package: {name: demo, ecosystem: PyPI}\n"
		 "  ranges:\n  - type: ECOSYSTEM\n    events:\n    - introduced: 0\n    - fixed: 1.10\n"
		 "  versions: [1.10, 1e3, 2013-01-21, no]\nwithdrawn: ~\n",
			"X-1; demo 1.10,1e3,2013-01-21,no [i0 f1.10]"},
		{"id: X-1\nmodified: 2024-01-01T00:00:00Z\naffected:\n- package: {name: demo, ecosystem: PyPI}\n  versions: [1.0, ~]\n",
			"X-1; demo 1.0 # versions holds a null; it is no version"},
		{"id: X-1\r\nmodified: 2024-01-01T00:00:00Z\r\naliases:\r\n- CVE-1\r\n", "X-1 =CVE-1"},
		{"id: X-1\nid: X-2\n", "! line 3, column 1: the mapping that ends here repeats the key \"id\""},
		{"id: X-1\nmodified: 2024-01-01\n", "! modified: '2024-01-01' is no date and time (RFC 3339)"},
	};

	DECODE_ALL(state, PIPGATE_PYSEC_YAML, rows);
}

/* More than anybody reads or stores is cut with a note. */
static void caps(void **state)
{
	struct pipgate_run *run = NULL;
	struct pipgate_advisory advisory;
	struct pipgate_error error;
	struct buf text;

	(void)state;
	assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
	buf_init(&text, NULL, (size_t)8 << 20);
	buf_text(&text, HEAD ",\"aliases\":[");
	for (size_t i = 0; i < 100000; i++)
		buf_format(&text, "%s\"%s-%zu\"", i ? "," : "", i < 100 ? "a b" : "CVE", i);
	buf_text(&text, "]}");
	assert_int_equal(buf_status(&text), PIPGATE_OK);
	assert_int_equal(pipgate_advisory_decode(run, PIPGATE_OSV_JSON, buf_view(&text), &advisory, &error), PIPGATE_OK);
	assert_int_equal(advisory.n_aliases, 256);
	assert_true(span_is(advisory.aliases[0], "CVE-100"));
	assert_int_equal(advisory.n_notes, 32);
	buf_fini(&text);
	pipgate_run_free(&run);
}

static void no_memory(void **state)
{
	static const char text[] = HEAD ",\"aliases\":[\"CVE-1\"],\"summary\":\"s\",\"references\":[{\"type\":\"WEB\",\"url\":\"u\"}],"
		"\"severity\":[{\"type\":\"CVSS_V3\",\"score\":\"" CRITICAL "\"},{\"score\":7}],"
		"\"affected\":[{\"package\":{\"ecosystem\":\"PyPI\",\"name\":\"demo\"},\"versions\":[\"1\",\"1.x\"],"
		"\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"1.x\"}]}]}]}";
	enum pipgate_status status = PIPGATE_FAILED;

	(void)state;
	/* The arena's second block is refused; the first has so much room that ever later allocations are the ones to fail. */
	for (size_t room = 0; status != PIPGATE_OK; room += 16) {
		struct faulty faulty = {.fail_at = 3};
		const struct pipgate_allocator allocator = faulty_allocator(&faulty);
		struct pipgate_run *run = NULL;
		struct pipgate_advisory advisory;
		struct pipgate_error error;

		assert_true(room < BLOCK_BYTES);
		assert_int_equal(pipgate_run_new(&allocator, &run), PIPGATE_OK);
		assert_non_null(arena_alloc(run, BLOCK_BYTES - room));
		status = pipgate_advisory_decode(run, PIPGATE_OSV_JSON, span_of(text), &advisory, &error);
		if (status != PIPGATE_OK)
			assert_int_equal(status, PIPGATE_NO_MEMORY);
		pipgate_run_free(&run);
		assert_int_equal(faulty.live, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records), cmocka_unit_test(dates), cmocka_unit_test(packages), cmocka_unit_test(ranges),
		cmocka_unit_test(severities), cmocka_unit_test(yaml), cmocka_unit_test(caps), cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
