/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one reader of YAML, over libfyaml, into the same tree as base/json: mappings, sequences and scalars, every scalar
 * is text but a plain null, ~ or nothing. Refused: tags, anchors, aliases and merge keys, repeated keys, a second
 * document, nesting beyond JSON_DEPTH, what is not UTF-8 or holds control characters.
 */
#ifndef PIPGATE_BASE_YAML_H
#define PIPGATE_BASE_YAML_H

#include "matcher/base/json.h"

#define YAML_BYTES ((size_t)128 << 10) /* libfyaml takes up to 300 times as much; the longest real advisory has 20 KB */

/* Longer than YAML_BYTES: LIMIT. *out is owned by the caller: cJSON_Delete(). INVALID errors read "line L, column C: what". */
enum pipgate_status yaml_parse(struct span text, cJSON **out, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
