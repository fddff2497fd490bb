/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/source/requirements.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "wrapper/file.h"
#include "wrapper/source/requirement_file.h"

#include "matcher/base/banned.h"


void asked_add(struct pipgate_run *run, struct span text, struct list *asked)
{
	struct pipgate_requirement requirement;
	struct asked *place;

	if (pipgate_requirement_parse(run, text, &requirement, NULL) != PIPGATE_OK)
		return;
	place = must(list_push(run, asked, sizeof(*place)));
	*place = (struct asked){.extras = requirement.extras, .n_extras = requirement.n_extras};
	if (pipgate_name_normalize(run, requirement.name, &place->name) != PIPGATE_OK)
		die_no_memory();
}

/* false: it cannot be read to its end; what came before is in files. A pipe is left for pip. */
static bool read_all(struct pipgate_run *run, const char *path, struct requirement_files *files)
{
	*files = (struct requirement_files){.run = run};
	return requirement_file_read(files, path, NULL) == PIPGATE_OK;
}

void asked_add_file(struct pipgate_run *run, const char *path, struct list *asked)
{
	struct requirement_files files;
	const struct requirement_row *row;

	(void)!read_all(run, path, &files); /* pip will say what is wrong with it */
	row = files.rows.items;
	for (size_t i = 0; i < files.rows.n; i++)
		if (row[i].kind == REQUIREMENT_NAMED && !row[i].constraint)
			*(struct asked *)must(list_push(run, asked, sizeof(struct asked))) = (struct asked){.name = row[i].name,
				.extras = row[i].parsed.extras, .n_extras = row[i].parsed.n_extras};
}

struct span requirements_find(struct pipgate_run *run, const char *path, bool (*wanted)(const char *word))
{
	struct requirement_files files;
	const bool whole = read_all(run, path, &files);
	const struct requirement_row *row = files.rows.items;
	const char *const *options = files.options.items;
	struct stat st;

	for (size_t i = 0; i < files.options.n; i++)
		if (strcmp(options[i], "--no-binary") == 0)
			return span_of(options[i]);
	for (size_t i = 0; i < files.rows.n; i++) {
		struct span rest = row[i].text, word = span_split(&rest, ';');

		word = must_span(arena_copy(run, span_trim(word)));
		if (!row[i].constraint && (row[i].kind == REQUIREMENT_EDITABLE || wanted(word.p)))
			return word;
	}
	return !whole && stat(path, &st) == 0 && S_ISREG(st.st_mode) ? span_of(path) : (struct span){NULL, 0};
}
