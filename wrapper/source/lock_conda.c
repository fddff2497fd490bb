/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conda-lock.yml (version 1): of its packages those of manager pip, for the platform that is meant; conda's own are counted. The file
 * is read an entry at a time: such files have megabytes, and the reader of YAML takes pieces of some KB.
 */
#include "matcher/base/yaml.h"
#include "wrapper/source/lock_kinds.h"

#include "matcher/base/banned.h"

#define MAIN "main"

/* ---- platforms, as conda names them ---- */

static struct span value_of(const struct lock *lock, const char *name)
{
	const struct pipgate_environment *e = &lock->gathering->inventory->environment;

	for (size_t i = 0; i < e->n; i++)
		if (span_is(e->v[i].name, name))
			return e->v[i].value;
	return (struct span){NULL, 0};
}

static bool is_meant(const struct lock *lock, struct span platform)
{
	static const struct {
		const char *conda, *sys_platform, *machine;
	} table[] = {
		{"linux-64", "linux", "x86_64"}, {"linux-aarch64", "linux", "aarch64"}, {"linux-ppc64le", "linux", "ppc64le"},
		{"osx-64", "darwin", "x86_64"}, {"osx-arm64", "darwin", "arm64"}, {"win-64", "win32", "AMD64"}, {"win-arm64", "win32", "ARM64"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (span_is(platform, table[i].conda))
			return span_is(value_of(lock, "sys_platform"), table[i].sys_platform) &&
			       span_is(value_of(lock, "platform_machine"), table[i].machine);
	return !platform.n;
}

/* ---- packages ---- */

static bool chosen(struct lock *lock, struct span category)
{
	if (!category.n || span_is(category, MAIN))
		return true;
	lock_knows_name(lock, category);
	return lock_chooses_group(lock, category) || lock_chooses_extra(lock, category);
}

/* conda-lock writes of a pip package from a repository or an address only that address. */
static void set_source(struct lock_package *p, struct span url)
{
	static const char *const vcs[] = {"git+", "hg+", "svn+", "bzr+"};

	for (size_t i = 0; i < sizeof(vcs) / sizeof(*vcs); i++)
		if (span_starts(url, span_of(vcs[i])))
			p->origin = PIPGATE_ORIGIN_VCS;
}

static enum pipgate_status read_package(struct lock *lock, const cJSON *item, size_t line, size_t *conda)
{
	struct span manager = json_string(json_member(item, "manager"));
	const cJSON *needed;
	struct lock_package *p;
	enum pipgate_status status;

	if (!is_meant(lock, json_string(json_member(item, "platform"))))
		return PIPGATE_OK;
	if (!span_is(manager, "pip")) {
		++*conda;
		return PIPGATE_OK;
	}
	status = lock_package(lock, NULL, json_string(json_member(item, "name")), json_string(json_member(item, "version")), &p);
	if (status != PIPGATE_OK)
		return status;
	p->line = line;
	p->wanted = chosen(lock, json_string(json_member(item, "category")));
	set_source(p, json_string(json_member(item, "url")));
	cJSON_ArrayForEach(needed, json_member(item, "dependencies"))
		lock_require(lock, p, must_span(arena_copy(lock->gathering->run, span_of(needed->string))), NULL, (struct span){NULL, 0},
			(struct span){NULL, 0});
	return PIPGATE_OK;
}

/* One "- …" of the list as a document of its own. */
static enum pipgate_status read_entry(struct lock *lock, struct span text, size_t line, size_t *conda)
{
	struct pipgate_error why;
	cJSON *tree = NULL;
	enum pipgate_status status = yaml_parse(text, &tree, &why);

	if (status != PIPGATE_OK)
		return lock_refuse(lock, "the entry at line %zu: %s", line, why.text);
	if (!cJSON_IsArray(tree) || !cJSON_IsObject(tree->child) || tree->child->next)
		status = lock_refuse(lock, "line %zu: no entry of a package", line);
	else
		status = read_package(lock, tree->child, line, conda);
	cJSON_Delete(tree);
	return status;
}

/* ---- the file, cut at the lines that begin an entry ---- */

struct cutting {
	struct span rest;
	size_t line; /* the number of rest's first */
};

static struct span take_line(struct cutting *c)
{
	c->line++;
	return span_split(&c->rest, '\n');
}

static size_t indent_of(struct span line)
{
	size_t n = 0;

	while (n < line.n && line.p[n] == ' ')
		n++;
	return n;
}

static bool begins_entry(struct span line, size_t indent)
{
	return indent_of(line) == indent && line.n > indent + 1 && line.p[indent] == '-' && line.p[indent + 1] == ' ';
}

static bool is_blank(struct span line)
{
	struct span text = span_trim(line);

	return !text.n || text.p[0] == '#';
}

/* What is before the list: the file's version is checked on it. */
static enum pipgate_status read_head(struct lock *lock, struct span head)
{
	struct pipgate_error why;
	cJSON *tree = NULL;
	enum pipgate_status status = yaml_parse(head, &tree, &why);

	if (status != PIPGATE_OK)
		return lock_refuse(lock, "%s", why.text);
	if (!span_is(json_string(json_member(tree, "version")), "1"))
		status = lock_refuse(lock, "its version is not 1, which is the one that is known");
	cJSON_Delete(tree);
	return status;
}

/* The entries of the list; behind them comes what is indented less, which must be a key of the file ("version: 1"). */
static enum pipgate_status read_entries(struct lock *lock, struct cutting *c, size_t *conda, const char **end)
{
	size_t indent = SIZE_MAX;
	enum pipgate_status status = PIPGATE_OK;

	*end = c->rest.p;
	while (c->rest.n && status == PIPGATE_OK) {
		const char *begin = c->rest.p;
		size_t number = c->line;
		struct span line = take_line(c);

		if (is_blank(line))
			continue;
		if (indent == SIZE_MAX)
			indent = indent_of(line);
		if (!begins_entry(line, indent)) {
			*end = begin;
			return indent_of(line) == 0 && line.p[0] != '-' ? PIPGATE_OK : lock_refuse(lock, "line %zu: no entry of a package", number);
		}
		for (struct span next = c->rest; next.n; next = c->rest) {
			struct span ahead = span_split(&next, '\n');

			if (!is_blank(ahead) && indent_of(ahead) <= indent)
				break;
			take_line(c);
		}
		*end = c->rest.n ? c->rest.p : lock->file->text.p + lock->file->text.n;
		status = read_entry(lock, (struct span){begin, (size_t)(*end - begin)}, number, conda);
	}
	return status;
}

/* "package:" at a line's first column */
static bool is_list(struct span line)
{
	return span_starts(line, SPAN("package:")) && span_is(span_trim(line), "package:");
}

enum pipgate_status lock_read_conda(struct lock *lock)
{
	struct span text = lock->file->text;
	struct cutting c = {.rest = text, .line = 1};
	const char *list = NULL, *end = NULL;
	size_t conda = 0;
	enum pipgate_status status = PIPGATE_OK;

	while (c.rest.n && !list)
		if (is_list(take_line(&c)))
			list = c.rest.p;
	if (!list)
		return lock_refuse(lock, "there is no package: in it");
	status = read_entries(lock, &c, &conda, &end);
	if (status == PIPGATE_OK)
		status = read_head(lock, must_span(arena_format(lock->gathering->run, "%.*s%.*s", (int)(list - text.p), text.p,
							  (int)(text.p + text.n - end), end)));
	if (status == PIPGATE_OK && conda)
		inventory_note(lock->gathering->inventory, "%s: %zu packages of conda's own are not audited: advisories name PyPI's",
			lock->file->path, conda);
	return status;
}
