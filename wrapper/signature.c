/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/signature.h"

#include "shims/hook/protocol.h"
#include "wrapper/feed/transport.h"
#include "wrapper/keep.h"

#include "matcher/base/banned.h"

#define DEADLINE_MS 60000u   /* some gigabytes from a slow disk */
#define PUBLIC_KEY_CHARS 56u /* of its base64, which begins with "RW" */

/* ---- what the job answers ---- */

struct wanted { /* an ITEM by its name; ends with a NULL name */
	const char *name;
	struct span *out;
};
struct asked {
	struct pipgate_run *run;
	const struct wanted *wanted;
	unsigned seen;
};

static enum pipgate_status item_take(void *ctx, struct span name, struct span body, struct pipgate_error *error)
{
	struct asked *a = ctx;

	for (size_t i = 0; a->wanted[i].name; i++) {
		if (!span_is(name, a->wanted[i].name) || a->seen >> i & 1)
			continue;
		a->seen |= 1u << i;
		*a->wanted[i].out = must_span(arena_copy(a->run, body.n ? body : SPAN("")));
		return PIPGATE_OK;
	}
	return error_set(error, PIPGATE_FAILED, "pipgate-fetch: sent what was not asked for");
}

/* OK: each of the wanted came, once. */
static enum pipgate_status ask(struct pipgate_run *run, struct transport_job *job, const struct wanted *wanted, struct pipgate_error *error)
{
	struct asked asked = {.run = run, .wanted = wanted};
	const struct transport_sink sink = {.ctx = &asked, .item = item_take};
	struct transport_result result;
	enum pipgate_status status;
	size_t n = 0;

	while (wanted[n].name)
		n++;
	job->deadline_ms = DEADLINE_MS;
	status = transport_run(job, &sink, &result, error);
	if (status == PIPGATE_OK && asked.seen != (1u << n) - 1)
		status = error_set(error, PIPGATE_FAILED, "pipgate-fetch: did not send all that was asked for");
	return status;
}

/* ---- the three of them ---- */

static enum pipgate_status verify(struct pipgate_run *run, struct transport_job *job, struct signature_words *out, struct pipgate_error *error)
{
	struct signature_words words;
	const struct wanted wanted[] = {{FETCH_ITEM_KEY_ID, &words.key}, {FETCH_ITEM_COMMENT, &words.comment}, {0}};
	enum pipgate_status status;

	job->verb = "verify";
	status = ask(run, job, wanted, error);
	if (status == PIPGATE_OK)
		*out = words;
	return status;
}

enum pipgate_status signature_verify(struct pipgate_run *run, struct span bytes, struct span signature, struct span public_key,
	struct signature_words *out, struct pipgate_error *error)
{
	return verify(run, &(struct transport_job){.body = bytes, .signature = signature, .public_key = public_key}, out, error);
}

enum pipgate_status signature_verify_file(struct pipgate_run *run, const char *path, struct span signature, struct span public_key,
	struct signature_words *out, struct pipgate_error *error)
{
	return verify(run, &(struct transport_job){.place = span_of(path), .signature = signature, .public_key = public_key}, out, error);
}

static enum pipgate_status sign(struct pipgate_run *run, struct transport_job *job, struct span *out, struct pipgate_error *error)
{
	struct span text;
	const struct wanted wanted[] = {{FETCH_ITEM_SIGNATURE, &text}, {0}};
	enum pipgate_status status;

	job->verb = "sign";
	status = ask(run, job, wanted, error);
	if (status == PIPGATE_OK)
		*out = text;
	return status;
}

enum pipgate_status signature_sign(struct pipgate_run *run, struct span bytes, struct span secret_key, struct span comment,
	struct span *out, struct pipgate_error *error)
{
	return sign(run, &(struct transport_job){.body = bytes, .secret_key = secret_key, .comment = comment}, out, error);
}

enum pipgate_status signature_sign_file(struct pipgate_run *run, const char *path, struct span secret_key, struct span comment,
	struct span *out, struct pipgate_error *error)
{
	return sign(run, &(struct transport_job){.place = span_of(path), .secret_key = secret_key, .comment = comment}, out, error);
}

enum pipgate_status signature_pair(struct pipgate_run *run, struct span *secret_key, struct span *public_key, struct pipgate_error *error)
{
	struct span secret, public;
	const struct wanted wanted[] = {{FETCH_ITEM_SECRET_KEY, &secret}, {FETCH_ITEM_PUBLIC_KEY, &public}, {0}};
	enum pipgate_status status = ask(run, &(struct transport_job){.verb = "keygen"}, wanted, error);

	if (status == PIPGATE_OK) {
		*secret_key = secret;
		*public_key = public;
	}
	return status;
}

enum pipgate_status signature_public_key(struct pipgate_run *run, const char *word, struct span *out, struct pipgate_error *error)
{
	struct span text = span_of(word);

	if (text.n == PUBLIC_KEY_CHARS && span_starts(text, SPAN("RW"))) {
		*out = must_span(arena_copy(run, text));
		return PIPGATE_OK;
	}
	return keep_file(run, word, SIGNATURE_KEY_BYTES, out, error);
}
