/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/interpreter/block.h"

#include <inttypes.h>
#include <stdio.h>

#include "matcher/base/banned.h"

#define OPEN  "# >>> pipgate enable"
#define CLOSE "# <<< pipgate enable: `pipgate disable` takes out what stands between these marks\n"

static uint64_t digest_more(uint64_t digest, struct span bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		digest = (digest ^ (unsigned char)bytes.p[i]) * UINT64_C(0x100000001b3);
	return digest;
}

/* FNV-1a: it tells an edit from none, and guards nothing. */
uint64_t block_digest(struct span before, struct span behind)
{
	return digest_more(digest_more(UINT64_C(0xcbf29ce484222325), before), behind);
}

void block_write(struct buf *out, const struct block_former *former, struct span body)
{
	if (former->newline)
		buf_byte(out, '\n');
	if (former->absent)
		buf_text(out, OPEN " 1 made\n");
	else
		buf_format(out, OPEN " 1 joined newline=%d digest=%016" PRIx64 " atime=%lld.%09ld mtime=%lld.%09ld\n", former->newline,
			former->digest, (long long)former->times[0].tv_sec, former->times[0].tv_nsec, (long long)former->times[1].tv_sec,
			former->times[1].tv_nsec);
	buf_span(out, body);
	buf_text(out, CLOSE);
}

static bool former_read(struct span line, struct block_former *out)
{
	char words[200];
	long long atime, mtime;
	int newline, end = 0;

	*out = (struct block_former){.absent = span_is(line, OPEN " 1 made")};
	if (out->absent)
		return true;
	if (snprintf(words, sizeof(words), SPAN_FMT, SPAN_ARG(line)) >= (int)sizeof(words))
		return false;
	if (sscanf(words, OPEN " 1 joined newline=%1d digest=%16" SCNx64 " atime=%18lld.%9ld mtime=%18lld.%9ld%n", &newline, &out->digest, &atime,
		    &out->times[0].tv_nsec, &mtime, &out->times[1].tv_nsec, &end) != 6 ||
		words[end])
		return false;
	out->newline = newline != 0;
	out->times[0].tv_sec = (time_t)atime;
	out->times[1].tv_sec = (time_t)mtime;
	return true;
}

/* Where a line that begins so begins; text.n: nowhere from there on. */
static size_t line_with(struct span text, size_t from, struct span beginning)
{
	while (from < text.n) {
		struct span rest = span_from(text, from);
		const char *end;

		if (span_starts(rest, beginning))
			return from;
		end = memchr(rest.p, '\n', rest.n);
		from = end ? (size_t)(end - text.p) + 1 : text.n;
	}
	return text.n;
}

enum block_state block_find(struct span file, struct block *out)
{
	size_t open = line_with(file, 0, SPAN(OPEN)), close = line_with(file, 0, SPAN(CLOSE));
	struct span rest = span_from(file, open);

	if (open == file.n && close == file.n)
		return BLOCK_NONE;
	if (open >= close || close == file.n || line_with(file, open + 1, SPAN(OPEN)) != file.n ||
		line_with(file, close + 1, SPAN(CLOSE)) != file.n || !former_read(span_split(&rest, '\n'), &out->former))
		return BLOCK_DAMAGED;
	out->start = open;
	out->end = close + sizeof(CLOSE) - 1;
	out->former.newline = out->former.newline && open > 0;
	out->start -= out->former.newline;
	return BLOCK_FOUND;
}
