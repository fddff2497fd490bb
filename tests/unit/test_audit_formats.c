/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formats of `pip audit` over made-up reports: empty, small, and 10,000 findings of hostile text. What only a format's own judge can
 * tell is asked in tests/audit/test_formats.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "matcher/base/json.h"
#include "wrapper/memory.h"
#include "wrapper/report/audit_report.h"
#include "wrapper/report/audit_words.h"
#include "wrapper/report/xml_writer.h"

#include "matcher/base/banned.h"

#define N(table) (sizeof(table) / sizeof(*(table)))
#define OUTPUT_MAX ((size_t)256 << 20)
#define HOSTILE "x\a\x1b[31m\xe2\x80\xae|`<b>]]>&\"'%0A::error::\r\n\xff\xfe\xef\xbf\xbf\xf0\x9f\x98\x80 end"

static int run_up(void **state)
{
	return pipgate_run_new(NULL, (struct pipgate_run **)state) == PIPGATE_OK ? 0 : -1;
}

static int run_down(void **state)
{
	pipgate_run_free((struct pipgate_run **)state);
	return 0;
}

/* ---- made-up reports ---- */

struct made {
	struct inventory inventory;
	struct audit audit;
	struct audit_context context;
	struct audit_report report;
};

/* n components in two inputs, each with one finding; one in five is ignored where ignore says so. The last one is the most urgent. */
static void make(struct pipgate_run *run, struct made *m, size_t n, struct span text, bool ignore)
{
	static const enum pipgate_level levels[] = {PIPGATE_LEVEL_UNKNOWN, PIPGATE_LEVEL_LOW, PIPGATE_LEVEL_MEDIUM, PIPGATE_LEVEL_HIGH,
		PIPGATE_LEVEL_CRITICAL};
	struct pipgate_finding *findings = arena_array(run, n + 1, sizeof(*findings));
	struct finding_shown *shown = arena_array(run, n + 1, sizeof(*shown));
	struct pipgate_judgement *judgements = arena_array(run, n + 1, sizeof(*judgements));
	struct pipgate_chain *chains = arena_array(run, n + 1, sizeof(*chains));
	size_t *links = arena_array(run, n + 1, sizeof(*links)), *order = arena_array(run, n + 1, sizeof(*order));
	struct pipgate_risk *risks = arena_array(run, n + 1, sizeof(*risks));
	struct span *texts = arena_array(run, 3, sizeof(*texts));

	*m = (struct made){.inventory = {.run = run}, .context = {.now = 1735689600}};
	texts[0] = text;
	texts[1] = SPAN("2.0");
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || i == n / 2)
			inventory_input(&m->inventory, "requirements", text_copy(run, text), "r.txt");
		inventory_add(&m->inventory, (struct pipgate_component){.name = must_span(arena_format(run, "p%zu" SPAN_FMT, i / 2, SPAN_ARG(text))),
			.version = text}, (struct found){.input = n > 1 && i >= n / 2, .file = text_copy(run, text), .line = i + 1});
		links[i] = i;
		order[i] = n - 1 - i;
		risks[i] = (struct pipgate_risk){(unsigned)i, text};
		chains[i] = (struct pipgate_chain){&links[i], 1, false};
		findings[i] = (struct pipgate_finding){.component = i, .severity = {levels[i % 5], (uint8_t)(i % 5 * 20), SPAN("")},
			.fixed = texts, .n_fixed = i % 3, .malicious = i % 7 == 0, .exploited = i % 4 == 0, .exploit_public = i % 3 == 0,
			.has_epss = i % 2 == 0, .epss = (uint16_t)(i % 10001), .epss_percentile = 9999};
		shown[i] = (struct finding_shown){.ignored = ignore && i % 5 == 0, .id = must_span(arena_format(run, "X-%zu", i / 3)),
			.aliases = texts, .n_aliases = i % 2, .summary = text, .description = text, .published = text, .link = text};
		judgements[i] = (struct pipgate_judgement){.component = i, .finding = i, .rule = PIPGATE_RULE_SEVERITY,
			.action = i % 2 ? PIPGATE_BLOCK : PIPGATE_WARN, .reason = text, .owner = i % 3 ? text : SPAN("")};
		m->report.n_shown += !shown[i].ignored;
		m->report.n_ignored += shown[i].ignored;
	}
	if (n)
		inventory_skip(&m->inventory, text, text_copy(run, text), text_copy(run, text), 3);
	m->audit = (struct audit){.run = run, .components = m->inventory.components.items, .n_components = n, .findings = findings,
		.n_findings = n, .chains = chains, .unknown = arena_array(run, n + 1, sizeof(bool)),
		.verdict = {n ? PIPGATE_BLOCK : PIPGATE_ALLOW, judgements, n, risks, order}};
	m->report.inventory = &m->inventory;
	m->report.audit = &m->audit;
	m->report.context = &m->context;
	m->report.findings = shown;
	m->report.description = m->report.aliases = true;
}

