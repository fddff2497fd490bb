/* SPDX-License-Identifier: Apache-2.0 */
/* External checks: real programs (a few lines of sh or Python) that answer, fail, hang, flood or lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "wrapper/check/answer.h"
#include "wrapper/check/check.h"
#include "wrapper/feed/frames.h"
#include "wrapper/temporary.h"

#include "matcher/base/banned.h"

#define SHELL "/bin/sh"
#define QUICK_MS 400

static struct pipgate_run *run;
static const struct pipgate_component components[] = {
	{.name = {"asked", 5}, .version = {"1.0", 3}, .requested = true},
	{.name = {"drawn-in", 8}, .version = {"2.0", 3}},
};

static int up(void **state)
{
	(void)state;
	return pipgate_run_new(NULL, &run) == PIPGATE_OK ? 0 : -1;
}

static int down(void **state)
{
	(void)state;
	pipgate_run_free(&run);
	temporary_remove();
	return 0;
}

static enum pipgate_status ask(const struct policy_check *checks, size_t n, struct pipgate_facts facts[2], struct pipgate_error *error)
{
	const struct audit audit = {.run = run, .components = components, .n_components = 2};
	const struct audit_context context = {.command = "install"};

	memset(facts, 0, 2 * sizeof(*facts));
	return checks_run(&(struct check_request){.run = run, .checks = checks, .n_checks = n, .audit = &audit, .context = &context},
		facts, error);
}

/* action 0: no opinion. */
static void expect(const char *lines, const char *format, enum pipgate_action action, const char *text)
{
	char *words[] = {(char[]){SHELL}, (char[]){"-c"}, text_copy(run, span_of(lines)), NULL};
	const struct policy_check check = {.name = "c", .run = words, .then = PIPGATE_BLOCK,
		.on = POLICY_CHECK_PLAN, .format = format, .timeout_ms = strstr(lines, "sleep") ? QUICK_MS : 20000};
	struct pipgate_facts facts[2];
	struct pipgate_error error = {""};

	assert_int_equal(ask(&check, 1, facts, &error), PIPGATE_OK);
	assert_int_equal(facts[0].n_opinions, action ? 1 : 0);
	assert_int_equal(facts[1].n_opinions, 0);
	if (!action)
		return;
	assert_int_equal(facts[0].opinions[0].action, action);
	assert_true(span_is(facts[0].opinions[0].engine, "c"));
	if (*text && !memmem(facts[0].opinions[0].text.p, facts[0].opinions[0].text.n, text, strlen(text)))
		fail_msg("%s: \"" SPAN_FMT "\" does not hold \"%s\"", lines, SPAN_ARG(facts[0].opinions[0].text), text);
}

static void answers(void **state)
{
	(void)state;
	expect("echo '{\"opinion\": \"allow\"}'", NULL, 0, "");
	expect("cat >/dev/null; echo '{\"opinion\": \"block\", \"message\": \"not here\"}'", NULL, PIPGATE_BLOCK, "not here");
	expect("echo '{\"opinion\": \"warn\", \"message\": \"hm\"}'", NULL, PIPGATE_WARN, "hm");
	expect("grep -q 'pipgate/gate-report/1' && echo '{\"opinion\": \"warn\", \"message\": \"was asked\"}'", NULL, PIPGATE_WARN, "was asked");
	expect("echo '{\"opinion\":\"allow\",\"components\":[{\"name\":\"Asked\",\"opinion\":\"block\"}]}'", NULL, PIPGATE_BLOCK, "");
	expect("echo '{\"opinion\":\"allow\",\"components\":[{\"name\":\"nobody\",\"opinion\":\"block\",\"message\":\"m\"}]}'",
		NULL, PIPGATE_BLOCK, "m");
}

