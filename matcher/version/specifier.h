/* SPDX-License-Identifier: Apache-2.0 */
/* Specifiers (PEP 440): one of them, and sets as packaging's SpecifierSet reads them. */
#ifndef PIPGATE_VERSION_SPECIFIER_H
#define PIPGATE_VERSION_SPECIFIER_H

#include "matcher/version/pep440.h"

enum specifier_operator {
	SPECIFIER_NONE = 0,
	SPECIFIER_ARBITRARY,
	SPECIFIER_EQUAL,
	SPECIFIER_NOT_EQUAL,
	SPECIFIER_COMPATIBLE,
	SPECIFIER_LESS_EQUAL,
	SPECIFIER_GREATER_EQUAL,
	SPECIFIER_LESS,
	SPECIFIER_GREATER,
};

struct specifier {
	enum specifier_operator operator;
	bool wildcard;              /* ends with ".*" */
	struct span version;        /* as written, without white space around */
	struct version_parts parts; /* not of ARBITRARY */
	struct pipgate_version key; /* set by specifier_parse(); not of ARBITRARY */
};

struct specifier_candidate { /* what a specifier is asked about */
	struct span text;
	bool valid; /* it is a version */
	struct version_parts parts;
	struct pipgate_version key;
};

/* The specifier that text begins with, white space before its version included. How many bytes; 0: none. */
size_t specifier_scan(struct span text, struct specifier *out);
/* All of text, white space around left aside. */
enum pipgate_status specifier_parse(struct pipgate_run *run, struct span text, struct specifier *out) PIPGATE_MUST_USE;
/* The operator as it is written. */
const char *specifier_text(enum specifier_operator operator);

/* PIPGATE_INVALID: a number is oversized. What is no version at all is a candidate, too. */
enum pipgate_status candidate_parse(struct pipgate_run *run, struct span text, struct specifier_candidate *out)
	PIPGATE_MUST_USE;
/* Specifier.contains(candidate, prereleases=True) */
enum pipgate_status specifier_matches(struct pipgate_run *run, const struct specifier *specifier,
	const struct specifier_candidate *candidate, bool *out) PIPGATE_MUST_USE;

/* The key of the first release that bears the specifier's version: 1.0.dev0 of 1.0. */
enum pipgate_status specifier_first(struct pipgate_run *run, const struct specifier *specifier, struct span *key) PIPGATE_MUST_USE;

/* str(SpecifierSet(text)): sorted, without repeats. */
enum pipgate_status specifiers_canonical(struct pipgate_run *run, struct span text, struct span *out) PIPGATE_MUST_USE;

#endif
