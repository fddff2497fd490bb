/* SPDX-License-Identifier: Apache-2.0 */
/* The roads of `pipgate status`: ways by which a user of this environment reaches a pip. */
#ifndef WRAPPER_COMMAND_STATUS_H
#define WRAPPER_COMMAND_STATUS_H

#include "wrapper/memory.h"

enum road_state {
	ROAD_COVERED = 1,
	ROAD_OPEN,
	ROAD_NOT_COVERABLE,
};

struct road {
	const char *road;    /* "python3 -m pip" */
	enum road_state state;
	const char *how;     /* what covers it, or why nothing does */
	const char *program; /* the file that is started, NULL: none */
	const char *close;   /* open: the command that closes it; else NULL */
};

/* Runs each interpreter that is met once. roads: of struct road. */
void roads_walk(struct pipgate_run *run, struct list *roads);

/* ---- between the files of this command ---- */

/* The folders that sudo would have on PATH. NULL: *why tells. "": as they are. */
char *sudo_path(struct pipgate_run *run, const char **why);

#endif
