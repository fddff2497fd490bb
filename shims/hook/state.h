/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one command of pip that is under way in this process. All of it is read and written with the GIL held; while the
 * decider is waited for the GIL is free, and events of other threads meet the phase that stood before.
 *
 *   OFF ── parse ─► PARSING ─► OFF ── begin ─► ARMED ── plan, allowed ─► ALLOWED ── end ─► OFF
 *                                                └───── refused ─► DENIED ◄──┘ └──── end ─► OFF
 */
#ifndef SHIMS_HOOK_STATE_H
#define SHIMS_HOOK_STATE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "shims/hook/python.h"

enum phase {
	PHASE_OFF,     /* no command that installs: events pass */
	PHASE_PARSING, /* pip reads its arguments, and may start another pip (--python) */
	PHASE_ARMED,   /* nothing may be written where things are installed */
	PHASE_ALLOWED, /* the plan was judged and may go on */
	PHASE_DENIED,  /* nothing may be created at all */
};

enum hook_status { /* as wrapper/status.h */
	HOOK_PIPS_OWN = 0,
	HOOK_BLOCKED = 40,
	HOOK_UNDECIDED = 41,
	HOOK_MISMATCH = 43,
};

struct texts {
	char **v;
	size_t n;
};

/* A file as it was when it was looked at: any change, also one that puts the times back, shows. */
struct seen {
	char *path;
	struct stat st;
	bool good; /* held against what was judged */
};

/* What pip prepares: a source archive, a folder, a repository. */
struct subject {
	char *file, *url, *name; /* NULL: none */
	bool vcs, folder;
};

struct state {
	pid_t pid; /* whose state this is: a forked child is not held */
	enum phase phase;
	int status;      /* of DENIED: what pip ends with */
	char why[320];   /* of DENIED: pip's own ERROR line */
	char *command;   /* "install", "download", "wheel", "lock" */
	char *road;      /* how pip was reached */
	bool dry_run;
	bool terminal; /* the outermost pip speaks to a person */
	long quiet;
	struct texts arguments;
	struct texts closed, opened; /* absolute folders */
	struct texts bundled;        /* SHA-256 of wheels that this Python carries, where pip may use no index */
	char *cache;                 /* pip's own */
	PyObject *sha256, *metadata; /* functions of the shim, by a descriptor */
	struct subject subject;
	struct texts asked; /* urls whose build code may run */
	char *judged;       /* records that decide wrote, one behind the other */
	size_t judged_n;
	struct seen *seen;
	size_t n_seen;
	struct texts built; /* file names of wheels that this command has built, or told of */
	struct texts fresh; /* folders that it has made */
	/* of the process, not of a command */
	PyObject *loader; /* text for python -c */
	char *runner;     /* the folder of the running pip */
	bool nested;      /* the last program that was started was a pip with the loader in it */
};
extern struct state state;

void state_begin(void);  /* forgets the command */
void state_forget(void); /* forgets everything: another process */
/* Both false: out of memory. */
bool texts_add(struct texts *texts, const char *text);
bool texts_add_list(struct texts *texts, PyObject *list);
bool texts_have(const struct texts *texts, const char *text);

#endif
