/* SPDX-License-Identifier: Apache-2.0 */
/* The words that a gate report has for values of the matcher, both ways: report/json.c writes them, case/read.c reads them. */
#ifndef WRAPPER_CASE_WORDS_H
#define WRAPPER_CASE_WORDS_H

#include "matcher/pipgate.h"

/* The word of a value; NULL behind the last of them. */
typedef const char *word_of(unsigned value);

word_of word_action;  /* "block" */
word_of word_origin;  /* "index" */
word_of word_rule;    /* "severity"; 0: "none" */
word_of word_pardon;  /* "exception" */
word_of word_status;  /* of a project: "archived" */
word_of word_kind;    /* of an index: "private" */

#endif
