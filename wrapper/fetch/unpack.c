/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/fetch/unpack.h"

#include <archive_entry.h>
#include <inttypes.h>
#include <unistd.h>

#include "wrapper/fetch/directory.h"
#include "wrapper/fetch/gzip.h"
#include "wrapper/fetch/names.h"

#include "matcher/base/banned.h"

#define BLOCK ((size_t)64 << 10)
#define RATIO_FREE ((uint64_t)1 << 20) /* the ratio of what is small says nothing */
#define NOTE_EVERY 5000                /* entries */

/* A container that is being unpacked. */
struct unpack {
	struct fetch *fetch;
	struct archive *archive;
	struct names names;
	bool zip;        /* names holds the directory's names already */
	uint64_t entries;
	uint64_t unpacked, most;
};

uint64_t unpack_most(const struct fetch *fetch, uint64_t size)
{
	const struct job *job = fetch->job;
	uint64_t by_ratio = size > (UINT64_MAX - RATIO_FREE) / job->max_ratio ? UINT64_MAX : size * job->max_ratio + RATIO_FREE;

	return by_ratio < job->max_bytes ? by_ratio : job->max_bytes;
}

enum pipgate_status unpack_fault(struct fetch *fetch, struct archive *archive)
{
	const char *text = archive_error_string(archive);

	return fetch_fail(fetch, FETCH_CLASS_ARCHIVE, "%s", text ? text : "the archive cannot be read");
}

/* Does name start with prefix, where a folder of prefix written * is any one folder? */
static bool prefix_matches(struct span prefix, struct span name)
{
	while (prefix.n) {
		bool whole = memchr(prefix.p, '/', prefix.n) != NULL;
		struct span wanted, folder;

		if (!whole)
			return span_starts(name, prefix);
		if (!memchr(name.p, '/', name.n))
			return false;
		wanted = span_split(&prefix, '/');
		folder = span_split(&name, '/');
		if (!span_is(wanted, "*") && !span_equal(wanted, folder))
			return false;
		if (!name.n)
			return false;
	}
	return true;
}

/* Is the name what the job asks for? A wrong suffix is told. */
static bool wanted(struct unpack *u, struct span name)
{
	const struct job *job = u->fetch->job;

	if (!prefix_matches(span_of(job->prefix), name))
		return false;
	if (span_ends(name, span_of(job->suffix)))
		return true;
	frames_skip(u->fetch->out, name, "its name does not end in what was asked for");
	return false;
}

/* The name is new, or for a zip: one of the directory's, and comes for the first time. */
static enum pipgate_status name_check(struct unpack *u, struct span name)
{
	const char *fault = name_fault(name);

	if (fault)
		return fetch_fail(u->fetch, FETCH_CLASS_ARCHIVE, "refused: %s", fault);
	if (u->zip && names_take(&u->names, name) != NAMES_KNOWN)
		return fetch_fail(u->fetch, FETCH_CLASS_ARCHIVE, "an entry's own name is not the one in the directory, or repeated: " SPAN_FMT,
				  SPAN_ARG(name));
	if (u->zip)
		return PIPGATE_OK;
	switch (names_add(&u->names, name)) {
	case NAMES_NEW:
		return PIPGATE_OK;
	case NAMES_KNOWN:
		return fetch_fail(u->fetch, FETCH_CLASS_ARCHIVE, "the name " SPAN_FMT " is there twice", SPAN_ARG(name));
	case NAMES_NO_MEMORY:
		break;
	}
	return fetch_fail(u->fetch, FETCH_CLASS_LIMIT, "no memory for the names of the archive");
}

/* The room is full and there is more: it goes out as a piece, where the job takes pieces. */
static enum pipgate_status body_goes_on(struct unpack *u, struct span name)
{
	if (!u->fetch->job->pieces)
		return fetch_fail(u->fetch, FETCH_CLASS_LIMIT, "the entry " SPAN_FMT " is larger than %" PRIu64 " bytes", SPAN_ARG(name),
				  FETCH_ITEM_MAX);
	return fetch_item(u->fetch, name, (struct span){u->fetch->room, FETCH_ITEM_MAX});
}

/* The entry's bytes into the fetch's room. What the header claims about its size is not believed. */
static enum pipgate_status body_read(struct unpack *u, struct span name, struct span *body)
{
	char *room = u->fetch->room;
	size_t n = 0;
	char more;
	la_ssize_t got;

