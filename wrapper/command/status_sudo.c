/* SPDX-License-Identifier: Apache-2.0 */
/* What sudo would have on PATH, by its configuration as far as it can be read. sudo itself is not run. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "wrapper/command/status.h"
#include "wrapper/file.h"

#include "matcher/base/banned.h"

#define SUDOERS   "/etc/sudoers"
#define INCLUDED  "/etc/sudoers.d"
#define FILE_MAX  ((size_t)1 << 20)

/* Defaults secure_path="/a:/b"; the last one counts. Those for some users or hosts (Defaults:x, Defaults@x) are not looked at. */
static void read_lines(struct pipgate_run *run, struct span text, char **path)
{
	while (text.n) {
		struct span line = span_trim(span_split(&text, '\n')), key;

		if (!span_starts(line, SPAN("Defaults")) || line.n < 9 || !ascii_space(line.p[8]))
			continue;
		line = span_trim(span_from(line, 8));
		key = span_trim(span_split(&line, '='));
		if (!span_is(key, "secure_path") || !line.n)
			continue;
		line = span_trim(line);
		if (line.p[0] == '"') {
			line = span_from(line, 1);
			line = span_split(&line, '"');
		}
		*path = text_copy(run, line);
	}
}

static bool read_file(struct pipgate_run *run, int folder, const char *name, char **path)
{
	struct buf text;
	bool good;

	buf_init(&text, NULL, FILE_MAX);
	good = file_read(folder, name, &text, NULL) == PIPGATE_OK;
	if (good)
		read_lines(run, buf_view(&text), path);
	buf_fini(&text);
	return good;
}

char *sudo_path(struct pipgate_run *run, const char **why)
{
	char *path = text_format(run, "%s", "");
	DIR *dir;
	struct dirent *entry;

	if (!read_file(run, AT_FDCWD, SUDOERS, &path)) {
		*why = "which PATH it has stands in " SUDOERS ", which cannot be read here; as root, `pipgate status` tells";
		return NULL;
	}
	dir = opendir(INCLUDED);
	while (dir && (entry = readdir(dir)))
		if (!strchr(entry->d_name, '.') && !span_ends(span_of(entry->d_name), SPAN("~")))
			read_file(run, dirfd(dir), entry->d_name, &path);
	if (dir)
		closedir(dir);
	return path;
}
