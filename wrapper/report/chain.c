/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/report/chain.h"

#include "matcher/base/text.h"

#include "matcher/base/banned.h"

/* The last one's version is told elsewhere. */
static void link_write(struct buf *out, const struct audit *audit, const struct pipgate_chain *chain, size_t i)
{
	const struct pipgate_component *c = &audit->components[chain->components[i]];

	text_escape(out, c->name);
	if (i + 1 == chain->n)
		return;
	buf_byte(out, ' ');
	text_escape(out, c->version);
	buf_text(out, " → ");
}

static void links_write(struct buf *out, const struct audit *audit, const struct pipgate_chain *chain, enum chain_form form)
{
	if (form == CHAIN_SHORT) {
		buf_text(out, "via ");
		text_escape(out, audit->components[chain->components[0]].name);
		return;
	}
	link_write(out, audit, chain, 0);
	if (form == CHAIN_ENDS && chain->n > 2)
		buf_text(out, "… → ");
	for (size_t i = form == CHAIN_ENDS ? chain->n - 1 : 1; i < chain->n; i++)
		link_write(out, audit, chain, i);
}

void chain_write(struct buf *out, const struct audit *audit, size_t finding, enum chain_form form)
{
	const struct pipgate_chain *chain = &audit->chains[finding];
	bool installed = audit->components[audit->findings[finding].component].origin == PIPGATE_ORIGIN_INSTALLED;
	bool drawn_in = chain->n > 1;

	if (installed)
		buf_text(out, "already installed");
	if (installed && drawn_in && form != CHAIN_SHORT)
		buf_text(out, ", ");
	if (drawn_in && !(installed && form == CHAIN_SHORT))
		links_write(out, audit, chain, form);
	else if (!installed && !drawn_in)
		buf_text(out, chain->broken ? "via an installed one" : "asked for");
}
