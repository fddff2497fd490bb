/* SPDX-License-Identifier: Apache-2.0 */
/* Pipfile.lock: JSON, a section a category of pipenv ("default", "develop" and own ones), each package with its version and marker. */
#include "wrapper/source/lock_kinds.h"

#include "matcher/base/banned.h"

#define SPEC 6 /* of Pipfile.lock, the only one since 2017 */

/* "develop" is what `pipenv --dev` brings. */
static bool chooses(const struct lock *lock, struct span section)
{
	return span_is(section, "default") || lock_chooses_group(lock, section) ||
	       (span_is(section, "develop") && lock_chooses_group(lock, SPAN("dev")));
}

/* The line of `"name":`, from where the last one was found. */
static size_t line_of(struct lock *lock, const char *name)
{
	struct span text = span_of(name);

	while (lock->unread.n) {
		struct span line = span_trim(span_split(&lock->unread, '\n'));

		lock->unread_line++;
		if (line.n > text.n + 2 && line.p[0] == '"' && span_starts(span_from(line, 1), text) && line.p[text.n + 1] == '"' &&
			line.p[text.n + 2] == ':')
			return lock->unread_line;
	}
	return 0;
}

static void set_source(struct lock *lock, struct lock_package *p)
{
	static const char *const keys[] = {"git", "hg", "svn", "bzr", "file", "path"};
	size_t n_vcs = 4;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		struct span place = json_string(json_member(p->item, keys[i]));

		if (!place.n)
			continue;
		p->origin = i < n_vcs ? PIPGATE_ORIGIN_VCS : i == n_vcs ? PIPGATE_ORIGIN_URL : PIPGATE_ORIGIN_DIRECTORY;
		if (p->origin == PIPGATE_ORIGIN_DIRECTORY && cJSON_IsTrue(json_member(p->item, "editable")))
			p->origin = PIPGATE_ORIGIN_EDITABLE;
		p->project = p->origin >= PIPGATE_ORIGIN_DIRECTORY && span_is(place, ".");
		p->url = p->origin <= PIPGATE_ORIGIN_VCS ? must_span(arena_copy(lock->gathering->run, place)) : p->url;
	}
}

static enum pipgate_status read_package(struct lock *lock, const cJSON *item, bool chosen)
{
	struct span version = json_string(json_member(item, "version"));
	struct lock_package *p;
	enum pipgate_status status;

	while (version.n && version.p[0] == '=')
		version = span_from(version, 1);
	status = lock_package(lock, item, span_of(item->string), span_trim(version), &p);
	if (status != PIPGATE_OK)
		return status;
	p->line = line_of(lock, item->string);
	set_source(lock, p);
	return chosen ? lock_marker(lock, json_string(json_member(item, "markers")), &p->wanted) : PIPGATE_OK;
}

static enum pipgate_status read_section(struct lock *lock, const cJSON *section)
{
	bool chosen = chooses(lock, span_of(section->string));
	enum pipgate_status status;
	const cJSON *item;

	if (!cJSON_IsObject(section))
		return lock_refuse(lock, "%s is no object", section->string);
	lock_knows_name(lock, span_of(section->string));
	line_of(lock, section->string);
	cJSON_ArrayForEach(item, section) {
		status = cJSON_IsObject(item) ? read_package(lock, item, chosen) : lock_refuse(lock, "%s is no object", item->string);
		if (status != PIPGATE_OK)
			return status;
	}
	return PIPGATE_OK;
}

enum pipgate_status lock_read_pipfile(struct lock *lock)
{
	const cJSON *meta = json_member(lock->root, "_meta"), *spec = json_member(meta, "pipfile-spec"), *section;
	enum pipgate_status status;

	if (!cJSON_IsNumber(spec) || spec->valueint != SPEC)
		return lock_refuse(lock, "its pipfile-spec is not %d, which is the one that is known", SPEC);
	lock_knows_name(lock, SPAN("dev"));
	cJSON_ArrayForEach(section, lock->root) {
		if (strcmp(section->string, "_meta") == 0)
			continue;
		status = read_section(lock, section);
		if (status != PIPGATE_OK)
			return status;
	}
	return PIPGATE_OK;
}
