/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `pipgate debug hook LOG`: what the hook in pip's process has written to PIPGATE_HOOK_LOG, told for people: every event with
 * its milliseconds, then what became of each command. A log is believed nothing: it is counted, bounded and escaped.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "matcher/base/text.h"
#include "shims/hook/protocol.h"
#include "wrapper/command/debug.h"
#include "wrapper/file.h"
#include "wrapper/say.h"

#include "matcher/base/banned.h"

#define LOG_BYTES ((size_t)16 << 20)
#define COMMANDS_MAX 256   /* that are accounted for; the events of more are shown all the same */
#define SHOWN_BYTES 240    /* of one event */
#define STRANGERS_SHOWN 10 /* lines that are none of the hook's */
#define OUT_BYTES ((size_t)1 << 20)

/* ---- what may stand in a line: shims/hook/log.c writes "PID SECONDS.MICROSECONDS text" ---- */

struct line {
	uint64_t pid;
	int64_t us; /* monotonic */
	struct span text;
};

static bool take_number(struct span *rest, size_t digits_max, uint64_t *out)
{
	size_t n = 0;

	for (*out = 0; n < rest->n && n <= digits_max && ascii_digit(rest->p[n]); n++)
		*out = *out * 10 + (uint64_t)(rest->p[n] - '0');
	if (!n || n > digits_max)
		return false;
	*rest = span_from(*rest, n);
	return true;
}

static bool take_byte(struct span *rest, char c)
{
	bool is = rest->n && rest->p[0] == c;

	if (is)
		*rest = span_from(*rest, 1);
	return is;
}

static bool line_read(struct span text, struct line *out)
{
	uint64_t seconds, micros;
	size_t n;

	if (!take_number(&text, 10, &out->pid) || !take_byte(&text, ' ') || !take_number(&text, 12, &seconds) || !take_byte(&text, '.'))
		return false;
	n = text.n;
	if (!take_number(&text, 6, &micros) || n - text.n != 6 || !take_byte(&text, ' '))
		return false;
	out->us = (int64_t)(seconds * 1000000 + micros);
	out->text = text;
	return true;
}

/* What stands behind a beginning; {NULL, 0}: it begins otherwise. */
static struct span behind(struct span text, const char *beginning)
{
	struct span head = span_of(beginning);

	return span_starts(text, head) ? (struct span){text.p + head.n, text.n - head.n} : (struct span){NULL, 0};
}

/* ---- a command's account ---- */

enum asked { ASKED_PLAN, ASKED_NESTED, ASKED_BUILD, ASKED_OTHER, ASKED_N };
enum answered { ANSWERED_ALLOW, ANSWERED_BLOCK, ANSWERED_NOT, ANSWERED_N };

static const char *const asked_words[ASKED_N] = {"plan", "nested", "build", "other"};
static const char *const answered_words[ANSWERED_N] = {"allowed", "blocked", "without an answer"};

static const char *const kinds[] = {"as judged", "as built here", "noted as built here", "cannot be noted", "notes", "starts build code",
	"starts a clone", "nested pip for", "out of memory"}; /* the beginnings of lines that are counted alone */
#define KINDS_N (sizeof(kinds) / sizeof(*kinds))
#define KIND_REACHES KINDS_N /* "EVENT reaches PATH" */
#define KIND_OTHER (KINDS_N + 1)

struct account {
	uint64_t pid;
	struct span name, denied, ended;
	int64_t begin, last, asked_at;
	double held; /* milliseconds */
	enum asked asked;
	bool over, holding;
	size_t answers[ASKED_N][ANSWERED_N], events[KINDS_N + 2];
};

struct telling {
	struct buf out;
	struct account accounts[COMMANDS_MAX];
	size_t n_accounts, unaccounted, lines, strangers;
	int64_t start;
};

/* The command that is under way in a process; of several, the last that began. */
static struct account *account_find(struct telling *t, uint64_t pid)
{
	for (size_t i = t->n_accounts; i-- > 0;)
		if (t->accounts[i].pid == pid)
			return t->accounts[i].over ? NULL : &t->accounts[i];
	return NULL;
}

