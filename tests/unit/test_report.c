/* SPDX-License-Identifier: Apache-2.0 */
/* What the user sees, and what programs read: held against tests/unit/golden/. PIPGATE_UPDATE_GOLDEN=1 writes them anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "matcher/base/arena.h"
#include "matcher/base/json.h"
#include "matcher/base/text.h"
#include "tests/unit/stopwatch.h"
#include "wrapper/report/lines.h"
#include "wrapper/report/report.h"

#include "matcher/base/banned.h"

#define N(table) (sizeof(table) / sizeof(*(table)))
#define S(text) ((struct span){text, sizeof(text) - 1}) /* also for static tables */
#define OUTPUT_MAX ((size_t)64 << 20)
#define DAY 86400
#define NOW 1735689600 /* 2025-01-01 */

static int run_up(void **state)
{
	return pipgate_run_new(NULL, (struct pipgate_run **)state) == PIPGATE_OK ? 0 : -1;
}

static int run_down(void **state)
{
	pipgate_run_free((struct pipgate_run **)state);
	return 0;
}

/* ---- what is reported ---- */

static const struct span fixed_jinja2[] = {S("2.10.1")};
static const struct span ids_jinja2[] = {S("CVE-2019-10906"), S("GHSA-462w-v97r-4m45"), S("PYSEC-2019-217")};
static const struct pipgate_record records_jinja2[] = {
	{S("GHSA-462w-v97r-4m45"), 0, {PIPGATE_LEVEL_HIGH, 86, S("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:N/A:N")}, fixed_jinja2, 1},
	{S("PYSEC-2019-217"), 1, {PIPGATE_LEVEL_UNKNOWN, 0, S("")}, fixed_jinja2, 1},
};
static const struct pipgate_finding jinja2 = {
	.component = 1,
	.id = S("PYSEC-2019-217"),
	.ids = ids_jinja2,
	.n_ids = N(ids_jinja2),
	.records = records_jinja2,
	.n_records = N(records_jinja2),
	.severity = {PIPGATE_LEVEL_HIGH, 86, S("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:N/A:N")},
	.fixed = fixed_jinja2,
	.n_fixed = 1,
	.has_end = true,
};
static const struct span requires_flask[] = {S("Jinja2 (>=2.4)"), S("click>=5.1"), S("dotenv; extra == 'dotenv'")};
static const struct span requires_site[] = {S("click"), S("urllib3>=1.21,<3"), S("own-tool")};

static const struct pipgate_component components[] = {
	{.name = S("flask"), .version = S("1.0"), .origin = PIPGATE_ORIGIN_INDEX, .requested = true,
		.url = S("https://user:secret@index.example/flask-1.0-py3-none-any.whl"), .sha256 = S("aa11"),
		.requires_dist = requires_flask, .n_requires_dist = N(requires_flask)},
	{.name = S("jinja2"), .version = S("2.10"), .origin = PIPGATE_ORIGIN_INDEX},
	{.name = S("site"), .version = S("0.1"), .origin = PIPGATE_ORIGIN_DIRECTORY, .requested = true, .url = S("file:///home/me/site"),
		.sdist = true, .requires_dist = requires_site, .n_requires_dist = N(requires_site)},
	{.name = S("urllib3"), .version = S("1.24"), .origin = PIPGATE_ORIGIN_INSTALLED},
	{.name = S("click"), .version = S("7.0"), .origin = PIPGATE_ORIGIN_INDEX, .sdist = true},
	{.name = S("clikc"), .version = S("1.0"), .origin = PIPGATE_ORIGIN_INDEX},
	{.name = S("own-tool"), .version = S("2024-beta~1"), .origin = PIPGATE_ORIGIN_VCS,
		.url = S("git+ssh://git@host.example/own.git"), .yanked = true},
	{.name = S("itsdangerous"), .version = S("0.24"), .origin = PIPGATE_ORIGIN_INDEX, .requested = true},
};
static const bool none_unknown[N(components)];
static const bool one_unknown[N(components)] = {[6] = true};

