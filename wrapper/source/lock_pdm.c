/* SPDX-License-Identifier: Apache-2.0 */
/* pdm.lock: packages with the groups (extras are groups, too) that they are there for, and their requirements as PEP 508 writes them. */
#include "wrapper/source/lock_kinds.h"

#include "matcher/base/banned.h"

#define DEFAULT "default"

static bool chooses(const struct lock *lock, struct span group)
{
	return span_is(group, DEFAULT) || lock_chooses_group(lock, group) || lock_chooses_extra(lock, group);
}

static enum pipgate_status want(struct lock *lock, struct lock_package *p)
{
	const cJSON *groups = json_member(p->item, "groups"), *group;
	bool any = !groups; /* without inherit_metadata nothing tells: it counts */

	cJSON_ArrayForEach(group, groups)
		any = any || chooses(lock, json_string(group));
	return any ? lock_marker(lock, json_string(json_member(p->item, "marker")), &p->wanted) : PIPGATE_OK;
}

static void set_source(struct lock *lock, struct lock_package *p)
{
	static const char *const vcs[] = {"git", "hg", "svn", "bzr"};
	struct span url = json_string(json_member(p->item, "url"));

	if (json_member(p->item, "path"))
		p->origin = cJSON_IsTrue(json_member(p->item, "editable")) ? PIPGATE_ORIGIN_EDITABLE : PIPGATE_ORIGIN_DIRECTORY;
	else if (url.n)
		p->origin = PIPGATE_ORIGIN_URL;
	for (size_t i = 0; i < sizeof(vcs) / sizeof(*vcs); i++) {
		if (!json_member(p->item, vcs[i]))
			continue;
		p->origin = PIPGATE_ORIGIN_VCS;
		url = json_string(json_member(p->item, vcs[i]));
	}
	if (url.n)
		p->url = must_span(arena_copy(lock->gathering->run, url));
	p->project = p->origin >= PIPGATE_ORIGIN_DIRECTORY && span_is(json_string(json_member(p->item, "path")), ".");
}

static enum pipgate_status read_package(struct lock *lock, struct lock_package *p)
{
	const cJSON *needed;

	set_source(lock, p);
	cJSON_ArrayForEach(needed, json_member(p->item, "dependencies"))
		if (cJSON_IsString(needed))
			*(struct span *)must(list_push(lock->gathering->run, &p->requires, sizeof(struct span))) =
				must_span(arena_copy(lock->gathering->run, json_string(needed)));
	return want(lock, p);
}

enum pipgate_status lock_read_pdm(struct lock *lock)
{
	const cJSON *metadata = json_member(lock->root, "metadata"), *item;
	struct span version = json_string(json_member(metadata, "lock_version"));

	if (!span_starts(version, SPAN("4")) && !span_starts(version, SPAN("3")))
		return lock_refuse(lock, "its lock_version is none of 3.x and 4.x, which are known");
	lock_knows(lock, json_member(metadata, "groups"));
	cJSON_ArrayForEach(item, json_member(metadata, "targets"))
		lock_python(lock, json_string(json_member(item, "requires_python")));
	return lock_tables(lock, "package", read_package);
}
