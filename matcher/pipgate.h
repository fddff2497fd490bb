/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libpipgate: given components and advisories, what applies and what may pass.
 *
 * Pure: opens no file, knows no database, network, process, terminal or clock, and keeps no globals.
 *
 * Ownership: spans are borrowed for the call. Every result lives in the run's arena, until pipgate_run_reset() or
 * pipgate_run_free(). A run belongs to one thread. Results are set on success only; zero is never "yes".
 */
#ifndef PIPGATE_H
#define PIPGATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PIPGATE_VERSION "0.1.0"
#define PIPGATE_MUST_USE __attribute__((warn_unused_result))

struct span {
	const char *p;
	size_t n;
};

enum pipgate_status {
	PIPGATE_FAILED = 0, /* something outside of the input went wrong */
	PIPGATE_OK = 1,
	PIPGATE_INVALID,   /* the input is refused; the error says what, where and why */
	PIPGATE_LIMIT,     /* the input is larger than a named limit */
	PIPGATE_NO_MEMORY, /* an allocation failed */
};

#define PIPGATE_ERROR_BYTES 480
struct pipgate_error {
	char text[PIPGATE_ERROR_BYTES]; /* UTF-8, NUL-ended, already safe for a terminal */
};

/* ctx, old, old_n, new_n → new block; new_n 0 frees and returns NULL. NULL as an allocator means libc's. */
struct pipgate_allocator {
	void *(*resize)(void *ctx, void *old, size_t old_n, size_t new_n);
	void *ctx;
};

struct pipgate_run;

enum pipgate_status pipgate_run_new(const struct pipgate_allocator *allocator, struct pipgate_run **out) PIPGATE_MUST_USE;
void pipgate_run_reset(struct pipgate_run *run); /* forgets every result, keeps one block for reuse */
void pipgate_run_free(struct pipgate_run **run);

/* ---- names (PEP 503) ---- */

/* Runs of "-", "_" and "." become "-", letters are lowered as Python's str.lower() does; broken bytes stay. Validity is not judged. */
enum pipgate_status pipgate_name_normalize(struct pipgate_run *run, struct span name, struct span *out) PIPGATE_MUST_USE;

/* ---- versions (PEP 440) ---- */

struct pipgate_version {
	struct span key;     /* memcmp of two keys, the shorter of equals first, is PEP 440's order */
	size_t public_n;     /* key.p[0..public_n) is the key of the public version (without the local label) */
	bool prerelease;     /* a pre- or development release */
	bool local;
};

/* White space around is ignored as packaging does. PIPGATE_INVALID: not PEP 440. */
enum pipgate_status pipgate_version_parse(struct pipgate_run *run, struct span text, struct pipgate_version *out) PIPGATE_MUST_USE;
/* The canonical form, as str(packaging.version.Version(text)). */
enum pipgate_status pipgate_version_canonical(struct pipgate_run *run, struct span text, struct span *out) PIPGATE_MUST_USE;
int pipgate_key_compare(struct span a, struct span b); /* -1, 0, 1 */

enum pipgate_prereleases {
	PIPGATE_PRERELEASES_AUTO = 0, /* a single version is asked about, so they are let through (packaging 26) */
	PIPGATE_PRERELEASES_YES,
	PIPGATE_PRERELEASES_NO,
};

/* packaging's SpecifierSet(specifiers, prereleases).contains(version). PIPGATE_INVALID: the specifiers do not parse; a version
 * that does not is contained in the empty set and where === names it. */
enum pipgate_status pipgate_specifier_contains(struct pipgate_run *run, struct span specifiers, struct span version,
	enum pipgate_prereleases prereleases, bool *out) PIPGATE_MUST_USE;

/* ---- requirements and markers (PEP 508) ---- */