/* The same bytes twice. The caller ends the buf. */
static void write_twice(struct buf *out, const struct audit_format *format, const struct audit_report *report)
{
	struct buf again;

	buf_init(out, NULL, OUTPUT_MAX);
	buf_init(&again, NULL, OUTPUT_MAX);
	format->write(out, report);
	format->write(&again, report);
	assert_int_equal(buf_status(out), PIPGATE_OK);
	assert_true(span_equal(buf_view(out), buf_view(&again)));
	buf_fini(&again);
}

/* ---- what holds for every file ---- */

/* What we print is ASCII, or shows nothing that a terminal obeys. */
static void check_plain(struct span text, bool ascii)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if ((c < 0x20 && c != '\n') || c == 0x7F || (ascii && c >= 0x80))
			fail_msg("byte %zu is %02x", i, c);
	}
	assert_null(text.n ? memmem(text.p, text.n, "\xe2\x80\xae", 3) : NULL);
	assert_null(text.n ? memmem(text.p, text.n, "\xff", 1) : NULL);
}

/* Every tag is closed by its own name; the number of `name` tags. */
static size_t check_tags(struct span text, const char *name)
{
	struct span open[16];
	size_t depth = 0, n = 0;

	assert_true(span_starts(text, SPAN("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")));
	span_split(&text, '\n');
	while (text.n) {
		struct span tag, before = span_split(&text, '<');

		(void)before;
		if (!text.n)
			break;
		tag = span_split(&text, '>');
		if (tag.p[0] == '/') {
			assert_true(depth > 0 && span_equal(open[depth - 1], span_from(tag, 1)));
			depth--;
			continue;
		}
		n += span_is((struct span){tag.p, strcspn(tag.p, " />")}, name);
		if (tag.p[tag.n - 1] == '/')
			continue;
		assert_true(depth < N(open));
		open[depth++] = span_split(&tag, ' ');
	}
	assert_int_equal(depth, 0);
	return n;
}

static size_t count(struct span text, const char *what)
{
	size_t n = 0;
	const char *p;

	while (text.n && (p = memmem(text.p, text.n, what, strlen(what)))) {
		n++;
		text = span_from(text, (size_t)(p - text.p) + strlen(what));
	}
	return n;
}

static size_t length(const cJSON *list)
{
	size_t n = 0;

	for (const cJSON *item = list ? list->child : NULL; item; item = item->next)
		n++;
	return n;
}

/* How many findings the document tells. */
static size_t findings_of(const char *format, struct span text)
{
	cJSON *root = NULL;
	size_t n;

	if (strcmp(format, "junit") == 0)
		return count(text, "<property name=\"verdict\"") + 0 * check_tags(text, "testcase");
	if (strcmp(format, "cyclonedx-xml") == 0)
		return check_tags(text, "vulnerability");
	if (strcmp(format, "github") == 0)
		return count(text, ": X-") + count(text, "%3A X-");
	if (strcmp(format, "markdown") == 0)
		return count(text, "| [X-");
	assert_int_equal(json_parse(text, &root, NULL), PIPGATE_OK);
	if (strcmp(format, "sarif") == 0)
		n = length(json_member(json_member(root, "runs")->child, "results"));
	else
		n = length(json_member(root, "vulnerabilities"));
	cJSON_Delete(root);
	return n;
}

