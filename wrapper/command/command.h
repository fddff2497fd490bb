/* SPDX-License-Identifier: Apache-2.0 */
/* pipgate's own commands: one file each in this folder, one row each in command.c. */
#ifndef WRAPPER_COMMAND_H
#define WRAPPER_COMMAND_H

#include <stdbool.h>

#include "wrapper/status.h"

struct command {
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0] is the command's name; gives the exit status */
	const char *summary;               /* one line for `pipgate help` */
	const char *usage;                 /* what `pipgate help NAME` prints */
	bool own_help;                     /* it has a --help of its own; of the others it is that usage */
};

extern const struct command command_table[]; /* ends with a NULL name */
const struct command *command_find(const char *name); /* NULL: no such command */

/* ---- of commands that have commands of their own ---- */

bool command_is_help(const char *word); /* --help or -h */
/* Says that name is none of the ones ("new, sign, verify"), or that none was given; 42. */
int command_one_of(const char *command, const char *ones, const char *name);

int command_advisory(int argc, char **argv);
int command_audit(int argc, char **argv);
int command_baseline(int argc, char **argv);
int command_db(int argc, char **argv);
int command_debug(int argc, char **argv);
int command_decide(int argc, char **argv);
int command_disable(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_enable(int argc, char **argv);
int command_exception(int argc, char **argv);
int command_facts(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_help(int argc, char **argv);
int command_key(int argc, char **argv);
int command_match(int argc, char **argv);
int command_policy(int argc, char **argv);
int command_pip(int argc, char **argv);
int command_shell_init(int argc, char **argv);
int command_shims(int argc, char **argv);
int command_status(int argc, char **argv);
int command_why(int argc, char **argv);

#endif
