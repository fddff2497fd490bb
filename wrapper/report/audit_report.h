/* SPDX-License-Identifier: Apache-2.0 */
/* Formats of `pip audit`: one file each (audit_NAME.c), one row each in audit_formats.c. What they show is made once, before. */
#ifndef WRAPPER_REPORT_AUDIT_REPORT_H
#define WRAPPER_REPORT_AUDIT_REPORT_H

#include "matcher/base/buf.h"
#include "wrapper/decide.h"
#include "wrapper/source/inventory.h"

enum upgrade { /* the step from the version that is there to the lowest fixed one */
	UPGRADE_NONE = 0, /* no fix is known */
	UPGRADE_PATCH,
	UPGRADE_MINOR,
	UPGRADE_MAJOR,
	UPGRADE_BACKPORT, /* a fix on the same line, although later lines were fixed, too */
};
const char *upgrade_word(enum upgrade upgrade); /* "patch" */

enum since_kind { /* --since-db: beside what an older database said */
	SINCE_NOT_ASKED = 0,
	SINCE_NEW,
	SINCE_CHANGED,
	SINCE_SAME, /* passes, as what a baseline holds */
	SINCE_KINDS, /* their number */
};
const char *since_word(enum since_kind kind); /* "new" */
struct since_mark {
	enum since_kind kind;
	const struct span *changes; /* "severity", "fixed", … */
	size_t n_changes;
};
struct since_gone { /* what the older database found, and this one does not */
	struct span name, version, id;
	struct pipgate_severity severity;
};
struct audit_since {
	const char *path; /* of the older one */
	const struct database_info *database;
	size_t n[SINCE_KINDS];
	const struct since_gone *gone;
	size_t n_gone;
};

/* Beside each finding: context that every format shows alike. */
struct finding_shown {
	bool ignored;            /* --ignore-vuln: counted, and shown nowhere else */
	bool pardoned;           /* an exception or the baseline lets it pass: counted, and shown where a format can say so */
	struct span id;          /* the one to show: PYSEC, CVE, other (pip-audit's order) */
	const struct span *aliases; /* the others, sorted */
	size_t n_aliases;
	struct span summary;     /* one line; empty: none */
	struct span description; /* as pip-audit has it: the summary, else the details, in one line, else N/A */
	struct span details;     /* whole, in Markdown; empty: none beside the description */
	struct span published;
	struct span link;        /* a page about the advisory; empty: none is known */
	size_t dependents;       /* how many distributions of the same input depend on it, however far away */
	bool direct;             /* asked for itself, not drawn in */
	enum upgrade upgrade;    /* by the lowest fixed version */
	struct since_mark since;
};

struct fix_shown { /* what --fix did or would do, one a distribution */
	struct span name, old_version, new_version; /* new_version empty: not fixed */
	const char *reason;                         /* why not; NULL where it was */
	size_t ids;                                 /* findings that it removes */
};

struct audit_report {
	const struct inventory *inventory;
	const struct audit *audit;           /* its components are the inventory's; one verdict with the gate */
	const struct audit_context *context; /* the database, now, … */
	const struct finding_shown *findings; /* one a finding of the audit */
	const struct fix_shown *fixes;
	size_t n_fixes;
	bool fix, dry_run;      /* --fix was asked for */
	bool description, aliases; /* shown? (--desc, --aliases; auto is decided by the format) */
	size_t n_ignored;       /* findings that --ignore-vuln took out */
	size_t n_pardoned;      /* those that an exception or the baseline lets pass */
	size_t n_shown, n_vulnerable; /* findings that count, and distributions that have one */
	const struct audit_since *since; /* --since-db; NULL: not asked */
	int64_t at;             /* --at: as it was then, UNIX seconds; 0: not asked */
	const char *project_page; /* pages of projects: put the normalized name and "/" behind it; NULL: none is known */
};

typedef void audit_writer(struct buf *out, const struct audit_report *report);
struct audit_format {
	const char *name;
	audit_writer *write;
	bool clean;       /* printed where nothing was found, too */
	bool description; /* --desc auto */
	bool aliases;     /* --aliases auto */
};
extern const struct audit_format audit_formats[]; /* ends with a NULL name; in the order in which the usage names them */
const struct audit_format *audit_format_find(const char *name);

audit_writer audit_columns, audit_json, audit_cyclonedx_json, audit_cyclonedx_xml, audit_markdown, audit_sarif, audit_junit, audit_github;

/* Does it count: neither ignored nor pardoned? */
static inline bool finding_counts(const struct finding_shown *shown)
{
	return !shown->ignored && !shown->pardoned;
}

/* The findings of components[index] begin at *first; their number, the ignored ones with them. */
size_t audit_findings_of(const struct audit_report *report, size_t index, size_t *first);

/* Components whose version is not PEP 440 and could not be decided. */
size_t audit_unknown(const struct audit_report *report);

#endif
