/* SPDX-License-Identifier: Apache-2.0 */
/* What `pipgate debug` can be asked: one function a question, one row in the table. */
#include "wrapper/command/debug.h"

#include "matcher/base/banned.h"

static void escape(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c == '\\')
			buf_text(out, "\\\\");
		else if (c == '\t')
			buf_text(out, "\\t");
		else if (c == '\n')
			buf_text(out, "\\n");
		else if (c == '\r')
			buf_text(out, "\\r");
		else if (c < 0x20 || c == 0x7f)
			buf_format(out, "\\x%02x", c);
		else
			buf_byte(out, c);
	}
}

/* ---- the questions ---- */

static enum pipgate_status ask_compare(struct debug *d)
{
	struct pipgate_version a, b;
	enum pipgate_status status = pipgate_version_parse(d->run, d->fields[0], &a);

	if (status == PIPGATE_OK)
		status = pipgate_version_parse(d->run, d->fields[1], &b);
	if (status == PIPGATE_OK)
		buf_format(d->out, "%d", pipgate_key_compare(a.key, b.key));
	return status;
}

static enum pipgate_status ask_canonical(struct debug *d)
{
	struct span text;
	enum pipgate_status status = pipgate_version_canonical(d->run, d->fields[0], &text);

	if (status == PIPGATE_OK)
		escape(d->out, text);
	return status;
}

static enum pipgate_status ask_specifier(struct debug *d)
{
	enum pipgate_prereleases prereleases = PIPGATE_PRERELEASES_AUTO;
	enum pipgate_status status;
	bool within;

	if (span_is(d->fields[2], "true"))
		prereleases = PIPGATE_PRERELEASES_YES;
	else if (span_is(d->fields[2], "false"))
		prereleases = PIPGATE_PRERELEASES_NO;
	else if (!span_is(d->fields[2], "-"))
		return PIPGATE_INVALID;
	status = pipgate_specifier_contains(d->run, d->fields[0], d->fields[1], prereleases, &within);
	if (status == PIPGATE_OK)
		buf_text(d->out, within ? "true" : "false");
	return status;
}

static enum pipgate_status ask_requirement(struct debug *d)
{
	struct pipgate_requirement r;
	struct pipgate_error error;
	enum pipgate_status status = pipgate_requirement_parse(d->run, d->fields[0], &r, &error);

	if (status != PIPGATE_OK)
		return status;
	escape(d->out, r.name);
	buf_byte(d->out, '\t');
	for (size_t i = 0; i < r.n_extras; i++) {
		if (i)
			buf_byte(d->out, ',');
		escape(d->out, r.extras[i]);
	}
	buf_byte(d->out, '\t');
	escape(d->out, r.specifiers);
	buf_byte(d->out, '\t');
	escape(d->out, r.url);
	buf_byte(d->out, '\t');
	escape(d->out, r.marker);
	return PIPGATE_OK;
}

/* true, false, or undefined: and the word that the error begins with */
static enum pipgate_status marker_value(struct debug *d, struct span extra)
{
	struct pipgate_error error = {""};
	struct span word;
	bool value;
	enum pipgate_status status = pipgate_marker_evaluate(d->run, d->fields[0], &d->environment, extra, &value, &error);

	if (status == PIPGATE_OK)
		buf_text(d->out, value ? "\ttrue" : "\tfalse");
	if (status != PIPGATE_INVALID || !span_starts(span_of(error.text), SPAN("Undefined")))
		return status;
	word = span_of(error.text);
	buf_text(d->out, "\tundefined:");
	escape(d->out, span_split(&word, ':'));
	return PIPGATE_OK;
}

static enum pipgate_status ask_marker(struct debug *d)
{
	struct span canonical;
	struct pipgate_error error;
	enum pipgate_status status = pipgate_marker_canonical(d->run, d->fields[0], &canonical, &error);

	if (status != PIPGATE_OK)
		return status;
	escape(d->out, canonical);
	status = marker_value(d, SPAN(""));
	return status == PIPGATE_OK ? marker_value(d, SPAN("x")) : status;
}

static enum pipgate_status ask_cvss(struct debug *d)
{
	struct pipgate_severity severity;
	enum pipgate_status status = pipgate_cvss_score(d->fields[0], &severity);

	if (status == PIPGATE_OK)
		buf_format(d->out, "%d.%d\t%s", severity.tenths / 10, severity.tenths % 10, pipgate_level_name(severity.level));
	return status;
}

static enum pipgate_status ask_name(struct debug *d)
{
	struct span name;
	enum pipgate_status status = pipgate_name_normalize(d->run, d->fields[0], &name);

	if (status == PIPGATE_OK)
		escape(d->out, name);
	return status;
}

static enum pipgate_status ask_filename(struct debug *d)
{
	struct pipgate_filename filename;
	enum pipgate_status status = pipgate_filename_parse(d->run, d->fields[0], &filename);

	if (status != PIPGATE_OK)
		return status;
	escape(d->out, filename.name);
	buf_byte(d->out, '\t');
	escape(d->out, filename.version);
	return PIPGATE_OK;
}

static const struct debug_question questions[] = {
	{"canonical", 1, ask_canonical, false},
	{"compare", 2, ask_compare, false},
	{"cvss", 1, ask_cvss, false},
	{"filename", 1, ask_filename, false},
	{"marker", 1, ask_marker, true},
	{"name", 1, ask_name, false},
	{"requirement", 1, ask_requirement, false},
	{"requirements", 1, debug_requirements, false},
	{"specifier", 3, ask_specifier, false},
};

const struct debug_question *debug_question_find(const char *name)
{
	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++)
		if (strcmp(questions[i].name, name) == 0)
			return &questions[i];
	return NULL;
}
