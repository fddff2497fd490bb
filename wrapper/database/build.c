/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/database/build.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "wrapper/database/schema.h"
#include "wrapper/database/shown.h"

#include "matcher/base/banned.h"

#define TEXT_MAX ((size_t)48 << 20) /* an item of 16 MiB, in which every byte became \uNNNN, stays away; ordinary ones shrink */
#define REFUSED_KEPT 1000           /* enough to see what is wrong with a feed; all are counted */
#define REFUSED_ITEM 256            /* bytes of a name kept */

static enum pipgate_status no_memory(struct pipgate_error *error)
{
	return error_set(error, PIPGATE_NO_MEMORY, "out of memory");
}

/* SOURCE_DATE_EPOCH (reproducible-builds.org) or now. */
static enum pipgate_status time_set(struct database_build *b, struct pipgate_error *error)
{
	const char *wish = getenv("SOURCE_DATE_EPOCH");
	char *end;
	long long value;

	b->time = (int64_t)time(NULL);
	if (!wish || !*wish)
		return PIPGATE_OK;
	errno = 0;
	value = strtoll(wish, &end, 10);
	if (errno || *end || !ascii_digit(wish[0]) || value > 253402300799) /* the year 9999 */
		return error_set(error, PIPGATE_FAILED, "SOURCE_DATE_EPOCH=%.40s is no count of seconds; unset it or give digits", wish);
	b->time = value;
	return PIPGATE_OK;
}

enum pipgate_status database_build_new(const char *path, struct database_build **out, struct pipgate_error *error)
{
	struct database_build *b = calloc(1, sizeof(*b));
	enum pipgate_status status;
	int fd = -1;

	if (!b)
		return no_memory(error);
	b->spool.fd = b->beside.folder = b->beside.lock = -1;
	buf_init(&b->text, NULL, TEXT_MAX);
	status = time_set(b, error);
	if (status == PIPGATE_OK)
		status = beside_open(&b->beside, path, error);
	if (status == PIPGATE_OK)
		status = beside_scratch(&b->beside, &fd, error);
	if (status == PIPGATE_OK && (spool_init(&b->spool, fd) != PIPGATE_OK || ledger_init(&b->ledger) != PIPGATE_OK ||
				     pipgate_run_new(NULL, &b->run) != PIPGATE_OK || pipgate_run_new(NULL, &b->kept) != PIPGATE_OK))
		status = no_memory(error);
	if (status == PIPGATE_OK)
		*out = b;
	else
		database_build_free(&b);
	return status;
}

void database_build_free(struct database_build **build)
{
	struct database_build *b = *build;

	if (!b)
		return;
	*build = NULL;
	beside_close(&b->beside);
	spool_fini(&b->spool);
	ledger_fini(&b->ledger);
	exploitation_fini(&b->exploitation);
	pipgate_run_free(&b->run);
	pipgate_run_free(&b->kept);
	buf_fini(&b->text);
	free(b);
}

static struct database_feed *feed_of(const struct database_build *b, uint32_t feed)
{
	return feed < b->feeds.n ? (struct database_feed *)b->feeds.items + feed : NULL;
}

enum pipgate_status database_build_feed(struct database_build *b, struct span name, struct span kind, struct span place, uint32_t *feed,
	struct pipgate_error *error)
{
	struct database_feed *f, new = {
		.name = arena_copy(b->kept, name),
		.kind = arena_copy(b->kept, kind),
		.place = arena_copy(b->kept, place),
	};

	if (b->feeds.n >= SCHEMA_FEEDS_MAX)
		return error_set(error, PIPGATE_LIMIT, "more than %d feeds", SCHEMA_FEEDS_MAX);
	f = list_push(b->kept, &b->feeds, sizeof(*f));
	if (!f || !new.name.p || !new.kind.p || !new.place.p)
		return no_memory(error);
	*f = new;
	*feed = (uint32_t)b->feeds.n - 1;
	return PIPGATE_OK;
}

enum pipgate_status database_build_digest(struct database_build *b, uint32_t feed, struct span sha256, struct pipgate_error *error)
{
	struct span copy = arena_copy(b->kept, sha256);
	struct database_feed *f = feed_of(b, feed);

	if (!copy.p || !f)
		return no_memory(error);
	f->sha256 = copy;
	return PIPGATE_OK;
}

/* One compiled record that lies in the spool already. */
struct placed {
	uint64_t at;
	uint32_t n;
};

/* Everything of a record that can be refused happens here, before the ledger hears of it. */
static enum pipgate_status record_spool(struct database_build *b, uint32_t feed, const struct pipgate_advisory *a, uint64_t *text_at,
	struct placed *pieces, struct pipgate_error *error)
{
	enum pipgate_status status;

	buf_clear(&b->text);
	shown_write(&b->text, a);
	status = buf_status(&b->text);
	if (status != PIPGATE_OK)
		return error_set(error, status, "its text is too long to keep");
	status = spool_add(&b->spool, buf_view(&b->text), text_at, error);
	for (size_t i = 0; i < a->n_affected && !a->withdrawn.n && status == PIPGATE_OK; i++) {
		struct span record;

		status = pipgate_record_encode(b->run, a, &a->affected[i], feed, &record);
		if (status != PIPGATE_OK)
			return error_set(error, status, "its record for " SPAN_FMT " cannot be compiled", SPAN_ARG(a->affected[i].name));
		pieces[i].n = (uint32_t)record.n;
		status = spool_add(&b->spool, record, &pieces[i].at, error);
	}
	return status;
}

