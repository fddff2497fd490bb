/* SPDX-License-Identifier: Apache-2.0 */
/* The marks that `pipgate enable` puts into a file: what was written is found again, what is not whole is damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "wrapper/interpreter/block.h"

#include "matcher/base/banned.h"

#define CEILING ((size_t)1 << 16)

static const struct block_former formers[] = {
	{.absent = true},
	{.digest = 1, .times = {{1, 2}, {3, 4}}},
	{.newline = true, .digest = UINT64_MAX, .times = {{1, 999999999}, {2147483648, 0}}},
	{.newline = true, .digest = 0, .times = {{0, 0}, {-1, 5}}}, /* before 1970 */
};

static void written_and_found(void **state)
{
	static const char *const befores[] = {"x = 1", "\n", "# a\n# b\n", ""};
	static const char *const behinds[] = {"", "y = 2\n", "\n"};
	struct block block;
	struct buf text;

	(void)state;
	for (size_t i = 0; i < 4 * 4 * 3; i++) {
		const struct block_former *former = &formers[i % 4];
		const char *before = befores[i / 4 % 4], *behind = behinds[i / 16];

		if ((former->newline && !*before) || (!former->newline && *before == 'x'))
			continue; /* a line of ours begins a line */
		buf_init(&text, NULL, CEILING);
		buf_text(&text, before);
		block_write(&text, former, SPAN("import sys\n"));
		buf_text(&text, behind);
		assert_int_equal(block_find(buf_view(&text), &block), BLOCK_FOUND);
		assert_int_equal(block.start, strlen(before));
		assert_int_equal(block.end, text.n - strlen(behind));
		assert_int_equal(block.former.absent, former->absent);
		assert_int_equal(block.former.newline, former->newline);
		assert_true(block.former.digest == former->digest);
		for (size_t t = 0; t < 2; t++) {
			assert_int_equal(block.former.times[t].tv_sec, former->times[t].tv_sec);
			assert_int_equal(block.former.times[t].tv_nsec, former->times[t].tv_nsec);
		}
		buf_fini(&text);
	}
}

/* Cut anywhere, a block is none or damaged; never found. Written twice, it is damaged. */
static void cut_and_twice(void **state)
{
	struct block block;
	struct buf text;
	size_t whole;

	(void)state;
	for (size_t i = 0; i < sizeof(formers) / sizeof(*formers); i++) {
		buf_init(&text, NULL, CEILING);
		buf_text(&text, "x = 1\n");
		block_write(&text, &formers[i], SPAN("import sys\n"));
		whole = text.n;
		for (size_t n = 0; n < whole; n++) {
			assert_int_not_equal(block_find((struct span){text.p, n}, &block), BLOCK_FOUND);
			if (n > 6 + 1) /* within the block: what is left has no opening mark at the beginning of a line */
				assert_int_not_equal(block_find(span_from(buf_view(&text), n), &block), BLOCK_FOUND);
		}
		block_write(&text, &formers[i], SPAN("import sys\n"));
		assert_int_equal(block_find(buf_view(&text), &block), BLOCK_DAMAGED);
		buf_fini(&text);
	}
}

static void other_words(void **state)
{
	static const struct {
		const char *text;
		enum block_state state;
	} rows[] = {
		{"", BLOCK_NONE},
		{"x = '# >>> pipgate enable 1 made'\n", BLOCK_NONE},
		{" # >>> pipgate enable 1 made\n", BLOCK_NONE},
		{"# >>> pipgate enable 1 made\n", BLOCK_DAMAGED},
		{"# >>> pipgate enable 2 made\n# <<< pipgate enable: `pipgate disable` takes out what stands between these marks\n", BLOCK_DAMAGED},
		{"# >>> pipgate enable 1 joined\n# <<< pipgate enable: `pipgate disable` takes out what stands between these marks\n", BLOCK_DAMAGED},
		{"# >>> pipgate enable 1 made\n# <<< pipgate enable: `pipgate disable` takes out what stands between these marks\n", BLOCK_FOUND},
		{"# <<< pipgate enable: `pipgate disable` takes out what stands between these marks\n# >>> pipgate enable 1 made\n", BLOCK_DAMAGED},
	};
	struct block block;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(block_find(span_of(rows[i].text), &block), rows[i].state);
}

static void digests(void **state)
{
	(void)state;
	assert_true(block_digest(SPAN("ab"), SPAN("c")) == block_digest(SPAN("a"), SPAN("bc")));
	assert_true(block_digest(SPAN("ab"), SPAN("")) != block_digest(SPAN("ba"), SPAN("")));
	assert_true(block_digest(SPAN(""), SPAN("")) == UINT64_C(0xcbf29ce484222325)); /* FNV-1a's own basis */
	assert_true(block_digest(SPAN("a"), SPAN("")) == UINT64_C(0xaf63dc4c8601ec8c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(written_and_found), cmocka_unit_test(cut_and_twice), cmocka_unit_test(other_words),
		cmocka_unit_test(digests)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