static void account_begin(struct telling *t, const struct line *line, struct span name)
{
	if (t->n_accounts == COMMANDS_MAX)
		t->unaccounted++;
	else
		t->accounts[t->n_accounts++] = (struct account){.pid = line->pid, .name = name, .begin = line->us, .last = line->us};
}

static void asks(struct account *a, const struct line *line, struct span what)
{
	if (a->holding)
		a->answers[a->asked][ANSWERED_NOT]++;
	a->holding = true;
	a->asked_at = line->us;
	for (a->asked = 0; a->asked < ASKED_OTHER && !span_is(what, asked_words[a->asked]); a->asked++)
		;
}

/* "N bytes, status S": nothing else than the whole line with its own status is an answer. */
static enum answered answer_of(struct span text)
{
	uint64_t bytes;

	if (!take_number(&text, 6, &bytes))
		return ANSWERED_NOT;
	if (bytes == sizeof(DECIDE_ALLOW) - 1 && span_is(text, " bytes, status 0"))
		return ANSWERED_ALLOW;
	return bytes == sizeof(DECIDE_BLOCK) - 1 && span_is(text, " bytes, status 40") ? ANSWERED_BLOCK : ANSWERED_NOT;
}

static void answers(struct telling *t, struct account *a, const struct line *line, struct span what)
{
	enum answered answer = answer_of(what);
	double held = (double)(line->us - a->asked_at) / 1000;

	if (!a->holding)
		return;
	a->holding = false;
	a->held += held;
	a->answers[a->asked][answer]++;
	buf_format(&t->out, "   held %.1f ms, %s %s", held, asked_words[a->asked], answered_words[answer]);
}

static void ends(struct account *a, struct span text)
{
	if (a->holding)
		a->answers[a->asked][ANSWERED_NOT]++;
	a->holding = false;
	a->over = true;
	a->ended = text;
}

static size_t kind_of(struct span text)
{
	for (size_t i = 0; i < KINDS_N; i++)
		if (span_starts(text, span_of(kinds[i])))
			return i;
	return text.n && memmem(text.p, text.n, " reaches ", sizeof(" reaches ") - 1) ? KIND_REACHES : KIND_OTHER;
}

/* Takes a line into its command's account, and writes behind the event what that tells. */
static void account_take(struct telling *t, const struct line *line)
{
	struct account *a;
	struct span rest = behind(line->text, "begin: ");

	if (rest.p) {
		account_begin(t, line, rest);
		return;
	}
	a = account_find(t, line->pid);
	if (!a)
		return;
	a->last = line->us;
	if ((rest = behind(line->text, "ask=")).p)
		asks(a, line, rest);
	else if ((rest = behind(line->text, "decider: ")).p)
		answers(t, a, line, rest);
	else if ((rest = behind(line->text, "denied: ")).p)
		a->denied = rest;
	else if ((rest = behind(line->text, "end: ")).p)
		ends(a, rest);
	else if (!behind(line->text, "plan: ").p)
		a->events[kind_of(line->text)]++;
}

/* ---- telling it ---- */

static void tell_text(struct buf *out, struct span text)
{
	text_escape(out, text.n > SHOWN_BYTES ? (struct span){text.p, SHOWN_BYTES} : text);
	if (text.n > SHOWN_BYTES)
		buf_text(out, " …");
}

static bool flush(struct telling *t)
{
	bool good = buf_status(&t->out) == PIPGATE_OK && file_put(STDOUT_FILENO, buf_view(&t->out));

	buf_clear(&t->out);
	return good;
}

static void tell_line(struct telling *t, struct span text)
{
	struct line line;

	if (!line_read(text, &line)) {
		if (t->strangers++ < STRANGERS_SHOWN) {
			buf_text(&t->out, "        ?           ");
			tell_text(&t->out, text);
			buf_byte(&t->out, '\n');
		}
		return;
	}
	if (!t->lines++)
		t->start = line.us;
	buf_format(&t->out, "%9.1f %8" PRIu64 "  ", (double)(line.us - t->start) / 1000, line.pid);
	tell_text(&t->out, line.text);
	account_take(t, &line);
	buf_byte(&t->out, '\n');
}