struct pipgate_requirement {
	struct span name;       /* as written */
	struct span *extras;    /* as written, sorted, without repeats */
	size_t n_extras;
	struct span specifiers; /* canonical, sorted, joined by "," ; empty for none */
	struct span url;        /* empty for none */
	struct span marker;     /* canonical, as packaging prints it; empty for none */
};

enum pipgate_status pipgate_requirement_parse(struct pipgate_run *run, struct span text, struct pipgate_requirement *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;

struct pipgate_variable {
	struct span name, value;
};
struct pipgate_environment { /* marker variables (PEP 508), without extra */
	const struct pipgate_variable *v;
	size_t n;
};

/* The marker's value with the variable extra set to extra (empty: no extra). PIPGATE_INVALID also where packaging raises
 * UndefinedComparison or UndefinedEnvironmentName; the error's text begins with that word. */
enum pipgate_status pipgate_marker_evaluate(struct pipgate_run *run, struct span marker, const struct pipgate_environment *environment,
	struct span extra, bool *out, struct pipgate_error *error) PIPGATE_MUST_USE;
/* The marker's canonical form, as str(packaging.markers.Marker(text)). */
enum pipgate_status pipgate_marker_canonical(struct pipgate_run *run, struct span marker, struct span *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;

/* ---- file names (wheel: PEP 427 and 440; sdist: PEP 625 and what came before) ---- */

struct pipgate_filename {
	struct span name;    /* normalized */
	struct span version; /* as written */
	bool wheel;
};

enum pipgate_status pipgate_filename_parse(struct pipgate_run *run, struct span filename, struct pipgate_filename *out) PIPGATE_MUST_USE;

/* ---- severity (CVSS by FIRST) ---- */

enum pipgate_level { /* in rising order; UNKNOWN has no score */
	PIPGATE_LEVEL_UNKNOWN = 0,
	PIPGATE_LEVEL_NONE,
	PIPGATE_LEVEL_LOW,
	PIPGATE_LEVEL_MEDIUM,
	PIPGATE_LEVEL_HIGH,
	PIPGATE_LEVEL_CRITICAL,
};

struct pipgate_severity {
	enum pipgate_level level;
	uint8_t tenths;    /* the score × 10, 0..100 */
	struct span vector; /* what it was computed from; empty: unknown */
};

/* Base score of CVSS v2 (no prefix), 3.0 and 3.1, the score of 4.0. PIPGATE_INVALID: not a vector. */
enum pipgate_status pipgate_cvss_score(struct span vector, struct pipgate_severity *out) PIPGATE_MUST_USE;
const char *pipgate_level_name(enum pipgate_level level);                      /* "UNKNOWN", "NONE", … */
bool pipgate_level_parse(struct span text, enum pipgate_level *out);           /* any case; false: no level */

/* ---- advisories (OSV schema 1.x) ---- */

/* Only what decides or is shown. All spans live in the run. */
struct pipgate_reference {
	struct span type, url;
};
struct pipgate_event {
	enum pipgate_event_kind {
		PIPGATE_EVENT_INTRODUCED,
		PIPGATE_EVENT_FIXED,
		PIPGATE_EVENT_LAST_AFFECTED,
		PIPGATE_EVENT_LIMIT
	} kind;
	struct span version;
};
struct pipgate_range { /* ECOSYSTEM and SEMVER only; others are dropped while decoding */
	const struct pipgate_event *events;
	size_t n_events;
};
struct pipgate_affected {
	struct span name; /* normalized; an entry of another ecosystem is not here */
	const struct span *versions;
	size_t n_versions;
	const struct pipgate_range *ranges;
	size_t n_ranges;
	const struct span *specifiers; /* sets (PEP 440), of which one is enough: what no range can say exactly */
	size_t n_specifiers;
	struct pipgate_severity severity; /* its own, else the record's */
};
struct pipgate_advisory {
	struct span id, modified, published, withdrawn; /* withdrawn: empty for a live record */
	struct span summary, details;
	const struct span *aliases;
	size_t n_aliases;
	const struct pipgate_reference *references;
	size_t n_references;
	const struct pipgate_affected *affected;
	size_t n_affected;
	const struct span *notes; /* what was odd and how it was read: "fixed '1.x' is no version; the range stays open" */
	size_t n_notes;
};

enum pipgate_encoding {
	PIPGATE_OSV_JSON = 1,
	PIPGATE_PYSEC_YAML, /* the same record as YAML, every scalar is text */
};

enum pipgate_status pipgate_advisory_decode(struct pipgate_run *run, enum pipgate_encoding encoding, struct span bytes,
	struct pipgate_advisory *out, struct pipgate_error *error) PIPGATE_MUST_USE;

/* ---- compiled records ---- */

/* One affected name of one advisory, as bytes: ranges as intervals of version keys, listed versions as sorted keys. INVALID: one of
 * its specifier sets is none. */
enum pipgate_status pipgate_record_encode(struct pipgate_run *run, const struct pipgate_advisory *advisory,
	const struct pipgate_affected *affected, uint32_t feed, struct span *out) PIPGATE_MUST_USE;
/* Writes another feed's number into a compiled record. false: it is none of this version. */
bool pipgate_record_feed(char *record, size_t n, uint32_t feed);
/* What feeds say that name CVE ids and no distributions: CISA's catalogue (KEV), FIRST's scores (EPSS). */
struct pipgate_exploitation {
	bool exploited;
	bool has_epss;
	uint16_t epss, epss_percentile; /* × 10,000 */
};
struct pipgate_enrichment { /* how they are asked, when a row is made */
	bool (*find)(void *ctx, struct span id, struct pipgate_exploitation *out); /* false: nothing is known of that id */
	void *ctx;
};

/* All live records of one name as one row: grouped by id and alias (records that name one vulnerability share a group). What
 * is known of an id of a group is told by all of its records. enrichment NULL: nobody is asked. */
enum pipgate_status pipgate_row_encode(struct pipgate_run *run, const struct span *records, size_t n,
	const struct pipgate_enrichment *enrichment, struct span *out) PIPGATE_MUST_USE;

/* How the matcher sees advisories. */
struct pipgate_cursor {
	/* The row of a normalized name, valid until the next call; n 0: no advisory names it. Anything but OK ends the run. */
	enum pipgate_status (*seek)(void *ctx, struct span name, struct span *row, struct pipgate_error *error);
	void *ctx;
};

/* ---- components ---- */

enum pipgate_origin {
	PIPGATE_ORIGIN_UNKNOWN = 0,
	PIPGATE_ORIGIN_INDEX,
	PIPGATE_ORIGIN_URL,
	PIPGATE_ORIGIN_VCS,
	PIPGATE_ORIGIN_DIRECTORY,
	PIPGATE_ORIGIN_ARCHIVE, /* a local file */
	PIPGATE_ORIGIN_EDITABLE,
	PIPGATE_ORIGIN_INSTALLED, /* already there */
};

struct pipgate_component {
	struct span name;       /* normalized */
	struct span shown_name; /* as its metadata writes it */
	struct span version;    /* as written */
	enum pipgate_origin origin;
	struct span url;        /* where it comes from; empty: nowhere known */
	struct span sha256;     /* hex; empty: not given */
	const struct span *requires_dist;
	size_t n_requires_dist;
	const struct span *extras; /* requested on the command line */
	size_t n_extras;
	bool requested;         /* asked for by name, not drawn in */
	bool sdist;             /* its build code runs */
	bool yanked;
	bool unpinned;          /* asked for by a requirement that is no == of one version */
	bool unlocked;          /* no hash holds it: neither a lock file nor a hashed requirement names its archive */
	bool cached_build;      /* a wheel that pip built here earlier, which nothing verifies */
	const struct span *groups; /* the dependency groups and extras of the project that draw it in */
	size_t n_groups;
	struct span place;      /* the file that asks for it, as it is shown; empty: the command line, or none */
};

/* ---- match ---- */

struct pipgate_record { /* one advisory record that matches; "where each fact came from" */
	struct span id;
	uint32_t feed;
	struct pipgate_severity severity;
	const struct span *fixed; /* every fixed version it names, ascending */
	size_t n_fixed;
};

struct pipgate_finding {
	size_t component;       /* index into the components */
	struct span id;         /* the one to show: PYSEC, then CVE, then GHSA, then the smallest; MAL first where malicious */
	const struct span *ids; /* all ids and aliases of the matching records, sorted */
	size_t n_ids;
	const struct pipgate_record *records; /* the matching ones, by id */
	size_t n_records;
	struct pipgate_severity severity;     /* the highest of them */
	const struct span *fixed; /* union, above the version that is there, ascending */
	size_t n_fixed;
	bool has_end;           /* a record names a fixed or last affected version or a finite list: clean releases may exist */
	bool malicious;
	bool exploited;         /* in CISA's catalogue of known exploited vulnerabilities (KEV) */
	bool exploit_public;    /* a record refers to an exploit (OSV reference of type EVIDENCE) */
	bool has_epss;          /* FIRST's EPSS knows it: the highest of its CVE ids */
	uint16_t epss;          /* probability of exploitation in the next 30 days × 10,000 */
	uint16_t epss_percentile; /* × 10,000 */
};

/* Is it one of the ids or aliases of the finding, in any case of letters? */
bool pipgate_finding_has_id(const struct pipgate_finding *finding, struct span id);

struct pipgate_match {
	bool unknown; /* the version is not PEP 440: ranges could not be decided */
	bool named;   /* some advisory names this distribution */
	const struct pipgate_finding *findings;
	size_t n_findings;
};

/* What applies to one component. Findings are in the order of their first record's id. */
enum pipgate_status pipgate_match(struct pipgate_run *run, const struct pipgate_component *component, size_t index,
	const struct pipgate_cursor *cursor, struct pipgate_match *out, struct pipgate_error *error) PIPGATE_MUST_USE;

/* ---- why is it here ---- */

struct pipgate_chain {
	const size_t *components; /* from what was asked to the component itself */
	size_t n;
	bool broken; /* no requirement of the plan leads here: an already installed distribution asked for it */
};

/* Who leads to whom in a plan, walked once: from what was requested, through requires_dist with markers, an extra at a
 * time as the requirements before it ask for them. A requirement or marker that does not parse leads nowhere. */
struct pipgate_graph;

/* The components are borrowed as long as the graph is used. */
enum pipgate_status pipgate_graph_new(struct pipgate_run *run, const struct pipgate_component *components, size_t n,
	const struct pipgate_environment *environment, struct pipgate_graph **out) PIPGATE_MUST_USE;
/* The shortest chain to components[index]; of equals the one whose names come first. Broken: the component alone. */
enum pipgate_status pipgate_why(const struct pipgate_graph *graph, size_t index, struct pipgate_chain *out) PIPGATE_MUST_USE;

/* ---- facts: what an index and external programs say of a component. Whatever nobody said is 0, never "no". ---- */

enum pipgate_answer {
	PIPGATE_NOT_KNOWN = 0,
	PIPGATE_NO,
	PIPGATE_YES,
};
enum pipgate_project_status { /* PEP 792 */
	PIPGATE_PROJECT_UNKNOWN = 0,
	PIPGATE_PROJECT_ACTIVE,
	PIPGATE_PROJECT_ARCHIVED,
	PIPGATE_PROJECT_DEPRECATED,
	PIPGATE_PROJECT_QUARANTINED,
};
enum pipgate_index_kind {
	PIPGATE_INDEX_UNKNOWN = 0, /* nothing is declared of it */
	PIPGATE_INDEX_PUBLIC,
	PIPGATE_INDEX_MIRROR,      /* of the public one: the same names, the same distributions */
	PIPGATE_INDEX_PRIVATE,     /* names of its own */
};

struct pipgate_opinion;
struct pipgate_facts {
	struct span index;             /* URL of the index that serves it, without credentials; empty: not known */
	enum pipgate_index_kind kind;  /* as policy declares that index */
	bool default_index;            /* it is the one that pip uses where nothing is configured */
	enum pipgate_answer elsewhere; /* the name is served by a private and by another index */
	enum pipgate_answer yanked;
	struct span yanked_reason;
	enum pipgate_project_status status;
	struct span status_reason;
	enum pipgate_answer attested;  /* its archive has an attestation (PEP 740) */
	int64_t uploaded;              /* its archive (the first of a release, where none is planned), UNIX seconds; 0: not told */
	int64_t project_begun;         /* the oldest archive of the project; 0: the index does not tell */
	struct span old_enough;        /* the newest release that min-age lets pass; empty: none, or not known */
	bool fixes;                    /* that one has findings which this release has not */
	const struct span *releases;   /* versions that the index has, not yanked; of pre-releases only where this is one */
	size_t n_releases;             /* 0: the index does not tell */
	bool none_clean;               /* every one of them has findings */
	struct span similar;           /* a well-known name that is one edit away; empty: none */
	enum pipgate_answer listed;    /* does the index have the name at all? */
	const struct pipgate_opinion *opinions; /* of external checks */
	size_t n_opinions;
};

/* ---- policy and verdict ---- */

enum pipgate_action {
	PIPGATE_UNDECIDED = 0,
	PIPGATE_ALLOW,
	PIPGATE_WARN,
	PIPGATE_BLOCK,
};

struct pipgate_opinion {
	struct span engine; /* the check's name */
	enum pipgate_action action;
	struct span text;   /* why, for people */
};

struct pipgate_policy;

/* Where a part of a policy comes from, from the weakest to the strongest. */
enum pipgate_layer_kind {
	PIPGATE_LAYER_DEFAULT = 1,
	PIPGATE_LAYER_PROFILE,
	PIPGATE_LAYER_SYSTEM,
	PIPGATE_LAYER_ORGANISATION, /* came with a bundle */
	PIPGATE_LAYER_USER,
	PIPGATE_LAYER_PROJECT,
	PIPGATE_LAYER_VARIABLE,
	PIPGATE_LAYER_OPTION,
};
struct pipgate_layer {
	enum pipgate_layer_kind kind;
	const char *name;  /* what a reason says: "/etc/pipgate/policy.yaml", "--gate-fail-on"; must live as long as the policy */
	bool may_loosen;   /* false: it can only make the verdict stricter (a project that nobody trusts) */
	bool approves;     /* exceptions in it count as approved: the requester cannot write it */
};

enum pipgate_status pipgate_policy_new(struct pipgate_run *run, struct pipgate_policy **out) PIPGATE_MUST_USE; /* the defaults */
/* One key of one layer, later ones win; layer is the name that a reason gives ("--gate-fail-on", "PIPGATE_FAIL_ON").
 * Keys: mode, fail-on, unknown, malicious, no-fix-available, sdist, satisfied, block (repeats). INVALID: no such key, or no such value. */
enum pipgate_status pipgate_policy_set(struct pipgate_policy *policy, struct span key, struct span value, const char *layer,
	struct pipgate_error *error) PIPGATE_MUST_USE;

/* A whole document of a layer: YAML of schema pipgate/policy/1, exceptions/1, baseline/1, owners/1 or feeds/1. Layers come in their order.
 * INVALID names line and column, shows the line with a caret, and the nearest known key. */
enum pipgate_status pipgate_policy_add(struct pipgate_policy *policy, const struct pipgate_layer *layer, struct span text,
	struct pipgate_error *error) PIPGATE_MUST_USE;

enum pipgate_rule { /* which rule of the policy spoke */
	PIPGATE_RULE_SEVERITY = 1,
	PIPGATE_RULE_MALICIOUS,
	PIPGATE_RULE_NAME,    /* a pattern of block */
	PIPGATE_RULE_VERSION, /* it is not PEP 440 */
	PIPGATE_RULE_SDIST,
	PIPGATE_RULE_EXPLOITED, /* KEV */
	PIPGATE_RULE_EPSS,
	PIPGATE_RULE_YANKED,
	PIPGATE_RULE_STATUS,    /* of the project: quarantined, archived, deprecated */
	PIPGATE_RULE_AGE,       /* min-age */
	PIPGATE_RULE_DIRECT,    /* a VCS, a URL, a local path */
	PIPGATE_RULE_UNPINNED,
	PIPGATE_RULE_LOCK,
	PIPGATE_RULE_CACHED_BUILD,
	PIPGATE_RULE_ATTESTATION,
	PIPGATE_RULE_INDEX,     /* from an index that is not allowed, or served by two */
	PIPGATE_RULE_SIMILAR,   /* one edit from a well-known name */
	PIPGATE_RULE_CHECK,     /* an external check's opinion */
	PIPGATE_RULE_OWN,       /* a rule of the policy's own list */
	PIPGATE_RULES,          /* their number */
};
const char *pipgate_rule_name(enum pipgate_rule rule); /* "severity" */

enum pipgate_pardon { /* what let a judgement pass */
	PIPGATE_PARDON_NONE = 0,
	PIPGATE_PARDON_EXCEPTION,
	PIPGATE_PARDON_BASELINE,
};

struct pipgate_judgement {
	size_t component;
	size_t finding; /* index into the findings, SIZE_MAX: about the component itself */
	enum pipgate_rule rule;
	enum pipgate_action action;
	struct span reason; /* "HIGH reaches fail-on high (default)" */
	struct span where;  /* the layer that decided, with its line where it is a file: "/etc/pipgate/policy.yaml:12" */
	struct span message; /* the organisation's own words of the rule; empty: none */
	int64_t blocks_from; /* a warning that becomes a block then, UNIX seconds; 0: it stays one */
	enum pipgate_pardon pardon;
	struct span owner;  /* who is asked about the component: "team-a (a@example.org)"; empty: nobody is named */
	const char *pardon_kind; /* of the exception: accepted, not-affected, false-positive, mitigated; NULL: none let it pass */
};

struct pipgate_risk { /* of a finding */
	unsigned priority; /* higher is more urgent */
	struct span sum;   /* "critical 40 + exploited 30 + direct 5" */
};

struct pipgate_verdict {
	enum pipgate_action action; /* the strictest of all; ALLOW where nothing is said */
	const struct pipgate_judgement *judgements; /* one per finding, in their order, then what is said about components */
	size_t n_judgements;
	const struct pipgate_risk *risks; /* one per finding */
	const size_t *order;     /* the findings, the most urgent first */
	const struct span *notes; /* what is wrong with the policy, not with the plan: "the exception … expired on …" */
	size_t n_notes;
};

struct pipgate_case { /* all that a verdict is made of */
	const struct pipgate_component *components;
	size_t n_components;
	const bool *unknown; /* per component: its version could not be decided */
	const struct pipgate_finding *findings;
	size_t n_findings;
	const struct pipgate_facts *facts; /* one per component, NULL: nobody was asked */
	int64_t now;                       /* UNIX seconds; what has a date is judged by it */
	const bool *before;                /* per finding: it was like this before, and passes as what a baseline holds does; NULL: none was */
	const char *before_name;           /* what a reason calls that: "--since-db 17" */
};

/* INVALID: a pattern of the policy cannot be decided within its limits. FAILED: an action was never set. */
enum pipgate_status pipgate_decide(struct pipgate_run *run, const struct pipgate_policy *policy, const struct pipgate_case *subject,
	struct pipgate_verdict *out, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