static enum pipgate_status record_enter(struct database_build *b, uint32_t feed, const struct pipgate_advisory *a, struct moment modified,
	struct ledger_entry *entry, struct pipgate_error *error)
{
	struct placed *pieces;
	enum pipgate_status status;
	uint64_t text_at;

	pipgate_run_reset(b->run);
	pieces = arena_array(b->run, a->n_affected, sizeof(*pieces));
	if (!pieces)
		return no_memory(error);
	status = record_spool(b, feed, a, &text_at, pieces, error);
	if (status != PIPGATE_OK)
		return status;
	if (entry)
		ledger_forget(&b->ledger, entry);
	else
		entry = ledger_add(&b->ledger, a->id);
	if (!entry)
		return no_memory(error);
	entry->feed = feed;
	entry->modified = modified;
	entry->withdrawn = a->withdrawn.n > 0;
	entry->text_at = text_at;
	entry->text_n = (uint32_t)b->text.n;
	for (size_t i = 0; i < a->n_affected && !entry->withdrawn; i++)
		if (ledger_piece(&b->ledger, entry, a->affected[i].name, pieces[i].at, pieces[i].n) != PIPGATE_OK)
			return no_memory(error);
	entry->seen = feed;
	return PIPGATE_OK;
}

enum pipgate_status database_build_add(struct database_build *b, uint32_t feed, const struct pipgate_advisory *a, struct pipgate_error *error)
{
	struct database_feed *f = feed_of(b, feed);
	struct ledger_entry *entry = ledger_find(&b->ledger, a->id);
	enum pipgate_status status = PIPGATE_OK;
	struct moment modified;

	if (!f)
		return error_set(error, PIPGATE_FAILED, "no feed %u", feed);
	if (!moment_parse(a->modified, &modified))
		return error_set(error, PIPGATE_INVALID, "modified: '" SPAN_FMT "' is no time", SPAN_ARG(a->modified));
	if (entry && entry->seen == feed)
		return error_set(error, PIPGATE_FAILED, SPAN_FMT " is there twice", SPAN_ARG(a->id));
	if (!entry || moment_compare(modified, entry->modified) > 0)
		status = record_enter(b, feed, a, modified, entry, error);
	else
		entry->seen = feed;
	if (status != PIPGATE_OK)
		return status;
	f->accepted++;
	f->withdrawn += a->withdrawn.n > 0;
	if (modified.seconds > f->time)
		f->time = modified.seconds;
	return PIPGATE_OK;
}

enum pipgate_status database_build_time(struct database_build *b, uint32_t feed, int64_t time, struct pipgate_error *error)
{
	struct database_feed *f = feed_of(b, feed);

	if (!f)
		return error_set(error, PIPGATE_FAILED, "no feed %u", feed);
	f->time = time;
	return PIPGATE_OK;
}

enum pipgate_status database_build_exploitation(struct database_build *b, uint32_t feed, struct span cve,
	const struct pipgate_exploitation *said, struct pipgate_error *error)
{
	struct database_feed *f = feed_of(b, feed);
	enum pipgate_status status;

	if (!f)
		return error_set(error, PIPGATE_FAILED, "no feed %u", feed);
	status = exploitation_add(&b->exploitation, cve, feed, f->time, said, error);
	f->accepted += status == PIPGATE_OK;
	return status;
}

enum pipgate_status database_build_refuse(struct database_build *b, uint32_t feed, struct span item, struct span reason,
	struct pipgate_error *error)
{
	struct database_feed *f = feed_of(b, feed);
	struct build_refused *r;

	if (!f)
		return error_set(error, PIPGATE_FAILED, "no feed %u", feed);
	f->refused++;
	if (b->refused.n >= REFUSED_KEPT)
		return PIPGATE_OK;
	if (item.n > REFUSED_ITEM)
		item.n = REFUSED_ITEM;
	r = list_push(b->kept, &b->refused, sizeof(*r));
	if (!r)
		return no_memory(error);
	*r = (struct build_refused){.feed = feed, .item = arena_copy(b->kept, item), .reason = arena_copy(b->kept, reason)};
	return r->item.p && r->reason.p ? PIPGATE_OK : no_memory(error);
}

/* Left by a program that opened the old file; SQLite would take them for the new one's. */
static void companions_remove(const struct database_build *b)
{
	static const char *const ends[] = {SCHEMA_COMPANIONS};
	char name[NAME_MAX + 1];

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (snprintf(name, sizeof(name), "%s%s", b->beside.name, ends[i]) < (int)sizeof(name))
			unlinkat(b->beside.folder, name, 0);
}

enum pipgate_status database_build_finish(struct database_build *b, struct database_totals *totals, struct pipgate_error *error)
{
	enum pipgate_status status = spool_flush(&b->spool, error);

	if (status == PIPGATE_OK)
		status = beside_create(&b->beside, error);
	if (status == PIPGATE_OK)
		status = build_write(b, error);
	if (status == PIPGATE_OK)
		companions_remove(b);
	if (status == PIPGATE_OK)
		status = beside_commit(&b->beside, error);
	if (status == PIPGATE_OK && totals)
		*totals = b->totals;
	return status;
}
