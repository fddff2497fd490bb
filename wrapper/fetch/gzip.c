/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/fetch/gzip.h"

#include <inttypes.h>
#include <unistd.h>

#include "wrapper/fetch/unpack.h"

#include "matcher/base/banned.h"

#define BLOCK ((size_t)64 << 10)
#define TRAILER 8 /* RFC 1952: crc32, then the length modulo 2^32 */

/* CRC-32 (RFC 1952), eight tables for eight bytes at a time. */
static uint32_t table[8][256];

static void table_make(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int k = 0; k < 8; k++)
			c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
		table[0][i] = c;
	}
	for (size_t i = 0; i < 256; i++)
		for (size_t k = 1; k < 8; k++)
			table[k][i] = table[0][table[k - 1][i] & 0xff] ^ table[k - 1][i] >> 8;
}

static uint32_t crc_add(uint32_t crc, const unsigned char *p, size_t n)
{
	crc = ~crc;
	for (; n >= 8; n -= 8, p += 8) {
		crc ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
		crc = table[7][crc & 0xff] ^ table[6][crc >> 8 & 0xff] ^ table[5][crc >> 16 & 0xff] ^ table[4][crc >> 24] ^
		      table[3][p[4]] ^ table[2][p[5]] ^ table[1][p[6]] ^ table[0][p[7]];
	}
	for (; n; n--, p++)
		crc = table[0][(crc ^ *p) & 0xff] ^ crc >> 8;
	return ~crc;
}

static uint32_t le32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

enum pipgate_status gzip_open(struct gzip *gzip, struct fetch *fetch, int fd, uint64_t size)
{
	unsigned char trailer[TRAILER];
	struct archive_entry *entry;

	*gzip = (struct gzip){.fetch = fetch, .most = unpack_most(fetch, size)};
	table_make();
	if (size < TRAILER || pread(fd, trailer, sizeof(trailer), (off_t)(size - TRAILER)) != (ssize_t)sizeof(trailer))
		return fetch_fail(fetch, FETCH_CLASS_ARCHIVE, "the gzip file is too short");
	gzip->last_crc = le32(trailer);
	gzip->last_n = le32(trailer + 4);
	gzip->archive = archive_read_new();
	if (!gzip->archive)
		return fetch_fail(fetch, FETCH_CLASS_LIMIT, "no memory");
	if (archive_read_support_filter_gzip(gzip->archive) != ARCHIVE_OK ||
	    archive_read_support_format_raw(gzip->archive) != ARCHIVE_OK ||
	    archive_read_open_fd(gzip->archive, fd, BLOCK) != ARCHIVE_OK ||
	    archive_read_next_header(gzip->archive, &entry) != ARCHIVE_OK)
		return unpack_fault(fetch, gzip->archive);
	return PIPGATE_OK;
}

void gzip_fini(struct gzip *gzip)
{
	archive_read_free(gzip->archive);
	gzip->archive = NULL;
}

static enum pipgate_status gzip_end(struct gzip *gzip)
{
	gzip->ended = true;
	if (gzip->last_crc != gzip->crc || gzip->last_n != (uint32_t)gzip->n)
		return fetch_fail(gzip->fetch, FETCH_CLASS_ARCHIVE, "the gzip file's checksum is wrong, or something stands behind it");
	return PIPGATE_OK;
}

enum pipgate_status gzip_next(struct gzip *gzip, struct span *out)
{
	const void *block = NULL;
	size_t n = 0;
	la_int64_t offset;
	int answer = ARCHIVE_EOF;

	*out = (struct span){NULL, 0};
	while (!gzip->ended && n == 0) {
		answer = archive_read_data_block(gzip->archive, &block, &n, &offset);
		if (answer == ARCHIVE_EOF)
			return gzip_end(gzip);
		if (answer != ARCHIVE_OK)
			return unpack_fault(gzip->fetch, gzip->archive);
		if (fetch_in_time(gzip->fetch) != PIPGATE_OK)
			return PIPGATE_FAILED;
	}
	if (n > gzip->most - gzip->n)
		return fetch_fail(gzip->fetch, FETCH_CLASS_LIMIT, "unpacks to more than %" PRIu64 " bytes", gzip->most);
	gzip->n += n;
	gzip->crc = crc_add(gzip->crc, block, n);
	*out = (struct span){block, n};
	return PIPGATE_OK;
}
