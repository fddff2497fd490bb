/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/report/json_writer.h"

#include <time.h>

#include "matcher/base/json.h"

#include "matcher/base/banned.h"

void json_separate(struct buf *out)
{
	if (out->n && !memchr("{[:", out->p[out->n - 1], 3))
		buf_byte(out, ',');
}

void json_key(struct buf *out, const char *name)
{
	json_separate(out);
	json_quote(out, span_of(name));
	buf_byte(out, ':');
}

void json_begin(struct buf *out, char bracket)
{
	json_separate(out);
	buf_byte(out, (unsigned char)bracket);
}

void json_end(struct buf *out, char bracket)
{
	buf_byte(out, (unsigned char)bracket);
}

void json_value(struct buf *out, struct span value)
{
	json_separate(out);
	json_quote(out, value);
}

void json_text(struct buf *out, const char *name, struct span value)
{
	json_key(out, name);
	json_quote(out, value);
}

/* Nothing known is null. */
void json_optional(struct buf *out, const char *name, struct span value)
{
	json_key(out, name);
	if (value.n)
		json_quote(out, value);
	else
		buf_text(out, "null");
}

void json_bool(struct buf *out, const char *name, bool value)
{
	json_key(out, name);
	buf_text(out, value ? "true" : "false");
}

void json_number(struct buf *out, const char *name, int64_t value)
{
	json_key(out, name);
	buf_format(out, "%lld", (long long)value);
}

void json_time(struct buf *out, const char *name, int64_t seconds)
{
	time_t t = (time_t)seconds;
	char text[32] = "";
	struct tm tm;

	/* RFC 3339 knows the years 0 to 9999 */
	if (gmtime_r(&t, &tm) && tm.tm_year >= -1900 && tm.tm_year <= 8099)
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_optional(out, name, span_of(text));
}

void json_share(struct buf *out, const char *name, bool known, unsigned share)
{
	json_key(out, name);
	if (known)
		buf_format(out, "%u.%04u", share / 10000, share % 10000);
	else
		buf_text(out, "null");
}

void json_texts(struct buf *out, const char *name, const struct span *values, size_t n)
{
	json_key(out, name);
	json_begin(out, '[');
	for (size_t i = 0; i < n; i++) {
		json_separate(out);
		json_quote(out, values[i]);
	}
	json_end(out, ']');
}

/* The user and password of a URL, with the "@"; n 0: there is none, or it is "git@", which tells no secret. */
static struct span credentials(struct span place)
{
	const char *start = place.n ? memmem(place.p, place.n, "://", 3) : NULL;
	struct span user;

	if (!start)
		return (struct span){NULL, 0};
	user = span_from(place, (size_t)(start - place.p) + 3);
	for (size_t i = 0; i < user.n; i++)
		if (memchr("/?#", user.p[i], 3))
			user.n = i;
	while (user.n && user.p[user.n - 1] != '@')
		user.n--;
	return span_is(user, "git@") ? (struct span){NULL, 0} : user;
}

/* A report is kept and passed on: a place stands in it without credentials. */
void json_place(struct buf *out, const char *name, struct span place)
{
	struct span secret = credentials(place);
	struct buf shown;

	if (!secret.n) {
		json_optional(out, name, place);
		return;
	}
	buf_init(&shown, out->allocator, out->ceiling);
	buf_add(&shown, place.p, (size_t)(secret.p - place.p));
	buf_span(&shown, span_from(place, (size_t)(secret.p - place.p) + secret.n));
	json_optional(out, name, buf_view(&shown));
	if (out->status == PIPGATE_OK)
		out->status = shown.status;
	buf_fini(&shown);
}
