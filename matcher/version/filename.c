/* SPDX-License-Identifier: Apache-2.0 */
/* File names of wheels (PEP 427) and source distributions (PEP 625), as packaging.utils reads them. */
#include "matcher/base/arena.h"
#include "matcher/base/text.h"
#include "matcher/version/pep440.h"

#include "matcher/base/banned.h"

#define WHEEL_DASHES 4 /* name-version-python-abi-platform; one more where there is a build tag */

/* A letter, digit or underscore. Beyond ASCII every character passes: packaging looks them up, no index has them. */
static bool word_byte(char c)
{
	return ascii_alpha(c) || ascii_digit(c) || c == '_' || ((unsigned char)c & 0x80);
}

static bool wheel_name_valid(struct span name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (!word_byte(name.p[i]) && name.p[i] != '.')
			return false;
		if (name.p[i] == '_' && i + 1 < name.n && name.p[i + 1] == '_')
			return false;
	}
	return name.n > 0;
}

static bool build_valid(struct span build)
{
	size_t digits = 0;

	while (digits < build.n && ascii_digit(build.p[digits]))
		digits++;
	return digits > 0 && digits <= VERSION_DIGITS_MAX;
}

/* Of a compressed set ("py2.py3") no member may be empty; the interpreters must be identifiers, too. */
static bool tags_valid(struct span set, bool identifiers)
{
	bool more = true;

	while (more) {
		struct span tag;

		more = set.n && memchr(set.p, '.', set.n);
		tag = span_split(&set, '.');
		if (!tag.n)
			return false;
		if (identifiers && ascii_digit(*tag.p))
			return false;
		for (size_t i = 0; identifiers && i < tag.n; i++)
			if (!word_byte(tag.p[i]))
				return false;
	}
	return true;
}

static bool version_valid(struct span version)
{
	struct version_parts parts;

	return version_split(version, &parts) && !parts.oversized;
}

static enum pipgate_status filename_set(struct pipgate_run *run, struct span name, struct span version, bool wheel,
	struct pipgate_filename *out)
{
	struct pipgate_filename result = {.wheel = wheel};
	enum pipgate_status status = pipgate_name_normalize(run, name, &result.name);

	if (status != PIPGATE_OK)
		return status;
	result.version = arena_copy(run, version);
	if (!result.version.p)
		return PIPGATE_NO_MEMORY;
	*out = result;
	return PIPGATE_OK;
}

static enum pipgate_status wheel_parse(struct pipgate_run *run, struct span stem, struct pipgate_filename *out)
{
	size_t dashes = 0;
	struct span name, version, python, abi;

	for (size_t i = 0; i < stem.n; i++)
		dashes += stem.p[i] == '-';
	if (dashes != WHEEL_DASHES && dashes != WHEEL_DASHES + 1)
		return PIPGATE_INVALID;
	name = span_split(&stem, '-');
	version = span_split(&stem, '-');
	if (!wheel_name_valid(name) || !version_valid(version))
		return PIPGATE_INVALID;
	if (dashes > WHEEL_DASHES && !build_valid(span_split(&stem, '-')))
		return PIPGATE_INVALID;
	python = span_split(&stem, '-');
	abi = span_split(&stem, '-');
	if (!tags_valid(python, true) || !tags_valid(abi, false) || !tags_valid(stem, false))
		return PIPGATE_INVALID;
	return filename_set(run, name, version, true, out);
}

/* The name may hold dashes, the version may not. */
static enum pipgate_status sdist_parse(struct pipgate_run *run, struct span stem, struct pipgate_filename *out)
{
	const char *dash = stem.n ? memrchr(stem.p, '-', stem.n) : NULL;
	struct span name, version;

	if (!dash || dash == stem.p)
		return PIPGATE_INVALID;
	name = (struct span){stem.p, (size_t)(dash - stem.p)};
	version = span_from(stem, name.n + 1);
	return version_valid(version) ? filename_set(run, name, version, false, out) : PIPGATE_INVALID;
}

enum pipgate_status pipgate_filename_parse(struct pipgate_run *run, struct span filename, struct pipgate_filename *out)
{
	static const struct {
		const char *suffix;
		enum pipgate_status (*parse)(struct pipgate_run *run, struct span stem, struct pipgate_filename *out);
	} kinds[] = {{".whl", wheel_parse}, {".tar.gz", sdist_parse}, {".zip", sdist_parse}};

	if (text_valid(filename) != filename.n)
		return PIPGATE_INVALID;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct span suffix = span_of(kinds[i].suffix);

		if (span_ends(filename, suffix))
			return kinds[i].parse(run, (struct span){filename.p, filename.n - suffix.n}, out);
	}
	return PIPGATE_INVALID;
}
