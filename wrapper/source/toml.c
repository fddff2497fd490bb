/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/source/toml.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "wrapper/file.h"
#include "wrapper/process.h"
#include "wrapper/temporary.h"

#include "matcher/base/banned.h"

#define PRINTED_BYTES (2 * TOML_BYTES) /* JSON is at most a little longer than its TOML, but for escapes */
#define NO_READER 3                    /* the status that says: neither tomllib nor tomli */

/*
 * Standard input: for each text a line with its length, then its bytes. Standard output: a line a text, "T" and the document as
 * JSON, or "E" and what is wrong as a JSON string. The time is bounded, as tomli is quadratic for some texts; so is memory. -S: nothing
 * of the environment runs where the standard library suffices.
 */
static const char READER[] =
	"import json, re, resource, sys\n"
	"resource.setrlimit(resource.RLIMIT_CPU, (120, 120))\n"
	"resource.setrlimit(resource.RLIMIT_DATA, (4 << 30, 4 << 30))\n"
	"def reader():\n"
	"    try:\n"
	"        import tomllib\n"
	"        return tomllib\n"
	"    except ImportError:\n"
	"        import site\n"
	"        site.main()\n"
	"    for name in ('pip._vendor.tomli', 'tomli', 'setuptools._vendor.tomli', 'setuptools.extern.tomli'):\n"
	"        try:\n"
	"            return __import__(name, fromlist=['loads'])\n"
	"        except ImportError:\n"
	"            pass\n"
	"    sys.exit(3)\n"
	"def finite(v):\n"
	"    if isinstance(v, dict):\n"
	"        return {k: finite(x) for k, x in v.items()}\n"
	"    if isinstance(v, list):\n"
	"        return [finite(x) for x in v]\n"
	"    return str(v) if isinstance(v, float) and (v != v or v in (float('inf'), float('-inf'))) else v\n"
	"def document(text):\n"
	"    tree = toml.loads(text.decode('utf-8').replace('\\r\\n', '\\n'))\n"
	"    try:\n"
	"        return json.dumps(tree, default=str, allow_nan=False)\n"
	"    except ValueError:\n"
	"        return json.dumps(finite(tree), default=str, allow_nan=False)\n"
	"def wrong(e):\n"
	"    if isinstance(e, UnicodeDecodeError):\n"
	"        return 'byte %d: not UTF-8' % e.start\n"
	"    if isinstance(e, RecursionError):\n"
	"        return 'nested too deeply'\n"
	"    m = re.match(r'(.*) \\(at (line \\d+, column \\d+|end of document)\\)$', str(e), re.S)\n"
	"    return '%s: %s' % (m.group(2), m.group(1)) if m else '%s: %s' % (type(e).__name__, e)\n"
	"toml = reader()\n"
	"take, put = sys.stdin.buffer, sys.stdout\n"
	"while True:\n"
	"    size = take.readline()\n"
	"    if not size:\n"
	"        break\n"
	"    text = take.read(int(size))\n"
	"    try:\n"
	"        line = 'T' + document(text)\n"
	"    except (ValueError, TypeError, RecursionError) as e:\n"
	"        line = 'E' + json.dumps(wrong(e))\n"
	"    put.write(line + '\\n')\n";

static enum pipgate_status put_texts(int fd, const struct source_file *files, size_t n, struct pipgate_error *error)
{
	size_t total = 0;

	for (size_t i = 0; i < n; i++) {
		char size[32];
		int length = snprintf(size, sizeof(size), "%zu\n", files[i].text.n);

		total += files[i].text.n;
		if (total > TOML_BYTES)
			return error_set(error, PIPGATE_LIMIT, "%s: the TOML files together have more than %zu bytes", files[i].path, TOML_BYTES);
		if (!file_put(fd, (struct span){size, (size_t)length}) || !file_put(fd, files[i].text))
			return error_set(error, PIPGATE_FAILED, "the private folder in TMPDIR: %s", strerror(errno));
	}
	return lseek(fd, 0, SEEK_SET) < 0 ? error_set(error, PIPGATE_FAILED, "the private folder in TMPDIR: %s", strerror(errno)) : PIPGATE_OK;
}

/* ---- the one start of Python ---- */

