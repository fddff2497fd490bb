/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pip's command line, read as pip's own parser reads it (optparse: abbreviated long options, clusters of short ones,
 * values joined or apart), as far as the gate must know it. Options that are not in the table are kept as they stand.
 */
#ifndef WRAPPER_PIP_ARGUMENTS_H
#define WRAPPER_PIP_ARGUMENTS_H

#include "wrapper/memory.h"

/* What an option means to the gate. */
enum role {
	ROLE_NONE = 0,
	ROLE_REPORT,
	ROLE_DRY_RUN,
	ROLE_HELP,
	ROLE_QUIET,
	ROLE_REQUIREMENT, /* a requirements file */
	ROLE_CONSTRAINT,
	ROLE_EDITABLE,
	ROLE_TARGET,      /* --target, --prefix, --root: not the environment of pip itself */
	ROLE_DESTINATION, /* where download, wheel and lock put their files */
	ROLE_PYTHON,
	ROLE_PLATFORM,    /* resolves for another machine */
	ROLE_NO_CACHE,
	ROLE_NO_DEPS,
	ROLE_IGNORE_INSTALLED,
	ROLE_BREAK_SYSTEM,
	ROLE_INDEX,       /* where distributions are looked for */
	ROLE_HASHES,
};

enum pip_command_bit {
	PIP_INSTALL = 1,
	PIP_DOWNLOAD = 2,
	PIP_WHEEL = 4,
	PIP_LOCK = 8,
	PIP_GENERAL = 16, /* stands before the command, too */
	PIP_ALL = PIP_INSTALL | PIP_DOWNLOAD | PIP_WHEEL | PIP_LOCK,
};

struct pip_option {
	const char *names; /* long ones, separated by a space, without dashes */
	char letter;       /* short one, 0 for none */
	bool value;        /* takes one */
	enum role role;
	unsigned commands;
};

struct argument {
	const struct pip_option *option; /* NULL: a positional word, or an option that is not known */
	bool positional;
	const char *value;    /* of a positional word: itself; NULL where there is none */
	const char *words[2]; /* as pip is given it; clusters come apart */
	size_t n_words;
};

struct arguments {
	const struct argument *v;
	size_t n;
	size_t end;    /* the first argument behind "--", n where there is none */
	size_t used;   /* words read */
	bool complete; /* false: the last option lacks its value, pip will refuse the whole */
	bool certain;  /* false: an option is not known, or abbreviated so that options with and without a value fit: this pip may
	                  read the line otherwise, and nothing may be passed on because of how it was read here */
};

/* Reads words[0..] up to NULL. command: one bit of pip_command_bit; PIP_GENERAL stops before the first positional word. */
void arguments_read(struct pipgate_run *run, char *const *words, unsigned command, struct arguments *out);
/* The last one with this role, NULL: none. */
const struct argument *arguments_last(const struct arguments *arguments, enum role role);
/* Appends the words of one argument. */
void words_add_argument(struct words *words, const struct argument *argument);
/* The option's main name with its dashes, "--requirement". */
const char *option_name(struct pipgate_run *run, const struct pip_option *option);

#endif
