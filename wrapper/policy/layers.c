/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/policy/layers.h"


#include "matcher/policy/vex.h"
#include "wrapper/home.h"
#include "wrapper/policy/organisation.h"
#include "wrapper/policy/place.h"
#include "wrapper/say.h"
#include "wrapper/signature.h"

#include "matcher/base/banned.h"

#define ROUNDS_MAX 4 /* a profile that names another one that names the first has no end */

struct building {
	struct pipgate_run *run;
	struct options *options;
	enum policy_use use;
	const char *profile, *project; /* project: its folder, NULL: none */
	bool trusted;
	struct pipgate_policy *policy;
	struct list read; /* of struct read_file: each file is read once */
	struct pipgate_error *error;
};

struct read_file {
	const char *path;
	struct place place;
};

static struct list files; /* policy_files() */

const struct list *policy_files(void)
{
	return &files;
}

/* ---- files ---- */

static enum pipgate_status read_once(struct building *b, const char *path, enum place_owner owner, struct place *out)
{
	struct read_file *kept = b->read.items;
	enum pipgate_status status;

	for (size_t i = 0; i < b->read.n; i++)
		if (strcmp(kept[i].path, path) == 0) {
			*out = kept[i].place;
			return PIPGATE_OK;
		}
	status = place_read(b->run, path, owner, out, b->error);
	if (status != PIPGATE_OK)
		return status;
	kept = must(list_push(b->run, &b->read, sizeof(*kept)));
	*kept = (struct read_file){path, *out};
	return PIPGATE_OK;
}

/* Has one of those whom the system's policy names signed this file (FILE.minisig)? */
static bool is_signed(struct building *b, const char *path, enum place_owner owner, struct span text)
{
	const struct policy_approver *approvers = b->policy->approvers.items;
	struct place signature = {0};

	if (!b->policy->approvers.n ||
		read_once(b, text_format(b->run, "%s" SIGNATURE_SUFFIX, path), owner, &signature) != PIPGATE_OK || !signature.there)
		return false;
	for (size_t i = 0; i < b->policy->approvers.n; i++) {
		struct signature_words words;

		if (signature_verify(b->run, text, signature.text, span_of(approvers[i].key), &words, NULL) == PIPGATE_OK)
			return true;
	}
	return false;
}

static void file_note(struct building *b, const char *path, enum pipgate_layer_kind kind, bool there, bool trusted)
{
	struct policy_file *place = must(list_push(b->run, &files, sizeof(*place)));

	*place = (struct policy_file){path, kind, there, trusted};
}

static enum place_owner owner_of(enum pipgate_layer_kind kind)
{
	return kind == PIPGATE_LAYER_SYSTEM ? PLACE_OF_SYSTEM : kind == PIPGATE_LAYER_PROJECT || kind == PIPGATE_LAYER_ORGANISATION
		? PLACE_OF_PROJECT : PLACE_OF_USER;
}

static enum pipgate_status add_file(struct building *b, enum pipgate_layer_kind kind, const char *path, bool must_be_there)
{
	bool may_loosen = kind != PIPGATE_LAYER_PROJECT || b->trusted;
	struct place place = {0};
	enum pipgate_status status = read_once(b, path, owner_of(kind), &place);

	if (status != PIPGATE_OK)
		return status;
	file_note(b, path, kind, place.there, may_loosen);
	if (!place.there)
		return must_be_there ? error_set(b->error, PIPGATE_INVALID, "%s: there is no such file", path) : PIPGATE_OK;
	status = pipgate_policy_add(b->policy, &(struct pipgate_layer){
		.kind = kind,
		.name = path,
		.may_loosen = may_loosen,
		.approves = place.fixed || is_signed(b, path, owner_of(kind), place.text),
	}, place.text, b->error);
	return status == PIPGATE_OK ? status : (error_before(b->error, "%s", path), status);
}

/* The database that is known to be meant before the user's own policy is read; NULL: none is named. */
static const char *named_database(const struct building *b)
{
	const struct policy_setting *s = b->options->settings.items;
	const char *named = b->policy->values[POLICY_DATABASE].word;

	for (size_t i = 0; i < b->options->settings.n && !b->policy->values[POLICY_DATABASE].locked; i++)
		if (span_is(s[i].key, policy_key_name(POLICY_DATABASE)))
			named = text_copy(b->run, s[i].value);
	return named[0] ? named : NULL;
}

static void organisation_left_out(struct building *b, const char *path)
{
	struct span *note = must(list_push(b->policy->run, &b->policy->notes, sizeof(*note)));

	*note = must_span(arena_format(b->run, "%s did not come by a bundle: it does not count", path));
}

