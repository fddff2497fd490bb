/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/fix/finder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "matcher/base/buf.h"
#include "matcher/base/json.h"
#include "wrapper/process.h"

#include "matcher/base/banned.h"

#define ANSWER_MAX ((size_t)16 << 20) /* some thousand releases take some hundred kilobytes */
#define CHUNK ((size_t)16 << 10)
#define QUESTION_MAX 1024             /* a name and a version; PyPI's own limits are lower */

/*
 * Every pip from 20.3 to 26 has these parts under these names; the tests ask each. A page's links are seen as the finder evaluates
 * them, so that files for other Pythons are seen, too. What is printed by others goes to stderr. A wheel is looked into only where
 * the index has no metadata beside it (PEP 658), up to 100 MB.
 */
static const char LINES[] =
	"import io, json, os, zipfile\n"
	"from email.parser import BytesHeaderParser\n"
	"out = os.fdopen(os.dup(1), 'w')\n"
	"os.dup2(2, 1)\n"
	"from pip._internal.commands import create_command\n"
	"from pip._vendor.packaging.version import Version\n"
	"command = create_command('install')\n"
	"options, _ = command.parse_args(sys.argv[1:])\n"
	"if options.no_input: os.environ['PIP_NO_INPUT'] = '1'\n"
	"LARGEST = 100 << 20\n"
	"pages = {}\n"
	"class Seeing:\n"
	"    def __init__(self, inner, seen): self.inner, self.seen = inner, seen\n"
	"    def __getattr__(self, name): return getattr(self.inner, name)\n"
	"    def evaluate_link(self, link):\n"
	"        self.seen.append(link)\n"
	"        return self.inner.evaluate_link(link)\n"
	"def version_of(link):\n"
	"    name = link.filename\n"
	"    try:\n"
	"        if name.endswith('.whl'): return Version(name.split('-')[1])\n"
	"        for end in ('.tar.gz', '.zip', '.tar.bz2', '.tgz', '.tar.xz'):\n"
	"            if name.endswith(end): return Version(name[:-len(end)].rsplit('-', 1)[1])\n"
	"    except Exception: pass\n"
	"def page(name):\n"
	"    if name not in pages:\n"
	"        seen, make = [], type(finder).make_link_evaluator\n"
	"        finder.make_link_evaluator = lambda n: Seeing(make(finder, n), seen)\n"
	"        found = {}\n"
	"        for c in finder.find_all_candidates(name):\n"
	"            try: found.setdefault(Version(str(c.version)), []).append(c.link)\n"
	"            except Exception: pass\n"
	"        every = {}\n"
	"        for link in seen:\n"
	"            version = version_of(link)\n"
	"            if version is not None: every.setdefault(version, {})[link.filename] = link\n"
	"        pages[name] = found, every\n"
	"    return pages[name]\n"
	"def releases(name):\n"
	"    found, every = page(name)\n"
	"    rows = []\n"
	"    for version in set(found) | set(every):\n"
	"        links = found.get(version) or list(every[version].values())\n"
	"        rows.append({'version': str(version), 'fits': version in found, 'yanked': all(l.yanked_reason is not None for l in links),\n"
	"                     'wheel': any(l.is_wheel for l in links)})\n"
	"    return {'releases': rows}\n"
	"def fetched(link, url):\n"
	"    with session.get(url, headers={'Accept-Encoding': 'identity'}, stream=True) as answer:\n"
	"        answer.raise_for_status()\n"
	"        if int(answer.headers.get('Content-Length') or 0) > LARGEST: return None\n"
	"        data = answer.raw.read(LARGEST + 1)\n"
	"        return data if len(data) <= LARGEST else None\n"
	"def metadata(link):\n"
	"    beside = getattr(link, 'metadata_link', None)\n"
	"    beside = beside() if callable(beside) else None\n"
	"    if beside is not None: return fetched(beside, beside.url_without_fragment)\n"
	"    data = fetched(link, link.url_without_fragment) if link.is_wheel else None\n"
	"    if data is None: return None\n"
	"    with zipfile.ZipFile(io.BytesIO(data)) as archive:\n"
	"        for info in archive.infolist():\n"
	"            if info.filename.count('/') == 1 and info.filename.endswith('.dist-info/METADATA') and info.file_size < LARGEST:\n"
	"                return archive.read(info)\n"
	"def needs(name, version):\n"
	"    links = page(name)[0].get(Version(version), [])\n"
	"    links = [l for l in links if l.is_wheel] or links\n"
	"    text = metadata(links[-1]) if links else None\n" /* the finder lists what it prefers last */
	"    if text is None: return {'known': False, 'needs': []}\n"
	"    rows = BytesHeaderParser().parsebytes(text).get_all('Requires-Dist') or []\n"
	"    return {'known': True, 'needs': [str(r) for r in rows]}\n"
	"def hashes(name, version):\n"
	"    links = page(name)[1].get(Version(version), {}).values()\n"
	"    digests = [l.hash if l.hash_name == 'sha256' else None for l in links]\n"
	"    return {'hashes': [] if None in digests else sorted('sha256:' + d for d in digests)}\n"
	"table = {'R': releases, 'N': needs, 'H': hashes}\n"
	"with command.main_context():\n"
	"    session = command.get_default_session(options)\n"
	"    finder = command._build_package_finder(options=options, session=session)\n"
	"    for line in sys.stdin:\n"
	"        words = line.split()\n"
	"        try: answer = table[words[0]](*words[1:])\n"
	"        except Exception as e: answer = {'error': '%s: %s' % (type(e).__name__, e)}\n"
	"        out.write(json.dumps(answer) + '\\n')\n"
	"        out.flush()\n";

