/* SPDX-License-Identifier: Apache-2.0 */
/* pip's report, and who leads to whom in what it holds. */
#include "wrapper/pip/report.h"

#include "tests/fuzz/fuzz.h"

#include "matcher/base/banned.h"

static void check_component(struct pipgate_run *run, const struct pipgate_component *c)
{
	struct span again;

	require(c->shown_name.n && c->version.n);
	require(pipgate_name_normalize(run, c->name, &again) == PIPGATE_OK && span_equal(c->name, again));
	touch(c->shown_name);
	touch(c->version);
	touch(c->url);
	touch(c->sha256);
	touch_all(c->requires_dist, c->n_requires_dist);
	touch_all(c->extras, c->n_extras);
}

static void check_chain(const struct pipgate_graph *graph, const struct plan *plan, size_t index)
{
	struct pipgate_chain chain;

	require(pipgate_why(graph, index, &chain) == PIPGATE_OK);
	require(chain.n && chain.n <= plan->n && chain.components[chain.n - 1] == index);
	for (size_t i = 0; i < chain.n; i++)
		require(chain.components[i] < plan->n);
	if (chain.broken)
		require(chain.n == 1);
	else
		require(plan->components[chain.components[0]].requested);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pipgate_run *run = new_run();
	struct pipgate_error error = {""};
	struct pipgate_graph *graph;
	struct plan plan;
	enum pipgate_status status = report_read(run, input_of(data, size), &plan, &error);

	require(status == PIPGATE_OK || (status == PIPGATE_INVALID && error.text[0]));
	if (status == PIPGATE_OK) {
		for (size_t i = 0; i < plan.n; i++)
			check_component(run, &plan.components[i]);
		require(pipgate_graph_new(run, plan.components, plan.n, &plan.environment, &graph) == PIPGATE_OK);
		for (size_t i = 0; i < plan.n; i++)
			check_chain(graph, &plan, i);
	}
	pipgate_run_free(&run);
	return 0;
}
