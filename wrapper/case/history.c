/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/case/history.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrapper/case/code.h"
#include "wrapper/file.h"
#include "wrapper/home.h"
#include "wrapper/memory.h"
#include "wrapper/report/report.h"

#include "matcher/base/banned.h"

#define SUFFIX ".json"
#define SUFFIX_CLEAN ".txt"

static char *folder_name(struct pipgate_run *run)
{
	const char *state = home_folder(run, HOME_STATE);

	return state ? text_format(run, "%s/blocks", state) : NULL;
}

/* Root writes into no folder of another, nor anybody into one where others write. */
static bool ours(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

const char *history_folder(struct pipgate_run *run)
{
	const char *path = folder_name(run);

	return path && ours(path) ? path : NULL;
}

/* ---- the oldest go ---- */

struct kept_file {
	const char *name;
	struct timespec time;
};

static int newest_first(const void *a, const void *b)
{
	const struct kept_file *x = a, *y = b;

	if (x->time.tv_sec != y->time.tv_sec)
		return x->time.tv_sec < y->time.tv_sec ? 1 : -1;
	return (x->time.tv_nsec < y->time.tv_nsec) - (x->time.tv_nsec > y->time.tv_nsec);
}

/* A report, and what was kept beside it. */
static void forget(struct pipgate_run *run, int folder, const char *name)
{
	unlinkat(folder, name, 0);
	unlinkat(folder, text_format(run, "%.*s" SUFFIX_CLEAN, (int)(strlen(name) - strlen(SUFFIX)), name), 0);
}

static void sweep(struct pipgate_run *run, const char *folder)
{
	DIR *dir = opendir(folder);
	struct list list = {0};
	struct kept_file *files;
	struct dirent *entry;
	struct stat st;

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (span_ends(span_of(entry->d_name), SPAN(SUFFIX)) && fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			*(struct kept_file *)must(list_push(run, &list, sizeof(*files))) =
				(struct kept_file){text_copy(run, span_of(entry->d_name)), st.st_mtim};
	files = list.items;
	if (list.n > HISTORY_FILES_MAX)
		qsort(files, list.n, sizeof(*files), newest_first);
	for (size_t i = HISTORY_FILES_MAX; i < list.n; i++)
		forget(run, dirfd(dir), files[i].name);
	closedir(dir);
}

/* ---- one more ---- */

const struct pipgate_judgement *history_first(const struct audit *audit)
{
	const struct pipgate_verdict *v = &audit->verdict;

	for (size_t i = 0; v->action > PIPGATE_ALLOW && i < v->n_judgements; i++)
		if (v->judgements[i].action == v->action)
			return &v->judgements[i];
	return NULL;
}

static enum pipgate_status write_report(const char *path, const struct audit *audit, const struct audit_context *context,
	struct pipgate_error *error)
{
	const struct report_style style = {.width = 0};
	enum pipgate_status status;
	struct buf out;

	buf_init(&out, NULL, HISTORY_BYTES_MAX);
	report_json(&out, audit, context, &style);
	status = buf_status(&out);
	if (status == PIPGATE_OK)
		status = file_write(path, buf_view(&out), error);
	else
		error_set(error, status, "the report is too large to be kept");
	buf_fini(&out);
	return status;
}

/* FOLDER/CODE, the folder made; NULL: nothing is kept here. */
static const char *place_of(const struct audit *audit, const struct audit_context *context, struct pipgate_error *error)
{
	const struct pipgate_judgement *first = history_first(audit);
	char *folder = folder_name(audit->run), code[CODE_BYTES];

	if (!first || !folder || (context->profile && strcmp(context->profile, "image") == 0))
		return NULL;
	if (!file_folders(folder, 0700))
		error_set(error, PIPGATE_FAILED, "%s: %s", folder, strerror(errno));
	else if (!ours(folder))
		error_set(error, PIPGATE_FAILED, "%s: another user owns it, or may write there", folder);
	else
		return text_format(audit->run, "%s/%s", folder, code_of(audit, first, code));
	return NULL;
}

const char *history_keep_clean(const struct audit *audit, const struct audit_context *context)
{
	const char *place = context->clean.n ? place_of(audit, context, NULL) : NULL;
	const char *path = place ? text_format(audit->run, "%s" SUFFIX_CLEAN, place) : NULL;

	return path && file_write(path, context->clean, NULL) == PIPGATE_OK ? path : NULL;
}

void history_keep(const struct audit *audit, const struct audit_context *context)
{
	struct pipgate_error error = {""};
	const char *place = place_of(audit, context, &error);
	enum pipgate_status status = PIPGATE_FAILED;

	if (place)
		status = write_report(text_format(audit->run, "%s" SUFFIX, place), audit, context, &error);
	if (status == PIPGATE_OK)
		sweep(audit->run, folder_name(audit->run));
	if (place || error.text[0])
		log_stage("history", "%s", status == PIPGATE_OK ? place : error.text);
}
