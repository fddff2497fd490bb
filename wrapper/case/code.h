/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A short name for a judgement, to be said on the telephone: "PG-7K3Q2". Made of what it is about (distribution, version, id or rule),
 * so the same block has the same code on every machine. It names, it proves nothing.
 */
#ifndef WRAPPER_CASE_CODE_H
#define WRAPPER_CASE_CODE_H

#include "wrapper/decide.h"

#define CODE_PREFIX "PG-"
#define CODE_LETTERS 5 /* 33 million: two of one organisation's blocks hardly meet */
#define CODE_BYTES (sizeof(CODE_PREFIX) + CODE_LETTERS)

/* Gives out back. */
const char *code_of(const struct audit *audit, const struct pipgate_judgement *judgement, char out[CODE_BYTES]);
/* text as a code is written, in any case of letters, O for 0 and I or L for 1. false: it is none. */
bool code_read(const char *text, char out[CODE_BYTES]);
/* The judgement with this code that is no allow; NULL: none. */
const struct pipgate_judgement *code_find(const struct audit *audit, const char *code);

#endif
