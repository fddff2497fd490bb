/* SPDX-License-Identifier: Apache-2.0 */
/* Chains: one plan a test row, written as lines "name[!][extras]: requirement; requirement". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "matcher/base/arena.h"
#include "tests/unit/faulty.h"
#include "tests/unit/stopwatch.h"

#include "matcher/base/banned.h"

#define N(table) (sizeof(table) / sizeof(*(table)))
#define PLAN_MAX 16

static const struct pipgate_variable variables[] = {
	{{"python_version", 14}, {"3.11", 4}},
	{{"sys_platform", 12}, {"linux", 5}},
	{{"platform_python_implementation", 30}, {"CPython", 7}},
};
static const struct pipgate_environment environment = {variables, N(variables)};

static int run_up(void **state)
{
	return pipgate_run_new(NULL, (struct pipgate_run **)state) == PIPGATE_OK ? 0 : -1;
}

static int run_down(void **state)
{
	pipgate_run_free((struct pipgate_run **)state);
	return 0;
}

static size_t split_all(struct pipgate_run *run, struct span text, char at, const struct span **out)
{
	struct list list = {0};

	while (text.n) {
		struct span *place = list_push(run, &list, sizeof(*place));

		assert_non_null(place);
		*place = span_trim(span_split(&text, at));
	}
	*out = list.items;
	return list.n;
}

/* "flask! [async,dotenv]: jinja2>=2 | click": requested with these extras, requires these two. */
static size_t plan_read(struct pipgate_run *run, const char *text, struct pipgate_component *plan)
{
	struct span rest = span_of(text);
	size_t n = 0;

	while (rest.n) {
		struct span line = span_split(&rest, '\n'), head = span_trim(span_split(&line, ':'));
		struct pipgate_component *c = &plan[n++];
		struct span name = span_trim(span_split(&head, '['));

		assert_true(n <= PLAN_MAX);
		*c = (struct pipgate_component){.version = SPAN("1"), .origin = PIPGATE_ORIGIN_INDEX};
		c->requested = span_ends(name, SPAN("!"));
		name.n -= c->requested;
		c->name = name;
		c->n_extras = split_all(run, span_split(&head, ']'), ',', &c->extras);
		c->n_requires_dist = split_all(run, line, '|', &c->requires_dist);
	}
	return n;
}

static struct span chain_text(struct pipgate_run *run, const struct pipgate_component *plan, const struct pipgate_chain *chain)
{
	struct span text = SPAN("");

	for (size_t i = 0; i < chain->n; i++)
		text = arena_format(run, SPAN_FMT "%s" SPAN_FMT, SPAN_ARG(text), i ? ">" : "", SPAN_ARG(plan[chain->components[i]].name));
	return chain->broken ? arena_format(run, "broken:" SPAN_FMT, SPAN_ARG(text)) : text;
}

