/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/pip/closure.h"

#include <fcntl.h>

#include "wrapper/file.h"
#include "wrapper/pip/invocation.h"
#include "wrapper/source/environment.h"
#include "wrapper/source/requirements.h"

#include "matcher/base/banned.h"

/* Does pip look at what is installed at all? */
static bool looks(const struct gate *gate)
{
	static const enum role blind[] = {ROLE_IGNORE_INSTALLED, ROLE_PLATFORM};

	for (size_t i = 0; i < sizeof(blind) / sizeof(*blind); i++)
		if (arguments_last(&gate->arguments, blind[i]))
			return false;
	for (size_t i = 0; i < gate->arguments.n; i++) /* --target, but neither --prefix nor --root */
		if (gate->arguments.v[i].option && gate->arguments.v[i].option->letter == 't')
			return false;
	return gate->command_bit == PIP_INSTALL;
}

static const struct pipgate_component *find(const struct pipgate_component *v, size_t n, struct span name)
{
	for (size_t i = 0; i < n; i++)
		if (span_equal(v[i].name, name))
			return &v[i];
	return NULL;
}

static void mark_asked(struct pipgate_component *c, const struct list *asked)
{
	const struct asked *v = asked->items;

	for (size_t i = 0; i < asked->n; i++)
		if (span_equal(v[i].name, c->name)) {
			c->requested = true;
			c->extras = v[i].extras;
			c->n_extras = v[i].n_extras;
		}
}

/* pip's own word on what a requirements file at an address asks for, which we do not fetch a second time. */
static void read_satisfied(struct gate *gate, struct list *asked)
{
	const struct span start = SPAN("Requirement already satisfied: ");
	struct buf bytes;
	struct span text;

	buf_init(&bytes, NULL, PIP_REPORT_MAX);
	text = file_read(AT_FDCWD, gate_path(gate, "pip.out"), &bytes, NULL) == PIPGATE_OK ? buf_view(&bytes) : SPAN("");
	while (text.n) {
		struct span line = span_split(&text, '\n');

		if (span_starts(line, start)) {
			line = span_from(line, start.n);
			asked_add(gate->run, span_split(&line, ' '), asked);
		}
	}
	buf_fini(&bytes);
}

static bool asks_by_address(const struct gate *gate)
{
	for (size_t i = 0; i < gate->arguments.n; i++) {
		const struct argument *a = &gate->arguments.v[i];

		if (a->option && a->option->role == ROLE_REQUIREMENT && strstr(a->value, "://"))
			return true;
	}
	return false;
}

/* An old pip downloads what is installed already, too: that very version stays where it is, and is touched. */
static void drop_present(struct gate *gate, const struct installed *installed, struct list *asked)
{
	struct pipgate_component *v = must(arena_array(gate->run, gate->plan.n, sizeof(*v)));
	size_t kept = 0;

	for (size_t i = 0; i < gate->plan.n; i++) {
		const struct pipgate_component *c = find(installed->components, installed->n, gate->plan.components[i].name);

		if (!c || !span_equal(c->version, gate->plan.components[i].version))
			v[kept++] = gate->plan.components[i];
		else
			*(struct asked *)must(list_push(gate->run, asked, sizeof(struct asked))) = (struct asked){.name = c->name};
	}
	gate->plan.components = v;
	gate->plan.n = kept;
}

static bool upgrades(const struct gate *gate)
{
	for (size_t i = 0; i < gate->arguments.n; i++)
		if (gate->arguments.v[i].option && gate->arguments.v[i].option->letter == 'U')
			return true;
	return false;
}

/* Will the plan replace this one? An old pip's plan is silent about it, but for what is asked for with --upgrade. */
static bool replaced(const struct gate *gate, const struct pipgate_component *c)
{
	if (!find(gate->plan.components, gate->plan.n, c->name))
		return false;
	return gate->report_path || (c->requested && upgrades(gate));
}

/* The plan's components, then all that stays installed beside it. */
static struct components gather(struct gate *gate, const struct installed *installed, const struct list *asked)
{
	struct components all = {must(arena_array(gate->run, gate->plan.n + installed->n, sizeof(*all.v))), gate->plan.n};

	if (all.n)
		memcpy(all.v, gate->plan.components, all.n * sizeof(*all.v));
	for (size_t i = 0; i < installed->n; i++) {
		struct pipgate_component c = installed->components[i];

		mark_asked(&c, asked);
		if (!replaced(gate, &c))
			all.v[all.n++] = c;
	}
	return all;
}

struct components closure(struct gate *gate)
{
	struct pipgate_graph *graph = NULL;
	bool no_deps = arguments_last(&gate->arguments, ROLE_NO_DEPS) != NULL;
	struct installed installed = {0};
	struct components all;
	struct list asked;
	bool *touched;
	size_t kept;

	if (looks(gate))
		environment_read(gate->run, gate->pip.path, &installed);
	asked = invocation_asked(gate);
	if (asks_by_address(gate))
		read_satisfied(gate, &asked);
	if (!gate->report_path)
		drop_present(gate, &installed, &asked);
	all = gather(gate, &installed, &asked);
	if (pipgate_graph_new(gate->run, all.v, all.n, &gate->plan.environment, &graph) != PIPGATE_OK)
		die_no_memory();
	touched = must(arena_array(gate->run, all.n, sizeof(*touched)));
	for (size_t i = gate->plan.n; i < all.n; i++) {
		struct pipgate_chain chain = {.broken = true};

		touched[i] = all.v[i].requested || (!no_deps && pipgate_why(graph, i, &chain) == PIPGATE_OK && !chain.broken);
	}
	kept = gate->plan.n;
	for (size_t i = gate->plan.n; i < all.n; i++)
		if (touched[i])
			all.v[kept++] = all.v[i];
	all.n = kept;
	return all;
}
