/* SPDX-License-Identifier: Apache-2.0 */
/* The verb keygen: a new pair of keys. */
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "wrapper/fetch/minisign.h"
#include "wrapper/fetch/sign.h"

#include "matcher/base/banned.h"

#define TEXT_MAX ((size_t)1024) /* of a key: two lines of some hundred characters */

static bool make(struct minisign_secret *secret, struct minisign_public *public)
{
	if (RAND_bytes(secret->id, sizeof(secret->id)) != 1 || RAND_priv_bytes(secret->seed, sizeof(secret->seed)) != 1 ||
	    !minisign_derive(secret->seed, secret->public))
		return false;
	memcpy(public->id, secret->id, sizeof(public->id));
	memcpy(public->key, secret->public, sizeof(public->key));
	return true;
}

static enum pipgate_status send_text(struct fetch *fetch, struct span name, struct buf *text)
{
	enum pipgate_status status = buf_status(text);

	status = status == PIPGATE_OK ? fetch_item(fetch, name, buf_view(text)) : fetch_fail(fetch, FETCH_CLASS_LIMIT, "out of memory");
	if (text->p)
		OPENSSL_cleanse(text->p, text->n);
	buf_clear(text);
	return status;
}

enum pipgate_status keygen_run(struct fetch *fetch)
{
	struct minisign_secret secret;
	struct minisign_public public;
	enum pipgate_status status;
	struct buf text;

	if (!make(&secret, &public))
		return fetch_fail(fetch, FETCH_CLASS_SIGNATURE, "libcrypto cannot make a key");
	frames_meta(fetch->out, SPAN(""), SPAN(""), -1, -1, 0);
	buf_init(&text, NULL, TEXT_MAX);
	minisign_secret_write(&text, &secret);
	status = send_text(fetch, SPAN(FETCH_ITEM_SECRET_KEY), &text);
	minisign_public_write(&text, &public);
	if (status == PIPGATE_OK)
		status = send_text(fetch, SPAN(FETCH_ITEM_PUBLIC_KEY), &text);
	buf_fini(&text);
	OPENSSL_cleanse(&secret, sizeof(secret));
	return status;
}
