/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that PEP 440, 503, 508 and file names say, on one text or, cut at the first line's end, on two: what is
 * written back must be read as the same, and the order of keys must be what specifiers say.
 */
#include "matcher/base/buf.h"
#include "matcher/version/specifier.h"
#include "tests/fuzz/fuzz.h"

#include "matcher/base/banned.h"

#define TEXT_MAX ((size_t)16 << 20)

static bool decided(enum pipgate_status status)
{
	require(status == PIPGATE_OK || status == PIPGATE_INVALID || status == PIPGATE_LIMIT);
	return status == PIPGATE_OK;
}

/* ---- versions ---- */

static struct span canonical(struct pipgate_run *run, struct span text)
{
	struct span out;

	require(pipgate_version_canonical(run, text, &out) == PIPGATE_OK);
	return out;
}

static struct pipgate_version parsed(struct pipgate_run *run, struct span text)
{
	struct pipgate_version out;

	require(pipgate_version_parse(run, text, &out) == PIPGATE_OK);
	return out;
}

static struct span public_key(const struct pipgate_version *v)
{
	return (struct span){v->key.p, v->public_n};
}

static bool check_version(struct pipgate_run *run, struct span text, struct pipgate_version *out)
{
	struct span shown;
	struct pipgate_version again;

	if (!decided(pipgate_version_parse(run, text, out))) {
		require(!decided(pipgate_version_canonical(run, text, &shown)));
		return false;
	}
	shown = canonical(run, text);
	again = parsed(run, shown);
	require(span_equal(canonical(run, shown), shown));
	require(span_equal(again.key, out->key) && again.public_n == out->public_n);
	require(again.prerelease == out->prerelease && again.local == out->local);
	require(out->public_n <= out->key.n && out->local == (out->public_n < out->key.n));
	return true;
}

/* operator + the public part of b, asked about a. */
static bool contains(struct pipgate_run *run, const char *operator, struct span b, struct span a)
{
	struct span rest = canonical(run, b), public = span_split(&rest, '+');
	struct buf text;
	bool yes;

	buf_init(&text, NULL, TEXT_MAX);
	buf_text(&text, operator);
	buf_span(&text, public);
	require(buf_status(&text) == PIPGATE_OK);
	require(pipgate_specifier_contains(run, buf_view(&text), a, PIPGATE_PRERELEASES_YES, &yes) == PIPGATE_OK);
	buf_fini(&text);
	return yes;
}

static void check_order(struct pipgate_run *run, struct span a, struct span b)
{
	struct pipgate_version va, vb;
	int order, public;

	if (!check_version(run, a, &va) || !check_version(run, b, &vb))
		return;
	order = pipgate_key_compare(va.key, vb.key);
	require(order == -pipgate_key_compare(vb.key, va.key));
	require((order == 0) == span_equal(va.key, vb.key));
	require((order == 0) == span_equal(canonical(run, a), canonical(run, b)) || va.key.n == vb.key.n);
	public = pipgate_key_compare(public_key(&va), public_key(&vb));
	require(contains(run, "==", b, a) == (public == 0));
	require(contains(run, "!=", b, a) == (public != 0));
	require(contains(run, ">=", b, a) == (public >= 0));
	require(contains(run, "<=", b, a) == (public <= 0));
	require(!contains(run, "<", b, a) || public < 0);
	require(!contains(run, ">", b, a) || public > 0);
}

/* ---- specifiers ---- */

static void check_specifiers(struct pipgate_run *run, struct span set, struct span version)
{
	bool yes[3] = {false};
	struct span shown, again;
	bool ok = decided(specifiers_canonical(run, set, &shown));

	for (size_t i = 0; i < 3; i++)
		require(!decided(pipgate_specifier_contains(run, set, version, (enum pipgate_prereleases)i, &yes[i])) || ok);
	require(!yes[PIPGATE_PRERELEASES_AUTO] || yes[PIPGATE_PRERELEASES_YES]);
	require(!yes[PIPGATE_PRERELEASES_NO] || yes[PIPGATE_PRERELEASES_AUTO]);
	if (!ok)
		return;
	require(specifiers_canonical(run, shown, &again) == PIPGATE_OK && span_equal(shown, again));
	for (size_t i = 0; i < 3; i++) {
		bool same = false;

		(void)!decided(pipgate_specifier_contains(run, shown, version, (enum pipgate_prereleases)i, &same));
		require(same == yes[i]);
	}
}

