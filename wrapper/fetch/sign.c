/* SPDX-License-Identifier: Apache-2.0 */
/* The verb sign: a prehashed minisign signature of the job's bytes, and of its trusted comment. */
#include "wrapper/fetch/sign.h"

#include <openssl/crypto.h>

#include "wrapper/fetch/message.h"

#include "matcher/base/banned.h"

static enum pipgate_status make(struct fetch *fetch, const struct minisign_secret *key, struct span message, struct buf *out)
{
	struct minisign_signature signature = {.hashed = true, .comment = span_of(fetch->job->comment)};
	char room[MINISIGN_SIGNATURE + MINISIGN_COMMENT_MAX];

	memcpy(signature.id, key->id, sizeof(key->id));
	if (!minisign_make(key->seed, message, signature.of_bytes) ||
	    !minisign_make(key->seed, minisign_global(&signature, room), signature.of_comment))
		return fetch_fail(fetch, FETCH_CLASS_SIGNATURE, "libcrypto cannot sign");
	minisign_signature_write(out, &signature);
	if (buf_status(out) != PIPGATE_OK)
		return fetch_fail(fetch, FETCH_CLASS_LIMIT, "out of memory");
	return fetch_item(fetch, SPAN(FETCH_ITEM_SIGNATURE), buf_view(out));
}

static enum pipgate_status sign_with(struct fetch *fetch, const struct minisign_secret *key)
{
	struct message message;
	struct buf text;
	enum pipgate_status status = message_read(fetch, true, &message);

	buf_init(&text, NULL, MINISIGN_COMMENT_MAX + 1024);
	if (status == PIPGATE_OK)
		status = make(fetch, key, message.bytes, &text);
	buf_fini(&text);
	message_fini(&message);
	return status;
}

enum pipgate_status sign_run(struct fetch *fetch)
{
	struct minisign_secret key;
	const char *wrong = minisign_comment_fault(span_of(fetch->job->comment));
	enum pipgate_status status;

	if (!wrong)
		wrong = minisign_secret_read(span_of(fetch->job->secret_key), &key);
	status = wrong ? fetch_fail(fetch, FETCH_CLASS_SIGNATURE, "%s", wrong) : sign_with(fetch, &key);
	OPENSSL_cleanse(&key, sizeof(key));
	return status;
}
