/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sources of an audit have found: the components, where each stands, what could not be audited and why.
 * Everything lives in the run. Text is as it came from outside: whoever shows it escapes it.
 */
#ifndef WRAPPER_SOURCE_INVENTORY_H
#define WRAPPER_SOURCE_INVENTORY_H

#include "wrapper/memory.h"

struct input { /* one thing that was asked about, in the order of asking */
	const char *kind;  /* the source's name: "environment", "requirements", "uv.lock" */
	const char *title; /* what the report's first line calls it: "environment /x/.venv (Python 3.11)", "requirements.txt" */
	const char *path;  /* of the file or folder as it was given; "-" is standard input */
	size_t broken;     /* installed distributions whose metadata has no readable name and version */
};

struct found { /* beside each component */
	size_t input;          /* index into the inputs */
	const char *file;      /* where it stands: the file that names it (a nested -r's own name), or its metadata's folder */
	size_t line;           /* 1, 2, … of that file; 0: no line */
	const char *installer; /* who installed it (INSTALLER): "pip", "debian"; NULL: not told */
	bool vendor;           /* the operating system's package manager looks after it: the vendor may have patched it */
	bool direct;           /* the input asks for it itself (as far as it tells) */
	bool known;            /* --against: was there at the revision; it is in the chains, and nothing is told of it */
};

struct drift { /* what an environment has otherwise than its lock */
	struct span name;
	struct span installed, locked; /* versions; n 0: not installed, not in the lock */
	const char *file;              /* the lock and its line, or where it is installed */
	size_t line;
};

struct skipped { /* was found and is not audited */
	struct span name;
	const char *reason; /* whole words, as pip-audit gives them where it has them */
	size_t input;
	const char *file;
	size_t line;
};

struct inventory {
	struct pipgate_run *run;
	struct list inputs;     /* of struct input */
	struct list components; /* of struct pipgate_component */
	struct list found;      /* of struct found, one a component */
	struct list skipped;    /* of struct skipped */
	struct list drifts;     /* of struct drift; each is told of in a note, too */
	struct list notes;      /* of const char *: what the reader of a report should know, whole sentences */
	struct pipgate_environment environment; /* the marker variables of what is audited; n 0: of no one machine */
};

/* The index of the new input. */
size_t inventory_input(struct inventory *inventory, const char *kind, const char *title, const char *path);
/* The component's name is made of its shown name where it has none. found.input is the input that came last, where it is 0. */
void inventory_add(struct inventory *inventory, struct pipgate_component component, struct found found);
void inventory_skip(struct inventory *inventory, struct span name, const char *reason, const char *file, size_t line);
void inventory_note(struct inventory *inventory, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
