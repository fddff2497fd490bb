/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of signatures: a file each. They open no connection. */
#ifndef FETCH_SIGN_H
#define FETCH_SIGN_H

#include "wrapper/fetch/run.h"

/* Each sends META and ITEMs. FAILED: the fetch holds class (signature, where a text or a signature is refused) and text. */
enum pipgate_status verify_run(struct fetch *fetch) PIPGATE_MUST_USE; /* key-id and trusted-comment, of what was verified */
enum pipgate_status sign_run(struct fetch *fetch) PIPGATE_MUST_USE;   /* signature: the text of four lines */
enum pipgate_status keygen_run(struct fetch *fetch) PIPGATE_MUST_USE; /* secret-key and public-key: texts of two lines */

#endif
