/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/fetch/job.h"

#include <inttypes.h>
#include <stdlib.h>

#include "matcher/base/error.h"

#include "matcher/base/banned.h"

enum field_kind { FIELD_TEXT, FIELD_NUMBER, FIELD_VERB };

static const struct field {
	const char *key;
	enum field_kind kind;
	size_t at;
	uint64_t least, most; /* of a number, or of a text's length */
} fields[] = {
	{"verb", FIELD_VERB, 0, 0, 0},
	{"place", FIELD_TEXT, offsetof(struct job, place), 0, FETCH_NAME_MAX},
	{"etag", FIELD_TEXT, offsetof(struct job, etag), 0, FETCH_NAME_MAX},
	{"suffix", FIELD_TEXT, offsetof(struct job, suffix), 0, FETCH_NAME_MAX},
	{"prefix", FIELD_TEXT, offsetof(struct job, prefix), 0, FETCH_NAME_MAX},
	{"accept", FIELD_TEXT, offsetof(struct job, accept), 0, FETCH_NAME_MAX},
	{"authority", FIELD_TEXT, offsetof(struct job, authority), 0, FETCH_NAME_MAX},
	{"client", FIELD_TEXT, offsetof(struct job, client), 0, FETCH_NAME_MAX},
	{"proxy", FIELD_TEXT, offsetof(struct job, proxy), 0, FETCH_NAME_MAX},
	{"netrc", FIELD_NUMBER, offsetof(struct job, netrc), 0, 1},
	{"trusted", FIELD_NUMBER, offsetof(struct job, trusted), 0, 1},
	{"signature", FIELD_TEXT, offsetof(struct job, signature), 0, FETCH_SIGNATURE_MAX},
	{"public-key", FIELD_TEXT, offsetof(struct job, public_key), 0, FETCH_KEY_MAX},
	{"secret-key", FIELD_TEXT, offsetof(struct job, secret_key), 0, FETCH_KEY_MAX},
	{"comment", FIELD_TEXT, offsetof(struct job, comment), 0, FETCH_COMMENT_MAX},
	{"max-bytes", FIELD_NUMBER, offsetof(struct job, max_bytes), 1, (uint64_t)4 << 30},
	{"max-entries", FIELD_NUMBER, offsetof(struct job, max_entries), 1, 10000000},
	{"max-ratio", FIELD_NUMBER, offsetof(struct job, max_ratio), 1, 100000},
	{"deadline-ms", FIELD_NUMBER, offsetof(struct job, deadline_ms), 1, 3600000},
	{"body-bytes", FIELD_NUMBER, offsetof(struct job, body_bytes), 0, FETCH_BODY_MAX},
	{"together", FIELD_NUMBER, offsetof(struct job, together), 0, 1},
	{"pieces", FIELD_NUMBER, offsetof(struct job, pieces), 0, 1},
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static bool number_parse(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (!ascii_digit(*text) || value > most)
			return false;
		value = value * 10 + (uint64_t)(*text - '0');
	}
	*out = value;
	return value >= least && value <= most;
}

static bool verb_parse(const char *text, enum job_verb *out)
{
	static const char *const verbs[] = {NULL, "get", "unpack", "query", "verify", "sign", "keygen"};

	for (size_t i = 1; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(text, verbs[i]) == 0) {
			*out = (enum job_verb)i;
			return true;
		}
	return false;
}

static bool field_set(struct job *job, const struct field *field, const char *value)
{
	char *at = (char *)job + field->at;

	switch (field->kind) {
	case FIELD_VERB:
		return verb_parse(value, &job->verb);
	case FIELD_TEXT:
		memcpy(at, &value, sizeof(value));
		return strlen(value) <= field->most;
	case FIELD_NUMBER: {
		uint64_t number;

		if (!number_parse(value, field->least, field->most, &number))
			return false;
		memcpy(at, &number, sizeof(number));
		return true;
	}
	}
	return false;
}

/* One "key=value". */
static enum pipgate_status field_take(struct job *job, char *text, unsigned *seen, struct pipgate_error *error)
{
	char *equals = strchr(text, '=');
	uint64_t id;