struct finder {
	struct pipgate_run *run;
	const char *python;
	pid_t pid;
	int to, from;
	struct buf line; /* what has come so far */
};

/* ---- the other program ---- */

static char **command(struct pipgate_run *run, const struct pip *pip, char *const *options)
{
	struct words argv = {.run = run};

	words_add(&argv, pip->python);
	words_add(&argv, "-c");
	words_add(&argv, text_format(run, "import sys; sys.path[:1] = []\n%s", LINES));
	words_add(&argv, "--disable-pip-version-check");
	words_add(&argv, "--no-input");
	words_add_all(&argv, options);
	return words_end(&argv);
}

static enum pipgate_status start(struct finder *a, char *const *argv, struct pipgate_error *error)
{
	int down[2], up[2], null;
	struct process p = {.argv = argv};

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, down)) /* and no pipe: what is written to its end raises no SIGPIPE */
		return error_set(error, PIPGATE_FAILED, "cannot make a pipe: %s", strerror(errno));
	if (pipe2(up, O_CLOEXEC)) {
		close(down[0]);
		close(down[1]);
		return error_set(error, PIPGATE_FAILED, "cannot make a pipe: %s", strerror(errno));
	}
	null = open("/dev/null", O_WRONLY | O_CLOEXEC); /* pip's warnings: what matters comes as an answer */
	p.stdin_fd = down[0];
	p.stdout_fd = up[1];
	p.stderr_fd = getenv("PIPGATE_LOG") ? -1 : null;
	a->to = down[1];
	a->from = up[0];
	if (process_start(&p, &a->pid)) {
		a->pid = 0;
		error_set(error, PIPGATE_FAILED, "%s cannot be started: %s", argv[0], strerror(errno));
	}
	close(down[0]);
	close(up[1]);
	if (null >= 0)
		close(null);
	return a->pid ? PIPGATE_OK : PIPGATE_FAILED;
}

enum pipgate_status finder_start(struct pipgate_run *run, const struct pip *pip, char *const *options, struct finder **out,
	struct pipgate_error *error)
{
	struct finder *a = must(arena_alloc(run, sizeof(*a)));
	enum pipgate_status status;

	*a = (struct finder){.run = run, .python = pip->python, .to = -1, .from = -1};
	buf_init(&a->line, NULL, ANSWER_MAX);
	status = start(a, command(run, pip, options), error);
	if (status == PIPGATE_OK)
		*out = a;
	else
		finder_end(&a);
	return status;
}

void finder_end(struct finder **finder)
{
	struct finder *a = *finder;

	if (!a)
		return;
	if (a->to >= 0)
		close(a->to); /* the end of the questions is the end of the program */
	if (a->from >= 0)
		close(a->from);
	if (a->pid)
		process_wait(a->pid);
	buf_fini(&a->line);
	*finder = NULL;
}

/* ---- one question ---- */

static enum pipgate_status read_line(struct finder *a, struct pipgate_error *error)
{
	char chunk[CHUNK];

