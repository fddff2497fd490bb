/* SPDX-License-Identifier: Apache-2.0 */
/* A folder with a database in the making, for test_database*.c. A step that goes wrong fails the test. */
#ifndef TESTS_UNIT_DATABASE_FIXTURE_H
#define TESTS_UNIT_DATABASE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "matcher/base/span.h"
#include "wrapper/database/database.h"

#define N(table) (sizeof(table) / sizeof(*(table)))
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_up, fixture_down)
#define BUILT 1700000000 /* SOURCE_DATE_EPOCH in every test */

struct fixture {
	char folder[64], path[96]; /* path: of the database, in folder */
	struct pipgate_run *run;
};
int fixture_up(void **state);
int fixture_down(void **state);

struct made { /* an advisory: id of "name", affected below `fixed` */
	const char *id, *modified, *withdrawn, *name, *fixed;
};
#define N_BASIC 4
extern const struct made basic[N_BASIC]; /* two of "demo", one of "other", a withdrawn one of "gone" */

void assert_ok(enum pipgate_status status, const struct pipgate_error *error);

/* making */
struct database_build *build_new(const char *path);
uint32_t feed_new(struct database_build *b, const char *name);
#define FIXTURE_TIME 1709251200 /* of its feeds */
/* The advisory that a made one stands for, to take(). */
enum pipgate_status made_advisory(const struct made *m, enum pipgate_status (*take)(void *ctx, const struct pipgate_advisory *advisory,
	struct pipgate_error *error), void *ctx, struct pipgate_error *error);
enum pipgate_status fixture_add(struct database_build *b, uint32_t feed, const struct made *m, struct pipgate_error *error);
void add_all(struct database_build *b, const char *feed_name, const struct made *m, size_t n, bool backwards);
void finish(struct database_build *b);
void build_basic(const char *path);

/* asking; what is given back are copies */
struct database *open_good(const char *path);
struct span row_of(struct fixture *f, struct database *d, const char *name);
struct span text_of(struct fixture *f, struct database *d, const char *id);
size_t findings_of(struct fixture *f, struct database *d, const char *name, const char *version);

/* files */
struct span file_bytes(struct fixture *f, const char *path);
void fixture_file_put(const char *path, struct span bytes);
int folder_entries(const char *path, bool remove); /* how many; all are removed where asked */

#endif
