/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/source/requirement_place.h"

#include <sys/stat.h>

#include "wrapper/source/requirement_text.h"

#include "matcher/base/banned.h"

static bool starts_nocase(struct span text, struct span begin)
{
	return text.n >= begin.n && span_equal_nocase((struct span){text.p, begin.n}, begin);
}

bool requirement_is_web(struct span text)
{
	return starts_nocase(text, SPAN("http:")) || starts_nocase(text, SPAN("https:"));
}

static bool is_address(struct span text)
{
	static const struct span schemes[] = {SPAN("http:"), SPAN("https:"), SPAN("file:"), SPAN("ftp:"), SPAN("git+"), SPAN("git:"), SPAN("ssh:"),
		SPAN("hg+"), SPAN("svn+"), SPAN("svn:"), SPAN("bzr+"), SPAN("lp:"), SPAN("sftp:")};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
		if (starts_nocase(text, schemes[i]) && memchr(text.p, ':', text.n))
			return true;
	return false;
}

static bool is_archive(struct span text)
{
	static const struct span ends[] = {SPAN(".whl"), SPAN(".zip"), SPAN(".tar.gz"), SPAN(".tgz"), SPAN(".tar"), SPAN(".tar.bz2"), SPAN(".tbz"),
		SPAN(".tar.xz"), SPAN(".txz"), SPAN(".tlz"), SPAN(".tar.lz"), SPAN(".tar.lzma")};

	struct span name = text;

	while (name.n && memchr(name.p, '/', name.n))
		span_split(&name, '/');
	while (name.n && name.p[0] == '.')
		name = span_from(name, 1);
	if (!name.n || !memchr(name.p, '.', name.n)) /* ".zip" has no ending for Python */
		return false;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (text.n >= ends[i].n && starts_nocase(span_from(text, text.n - ends[i].n), ends[i]))
			return true;
	return false;
}

static bool is_path(struct span text)
{
	return text.n && (text.p[0] == '.' || memchr(text.p, '/', text.n));
}

/* pip takes what looks like a path for one where such a folder is; else it is a requirement, and as that it is refused. */
static bool is_folder(struct pipgate_run *run, struct span text)
{
	struct stat st;

	return is_path(text) && stat(text_copy(run, text), &st) == 0 && S_ISDIR(st.st_mode);
}

/* "./x[extra]" → "./x" */
static struct span without_extras(struct span text)
{
	const char *open = text.n && text.p[text.n - 1] == ']' ? memrchr(text.p, '[', text.n) : NULL;

	return open ? (struct span){text.p, (size_t)(open - text.p)} : text;
}

bool requirement_is_place(struct pipgate_run *run, struct span text, struct span *marker)
{
	const bool address = is_address(text);
	struct span before;
	const char *at = address ? memmem(text.p, text.n, "; ", 2) : memchr(text.p, ';', text.n);

	*marker = (struct span){NULL, 0};
	if (at) {
		*marker = strip(span_from(text, (size_t)(at - text.p) + 1));
		text = strip((struct span){text.p, (size_t)(at - text.p)});
	}
	if (address)
		return true;
	text = without_extras(text);
	if (is_folder(run, text))
		return true;
	before = text;
	before = span_split(&before, '@');
	return is_archive(text) && (before.n == text.n || is_path(before)); /* not NAME @ ADDRESS */
}

/* ---- names ---- */

static struct span normalized(struct pipgate_run *run, struct span name)
{
	struct span out = {NULL, 0};

	if (name.n && pipgate_name_normalize(run, name, &out) == PIPGATE_NO_MEMORY)
		die_no_memory();
	return out;
}

/* "#egg=NAME[extras]&…", anywhere */
static struct span egg_of(struct span text)
{
	const char *at;

	while ((at = text.n ? memmem(text.p, text.n, "egg=", 4) : NULL)) {
		const bool begins = at > text.p && (at[-1] == '#' || at[-1] == '&');

		text = span_from(text, (size_t)(at - text.p) + (begins ? 4 : 1));
		if (begins)
			return span_split(&text, '&');
	}
	return (struct span){NULL, 0};
}

static struct span file_of(struct span text)
{
	text = span_split(&text, '#');
	text = span_split(&text, '?');
	text = without_extras(strip(text));
	while (text.n && memchr(text.p, '/', text.n))
		span_split(&text, '/');
	return text;
}

struct span requirement_place_name(struct pipgate_run *run, struct span text)
{
	struct pipgate_requirement parsed;
	struct pipgate_filename file;
	struct span marker, name;
	enum pipgate_status status;

	if (!requirement_is_place(run, text, &marker) && pipgate_requirement_parse(run, text, &parsed, NULL) == PIPGATE_OK)
		return normalized(run, parsed.name);
	if (marker.n) {
		text.n = (size_t)(marker.p - text.p);
		while (text.n && text.p[text.n - 1] != ';')
			text.n--;
		text = strip((struct span){text.p, text.n ? text.n - 1 : 0});
	}
	name = egg_of(text);
	if (name.n && pipgate_requirement_parse(run, name, &parsed, NULL) == PIPGATE_OK)
		return normalized(run, parsed.name);
	status = pipgate_filename_parse(run, file_of(text), &file);
	if (status == PIPGATE_NO_MEMORY)
		die_no_memory();
	return status == PIPGATE_OK ? file.name : (struct span){NULL, 0};
}

/* ---- "file:" ---- */

static int hex(char c)
{
	return ascii_digit(c) ? c - '0' : ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f' ? ascii_lower(c) - 'a' + 10 : -1;
}

struct span requirement_file_path(struct pipgate_run *run, struct span text)
{
	char *out;
	size_t n = 0;

	if (!starts_nocase(text, SPAN("file:")))
		return text;
	text = span_from(text, 5);
	if (span_starts(text, SPAN("//")))
		text = span_from(text, 2);
	if (starts_nocase(text, SPAN("localhost/")))
		text = span_from(text, 9);
	out = must(arena_array(run, text.n + 1, 1));
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '%' && i + 2 < text.n && hex(text.p[i + 1]) >= 0 && hex(text.p[i + 2]) >= 0) {
			out[n++] = (char)(hex(text.p[i + 1]) * 16 + hex(text.p[i + 2]));
			i += 2;
		} else {
			out[n++] = text.p[i];
		}
	return (struct span){out, n};
}