static void faults(void **state)
{
	int64_t begun = clock_monotonic_ms();

	(void)state;
	expect("exit 1", NULL, PIPGATE_BLOCK, "did not answer: it ended with status 1");
	expect("echo '{\"opinion\": \"allow\"}'; exit 1", NULL, PIPGATE_BLOCK, "status 1");
	expect("kill -SEGV $$", NULL, PIPGATE_BLOCK, "signal 11");
	expect("sleep 30", NULL, PIPGATE_BLOCK, "longer than 400 ms");
	expect("(sleep 30) & (sleep 30) & wait", NULL, PIPGATE_BLOCK, "longer than");
	expect("exec >&-; sleep 30", NULL, PIPGATE_BLOCK, "longer than");
	expect("yes", NULL, PIPGATE_BLOCK, "more than 1048576 bytes");
	expect("head -c 1048577 /dev/zero", NULL, PIPGATE_BLOCK, "more than 1048576 bytes");
	expect("echo certainly", NULL, PIPGATE_BLOCK, "no JSON");
	expect(":", NULL, PIPGATE_BLOCK, "no JSON");
	expect("printf '{\"opinion\": \"allow\\377\"}'", NULL, PIPGATE_BLOCK, "no JSON");
	expect("echo '{\"opinion\":\"allow\"}{\"opinion\":\"allow\"}'", NULL, PIPGATE_BLOCK, "no JSON");
	expect("echo '{\"opinion\":\"allow\",\"opinion\":\"allow\"}'", NULL, PIPGATE_BLOCK, "no JSON");
	expect("echo '{\"opinion\": \"yes\"}'", NULL, PIPGATE_BLOCK, "no opinion");
	expect("echo '{}'", NULL, PIPGATE_BLOCK, "no opinion");
	expect("echo '[]'", NULL, PIPGATE_BLOCK, "no JSON object");
	assert_true(clock_monotonic_ms() - begun < 20000);
}

/* One that has ended, and that nobody has waited for yet, does not. */
static bool lives(int pid)
{
	char path[64], state = 'Z';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (fscanf(f, "%*d %*s %c", &state) != 1)
		state = 'Z';
	fclose(f);
	return state != 'Z' && state != 'X';
}

/* A descendant that holds stdout open does not make us wait, and does not outlive its check. */
static void descendants(void **state)
{
	char file[64], line[256];
	int64_t begun = clock_monotonic_ms();

	(void)state;
	snprintf(file, sizeof(file), "/tmp/test_checks.%d", (int)getpid());
	snprintf(line, sizeof(line), "tail -f /dev/null & echo $! >%s; echo '{\"opinion\":\"allow\"}'", file);
	expect(line, NULL, 0, "");
	assert_true(clock_monotonic_ms() - begun < 5000);
	for (int i = 0; i < 100; i++) {
		FILE *f = fopen(file, "r");
		int pid = 0;

		assert_non_null(f);
		assert_int_equal(fscanf(f, "%d", &pid), 1);
		fclose(f);
		if (!lives(pid))
			break;
		usleep(10000);
		assert_int_not_equal(i, 99);
	}
	remove(file);
}

static void what_it_sees(void **state)
{
	(void)state;
	setenv("PIP_INDEX_URL", "https://user:secret@example.org", 1);
	setenv("SOME_TOKEN", "secret", 1);
	expect("test -z \"$PIP_INDEX_URL$SOME_TOKEN\" && test -n \"$PATH\" && echo '{\"opinion\":\"warn\",\"message\":\"clean\"}'",
		NULL, PIPGATE_WARN, "clean");
	expect("test \"$(ls /proc/$$/fd | grep -vc '^[012]$')\" -le 1 && echo '{\"opinion\":\"warn\",\"message\":\"three\"}'",
		NULL, PIPGATE_WARN, "three");
	unsetenv("PIP_INDEX_URL");
	unsetenv("SOME_TOKEN");
}

