/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate key sign` and `pipgate key verify`: FILE and FILE.minisig. */
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "matcher/base/text.h"
#include "wrapper/command/key.h"
#include "wrapper/file.h"
#include "wrapper/keep.h"
#include "wrapper/signature.h"

#include "matcher/base/banned.h"

static const char *signature_path(struct pipgate_run *run, const char *file)
{
	return text_format(run, "%s" SIGNATURE_SUFFIX, file);
}

/* What minisign itself says where nothing is said: when, and of which file. */
static struct span usual_comment(struct pipgate_run *run, const char *file)
{
	const char *slash = strrchr(file, '/');

	return must_span(arena_format(run, "timestamp:%" PRId64 "\tfile:%s\thashed", (int64_t)time(NULL), slash ? slash + 1 : file));
}

int key_sign(struct pipgate_run *run, const struct key_options *o)
{
	struct span comment = o->comment ? span_of(o->comment) : usual_comment(run, o->file), key, text;
	const char *path = signature_path(run, o->file);
	struct pipgate_error error;
	enum pipgate_status status;

	status = keep_file(run, o->key, SIGNATURE_KEY_BYTES, &key, &error);
	if (status == PIPGATE_OK)
		status = signature_sign_file(run, o->file, key, comment, &text, &error);
	if (status == PIPGATE_OK)
		status = file_write(path, text, &error);
	if (status != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s was not signed: %s", o->file, error.text);
	say("made %s", path);
	return EXIT_OK;
}

static int words_print(const char *file, const struct signature_words *words)
{
	struct buf out;
	struct pipgate_error error;
	enum pipgate_status status;

	buf_init(&out, NULL, (size_t)64 << 10);
	text_escape(&out, span_of(file));
	buf_format(&out, ": signed by %.*s\ntrusted comment:", (int)words->key.n, words->key.p);
	for (struct span rest = words->comment; rest.n;) { /* a tab separates: no reason to escape it */
		buf_byte(&out, ' ');
		text_escape(&out, span_split(&rest, '\t'));
	}
	buf_byte(&out, '\n');
	status = buf_status(&out) == PIPGATE_OK ? file_write("-", buf_view(&out), &error) : error_set(&error, PIPGATE_LIMIT, "too much to print");
	buf_fini(&out);
	return status == PIPGATE_OK ? EXIT_OK : say_error(EXIT_UNDECIDED, "stdout: %s", error.text);
}

int key_verify(struct pipgate_run *run, const struct key_options *o)
{
	struct span key = span_of(o->public_key), signature;
	struct signature_words words;
	struct pipgate_error error;
	enum pipgate_status status = PIPGATE_OK;

	if (o->key)
		status = keep_file(run, o->key, SIGNATURE_KEY_BYTES, &key, &error);
	if (status == PIPGATE_OK)
		status = keep_file(run, signature_path(run, o->file), SIGNATURE_BYTES, &signature, &error);
	if (status == PIPGATE_OK)
		status = signature_verify_file(run, o->file, signature, key, &words, &error);
	if (status == PIPGATE_OK)
		return words_print(o->file, &words);
	return say_error(status == PIPGATE_INVALID ? EXIT_NO : EXIT_UNDECIDED, "%s: %s", o->file, error.text);
}