static const struct {
	const char *what, *plan, *target, *chain;
} cases[] = {
	{"asked for", "a!: b\nb:", "a", "a"},
	{"one step", "flask!: Jinja2 (>=2.4)\njinja2:", "jinja2", "flask>jinja2"},
	{"the shortest", "a!: b | c\nb: c\nc: d\nd:", "d", "a>c>d"},
	{"ties by the first name", "b!: x\na!: x\nx:", "x", "a>x"},
	{"ties by an inner name", "a!: n | m\nm: x\nn: x\nx:", "x", "a>m>x"},
	{"ties by the whole chain", "a!: m\nb!: c\nc: x\nm: x\nx:", "x", "a>m>x"},
	{"names as people write them", "a!: Foo_.Bar\nfoo-bar:", "foo-bar", "a>foo-bar"},
	{"a cycle", "a!: b\nb: c\nc: b\n", "c", "a>b>c"},
	{"nobody asks", "a!:\nb: c\nc:", "c", "broken:c"},
	{"nobody asks, though it asks itself", "a!:\nb: b", "b", "broken:b"},
	{"requested and drawn in", "a!: b\nb!:", "b", "b"},
	/* markers */
	{"a marker that holds", "a!: b; python_version >= '3.8'\nb:", "b", "a>b"},
	{"a marker that does not", "a!: b; sys_platform == 'win32'\nb:", "b", "broken:b"},
	{"the longer way holds", "a!: c; sys_platform == 'win32' | b\nb: c\nc:", "c", "a>b>c"},
	{"a marker that nobody defined", "a!: b; os_name == 'posix'\nb:", "b", "broken:b"},
	{"a requirement that does not parse", "a!: b >>> 2 | c\nb:\nc: b", "b", "a>c>b"},
	{"a URL", "a!: b @ file:///tmp/b-1.tar.gz ; python_version > '3'\nb:", "b", "a>b"},
	/* extras */
	{"an extra not asked for", "a!: b; extra == 'x'\nb:", "b", "broken:b"},
	{"an extra asked for", "a! [x]: b; extra == 'x'\nb:", "b", "a>b"},
	{"one of several", "a! [w,x]: b; extra == 'x'\nb:", "b", "a>b"},
	{"extras are normalized", "a! [Foo_Bar]: b; extra == 'foo.bar'\nb:", "b", "a>b"},
	{"extra and more", "a! [x]: b; extra == 'x' and sys_platform == 'win32'\nb:", "b", "broken:b"},
	{"not this extra", "a! [x]: b; extra != 'x'\nb:", "b", "a>b"},
	{"an extra in a text", "a! [x]: b; extra in 'w x y'\nb:", "b", "a>b"},
	{"passed on", "a!: b[x]\nb: c; extra == 'x'\nc:", "c", "a>b>c"},
	{"passed on twice", "a!: b[x]\nb: c[y]; extra == 'x'\nc: d; extra == 'y'\nd:", "d", "a>b>c>d"},
	{"not passed on", "a!: b\nb: c; extra == 'x'\nc:", "c", "broken:c"},
	{"the extra comes by the longer way", "a!: b | m\nm: b[x]\nb: c; extra == 'x'\nc:", "c", "a>m>b>c"},
	{"itself with an extra", "a! [all]: a[x]; extra == 'all' | b; extra == 'x'\nb:", "b", "a>a>b"},
	{"two extras at once", "a!: b[x] | b[y]\nb: d; extra == 'y' | c; extra == 'x'\nc: e\nd: e\ne:", "e", "a>b>c>e"},
	{"the same name twice", "a!: b\nb: c\nb: d\nc:\nd:", "d", "a>b>d"},
};

static void every_case(void **state)
{
	for (size_t i = 0; i < N(cases); i++) {
		struct pipgate_component plan[PLAN_MAX];
		size_t n = plan_read(*state, cases[i].plan, plan), target = 0;
		struct pipgate_graph *graph = NULL;
		struct pipgate_chain chain = {0};
		struct span text;

		while (!span_is(plan[target].name, cases[i].target))
			assert_true(++target < n);
		assert_int_equal(pipgate_graph_new(*state, plan, n, &environment, &graph), PIPGATE_OK);
		assert_int_equal(pipgate_why(graph, target, &chain), PIPGATE_OK);
		text = chain_text(*state, plan, &chain);
		if (!span_is(text, cases[i].chain))
			fail_msg("%s: %.*s", cases[i].what, SPAN_ARG(text));
	}
}

static void no_such_component(void **state)
{
	struct pipgate_graph *graph = NULL;
	struct pipgate_chain chain = {0};

	assert_int_equal(pipgate_graph_new(*state, NULL, 0, &environment, &graph), PIPGATE_OK);
	assert_int_equal(pipgate_why(graph, 0, &chain), PIPGATE_FAILED);
}

/* ---- large plans ---- */

/* A seeded plan: n distributions that require `width` others each, some behind markers and extras, half of them absent. */
static struct pipgate_component *plan_make(struct pipgate_run *run, size_t n, size_t width)
{
	static const char *const tails[] = {
		"", " (>=1.0)", ">=1.2,<2; python_version >= \"3.8\"", "; extra == \"dev\"", "!=1.5; extra == 'docs'",
		"; sys_platform == 'win32' and platform_python_implementation == \"CPython\"", "[speed]>=2",
		"~=4.2; python_version < '3.8' and extra == 'test'",
	};
	struct pipgate_component *plan = arena_array(run, n, sizeof(*plan));
	uint32_t seed = 20240607;

