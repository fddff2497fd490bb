/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "wrapper/file.h"
#include "wrapper/home.h"

#include "matcher/base/banned.h"

#define SCHEMA "schema: pipgate/cache/1\n"
#define HEAD_MAX ((size_t)8 << 10) /* schema, etag, lengths */
#define NAME_BYTES 48
#define BESIDE ".new-"
#define BESIDE_SECONDS 3600 /* so old, whoever wrote it is gone */

/* ---- the folder ---- */

/* Ours alone. */
static bool is_private(int fd, mode_t type)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type && st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

void cache_open(struct cache *cache, struct pipgate_run *run, const struct cache_kind *kind, const char *below)
{
	char *path;

	*cache = (struct cache){.run = run, .kind = kind, .folder = -1};
	if (!below || !*below)
		below = home_folder(run, HOME_CACHE);
	if (!below)
		return;
	path = text_format(run, "%s/%s", below, kind->name);
	cache->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cache->folder < 0 && errno == ENOENT) {
		if (!file_folders(path, 0700))
			return;
		cache->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (cache->folder >= 0 && !is_private(cache->folder, S_IFDIR)) {
		say("the cache %s is not used: another user owns it, or may write there", path);
		close(cache->folder);
		cache->folder = -1;
	}
}

/* ---- one file ---- */

/* FNV-1a, twice: two keys that meet only push each other out, as each file holds its own. */
static void file_name(struct span key, char out[NAME_BYTES])
{
	uint64_t a = 0xcbf29ce484222325u, b = 0x84222325cbf29ce4u;

	for (size_t i = 0; i < key.n; i++) {
		a = (a ^ (unsigned char)key.p[i]) * 0x100000001b3u;
		b = (b ^ (unsigned char)key.p[i]) * 0x100000001b3u + 1;
	}
	snprintf(out, NAME_BYTES, "%016" PRIx64 "%016" PRIx64, a, b);
}

static bool length_parse(struct span text, size_t *out)
{
	size_t value = 0;

	if (!text.n || text.n > 9)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (!ascii_digit(text.p[i]))
			return false;
		value = value * 10 + (size_t)(text.p[i] - '0');
	}
	*out = value;
	return true;
}

/* The schema, the etag, the lengths of key and body, each in a line of its own; the key, the body. */
static bool file_parse(struct cache *cache, struct span text, struct span key, struct cached *out)
{
	size_t key_length, body_length;
	struct span etag;

	if (!span_starts(text, SPAN(SCHEMA)))
		return false;
	text = span_from(text, sizeof(SCHEMA) - 1);
	etag = span_split(&text, '\n');
	if (!length_parse(span_split(&text, '\n'), &key_length) || !length_parse(span_split(&text, '\n'), &body_length) ||
	    key_length != key.n || text.n < key.n || body_length != text.n - key.n || memcmp(text.p, key.p, key.n) != 0)
		return false;
	out->etag = text_copy(cache->run, etag);
	out->body = must_span(arena_copy(cache->run, span_from(text, key.n)));
	return true;
}

bool cache_get(struct cache *cache, struct span key, struct cached *out)
{
	char name[NAME_BYTES];
	struct stat st;
	struct buf text;
	bool found;
	int fd;

	if (cache->folder < 0)
		return false;
	file_name(key, name);
	fd = openat(cache->folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return false;
	buf_init(&text, NULL, HEAD_MAX + key.n + cache->kind->body_max);
	found = is_private(fd, S_IFREG) && fstat(fd, &st) == 0 && file_read_fd(fd, name, &text, NULL) == PIPGATE_OK &&
		file_parse(cache, buf_view(&text), key, out);
	if (found) {
		out->age = time(NULL) - st.st_mtime;
		if (out->age < 0)
			out->age = -1;
	}
	buf_fini(&text);
	close(fd);
	return found;
}

void cache_put(struct cache *cache, struct span key, const char *etag, struct span body)
{
	char name[NAME_BYTES], beside[NAME_BYTES * 2];
	struct span head;
	bool written;
	int fd;

	if (cache->folder < 0)
		return;
	head = must_span(arena_format(cache->run, SCHEMA "%s\n%zu\n%zu\n", etag, key.n, body.n));
	if (strchr(etag, '\n') || head.n > HEAD_MAX || body.n > cache->kind->body_max)
		return;
	file_name(key, name);
	snprintf(beside, sizeof(beside), BESIDE "%ld-%s", (long)getpid(), name);
	fd = openat(cache->folder, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	written = file_put(fd, head) && file_put(fd, key) && file_put(fd, body);
	/* no fsync: a file that a crash cuts has another length than it says, or is no JSON, and is not there */
	if (close(fd) != 0 || !written || renameat(cache->folder, beside, cache->folder, name) != 0)
		unlinkat(cache->folder, beside, 0);
	else
		cache->kept++;
}

void cache_touch(struct cache *cache, struct span key)
{
	char name[NAME_BYTES];

	if (cache->folder < 0)
		return;
	file_name(key, name);
	utimensat(cache->folder, name, NULL, AT_SYMLINK_NOFOLLOW);
}

/* ---- its bounds ---- */

struct kept {
	char name[NAME_BYTES];
	int64_t time;
	uint64_t bytes;
};

static int kept_order(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	return x->time < y->time ? -1 : x->time > y->time;
}

/* All files of ours; what was left beside by a run that is gone is removed. */
static uint64_t files_list(struct cache *cache, DIR *folder, struct list *out)
{
	int64_t now = time(NULL);
	uint64_t sum = 0;

	for (struct dirent *entry; (entry = readdir(folder));) {
		struct stat st;
		struct kept *kept;

		if (fstatat(cache->folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
			continue;
		if (strncmp(entry->d_name, BESIDE, sizeof(BESIDE) - 1) == 0) {
			if (now - st.st_mtime > BESIDE_SECONDS)
				unlinkat(cache->folder, entry->d_name, 0);
			continue;
		}
		if (strlen(entry->d_name) >= NAME_BYTES)
			continue;
		kept = must(list_push(cache->run, out, sizeof(*kept)));
		memcpy(kept->name, entry->d_name, strlen(entry->d_name) + 1);
		kept->time = st.st_mtime;
		kept->bytes = (uint64_t)st.st_size;
		sum += kept->bytes;
	}
	return sum;
}

static void bound(struct cache *cache)
{
	int fd = dup(cache->folder);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct list files = {0};
	struct kept *kept;
	uint64_t sum;
	size_t left;

	if (!folder) {
		if (fd >= 0)
			close(fd);
		return;
	}
	sum = files_list(cache, folder, &files);
	closedir(folder);
	kept = files.items;
	left = files.n;
	if (sum <= CACHE_BYTES && left <= cache->kind->files)
		return;
	qsort(kept, files.n, sizeof(*kept), kept_order);
	for (size_t i = 0; i < files.n && (sum > CACHE_BYTES / 4 * 3 || left > cache->kind->files / 4 * 3); i++, left--) {
		unlinkat(cache->folder, kept[i].name, 0);
		sum -= kept[i].bytes;
	}
}

void cache_close(struct cache *cache)
{
	if (cache->folder < 0)
		return;
	if (cache->kept)
		bound(cache);
	close(cache->folder);
	cache->folder = -1;
}
