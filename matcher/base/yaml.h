/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one reader of YAML, over libfyaml, into the same tree as base/json: mappings, sequences and scalars, every scalar
 * is text but a plain null, ~ or nothing. Refused: tags, anchors, aliases and merge keys, repeated keys, a second
 * document, nesting beyond JSON_DEPTH, what is not UTF-8 or holds control characters.
 *
 * Every node knows where it stands: valueint is the byte at which its value begins, valuedouble the byte at which its key
 * does (of an item without a key: the value's).
 */
#ifndef PIPGATE_BASE_YAML_H
#define PIPGATE_BASE_YAML_H

#include "matcher/base/json.h"

#define YAML_BYTES ((size_t)128 << 10) /* libfyaml takes up to 300 times as much; the longest real advisory has 20 KB */

/* Longer than YAML_BYTES: LIMIT. *out is owned by the caller: cJSON_Delete(). INVALID errors read "line L, column C: what". */
enum pipgate_status yaml_parse(struct span text, cJSON **out, struct pipgate_error *error) PIPGATE_MUST_USE;

/* The same for texts up to limit bytes: of a file that its owner vouches for. */
enum pipgate_status yaml_parse_long(struct span text, size_t limit, cJSON **out, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