/* ---- requirements and markers ---- */

static void write_requirement(struct buf *out, const struct pipgate_requirement *r)
{
	buf_span(out, r->name);
	for (size_t i = 0; i < r->n_extras; i++) {
		buf_byte(out, i ? ',' : '[');
		buf_span(out, r->extras[i]);
	}
	buf_text(out, r->n_extras ? "]" : "");
	buf_span(out, r->specifiers);
	if (r->url.n)
		buf_text(out, " @ ");
	buf_span(out, r->url);
	if (r->marker.n)
		buf_text(out, " ; ");
	buf_span(out, r->marker);
}

static void require_same(const struct pipgate_requirement *a, const struct pipgate_requirement *b)
{
	require(span_equal(a->name, b->name) && span_equal(a->url, b->url));
	require(span_equal(a->specifiers, b->specifiers) && span_equal(a->marker, b->marker));
	require(a->n_extras == b->n_extras);
	for (size_t i = 0; i < a->n_extras; i++)
		require(span_equal(a->extras[i], b->extras[i]));
}

static void check_requirement(struct pipgate_run *run, struct span text)
{
	struct pipgate_requirement one, two;
	struct pipgate_error error = {""};
	struct buf again;

	if (!decided(pipgate_requirement_parse(run, text, &one, &error))) {
		require(error.text[0]);
		return;
	}
	require(one.name.n && !(one.url.n && one.specifiers.n));
	buf_init(&again, NULL, TEXT_MAX);
	write_requirement(&again, &one);
	require(buf_status(&again) == PIPGATE_OK);
	require(pipgate_requirement_parse(run, buf_view(&again), &two, &error) == PIPGATE_OK);
	require_same(&one, &two);
	buf_fini(&again);
}

/* The marker itself and its canonical form say the same. */
static void check_marker(struct pipgate_run *run, struct span text, struct span extra)
{
	static const struct pipgate_variable v[] = {
		{SPAN("python_version"), SPAN("3.11")}, {SPAN("python_full_version"), SPAN("3.11.7+")}, {SPAN("os_name"), SPAN("posix")},
		{SPAN("sys_platform"), SPAN("linux")}, {SPAN("platform_release"), SPAN("6.1.0-amd64")},
	};
	const struct pipgate_environment environment = {v, sizeof(v) / sizeof(v[0])};
	struct pipgate_error error = {""};
	struct span shown, again;
	bool one = false, two = false;
	enum pipgate_status status = pipgate_marker_canonical(run, text, &shown, &error), first, second;

	first = pipgate_marker_evaluate(run, text, &environment, extra, &one, &error);
	if (!decided(status)) {
		(void)!decided(first);
		return;
	}
	require(pipgate_marker_canonical(run, shown, &again, &error) == PIPGATE_OK && span_equal(shown, again));
	second = pipgate_marker_evaluate(run, shown, &environment, extra, &two, &error);
	require(decided(first) == decided(second) && one == two);
}

/* ---- names ---- */

static void check_name(struct pipgate_run *run, struct span text)
{
	struct span name, again;

	require(pipgate_name_normalize(run, text, &name) == PIPGATE_OK);
	require(pipgate_name_normalize(run, name, &again) == PIPGATE_OK && span_equal(name, again));
	for (size_t i = 0; i < name.n; i++)
		require(name.p[i] != '_' && name.p[i] != '.' && ascii_lower(name.p[i]) == name.p[i]);
}

static void check_filename(struct pipgate_run *run, struct span text)
{
	struct pipgate_filename file;
	struct span again;

	if (!decided(pipgate_filename_parse(run, text, &file)))
		return;
	require(file.name.n && file.version.n);
	require(pipgate_name_normalize(run, file.name, &again) == PIPGATE_OK && span_equal(file.name, again));
	touch(file.version);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = input_of(data, size), second = text, first = span_split(&second, '\n');
	struct pipgate_run *run = new_run();
	struct pipgate_version ignored;

	check_version(run, text, &ignored);
	check_order(run, first, second);
	check_specifiers(run, first, second);
	check_requirement(run, text);
	check_marker(run, first, second);
	check_name(run, text);
	check_filename(run, text);
	pipgate_run_free(&run);
	return 0;
}
