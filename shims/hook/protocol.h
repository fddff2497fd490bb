/* SPDX-License-Identifier: Apache-2.0 */
/* How the programs speak to each other: constants alone, no code (docs/protocol.md tells the forms). */
#ifndef SHIMS_HOOK_PROTOCOL_H
#define SHIMS_HOOK_PROTOCOL_H

#define PROTOCOL_VERSION "1"
#define PROTOCOL_OPTION "--protocol=" PROTOCOL_VERSION

/* ---- pipgate → pipgate-fetch ---- */

/* A frame on pipgate-fetch's stdout: this header, little endian and packed, then name, then body. */
#define FETCH_HEADER_BYTES 24 /* tag[4] job:u32 name_len:u32 zero:u32 body_len:u64 */
#define FETCH_ITEM_MAX ((uint64_t)16 << 20)
#define FETCH_NAME_MAX 4096u
#define FETCH_HELO "HELO"
#define FETCH_META "META"
#define FETCH_ITEM "ITEM"
#define FETCH_NOTE "NOTE"
#define FETCH_SKIP "SKIP"
#define FETCH_FAIL "FAIL"
#define FETCH_DONE "DONE"
#define FETCH_DONE_BYTES 48 /* body of DONE: items:u64 bytes:u64, little endian, sha256[32] over all bodies in order */
#define FETCH_TEXT_MAX 4096u /* body of HELO, META, NOTE, SKIP and FAIL */

/* The name of a FAIL frame. */
#define FETCH_CLASS_JOB "job"         /* the job itself is malformed */
#define FETCH_CLASS_FILE "file"       /* a local place cannot be read, or no temporary file be made */
#define FETCH_CLASS_NETWORK "network"
#define FETCH_CLASS_HTTP "http"
#define FETCH_CLASS_TLS "tls"
#define FETCH_CLASS_ARCHIVE "archive"
#define FETCH_CLASS_LIMIT "limit"     /* bytes, entries, ratio or deadline */
#define FETCH_CLASS_UNCHANGED "unchanged"
#define FETCH_CLASS_SIGNATURE "signature" /* of verify, sign and keygen: a signature, key or comment that is refused */
#define FETCH_ANSWERED "the server answered " /* the text of an http failure begins so where a status is the reason, with its number */

/* A job on pipgate-fetch's stdin: all fields but the body together, and the body behind them. */
#define FETCH_JOB_MAX ((uint64_t)32 << 10)
#define FETCH_BODY_MAX ((uint64_t)16 << 20)
#define FETCH_KEY_MAX 1024u        /* public-key, secret-key: two lines */
#define FETCH_COMMENT_MAX 8192u    /* comment: minisign's own bound */
#define FETCH_SIGNATURE_MAX 12288u /* signature: four lines, the trusted comment one of them */

/* The names of the ITEMs of verify, sign and keygen. */
#define FETCH_ITEM_KEY_ID "key-id"
#define FETCH_ITEM_COMMENT "trusted-comment"
#define FETCH_ITEM_SIGNATURE "signature"
#define FETCH_ITEM_SECRET_KEY "secret-key"
#define FETCH_ITEM_PUBLIC_KEY "public-key"

/* ---- hook → pipgate decide --protocol=1 ---- */

#define DECIDE_PROTOCOL 1 /* PROTOCOL_VERSION as a number: what the object says to the shim */

enum decide_descriptor {
	DECIDE_FD_KEYS = 3,   /* memfd: key=value, each ended by a NUL */
	DECIDE_FD_REPORT = 4, /* memfd: pip's report; empty where no plan is judged */
	DECIDE_FD_ANSWER = 5, /* pipe: one line, then the end */
	DECIDE_FD_JUDGED = 6, /* memfd: what was judged, or why it is blocked, where the key judged=6 asks for it */
	DECIDE_FD_REST = 7,   /* nothing from here on */
};

#define DECIDE_KEYS_MAX ((size_t)64 << 10)
#define DECIDE_REPORT_MAX ((size_t)256 << 20)
#define DECIDE_JUDGED_MAX ((size_t)64 << 20)
#define DECIDE_ANSWER_MAX 64
#ifndef DECIDE_DEADLINE_SECONDS /* a test has less patience */
#define DECIDE_DEADLINE_SECONDS 60
#endif

#define DECIDE_ALLOW "pipgate " PROTOCOL_VERSION " allow 0\n"
#define DECIDE_BLOCK "pipgate " PROTOCOL_VERSION " block 40\n"
#define DECIDE_ERROR "pipgate " PROTOCOL_VERSION " error 41\n"

#endif
