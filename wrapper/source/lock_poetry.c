/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poetry.lock. From 2.1 on each package says for which groups it is there and under which marker; before that nothing tells what was
 * asked for, and all of it counts but what was marked for development (1.x) where groups were chosen.
 */
#include "wrapper/source/lock_kinds.h"

#include "matcher/base/banned.h"

#define MAIN "main"

static const struct {
	const char *type;
	enum pipgate_origin origin;
} origins[] = {
	{"git", PIPGATE_ORIGIN_VCS}, {"url", PIPGATE_ORIGIN_URL}, {"file", PIPGATE_ORIGIN_ARCHIVE}, {"directory", PIPGATE_ORIGIN_DIRECTORY},
};

static void set_source(struct lock *lock, struct lock_package *p)
{
	const cJSON *source = json_member(p->item, "source");
	struct span type = json_string(json_member(source, "type")), url = json_string(json_member(source, "url"));

	for (size_t i = 0; i < sizeof(origins) / sizeof(*origins); i++)
		if (span_is(type, origins[i].type))
			p->origin = origins[i].origin;
	if (p->origin == PIPGATE_ORIGIN_DIRECTORY && cJSON_IsTrue(json_member(p->item, "develop")))
		p->origin = PIPGATE_ORIGIN_EDITABLE;
	if (url.n && (p->origin == PIPGATE_ORIGIN_VCS || p->origin == PIPGATE_ORIGIN_URL))
		p->url = must_span(arena_copy(lock->gathering->run, url));
}

/* ---- wanted? ---- */

static bool chooses(const struct lock *lock, struct span group)
{
	return span_is(group, MAIN) || lock_chooses_group(lock, group);
}

/* One marker for all groups, or one a group. */
static enum pipgate_status holds_for(struct lock *lock, const cJSON *markers, struct span group, bool *holds)
{
	const cJSON *item;

	*holds = true;
	if (cJSON_IsString(markers))
		return lock_marker(lock, json_string(markers), holds);
	cJSON_ArrayForEach(item, markers)
		if (span_is(group, item->string))
			return lock_marker(lock, json_string(item), holds);
	return PIPGATE_OK;
}

/* "extra" stands in the markers of what extras bring; before 2.1 there are none, and any chosen extra brings all that is optional. */
static bool optional_is_out(const struct lock *lock, const cJSON *item)
{
	return cJSON_IsTrue(json_member(item, "optional")) && !json_member(item, "markers") && !lock_chooses_all(lock) &&
	       !lock->gathering->settings->extras.n;
}

static enum pipgate_status want(struct lock *lock, struct lock_package *p)
{
	const cJSON *groups = json_member(p->item, "groups"), *group;
	struct span category = json_string(json_member(p->item, "category"));
	enum pipgate_status status = PIPGATE_OK;

	if (optional_is_out(lock, p->item))
		return PIPGATE_OK;
	if (!groups) {
		p->wanted = !category.n || chooses(lock, category);
		return PIPGATE_OK;
	}
	cJSON_ArrayForEach(group, groups) {
		bool holds = false;

		lock_knows(lock, group);
		if (status == PIPGATE_OK && chooses(lock, json_string(group)))
			status = holds_for(lock, json_member(p->item, "markers"), json_string(group), &holds);
		p->wanted = p->wanted || holds;
	}
	return status;
}

/* ---- requirements: name = "^1.0", name = {version, markers, extras}, name = [several of them] ---- */

static void require_one(struct lock *lock, struct lock_package *p, const char *name, const cJSON *value)
{
	lock_require(lock, p, span_of(name), json_member(value, "extras"), json_string(json_member(value, "markers")), (struct span){NULL, 0});
}

static void require(struct lock *lock, struct lock_package *p)
{
	const cJSON *value, *one;

	cJSON_ArrayForEach(value, json_member(p->item, "dependencies")) {
		if (!cJSON_IsArray(value))
			require_one(lock, p, value->string, value);
		else
			cJSON_ArrayForEach(one, value)
				require_one(lock, p, value->string, one);
	}
}

/* ---- all ---- */

static enum pipgate_status read_package(struct lock *lock, struct lock_package *p)
{
	set_source(lock, p);
	require(lock, p);
	return want(lock, p);
}

static void note_old(struct lock *lock, struct span version)
{
	const struct source_settings *s = lock->gathering->settings;

	if ((s->extras.n || s->groups.n) && (span_is(version, "2.0") || span_starts(version, SPAN("1."))))
		inventory_note(lock->gathering->inventory, "%s (version " SPAN_FMT ") does not tell which package belongs to which group or "
			"extra: what may belong to them was audited; `poetry lock` of Poetry 2 writes it", lock->file->path, SPAN_ARG(version));
}

enum pipgate_status lock_read_poetry(struct lock *lock)
{
	const cJSON *metadata = json_member(lock->root, "metadata");
	struct span version = json_string(json_member(metadata, "lock-version"));

	if (!span_starts(version, SPAN("1.")) && !span_starts(version, SPAN("2.")))
		return lock_refuse(lock, "its lock-version is none of 1.x and 2.x, which are known");
	lock_knows(lock, json_member(lock->root, "extras"));
	lock_knows_name(lock, SPAN("dev"));
	note_old(lock, version);
	return lock_tables(lock, "package", read_package);
}