static void check_each(struct pipgate_run *run, size_t n, struct span text, bool ignore)
{
	struct made m;

	make(run, &m, n, text, ignore);
	for (const struct audit_format *f = audit_formats; f->name; f++) {
		struct buf out;

		if (strcmp(f->name, "columns") == 0 || strcmp(f->name, "json") == 0)
			continue;
		write_twice(&out, f, &m.report);
		check_plain(buf_view(&out), strcmp(f->name, "markdown") != 0 && strcmp(f->name, "github") != 0);
		if (out.n)
			assert_int_equal(findings_of(f->name, buf_view(&out)), m.report.n_shown);
		else
			assert_true(!m.report.n_shown && !f->clean);
		buf_fini(&out);
	}
}

static void test_empty(void **state)
{
	check_each(*state, 0, SPAN(""), false);
}

static void test_typical(void **state)
{
	check_each(*state, 12, SPAN("1.0"), true);
}

static void test_hostile(void **state)
{
	check_each(*state, 12, SPAN(HOSTILE), false);
}

static void test_ten_thousand(void **state)
{
	check_each(*state, 10000, SPAN(HOSTILE), true);
}

/* What is let pass stays in the documents, each with its pardon, and is in no table. */
static void test_pardoned(void **state)
{
	static const char *const kinds[] = {"accepted", "not-affected", "false-positive", "mitigated", NULL};
	static const struct {
		const char *format, *mark; /* stands in it once a pardoned finding */
		bool all;                  /* holds the pardoned findings */
	} table[] = {
		{"sarif", "\"suppressions\":[{\"kind\":\"external\",\"status\":\"accepted\",\"justification\":\"1.0\"}]", true},
		{"cyclonedx-json", "\"analysis\":{\"state\":", true},
		{"cyclonedx-xml", "<analysis><state>", true},
		{"junit", "<property name=\"pardon\"", true},
		{"github", "let pass", false},
		{"markdown", "let pass", false},
	};
	struct made m;
	struct finding_shown *shown;
	struct pipgate_judgement *j;

	make(*state, &m, 12, SPAN("1.0"), false);
	shown = (struct finding_shown *)(uintptr_t)m.report.findings;
	j = (struct pipgate_judgement *)(uintptr_t)m.audit.verdict.judgements;
	for (size_t i = 0; i < 5; i++) {
		shown[i * 2].pardoned = true;
		j[i * 2].action = PIPGATE_ALLOW;
		j[i * 2].pardon = kinds[i] ? PIPGATE_PARDON_EXCEPTION : PIPGATE_PARDON_BASELINE;
		j[i * 2].pardon_kind = kinds[i];
	}
	m.report.n_shown = 7;
	m.report.n_pardoned = 5;
	for (size_t i = 0; i < N(table); i++) {
		struct buf out;

		write_twice(&out, audit_format_find(table[i].format), &m.report);
		assert_int_equal(findings_of(table[i].format, buf_view(&out)), table[i].all ? 12 : 7);
		assert_int_equal(count(buf_view(&out), table[i].mark), table[i].all ? 5 : 0);
		buf_fini(&out);
	}
}

/* The most urgent first. */
static void test_order(void **state)
{
	static const char *const formats[] = {"markdown", "github"};
	struct made m;

	make(*state, &m, 12, SPAN("1.0"), false);
	for (size_t i = 0; i < N(formats); i++) {
		struct buf out;
		const char *first, *last;

		write_twice(&out, audit_format_find(formats[i]), &m.report);
		buf_byte(&out, 0);
		first = strstr(out.p, "X-3");
		last = strstr(out.p, "X-0");
		assert_true(first && last && first < last);
		buf_fini(&out);
	}
}

