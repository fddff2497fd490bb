/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/remedy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "wrapper/file.h"
#include "wrapper/fix/judged.h"
#include "wrapper/temporary.h"

#include "matcher/base/banned.h"

#define WORDS_MAX ((size_t)4 << 10) /* of the answer: one line of a terminal, or a few */
#define GRACE_MS 2000               /* for pip to clean up once it was interrupted */

struct search {
	const struct remedy *remedy;
	const struct audit *audit;
	struct judging judging;
	struct fix_request request;
	struct list asked;
	struct words options;
};

/* ---- what is asked: it must go on to hold. A version that it pins is what moves. ---- */

static void ask_file(struct search *s, const char *path, bool constraint)
{
	struct requirement_files files = {.run = s->audit->run};

	if (requirement_file_read(&files, path, NULL) != PIPGATE_OK)
		return; /* pip will say so */
	judged_asked(&s->asked, &files, constraint);
	for (size_t i = 0; i < files.options.n; i++)
		words_add(&s->options, ((const char *const *)files.options.items)[i]);
}

static void add_asked(struct search *s)
{
	const struct arguments *arguments = s->remedy->arguments;
	struct requirement_files given = {.run = s->audit->run};

	for (size_t i = 0; i < arguments->n; i++) {
		const struct argument *a = &arguments->v[i];
		enum role role = a->option ? a->option->role : ROLE_NONE;

		if (role == ROLE_REQUIREMENT || role == ROLE_CONSTRAINT)
			ask_file(s, a->value, role == ROLE_CONSTRAINT);
		else if (role == ROLE_INDEX)
			words_add_argument(&s->options, a);
		else if (a->positional && requirement_line_add(&given, "what was asked for", 1, span_of(a->value), NULL) != PIPGATE_OK)
			continue; /* pip will say so */
	}
	judged_asked(&s->asked, &given, false);
	s->request.asked = s->asked.items;
	s->request.n_asked = s->asked.n;
	s->request.options = words_end(&s->options);
}

/* ---- the search, in its own process ---- */

static void put_set(struct buf *out, const struct fix_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		buf_span(out, plan->moves[i].name);
		buf_text(out, "==");
		buf_span(out, plan->moves[i].to);
		buf_byte(out, '\n');
	}
}

static bool whole(const struct fix_request *request, const struct fix_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		if (!plan->moves[i].to.n)
			return false;
	return plan->resolved && plan->n_fixed == request->n_targets;
}

static void search(struct search *s, int fd)
{
	struct list targets = judged_targets(&s->judging, s->audit, 0, s->audit->n_components);
	struct fix_plan plan;
	struct pipgate_error error;
	struct database *database;
	struct buf words;

	if (database_open(s->remedy->database, &database, &error) != PIPGATE_OK)
		return;
	s->judging.cursor = database_cursor(database);
	s->request = (struct fix_request){.run = s->audit->run,
		.pip = s->remedy->pip,
		.components = s->audit->components,
		.n = s->audit->n_components,
		.requires_known = true,
		.environment = s->audit->environment,
		.targets = targets.items,
		.n_targets = targets.n,
		.clean = judged_clean,
		.ctx = &s->judging,
		.downgrades = s->remedy->downgrades,
		.build = true};
	add_asked(s);
	buf_init(&words, NULL, WORDS_MAX);
	if ((s->remedy->pip->probed || pip_probe(s->audit->run, s->remedy->pip, &error) == PIPGATE_OK) &&
		fix_find(&s->request, &plan, &error) == PIPGATE_OK && whole(&s->request, &plan))
		put_set(&words, &plan);
	if (buf_status(&words) == PIPGATE_OK && words.n)
		file_put(fd, buf_view(&words));
}

/* What it starts is pip again, through the gate: with our decision's options only as far as they choose a database. */
static void prepare(const struct remedy *remedy)
{
	static const char *const dropped[] = {"PIPGATE_OPTIONS", "PIPGATE_REPORT", "PIPGATE_MODE"};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (size_t i = 0; i < sizeof(dropped) / sizeof(*dropped); i++)
		unsetenv(dropped[i]);
	setenv("PIPGATE_REMEDY", "off", 1);
	setenv("PIPGATE_DB", remedy->database, 1);
	for (char *const *s = remedy->settings; s && *s; s++)
		putenv(*s);
	for (int fd = 0; fd <= 2 && null >= 0; fd++)
		dup2(null, fd);
}

/* ---- waiting for it ---- */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads to the end, or to the deadline: then nothing counts. */
static bool read_words(int fd, struct buf *out)
{
	int64_t end = now_ms() + REMEDY_SECONDS * 1000;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = end - now_ms();
		char bytes[512];
		ssize_t n;

		if (left <= 0 || (poll(&p, 1, (int)left) < 0 && errno != EINTR))
			return false;
		if (!p.revents)
			continue;
		n = read(fd, bytes, sizeof(bytes));
		if (n == 0)
			return true;
		if (n > 0)
			buf_add(out, bytes, (size_t)n);
		else if (errno != EINTR)
			return false;
	}
}

/* An interrupt lets pip take away what it has begun. */
static void stop(pid_t pid, bool ended)
{
	int64_t end = now_ms() + GRACE_MS;

	if (!ended)
		kill(-pid, SIGINT);
	while (waitpid(pid, NULL, WNOHANG) == 0 && now_ms() < end)
		poll(NULL, 0, 10);
	kill(-pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

void remedy_find(const struct remedy *remedy, const struct audit *audit, const struct pipgate_policy *policy, struct buf *out)
{
	struct search s = {.remedy = remedy, .audit = audit, .options = {.run = audit->run},
		.judging = {.run = audit->run, .environment = audit->environment, .policy = policy, .now = audit->now}};
	struct buf words;
	int ends[2];
	bool ended;
	pid_t pid;

	if (!temporary_folder(NULL) || pipe2(ends, O_CLOEXEC))
		return;
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGINT); /* Ctrl-C is for pip, which may take us with it */
		close(ends[0]);
		prepare(remedy);
		search(&s, ends[1]);
		_exit(0);
	}
	close(ends[1]);
	buf_init(&words, NULL, WORDS_MAX);
	ended = pid > 0 && read_words(ends[0], &words);
	close(ends[0]);
	if (pid > 0) {
		setpgid(pid, pid);
		stop(pid, ended);
	}
	if (ended && words.n && buf_status(&words) == PIPGATE_OK)
		buf_span(out, buf_view(&words));
	buf_fini(&words);
}
