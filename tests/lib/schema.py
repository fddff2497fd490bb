# SPDX-License-Identifier: Apache-2.0
"""The part of JSON Schema that the project's own schemas use. An unknown keyword is an error, never ignored."""
import re

_ANNOTATIONS = {"$schema", "$id", "$defs", "definitions", "title", "description", "examples", "default", "$comment", "format"}
_TYPES = {
    "object": lambda v: isinstance(v, dict), "array": lambda v: isinstance(v, list), "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool), "null": lambda v: v is None,
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
}


def problems(value, schema, root=None, at="$"):
    """Every violation as a line; none: valid."""
    root = schema if root is None else root
    if schema is True or schema is False:
        return [] if schema else [at + ": nothing is allowed here"]
    found = []
    for keyword, argument in schema.items():
        check = _KEYWORDS.get(keyword)
        if check:
            found += check(value, argument, schema, root, at)
        elif keyword not in _ANNOTATIONS:
            found.append("%s: the checker does not know %s" % (at, keyword))
    return found


def _ref(value, argument, schema, root, at):
    target = root
    for part in argument.lstrip("#/").split("/"):
        target = target[part]
    return problems(value, target, root, at)


def _type(value, argument, schema, root, at):
    names = argument if isinstance(argument, list) else [argument]
    return [] if any(_TYPES[n](value) for n in names) else ["%s: is no %s: %.80r" % (at, " or ".join(names), value)]


def _properties(value, argument, schema, root, at):
    if not isinstance(value, dict):
        return []
    return [p for k, s in argument.items() if k in value for p in problems(value[k], s, root, at + "." + k)]


def _additional(value, argument, schema, root, at):
    if not isinstance(value, dict):
        return []
    rest = [k for k in value if k not in schema.get("properties", {})]
    return [p for k in rest for p in problems(value[k], argument, root, at + "." + k)]


def _items(value, argument, schema, root, at):
    return [p for i, v in enumerate(value) for p in problems(v, argument, root, "%s[%d]" % (at, i))] if isinstance(value, list) else []


def _alternatives(value, argument, schema, root, at):
    tries = [problems(value, s, root, at) for s in argument]
    return [] if any(not t for t in tries) else ["%s: fits none of the alternatives: %s" % (at, tries)]


def _one(value, argument, schema, root, at):
    fits = sum(not problems(value, s, root, at) for s in argument)
    return [] if fits == 1 else ["%s: fits %d alternatives, not one" % (at, fits)]


def _simple(test, text):
    def check(value, argument, schema, root, at):
        return [] if test(value, argument) else ["%s: %s %r: %.80r" % (at, text, argument, value)]
    return check


def _number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_KEYWORDS = {
    "$ref": _ref, "type": _type, "properties": _properties, "additionalProperties": _additional, "items": _items,
    "anyOf": _alternatives, "oneOf": _one,
    "allOf": lambda value, argument, schema, root, at: [p for s in argument for p in problems(value, s, root, at)],
    "required": lambda value, argument, schema, root, at:
        ["%s: lacks %s" % (at, k) for k in argument if isinstance(value, dict) and k not in value],
    "enum": _simple(lambda v, a: v in a, "is not one of"),
    "const": _simple(lambda v, a: v == a, "is not"),
    "pattern": _simple(lambda v, a: not isinstance(v, str) or re.search(a, v), "does not match"),
    "minimum": _simple(lambda v, a: not _number(v) or v >= a, "is below"),
    "maximum": _simple(lambda v, a: not _number(v) or v <= a, "is above"),
    "minLength": _simple(lambda v, a: not isinstance(v, str) or len(v) >= a, "is shorter than"),
    "maxLength": _simple(lambda v, a: not isinstance(v, str) or len(v) <= a, "is longer than"),
    "contains": lambda value, argument, schema, root, at:
        [] if not isinstance(value, list) or any(not problems(v, argument, root, at) for v in value) else ["%s: contains none that fits" % at],
    "minItems": _simple(lambda v, a: not isinstance(v, list) or len(v) >= a, "has fewer items than"),
    "maxItems": _simple(lambda v, a: not isinstance(v, list) or len(v) <= a, "has more items than"),
    "uniqueItems": _simple(lambda v, a: not a or not isinstance(v, list) or all(x not in v[:i] for i, x in enumerate(v)), "repeats"),
}
