/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/pip/closure.h"

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

static bool planned(const struct gate *gate, struct span name)
{
	for (size_t i = 0; i < gate->plan.n; i++)
		if (span_equal(gate->plan.components[i].name, name))
			return true;
	return false;
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

/* The plan's components, then all that is installed beside it. */
static struct components gather(struct gate *gate, const struct installed *installed, const struct list *asked)
{
	struct components all = {must(arena_array(gate->run, gate->plan.n + installed->n, sizeof(*all.v))), gate->plan.n};

	if (all.n)
		memcpy(all.v, gate->plan.components, all.n * sizeof(*all.v));
	for (size_t i = 0; i < installed->n; i++)
		if (!planned(gate, installed->components[i].name)) {
			all.v[all.n] = installed->components[i];
			mark_asked(&all.v[all.n++], asked);
		}
	return all;
}

void closure_add(struct gate *gate, struct components *components)
{
	struct pipgate_graph *graph = NULL;
	bool no_deps = arguments_last(&gate->arguments, ROLE_NO_DEPS) != NULL;
	struct installed installed;
	struct components all;
	struct list asked;
	bool *touched;
	size_t kept;

	if (!looks(gate))
		return;
	environment_read(gate->run, gate->pip.path, &installed);
	asked = invocation_asked(gate);
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
	components->v = all.v;
	components->n = kept;
}
