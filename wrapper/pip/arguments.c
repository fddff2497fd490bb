/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/pip/arguments.h"

#include "matcher/base/banned.h"

#define GENERAL (PIP_ALL | PIP_GENERAL)

/* The union of what pip 20.3 to 26.3 know. */
static const struct pip_option option_table[] = {
	{"help", 'h', false, ROLE_HELP, GENERAL},
	{"debug", 0, false, ROLE_NONE, GENERAL},
	{"isolated", 0, false, ROLE_NONE, GENERAL},
	{"require-virtualenv require-venv", 0, false, ROLE_NONE, GENERAL},
	{"python", 0, true, ROLE_PYTHON, GENERAL},
	{"verbose", 'v', false, ROLE_NONE, GENERAL},
	{"version", 'V', false, ROLE_HELP, GENERAL},
	{"quiet", 'q', false, ROLE_QUIET, GENERAL},
	{"log log-file local-log", 0, true, ROLE_NONE, GENERAL},
	{"no-input", 0, false, ROLE_NONE, GENERAL},
	{"keyring-provider", 0, true, ROLE_NONE, GENERAL},
	{"proxy", 0, true, ROLE_NONE, GENERAL},
	{"no-proxy-env", 0, false, ROLE_NONE, GENERAL},
	{"retries", 0, true, ROLE_NONE, GENERAL},
	{"resume-retries", 0, true, ROLE_NONE, GENERAL},
	{"timeout default-timeout", 0, true, ROLE_NONE, GENERAL},
	{"exists-action", 0, true, ROLE_NONE, GENERAL},
	{"trusted-host", 0, true, ROLE_NONE, GENERAL},
	{"cert", 0, true, ROLE_NONE, GENERAL},
	{"client-cert", 0, true, ROLE_NONE, GENERAL},
	{"cache-dir", 0, true, ROLE_NONE, GENERAL},
	{"no-cache-dir", 0, false, ROLE_NO_CACHE, GENERAL},
	{"disable-pip-version-check", 0, false, ROLE_NONE, GENERAL},
	{"no-color", 0, false, ROLE_NONE, GENERAL},
	{"no-python-version-warning", 0, false, ROLE_NONE, GENERAL},
	{"use-feature", 0, true, ROLE_NONE, GENERAL},
	{"use-deprecated", 0, true, ROLE_NONE, GENERAL},

	{"requirement", 'r', true, ROLE_REQUIREMENT, PIP_ALL},
	{"constraint", 'c', true, ROLE_CONSTRAINT, PIP_ALL},
	{"build-constraint", 0, true, ROLE_NONE, PIP_ALL},
	{"group", 0, true, ROLE_NONE, PIP_ALL},
	{"requirements-from-script", 0, true, ROLE_NONE, PIP_ALL},
	{"no-deps no-dependencies", 0, false, ROLE_NO_DEPS, PIP_ALL},
	{"only-deps only-dependencies", 0, false, ROLE_NONE, PIP_ALL},
	{"pre", 0, false, ROLE_NONE, PIP_ALL},
	{"all-releases", 0, true, ROLE_NONE, PIP_ALL},
	{"only-final", 0, true, ROLE_NONE, PIP_ALL},
	{"uploaded-prior-to", 0, true, ROLE_NONE, PIP_ALL},
	{"refresh-package", 0, true, ROLE_NONE, PIP_ALL},
	{"index-url pypi-url", 'i', true, ROLE_INDEX, PIP_ALL},
	{"extra-index-url", 0, true, ROLE_INDEX, PIP_ALL},
	{"no-index", 0, false, ROLE_INDEX, PIP_ALL},
	{"find-links", 'f', true, ROLE_INDEX, PIP_ALL},
	{"no-binary", 0, true, ROLE_NONE, PIP_ALL},
	{"only-binary", 0, true, ROLE_NONE, PIP_ALL},
	{"prefer-binary", 0, false, ROLE_NONE, PIP_ALL},
	{"require-hashes", 0, false, ROLE_HASHES, PIP_ALL},
	{"no-require-hashes", 0, false, ROLE_HASHES, PIP_ALL},
	{"progress-bar", 0, true, ROLE_NONE, PIP_ALL},
	{"src source source-dir source-directory", 0, true, ROLE_NONE, PIP_ALL},
	{"build build-dir build-directory", 'b', true, ROLE_NONE, PIP_ALL},
	{"ignore-requires-python", 0, false, ROLE_NONE, PIP_ALL},
	{"no-build-isolation", 0, false, ROLE_NONE, PIP_ALL},
	{"check-build-dependencies", 0, false, ROLE_NONE, PIP_ALL},
	{"use-pep517", 0, false, ROLE_NONE, PIP_ALL},
	{"no-use-pep517", 0, false, ROLE_NONE, PIP_ALL},
	{"global-option", 0, true, ROLE_NONE, PIP_ALL},
	{"no-clean", 0, false, ROLE_NONE, PIP_ALL},

	{"editable", 'e', true, ROLE_EDITABLE, PIP_INSTALL | PIP_WHEEL | PIP_LOCK},
	{"config-settings", 'C', true, ROLE_NONE, PIP_INSTALL | PIP_WHEEL | PIP_LOCK},
	{"platform", 0, true, ROLE_PLATFORM, PIP_INSTALL | PIP_DOWNLOAD},
	{"python-version", 0, true, ROLE_PLATFORM, PIP_INSTALL | PIP_DOWNLOAD},
	{"implementation", 0, true, ROLE_PLATFORM, PIP_INSTALL | PIP_DOWNLOAD},
	{"abi", 0, true, ROLE_PLATFORM, PIP_INSTALL | PIP_DOWNLOAD},

	{"dry-run", 0, false, ROLE_DRY_RUN, PIP_INSTALL},
	{"report", 0, true, ROLE_REPORT, PIP_INSTALL},
	{"target", 't', true, ROLE_TARGET, PIP_INSTALL},
	{"prefix", 0, true, ROLE_TARGET, PIP_INSTALL},
	{"root", 0, true, ROLE_TARGET, PIP_INSTALL},
	{"root-user-action", 0, true, ROLE_NONE, PIP_INSTALL},
	{"user", 0, false, ROLE_NONE, PIP_INSTALL},
	{"no-user", 0, false, ROLE_NONE, PIP_INSTALL},
	{"upgrade", 'U', false, ROLE_NONE, PIP_INSTALL},
	{"upgrade-strategy", 0, true, ROLE_NONE, PIP_INSTALL},
	{"force-reinstall", 0, false, ROLE_IGNORE_INSTALLED, PIP_INSTALL},
	{"ignore-installed", 'I', false, ROLE_IGNORE_INSTALLED, PIP_INSTALL},
	{"install-option", 0, true, ROLE_NONE, PIP_INSTALL},
	{"compile", 0, false, ROLE_NONE, PIP_INSTALL},
	{"no-compile", 0, false, ROLE_NONE, PIP_INSTALL},
	{"no-warn-script-location", 0, false, ROLE_NONE, PIP_INSTALL},
	{"no-warn-conflicts", 0, false, ROLE_NONE, PIP_INSTALL},
	{"break-system-packages", 0, false, ROLE_BREAK_SYSTEM, PIP_INSTALL},

	{"dest destination-dir destination-directory", 'd', true, ROLE_DESTINATION, PIP_DOWNLOAD},
	{"wheel-dir", 'w', true, ROLE_DESTINATION, PIP_WHEEL},
	{"output", 'o', true, ROLE_DESTINATION, PIP_LOCK},
	{"build-option", 0, true, ROLE_NONE, PIP_WHEEL},
	{"no-verify", 0, false, ROLE_NONE, PIP_WHEEL},
};

