/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/source/against.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "matcher/base/buf.h"
#include "wrapper/file.h"
#include "wrapper/pip/locate.h"
#include "wrapper/process.h"
#include "wrapper/source/lock.h"
#include "wrapper/temporary.h"

#include "matcher/base/banned.h"

#define LIST_BYTES ((size_t)256 << 20)  /* of a revision's list of files: two million of them */
#define FILES_MAX ((size_t)100000)      /* laid down: no more inputs are read either */
#define BLOBS_BYTES ((size_t)512 << 20) /* of all of them */

struct tree {
	const char *top;    /* the repository's folder */
	const char *folder; /* where its files stand as they were */
};

struct blob {
	struct span id, path;
};

extern char **environ;

/* ---- git ---- */

enum pipgate_status against_init(struct against *a, struct pipgate_run *run, const char *revision, struct pipgate_error *error)
{
	static const char *const ours[] = {"GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none",
		"GIT_PAGER=cat", "LC_ALL=C"};
	struct words words = {.run = run};

	*a = (struct against){.run = run, .revision = revision, .git = program_on_path(run, "git")};
	if (revision[0] == '-' || !revision[0])
		return error_set(error, PIPGATE_INVALID, "--against %s: no revision", revision);
	if (!a->git)
		return error_set(error, PIPGATE_FAILED, "--against needs git, and there is none on PATH");
	for (char **e = environ; *e; e++)
		if (strncmp(*e, "GIT_", 4) != 0 && strncmp(*e, "LC_ALL=", 7) != 0)
			words_add(&words, *e);
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		words_add(&words, ours[i]);
	a->environment = words_end(&words);
	return PIPGATE_OK;
}

/* git -C folder WORDS; what it prints into out. *code: its status. */
static enum pipgate_status ask(struct against *a, const char *folder, const char *const *words, int in, struct buf *out, int *code,
	struct pipgate_error *error)
{
	static const char *const first[] = {"--no-pager", "-c", "core.fsmonitor=", "-c", "core.hooksPath=/dev/null", "-c",
		"core.alternateRefsCommand=", "-C"};
	struct words argv = {.run = a->run};
	struct process process = {.environment = a->environment, .stdin_fd = in, .stderr_fd = -1};
	enum pipgate_status status = PIPGATE_OK;
	int fd = temporary_file(error);

	if (fd < 0)
		return PIPGATE_FAILED;
	words_add(&argv, a->git);
	for (size_t i = 0; i < sizeof(first) / sizeof(*first); i++)
		words_add(&argv, first[i]);
	words_add(&argv, folder);
	for (; *words; words++)
		words_add(&argv, *words);
	process.argv = words_end(&argv);
	process.stdout_fd = fd;
	*code = process_run(&process);
	if (*code < 0)
		status = error_set(error, PIPGATE_FAILED, "%s cannot be started: %s", a->git, strerror(errno));
	else if (lseek(fd, 0, SEEK_SET) == 0)
		status = file_read_fd(fd, "what git printed", out, error);
	close(fd);
	return status;
}

/* The one line that git prints; n 0: it ended with a status. */
static enum pipgate_status ask_line(struct against *a, const char *folder, const char *const *words, struct span *out, struct pipgate_error *error)
{
	struct buf bytes;
	int code;
	enum pipgate_status status;

	buf_init(&bytes, NULL, 2 * PATH_MAX);
	status = ask(a, folder, words, -1, &bytes, &code, error);
	*out = (struct span){NULL, 0};
	if (status == PIPGATE_OK && code == 0 && bytes.n) {
		struct span rest = buf_view(&bytes);

		*out = must_span(arena_copy(a->run, span_split(&rest, '\n')));
	}
	buf_fini(&bytes);
	return status;
}

/* Where the branch left it; where nothing is shared (or the history is cut), the revision itself. */
static enum pipgate_status base_of(struct against *a, const char *top, struct span *out, struct pipgate_error *error)
{
	const char *commit = text_format(a->run, "%s^{commit}", a->revision);
	const char *const words[] = {"rev-parse", "--verify", "--quiet", "--end-of-options", commit, NULL};
	enum pipgate_status status = ask_line(a, top, words, out, error);
	struct span base = {NULL, 0};

	if (status == PIPGATE_OK && !out->n)
		status = error_set(error, PIPGATE_INVALID, "--against %s: %s has no such revision", a->revision, top);
	if (status == PIPGATE_OK)
		status = ask_line(a, top, (const char *const[]){"merge-base", out->p, "HEAD", NULL}, &base, error);
	if (status == PIPGATE_OK && base.n)
		*out = base;
	return status;
}

