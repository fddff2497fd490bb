/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/pip/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "matcher/base/banned.h"

static const struct wanted {
	unsigned command_bit;
	const char *option, *variable, *otherwise;
} destinations[] = {
	{PIP_DOWNLOAD, "--dest", "PIP_DEST", "."},
	{PIP_WHEEL, "--wheel-dir", "PIP_WHEEL_DIR", "."},
	{PIP_LOCK, "--output", "PIP_OUTPUT", "pylock.toml"},
};

static const struct wanted *destination_row(const struct gate *gate)
{
	const struct wanted *row = destinations;

	while (row->command_bit != gate->command_bit)
		row++;
	return row;
}

const char *files_option(const struct gate *gate)
{
	return destination_row(gate)->option;
}

const char *files_destination(struct gate *gate)
{
	const struct argument *given = arguments_last(&gate->arguments, ROLE_DESTINATION);
	const char *variable = getenv(destination_row(gate)->variable);

	return given && given->value ? given->value : variable && *variable ? variable : destination_row(gate)->otherwise;
}

static bool make_folders(struct gate *gate, const char *path)
{
	char *text = text_format(gate->run, "%s/", path);

	for (char *p = text + 1; (p = strchr(p, '/')); p++) {
		*p = 0;
		if (mkdir(text, 0777) && errno != EEXIST)
			return false;
		*p = '/';
	}
	return true;
}

const char *files_private(struct gate *gate, const char *destination)
{
	char *path = text_format(gate->run, "%s/.pipgate-XXXXXX", destination);

	if (make_folders(gate, destination) && mkdtemp(path))
		return path;
	say_error(EXIT_UNDECIDED, "%s: %s; nothing was written", destination, strerror(errno));
	return NULL;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char **files_list(struct gate *gate, const char *folder)
{
	struct words names = {.run = gate->run};
	DIR *dir = opendir(folder);
	struct dirent *entry;

	if (!dir) {
		say_error(EXIT_UNDECIDED, "%s: %s", folder, strerror(errno));
		return NULL;
	}
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			words_add(&names, text_copy(gate->run, span_of(entry->d_name)));
	closedir(dir);
	if (names.list.n)
		qsort(names.list.items, names.list.n, sizeof(char *), by_text);
	return words_end(&names);
}

/* Versions are compared as versions: a file name may write 1.0 as 1_0 or 1.0.0. */
static bool same_version(struct gate *gate, struct span a, struct span b)
{
	struct pipgate_version x, y;

	if (span_equal(a, b))
		return true;
	return pipgate_version_parse(gate->run, a, &x) == PIPGATE_OK && pipgate_version_parse(gate->run, b, &y) == PIPGATE_OK &&
	       pipgate_key_compare(x.key, y.key) == 0;
}

static bool in_plan(struct gate *gate, const char *file)
{
	struct pipgate_filename parsed;

	if (pipgate_filename_parse(gate->run, span_of(file), &parsed) != PIPGATE_OK)
		return false;
	for (size_t i = 0; i < gate->plan.n; i++)
		if (span_equal(gate->plan.components[i].name, parsed.name) && same_version(gate, gate->plan.components[i].version, parsed.version))
			return true;
	return false;
}

int files_compare(struct gate *gate, char **names)
{
	int status = 0;

	for (; *names; names++)
		if (!in_plan(gate, *names))
			status = say_error(EXIT_MISMATCH, "%s is of no distribution that had been audited; nothing was kept", *names);
	return status;
}

int files_move(struct gate *gate, const char *folder, char **names, const char *destination)
{
	for (; *names; names++) {
		const char *from = text_format(gate->run, "%s/%s", folder, *names);
		const char *to = text_format(gate->run, "%s/%s", destination, *names);

		if (rename(from, to))
			return say_error(EXIT_UNDECIDED, "%s: %s", to, strerror(errno));
	}
	return 0;
}

static bool copy_bytes(int from, int to)
{
	ssize_t n;

	do
		n = sendfile(to, from, NULL, (size_t)1 << 30);
	while (n > 0);
	return n == 0;
}

int files_copy(struct gate *gate, const char *folder, char **names, const char *to)
{
	for (; *names; names++) {
		const char *path = text_format(gate->run, "%s/%s", to, *names);
		int in = open(text_format(gate->run, "%s/%s", folder, *names), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		int out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		bool good = in >= 0 && out >= 0 && copy_bytes(in, out);
		int why = errno;

		if (in >= 0)
			close(in);
		if (out >= 0)
			good = close(out) == 0 && good;
		if (!good)
			return say_error(EXIT_UNDECIDED, "%s: %s", path, strerror(why));
	}
	return 0;
}