	buf_clear(&a->line);
	while (!a->line.n || a->line.p[a->line.n - 1] != '\n') {
		ssize_t n = read(a->from, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR && !process_signal())
			continue;
		if (n <= 0 && process_signal())
			return error_set(error, PIPGATE_FAILED, "stopped by a signal");
		if (n <= 0)
			return error_set(error, PIPGATE_FAILED, "the pip of %s does not tell what the index has; PIPGATE_LOG=debug shows why",
				a->python);
		buf_add(&a->line, chunk, (size_t)n);
		if (buf_status(&a->line) != PIPGATE_OK)
			return error_set(error, PIPGATE_LIMIT, "the index answers with more than %zu bytes", ANSWER_MAX);
	}
	return PIPGATE_OK;
}

static bool plain(struct span word)
{
	for (size_t i = 0; i < word.n; i++)
		if (word.p[i] <= ' ' || word.p[i] > '~')
			return false;
	return word.n > 0 && word.n < QUESTION_MAX;
}

/* *out is the caller's to delete. */
static enum pipgate_status ask(struct finder *a, char what, struct span name, struct span version, cJSON **out, struct pipgate_error *error)
{
	struct span question = must_span(arena_format(a->run, "%c " SPAN_FMT " " SPAN_FMT "\n", what, SPAN_ARG(name), SPAN_ARG(version)));
	enum pipgate_status status;
	struct span said;
	cJSON *root;

	if (!plain(name) || (version.n && !plain(version)))
		return error_set(error, PIPGATE_INVALID, "'" SPAN_FMT "' '" SPAN_FMT "' is no name and version", SPAN_ARG(name), SPAN_ARG(version));
	send(a->to, question.p, question.n, MSG_NOSIGNAL); /* where it is gone, there is no answer; a question fits the buffer */
	status = read_line(a, error);
	if (status == PIPGATE_OK)
		status = json_parse(buf_view(&a->line), &root, error);
	if (status != PIPGATE_OK)
		return status;
	said = json_string(json_member(root, "error"));
	if (said.n) {
		error_set(error, PIPGATE_FAILED, "pip asked its index for " SPAN_FMT ": " SPAN_FMT, SPAN_ARG(name), SPAN_ARG(said));
		cJSON_Delete(root);
		return PIPGATE_FAILED;
	}
	*out = root;
	return PIPGATE_OK;
}

static void keep_texts(struct finder *a, const cJSON *array, const struct span **out, size_t *n)
{
	struct list list = {0};
	const cJSON *item;

	cJSON_ArrayForEach(item, array)
		if (json_string(item).n)
			*(struct span *)must(list_push(a->run, &list, sizeof(struct span))) = must_span(arena_copy(a->run, json_string(item)));
	*out = list.items;
	*n = list.n;
}

enum pipgate_status finder_releases(struct finder *a, struct span name, const struct asked_release **out, size_t *n, struct pipgate_error *error)
{
	struct list list = {0};
	const cJSON *item;
	cJSON *root;
	enum pipgate_status status = ask(a, 'R', name, SPAN(""), &root, error);

	if (status != PIPGATE_OK)
		return status;
	cJSON_ArrayForEach(item, json_member(root, "releases")) {
		struct asked_release *r = must(list_push(a->run, &list, sizeof(*r)));

		*r = (struct asked_release){.version = must_span(arena_copy(a->run, json_string(json_member(item, "version")))),
			.yanked = cJSON_IsTrue(json_member(item, "yanked")), .fits = cJSON_IsTrue(json_member(item, "fits")),
			.wheel = cJSON_IsTrue(json_member(item, "wheel"))};
	}
	cJSON_Delete(root);
	*out = list.items;
	*n = list.n;
	return PIPGATE_OK;
}

enum pipgate_status finder_needs(struct finder *a, struct span name, struct span version, const struct span **out, size_t *n, bool *known,
	struct pipgate_error *error)
{
	cJSON *root;
	enum pipgate_status status = ask(a, 'N', name, version, &root, error);

	if (status != PIPGATE_OK)
		return status;
	*known = cJSON_IsTrue(json_member(root, "known"));
	keep_texts(a, json_member(root, "needs"), out, n);
	cJSON_Delete(root);
	return PIPGATE_OK;
}

enum pipgate_status finder_hashes(struct finder *a, struct span name, struct span version, const struct span **out, size_t *n,
	struct pipgate_error *error)
{
	cJSON *root;
	enum pipgate_status status = ask(a, 'H', name, version, &root, error);

	if (status != PIPGATE_OK)
		return status;
	keep_texts(a, json_member(root, "hashes"), out, n);
	cJSON_Delete(root);
	return PIPGATE_OK;
}