static enum pipgate_status add_organisation(struct building *b)
{
	const char *database = named_database(b), *path = organisation_path(b->run, database);
	struct pipgate_layer layer = {.kind = PIPGATE_LAYER_ORGANISATION, .name = path, .may_loosen = true};
	struct place place;
	enum pipgate_status status;

	if (!path)
		return PIPGATE_OK;
	status = organisation_read(b->run, path, database, &place, b->error);
	if (status != PIPGATE_OK)
		return status;
	file_note(b, path, layer.kind, true, place.there);
	if (!place.there)
		return organisation_left_out(b, path), PIPGATE_OK;
	layer.approves = place.fixed;
	status = pipgate_policy_add(b->policy, &layer, place.text, b->error);
	return status == PIPGATE_OK ? status : (error_before(b->error, "%s", path), status);
}

static enum pipgate_status add_files(struct building *b, enum pipgate_layer_kind kind, const char *folder, const char *const *names)
{
	enum pipgate_status status = PIPGATE_OK;

	for (; folder && *names && status == PIPGATE_OK; names++)
		status = add_file(b, kind, text_format(b->run, "%s/%s", folder, *names), false);
	return status;
}

/* ---- what is no file ---- */

static enum pipgate_status set(struct building *b, enum pipgate_layer_kind kind, const char *layer, struct span key, struct span value)
{
	return policy_set(b->policy, &(struct pipgate_layer){.kind = kind, .name = layer, .may_loosen = true}, 0, key, value, b->error);
}

static enum pipgate_status add_profile(struct building *b)
{
	const struct policy_profile *p = policy_profiles;
	const struct pipgate_layer layer = {.kind = PIPGATE_LAYER_PROFILE, .name = text_format(b->run, "profile %s", b->profile), .may_loosen = true};
	enum pipgate_status status;

	while (p->name && strcmp(p->name, b->profile) != 0)
		p++;
	if (!p->name)
		return error_set(b->error, PIPGATE_FAILED, "there is no profile %s", b->profile);
	status = pipgate_policy_add(b->policy, &layer, span_of(p->text), b->error);
	if (status == PIPGATE_OK)
		status = set(b, PIPGATE_LAYER_DEFAULT, POLICY_DEFAULT_LAYER, SPAN("profile"), span_of(b->profile));
	return status;
}

/* What lies in an environment is there, helped or not. */
static enum pipgate_status add_audit(struct building *b)
{
	static const struct {
		const char *key, *value;
	} table[] = {{"no-fix-available", "block"}, {"satisfied", "block"}, {"fail-on", "any"}};
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; b->use == POLICY_FOR_AUDIT && i < sizeof(table) / sizeof(*table) && status == PIPGATE_OK; i++)
		status = set(b, PIPGATE_LAYER_PROFILE, "audit", span_of(table[i].key), span_of(table[i].value));
	return status;
}

/* A dry run of our own resolves: what the system locks is not its business, and it installs nothing (options_resolving). */
static enum pipgate_status add_settings(struct building *b)
{
	const struct policy_setting *s = b->options->settings.items;
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < b->options->settings.n && status == PIPGATE_OK; i++) {
		enum policy_key key;

		if (b->options->resolve && policy_key_find(s[i].key, &key) && b->policy->values[key].locked)
			continue;
		status = set(b, s[i].option ? PIPGATE_LAYER_OPTION : PIPGATE_LAYER_VARIABLE, s[i].layer, s[i].key, s[i].value);
		if (status != PIPGATE_OK)
			error_before(b->error, "%s", s[i].layer);
	}
	return status;
}

/* ---- trust ---- */

/* What variables and options say comes last, but is wanted here. */
static bool is_trusted(struct building *b, const char *folder)
{
	const struct policy_value *v = &b->policy->values[POLICY_PROJECT];
	const struct policy_setting *s = b->options->settings.items;
	bool trusted = v->value == POLICY_PROJECT_TRUST;

	if (v->locked)
		return trusted;
	for (size_t i = 0; i < b->options->settings.n; i++)
		if (span_is(s[i].key, policy_key_name(POLICY_PROJECT)))
			trusted = span_equal_nocase(s[i].value, SPAN("trust"));
	return trusted || (folder && project_trusted(b->run, folder));
}

/* ---- all of it ---- */

/* A file that a policy names lies beside it. */
static const char *beside(struct building *b, const char *policy, const char *path)
{
	const char *slash = strrchr(policy, '/');

	return path[0] == '/' || !slash ? path : text_format(b->run, "%.*s/%s", (int)(slash - policy), policy, path);
}

static enum pipgate_status add_named(struct building *b, enum policy_key key)
{
	const struct policy_value *v = &b->policy->values[key];
	enum pipgate_layer_kind kind = PIPGATE_LAYER_OPTION;
	const struct policy_file *f = files.items;

