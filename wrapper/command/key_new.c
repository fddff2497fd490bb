/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate key new -o KEY`: the files KEY and KEY.pub, which must not be there. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "wrapper/command/key.h"
#include "wrapper/file.h"
#include "wrapper/signature.h"

#include "matcher/base/banned.h"

/* A file that was not there, with its mode from the first moment on. */
static enum pipgate_status file_make(const char *path, mode_t mode, struct span text, struct pipgate_error *error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	bool good;

	if (fd < 0)
		return error_set(error, PIPGATE_FAILED, "%s: %s", path, errno == EEXIST ? "is there already, and stays as it is" : strerror(errno));
	good = file_put(fd, text) && fsync(fd) == 0;
	if (!good)
		error_set(error, PIPGATE_FAILED, "%s: %s", path, strerror(errno));
	close(fd);
	if (!good)
		unlink(path);
	return good ? PIPGATE_OK : PIPGATE_FAILED;
}

static enum pipgate_status pair_make(struct pipgate_run *run, const char *secret_path, const char *public_path, struct pipgate_error *error)
{
	struct span secret, public;
	enum pipgate_status status = signature_pair(run, &secret, &public, error);

	if (status == PIPGATE_OK)
		status = file_make(secret_path, 0600, secret, error);
	if (status != PIPGATE_OK)
		return status;
	status = file_make(public_path, 0644, public, error);
	if (status != PIPGATE_OK)
		unlink(secret_path);
	return status;
}

int key_new(struct pipgate_run *run, const struct key_options *o)
{
	const char *public_path = text_format(run, "%s.pub", o->output);
	struct pipgate_error error;

	if (pair_make(run, o->output, public_path, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s", error.text);
	say("made %s (keep it secret: it is not encrypted) and %s", o->output, public_path);
	return EXIT_OK;
}
