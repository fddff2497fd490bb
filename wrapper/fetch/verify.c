/* SPDX-License-Identifier: Apache-2.0 */
/* The verb verify: a minisign signature of the job's bytes by a public key, and of its trusted comment. */
#include "wrapper/fetch/message.h"
#include "wrapper/fetch/sign.h"

#include "matcher/base/banned.h"

static enum pipgate_status refused(struct fetch *fetch, const char *why)
{
	return fetch_fail(fetch, FETCH_CLASS_SIGNATURE, "%s", why);
}

static enum pipgate_status texts_read(struct fetch *fetch, struct minisign_public *key, struct minisign_signature *signature)
{
	const char *wrong = minisign_public_read(span_of(fetch->job->public_key), key);
	char of[MINISIGN_ID_TEXT], is[MINISIGN_ID_TEXT];

	if (!wrong)
		wrong = minisign_signature_read(span_of(fetch->job->signature), signature);
	if (wrong)
		return refused(fetch, wrong);
	if (memcmp(key->id, signature->id, sizeof(key->id)) != 0)
		return fetch_fail(fetch, FETCH_CLASS_SIGNATURE, "signed by another key: by %s, and not by %s", minisign_id_text(signature->id, of),
				  minisign_id_text(key->id, is));
	return PIPGATE_OK;
}

static enum pipgate_status message_judge(struct fetch *fetch, const struct minisign_public *key, const struct minisign_signature *signature)
{
	char room[MINISIGN_SIGNATURE + MINISIGN_COMMENT_MAX];
	struct message message;
	enum pipgate_status status = message_read(fetch, signature->hashed, &message);

	if (status == PIPGATE_OK && !minisign_holds(key->key, message.bytes, signature->of_bytes))
		status = refused(fetch, "wrong: these are not the bytes that were signed, or it was not this key");
	if (status == PIPGATE_OK && !minisign_holds(key->key, minisign_global(signature, room), signature->of_comment))
		status = refused(fetch, "wrong: the trusted comment is not the one that was signed");
	message_fini(&message);
	return status;
}

enum pipgate_status verify_run(struct fetch *fetch)
{
	struct minisign_signature signature;
	struct minisign_public key;
	char id[MINISIGN_ID_TEXT];

	if (texts_read(fetch, &key, &signature) != PIPGATE_OK || message_judge(fetch, &key, &signature) != PIPGATE_OK ||
	    fetch_item(fetch, SPAN(FETCH_ITEM_KEY_ID), span_of(minisign_id_text(key.id, id))) != PIPGATE_OK)
		return PIPGATE_FAILED;
	return fetch_item(fetch, SPAN(FETCH_ITEM_COMMENT), signature.comment);
}
