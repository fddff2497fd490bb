/* SPDX-License-Identifier: Apache-2.0 */
/* Installed distributions: of an interpreter's environment, or of folders; and who looks after each. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "matcher/base/json.h"
#include "wrapper/keep.h"
#include "wrapper/source/environment.h"
#include "wrapper/source/layout.h"
#include "wrapper/source/source.h"

#include "matcher/base/banned.h"

#define BESIDE_MAX ((size_t)64 << 10) /* INSTALLER, direct_url.json */

/* ---- beside the metadata ---- */

static struct span beside(struct pipgate_run *run, const char *place, const char *name)
{
	struct span text;

	if (keep_file(run, text_format(run, "%s/%s", place, name), BESIDE_MAX, &text, NULL) != PIPGATE_OK)
		return (struct span){NULL, 0};
	text = span_trim(text);
	return text.n ? must_span(arena_copy(run, text)) : text; /* NUL-ended */
}

static bool is_editable(struct pipgate_run *run, const char *place)
{
	struct span text = beside(run, place, "direct_url.json");
	cJSON *root = NULL;
	bool editable = false;

	if (text.n && json_parse(text, &root, NULL) == PIPGATE_OK)
		editable = cJSON_IsTrue(json_member(json_member(root, "dir_info"), "editable"));
	cJSON_Delete(root);
	return editable;
}

/* Debian's own folder, or what its packages have put down elsewhere and say so. */
static bool is_vendor(const char *place, struct span installer)
{
	static const char *const names[] = {"debian", "rpm", "dnf", "apk", "pacman", "portage"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (span_equal_nocase(installer, span_of(names[i])))
			return true;
	return span_starts(span_of(place), SPAN("/usr/lib/python3/dist-packages/"));
}

static void add(struct gathering *g, const struct installed *installed, size_t i, size_t *vendor)
{
	const char *place = installed->places[i];
	struct span installer = beside(g->run, place, "INSTALLER");
	struct pipgate_component c = installed->components[i];
	struct found found = {.file = place, .installer = installer.n ? installer.p : NULL, .vendor = is_vendor(place, installer)};

	found.direct = access(text_format(g->run, "%s/REQUESTED", place), F_OK) == 0;
	if (g->settings->skip_editable && is_editable(g->run, place)) {
		inventory_skip(g->inventory, c.name, "distribution marked as editable", place, 0);
		return;
	}
	c.requested = found.direct;
	*vendor += found.vendor;
	inventory_add(g->inventory, c, found);
}

static void add_all(struct gathering *g, const struct installed *installed)
{
	struct input *input = (struct input *)g->inventory->inputs.items + g->inventory->inputs.n - 1;
	const char *const *broken = installed->broken.items;
	size_t vendor = 0;

	input->broken = installed->broken.n;
	for (size_t i = 0; i < installed->broken.n; i++)
		inventory_note(g->inventory, "%s: its metadata has no readable name and version; it was not audited", broken[i]);
	for (size_t i = 0; i < installed->n; i++)
		add(g, installed, i, &vendor);
	if (vendor)
		inventory_note(g->inventory, "%zu distribution%s looked after by the operating system: its vendor may have patched what "
			"stands here as vulnerable; ask its own tracker", vendor, vendor == 1 ? " is" : "s are");
}

/* ---- an interpreter's environment ---- */

static char **chosen(struct gathering *g, const struct layout *layout)
{
	struct words path = {.run = g->run};

	if (g->settings->user) {
		words_add_all(&path, layout->user);
		return words_end(&path);
	}
	words_add_all(&path, layout->variable);
	if (!layout->virtual_environment && !g->settings->local)
		words_add_all(&path, layout->user);
	words_add_all(&path, layout->own);
	if (layout->virtual_environment && !g->settings->local) {
		words_add_all(&path, layout->user);
		words_add_all(&path, layout->base);
	}
	return words_end(&path);
}

/* Where the files around it do not tell (a shell script that starts a Python), it is asked: one start of Python. */
static enum pipgate_status ask(struct gathering *g, struct layout *out, struct pipgate_error *error)
{
	enum pipgate_status status = gathering_pip(g, true, error);

	if (status != PIPGATE_OK)
		return status;
	*out = (struct layout){.prefix = g->pip.python, .version = g->pip.python_version, .full_version = g->pip.python_version, .own = g->pip.path};
	out->base = out->user = out->variable = must(arena_array(g->run, 1, sizeof(char *)));
	return PIPGATE_OK;
}

enum pipgate_status source_environment(struct gathering *g, struct pipgate_error *error)
{
	struct installed installed;
	struct layout layout;
	enum pipgate_status status = gathering_pip(g, false, error);
	const char *python;

	if (status != PIPGATE_OK)
		return status;
	python = pip_interpreter(g->run, &g->pip);
	if (!python)
		return error_set(error, PIPGATE_FAILED, "no interpreter was found for %s; name it with --python", g->pip.words[0]);
	status = layout_find(g->run, python, &layout, error);
	if (status != PIPGATE_OK)
		status = ask(g, &layout, error);
	if (status != PIPGATE_OK)
		return status;
	inventory_input(g->inventory, "environment", text_format(g->run, "environment %s (Python %s)", layout.prefix, layout.version), layout.prefix);
	layout_markers(g->run, &layout, &g->inventory->environment);
	environment_read(g->run, chosen(g, &layout), &installed);
	add_all(g, &installed);
	return PIPGATE_OK;
}

/* ---- folders ---- */

enum pipgate_status source_folder(struct gathering *g, const char *path, struct pipgate_error *error)
{
	struct words words = {.run = g->run};
	struct installed installed;
	struct stat st;

	if (stat(path, &st))
		return error_set(error, PIPGATE_FAILED, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode) || access(path, R_OK | X_OK))
		return error_set(error, PIPGATE_FAILED, "%s: no folder that can be read", path);
	words_add(&words, path);
	inventory_input(g->inventory, "folder", text_format(g->run, "folder %s", path), path);
	environment_read(g->run, words_end(&words), &installed);
	add_all(g, &installed);
	return PIPGATE_OK;
}

/* As an input among others: an environment's folder, known by its pyvenv.cfg. */
bool takes_environment(const struct source_file *file)
{
	char path[4096];

	return file->folder && snprintf(path, sizeof(path), "%s/pyvenv.cfg", file->path) < (int)sizeof(path) && access(path, F_OK) == 0;
}

enum pipgate_status read_environment(struct gathering *g, const struct source_file *file, struct pipgate_error *error)
{
	struct source_settings settings = *g->settings;
	struct gathering own = {.run = g->run, .settings = &settings, .inventory = g->inventory};

	settings.python = text_format(g->run, "%s/bin/python", file->path);
	return source_environment(&own, error);
}
