/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys and signatures in minisign's formats (Ed25519), read strictly and written. Knows no file; the mathematics are
 * libcrypto's. What is read comes from outside: each reader gives NULL where the text is good, else what is wrong with it.
 */
#ifndef FETCH_MINISIGN_H
#define FETCH_MINISIGN_H

#include "matcher/base/buf.h"

#define MINISIGN_COMMENT_MAX 8192u /* of a trusted comment, minisign's own bound */
#define MINISIGN_DIGEST 64u        /* BLAKE2b-512 */
#define MINISIGN_SIGNATURE 64u

struct minisign_public {
	unsigned char id[8], key[32];
};
struct minisign_secret {
	unsigned char id[8], seed[32];
	unsigned char public[32]; /* belongs to the seed: that was checked */
};
struct minisign_signature {
	unsigned char id[8], of_bytes[MINISIGN_SIGNATURE], of_comment[MINISIGN_SIGNATURE];
	bool hashed;         /* ED: of the BLAKE2b-512 digest; else Ed: of the bytes themselves */
	struct span comment; /* the trusted one; borrowed from the text */
};

/* A file of two lines, or its second line alone. */
const char *minisign_public_read(struct span text, struct minisign_public *out) PIPGATE_MUST_USE;
/* An unencrypted one. The caller cleanses *out. */
const char *minisign_secret_read(struct span text, struct minisign_secret *out) PIPGATE_MUST_USE;
const char *minisign_signature_read(struct span text, struct minisign_signature *out) PIPGATE_MUST_USE;

/* NULL: UTF-8 on one line without control characters (tabs are none), not too long. */
const char *minisign_comment_fault(struct span comment) PIPGATE_MUST_USE;

void minisign_public_write(struct buf *out, const struct minisign_public *key);
void minisign_secret_write(struct buf *out, const struct minisign_secret *key);
void minisign_signature_write(struct buf *out, const struct minisign_signature *signature);
#define MINISIGN_ID_TEXT 17
/* As people and minisign's comments write it: 16 hexadecimal digits. */
const char *minisign_id_text(const unsigned char id[8], char out[MINISIGN_ID_TEXT]);

/* ---- Ed25519 ---- */

/* The seed's public key. false: libcrypto failed. */
bool minisign_derive(const unsigned char seed[32], unsigned char public[32]) PIPGATE_MUST_USE;
bool minisign_make(const unsigned char seed[32], struct span message, unsigned char out[MINISIGN_SIGNATURE]) PIPGATE_MUST_USE;
/* true: it is this key's signature of this message. */
bool minisign_holds(const unsigned char public[32], struct span message, const unsigned char signature[MINISIGN_SIGNATURE]) PIPGATE_MUST_USE;
/* What the global signature is of: the signature's bytes and the trusted comment behind them. Borrowed from room. */
struct span minisign_global(const struct minisign_signature *signature, char room[MINISIGN_SIGNATURE + MINISIGN_COMMENT_MAX]);

#endif