/* One text of 1 MiB: cut where a format keeps texts short, whole elsewhere. */
static void test_huge_text(void **state)
{
	size_t n = (size_t)1 << 20;
	char *text = arena_alloc(*state, n);

	memset(text, '\a', n);
	check_each(*state, 2, (struct span){text, 3000}, false);
	memset(text, 'a', n);
	check_each(*state, 2, (struct span){text, n - 1}, false);
}

/* A document larger than its ceiling is a failure and no half document. */
static void test_ceiling(void **state)
{
	struct made m;

	make(*state, &m, 50, SPAN(HOSTILE), false);
	for (const struct audit_format *f = audit_formats; f->name; f++)
		for (size_t ceiling = 0; ceiling < 3000; ceiling += 97) {
			struct buf out;

			buf_init(&out, NULL, ceiling);
			f->write(&out, &m.report);
			assert_int_equal(buf_status(&out), PIPGATE_LIMIT);
			buf_fini(&out);
		}
}

/* ---- CycloneDX ---- */

static void serial(char out[64], const char *format, const struct audit_report *report)
{
	struct buf text;
	const char *p;

	buf_init(&text, NULL, OUTPUT_MAX);
	audit_format_find(format)->write(&text, report);
	p = strstr(text.p, "urn:uuid:");
	assert_non_null(p);
	snprintf(out, 64, "%.45s", p);
	buf_fini(&text);
}

static void test_serial(void **state)
{
	char json[64], xml[64], other[64];
	struct made m;
	struct pipgate_judgement *j;

	make(*state, &m, 4, SPAN("1.0"), false);
	serial(json, "cyclonedx-json", &m.report);
	serial(xml, "cyclonedx-xml", &m.report);
	assert_string_equal(json, xml);
	assert_int_equal(json[23], '8');          /* the version */
	assert_non_null(strchr("89ab", json[28])); /* the variant */
	j = (struct pipgate_judgement *)(uintptr_t)m.audit.verdict.judgements;
	j[2].action = PIPGATE_ALLOW;
	serial(other, "cyclonedx-json", &m.report);
	assert_string_not_equal(json, other);
}

static void test_timestamp(void **state)
{
	const struct database_info database = {.built = 86400};
	const struct {
		const char *epoch, *wanted;
		const struct database_info *database;
	} table[] = {
		{"1700000000", "2023-11-14T22:13:20Z", &database}, {NULL, "1970-01-02T00:00:00Z", &database}, {NULL, "2025-01-01T00:00:00Z", NULL},
		{"nonsense", "2025-01-01T00:00:00Z", NULL}, {"-5", "2025-01-01T00:00:00Z", NULL}, {"999999999999999", "2025-01-01T00:00:00Z", NULL},
		{"", "2025-01-01T00:00:00Z", NULL},
	};
	struct made m;

	make(*state, &m, 2, SPAN("1.0"), false);
	for (size_t i = 0; i < N(table); i++) {
		struct buf text;

		m.context.database = table[i].database;
		if (table[i].epoch)
			setenv("SOURCE_DATE_EPOCH", table[i].epoch, 1);
		else
			unsetenv("SOURCE_DATE_EPOCH");
		write_twice(&text, audit_format_find("cyclonedx-xml"), &m.report);
		assert_non_null(strstr(text.p, table[i].wanted));
		buf_fini(&text);
	}
	unsetenv("SOURCE_DATE_EPOCH");
}

/* ---- parts ---- */

typedef void writes(struct buf *out, struct span text);

static void attribute(struct buf *out, struct span text)
{
	xml_attribute(out, "a", text);
}

static void file_url(struct buf *out, struct span text)
{
	audit_file_url(out, text.p);
}

static void shortened(struct buf *out, struct span text)
{
	audit_short(out, text, 4);
}