/* ---- the files as they were ---- */

/* What an input, or what an input names, may be called. Program code is not among it. */
static bool is_wanted(struct span path)
{
	static const char *const ends[] = {".txt", ".in", ".toml", ".lock", ".cfg", ".ipynb", ".json", "conda-lock.yml", "conda-lock.yaml"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (span_ends(path, span_of(ends[i])))
			return true;
	return false;
}

/* A tree that was made by hand could say anything. */
static bool is_plain(struct span path)
{
	if (!path.n || path.n >= PATH_MAX / 2)
		return false;
	while (path.n) {
		struct span part = span_split(&path, '/');

		if (!part.n || span_is(part, ".") || span_is(part, "..") || memchr(part.p, '\n', part.n))
			return false;
	}
	return true;
}

/* "100644 blob ID\tPATH" and NUL, each; regular files alone. */
static enum pipgate_status list_blobs(struct against *a, const char *top, struct span commit, struct list *out, struct pipgate_error *error)
{
	struct span rest;
	struct buf bytes;
	int code;
	enum pipgate_status status;

	buf_init(&bytes, NULL, LIST_BYTES);
	status = ask(a, top, (const char *const[]){"ls-tree", "-r", "-z", "--full-tree", commit.p, NULL}, -1, &bytes, &code, error);
	if (status == PIPGATE_OK && code)
		status = error_set(error, PIPGATE_FAILED, "git ls-tree ended with status %d in %s", code, top);
	for (rest = buf_view(&bytes); rest.n && status == PIPGATE_OK;) {
		struct span path = span_split(&rest, 0), head = span_split(&path, '\t'), mode = span_split(&head, ' ');

		span_split(&head, ' ');
		if (!span_starts(mode, SPAN("1006")) && !span_starts(mode, SPAN("1007")))
			continue;
		if (!is_wanted(path) || !is_plain(path))
			continue;
		if (out->n == FILES_MAX)
			status = error_set(error, PIPGATE_LIMIT, "--against: more than %zu files of %s could be inputs", FILES_MAX, top);
		else
			*(struct blob *)must(list_push(a->run, out, sizeof(struct blob))) =
				(struct blob){must_span(arena_copy(a->run, head)), must_span(arena_copy(a->run, path))};
	}
	buf_fini(&bytes);
	return status;
}

static enum pipgate_status lay(struct against *a, const char *folder, struct span name, struct span bytes, struct pipgate_error *error)
{
	char *path = text_format(a->run, "%s/%s", folder, name.p), *above = text_copy(a->run, span_of(path));
	int fd;
	bool done;

	*strrchr(above, '/') = 0;
	fd = file_folders(above, 0700) ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600) : -1;
	done = fd >= 0 && file_put(fd, bytes);
	if (fd >= 0 && close(fd))
		done = false;
	return done ? PIPGATE_OK : error_set(error, PIPGATE_FAILED, "%s: %s", path, strerror(errno));
}

/* "ID blob SIZE\n", the bytes, "\n", each in the order of asking. */
static enum pipgate_status lay_all(struct against *a, const char *folder, const struct list *blobs, struct span printed, struct pipgate_error *error)
{
	const struct blob *v = blobs->items;
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < blobs->n && status == PIPGATE_OK; i++) {
		struct span head = span_split(&printed, '\n'), id = span_split(&head, ' '), type = span_split(&head, ' ');
		unsigned long long size = head.n ? strtoull(head.p, NULL, 10) : 0;

		if (!span_equal(id, v[i].id) || !span_is(type, "blob") || size >= printed.n)
			return error_set(error, PIPGATE_FAILED, "--against: git does not have the file " SPAN_FMT " of %s",
				SPAN_ARG(v[i].path), a->revision);
		status = lay(a, folder, v[i].path, (struct span){printed.p, (size_t)size}, error);
		printed = span_from(printed, (size_t)size + 1);
	}
	return status;
}

static enum pipgate_status fetch_blobs(struct against *a, const char *top, const char *folder, const struct list *blobs, struct pipgate_error *error)
{
	const struct blob *v = blobs->items;
	int in = temporary_file(error), code = 0;
	enum pipgate_status status = in < 0 ? PIPGATE_FAILED : PIPGATE_OK;
	struct buf ids, bytes;

