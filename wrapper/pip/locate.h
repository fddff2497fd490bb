/* SPDX-License-Identifier: Apache-2.0 */
/* Which pip is meant: that of the activated environment, the next on PATH that is not a link to us, or --gate-python's. */
#ifndef WRAPPER_PIP_LOCATE_H
#define WRAPPER_PIP_LOCATE_H

#include "wrapper/memory.h"

/* Words in every binary of this program, by which one tells another from a pip. */
#define PIPGATE_IS "a gate in front of pip. What pip would install is audited before it is installed."

struct pip {
	char **words;     /* how it is started, NULL-ended: a script, or an interpreter with a few lines */
	size_t n_words;
	char *script;     /* NULL: started through the interpreter */
	char *python;     /* the interpreter, as far as it is known without starting one; NULL: not yet */
	char *name;       /* what the user called: "pip3.11" */
	/* after pip_probe() */
	bool probed;
	unsigned major, minor; /* of pip's version */
	char *version;
	char *python_version;  /* "3.11.7" */
	char *stdlib;          /* the standard library's folder */
	bool virtual_environment;
	char **path;           /* sys.path as this pip sees it, NULL-ended */
};

/* python: --gate-python or NULL. FAILED: none was found, and where it was looked for. */
enum pipgate_status pip_locate(struct pipgate_run *run, const char *name, const char *python, struct pip *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* The interpreter that runs this pip, as far as can be told without starting one; NULL: none is found. */
char *pip_interpreter(struct pipgate_run *run, const struct pip *pip);
/* That of any script, by its first lines. NULL: a shell shim, a binary. */
char *script_interpreter(struct pipgate_run *run, const char *script);
/* A program by its name on PATH (relative folders are passed over), or by its path. NULL: there is none. */
char *program_on_path(struct pipgate_run *run, const char *name);
/* Is it this program, a link to it, or another copy of it? */
bool pip_is_ours(const char *path);
/* Starts the interpreter once (12–20 ms) to learn the rest. */
enum pipgate_status pip_probe(struct pipgate_run *run, struct pip *pip, struct pipgate_error *error) PIPGATE_MUST_USE;
/* pip's own --python (an interpreter or an environment's folder): pip->path and the like become that interpreter's. */
enum pipgate_status pip_retarget(struct pipgate_run *run, struct pip *pip, const char *target, struct pipgate_error *error) PIPGATE_MUST_USE;
/* The marker variables of the interpreter (PEP 508), for pips that do not report them. */
enum pipgate_status pip_environment(struct pipgate_run *run, const struct pip *pip, struct pipgate_environment *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* What a few lines of Python print in this interpreter (sys is imported, the current folder is not on sys.path). */
enum pipgate_status python_ask(struct pipgate_run *run, char *python, const char *lines, struct span *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* Is pip's version at least this? */
static inline bool pip_at_least(const struct pip *pip, unsigned major, unsigned minor)
{
	return pip->major > major || (pip->major == major && pip->minor >= minor);
}

#endif