	if (!v->word[0])
		return PIPGATE_OK;
	for (size_t i = 0; i < files.n; i++)
		if (v->line && strcmp(f[i].path, v->layer) == 0)
			kind = f[i].kind;
	/* without a baseline nothing passes by it: `baseline create` */
	return add_file(b, kind, v->line ? beside(b, v->layer, v->word) : v->word, key != POLICY_BASELINE);
}

/* [tool.pipgate] of what is audited. */
static enum pipgate_status add_tables(struct building *b)
{
	const struct policy_table *t = b->options->tables.items;
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < b->options->tables.n && status == PIPGATE_OK; i++) {
		const struct pipgate_layer layer = {PIPGATE_LAYER_PROJECT, t[i].name, is_trusted(b, t[i].folder), false};

		file_note(b, layer.name, layer.kind, true, layer.may_loosen);
		status = pipgate_policy_add(b->policy, &layer, t[i].text, b->error);
		if (status != PIPGATE_OK)
			error_before(b->error, "%s", layer.name);
	}
	return status;
}

/* Statements of others (VEX); a layer that may not loosen named none. */
static enum pipgate_status add_vex(struct building *b)
{
	const struct policy_path *v = b->policy->vex.items;
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < b->policy->vex.n && status == PIPGATE_OK; i++) {
		struct pipgate_layer layer = v[i].layer;
		struct place place = {0};

		layer.name = beside(b, v[i].layer.name, v[i].path);
		status = read_once(b, layer.name, owner_of(layer.kind), &place);
		if (status == PIPGATE_OK && !place.there)
			status = error_set(b->error, PIPGATE_INVALID, "%s: there is no such file (vex of %s)", layer.name, v[i].layer.name);
		layer.approves = place.fixed || (place.there && is_signed(b, layer.name, owner_of(layer.kind), place.text));
		if (status == PIPGATE_OK)
			status = vex_read(b->policy, &layer, place.text, b->error);
	}
	return status;
}

static enum pipgate_status build(struct building *b)
{
	static const char *const machine[] = {"policy.yaml", "exceptions.yaml", "owners.yaml", NULL};
	static const char *const project[] = {".pipgate.yaml", ".pipgate-exceptions.yaml", NULL};
	enum pipgate_status status = pipgate_policy_new(b->run, &b->policy);

	files = (struct list){0};
	if (status != PIPGATE_OK)
		die_no_memory();
	b->policy->folds = b->use != POLICY_TO_SHOW;
	status = add_profile(b);
	if (status == PIPGATE_OK)
		status = add_audit(b);
	if (status == PIPGATE_OK)
		status = add_files(b, PIPGATE_LAYER_SYSTEM, POLICY_SYSTEM_FOLDER, machine);
	if (status == PIPGATE_OK)
		status = add_organisation(b);
	if (status == PIPGATE_OK)
		status = add_files(b, PIPGATE_LAYER_USER, home_folder(b->run, HOME_CONFIG), machine);
	if (status == PIPGATE_OK) {
		b->trusted = is_trusted(b, b->project);
		status = add_files(b, PIPGATE_LAYER_PROJECT, b->project, project);
	}
	if (status == PIPGATE_OK)
		status = add_tables(b);
	if (status == PIPGATE_OK)
		status = add_settings(b);
	if (status == PIPGATE_OK)
		status = add_named(b, POLICY_OWNERS);
	if (status == PIPGATE_OK)
		status = add_named(b, POLICY_BASELINE);
	return status == PIPGATE_OK ? add_vex(b) : status;
}

enum pipgate_status policy_layers(struct pipgate_run *run, struct options *options, enum policy_use use, struct pipgate_policy **out,
	struct pipgate_error *error)
{
	struct building b = {.run = run, .options = options, .use = use, .profile = options->profile, .error = error};
	enum pipgate_status status;

	b.project = options->project ? (strcmp(options->project, "-") == 0 ? NULL : options->project) : project_folder(run);
	for (int round = 0; round < ROUNDS_MAX; round++) {
		status = build(&b);
		if (status != PIPGATE_OK)
			return status;
		if (strcmp(b.policy->values[POLICY_PROFILE].word, b.profile) == 0) {
			options->project = b.project ? b.project : "-";
			options_settle(options, b.policy);
			*out = b.policy;
			return PIPGATE_OK;
		}
		b.profile = b.policy->values[POLICY_PROFILE].word;
	}
	return error_set(error, PIPGATE_INVALID, "the policy's profile has no end: %s names another one each time", b.profile);
}

void policy_say_notes(const struct pipgate_policy *policy)
{
	const struct span *notes = policy->notes.items;

	for (size_t i = 0; i < policy->notes.n; i++)
		say(SPAN_FMT, SPAN_ARG(notes[i]));
}