static void other_tools(void **state)
{
	(void)state;
	expect("echo '{\"result\":[{\"expressions\":[{\"value\":[]}]}]}'", "opa", 0, "");
	expect("echo '{\"result\":[{\"expressions\":[{\"value\":[\"no telnet\"]}]}]}'", "opa", PIPGATE_BLOCK, "no telnet");
	expect("echo '{\"result\":[{\"expressions\":[{\"value\":{\"opinion\":\"warn\",\"message\":\"m\"}}]}]}'", "opa", PIPGATE_WARN, "m");
	expect("echo '{}'", "opa", PIPGATE_BLOCK, "is the rule defined?");
	expect("echo '{\"result\":[{\"expressions\":[{\"value\":true}]}]}'", "opa", PIPGATE_BLOCK, "did not answer");
	expect("echo '{\"issues\":4,\"errors\":{},\"risks\":[]}'", "guarddog", 0, "");
	expect("echo '{\"issues\":4,\"errors\":{},\"risks\":[{\"severity\":\"medium\",\"threat_description\":\"m\"}]}'", "guarddog", 0, "");
	expect("echo '{\"issues\":4,\"errors\":{},\"risks\":[{\"severity\":\"medium\",\"threat_description\":\"m\"}]}'", "guarddog:medium",
		PIPGATE_BLOCK, "m");
	expect("echo '{\"errors\":{},\"risks\":[{\"severity\":\"high\""
		",\"threat_description\":\"runs a shell\"},{\"severity\":\"high\"}]}'; exit 1",
		"guarddog", PIPGATE_BLOCK, "runs a shell; and 1 more");
	expect("echo '{\"errors\":{},\"risks\":[{\"threat_description\":\"m\"}]}'", "guarddog", PIPGATE_BLOCK, "without a severity");
	expect("echo '{\"issues\":0,\"errors\":{}}'", "guarddog", PIPGATE_BLOCK, "without a list of risks");
	expect("echo '{\"issues\":0,\"errors\":{\"rule\":\"failed\"},\"risks\":[]}'", "guarddog", PIPGATE_BLOCK, "incomplete");
	expect("exit 2", "guarddog", PIPGATE_BLOCK, "status 2");
	expect("echo '{\"errors\":[],\"results\":[{\"issue_severity\":\"MEDIUM\",\"issue_text\":\"exec\"}]}'; exit 1", "bandit", 0, "");
	expect("echo '{\"errors\":[],\"results\":[{\"issue_severity\":\"MEDIUM\",\"issue_text\":\"exec\"}]}'; exit 1",
		"bandit:medium", PIPGATE_BLOCK, "exec");
	expect("echo '{\"errors\":[{}],\"results\":[]}'", "bandit", PIPGATE_BLOCK, "incomplete");
	assert_true(answer_format_known("bandit:low"));
	assert_false(answer_format_known("bandit:loud"));
	assert_false(answer_format_known("opa:high"));
}