static const struct span fixed_urllib3[] = {S("1.24.1"), S("1.24.3"), S("1.25.9"), S("1.26.5"), S("2.0.6")};
static const struct span ids_many[] = {S("CVE-2020-26137"), S("GHSA-wqvq-5m8c-6g24"), S("PYSEC-2020-148"), S("SNYK-1"), S("USN-4570-1")};
static const struct span id_malicious[] = {S("MAL-2024-1")};
static const struct span id_odd[] = {S("PYSEC-2024-99")};
static const struct span fixed_higher[] = {S("2.11.3"), S("3.0")};
static const struct pipgate_finding found[] = {
	[0] = {.component = 1, .id = S("PYSEC-2019-217"), .ids = ids_jinja2, .n_ids = 3, .records = records_jinja2, .n_records = 2,
		.severity = {PIPGATE_LEVEL_HIGH, 86, S("")}, .fixed = fixed_jinja2, .n_fixed = 1, .has_end = true},
	[1] = {.component = 1, .id = S("PYSEC-2024-99"), .ids = id_odd, .n_ids = 1, .fixed = fixed_higher, .n_fixed = 2, .has_end = true},
	[2] = {.component = 3, .id = S("PYSEC-2020-148"), .ids = ids_many, .n_ids = N(ids_many),
		.severity = {PIPGATE_LEVEL_MEDIUM, 65, S("")}, .fixed = fixed_urllib3, .n_fixed = N(fixed_urllib3), .has_end = true},
	[3] = {.component = 5, .id = S("MAL-2024-1"), .ids = id_malicious, .n_ids = 1, .malicious = true},
	[4] = {.component = 7, .id = S("PYSEC-2024-99"), .ids = id_odd, .n_ids = 1, .severity = {PIPGATE_LEVEL_CRITICAL, 100, S("")}},
};

/* The same severity; what is attacked stands first, whatever its place among the findings. */
static const struct pipgate_finding attacked[] = {
	{.component = 1, .id = S("PYSEC-2024-99"), .ids = id_odd, .n_ids = 1, .severity = {PIPGATE_LEVEL_MEDIUM, 53, S("")},
		.fixed = fixed_jinja2, .n_fixed = 1, .has_end = true, .has_epss = true, .epss = 12, .epss_percentile = 900},
	{.component = 1, .id = S("PYSEC-2019-217"), .ids = ids_jinja2, .n_ids = 3, .severity = {PIPGATE_LEVEL_MEDIUM, 53, S("")},
		.fixed = fixed_jinja2, .n_fixed = 1, .has_end = true, .exploited = true, .has_epss = true, .epss = 9421, .epss_percentile = 9990},
	{.component = 3, .id = S("PYSEC-2020-148"), .ids = ids_many, .n_ids = N(ids_many), .severity = {PIPGATE_LEVEL_MEDIUM, 53, S("")},
		.fixed = fixed_urllib3, .n_fixed = N(fixed_urllib3), .has_end = true, .has_epss = true, .epss = 5060, .epss_percentile = 9100},
};

static const struct database_feed feeds[] = {
	{S("osv"), S("osv"), S("https://token@feeds.example/all.zip?x=1"), NOW - 2 * DAY, 11000, 12, 1, S("bb22"), 0, 0},
	{S("pypa"), S("pypa"), S("/srv/advisory-database"), NOW - 3 * DAY, 3000, 0, 0, S(""), 0, 0},
};
static const struct database_info database = {NOW - 2 * DAY, NOW - 2 * DAY, 5000, 11000, 0, feeds, N(feeds)};

static const struct pipgate_variable variables[] = {{S("python_version"), S("3.11")}};

struct scene {
	const char *settings; /* of the policy */
	size_t first, n_components;
	const bool *unknown;
	const struct pipgate_finding *findings;
	size_t n_findings;
	struct audit_context context;
	struct report_style style;
};

static const struct audit_context install = {
	.command = "install",
	.mode = "plan",
	.pip_version = "24.3.1",
	.python = "/usr/bin/python3",
	.profile = "developer",
	.database_path = "/var/lib/pipgate/advisories.db",
	.database_kind = DATABASE_SYSTEM,
	.database = &database,
	.now = NOW,
};
static const struct report_style plain = {80, false};

