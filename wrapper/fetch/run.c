/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/fetch/run.h"

#include <inttypes.h>
#include <stdarg.h>
#include <time.h>

#include "matcher/base/banned.h"

int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

enum pipgate_status fetch_fail(struct fetch *fetch, const char *class, const char *format, ...)
{
	va_list args;

	if (fetch->class)
		return PIPGATE_FAILED;
	fetch->class = class;
	va_start(args, format);
	vsnprintf(fetch->text, sizeof(fetch->text), format, args);
	va_end(args);
	return PIPGATE_FAILED;
}

enum pipgate_status fetch_in_time(struct fetch *fetch)
{
	if (clock_ms() < fetch->deadline)
		return PIPGATE_OK;
	return fetch_fail(fetch, FETCH_CLASS_LIMIT, "not done within %" PRIu64 " ms", fetch->job->deadline_ms);
}

enum pipgate_status fetch_item(struct fetch *fetch, struct span name, struct span body)
{
	if (body.n > fetch->job->max_bytes - fetch->sent)
		return fetch_fail(fetch, FETCH_CLASS_LIMIT, "more than %" PRIu64 " bytes", fetch->job->max_bytes);
	fetch->sent += body.n;
	frames_item(fetch->out, name, body);
	return PIPGATE_OK;
}

static enum pipgate_status chunker_send(struct chunker *chunker)
{
	size_t n = chunker->n;

	chunker->n = 0;
	chunker->items++;
	return fetch_item(chunker->fetch, chunker->name, (struct span){chunker->fetch->room, n});
}

enum pipgate_status chunker_add(struct chunker *chunker, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n) {
		size_t part;

		if (chunker->n == FETCH_ITEM_MAX && chunker_send(chunker) != PIPGATE_OK)
			return PIPGATE_FAILED;
		part = FETCH_ITEM_MAX - chunker->n;
		if (part > n)
			part = n;
		memcpy(chunker->fetch->room + chunker->n, p, part);
		chunker->n += part;
		p += part;
		n -= part;
	}
	return PIPGATE_OK;
}

enum pipgate_status chunker_end(struct chunker *chunker)
{
	return chunker->n || !chunker->items ? chunker_send(chunker) : PIPGATE_OK;
}
