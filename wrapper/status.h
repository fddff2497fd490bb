/* SPDX-License-Identifier: Apache-2.0 */
/* Exit statuses of the program (docs/exit-status.md). pip's own pass through untouched. */
#ifndef WRAPPER_STATUS_H
#define WRAPPER_STATUS_H

enum exit_status {
	EXIT_OK = 0,
	EXIT_NO = 1,         /* the answer of a question is no */
	EXIT_BLOCKED = 40,   /* blocked by policy */
	EXIT_UNDECIDED = 41, /* could not decide, or a command failed */
	EXIT_USAGE = 42,     /* bad configuration or usage */
	EXIT_MISMATCH = 43,  /* what pip was about to install, or did, is not what had been audited */
};

#endif
