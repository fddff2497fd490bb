/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate key new -o KEY`: the files KEY and KEY.pub, which must not be there. */
#include <unistd.h>

#include "wrapper/command/key.h"
#include "wrapper/file.h"
#include "wrapper/signature.h"

#include "matcher/base/banned.h"

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
