/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate db …`: one function a sub-command. */
#ifndef WRAPPER_COMMAND_DB_H
#define WRAPPER_COMMAND_DB_H

#include "matcher/base/buf.h"
#include "wrapper/database/database.h"
#include "wrapper/status.h"

struct db_options {
	const char *database; /* --db */
	const char *output;   /* -o */
	bool json, help;
	const char *key;      /* -k: export: the secret key's file; build, update: the public key, FILE or BASE64 */
	const char *policy;   /* --policy */
	int64_t expires_s;    /* --expires */
	uint32_t deadline_ms; /* --timeout */
	const char *names;    /* --names: whom feeds that ask a service ask about, where they do not say it themselves */
	const char *feeds;    /* --feeds */
	const char *feed;     /* --feed */
	const char *accept;   /* --accept */
	int64_t if_older_s;   /* --if-older-than */
	char **words;         /* what stands beside the options */
	int n_words;
};

int db_build(const struct db_options *options);
int db_update(const struct db_options *options);
int db_export(const struct db_options *options);
int db_status(const struct db_options *options);
int db_diff(const struct db_options *options);
int db_show(const struct db_options *options);

/* Of build and update, where the feed is a bundle. */
struct feed_source;
int db_bundle(const char *path, const struct feed_source *source, const struct db_options *options);

#define DB_OUTPUT_MAX ((size_t)256 << 20) /* of text on stdout: thousands of advisories */

/* The database that options or the environment mean; says what is wrong with it. NULL: 41 is due. */
struct database *db_open(const struct db_options *options, struct database_place *place);
/* To stdout; the command's exit status. Ends the buf. */
int db_print(struct buf *out);

#endif
