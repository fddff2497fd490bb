/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures in minisign's formats (Ed25519), made and verified by pipgate-fetch, as this program links no libcrypto. All texts
 * are those of minisign's files. Verified are signatures of the bytes (Ed) and of their BLAKE2b-512 digest (ED); made are those
 * of the digest. What is given out lives as long as the run.
 *
 * Errors of status INVALID read "signature: what is wrong"; another status: nothing could be judged.
 */
#ifndef WRAPPER_SIGNATURE_H
#define WRAPPER_SIGNATURE_H

#include "wrapper/memory.h"

struct signature_words { /* covered by the signature */
	struct span comment; /* the trusted comment; text from outside */
	struct span key;     /* id of the key, 16 hexadecimal digits */
};

/* bytes: at most 16 MiB. OK: the key of this text has signed them, and the trusted comment. */
enum pipgate_status signature_verify(struct pipgate_run *run, struct span bytes, struct span signature, struct span public_key,
	struct signature_words *out, struct pipgate_error *error) PIPGATE_MUST_USE;
/* The same of a regular file, no symbolic link. */
enum pipgate_status signature_verify_file(struct pipgate_run *run, const char *path, struct span signature, struct span public_key,
	struct signature_words *out, struct pipgate_error *error) PIPGATE_MUST_USE;

enum pipgate_status signature_sign(struct pipgate_run *run, struct span bytes, struct span secret_key, struct span comment,
	struct span *out, struct pipgate_error *error) PIPGATE_MUST_USE;
enum pipgate_status signature_sign_file(struct pipgate_run *run, const char *path, struct span secret_key, struct span comment,
	struct span *out, struct pipgate_error *error) PIPGATE_MUST_USE;

/* A new pair; the secret one is not encrypted. */
enum pipgate_status signature_pair(struct pipgate_run *run, struct span *secret_key, struct span *public_key,
	struct pipgate_error *error) PIPGATE_MUST_USE;

/* A public key as an option gives it: the base64 of one, else the name of its file. Whether it is a key is judged by verify. */
enum pipgate_status signature_public_key(struct pipgate_run *run, const char *word, struct span *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;

#define SIGNATURE_SUFFIX ".minisig"
#define SIGNATURE_BYTES ((size_t)12 << 10) /* of a signature's text: what pipgate-fetch takes */
#define SIGNATURE_KEY_BYTES ((size_t)1 << 10)

#endif