static struct audit audit_make(struct pipgate_run *run, const struct scene *scene)
{
	struct audit audit = {
		.run = run,
		.environment = {variables, N(variables)},
		.components = components + scene->first,
		.n_components = scene->n_components,
		.findings = scene->findings,
		.n_findings = scene->n_findings,
	};
	struct pipgate_chain *chains = arena_array(run, scene->n_findings, sizeof(*chains));
	struct span rest = span_of(scene->settings);
	struct pipgate_policy *policy = NULL;
	struct pipgate_graph *graph = NULL;

	audit.unknown = arena_array(run, scene->n_components, sizeof(bool));
	memcpy(audit.unknown, scene->unknown ? scene->unknown : none_unknown, scene->n_components * sizeof(bool));
	assert_int_equal(pipgate_policy_new(run, &policy), PIPGATE_OK);
	while (rest.n) {
		struct span value = span_split(&rest, ' '), key = span_split(&value, '=');

		assert_int_equal(pipgate_policy_set(policy, key, value, "--gate", NULL), PIPGATE_OK);
	}
	assert_int_equal(pipgate_graph_new(run, audit.components, audit.n_components, &audit.environment, &graph), PIPGATE_OK);
	for (size_t i = 0; i < audit.n_findings; i++)
		assert_int_equal(pipgate_why(graph, audit.findings[i].component, &chains[i]), PIPGATE_OK);
	audit.chains = chains;
	assert_int_equal(pipgate_decide(run, policy, &(struct pipgate_case){audit.components, audit.n_components, audit.unknown,
		audit.findings, audit.n_findings, NULL, 0, NULL, NULL}, &audit.verdict, NULL), PIPGATE_OK);
	return audit;
}

static struct buf report(const struct audit *audit, const struct scene *scene, report_writer *write)
{
	struct buf out;

	buf_init(&out, NULL, OUTPUT_MAX);
	write(&out, audit, &scene->context, &scene->style);
	assert_int_equal(buf_status(&out), PIPGATE_OK);
	return out;
}

/* ---- golden files ---- */

static void golden(const char *name, struct span text)
{
	char path[256], kept[1 << 16];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "tests/unit/golden/%s", name);
	if (getenv("PIPGATE_UPDATE_GOLDEN")) {
		file = fopen(path, "w");
		assert_non_null(file);
		assert_int_equal(fwrite(text.p, 1, text.n, file), text.n);
		assert_int_equal(fclose(file), 0);
		return;
	}
	file = fopen(path, "r");
	if (!file)
		fail_msg("%s is missing (run from the project's folder)", path);
	n = fread(kept, 1, sizeof(kept), file);
	fclose(file);
	if (!span_equal(text, (struct span){kept, n}))
		fail_msg("%s differs:\n%.*s", path, (int)text.n, text.p);
}

/* Without colours: nothing in it but printable text and line feeds. */
static void assert_safe(struct span text)
{
	struct buf escaped;

	assert_int_equal(text_valid(text), text.n);
	buf_init(&escaped, NULL, OUTPUT_MAX);
	while (text.n) {
		struct span line = span_split(&text, '\n');

		buf_clear(&escaped);
		text_escape(&escaped, line);
		assert_true(span_equal(line, buf_view(&escaped)) || !line.n);
		assert_true(span_starts(line, SPAN("pipgate: ")));
	}
	buf_fini(&escaped);
}

static size_t lines_within(struct span text, size_t width)
{
	size_t n = 0;

	while (text.n) {
		size_t columns = lines_columns(span_split(&text, '\n'));

		if (columns > width)
			fail_msg("line %zu has %zu columns", n + 1, columns);
		n++;
	}
	return n;
}