#define N_OPTIONS (sizeof(option_table) / sizeof(*option_table))

static const struct pip_option *find_letter(char letter, unsigned command)
{
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (option_table[i].letter == letter && option_table[i].commands & command)
			return &option_table[i];
	return NULL;
}

/* By its whole name, or by its beginning: the first row, the oldest option. What is ambiguous for a later pip need not be for
 * this one; where it is, pip refuses the whole. *certain is cleared where rows of both shapes fit, or none. */
static const struct pip_option *find_long(struct span name, unsigned command, bool *certain)
{
	const struct pip_option *found = NULL;
	bool both = false;

	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct pip_option *option = &option_table[i];
		struct span rest = span_of(option->names);

		while (rest.n && option->commands & command) {
			struct span one = span_split(&rest, ' ');

			if (span_equal(one, name))
				return option;
			if (!span_starts(one, name))
				continue;
			both |= found && found->value != option->value;
			if (!found)
				found = option;
		}
	}
	*certain &= found && !both;
	return found;
}

const char *option_name(struct pipgate_run *run, const struct pip_option *option)
{
	struct span rest = span_of(option->names);
	struct span name = span_split(&rest, ' ');

	return text_format(run, "--" SPAN_FMT, SPAN_ARG(name));
}

/* ---- reading ---- */

