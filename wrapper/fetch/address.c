/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/fetch/address.h"

#include <curl/curl.h>
#include <strings.h>

#include "matcher/base/banned.h"

bool address_looks_so(const char *place)
{
	const char *end = strstr(place, "://");

	if (!end || end == place)
		return false;
	for (const char *p = place; p < end; p++)
		if (!ascii_alpha(*p) && !ascii_digit(*p) && !strchr("+-.", *p))
			return false;
	return true;
}

bool address_is(const char *url, const char *scheme)
{
	size_t n = strlen(scheme);

	return strncasecmp(url, scheme, n) == 0 && strncmp(url + n, "://", 3) == 0;
}

void address_public(const char *url, char out[FETCH_NAME_MAX + 1])
{
	static const CURLUPart secret[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_QUERY, CURLUPART_FRAGMENT};
	CURLU *parts = curl_url();
	char *text = NULL;

	out[0] = 0;
	if (!parts || curl_url_set(parts, CURLUPART_URL, url, 0) != CURLUE_OK)
		goto out;
	for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
		if (curl_url_set(parts, secret[i], NULL, 0) != CURLUE_OK)
			goto out;
	if (curl_url_get(parts, CURLUPART_URL, &text, 0) == CURLUE_OK && strlen(text) <= FETCH_NAME_MAX)
		memcpy(out, text, strlen(text) + 1);
out:
	curl_free(text);
	curl_url_cleanup(parts);
}

static bool part_equal(CURLU *a, CURLU *b, CURLUPart part)
{
	char *x = NULL, *y = NULL;
	bool equal = curl_url_get(a, part, &x, CURLU_DEFAULT_PORT) == CURLUE_OK &&
		     curl_url_get(b, part, &y, CURLU_DEFAULT_PORT) == CURLUE_OK && strcasecmp(x, y) == 0;

	curl_free(x);
	curl_free(y);
	return equal;
}

bool address_same(const char *from, const char *to)
{
	CURLU *a = curl_url(), *b = curl_url();
	bool same = a && b && curl_url_set(a, CURLUPART_URL, from, 0) == CURLUE_OK && curl_url_set(b, CURLUPART_URL, to, 0) == CURLUE_OK &&
		part_equal(a, b, CURLUPART_HOST) && part_equal(a, b, CURLUPART_PORT);

	curl_url_cleanup(a);
	curl_url_cleanup(b);
	return same;
}

char *address_next(const char *from, const char *to)
{
	static const CURLUPart user[] = {CURLUPART_USER, CURLUPART_PASSWORD};
	CURLU *a = curl_url(), *b = curl_url();
	char *next = NULL, *value;
	bool same;

	if (!a || !b || curl_url_set(a, CURLUPART_URL, from, 0) != CURLUE_OK || curl_url_set(b, CURLUPART_URL, to, 0) != CURLUE_OK)
		goto out;
	same = part_equal(a, b, CURLUPART_SCHEME) && part_equal(a, b, CURLUPART_HOST) && part_equal(a, b, CURLUPART_PORT);
	for (size_t i = 0; i < 2; i++) {
		value = NULL;
		if (same)
			curl_url_get(a, user[i], &value, 0);
		if (curl_url_set(b, user[i], value, 0) != CURLUE_OK) {
			curl_free(value);
			goto out;
		}
		curl_free(value);
	}
	if (curl_url_get(b, CURLUPART_URL, &next, 0) != CURLUE_OK)
		next = NULL;
out:
	curl_url_cleanup(a);
	curl_url_cleanup(b);
	return next;
}