	do {
		size_t part = FETCH_ITEM_MAX - n;

		got = part ? archive_read_data(u->archive, room + n, part < BLOCK ? part : BLOCK) : archive_read_data(u->archive, &more, 1);
		if (got < 0)
			return unpack_fault(u->fetch, u->archive);
		if (!part && got) {
			if (body_goes_on(u, name) != PIPGATE_OK)
				return PIPGATE_FAILED;
			room[0] = more;
			n = 0;
		}
		n += (size_t)got;
		if ((size_t)got > u->most - u->unpacked)
			return fetch_fail(u->fetch, FETCH_CLASS_LIMIT, "unpacks to more than %" PRIu64 " bytes", u->most);
		u->unpacked += (size_t)got;
		if (got && fetch_in_time(u->fetch) != PIPGATE_OK)
			return PIPGATE_FAILED;
	} while (got);
	*body = (struct span){room, n};
	return PIPGATE_OK;
}

/* A regular entry is sent, a folder is nothing, anything else (links, devices, pipes) condemns the container. */
static enum pipgate_status entry_take(struct unpack *u, struct archive_entry *entry)
{
	struct span name = span_of(archive_entry_pathname(entry));
	struct span body;

	while (!u->zip && span_starts(name, SPAN("./")) && name.n > 2)
		name = span_from(name, 2);
	if (name_check(u, name) != PIPGATE_OK)
		return PIPGATE_FAILED;
	if (archive_entry_hardlink(entry) || archive_entry_symlink(entry))
		return fetch_fail(u->fetch, FETCH_CLASS_ARCHIVE, "the entry " SPAN_FMT " is a link", SPAN_ARG(name));
	if (archive_entry_filetype(entry) == AE_IFDIR)
		return PIPGATE_OK;
	if (archive_entry_filetype(entry) != AE_IFREG)
		return fetch_fail(u->fetch, FETCH_CLASS_ARCHIVE, "the entry " SPAN_FMT " is not a regular file", SPAN_ARG(name));
	if (archive_entry_is_encrypted(entry) || archive_entry_sparse_count(entry))
		return fetch_fail(u->fetch, FETCH_CLASS_ARCHIVE, "the entry " SPAN_FMT " is encrypted or sparse", SPAN_ARG(name));
	if (!wanted(u, name))
		return PIPGATE_OK;
	if (body_read(u, name, &body) != PIPGATE_OK)
		return PIPGATE_FAILED;
	return fetch_item(u->fetch, name, body);
}

static enum pipgate_status entries_take(struct unpack *u)
{
	struct archive_entry *entry;
	int answer;

	while ((answer = archive_read_next_header(u->archive, &entry)) == ARCHIVE_OK) {
		if (++u->entries > u->fetch->job->max_entries)
			return fetch_fail(u->fetch, FETCH_CLASS_LIMIT, "more than %" PRIu64 " entries", u->fetch->job->max_entries);
		if (u->entries % NOTE_EVERY == 0)
			frames_note(u->fetch->out, "unpacked %" PRIu64 " entries", u->entries);
		if (fetch_in_time(u->fetch) != PIPGATE_OK || entry_take(u, entry) != PIPGATE_OK)
			return PIPGATE_FAILED;
	}
	/* a warning is a header that does not fit the directory, or a name that cannot be read */
	return answer == ARCHIVE_EOF ? PIPGATE_OK : unpack_fault(u->fetch, u->archive);
}

static enum pipgate_status zip_unpack(struct unpack *u, int fd, uint64_t size)
{
	uint64_t count;

	u->zip = true;
	if (directory_check(u->fetch, fd, size, &u->names, &count) != PIPGATE_OK)
		return PIPGATE_FAILED;
	if (count == 0)
		return PIPGATE_OK;
	/* the reader that trusts the directory: the streaming one lists members which are not in it */
	if (archive_read_support_format_zip_seekable(u->archive) != ARCHIVE_OK || archive_read_open_fd(u->archive, fd, BLOCK) != ARCHIVE_OK)
		return unpack_fault(u->fetch, u->archive);
	if (entries_take(u) != PIPGATE_OK)
		return PIPGATE_FAILED;
	if (u->entries != count)
		return fetch_fail(u->fetch, FETCH_CLASS_ARCHIVE, "%" PRIu64 " entries where the directory has %" PRIu64, u->entries, count);
	return PIPGATE_OK;
}