static void tell_answers(struct buf *out, const struct account *a)
{
	size_t n = 0;

	for (size_t i = 0; i < ASKED_N; i++)
		for (size_t j = 0; j < ANSWERED_N; j++)
			if (a->answers[i][j])
				buf_format(out, "%s%s %s %zu", n++ ? ", " : "  asked: ", asked_words[i], answered_words[j], a->answers[i][j]);
	buf_text(out, n ? "\n" : "  nothing was asked\n");
}

static void tell_events(struct buf *out, const struct account *a)
{
	size_t n = 0;

	for (size_t i = 0; i < sizeof(a->events) / sizeof(*a->events); i++) {
		const char *name = i < KINDS_N ? kinds[i] : i == KIND_REACHES ? "reaches" : "other";

		if (a->events[i])
			buf_format(out, "%s%s %zu", n++ ? ", " : "  events: ", name, a->events[i]);
	}
	buf_text(out, n ? "\n" : "");
}

/* "pip's 1, phase 4, ours 40" without the phase, which is the hook's own affair. */
static void tell_end(struct buf *out, const struct account *a)
{
	struct span rest = a->ended, first = span_split(&rest, ',');

	if (!a->over) {
		buf_text(out, a->holding ? "  the log ends while pip is held\n" : "  the log ends before the command does\n");
		return;
	}
	buf_text(out, "  ended: ");
	tell_text(out, first);
	span_split(&rest, ',');
	buf_text(out, rest.n ? "," : "");
	tell_text(out, rest);
	buf_byte(out, '\n');
}

static void tell_account(struct buf *out, const struct account *a)
{
	size_t holds = a->holding;

	for (size_t i = 0; i < ASKED_N; i++)
		for (size_t j = 0; j < ANSWERED_N; j++)
			holds += a->answers[i][j];
	buf_byte(out, '\n');
	tell_text(out, a->name);
	buf_format(out, ", process %" PRIu64 ": %.1f ms; holds: %zu, %.1f ms\n", a->pid, (double)(a->last - a->begin) / 1000, holds, a->held);
	tell_answers(out, a);
	tell_events(out, a);
	if (a->denied.n) {
		buf_text(out, "  denied: ");
		tell_text(out, a->denied);
		buf_byte(out, '\n');
	}
	tell_end(out, a);
}

static bool tell(struct telling *t, struct span log)
{
	bool good = true;

	while (log.n && good) {
		tell_line(t, span_split(&log, '\n'));
		good = t->out.n < OUT_BYTES / 2 || flush(t);
	}
	for (size_t i = 0; i < t->n_accounts && good; i++) {
		tell_account(&t->out, &t->accounts[i]);
		good = t->out.n < OUT_BYTES / 2 || flush(t);
	}
	buf_format(&t->out, "\n%zu events of %zu commands", t->lines, t->n_accounts + t->unaccounted);
	if (t->unaccounted)
		buf_format(&t->out, ", %zu of them without an account", t->unaccounted);
	if (t->strangers)
		buf_format(&t->out, "; lines that are none of the hook's: %zu", t->strangers);
	buf_byte(&t->out, '\n');
	return flush(t) && good;
}

int debug_hook(const char *path)
{
	static struct telling telling; /* the accounts are too large for a stack */
	bool in = strcmp(path, "-") == 0;
	struct pipgate_error error;
	enum pipgate_status status;
	int result = EXIT_OK;
	struct buf log;

	buf_init(&log, NULL, LOG_BYTES);
	status = in ? file_read_fd(STDIN_FILENO, "stdin", &log, &error) : file_read(AT_FDCWD, path, &log, &error);
	if (status == PIPGATE_NO_MEMORY)
		die_no_memory();
	buf_init(&telling.out, NULL, OUT_BYTES);
	if (status != PIPGATE_OK)
		result = say_error(EXIT_UNDECIDED, "%s", error.text);
	else if (!tell(&telling, buf_view(&log)))
		result = say_error(EXIT_UNDECIDED, "debug: cannot write: %s", strerror(errno));
	else if (!telling.lines)
		result = say_error(EXIT_UNDECIDED, "%s: no line of it is the hook's", path);
	buf_fini(&telling.out);
	buf_fini(&log);
	return result;
}
