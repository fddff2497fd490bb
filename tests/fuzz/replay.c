/* SPDX-License-Identifier: Apache-2.0 */
/* A target over the committed inputs, without a fuzzer: `fuzz_json FOLDER|FILE…`. Prints TAP; a fault ends the program. */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

#include "matcher/base/banned.h"

#define INPUT_MAX ((size_t)16 << 20)

static struct {
	char **paths;
	size_t n;
} inputs;

static _Noreturn void give_up(const char *path)
{
	printf("Bail out! %s: %s\n", path, strerror(errno));
	exit(1);
}

static char *joined(const char *folder, const char *name)
{
	char *path;

	if (asprintf(&path, name ? "%s/%s" : "%s", folder, name) < 0)
		give_up(folder);
	return path;
}

static void add_file(char *path)
{
	inputs.paths = realloc(inputs.paths, (inputs.n + 1) * sizeof(*inputs.paths));
	if (!inputs.paths)
		give_up(path);
	inputs.paths[inputs.n++] = path;
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void add(const char *path)
{
	struct stat info;
	struct dirent **entries;
	int n;

	if (stat(path, &info) != 0)
		give_up(path);
	if (!S_ISDIR(info.st_mode)) {
		add_file(joined(path, NULL));
		return;
	}
	n = scandir(path, &entries, visible, alphasort);
	if (n < 0)
		give_up(path);
	for (int i = 0; i < n; i++) {
		add_file(joined(path, entries[i]->d_name));
		free(entries[i]);
	}
	free(entries);
}

/* The input in a block of its very size, so that a sanitizer sees a byte too many. */
static void replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *all = malloc(INPUT_MAX), *exact;
	size_t n;

	if (!file || !all)
		give_up(path);
	n = fread(all, 1, INPUT_MAX, file);
	exact = malloc(n ? n : 1);
	if (ferror(file) || !exact)
		give_up(path);
	memcpy(exact, all, n);
	free(all);
	fclose(file);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		add(argv[i]);
	printf("1..%zu\n", inputs.n);
	for (size_t i = 0; i < inputs.n; i++) {
		printf("# %s\n", inputs.paths[i]);
		fflush(stdout); /* the last line before a fault names the input */
		replay(inputs.paths[i]);
		printf("ok %zu - %s\n", i + 1, inputs.paths[i]);
		free(inputs.paths[i]);
	}
	free(inputs.paths);
	return 0;
}
