/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate exception add`: one more item in a file of the policy; read back before it is written. */
#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "wrapper/command/exception.h"
#include "wrapper/file.h"
#include "wrapper/pardon/entry.h"
#include "wrapper/home.h"
#include "wrapper/policy/layers.h"
#include "wrapper/policy/place.h"

#include "matcher/base/banned.h"

#define TEXT_MAX 1000 /* of a reason; longer ones belong into the ticket */
#define ID_MAX 100
#define SCHEMA "pipgate/policy/1"
#define ITEM_MAX ((size_t)64 << 10)

/* ---- what was given ---- */

/* "CVE-2026-1234": letters and digits, and dashes, dots, colons and underscores between. */
static bool is_id(struct span id)
{
	bool dash = false;

	for (size_t i = 0; i < id.n; i++) {
		dash |= id.p[i] == '-';
		if (!ascii_alpha(id.p[i]) && !ascii_digit(id.p[i]) && !memchr("-.:_", id.p[i], 4))
			return false;
	}
	return dash && id.n <= ID_MAX && ascii_alpha(id.p[0]);
}

static bool is_name(struct span name)
{
	for (size_t i = 0; i < name.n; i++) {
		bool inside = i > 0 && i + 1 < name.n;

		if (!ascii_alpha(name.p[i]) && !ascii_digit(name.p[i]) && !(inside && memchr("-._", name.p[i], 3)))
			return false;
	}
	return name.n > 0;
}

static bool is_kind(struct span kind)
{
	static const char *const kinds[] = {"accepted", "not-affected", "false-positive", "mitigated"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (span_is(kind, kinds[i]))
			return true;
	return false;
}

/* The options that are texts, in the order of the file. */
static const struct answer {
	const char *key, *option;
	size_t place;
	bool (*good)(struct span value); /* NULL: what a terminal shows is */
	const char *wanted;
} answers[] = {
	{"rule", "--rule", offsetof(struct exception_options, rule), NULL, "the name of a rule"},
	{"distribution", "--distribution", offsetof(struct exception_options, distribution), is_name, "a distribution's name"},
	{"versions", "--versions", offsetof(struct exception_options, versions), NULL, "a specifier: <3.1.6"},
	{"kind", "--kind", offsetof(struct exception_options, kind), is_kind, "accepted, not-affected, false-positive or mitigated"},
	{"reason", "--reason", offsetof(struct exception_options, reason), NULL, "a text of one line, at most 1,000 bytes"},
	{"approved-by", "--approved-by", offsetof(struct exception_options, approved_by), NULL, "a name or an address"},
	{"ticket", "--ticket", offsetof(struct exception_options, ticket), NULL, "its number or address"},
};
#define N_ANSWERS (sizeof(answers) / sizeof(*answers))

static const char *answer_value(const struct exception_options *o, const struct answer *f)
{
	return *(const char *const *)(const void *)((const char *)o + f->place);
}

static int check_versions(const struct exception_options *o)
{
	bool inside;

	if (o->versions && pipgate_specifier_contains(o->run, span_of(o->versions), SPAN("1"), PIPGATE_PRERELEASES_AUTO, &inside) != PIPGATE_OK)
		return say_error(EXIT_USAGE, "--versions %s: expected a specifier, as <3.1.6 or ==1.2.*", o->versions);
	return 0;
}

static int check(const struct exception_options *o)
{
	const char *const *places = o->places.items;

	if ((o->n_words == 1) == (o->rule != NULL))
		return say_error(EXIT_USAGE, "exception add: either the id of an advisory, or --rule RULE");
	if (o->n_words && !is_id(span_of(o->words[0])))
		return say_error(EXIT_USAGE, "%s is no id of an advisory, as CVE-2026-1234, GHSA-… or PYSEC-…", o->words[0]);
	if (!o->reason)
		return say_error(EXIT_USAGE, "--reason is wanted: whoever reads it in a year asks why");
	for (size_t i = 0; i < N_ANSWERS; i++) {
		const char *value = answer_value(o, &answers[i]);

		if (value && (!pardon_file_shown(span_of(value), TEXT_MAX) || (answers[i].good && !answers[i].good(span_of(value)))))
			return say_error(EXIT_USAGE, "%s %s: expected %s", answers[i].option, value, answers[i].wanted);
	}
	for (size_t i = 0; i < o->places.n; i++)
		if (!pardon_file_shown(span_of(places[i]), TEXT_MAX))
			return say_error(EXIT_USAGE, "--place %s: expected a pattern of paths, as requirements/*.txt", places[i]);
	return check_versions(o);
}

/* ---- the item ---- */

static struct span value_of(const struct exception_options *o, const struct answer *f)
{
	struct span value = span_of(answer_value(o, f)), normalized;

	if (f->good != is_name)
		return value;
	if (pipgate_name_normalize(o->run, value, &normalized) != PIPGATE_OK)
		die_no_memory();
	return normalized;
}

static void write_places(struct buf *out, const struct exception_options *o)
{
	const char *const *places = o->places.items;

	for (size_t i = 0; i < o->places.n; i++) {
		buf_text(out, i ? ", " : "places: [");
		buf_byte(out, '"');
		for (const char *p = places[i]; *p; p++) {
			if (*p == '"' || *p == '\\')
				buf_byte(out, '\\');
			buf_byte(out, (unsigned char)*p);
		}
		buf_byte(out, '"');
	}
	buf_text(out, o->places.n ? "]\n" : "");
}

static void write_item(struct buf *out, const struct exception_options *o, int64_t until)
{
	char day[WHEN_TEXT];

	if (o->n_words)
		pardon_file_line(out, "id", span_of(o->words[0]));
	for (size_t i = 0; i < N_ANSWERS; i++) {
		if (answers[i].place == offsetof(struct exception_options, kind))
			write_places(out, o);
		if (answer_value(o, &answers[i]))
			pardon_file_line(out, answers[i].key, value_of(o, &answers[i]));
	}
	buf_format(out, "created: %s\n", exception_day(o->now, day));
	buf_format(out, "expires: %s\n", exception_day(until, day));
}

/* ---- the file ---- */

struct chosen {
	enum pipgate_layer_kind kind;
	const char *path;
};

/* The folder that has a project's policy, else the one that would. */
static const char *project_of(struct pipgate_run *run)
{
	const char *folder = project_folder(run);

	return folder ? folder : project_root(run);
}

static int choose_place(const struct exception_options *o, struct chosen *out)
{
	const char *project = o->user ? NULL : project_of(o->run), *user = home_folder(o->run, HOME_CONFIG);

	if (o->file)
		*out = (struct chosen){PIPGATE_LAYER_USER, o->file};
	else if (project || o->project)
		*out = (struct chosen){PIPGATE_LAYER_PROJECT, project ? text_format(o->run, "%s/.pipgate.yaml", project) : ".pipgate.yaml"};
	else
		*out = (struct chosen){PIPGATE_LAYER_USER, user ? text_format(o->run, "%s/policy.yaml", user) : NULL};
	return out->path ? 0 : say_error(EXIT_USAGE, "neither XDG_CONFIG_HOME nor HOME tells where the user's policy is; name a --file");
}

/* The same thing twice would be an oversight. */
static enum pipgate_status refuse_twice(const struct pardon_file *d, const struct exception_options *o, struct pipgate_error *error)
{
	const struct entry_wanted wanted = {o->words, o->n_words, o->rule, NULL};
	struct list entries;
	const struct entry *v;
	enum pipgate_status status = entries_read(d, &entries, error);

	v = entries.items;
	for (size_t i = 0; status == PIPGATE_OK && i < entries.n; i++)
		if (entry_is(o->run, &v[i], &wanted) && entry_names_equal(o->run, v[i].distribution, span_of(o->distribution)) &&
		    span_equal(v[i].versions, span_of(o->versions)))
			return error_set(error, PIPGATE_INVALID, 
				"%s:%zu: has that exception already; change it there, or `pipgate exception renew` it", d->path, v[i].line);
	return status;
}

/* The whole document as the gate would read it. */
static enum pipgate_status read_back(const struct pardon_file *d, enum pipgate_layer_kind kind, struct pipgate_error *error)
{
	const struct pipgate_layer layer = {.kind = kind, .name = d->path, .may_loosen = true};
	struct pipgate_policy *policy;
	enum pipgate_status status = pipgate_policy_new(d->run, &policy);

	return status == PIPGATE_OK ? pipgate_policy_add(policy, &layer, d->text, error) : status;
}

static enum pipgate_status write_all(const struct exception_options *o, const struct chosen *place, const struct pardon_file *d,
	struct pipgate_error *error)
{
	const char *folder = place_folder(o->run, place->path);

	if (!d->there && !file_folders(text_copy(o->run, span_of(folder)), 0755))
		return error_set(error, PIPGATE_FAILED, "%s: %s", folder, strerror(errno));
	return pardon_file_write(d, error);
}

/* What is written into a project that nobody trusts lets nothing pass. */
static void say_untrusted(const struct exception_options *o, const char *path)
{
	const struct policy_file *v;
	struct pipgate_policy *policy;

	if (exception_all(o, &policy, NULL) != PIPGATE_OK)
		return;
	v = policy_files()->items;
	for (size_t i = 0; i < policy_files()->n; i++)
		if (strcmp(v[i].path, path) == 0 && !v[i].trusted)
			say("%s is not trusted: it does not count before `pipgate policy trust`", path);
}

int exception_add(struct exception_options *o)
{
	struct chosen place;
	struct pardon_file d;
	struct pipgate_error error;
	enum pipgate_status status;
	struct buf item;
	char day[WHEN_TEXT];
	int64_t until;
	int code = check(o);

	if (!code)
		code = exception_until(o, &until);
	if (!code)
		code = choose_place(o, &place);
	if (code)
		return code;
	buf_init(&item, NULL, ITEM_MAX);
	write_item(&item, o, until);
	status = pardon_file_read(o->run, place.path, SCHEMA, &d, &error);
	if (status == PIPGATE_OK)
		status = refuse_twice(&d, o, &error);
	if (status == PIPGATE_OK)
		status = pardon_file_append(&d, ENTRY_LIST, buf_view(&item), &error);
	if (status == PIPGATE_OK)
		status = read_back(&d, place.kind, &error);
	if (status == PIPGATE_OK)
		status = write_all(o, &place, &d, &error);
	buf_fini(&item);
	if (status != PIPGATE_OK)
		return say_error(status == PIPGATE_INVALID ? EXIT_USAGE : EXIT_UNDECIDED, "%s", error.text);
	say("%s: %s%s%s passes until %s", place.path, o->n_words ? o->words[0] : o->rule, o->distribution ? " for " : "",
		o->distribution ? o->distribution : "", exception_day(until, day));
	say_untrusted(o, place.path);
	return EXIT_OK;
}
