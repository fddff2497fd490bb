/* SPDX-License-Identifier: Apache-2.0 */
/* Lock files as inputs: the kinds, told by their names, and a project's folder with --locked. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "wrapper/source/lock.h"
#include "wrapper/source/lock_kinds.h"
#include "wrapper/source/toml.h"

#include "matcher/base/banned.h"

const struct lock_kind lock_kinds[] = {
	{"pylock.toml", takes_pylock, LOCK_TOML, lock_read_pylock}, {"uv.lock", takes_uv_lock, LOCK_TOML, lock_read_uv},
	{"poetry.lock", takes_poetry_lock, LOCK_TOML, lock_read_poetry}, {"pdm.lock", takes_pdm_lock, LOCK_TOML, lock_read_pdm},
	{"Pipfile.lock", takes_pipfile_lock, LOCK_JSON, lock_read_pipfile}, {"conda-lock.yml", takes_conda_lock, LOCK_YAML, lock_read_conda},
	{0},
};

/* ---- names ---- */

/* pylock.toml, pylock.NAME.toml (PEP 751) */
bool takes_pylock(const struct source_file *file)
{
	struct span name = span_of(file->name);

	return !file->folder && span_starts(name, SPAN("pylock.")) && span_ends(name, SPAN(".toml"));
}

/* uv.lock, and a script's: script.py.lock */
bool takes_uv_lock(const struct source_file *file)
{
	return !file->folder && (strcmp(file->name, "uv.lock") == 0 || span_ends(span_of(file->name), SPAN(".py.lock")));
}

bool takes_poetry_lock(const struct source_file *file)
{
	return !file->folder && strcmp(file->name, "poetry.lock") == 0;
}

/* pdm.lock, and the others that pdm is told to write: pdm.NAME.lock */
bool takes_pdm_lock(const struct source_file *file)
{
	struct span name = span_of(file->name);

	return !file->folder && span_starts(name, SPAN("pdm.")) && span_ends(name, SPAN(".lock")) && name.n > 7;
}

bool takes_pipfile_lock(const struct source_file *file)
{
	return !file->folder && strcmp(file->name, "Pipfile.lock") == 0;
}

bool takes_conda_lock(const struct source_file *file)
{
	struct span name = span_of(file->name);

	return !file->folder && (span_ends(name, SPAN("conda-lock.yml")) || span_ends(name, SPAN("conda-lock.yaml")));
}

const struct lock_kind *lock_kind_of(const struct source_file *file)
{
	for (const struct lock_kind *k = lock_kinds; k->name; k++)
		if (k->takes(file))
			return k;
	return NULL;
}

/* ---- one file ---- */

enum pipgate_status lock_parse(struct gathering *g, const struct lock_kind *kind, const struct source_file *file, cJSON **out,
	struct pipgate_error *error)
{
	enum pipgate_status status = PIPGATE_OK;
	struct toml_batch batch;

	if (kind->encoding == LOCK_JSON)
		status = json_parse(file->text, out, error);
	if (kind->encoding == LOCK_TOML) {
		status = toml_open(g, file, 1, &batch, error);
		if (status != PIPGATE_OK)
			return status; /* not about the file */
		status = toml_next(&batch, out, error);
		toml_close(&batch);
	}
	if (status != PIPGATE_OK)
		error_before(error, "%s", file->path);
	return status;
}

enum pipgate_status read_lock(struct gathering *g, const struct source_file *file, struct pipgate_error *error)
{
	const struct lock_kind *kind = lock_kind_of(file);
	cJSON *root = NULL;
	enum pipgate_status status = lock_parse(g, kind, file, &root, error);

	if (status == PIPGATE_OK)
		status = lock_take(g, kind, file, root, error);
	cJSON_Delete(root);
	return status;
}

/* ---- a project's folder, with --locked ---- */

static int is_lock(const struct dirent *entry)
{
	return lock_kind_of(&(struct source_file){.name = entry->d_name}) != NULL;
}

enum pipgate_status source_locked(struct gathering *g, const char *folder, struct pipgate_error *error)
{
	enum pipgate_status status = PIPGATE_OK;
	struct dirent **names;
	int n = scandir(folder, &names, is_lock, alphasort);

	if (n < 0)
		return error_set(error, PIPGATE_FAILED, "%s: %s", folder, strerror(errno));
	if (n == 0)
		status = error_set(error, PIPGATE_INVALID, "no lockfiles found in %s", folder);
	for (int i = 0; i < n; i++) {
		struct span base = span_of(folder);

		while (base.n > 1 && base.p[base.n - 1] == '/')
			base.n--;
		if (status == PIPGATE_OK)
			status = source_read(g, span_is(base, ".") ? text_format(g->run, "%s", names[i]->d_name) :
				text_format(g->run, SPAN_FMT "/%s", SPAN_ARG(base), names[i]->d_name), NULL, error);
		free(names[i]);
	}
	free(names);
	return status;
}