static void test_parts(void **state)
{
	const struct {
		writes *writes;
		const char *text, *wanted;
	} table[] = {
		{xml_text, "a<b>&\"c\"'\n\tz", "a&lt;b&gt;&amp;&quot;c&quot;'\n\tz"},
		{xml_text, "\r\x01\x7f\xc2\x85\xc3\xa9", "&#x0d;&#xfffd;&#x7f;&#x85;&#xe9;"},
		{xml_text, "\xff\xc0\x80\xed\xa0\x80", "&#xfffd;&#xfffd;&#xfffd;&#xfffd;&#xfffd;&#xfffd;"},
		{xml_text, "\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd\xf0\x9f\x98\x80", "&#xfffd;&#xfffd;&#xfffd;&#x01f600;"},
		{xml_text, "]]>", "]]&gt;"},
		{attribute, "a\n\t\"b", " a=\"a&#x0a;&#x09;&quot;b\""},
		{audit_prose, "a\r\nb\rc\td\x1b[0m\xe2\x80\xae\xff", "a\nb\\x0dc d\\x1b[0m\\u202e\\xff"},
		{audit_prose, "", ""},
		{shortened, "abcd", "abcd"},
		{shortened, "abcde", "abcd..."},
		{shortened, "a\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", "a\xc3\xa9\xc3\xa9\xc3\xa9..."},
		{shortened, "\xff\xff\xff\xff\xff", "\\xff\\xff\\xff\\xff..."},
		{audit_url, "https://a.example/b c?d=%41&e=%4\xc3\xa9", "https://a.example/b%20c?d=%41&e=%254%C3%A9"},
		{audit_url_part, "a/b@c+1 ~", "a%2Fb%40c%2B1%20~"},
		{audit_advisory_page, "CVE-1 2", "https://osv.dev/vulnerability/CVE-1%202"},
		{file_url, "./sub/r #1.txt", "sub/r%20%231.txt"},
		{file_url, "../r.txt", "../r.txt"},
		{file_url, "a:b.txt", "a%3Ab.txt"},
		{file_url, "/srv/r.txt", "file:///srv/r.txt"},
		{file_url, "-", "stdin"},
		{file_url, "./", ""},
	};

	(void)state;
	for (size_t i = 0; i < N(table); i++) {
		struct buf out;

		buf_init(&out, NULL, OUTPUT_MAX);
		table[i].writes(&out, span_of(table[i].text));
		assert_string_equal(out.n ? out.p : "", table[i].wanted);
		buf_fini(&out);
	}
}

/* A workflow command from outside cannot begin: it would have to stand at a line's beginning. */
static void test_github_lines(void **state)
{
	struct made m;
	struct buf out;
	struct span rest;

	make(*state, &m, 6, SPAN(HOSTILE "\n::stop-commands::x\n::error::y"), false);
	write_twice(&out, audit_format_find("github"), &m.report);
	rest = buf_view(&out);
	for (size_t i = 0; rest.n; i++) {
		struct span line = span_split(&rest, '\n');
		const char *wanted = i < 3 ? "::error file=" : i < 6 ? "::warning file=" : "::notice file=";

		assert_true(i < 7 && span_starts(line, span_of(wanted)));
		assert_null(memchr(line.p, '\r', line.n));
	}
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_empty, run_up, run_down),
		cmocka_unit_test_setup_teardown(test_typical, run_up, run_down),
		cmocka_unit_test_setup_teardown(test_hostile, run_up, run_down),
		cmocka_unit_test_setup_teardown(test_ten_thousand, run_up, run_down),
		cmocka_unit_test_setup_teardown(test_huge_text, run_up, run_down),
		cmocka_unit_test_setup_teardown(test_pardoned, run_up, run_down),
		cmocka_unit_test_setup_teardown(test_order, run_up, run_down),
		cmocka_unit_test_setup_teardown(test_ceiling, run_up, run_down),
		cmocka_unit_test_setup_teardown(test_serial, run_up, run_down),
		cmocka_unit_test_setup_teardown(test_timestamp, run_up, run_down),
		cmocka_unit_test_setup_teardown(test_parts, run_up, run_down),
		cmocka_unit_test_setup_teardown(test_github_lines, run_up, run_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
