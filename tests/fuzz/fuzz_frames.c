/* SPDX-License-Identifier: Apache-2.0 */
/* The frame reader: the first byte chooses the job, the others are what a taken-over pipgate-fetch might write. */
#include "wrapper/feed/frames.h"

#include <sys/mman.h>
#include <unistd.h>

#include "matcher/base/error.h"
#include "tests/fuzz/fuzz.h"
#include "wrapper/fetch/names.h"

#include "matcher/base/banned.h"

#define DEADLINE_MS 60000 /* the input is all there: never reached */

static const struct transport_job jobs[] = {
	{.verb = "unpack", .place = {"x", 1}, .max_bytes = 1000, .max_entries = 8},
	{.verb = "get", .place = {"x", 1}, .etag = {"\"e\"", 3}},
	{.verb = "get", .place = {"x", 1}, .max_bytes = 100, .max_entries = 2},
};

struct seen {
	const struct transport_job *job;
	uint64_t items, bytes;
};

static enum pipgate_status on_item(void *ctx, struct span name, struct span body, struct pipgate_error *error)
{
	struct seen *seen = ctx;

	touch(name);
	touch(body);
	require(strcmp(seen->job->verb, "unpack") != 0 || !name_fault(name));
	seen->items++;
	seen->bytes += body.n;
	if (seen->items == 5)
		return error_set(error, PIPGATE_INVALID, "five are enough");
	return PIPGATE_OK;
}

static void on_skip(void *ctx, struct span name, struct span reason)
{
	(void)ctx;
	touch(name);
	touch(reason);
}

static void on_note(void *ctx, struct span text)
{
	(void)ctx;
	touch(text);
}

static void check(struct span bytes, const struct transport_job *job, int fd)
{
	struct seen seen = {.job = job};
	const struct transport_sink sink = {&seen, on_item, on_skip, on_note};
	struct transport_result result;
	struct pipgate_error error = {""};
	enum pipgate_status status;

	require(write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n && lseek(fd, 0, SEEK_SET) == 0);
	status = frames_read(fd, clock_monotonic_ms() + DEADLINE_MS, job, &sink, &result, &error);
	require(!job->max_bytes || seen.bytes <= job->max_bytes);
	require(!job->max_entries || seen.items <= job->max_entries);
	touch(span_of(result.etag));
	touch(span_of(result.place));
	if (status != PIPGATE_OK) {
		require(error.text[0]);
		return;
	}
	require(result.items == seen.items && result.bytes == seen.bytes);
	require(!result.unchanged || (!seen.items && job->etag.n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd;

	if (!size)
		return 0;
	fd = memfd_create("fuzz", MFD_CLOEXEC);
	require(fd >= 0);
	check(input_of(data + 1, size - 1), &jobs[data[0] % (sizeof(jobs) / sizeof(jobs[0]))], fd);
	close(fd);
	return 0;
}
