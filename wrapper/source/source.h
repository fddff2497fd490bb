/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of input of an audit: one file each in this folder, one row each in source.c. */
#ifndef WRAPPER_SOURCE_H
#define WRAPPER_SOURCE_H

#include "wrapper/pip/locate.h"
#include "wrapper/source/inventory.h"

#define SOURCE_BYTES ((size_t)64 << 20) /* of one file; a requirement file of 10 MB is known */

/* What the audit's options say to sources. Lists hold const char *. */
struct source_settings {
	const char *python;      /* --python, --gate-python: whose environment and pip; NULL: of the pip that this one stands for */
	bool local;              /* -l: without what the base interpreter's folders give */
	bool user;               /* --user: the user site alone */
	bool no_deps;            /* --no-deps: what is given is all there is */
	bool require_hashes;     /* --require-hashes */
	bool disable_pip;        /* --disable-pip: the real pip is not started */
	bool skip_editable;      /* --skip-editable */
	bool locked;             /* --locked: a project's lock files */
	bool no_cache;           /* resolutions are neither taken from the cache nor kept */
	struct list extras, groups; /* --extra, --group: of a project */
	const char *target;      /* --target: "linux/aarch64", NULL: this machine */
	const char *target_python; /* --target-python: "3.12"; NULL: the interpreter's */
	const char *index_url;   /* --index-url; NULL: as pip is configured */
	struct list extra_index_urls;
	const char *cache_dir;   /* --cache-dir; NULL: the user's */
	unsigned timeout;        /* --timeout in seconds */
	bool build;              /* may pip build source distributions to learn their metadata? (sdist is not blocked) */
};

/* An audit's inputs on their way into the inventory. */
struct gathering {
	struct pipgate_run *run;
	const struct source_settings *settings;
	struct inventory *inventory;
	struct pip pip;      /* see gathering_pip() */
	bool located, probed;
	struct pipgate_environment markers; /* see gathering_markers() */
	bool many;           /* --recursive: a group or extra that is asked for need not be in each of its files */
};

/* What is to be read. */
struct source_file {
	const char *path; /* as given; "-" */
	const char *name; /* its last part; "stdin" */
	struct span text; /* its bytes; n 0 for a folder */
	bool folder;
};

typedef bool source_takes(const struct source_file *file);
typedef enum pipgate_status source_reader(struct gathering *gathering, const struct source_file *file, struct pipgate_error *error);

struct source {
	const char *name; /* "requirements" */
	/* Is this file of this kind, by its name or its first bytes? */
	source_takes *takes;
	/* The error says what is wrong, and names the file and line. Afterwards the inventory may hold a part: the audit ends. */
	source_reader *read;
};
extern const struct source sources[]; /* ends with a NULL name; the first that takes a file reads it */

/* Opens path (a file, a FIFO, "-", a folder) and gives it to the source that takes it; kind: the name of the one that must (-r),
 * NULL: any. */
enum pipgate_status source_read(struct gathering *gathering, const char *path, const char *kind, struct pipgate_error *error) PIPGATE_MUST_USE;
const struct source *source_find(const char *name);

/* The pip that is meant: found (no process is started), or with its interpreter asked (one start of Python). */
enum pipgate_status gathering_pip(struct gathering *gathering, bool probe, struct pipgate_error *error) PIPGATE_MUST_USE;

/* --index-url and --extra-index-url, as pip is told. */
void source_index_words(const struct source_settings *settings, struct words *words);
/* Opens a file and reads it whole (a FIFO, "-", too); of a folder only that it is one. */
enum pipgate_status source_open(struct gathering *gathering, const char *path, struct source_file *out, struct pipgate_error *error) PIPGATE_MUST_USE;
/* The inventory's marker variables: the interpreter's (by the files around it, else it is started), or the target's. */
enum pipgate_status gathering_markers(struct gathering *gathering, struct pipgate_error *error) PIPGATE_MUST_USE;

/* ---- the kinds: takes_NAME and read_NAME of each row ---- */

source_takes takes_environment, takes_requirements, takes_project;
source_reader read_environment, read_requirements, read_project;
source_takes takes_pip_list, takes_pip_inspect, takes_pip_report, takes_notebook;
source_reader read_pip_list, read_pip_inspect, read_pip_report, read_notebook;
source_takes takes_pylock, takes_uv_lock, takes_poetry_lock, takes_pdm_lock, takes_pipfile_lock, takes_conda_lock;
source_reader read_lock;

/* Installed distributions. */
enum pipgate_status source_environment(struct gathering *gathering, struct pipgate_error *error) PIPGATE_MUST_USE;   /* of the pip that is meant */
enum pipgate_status source_folder(struct gathering *gathering, const char *path, struct pipgate_error *error) PIPGATE_MUST_USE; /* --path DIR */
enum pipgate_status source_locked(struct gathering *gathering, const char *folder, struct pipgate_error *error) PIPGATE_MUST_USE; /* --locked */
/* Several files, resolved as one request. */
enum pipgate_status source_requirements(struct gathering *gathering, const struct source_file *files, size_t n, struct pipgate_error *error)
	PIPGATE_MUST_USE;

#endif
