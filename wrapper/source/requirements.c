/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/source/requirements.h"

#include <fcntl.h>

#include "wrapper/file.h"

#include "matcher/base/banned.h"

#define FILE_MAX ((size_t)16 << 20)
#define NESTING 16 /* files that name files; a loop ends here */

void asked_add(struct pipgate_run *run, struct span text, struct list *asked)
{
	struct pipgate_requirement requirement;
	struct asked *place;

	if (pipgate_requirement_parse(run, text, &requirement, NULL) != PIPGATE_OK)
		return;
	place = must(list_push(run, asked, sizeof(*place)));
	*place = (struct asked){.extras = requirement.extras, .n_extras = requirement.n_extras};
	if (pipgate_name_normalize(run, requirement.name, &place->name) != PIPGATE_OK)
		die_no_memory();
}

/* The next logical line: continuations joined, comment cut off. */
static struct span next_line(struct pipgate_run *run, struct span *text)
{
	struct buf joined;
	struct span line, result;
	bool more = true;

	buf_init(&joined, NULL, FILE_MAX);
	while (more && text->n) {
		line = span_split(text, '\n');
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		more = line.n && line.p[line.n - 1] == '\\';
		buf_span(&joined, (struct span){line.p, line.n - more});
	}
	line = buf_view(&joined);
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == '#' && (i == 0 || ascii_space(line.p[i - 1])))
			line.n = i;
	result = must_span(arena_copy(run, span_trim(line)));
	buf_fini(&joined);
	return result;
}

/* The value of -r FILE, -rFILE, --requirement FILE, --requirement=FILE. */
static bool names_file(struct span line, struct span *file)
{
	static const char *const starts[] = {"--requirement", "-r"};

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (span_starts(line, span_of(starts[i]))) {
			*file = span_trim(span_from(line, strlen(starts[i])));
			if (file->n && file->p[0] == '=')
				*file = span_trim(span_from(*file, 1));
			return file->n > 0;
		}
	return false;
}

/* "name==1 --hash=…" → "name==1" */
static struct span without_options(struct span line)
{
	for (size_t i = 1; i + 2 < line.n; i++)
		if (ascii_space(line.p[i - 1]) && line.p[i] == '-' && line.p[i + 1] == '-')
			return span_trim((struct span){line.p, i});
	return line;
}

/* Calls visit for every requirement line of a file and of those it names, until it says stop. */
static bool walk(struct pipgate_run *run, const char *path, bool (*visit)(void *ctx, struct span line), void *ctx, int depth)
{
	const char *slash = strrchr(path, '/');
	struct span folder = {path, slash ? (size_t)(slash - path) + 1 : 0};
	struct buf bytes;
	struct span text;
	bool stop = false;

	buf_init(&bytes, NULL, FILE_MAX);
	text = file_read(AT_FDCWD, path, &bytes, NULL) == PIPGATE_OK ? buf_view(&bytes) : SPAN("");
	while (text.n && !stop) {
		struct span line = next_line(run, &text), file;

		if (names_file(line, &file) && depth < NESTING)
			stop = walk(run,
				file.p[0] == '/' ? text_copy(run, file) : text_format(run, SPAN_FMT SPAN_FMT, SPAN_ARG(folder), SPAN_ARG(file)),
				visit, ctx, depth + 1);
		else if (line.n)
			stop = visit(ctx, line);
	}
	buf_fini(&bytes);
	return stop;
}

struct adding {
	struct pipgate_run *run;
	struct list *asked;
};

static bool add_line(void *ctx, struct span line)
{
	const struct adding *adding = ctx;

	if (line.p[0] != '-')
		asked_add(adding->run, without_options(line), adding->asked);
	return false;
}

void asked_add_file(struct pipgate_run *run, const char *path, struct list *asked)
{
	struct adding adding = {run, asked};

	walk(run, path, add_line, &adding, 0);
}

struct finding_line {
	struct pipgate_run *run;
	bool (*wanted)(const char *word);
	struct span found;
};

static bool find_line(void *ctx, struct span line)
{
	struct finding_line *finding = ctx;
	bool built = span_starts(line, SPAN("-e")) || span_starts(line, SPAN("--editable")) || span_starts(line, SPAN("--no-binary"));
	struct span word = without_options(line);

	if (!built && (line.p[0] == '-' || !finding->wanted(text_copy(finding->run, word))))
		return false;
	finding->found = must_span(arena_copy(finding->run, word));
	return true;
}

struct span requirements_find(struct pipgate_run *run, const char *path, bool (*wanted)(const char *word))
{
	struct finding_line finding = {.run = run, .wanted = wanted};

	walk(run, path, find_line, &finding, 0);
	return finding.found;
}
