/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/source/resolution_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "wrapper/file.h"
#include "wrapper/pip/report.h"

#include "matcher/base/banned.h"

#define HEAD "pipgate/resolution/1\n"
#define NAME_N 16 /* hex digits */

static uint64_t hash_of(struct span key)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a: names a file, decides nothing */

	for (size_t i = 0; i < key.n; i++)
		hash = (hash ^ (unsigned char)key.p[i]) * 1099511628211u;
	return hash;
}

/* NULL: there is no place for it. */
static const char *folder_of(struct pipgate_run *run, const char *folder)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (folder)
		return text_format(run, "%s/resolutions", folder);
	if (cache && cache[0] == '/')
		return text_format(run, "%s/pipgate/resolutions", cache);
	return home && home[0] == '/' ? text_format(run, "%s/.cache/pipgate/resolutions", home) : NULL;
}

static const char *file_of(struct pipgate_run *run, const char *folder, struct span key)
{
	return text_format(run, "%s/%016llx", folder, (unsigned long long)hash_of(key));
}

/* HEAD, the time and the key's length in lines, the key, the value */
static bool take(struct span text, struct span key, int64_t now, int64_t seconds, struct span *out)
{
	struct span line;
	long long kept;
	size_t n;

	if (!span_starts(text, SPAN(HEAD)))
		return false;
	text = span_from(text, sizeof(HEAD) - 1);
	line = span_split(&text, '\n');
	if (line.n > 40 || sscanf(line.p, "%lld %zu\n", &kept, &n) != 2 || n != key.n || text.n < n)
		return false;
	if (now < kept || now - kept > seconds || memcmp(text.p, key.p, n) != 0)
		return false;
	*out = span_from(text, n);
	return true;
}

bool resolution_cached(struct pipgate_run *run, const char *folder, struct span key, int64_t seconds, struct span *out)
{
	const char *place = folder_of(run, folder);
	struct buf bytes;
	bool found;

	if (!place)
		return false;
	buf_init(&bytes, NULL, PIP_REPORT_MAX);
	found = file_read(AT_FDCWD, file_of(run, place, key), &bytes, NULL) == PIPGATE_OK &&
		take(must_span(arena_copy(run, bytes.n ? buf_view(&bytes) : SPAN(""))), key, time(NULL), seconds, out);
	buf_fini(&bytes);
	return found;
}

/* ---- keeping ---- */

static void make_folders(const char *path)
{
	char part[4096];

	if (snprintf(part, sizeof(part), "%s/", path) >= (int)sizeof(part))
		return;
	for (char *p = part + 1; (p = strchr(p, '/')); p++) {
		*p = 0;
		mkdir(part, 0700);
		*p = '/';
	}
}

static bool is_ours(const char *name)
{
	return strlen(name) == NAME_N && strspn(name, "0123456789abcdef") == NAME_N;
}

/* Above the limit the one that was written longest ago goes. */
static void prune(struct pipgate_run *run, const char *folder)
{
	DIR *dir = opendir(folder);
	char oldest[NAME_N + 1] = "";
	time_t when = 0;
	struct dirent *entry;
	size_t n = 0;

	while (dir && (entry = readdir(dir))) {
		struct stat st;

		if (!is_ours(entry->d_name) || fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (!n++ || st.st_mtime < when) {
			when = st.st_mtime;
			memcpy(oldest, entry->d_name, sizeof(oldest));
		}
	}
	if (dir)
		closedir(dir);
	if (n > RESOLUTIONS_MAX)
		unlink(text_format(run, "%s/%s", folder, oldest));
}

void resolution_keep(struct pipgate_run *run, const char *folder, struct span key, struct span value)
{
	const char *place = folder_of(run, folder);
	struct buf out;

	if (!place)
		return;
	make_folders(place);
	buf_init(&out, NULL, PIP_REPORT_MAX);
	buf_format(&out, HEAD "%lld %zu\n", (long long)time(NULL), key.n);
	buf_span(&out, key);
	buf_span(&out, value);
	if (buf_status(&out) == PIPGATE_OK && file_write(file_of(run, place, key), buf_view(&out), NULL) == PIPGATE_OK)
		prune(run, place);
	buf_fini(&out);
}