	if (!equals)
		return error_set(error, PIPGATE_INVALID, "a field of the job without =");
	*equals = 0;
	if (strcmp(text, "job") == 0) {
		if (job->id || !number_parse(equals + 1, 1, UINT32_MAX, &id))
			return error_set(error, PIPGATE_INVALID, "the job's number is malformed");
		job->id = (uint32_t)id;
		return PIPGATE_OK;
	}
	for (size_t i = 0; i < FIELDS; i++) {
		if (strcmp(text, fields[i].key) != 0)
			continue;
		if (*seen >> i & 1)
			return error_set(error, PIPGATE_INVALID, "%s is given twice", text);
		*seen |= 1u << i;
		if (!field_set(job, &fields[i], equals + 1))
			return error_set(error, PIPGATE_INVALID, "%s is malformed or beyond its bounds", text);
		return PIPGATE_OK;
	}
	/* it could be a limit that this version does not know */
	return error_set(error, PIPGATE_INVALID, "the field %.64s is unknown", text);
}

/* The fields up to the empty one, into job->text. */
static enum pipgate_status fields_read(FILE *in, struct job *job, struct pipgate_error *error)
{
	size_t n = 0, start = 0;
	unsigned seen = 0;
	enum pipgate_status status;
	int c;

	while ((c = getc_unlocked(in)) != EOF) {
		if (n == FETCH_JOB_MAX)
			return error_set(error, PIPGATE_INVALID, "the job is longer than %" PRIu64 " bytes", FETCH_JOB_MAX);
		job->text[n++] = (char)c;
		if (c)
			continue;
		if (n == start + 1)
			return PIPGATE_OK;
		status = field_take(job, job->text + start, &seen, error);
		if (status != PIPGATE_OK)
			return status;
		start = n;
	}
	return n ? error_set(error, PIPGATE_INVALID, "stdin ended within a job") : PIPGATE_FAILED;
}

enum pipgate_status job_read(FILE *in, struct job *job, struct pipgate_error *error)
{
	enum pipgate_status status;

	memset(job, 0, offsetof(struct job, text));
	job->place = job->etag = job->suffix = job->prefix = "";
	job->accept = job->authority = job->client = job->proxy = "";
	job->signature = job->public_key = job->secret_key = job->comment = "";
	job->max_bytes = (uint64_t)256 << 20;
	job->max_entries = 1000000;
	job->max_ratio = 200;
	job->deadline_ms = 60000;
	status = fields_read(in, job, error);
	if (status != PIPGATE_OK)
		return status;
	if (!job->id || !job->verb || (!*job->place && job->verb < JOB_VERIFY))
		return error_set(error, PIPGATE_INVALID, "job, verb and place are needed");
	if (*job->place && job->body_bytes && job->verb >= JOB_VERIFY)
		return error_set(error, PIPGATE_INVALID, "either a place or a body is signed");
	if (job->body_bytes) {
		job->body = malloc(job->body_bytes);
		if (!job->body)
			return error_set(error, PIPGATE_INVALID, "no memory for the job's body");
		if (fread(job->body, 1, job->body_bytes, in) != job->body_bytes)
			return error_set(error, PIPGATE_INVALID, "stdin ended within a job's body");
	}
	return PIPGATE_OK;
}

void job_fini(struct job *job)
{
	free(job->body);
	job->body = NULL;
	explicit_bzero(job->text, sizeof(job->text)); /* a place may hold a password, and a secret key stands there */
}

struct span job_basename(const char *place)
{
	const char *start = strstr(place, "://");
	struct span path = span_of(place);
	size_t at;

	if (start) {
		path = (struct span){start + 3, strcspn(start + 3, "?#")};
		at = strcspn(start + 3, "/");
		path = span_from(path, at < path.n ? at : path.n);
	}
	while (path.n && path.p[path.n - 1] == '/')
		path.n--;
	for (at = path.n; at && path.p[at - 1] != '/'; at--)
		;
	path = span_from(path, at);
	return path.n ? path : SPAN("index");
}
