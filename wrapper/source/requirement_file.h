/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A requirements file and what it names, read as pip reads it (pip's documentation, "Requirements File Format", and what its reader
 * does beside): nested -r and -c, options of a line, requirements that are paths and addresses. Nothing is resolved and no process is
 * started. Not the text (requirement_text.h), not the words of options (requirement_options.h).
 */
#ifndef WRAPPER_SOURCE_REQUIREMENT_FILE_H
#define WRAPPER_SOURCE_REQUIREMENT_FILE_H

#include "wrapper/memory.h"

enum requirement_kind {
	REQUIREMENT_NAMED = 1, /* PEP 508: parsed */
	REQUIREMENT_PLACE,     /* a path or an address without a name; of parsed only the marker */
	REQUIREMENT_EDITABLE,  /* -e: text is the path or address */
};

struct requirement_row { /* one requirement of a line */
	enum requirement_kind kind;
	const char *file;
	size_t line;            /* of its first line, from 1 */
	size_t lines;           /* how many it takes, with what continues it */
	bool constraint;        /* of a file named by -c */
	struct span text;       /* without comment and options */
	struct pipgate_requirement parsed;
	struct span name;       /* normalized; empty where a place tells none */
	struct span pin;        /* the version of a requirement that only one can meet (==1.0, ===1.0); empty: it is not pinned */
	const struct span *hashes; /* "sha256:…" */
	size_t n_hashes;
	struct span logical;    /* the bytes of its line or lines in the file's text, with comment and line ends */
};

struct requirement_text { /* one file that was read */
	const char *path;
	struct span bytes;      /* as they stand in the file */
	bool utf8;              /* rows' logical point into these bytes; else into a copy in UTF-8 */
};

struct requirement_reference { /* a line that names a file: -r, -c */
	size_t text;            /* index of the text in which it stands */
	struct span logical;
	bool constraint;
	const char *path;       /* from this process' folder */
};

struct requirement_files {
	struct pipgate_run *run;
	struct list rows;       /* of struct requirement_row, in pip's order */
	struct list texts;      /* of struct requirement_text */
	struct list references; /* of struct requirement_reference */
	struct list options;    /* of const char *: words for pip that the files give (--index-url URL, --pre, …) */
	bool require_hashes;    /* by option, or because a requirement has a hash */
	bool remote;            /* names a file at an address, which pip alone reads */
};

/* Reads a file and adds it with what it names. INVALID: what, file and line. */
enum pipgate_status requirement_file_read(struct requirement_files *files, const char *path, struct pipgate_error *error) PIPGATE_MUST_USE;
/* The same of bytes that were read already. */
enum pipgate_status requirement_file_add(struct requirement_files *files, const char *path, struct span text,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* Is it a regular file, which can be read twice? (No pipe, and not "-".) */
bool requirement_file_stays(const char *path);
/* One line as it would stand in such a file: of a notebook, of a project's table. at: where it really stands. */
enum pipgate_status requirement_line_add(struct requirement_files *files, const char *path, size_t line, struct span text,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* All hold one version of each, and nothing but named requirements whose markers need no resolving. */
bool requirement_files_pinned(const struct requirement_files *files);
/* Every requirement has a hash. */
bool requirement_files_hashed(const struct requirement_files *files);

#endif