static void then_and_allow(void **state)
{
	char *no[] = {(char[]){SHELL}, (char[]){"-c"}, (char[]){"exit 1"}, NULL};
	char *yes[] = {(char[]){SHELL}, (char[]){"-c"}, (char[]){"echo '{\"opinion\":\"allow\"}'"}, NULL};
	char *missing[] = {(char[]){"./no-such-program"}, NULL};
	const struct policy_check checks[] = {
		{.name = "no", .run = no, .on = POLICY_CHECK_PLAN, .timeout_ms = 20000, .then = PIPGATE_WARN},
		{.name = "yes", .run = yes, .on = POLICY_CHECK_PLAN, .timeout_ms = 20000, .may_loosen = true},
		{.name = "missing", .run = missing, .on = POLICY_CHECK_PLAN, .timeout_ms = 20000},
		{.name = "no", .run = no, .on = POLICY_CHECK_PLAN, .timeout_ms = 20000},
	};
	const enum pipgate_action expected[] = {PIPGATE_WARN, PIPGATE_ALLOW, PIPGATE_BLOCK, PIPGATE_BLOCK};
	struct pipgate_facts facts[2];
	struct pipgate_error error = {""};

	(void)state;
	assert_int_equal(ask(checks, 4, facts, &error), PIPGATE_OK);
	assert_int_equal(facts[0].n_opinions, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(facts[0].opinions[i].action, expected[i]);
	assert_true(span_is(facts[0].opinions[0].engine, "no"));
}

/* Nothing of these can be looked at, and each says why; what is installed already is not looked at. */
static void archives_without(void **state)
{
	static const struct pipgate_component four[] = {
		{.name = {"vcs", 3}, .version = {"1.0", 3}, .origin = PIPGATE_ORIGIN_VCS},
		{.name = {"gone", 4}, .version = {"1.0", 3}, .origin = PIPGATE_ORIGIN_ARCHIVE, .url = {"file:///no/such%20file.whl", 26}},
		{.name = {"far", 3}, .version = {"1.0", 3}, .origin = PIPGATE_ORIGIN_INDEX},
		{.name = {"here", 4}, .version = {"1.0", 3}, .origin = PIPGATE_ORIGIN_INSTALLED},
	};
	static const char *const why[] = {"a repository has no archive", "/no/such file.whl is no file", "no pip to bring"};
	char *yes[] = {(char[]){SHELL}, (char[]){"-c"}, (char[]){"echo '{\"opinion\":\"allow\"}'"}, NULL};
	const struct policy_check check = {.name = "c", .run = yes, .on = POLICY_CHECK_ARCHIVE, .timeout_ms = 20000, .then = PIPGATE_BLOCK};
	const struct audit audit = {.run = run, .components = four, .n_components = 4};
	const struct audit_context context = {.command = "install"};
	const struct remedy no_pip = {.pip = NULL};
	struct check_request request = {.run = run, .checks = &check, .n_checks = 1, .audit = &audit, .context = &context, .way = &no_pip};
	struct pipgate_facts facts[4] = {{.n_opinions = 0}};
	struct pipgate_error error = {""};

	(void)state;
	assert_int_equal(checks_run(&request, facts, &error), PIPGATE_OK);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(facts[i].n_opinions, 1);
		assert_int_equal(facts[i].opinions[0].action, PIPGATE_BLOCK);
		assert_non_null(memmem(facts[i].opinions[0].text.p, facts[i].opinions[0].text.n, why[i], strlen(why[i])));
	}
	assert_int_equal(facts[3].n_opinions, 0);
	request.way = NULL; /* nothing is to be installed */
	memset(facts, 0, sizeof(facts));
	assert_int_equal(checks_run(&request, facts, &error), PIPGATE_OK);
	assert_int_equal(facts[0].n_opinions, 0);
}

static void too_many_archives(void **state)
{
	struct pipgate_component *many = arena_array(run, 201, sizeof(*many));
	struct pipgate_facts *facts = arena_array(run, 201, sizeof(*facts));
	char *yes[] = {(char[]){SHELL}, NULL};
	const struct policy_check check = {.name = "c", .run = yes, .on = POLICY_CHECK_ARCHIVE, .timeout_ms = 1};
	const struct audit audit = {.run = run, .components = many, .n_components = 201};
	const struct audit_context context = {.command = "install"};
	const struct remedy no_pip = {.pip = NULL};
	struct pipgate_error error = {""};

	(void)state;
	for (size_t i = 0; i < 201; i++)
		many[i] = (struct pipgate_component){.name = SPAN("n"), .version = SPAN("1"), .origin = PIPGATE_ORIGIN_INDEX};
	assert_int_equal(checks_run(&(struct check_request){.run = run, .checks = &check, .n_checks = 1, .audit = &audit, .context = &context,
		.way = &no_pip}, facts, &error), PIPGATE_LIMIT);
	assert_non_null(strstr(error.text, "201 archives"));
}

static void refusals(void **state)
{
	char *yes[] = {(char[]){SHELL}, NULL};
	const struct policy_check bad[] = {
		{.run = yes, .on = POLICY_CHECK_PLAN, .format = "telepathy"},
	};
	struct pipgate_facts facts[2];
	struct pipgate_error error;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(ask(&bad[i], 1, facts, &error), PIPGATE_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(answers), TEST(faults), TEST(descendants), TEST(what_it_sees),
		TEST(other_tools), TEST(then_and_allow),
		TEST(archives_without), TEST(too_many_archives), TEST(refusals)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