static const struct {
	const char *name;
	struct scene scene;
	size_t lines; /* at most, where it is a law; 0: as many as it takes */
} scenes[] = {
	{"block-one", {"", 0, 2, NULL, &jinja2, 1, .style = {80, false}}, 10},
	{"block-narrow", {"", 0, 2, NULL, &jinja2, 1, .style = {65, false}}, 0},
	{"block-colour", {"", 0, 2, NULL, &jinja2, 1, .style = {80, true}}, 10},
	{"clean", {"", 0, 2, NULL, NULL, 0, .style = {80, false}}, 1},
	{"clean-build", {"", 2, 3, NULL, NULL, 0, .style = {80, false}}, 0},
	{"warn-one", {"fail-on=critical", 0, 2, NULL, &jinja2, 1, .style = {80, false}}, 0},
	{"mode-warn", {"mode=warn", 0, 2, NULL, &jinja2, 1, .style = {80, false}}, 0},
	{"mode-off", {"mode=off", 0, 2, NULL, &jinja2, 1, .style = {80, false}}, 0},
	{"name-pattern", {"block=fl.*", 0, 2, NULL, NULL, 0, .style = {80, false}}, 10},
	{"everything", {"", 0, N(components), one_unknown, found, N(found), .style = {80, false}}, 0},
	{"attacked", {"", 0, 4, NULL, attacked, N(attacked), .style = {80, false}}, 0},
	{"attacked-one", {"", 0, 2, NULL, &attacked[1], 1, .style = {80, false}}, 10},
	{"everything-wide", {"", 0, N(components), one_unknown, found, N(found), .style = {160, false}}, 0},
};

static void table_of_every_scene(void **state)
{
	for (size_t i = 0; i < N(scenes); i++) {
		struct scene scene = scenes[i].scene;
		struct audit audit;
		struct buf out;
		char name[64];

		scene.context = install;
		audit = audit_make(*state, &scene);
		out = report(&audit, &scene, report_table);
		snprintf(name, sizeof(name), "%s.txt", scenes[i].name);
		if (!scene.style.colour) {
			/* where nothing is found the last line stays whole, to be searched for */
			size_t lines = lines_within(buf_view(&out), scene.n_findings ? scene.style.width : SIZE_MAX);

			assert_safe(buf_view(&out));
			assert_true(!scenes[i].lines || lines <= scenes[i].lines);
		}
		golden(name, buf_view(&out));
		buf_fini(&out);
	}
}

/* One finding with the longest of everything that real advisories have. */
static void the_longest_block_is_ten_lines(void **state)
{
	static const struct span many_fixed[] = {S("2024.10.11.post1"), S("2025.1.1"), S("2025.1.2"), S("2025.2"), S("2025.3")};
	const struct pipgate_finding worst = {
		.component = 1, .id = S("PYSEC-2020-148"), .ids = ids_many, .n_ids = N(ids_many), .fixed = many_fixed, .n_fixed = 5, .has_end = true,
	};
	struct scene scene = {"", 0, N(components), NULL, &worst, 1, install, plain};
	struct audit audit;
	struct buf out;

	scene.n_components = 2;
	scene.context.exception_hint = "pipgate except add jinja2==2.10 PYSEC-2020-148 --until 2025-04-01 --reason '…'";
	audit = audit_make(*state, &scene);
	out = report(&audit, &scene, report_table);
	golden("block-longest.txt", buf_view(&out));
	assert_true(lines_within(buf_view(&out), 100) <= 10);
	buf_fini(&out);
}

static void context_changes_the_words(void **state)
{
	static const struct {
		const char *name;
		struct audit_context context;
		const char *says;
	} table[] = {
		{"dry run", {.command = "install", .dry_run = true, .database = &database, .now = NOW},
			"pipgate: would be blocked: jinja2 2.10: HIGH"},
		{"download", {.command = "download", .database = &database, .now = NOW},
			"\npipgate: nothing was downloaded; a fixed release: jinja2 2.10.1\n"},
		{"wheel", {.command = "wheel", .database = &database, .now = NOW}, "\npipgate: nothing was built;"},
		{"no command", {.database = &database, .now = NOW}, "\npipgate: nothing was installed;"},
		{"no database", {.command = "install", .now = NOW}, "(no advisory database)"},
		{"starter", {.database = &database, .database_kind = DATABASE_STARTER, .now = NOW},
			"counts as missing: run\npipgate:   `pipgate db update`\n"},
		{"hours", {.database = &database, .now = NOW - 2 * DAY + 3 * 3600}, "(advisories of 3 hours ago)"},
		{"minutes", {.database = &database, .now = NOW - 2 * DAY + 60}, "(advisories of 1 minute ago)"},
		{"the future", {.database = &database, .now = 0}, "(advisories of a time to come)"},
		{"an absurd clock", {.database = &database, .now = INT64_MIN}, "(advisories of a time to come)"},
		{"long ago", {.database = &database, .now = INT64_MAX}, " days"},
		{"exception", {.database = &database, .exception_hint = "--gate-allow x", .now = NOW}, "\npipgate: to let it pass: --gate-allow x\n"},
	};

	for (size_t i = 0; i < N(table); i++) {
		struct scene scene = {"", 0, 2, NULL, &jinja2, 1, table[i].context, plain};
		struct audit audit = audit_make(*state, &scene);
		struct buf out = report(&audit, &scene, report_table);

		if (!strstr(out.p, table[i].says))
			fail_msg("%s:\n%s", table[i].name, out.p);
		buf_fini(&out);
	}
}

