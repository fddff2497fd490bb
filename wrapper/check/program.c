/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/check/program.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrapper/pip/locate.h"

#include "matcher/base/banned.h"

static bool others_may_write(const char *path)
{
	struct stat st;

	return stat(path, &st) || (st.st_mode & (S_IWGRP | S_IWOTH)) || (st.st_uid != 0 && st.st_uid != geteuid());
}

char *program_of(struct pipgate_run *run, const char *word, const char **fault)
{
	char *found = word[0] == '/' || !strchr(word, '/') ? program_on_path(run, word) : NULL;
	char *real = found ? realpath(found, NULL) : NULL, *path = NULL;

	if (!real)
		*fault = text_format(run, "%s is no program by an absolute path, nor on PATH", word);
	else {
		path = text_copy(run, span_of(real));
		*strrchr(real, '/') = 0;
		if (others_may_write(path) || others_may_write(*real ? real : "/")) {
			*fault = text_format(run, "others may write %s, or its folder", path);
			path = NULL;
		}
	}
	free(real);
	return path ? found : NULL; /* by the name it was found by: an environment's python is a link */
}