	buf_init(&ids, NULL, LIST_BYTES);
	buf_init(&bytes, NULL, BLOBS_BYTES);
	for (size_t i = 0; i < blobs->n; i++)
		buf_format(&ids, "%s\n", v[i].id.p);
	if (status == PIPGATE_OK && (!file_put(in, buf_view(&ids)) || lseek(in, 0, SEEK_SET) < 0))
		status = error_set(error, PIPGATE_FAILED, "the private folder in TMPDIR: %s", strerror(errno));
	if (status == PIPGATE_OK)
		status = ask(a, top, (const char *const[]){"cat-file", "--batch", NULL}, in, &bytes, &code, error);
	if (status == PIPGATE_OK && code)
		status = error_set(error, PIPGATE_FAILED, "git cat-file ended with status %d in %s", code, top);
	if (status == PIPGATE_OK)
		status = lay_all(a, folder, blobs, buf_view(&bytes), error);
	if (in >= 0)
		close(in);
	buf_fini(&ids);
	buf_fini(&bytes);
	return status;
}

static enum pipgate_status lay_tree(struct against *a, const char *top, const char **out, struct pipgate_error *error)
{
	const struct tree *trees = a->trees.items;
	const char *folder = temporary_folder(error);
	struct list blobs = {0};
	struct span commit;
	enum pipgate_status status;

	for (size_t i = 0; i < a->trees.n; i++)
		if (strcmp(trees[i].top, top) == 0)
			return *out = trees[i].folder, PIPGATE_OK;
	if (!folder)
		return PIPGATE_FAILED;
	folder = text_format(a->run, "%s/against-%zu", folder, a->trees.n);
	if (mkdir(folder, 0700))
		return error_set(error, PIPGATE_FAILED, "%s: %s", folder, strerror(errno));
	status = base_of(a, top, &commit, error);
	if (status == PIPGATE_OK)
		status = list_blobs(a, top, commit, &blobs, error);
	if (status == PIPGATE_OK && blobs.n)
		status = fetch_blobs(a, top, folder, &blobs, error);
	if (status == PIPGATE_OK)
		*(struct tree *)must(list_push(a->run, &a->trees, sizeof(struct tree))) = (struct tree){top, folder};
	*out = folder;
	return status;
}

/* ---- a path of now → as it was ---- */

enum pipgate_status against_path(struct against *a, const char *path, const char **out, struct pipgate_error *error)
{
	char real[PATH_MAX];
	const char *folder, *laid = NULL, *inside;
	struct stat st;
	struct span top;
	enum pipgate_status status;

	if (strcmp(path, "-") == 0)
		return error_set(error, PIPGATE_INVALID, "--against compares files in git, and standard input is none");
	if (!realpath(path, real) || stat(real, &st))
		return error_set(error, PIPGATE_FAILED, "%s: %s", path, strerror(errno));
	folder = text_format(a->run, "%s", real);
	if (!S_ISDIR(st.st_mode))
		*strrchr((char *)(uintptr_t)folder, '/') = 0;
	status = ask_line(a, folder[0] ? folder : "/", (const char *const[]){"rev-parse", "--show-toplevel", NULL}, &top, error);
	if (status == PIPGATE_OK && !top.n)
		status = error_set(error, PIPGATE_FAILED, "--against: %s is in no git repository", path);
	if (status == PIPGATE_OK)
		status = lay_tree(a, top.p, &laid, error);
	if (status != PIPGATE_OK)
		return status;
	inside = strlen(real) > top.n ? real + top.n : "";
	*out = text_format(a->run, "%s%s", laid, inside);
	if (access(*out, F_OK))
		*out = NULL;
	return PIPGATE_OK;
}

/* ---- what was there ---- */

static int by_name_version(const void *a, const void *b)
{
	const struct pipgate_component *x = *(const struct pipgate_component *const *)a, *y = *(const struct pipgate_component *const *)b;
	int order = span_compare(x->name, y->name);

	return order ? order : span_compare(x->version, y->version);
}

void against_mark(struct inventory *now, const struct inventory *before)
{
	const struct pipgate_component *old = before->components.items, *fresh = now->components.items;
	const struct pipgate_component **sorted = must(arena_array(now->run, before->components.n + 1, sizeof(*sorted)));
	struct found *found = now->found.items;

	for (size_t i = 0; i < before->components.n; i++)
		sorted[i] = &old[i];
	qsort(sorted, before->components.n, sizeof(*sorted), by_name_version);
	for (size_t i = 0; i < now->components.n; i++) {
		const struct pipgate_component *key = &fresh[i];

		found[i].known = before->components.n && bsearch(&key, sorted, before->components.n, sizeof(*sorted), by_name_version);
	}
}