static void undecided_is_said(void **state)
{
	struct scene scene = {"", 0, 2, NULL, &jinja2, 1, install, plain};
	struct audit audit = audit_make(*state, &scene);
	struct buf out;

	audit.verdict = (struct pipgate_verdict){0};
	out = report(&audit, &scene, report_table);
	assert_string_equal(out.p, "pipgate: could not decide; nothing was installed\n");
	buf_fini(&out);
	out = report(&audit, &scene, report_json);
	assert_non_null(strstr(out.p, "\"verdict\":{\"action\":\"undecided\"}"));
	buf_fini(&out);
}

/* ---- JSON ---- */

static cJSON *parsed(const struct buf *out)
{
	struct pipgate_error error = {""};
	cJSON *tree = NULL;

	if (json_parse(buf_view(out), &tree, &error) != PIPGATE_OK)
		fail_msg("%s", error.text);
	return tree;
}

static void json_of_every_scene(void **state)
{
	for (size_t i = 0; i < N(scenes); i++) {
		struct scene scene = scenes[i].scene;
		struct audit audit;
		struct buf out;

		scene.context = install;
		audit = audit_make(*state, &scene);
		out = report(&audit, &scene, report_json);
		cJSON_Delete(parsed(&out));
		assert_null(strstr(out.p, "secret"));
		assert_null(strstr(out.p, "token"));
		if (!strcmp(scenes[i].name, "everything"))
			golden("everything.json", buf_view(&out));
		buf_fini(&out);
	}
}

static void json_says_null_for_nothing(void **state)
{
	struct scene scene = {"", 0, 0, NULL, NULL, 0, .style = plain};
	struct audit audit = audit_make(*state, &scene);
	struct buf out = report(&audit, &scene, report_json);

	cJSON_Delete(parsed(&out));
	golden("nothing.json", buf_view(&out));
	buf_fini(&out);
}

static void formats_are_named(void **state)
{
	(void)state;
	assert_string_equal(report_formats[0].name, "table");
	assert_string_equal(report_formats[1].name, "json");
	assert_null(report_formats[2].name);
}

/* ---- what hostile people put in ---- */

static void hostile_text_is_shown_and_not_obeyed(void **state)
{
	static const struct span evil = S("x\033]0;owned\a\r\n\xe2\x80\xae" "gnp\xff\xc3(\x7fz|\t\xf0\x9f\x92\xa9\xe2\x80\x8b");
	struct scene scene = {"", 0, 2, NULL, NULL, 1, install, plain};
	struct pipgate_component bad[2] = {
		{.name = evil, .version = evil, .url = evil, .sha256 = evil, .origin = PIPGATE_ORIGIN_VCS, .requested = true, .sdist = true,
			.requires_dist = &evil, .n_requires_dist = 1},
		{.name = evil, .version = evil, .origin = PIPGATE_ORIGIN_INSTALLED},
	};
	struct pipgate_record record = {.id = evil, .severity = {.vector = evil}, .fixed = &evil, .n_fixed = 1};
	struct pipgate_finding finding = {.id = evil, .ids = &evil, .n_ids = 1, .records = &record, .n_records = 1, .fixed = &evil,
		.n_fixed = 1, .has_end = true};
	struct audit audit;
	struct buf out;

	scene.findings = &finding;
	scene.context.exception_hint = "x\033[2J";
	audit = audit_make(*state, &scene);
	audit.components = bad;
	for (size_t width = 0; width < 200; width += 7) {
		scene.style.width = width;
		out = report(&audit, &scene, report_table);
		assert_safe(buf_view(&out));
		buf_fini(&out);
	}
	out = report(&audit, &scene, report_json);
	cJSON_Delete(parsed(&out));
	for (size_t i = 0; i < out.n; i++)
		assert_true((out.p[i] >= ' ' && out.p[i] < 0x7f) || out.p[i] == '\n');
	buf_fini(&out);
}

