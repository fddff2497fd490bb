/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/audit/dependents.h"

#include <stdlib.h>

#include "matcher/base/banned.h"

struct named {
	struct span name;
	size_t component;
};

static int by_name(const void *a, const void *b)
{
	return span_compare(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static const struct named *find(const struct named *names, size_t n, struct span name)
{
	const struct named key = {.name = name};

	return n ? bsearch(&key, names, n, sizeof(key), by_name) : NULL;
}

/* The name that a requirement begins with, normalized. */
static struct span name_of(struct pipgate_run *run, struct span requirement)
{
	struct span text = span_trim(requirement), name;
	size_t n = 0;

	while (n < text.n && (ascii_alpha(text.p[n]) || ascii_digit(text.p[n]) || memchr("-_.", text.p[n], 3)))
		n++;
	if (pipgate_name_normalize(run, (struct span){text.p, n}, &name) != PIPGATE_OK)
		die_no_memory();
	return name;
}

static bool holds(struct pipgate_run *run, struct span text, const struct pipgate_environment *environment)
{
	struct pipgate_requirement requirement;
	bool value = true;

	if (!memchr(text.p, ';', text.n))
		return true; /* no marker */
	if (pipgate_requirement_parse(run, text, &requirement, NULL) != PIPGATE_OK)
		return false;
	if (!requirement.marker.n || !environment->n)
		return !memmem(requirement.marker.p, requirement.marker.n, "extra ==", 8);
	return pipgate_marker_evaluate(run, requirement.marker, environment, SPAN(""), &value, NULL) == PIPGATE_OK && value;
}

static void read_one(struct dependents *d, const struct pipgate_component *components, size_t index, const struct named *names,
	const struct pipgate_environment *environment)
{
	const struct pipgate_component *c = &components[index];

	for (size_t i = 0; i < c->n_requires_dist; i++) {
		const struct named *who = find(names, d->n, name_of(d->run, c->requires_dist[i]));

		if (who && who->component != index && holds(d->run, c->requires_dist[i], environment))
			*(struct dependent *)must(list_push(d->run, &d->direct[who->component], sizeof(struct dependent))) =
				(struct dependent){index, c->requires_dist[i]};
	}
}

void dependents_read(struct pipgate_run *run, const struct pipgate_component *components, size_t n,
	const struct pipgate_environment *environment, struct dependents *out)
{
	struct named *names = must(arena_array(run, n + 1, sizeof(*names)));

	*out = (struct dependents){.run = run, .n = n, .direct = must(arena_array(run, n + 1, sizeof(*out->direct))),
		.queue = must(arena_array(run, n + 1, sizeof(size_t))), .round = must(arena_array(run, n + 1, sizeof(size_t)))};
	for (size_t i = 0; i < n; i++)
		names[i] = (struct named){components[i].name, i};
	qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 0; i < n; i++)
		read_one(out, components, i, names, environment);
}

size_t dependents_count(struct dependents *d, size_t index)
{
	size_t n = 1, at = 0, round = ++d->rounds;
	size_t *queue = d->queue;

	queue[0] = index;
	d->round[index] = round;
	while (at < n) {
		const struct list *direct = &d->direct[queue[at++]];
		const struct dependent *v = direct->items;

		for (size_t i = 0; i < direct->n; i++)
			if (d->round[v[i].component] != round) {
				d->round[v[i].component] = round;
				queue[n++] = v[i].component;
			}
	}
	return n - 1;
}