struct reader {
	struct pipgate_run *run;
	char *const *words;
	size_t at;
	unsigned command;
	struct list list;
	bool complete, certain;
};

static struct argument *add(struct reader *r, const struct pip_option *option)
{
	struct argument *a = must(list_push(r->run, &r->list, sizeof(*a)));

	*a = (struct argument){.option = option};
	return a;
}

static void read_long(struct reader *r, const char *word)
{
	struct span rest = span_of(word + 2);
	struct span name = span_split(&rest, '=');
	const char *equals = strchr(word, '=');
	const struct pip_option *option = find_long(name, r->command, &r->certain);
	struct argument *a = add(r, option);

	a->words[a->n_words++] = word;
	if (!option || !option->value)
		return;
	if (equals) {
		a->value = equals + 1;
	} else if (r->words[r->at]) {
		a->value = r->words[r->at++];
		a->words[a->n_words++] = a->value;
	} else {
		a->value = "";
		r->complete = false;
	}
}

static void read_cluster(struct reader *r, const char *word)
{
	for (const char *p = word + 1; *p; p++) {
		const struct pip_option *option = find_letter(*p, r->command);
		struct argument *a = add(r, option);

		r->certain &= option != NULL;
		a->words[a->n_words++] = text_format(r->run, "-%c", *p);
		if (!option || !option->value)
			continue;
		r->complete = p[1] || r->words[r->at];
		a->value = p[1] ? p + 1 : r->complete ? r->words[r->at++] : "";
		if (r->complete)
			a->words[a->n_words++] = a->value;
		return;
	}
}

void arguments_read(struct pipgate_run *run, char *const *words, unsigned command, struct arguments *out)
{
	struct reader r = {.run = run, .words = words, .command = command, .complete = true, .certain = true};
	size_t end = SIZE_MAX;

	while (words[r.at]) {
		const char *word = words[r.at];
		bool option = end == SIZE_MAX && word[0] == '-' && word[1];

		if (!option && command == PIP_GENERAL)
			break;
		r.at++;
		if (option && strcmp(word, "--") == 0) {
			end = r.list.n;
		} else if (option && word[1] == '-') {
			read_long(&r, word);
		} else if (option) {
			read_cluster(&r, word);
		} else {
			struct argument *a = add(&r, NULL);

			a->positional = true;
			a->value = a->words[a->n_words++] = word;
		}
	}
	*out = (struct arguments){r.list.items, r.list.n, end < r.list.n ? end : r.list.n, r.at, r.complete, r.certain};
}

const struct argument *arguments_last(const struct arguments *arguments, enum role role)
{
	for (size_t i = arguments->n; i-- > 0;)
		if (arguments->v[i].option && arguments->v[i].option->role == role)
			return &arguments->v[i];
	return NULL;
}

void words_add_argument(struct words *words, const struct argument *argument)
{
	for (size_t i = 0; i < argument->n_words; i++)
		words_add(words, argument->words[i]);
}
