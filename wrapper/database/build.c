/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/database/build.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "wrapper/database/compile.h"
#include "wrapper/database/history.h"
#include "wrapper/database/schema.h"

#include "matcher/base/banned.h"

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

	b->time = b->now = (int64_t)time(NULL);
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
	free(b);
}

static struct database_feed *feed_of(const struct database_build *b, uint32_t feed)
{
	return feed < b->feeds.n ? (struct database_feed *)b->feeds.items + feed : NULL;
}

enum pipgate_status database_build_feed(struct database_build *b, const struct database_feed *feed, uint32_t *number,
	struct pipgate_error *error)
{
	struct database_feed *f, new = *feed;

	if (b->feeds.n >= SCHEMA_FEEDS_MAX)
		return error_set(error, PIPGATE_LIMIT, "more than %d feeds", SCHEMA_FEEDS_MAX);
	new.name = arena_copy(b->kept, feed->name);
	new.kind = arena_copy(b->kept, feed->kind);
	new.place = arena_copy(b->kept, feed->place);
	new.sha256 = arena_copy(b->kept, feed->sha256);
	new.accepted = new.withdrawn = new.refused = 0;
	f = list_push(b->kept, &b->feeds, sizeof(*f));
	if (!f || !new.name.p || !new.kind.p || !new.place.p || !new.sha256.p)
		return no_memory(error);
	*f = new;
	*number = (uint32_t)b->feeds.n - 1;
	return PIPGATE_OK;
}

/* Into the spool first: a disk that is full must leave the ledger as it was. */
static enum pipgate_status pieces_enter(struct database_build *b, struct ledger_entry *entry, const struct compiled *c, uint64_t at,
	struct pipgate_error *error)
{
	struct span rest = c->pieces, name, record;
	bool broken = false;

	while (compile_piece(&rest, &name, &record, &broken))
		if (ledger_piece(&b->ledger, entry, name, at + (uint64_t)(record.p - c->pieces.p), (uint32_t)record.n) != PIPGATE_OK)
			return no_memory(error);
	return broken ? error_set(error, PIPGATE_FAILED, SPAN_FMT ": its compiled records are damaged", SPAN_ARG(c->id)) : PIPGATE_OK;
}

static enum pipgate_status record_enter(struct database_build *b, uint32_t feed, const struct compiled *c, struct ledger_entry *entry,
	struct pipgate_error *error)
{
	uint64_t text_at, pieces_at;
	enum pipgate_status status = spool_add(&b->spool, c->text, &text_at, error);

	if (status == PIPGATE_OK)
		status = spool_add(&b->spool, c->pieces, &pieces_at, error);
	if (status != PIPGATE_OK)
		return status;
	if (entry)
		ledger_forget(&b->ledger, entry);
	else
		entry = ledger_add(&b->ledger, c->id);
	if (!entry)
		return no_memory(error);
	entry->feed = feed;
	entry->modified = c->modified;
	entry->withdrawn = c->withdrawn;
	entry->text_at = text_at;
	entry->text_n = (uint32_t)c->text.n;
	return pieces_enter(b, entry, c, pieces_at, error);
}

/* One of the future would win for ever: it counts as the oldest. */
static struct moment counted(const struct database_build *b, struct moment modified)
{
	if (moment_future(modified.seconds, b->now))
		modified = (struct moment){0};
	return modified;
}

/* Of two records of one id. */
static bool better(const struct database_build *b, uint32_t feed, const struct compiled *c, const struct ledger_entry *entry)
{
	int64_t weight = feed_of(b, feed)->weight, other = feed_of(b, entry->feed)->weight;

	return weight != other ? weight > other : moment_compare(counted(b, c->modified), counted(b, entry->modified)) > 0;
}

enum pipgate_status database_build_add(struct database_build *b, uint32_t feed, const struct compiled *c, struct pipgate_error *error)
{
	struct database_feed *f = feed_of(b, feed);
	struct ledger_entry *entry = ledger_find(&b->ledger, c->id);
	enum pipgate_status status = PIPGATE_OK;

	if (!f)
		return error_set(error, PIPGATE_FAILED, "no feed %u", feed);
	if (!entry || better(b, feed, c, entry))
		status = record_enter(b, feed, c, entry, error);
	if (status != PIPGATE_OK)
		return status;
	f->accepted++;
	f->withdrawn += c->withdrawn;
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

enum pipgate_status database_build_finish(struct database_build *b, struct database_totals *totals, struct pipgate_error *error)
{
	enum pipgate_status status = spool_flush(&b->spool, error);

	if (status == PIPGATE_OK)
		status = beside_create(&b->beside, error);
	if (status == PIPGATE_OK)
		status = build_write(b, error);
	if (status == PIPGATE_OK)
		beside_companions_remove(&b->beside);
	if (status == PIPGATE_OK)
		status = history_commit(&b->beside, error);
	if (status == PIPGATE_OK && totals)
		*totals = b->totals;
	return status;
}