static enum pipgate_status said(const char *python, int code, struct pipgate_error *error)
{
	if (code == 0)
		return PIPGATE_OK;
	if (code == NO_READER)
		return error_set(error, PIPGATE_FAILED,
			"%s has neither tomllib (Python 3.11) nor a pip with tomli (pip 21.2): name a newer Python with --python", python);
	if (code < 0)
		return error_set(error, PIPGATE_FAILED, "%s cannot be started: %s", python, strerror(errno));
	if (code > 256)
		return error_set(error, PIPGATE_FAILED, "%s was ended by signal %d while it read TOML", python, code - 256);
	return error_set(error, PIPGATE_FAILED, "%s ended with status %d while it read TOML", python, code);
}

static enum pipgate_status convert(struct gathering *g, const char *python, int in, int out, struct pipgate_error *error)
{
	char *argv[] = {text_format(g->run, "%s", python), text_format(g->run, "-ISc"), text_format(g->run, "%s", READER), NULL};
	const struct process process = {.argv = argv, .stdin_fd = in, .stdout_fd = out, .stderr_fd = -1};

	return said(python, process_run(&process), error);
}

static enum pipgate_status interpreter(struct gathering *g, const char **out, struct pipgate_error *error)
{
	enum pipgate_status status = gathering_pip(g, false, error);

	if (status != PIPGATE_OK)
		return status;
	*out = pip_interpreter(g->run, &g->pip);
	if (!*out)
		return error_set(error, PIPGATE_FAILED, "no interpreter was found for %s, and TOML is read by one; name it with --python",
			g->pip.words[0]);
	return PIPGATE_OK;
}

enum pipgate_status toml_open(struct gathering *g, const struct source_file *files, size_t n, struct toml_batch *batch,
	struct pipgate_error *error)
{
	enum pipgate_status status;
	const char *python;
	int in = -1, out = -1;

	buf_init(&batch->printed, NULL, PRINTED_BYTES);
	batch->rest = (struct span){NULL, 0};
	status = interpreter(g, &python, error);
	if (status == PIPGATE_OK) {
		in = temporary_file(error);
		out = in < 0 ? -1 : temporary_file(error);
		status = out < 0 ? PIPGATE_FAILED : put_texts(in, files, n, error);
	}
	if (status == PIPGATE_OK)
		status = convert(g, python, in, out, error);
	if (status == PIPGATE_OK && lseek(out, 0, SEEK_SET) == 0)
		status = file_read_fd(out, "what Python made of TOML", &batch->printed, error);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	batch->rest = buf_view(&batch->printed);
	if (status != PIPGATE_OK)
		toml_close(batch);
	return status;
}

enum pipgate_status toml_next(struct toml_batch *batch, cJSON **out, struct pipgate_error *error)
{
	struct span line = span_split(&batch->rest, '\n');
	enum pipgate_status status;
	cJSON *tree = NULL;

	if (!line.n)
		return error_set(error, PIPGATE_FAILED, "Python gave fewer documents than there are TOML files");
	status = json_parse(span_from(line, 1), &tree, error);
	if (status == PIPGATE_INVALID)
		return error_before(error, "not taken from TOML"), status;
	if (status != PIPGATE_OK)
		return status;
	if (line.p[0] == 'T' && cJSON_IsObject(tree)) {
		*out = tree;
		return PIPGATE_OK;
	}
	status = error_set(error, PIPGATE_INVALID, "%s", cJSON_IsString(tree) ? tree->valuestring : "no TOML");
	cJSON_Delete(tree);
	return status;
}

void toml_close(struct toml_batch *batch)
{
	buf_fini(&batch->printed);
	batch->rest = (struct span){NULL, 0};
}

static cJSON *error_item(const char *text)
{
	cJSON *item = cJSON_CreateObject();

	if (!item || !cJSON_AddStringToObject(item, "error", text))
		die_no_memory();
	return item;
}

enum pipgate_status toml_read(struct gathering *g, const struct source_file *files, size_t n, cJSON **out, struct pipgate_error *error)
{
	struct toml_batch batch;
	enum pipgate_status status = toml_open(g, files, n, &batch, error);
	cJSON *array = must(cJSON_CreateArray());

	for (size_t i = 0; i < n && status == PIPGATE_OK; i++) {
		struct pipgate_error wrong;
		cJSON *tree = NULL;
		enum pipgate_status one = toml_next(&batch, &tree, &wrong);

		if (one == PIPGATE_INVALID || one == PIPGATE_LIMIT)
			tree = error_item(wrong.text);
		else if (one != PIPGATE_OK)
			status = error_set(error, one, "%s", wrong.text);
		if (status == PIPGATE_OK && !cJSON_AddItemToArray(array, tree))
			die_no_memory();
	}
	toml_close(&batch);
	if (status == PIPGATE_OK)
		*out = array;
	else
		cJSON_Delete(array);
	return status;
}