static void ten_thousand_findings_end(void **state)
{
	enum { MANY = 10000 };
	struct pipgate_component *plan = arena_array(*state, MANY, sizeof(*plan));
	struct pipgate_finding *many = arena_array(*state, MANY, sizeof(*many));
	struct pipgate_chain *chains = arena_array(*state, MANY, sizeof(*chains));
	size_t *chain = arena_array(*state, MANY, sizeof(*chain));
	struct pipgate_policy *policy = NULL;
	struct scene scene = {"", 0, 0, NULL, NULL, 0, install, plain};
	struct audit audit = {.run = *state, .components = plan, .n_components = MANY, .findings = many, .n_findings = MANY, .chains = chains};
	double start = stopwatch_ms();
	struct buf out;

	audit.unknown = arena_array(*state, MANY, sizeof(bool));
	for (size_t i = 0; i < MANY; i++) {
		plan[i] = components[i % N(components)];
		plan[i].name = arena_format(*state, "distribution-%zu", i);
		plan[i].sdist = true;
		audit.unknown[i] = i % 2;
		many[i] = found[i % N(found)];
		many[i].component = i;
		chain[i] = i;
		chains[i] = (struct pipgate_chain){chain, i + 1, false};
	}
	assert_int_equal(pipgate_policy_new(*state, &policy), PIPGATE_OK);
	assert_int_equal(pipgate_decide(*state, policy, &(struct pipgate_case){plan, MANY, audit.unknown, many, MANY, NULL, 0, NULL, NULL}, &audit.verdict, NULL),
		PIPGATE_OK);
	print_message("decided in %.0f ms\n", stopwatch_ms() - start);
	start = stopwatch_ms();
	out = report(&audit, &scene, report_table);
	print_message("table: %zu bytes in %.0f ms\n", out.n, stopwatch_ms() - start);
	assert_safe(buf_view(&out));
	assert_true(stopwatch_ms() - start <= HANG_MS);
	buf_fini(&out);
	for (size_t i = 0; i < MANY; i++)
		chains[i].n = i % 10 + 1;
	start = stopwatch_ms();
	out = report(&audit, &scene, report_json);
	print_message("JSON: %zu bytes in %.0f ms\n", out.n, stopwatch_ms() - start);
	assert_true(stopwatch_ms() - start <= HANG_MS);
	buf_fini(&out);
}

static void a_full_report_says_so(void **state)
{
	static report_writer *const writers[] = {report_table, report_json};
	struct scene scene = {"", 0, N(components), one_unknown, found, N(found), install, plain};
	struct audit audit = audit_make(*state, &scene);

	for (size_t w = 0; w < N(writers); w++)
		for (size_t ceiling = 0; ceiling < 1500; ceiling += 13) {
			struct buf out;

			buf_init(&out, NULL, ceiling);
			writers[w](&out, &audit, &scene.context, &scene.style);
			assert_int_equal(buf_status(&out), PIPGATE_LIMIT);
			buf_fini(&out);
		}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, run_up, run_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(table_of_every_scene),
		TEST(the_longest_block_is_ten_lines),
		TEST(context_changes_the_words),
		TEST(undecided_is_said),
		TEST(json_of_every_scene),
		TEST(json_says_null_for_nothing),
		TEST(formats_are_named),
		TEST(hostile_text_is_shown_and_not_obeyed),
		TEST(ten_thousand_findings_end),
		TEST(a_full_report_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