/* libarchive's tar reader over our gzip. */
static la_ssize_t tar_read(struct archive *archive, void *ctx, const void **block)
{
	struct gzip *gzip = ctx;
	struct span bytes;

	if (gzip_next(gzip, &bytes) != PIPGATE_OK) {
		archive_set_error(archive, -1, "%s", gzip->fetch->text);
		return ARCHIVE_FATAL;
	}
	*block = bytes.p;
	return (la_ssize_t)bytes.n;
}

static enum pipgate_status tar_unpack(struct unpack *u, struct gzip *gzip)
{
	struct span rest;

	if (archive_read_support_format_tar(u->archive) != ARCHIVE_OK || archive_read_open(u->archive, gzip, NULL, tar_read, NULL) != ARCHIVE_OK)
		return unpack_fault(u->fetch, u->archive);
	if (entries_take(u) != PIPGATE_OK)
		return PIPGATE_FAILED;
	do /* padding behind the end: read for the checksum's sake */
		if (gzip_next(gzip, &rest) != PIPGATE_OK)
			return PIPGATE_FAILED;
	while (rest.n);
	return PIPGATE_OK;
}

static enum pipgate_status one_unpack(struct unpack *u, struct gzip *gzip, struct span name)
{
	struct chunker chunker = {.fetch = u->fetch};
	struct span bytes;

	if (span_ends(name, SPAN(".gz")) && name.n > 3)
		name.n -= 3;
	if (!wanted(u, name))
		return PIPGATE_OK;
	chunker.name = name;
	do {
		if (gzip_next(gzip, &bytes) != PIPGATE_OK || chunker_add(&chunker, bytes.p, bytes.n) != PIPGATE_OK)
			return PIPGATE_FAILED;
	} while (bytes.n);
	return chunker_end(&chunker);
}

/* A tar inside? By its magic. */
static enum pipgate_status gzip_holds_tar(struct fetch *fetch, int fd, uint64_t size, bool *tar)
{
	struct gzip gzip;
	struct span bytes;
	enum pipgate_status status = gzip_open(&gzip, fetch, fd, size);

	if (status == PIPGATE_OK)
		status = gzip_next(&gzip, &bytes);
	if (status == PIPGATE_OK)
		*tar = bytes.n >= 512 && memcmp(bytes.p + 257, "ustar", 5) == 0;
	gzip_fini(&gzip);
	if (status == PIPGATE_OK && lseek(fd, 0, SEEK_SET) != 0)
		return fetch_fail(fetch, FETCH_CLASS_FILE, "the file cannot be read from its start");
	return status;
}

static enum pipgate_status gzip_unpack(struct unpack *u, int fd, uint64_t size, struct span name)
{
	struct gzip gzip;
	enum pipgate_status status;
	bool tar = span_ends(name, SPAN(".tar.gz")) || span_ends(name, SPAN(".tgz")); /* and nothing else then */

	if (!tar && gzip_holds_tar(u->fetch, fd, size, &tar) != PIPGATE_OK)
		return PIPGATE_FAILED;
	status = gzip_open(&gzip, u->fetch, fd, size);
	if (status == PIPGATE_OK)
		status = tar ? tar_unpack(u, &gzip) : one_unpack(u, &gzip, name);
	archive_read_free(u->archive); /* before what it reads from */
	u->archive = NULL;
	gzip_fini(&gzip);
	return status;
}

enum pipgate_status unpack_file(struct fetch *fetch, int fd, uint64_t size, struct span name)
{
	struct unpack u = {.fetch = fetch, .most = unpack_most(fetch, size), .archive = archive_read_new()};
	enum pipgate_status status;
	unsigned char magic[2];

	if (!u.archive || !names_init(&u.names))
		status = fetch_fail(fetch, FETCH_CLASS_LIMIT, "no memory");
	else if (pread(fd, magic, sizeof(magic), 0) != (ssize_t)sizeof(magic))
		status = fetch_fail(fetch, FETCH_CLASS_ARCHIVE, "the file is empty");
	else if (magic[0] == 0x1f && magic[1] == 0x8b)
		status = gzip_unpack(&u, fd, size, name);
	else
		status = zip_unpack(&u, fd, size);
	if (u.archive)
		archive_read_free(u.archive);
	names_fini(&u.names);
	return status;
}
