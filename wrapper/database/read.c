/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a database and looking names up. It believes nothing of the file: see schema.h. */
#include "wrapper/database/database.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "matcher/base/arena.h"
#include "wrapper/database/schema.h"

#include "matcher/base/banned.h"

#define CACHE_KIB 16384 /* all rows of 50,000 distributions; today's take 1 MB */
#define STRING_OF_(x) #x
#define STRING_OF(x) STRING_OF_(x)

struct database {
	sqlite3 *db;
	sqlite3_stmt *row, *text;
	struct pipgate_run *run; /* what info points to */
	struct database_info info;
	uint64_t *set; /* the names' sums, sorted */
	size_t n_set;
	char path[]; /* for messages */
};

static enum pipgate_status damaged(const char *path, struct pipgate_error *error, const char *what)
{
	return error_set(error, PIPGATE_INVALID, "%s: damaged (%s); make it anew: pipgate db update", path, what);
}

/* ---- before SQLite sees it ---- */

static uint32_t big_endian(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The file's first 100 bytes (sqlite.org/fileformat2.html). A file in WAL mode would make a reader write beside it, a
 * shorter one than its header says was cut. */
static enum pipgate_status header_check(const char *path, const unsigned char h[100], uint64_t size, struct pipgate_error *error)
{
	uint32_t page = (uint32_t)h[16] << 8 | h[17];

	if (memcmp(h, "SQLite format 3", 16) != 0 || big_endian(h + 68) != SCHEMA_APPLICATION_ID)
		return error_set(error, PIPGATE_INVALID, "%s: not an advisory database of pipgate", path);
	if (big_endian(h + 60) != SCHEMA_VERSION)
		return error_set(error, PIPGATE_INVALID, "%s: format %u, this pipgate reads %d; make it anew: pipgate db update", path,
				 big_endian(h + 60), SCHEMA_VERSION);
	if (page == 1)
		page = 65536;
	if (h[18] != 1 || h[19] != 1 || page < 512 || big_endian(h + 28) == 0 || (uint64_t)big_endian(h + 28) * page != size)
		return damaged(path, error, "its size is not what its header says");
	return PIPGATE_OK;
}

/* With one of these beside it SQLite would mix it in, or write -shm. Ours has none: somebody else has been at work here. */
static enum pipgate_status companions_check(const char *path, struct pipgate_error *error)
{
	static const char *const ends[] = {SCHEMA_COMPANIONS};
	char name[4096];
	struct stat st;

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (snprintf(name, sizeof(name), "%s%s", path, ends[i]) < (int)sizeof(name) && stat(name, &st) == 0 && st.st_size > 0)
			return error_set(error, PIPGATE_INVALID, "%s: another program writes to it (%s is there); make it anew: pipgate db update",
					 path, name);
	return PIPGATE_OK;
}

static enum pipgate_status file_check(const char *path, struct pipgate_error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	unsigned char header[100];
	enum pipgate_status status;
	struct stat st;

	if (fd < 0)
		return error_set(error, PIPGATE_FAILED, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) != 0)
		status = error_set(error, PIPGATE_FAILED, "%s: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		status = error_set(error, PIPGATE_INVALID, "%s: not a file", path);
	else if (pread(fd, header, sizeof(header), 0) != (ssize_t)sizeof(header))
		status = error_set(error, PIPGATE_INVALID, "%s: not an advisory database of pipgate", path);
	else
		status = header_check(path, header, (uint64_t)st.st_size, error);
	close(fd);
	return status == PIPGATE_OK ? companions_check(path, error) : status;
}

/* ---- what is known about it all ---- */

static enum pipgate_status refused(struct database *d, struct pipgate_error *error)
{
	char what[200];
	enum pipgate_status status = schema_failed(d->db, error, "SQLite");

	if (status != PIPGATE_INVALID) {
		error_before(error, "%s", d->path);
		return status;
	}
	snprintf(what, sizeof(what), "%s", sqlite3_errmsg(d->db));
	return damaged(d->path, error, what);
}

static enum pipgate_status prepare(struct database *d, const char *sql, sqlite3_stmt **out, struct pipgate_error *error)
{
	return schema_prepare(d->db, sql, out, error) == PIPGATE_OK ? PIPGATE_OK : refused(d, error);
}

static struct span keep(struct database *d, sqlite3_stmt *s, int column)
{
	return arena_copy(d->run, schema_column(s, column));
}

static bool set_take(struct database *d, struct span bytes)
{
	d->n_set = bytes.n / sizeof(*d->set);
	if (bytes.n % sizeof(*d->set) || (int64_t)d->n_set != d->info.names)
		return false;
	d->set = malloc(bytes.n + 1);
	if (!d->set)
		return false;
	if (bytes.n)
		memcpy(d->set, bytes.p, bytes.n);
	for (size_t i = 0; i < d->n_set; i++) {
		d->set[i] = le64toh(d->set[i]);
		if (i && d->set[i] < d->set[i - 1])
			return false;
	}
	return true;
}

struct meta { /* while it is read */
	uint64_t check;
	int64_t kept_check;
	bool schema, set;
};

/* In the order of keys: built, check, names, records, schema, serial, set. */
static void meta_take(struct database *d, sqlite3_stmt *s, struct meta *m)
{
	struct span key = schema_column(s, 0);

	if (span_is(key, "check")) {
		m->kept_check = sqlite3_column_int64(s, 1);
		return;
	}
	schema_check_add(&m->check, s);
	if (span_is(key, "built"))
		d->info.built = sqlite3_column_int64(s, 1);
	else if (span_is(key, "names"))
		d->info.names = sqlite3_column_int64(s, 1);
	else if (span_is(key, "records"))
		d->info.records = sqlite3_column_int64(s, 1);
	else if (span_is(key, "serial"))
		d->info.serial = sqlite3_column_int64(s, 1);
	else if (span_is(key, "schema"))
		m->schema = span_is(schema_column(s, 1), SCHEMA_NAME);
	else if (span_is(key, "set") && !d->set)
		m->set = set_take(d, schema_column(s, 1));
}

static enum pipgate_status meta_read(struct database *d, struct meta *m, struct pipgate_error *error)
{
	sqlite3_stmt *s;
	enum pipgate_status status = prepare(d, SCHEMA_META_ROWS, &s, error);
	int code;

	if (status != PIPGATE_OK)
		return status;
	while ((code = sqlite3_step(s)) == SQLITE_ROW)
		meta_take(d, s, m);
	if (code != SQLITE_DONE)
		status = refused(d, error);
	sqlite3_finalize(s);
	if (status == PIPGATE_OK && !m->schema)
		return error_set(error, PIPGATE_INVALID, "%s: not of the form " SCHEMA_NAME "; make it anew: pipgate db update", d->path);
	return status;
}

static void feed_take(struct database *d, sqlite3_stmt *s, struct database_feed *f)
{
	*f = (struct database_feed){
		.name = keep(d, s, 1),
		.kind = keep(d, s, 2),
		.place = keep(d, s, 3),
		.sha256 = keep(d, s, 4),
		.time = sqlite3_column_int64(s, 5),
		.accepted = sqlite3_column_int64(s, 6),
		.withdrawn = sqlite3_column_int64(s, 7),
		.refused = sqlite3_column_int64(s, 8),
		.max_age = sqlite3_column_int64(s, 9),
		.weight = sqlite3_column_int64(s, 10),
	};
}

static enum pipgate_status feeds_read(struct database *d, struct meta *m, struct pipgate_error *error)
{
	sqlite3_stmt *s;
	enum pipgate_status status = prepare(d, SCHEMA_FEED_ROWS, &s, error);
	struct list feeds = {0};
	int code;

	if (status != PIPGATE_OK)
		return status;
	while ((code = sqlite3_step(s)) == SQLITE_ROW && feeds.n < SCHEMA_FEEDS_MAX) {
		struct database_feed *f = list_push(d->run, &feeds, sizeof(*f));

		if (!f)
			break;
		schema_check_add(&m->check, s);
		feed_take(d, s, f);
	}
	if (code != SQLITE_DONE)
		status = code == SQLITE_ROW ? error_set(error, PIPGATE_LIMIT, "%s: too many feeds, or out of memory", d->path) : refused(d, error);
	sqlite3_finalize(s);
	d->info.feeds = feeds.items;
	d->info.n_feeds = feeds.n;
	return status;
}

static int64_t oldest(const struct database_info *info)
{
	int64_t time = INT64_MAX;

	for (size_t i = 0; i < info->n_feeds; i++)
		if (!info->feeds[i].max_age && info->feeds[i].time < time)
			time = info->feeds[i].time;
	return time == INT64_MAX ? info->built : time;
}

static enum pipgate_status info_read(struct database *d, struct pipgate_error *error)
{
	struct meta m = {0};
	enum pipgate_status status = meta_read(d, &m, error);

	if (status == PIPGATE_OK)
		status = feeds_read(d, &m, error);
	if (status == PIPGATE_OK && (!m.set || (int64_t)m.check != m.kept_check))
		status = damaged(d->path, error, "what it says about itself is not what was written");
	d->info.time = oldest(&d->info);
	return status;
}

/* ---- open and close ---- */

static enum pipgate_status harden(struct database *d, struct pipgate_error *error)
{
	sqlite3_db_config(d->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(d->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(d->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_db_config(d->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_limit(d->db, SQLITE_LIMIT_LENGTH, SCHEMA_BLOB_MAX);
	sqlite3_limit(d->db, SQLITE_LIMIT_ATTACHED, 0);
	/* The BEGIN is for the life of the database: look-ups between take no locks and see one state. */
	if (sqlite3_exec(d->db,
			 "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA query_only=ON; PRAGMA temp_store=MEMORY;"
			 "PRAGMA cache_size=-" STRING_OF(CACHE_KIB) "; BEGIN",
			 NULL, NULL, NULL) != SQLITE_OK)
		return refused(d, error);
	return PIPGATE_OK;
}

enum pipgate_status database_open(const char *path, struct database **out, struct pipgate_error *error)
{
	const char *before = path[0] == '/' ? "" : "./"; /* else "file:…" would be an address */
	size_t n = strlen(before) + strlen(path) + 1;
	enum pipgate_status status = file_check(path, error);
	struct database *d;

	if (status != PIPGATE_OK)
		return status;
	d = calloc(1, sizeof(*d) + n);
	if (!d || pipgate_run_new(NULL, &d->run) != PIPGATE_OK) {
		free(d);
		return error_set(error, PIPGATE_NO_MEMORY, "%s: out of memory", path);
	}
	snprintf(d->path, n, "%s%s", before, path);
	if (sqlite3_open_v2(d->path, &d->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL) != SQLITE_OK)
		status = refused(d, error);
	if (status == PIPGATE_OK)
		status = harden(d, error);
	if (status == PIPGATE_OK)
		status = info_read(d, error);
	if (status == PIPGATE_OK)
		status = prepare(d, "SELECT bytes, sum FROM row WHERE name = ?", &d->row, error);
	if (status == PIPGATE_OK)
		*out = d;
	else
		database_close(&d);
	return status;
}

void database_close(struct database **database)
{
	struct database *d = *database;

	if (!d)
		return;
	*database = NULL;
	sqlite3_finalize(d->row);
	sqlite3_finalize(d->text);
	sqlite3_close(d->db);
	pipgate_run_free(&d->run);
	free(d->set);
	free(d);
}

const struct database_info *database_info(const struct database *d)
{
	return &d->info;
}

/* ---- look-ups ---- */

static bool set_has(const struct database *d, uint64_t sum)
{
	const uint64_t *p = d->set;
	size_t n = d->n_set;

	while (n > 1) { /* a halving without branches to guess wrong */
		size_t half = n / 2;

		p += p[half - 1] < sum ? half : 0;
		n -= half;
	}
	return n && *p == sum;
}

/* The pair under key, its sum checked; n 0: none. The blob lives until the statement's next step. */
static enum pipgate_status pair_get(struct database *d, sqlite3_stmt *s, struct span key, struct span *out, struct pipgate_error *error)
{
	struct span bytes = {NULL, 0};
	int code;

	sqlite3_reset(s);
	sqlite3_bind_text64(s, 1, key.p ? key.p : "", key.n, SQLITE_STATIC, SQLITE_UTF8);
	code = sqlite3_step(s);
	if (code == SQLITE_ROW) {
		bytes = schema_column(s, 0);
		if (!bytes.n || sqlite3_column_int64(s, 1) != schema_sum_pair(key, bytes))
			return damaged(d->path, error, "a record is not what was written");
	} else if (code != SQLITE_DONE) {
		return refused(d, error);
	}
	*out = bytes;
	return PIPGATE_OK;
}

static enum pipgate_status seek(void *ctx, struct span name, struct span *row, struct pipgate_error *error)
{
	struct database *d = ctx;
	struct span found;
	enum pipgate_status status;

	if (!set_has(d, schema_sum(0, name))) {
		*row = (struct span){NULL, 0};
		return PIPGATE_OK;
	}
	status = pair_get(d, d->row, name, &found, error);
	if (status != PIPGATE_OK)
		return status;
	if (!found.n)
		return damaged(d->path, error, "a record is missing");
	*row = found;
	return PIPGATE_OK;
}

struct pipgate_cursor database_cursor(struct database *d)
{
	return (struct pipgate_cursor){.seek = seek, .ctx = d};
}

enum pipgate_status database_text(struct database *d, struct span id, struct span *out, struct pipgate_error *error)
{
	enum pipgate_status status = PIPGATE_OK;

	if (!d->text)
		status = prepare(d, "SELECT bytes, sum FROM text WHERE id = ?", &d->text, error);
	return status == PIPGATE_OK ? pair_get(d, d->text, id, out, error) : status;
}

enum pipgate_status database_rows_each(struct database *d, bool (*each)(void *ctx, struct span name, struct span row), void *ctx,
	struct pipgate_error *error)
{
	sqlite3_stmt *s;
	enum pipgate_status status = prepare(d, "SELECT name, bytes, sum FROM row", &s, error);
	int code = SQLITE_DONE;

	if (status != PIPGATE_OK)
		return status;
	while (status == PIPGATE_OK && (code = sqlite3_step(s)) == SQLITE_ROW) {
		struct span name = schema_column(s, 0), row = schema_column(s, 1);

		if (sqlite3_column_int64(s, 2) != schema_sum_pair(name, row))
			status = damaged(d->path, error, "a record is not what was written");
		else if (!each(ctx, name, row))
			break;
	}
	if (status == PIPGATE_OK && code != SQLITE_DONE && code != SQLITE_ROW)
		status = refused(d, error);
	sqlite3_finalize(s);
	return status;
}

enum pipgate_status database_alias(struct database *d, struct pipgate_run *run, struct span alias, struct span *out,
	struct pipgate_error *error)
{
	struct span quoted = arena_format(run, "\"" SPAN_FMT "\"", SPAN_ARG(alias)); /* as it stands in its list */
	sqlite3_stmt *s;
	static const char sql[] = "SELECT id FROM text WHERE instr(bytes, ?) ORDER BY id LIMIT 1";
	enum pipgate_status status = quoted.p ? prepare(d, sql, &s, error) : PIPGATE_NO_MEMORY;
	int code = SQLITE_NOMEM;

	*out = (struct span){NULL, 0};
	if (status != PIPGATE_OK)
		return status;
	if (sqlite3_bind_blob(s, 1, quoted.p, (int)quoted.n, SQLITE_STATIC) == SQLITE_OK)
		code = sqlite3_step(s);
	if (code == SQLITE_ROW)
		*out = arena_copy(run, schema_column(s, 0));
	else if (code != SQLITE_DONE)
		status = refused(d, error);
	sqlite3_finalize(s);
	return status == PIPGATE_OK && code == SQLITE_ROW && !out->p ? PIPGATE_NO_MEMORY : status;
}

enum pipgate_status database_refused_each(struct database *d, void (*each)(void *ctx, const struct database_refused *refused), void *ctx,
	struct pipgate_error *error)
{
	sqlite3_stmt *s;
	enum pipgate_status status = prepare(d, "SELECT feed, item, reason FROM refused ORDER BY n", &s, error);
	int code;

	if (status != PIPGATE_OK)
		return status;
	while ((code = sqlite3_step(s)) == SQLITE_ROW) {
		struct database_refused one = {.feed = (size_t)sqlite3_column_int64(s, 0)};

		one.item = schema_column(s, 1);
		one.reason = schema_column(s, 2);
		if (one.feed < d->info.n_feeds)
			each(ctx, &one);
	}
	if (code != SQLITE_DONE)
		status = refused(d, error);
	sqlite3_finalize(s);
	return status;
}
