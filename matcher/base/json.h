/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one reader of JSON, over cJSON: it accepts nothing that Python's json module would read differently. Checked
 * before cJSON sees a byte: UTF-8, the grammar (numbers, escapes, no raw control characters), no \u0000, no lone
 * surrogates, nesting to JSON_DEPTH, nothing but white space behind the value; on the tree: no repeated keys.
 */
#ifndef PIPGATE_BASE_JSON_H
#define PIPGATE_BASE_JSON_H

#include <cjson/cJSON.h>

#include "matcher/base/error.h"

#define JSON_DEPTH 64         /* real records and reports stay below 12 */
#define JSON_VALUES 1000000   /* cJSON takes 64 bytes for each, were it one byte; a report of 5,000 distributions has 500,000 */

/* *out is owned by the caller: cJSON_Delete(). INVALID errors read "byte N: what". */
enum pipgate_status json_parse(struct span text, cJSON **out, struct pipgate_error *error) PIPGATE_MUST_USE;

/* The same, quicker where long texts of no use stand in it: a text behind this key (given in its quotes) is checked like all
 * else, but stands as "" in the tree. */
enum pipgate_status json_parse_without(struct span text, struct span key, cJSON **out, struct pipgate_error *error) PIPGATE_MUST_USE;

/* Members by exact name, NULL where it is missing (or object is no object). */
const cJSON *json_member(const cJSON *object, const char *name);
/* A string's bytes; n 0 and p NULL where the item is missing or no string. */
struct span json_string(const cJSON *item);
/* A key that this object has twice, NULL: none. For trees that were made elsewhere (base/yaml); json_parse() has looked. */
enum pipgate_status json_repeated_key(const cJSON *object, const char **key) PIPGATE_MUST_USE;

/* Appends text as a JSON string with its quotes: ASCII only, everything else as \uNNNN; broken bytes as U+FFFD. */
struct buf;
void json_quote(struct buf *out, struct span text);

#endif