	for (size_t i = 0; plan && i < n; i++) {
		struct span *requires = arena_array(run, width, sizeof(*requires));

		if (!requires)
			return NULL;
		for (size_t k = 0; k < width; k++) {
			size_t target;

			seed = seed * 1664525u + 1013904223u;
			target = (seed >> 8) % (2 * n);
			requires[k] = arena_format(run, "Some_Distribution.%zu%s", target, tails[(seed >> 4) % N(tails)]);
			if (!requires[k].p)
				return NULL;
		}
		plan[i] = (struct pipgate_component){
			.name = arena_format(run, "some-distribution-%zu", i),
			.requires_dist = requires,
			.n_requires_dist = width,
			.requested = i < 5,
		};
		if (!plan[i].name.p)
			return NULL;
	}
	return plan;
}

static enum pipgate_status why_all(struct pipgate_run *run, const struct pipgate_component *plan, size_t n, size_t *total)
{
	struct pipgate_graph *graph = NULL;
	struct pipgate_chain chain = {0};
	enum pipgate_status status = pipgate_graph_new(run, plan, n, &environment, &graph);

	for (size_t i = 0; status == PIPGATE_OK && i < n; i++) {
		status = pipgate_why(graph, i, &chain);
		*total += chain.n;
	}
	return status;
}

static void a_plan_of_200(void **state)
{
	struct pipgate_component *plan = plan_make(*state, 200, 25);
	size_t total = 0;
	double start = stopwatch_ms(), took;

	assert_int_equal(why_all(*state, plan, 200, &total), PIPGATE_OK);
	took = stopwatch_ms() - start;
	assert_true(total >= 200);
	print_message("200 distributions, 5000 requirements: %.2f ms\n", took);
	assert_true(took <= HANG_MS);
}

/* Every distribution names every other with a hundred extras: bounded, however it ends. */
static void hostile_extras_end(void **state)
{
	enum { WIDTH = 3000, EXTRAS = 1000 };
	struct pipgate_component plan[3] = {0};
	struct span *requires = arena_array(*state, WIDTH, sizeof(*requires));
	struct span *extras = arena_array(*state, EXTRAS, sizeof(*extras));
	struct pipgate_graph *graph = NULL;
	double start;
	enum pipgate_status status;

	for (size_t i = 0; i < EXTRAS; i++)
		extras[i] = arena_format(*state, "x%zu", i);
	for (size_t i = 0; i < WIDTH; i++)
		requires[i] = SPAN("b; extra in 'w' and sys_platform == 'win32'");
	plan[0] = (struct pipgate_component){.name = SPAN("a"), .requested = true, .extras = extras, .n_extras = EXTRAS,
		.requires_dist = requires, .n_requires_dist = WIDTH};
	plan[1].name = SPAN("b");
	plan[2].name = SPAN("c");
	start = stopwatch_ms();
	status = pipgate_graph_new(*state, plan, 3, &environment, &graph);
	print_message("hostile extras: status %d in %.0f ms\n", status, stopwatch_ms() - start);
	assert_int_equal(status, PIPGATE_LIMIT);
	assert_true(stopwatch_ms() - start <= HANG_MS);
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	for (size_t n = 1;; n++) {
		struct faulty faulty = {.fail_at = n};
		struct pipgate_allocator allocator = faulty_allocator(&faulty);
		struct pipgate_run *run = NULL;
		const struct pipgate_component *plan = NULL;
		size_t total = 0;
		enum pipgate_status status = pipgate_run_new(&allocator, &run);

		if (status == PIPGATE_OK) {
			plan = plan_make(run, 120, 20);
			status = plan ? why_all(run, plan, 120, &total) : PIPGATE_NO_MEMORY;
		}
		pipgate_run_free(&run);
		assert_int_equal(faulty.live, 0);
		assert_int_equal(status, faulty.calls < n ? PIPGATE_OK : PIPGATE_NO_MEMORY);
		if (faulty.calls < n) {
			assert_true(n > 5);
			return;
		}
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, run_up, run_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_case),
		TEST(no_such_component),
		TEST(a_plan_of_200),
		TEST(hostile_extras_end),
		TEST(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
