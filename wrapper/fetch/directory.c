/* SPDX-License-Identifier: Apache-2.0 */
/* The layout is that of PKWARE's APPNOTE.TXT 6.3, sections 4.3.12 (header), 4.3.14 to 4.3.16 (ends). */
#include "wrapper/fetch/directory.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "matcher/base/banned.h"

#define END_BYTES 22
#define LOCATOR_BYTES 20
#define END64_BYTES 56
#define HEADER_BYTES 46
#define LOCAL_BYTES 30
#define TAIL ((size_t)16 << 10) /* how far back libarchive looks for the end */
#define WINDOW ((size_t)128 << 10)

struct end {
	uint64_t count, bytes, start; /* of the directory */
	uint64_t at;                  /* where it must end */
};

/* A window on the file that moves forward. */
struct window {
	int fd;
	uint64_t at; /* of bytes[0] */
	size_t n;
	unsigned char bytes[WINDOW];
};

static uint16_t le16(const unsigned char *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}
static uint32_t le32(const unsigned char *p)
{
	return le16(p) | (uint32_t)le16(p + 2) << 16;
}
static uint64_t le64(const unsigned char *p)
{
	return le32(p) | (uint64_t)le32(p + 4) << 32;
}

static bool read_at(int fd, uint64_t at, void *to, size_t n)
{
	unsigned char *p = to;

	while (n) {
		ssize_t got = pread(fd, p, n, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		p += got;
		at += (uint64_t)got;
		n -= (size_t)got;
	}
	return true;
}

/* n bytes of the file at `at`, NULL where it ends before; stop: nothing is read from there on. */
static const unsigned char *window_at(struct window *w, uint64_t at, size_t n, uint64_t stop)
{
	if (at > stop || n > stop - at || n > WINDOW)
		return NULL;
	if (at < w->at || at + n > w->at + w->n) {
		w->n = stop - at < WINDOW ? (size_t)(stop - at) : WINDOW;
		w->at = at;
		if (!read_at(w->fd, at, w->bytes, w->n)) {
			w->n = 0;
			return NULL;
		}
	}
	return w->bytes + (at - w->at);
}

static enum pipgate_status bad(struct fetch *fetch, const char *what)
{
	return fetch_fail(fetch, FETCH_CLASS_ARCHIVE, "not a good zip: %s", what);
}

/* The 64-bit end, which a locator right before the plain one points at. */
static enum pipgate_status end64(struct fetch *fetch, int fd, struct end *end)
{
	unsigned char locator[LOCATOR_BYTES], record[END64_BYTES];

	if (end->at < LOCATOR_BYTES + END64_BYTES || !read_at(fd, end->at - LOCATOR_BYTES, locator, sizeof(locator)))
		return PIPGATE_OK;
	if (memcmp(locator, "PK\6\7", 4) != 0)
		return PIPGATE_OK;
	end->at -= LOCATOR_BYTES + END64_BYTES;
	if (le64(locator + 8) != end->at || !read_at(fd, end->at, record, sizeof(record)) || memcmp(record, "PK\6\6", 4) != 0)
		return bad(fetch, "its 64-bit end is not where its locator says");
	if (le32(record + 16) != 0 || le32(record + 20) != 0 || le64(record + 24) != le64(record + 32))
		return bad(fetch, "it spans several disks");
	end->count = le64(record + 32);
	end->bytes = le64(record + 40);
	end->start = le64(record + 48);
	return PIPGATE_OK;
}

/* The last end signature is the one that libarchive takes; its comment must reach the file's end. */
static enum pipgate_status end_find(struct fetch *fetch, int fd, uint64_t size, struct end *end)
{
	unsigned char tail[TAIL];
	const unsigned char *p = NULL;
	size_t n = size < TAIL ? (size_t)size : TAIL;

	if (size < END_BYTES || !read_at(fd, size - n, tail, n))
		return bad(fetch, "it is too short");
	for (size_t i = n - END_BYTES + 1; i-- > 0 && !p;)
		if (memcmp(tail + i, "PK\5\6", 4) == 0)
			p = tail + i;
	if (!p)
		return fetch_fail(fetch, FETCH_CLASS_ARCHIVE, "not a zip, or cut short: it has no central directory");
	if ((size_t)(tail + n - p) != (size_t)END_BYTES + le16(p + 20))
		return bad(fetch, "something stands behind its end");
	if (le16(p + 4) != 0 || le16(p + 6) != 0 || le16(p + 8) != le16(p + 10))
		return bad(fetch, "it spans several disks");
	*end = (struct end){
		.count = le16(p + 10), .bytes = le32(p + 12), .start = le32(p + 16), .at = size - n + (uint64_t)(p - tail)};
	return end64(fetch, fd, end);
}

/* One header: its name into names; *packed grows by what the entry takes in the file. */
static enum pipgate_status entry_check(struct fetch *fetch, const unsigned char *header, struct names *names, uint64_t *packed)
{
	struct span name = {(const char *)header + HEADER_BYTES, le16(header + 28)};
	const char *fault = name_fault(name);

	if (fault)
		return bad(fetch, fault);
	if (le16(header + 8) & 1)
		return bad(fetch, "an entry is encrypted");
	if (le16(header + 10) != 0 && le16(header + 10) != 8)
		return bad(fetch, "an entry is neither stored nor deflated");
	if (le16(header + 34) != 0)
		return bad(fetch, "it spans several disks");
	*packed += LOCAL_BYTES + name.n + le32(header + 20);
	switch (names_add(names, name)) {
	case NAMES_NEW:
		return PIPGATE_OK;
	case NAMES_KNOWN:
		return fetch_fail(fetch, FETCH_CLASS_ARCHIVE, "the name " SPAN_FMT " is there twice", SPAN_ARG(name));
	case NAMES_NO_MEMORY:
		break;
	}
	return fetch_fail(fetch, FETCH_CLASS_LIMIT, "no memory for the names of the archive");
}

static enum pipgate_status entries_check(struct fetch *fetch, struct window *w, const struct end *end, struct names *names)
{
	uint64_t at = end->start, packed = 0;

	for (uint64_t i = 0; i < end->count; i++) {
		const unsigned char *header = window_at(w, at, HEADER_BYTES, end->at);
		size_t n;

		if (!header || memcmp(header, "PK\1\2", 4) != 0)
			return bad(fetch, "its directory holds fewer entries than it says");
		n = (size_t)HEADER_BYTES + le16(header + 28);
		header = window_at(w, at, n, end->at);
		if (!header)
			return bad(fetch, "its directory is cut short");
		if (entry_check(fetch, header, names, &packed) != PIPGATE_OK)
			return PIPGATE_FAILED;
		at += n + le16(header + 30) + le16(header + 32);
	}
	if (at != end->at)
		return bad(fetch, "its directory holds more than it says");
	if (packed > end->start)
		return bad(fetch, "its entries overlap, or say that they are larger than the file");
	return PIPGATE_OK;
}

enum pipgate_status directory_check(struct fetch *fetch, int fd, uint64_t size, struct names *names, uint64_t *count)
{
	static struct window window;
	struct end end;
	unsigned char first[4];

	if (end_find(fetch, fd, size, &end) != PIPGATE_OK)
		return PIPGATE_FAILED;
	if (end.count > fetch->job->max_entries)
		return fetch_fail(fetch, FETCH_CLASS_LIMIT, "%" PRIu64 " entries, the limit is %" PRIu64, end.count,
				  fetch->job->max_entries);
	if (end.start > end.at || end.at - end.start != end.bytes)
		return bad(fetch, "its directory is not where it should be (is something before the first entry?)");
	if (end.count && (!read_at(fd, 0, first, sizeof(first)) || memcmp(first, "PK\3\4", 4) != 0))
		return bad(fetch, "something stands before the first entry");
	window = (struct window){.fd = fd};
	*count = end.count;
	return entries_check(fetch, &window, &end, names);
}
