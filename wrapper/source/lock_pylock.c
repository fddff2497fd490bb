/* SPDX-License-Identifier: Apache-2.0 */
/* pylock.toml and pylock.NAME.toml (PEP 751, lock-version 1): a list of packages with the markers under which each is installed. */
#include "wrapper/source/lock_kinds.h"

#include "matcher/base/banned.h"

static enum pipgate_status check_version(struct lock *lock)
{
	struct span version = json_string(json_member(lock->root, "lock-version"));

	if (!version.n)
		return lock_refuse(lock, "missing lock-version in lockfile");
	if (!span_is(version, "1") && !span_starts(version, SPAN("1.")))
		return lock_refuse(lock, "lockfile version " SPAN_FMT " is not supported", SPAN_ARG(version));
	return PIPGATE_OK;
}

static const struct {
	const char *key;
	enum pipgate_origin origin;
} origins[] = {
	{"vcs", PIPGATE_ORIGIN_VCS}, {"directory", PIPGATE_ORIGIN_DIRECTORY}, {"archive", PIPGATE_ORIGIN_URL},
};

static void set_source(struct lock *lock, struct lock_package *p)
{
	for (size_t i = 0; i < sizeof(origins) / sizeof(*origins); i++) {
		const cJSON *source = json_member(p->item, origins[i].key);
		struct span url = json_string(json_member(source, "url")), path = json_string(json_member(source, "path"));

		if (!source)
			continue;
		p->origin = origins[i].origin;
		if (url.n)
			p->url = must_span(arena_copy(lock->gathering->run, url));
		if (p->origin == PIPGATE_ORIGIN_URL && !url.n)
			p->origin = PIPGATE_ORIGIN_ARCHIVE;
		if (p->origin == PIPGATE_ORIGIN_DIRECTORY && cJSON_IsTrue(json_member(source, "editable")))
			p->origin = PIPGATE_ORIGIN_EDITABLE;
		p->project = p->origin >= PIPGATE_ORIGIN_DIRECTORY && (span_is(path, ".") || span_is(path, "./"));
	}
}

static enum pipgate_status read_package(struct lock *lock, struct lock_package *p)
{
	const cJSON *needed;

	set_source(lock, p);
	cJSON_ArrayForEach(needed, json_member(p->item, "dependencies"))
		if (json_string(json_member(needed, "name")).n)
			lock_require(lock, p, json_string(json_member(needed, "name")), NULL, (struct span){NULL, 0}, (struct span){NULL, 0});
	return lock_marker(lock, json_string(json_member(p->item, "marker")), &p->wanted);
}

enum pipgate_status lock_read_pylock(struct lock *lock)
{
	enum pipgate_status status = check_version(lock);

	if (status == PIPGATE_OK && !cJSON_IsArray(json_member(lock->root, "packages")))
		status = lock_refuse(lock, "missing packages in lockfile");
	if (status != PIPGATE_OK)
		return status;
	lock_knows(lock, json_member(lock->root, "extras"));
	lock_knows(lock, json_member(lock->root, "dependency-groups"));
	lock->default_groups = json_member(lock->root, "default-groups");
	lock_python(lock, json_string(json_member(lock->root, "requires-python")));
	return lock_tables(lock, "packages", read_package);
}
