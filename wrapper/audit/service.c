/* SPDX-License-Identifier: Apache-2.0 */
/* -s NAME: the advisories of a live service in the place of the database's. What it does not know was not audited. */
#include "wrapper/audit/audit.h"
#include "wrapper/pip/index.h"
#include "wrapper/service/service.h"

#include "matcher/base/banned.h"

static enum pipgate_status text_of(void *ctx, struct span id, struct span *out, struct pipgate_error *error)
{
	return service_text(ctx, id, out, error);
}

static void end(void *ctx)
{
	struct service *service = ctx;

	service_free(&service);
}

/* pip's own default is known to pip alone: it is asked where pip may be started. */
static const char *index_of(struct auditing *a)
{
	const struct source_settings *s = &a->options.source;
	struct pipgate_error ignored;
	const struct pip *pip = gathering_pip(&a->gathering, false, &ignored) == PIPGATE_OK ? &a->gathering.pip : NULL;

	return s->disable_pip ? index_simple(a->run, pip, s->index_url) : index_ask(a->run, pip, s->index_url);
}

/* Out of the components, into what was skipped; both lists keep their order. */
static void skip(struct auditing *a, const struct service *service)
{
	struct inventory *inventory = &a->inventory;
	struct pipgate_component *components = inventory->components.items;
	struct found *found = inventory->found.items;
	size_t kept = 0;

	for (size_t i = 0; i < inventory->components.n; i++) {
		const char *reason = service_skipped(service, i);

		if (reason) {
			*(struct skipped *)must(list_push(a->run, &inventory->skipped, sizeof(struct skipped))) = (struct skipped){
				.name = components[i].shown_name.n ? components[i].shown_name : components[i].name,
				.reason = reason, .input = found[i].input, .file = found[i].file, .line = found[i].line};
			continue;
		}
		components[kept] = components[i];
		found[kept++] = found[i];
	}
	inventory->components.n = inventory->found.n = kept;
}

enum pipgate_status audit_open_service(struct auditing *a, struct pipgate_error *error)
{
	const struct audit_options *o = &a->options;
	const struct service_settings settings = {
		.name = o->service,
		.osv_url = o->osv_url,
		.index_url = strcmp(o->service, "pypi") == 0 ? index_of(a) : NULL,
		.cache_dir = o->source.cache_dir,
		.timeout = o->source.timeout,
		.no_cache = o->source.no_cache,
	};
	struct service *service;
	enum pipgate_status status = service_ask(a->run, &settings, a->inventory.components.items, a->inventory.components.n, &service, error);

	if (status != PIPGATE_OK)
		return status;
	skip(a, service);
	inventory_note(&a->inventory, "advisories are those of %s, asked now", service_title(service));
	a->advisories = (struct advisories){service_cursor(service), text_of, end, service};
	return PIPGATE_OK;
}
