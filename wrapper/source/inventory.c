/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/source/inventory.h"

#include <stdarg.h>
#include <stdio.h>

#include "matcher/base/buf.h"

#include "matcher/base/banned.h"

#define NOTE_MAX 1024

size_t inventory_input(struct inventory *inventory, const char *kind, const char *title, const char *path)
{
	struct input *place = must(list_push(inventory->run, &inventory->inputs, sizeof(*place)));

	*place = (struct input){.kind = kind, .title = title, .path = path};
	return inventory->inputs.n - 1;
}

static size_t last_input(const struct inventory *inventory)
{
	return inventory->inputs.n ? inventory->inputs.n - 1 : 0;
}

void inventory_add(struct inventory *inventory, struct pipgate_component component, struct found found)
{
	struct pipgate_component *c = must(list_push(inventory->run, &inventory->components, sizeof(*c)));
	struct found *f = must(list_push(inventory->run, &inventory->found, sizeof(*f)));

	if (!component.name.n && pipgate_name_normalize(inventory->run, component.shown_name, &component.name) != PIPGATE_OK)
		die_no_memory();
	if (!found.input)
		found.input = last_input(inventory);
	*c = component;
	*f = found;
}

void inventory_skip(struct inventory *inventory, struct span name, const char *reason, const char *file, size_t line)
{
	struct skipped *s = must(list_push(inventory->run, &inventory->skipped, sizeof(*s)));

	*s = (struct skipped){.name = name, .reason = reason, .input = last_input(inventory), .file = file, .line = line};
}

void inventory_note(struct inventory *inventory, const char *format, ...)
{
	char text[NOTE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	*(const char **)must(list_push(inventory->run, &inventory->notes, sizeof(char *))) = text_copy(inventory->run, span_of(text));
}
