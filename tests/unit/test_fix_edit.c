/* SPDX-License-Identifier: Apache-2.0 */
/* Requirements files edited in place: what comes before and after, a row each. Every row is edited a second time, which changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "matcher/base/arena.h"
#include "wrapper/fix/edit.h"

#include "matcher/base/banned.h"

#define SHA8(c) c c c c c c c c
#define SHA(c) "sha256:" SHA8(c) SHA8(c) SHA8(c) SHA8(c) SHA8(c) SHA8(c) SHA8(c) SHA8(c)
#define A SHA("a")
#define B SHA("b")
#define C SHA("c")

static const struct span hashes[] = {{A, sizeof(A) - 1}, {B, sizeof(B) - 1}};

struct row {
	const char *what, *before, *after; /* after NULL: an obstacle; web 1.0 → 2.0 */
	bool narrow, hashed;
};

static const struct row rows[] = {
	{"a pin", "web==1.0\n", "web==2.0\n", false, false},
	{"no end of line", "web==1.0", "web==2.0", false, false},
	{"comment, blanks, marker", "  web == 1.0 ; python_version > '3' # because\n",
		"  web == 2.0 ; python_version > '3' # because\n", false, false},
	{"extras", "Web[a, b]==1.0\nother==1.0\n", "Web[a, b]==2.0\nother==1.0\n", false, false},
	{"three equal signs", "web===1.0\n", "web===2.0\n", false, false},
	{"parentheses", "web (==1.0) ; python_version > '3'\n", "web (==2.0) ; python_version > '3'\n", false, false},
	{"a continued specifier", "web \\\n  ==1.0 \\\n  ; python_version > '3'\n", "web \\\n  ==2.0 \\\n  ; python_version > '3'\n", false, false},
	{"another spelling of the same version", "web==1.0.0\n", "web==2.0\n", false, false},
	{"another version for another Python", "web==1.0\nweb==0.1 ; python_version < '3'\n",
		"web==2.0\nweb==0.1 ; python_version < '3'\n", false, false},
	{"a comment that names it", "# web==1.0\nweb==1.0 # web==1.0\n", "# web==1.0\nweb==2.0 # web==1.0\n", false, false},
	{"line ends of Windows", "\xef\xbb\xbf" "web==1.0\r\nb\r\n", "\xef\xbb\xbf" "web==2.0\r\nb\r\n", false, false},
	{"an open version stays", "web>=1.0\n", "web>=1.0\n", false, false},
	{"an open version is pinned where it must be", "web>=1.0,<3 ; python_version > '3' # x\n",
		"web==2.0 ; python_version > '3' # x\n", true, false},
	{"no version at all", "web # x\n", "web==2.0 # x\n", true, false},
	{"extras without a version", "web[a] ; python_version > '3'\n", "web[a]==2.0 ; python_version > '3'\n", true, false},
	{"not there", "other\n", "other\n# pinned by pipgate: a dependency that was vulnerable, or is new\nweb==2.0\n", true, false},
	{"not there, no end of line", "other", "other\n# pinned by pipgate: a dependency that was vulnerable, or is new\nweb==2.0\n", true, false},
	{"one hash becomes two", "web==1.0 --hash=" C " # x\n", "web==2.0 --hash=" A " --hash=" B " # x\n", false, true},
	{"on lines of their own", "web==1.0 \\\n    --hash=" C "\nb==1 --hash=" C "\n",
		"web==2.0 \\\n    --hash=" A " \\\n    --hash=" B "\nb==1 --hash=" C "\n", false, true},
	{"three become two", "web==1.0 \\\r\n   --hash=" C " \\\r\n   --hash=" C " \\\r\n   --hash=" C "\r\n    # via b\r\n",
		"web==2.0 \\\r\n   --hash=" A " \\\r\n   --hash=" B "\r\n    # via b\r\n", false, true},
	{"without an equals sign", "web==1.0 --hash " C "\n", "web==2.0 --hash " A " --hash " B "\n", false, true},
	{"hashes that nobody tells", "web==1.0 --hash=" C "\n", NULL, false, false},
	{"a variable", "web==${WEB_VERSION}\n", NULL, false, false},
	{"an abbreviated option", "web==1.0 --has=" C "\n", NULL, false, true},
	{"another option between", "web==1.0 --hash=" C " --config-settings=a=b --hash=" C "\n", NULL, false, true},
	{"not in UTF-8", "# caf\xe9\nweb==1.0\n", NULL, false, false},
};

static struct fix_move move_of(const struct row *row)
{
	return (struct fix_move){.name = SPAN("web"), .shown_name = SPAN("web"), .from = SPAN("1.0"), .to = SPAN("2.0"), .hashes = hashes,
		.n_hashes = row->hashed ? 2 : 0};
}

/* The text as it becomes, or as it is. n 0 and p NULL: an obstacle. */
static struct span edit(struct pipgate_run *run, const struct row *row, struct span text)
{
	struct requirement_files files = {.run = run};
	const struct fix_move move = move_of(row);
	const bool narrow = row->narrow;
	struct list edited = {0};
	struct pipgate_error error;

	if (requirement_file_add(&files, "requirements.txt", text, &error) != PIPGATE_OK)
		fail_msg("%s: %s", row->what, error.text);
	if (edit_obstacle(&files, &move))
		return (struct span){NULL, 0};
	edit_files(&files, &move, &narrow, 1, &edited);
	return edited.n ? ((struct edited *)edited.items)->after : text;
}

static void table(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct pipgate_run *run;
		struct span once, twice;

		assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
		once = edit(run, &rows[i], span_of(rows[i].before));
		if (!rows[i].after != !once.p || (once.p && !span_is(once, rows[i].after)))
			fail_msg("%s: got \"%s\"", rows[i].what, once.p ? once.p : "an obstacle");
		twice = once.p && !rows[i].narrow ? edit(run, &rows[i], once) : once;
		if (!span_equal(once, twice))
			fail_msg("%s: a second time: \"" SPAN_FMT "\"", rows[i].what, SPAN_ARG(twice));
		pipgate_run_free(&run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(table)};

	setenv("WEB_VERSION", "1.0", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
