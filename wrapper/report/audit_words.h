/* SPDX-License-Identifier: Apache-2.0 */
/* What several formats of `pip audit` say alike: a finding in one line, its place, severity and links. Knows no format. */
#ifndef WRAPPER_REPORT_AUDIT_WORDS_H
#define WRAPPER_REPORT_AUDIT_WORDS_H

#include "wrapper/report/audit_report.h"

/* Services cut or refuse longer short texts; the whole of it stands elsewhere in the same document. */
#define WORDS_SHORT 1024

/* Of a component whose version is none. */
#define AUDIT_UNKNOWN "its version is not PEP 440; what advisories say of it could not be decided"

void audit_score(struct buf *out, const struct pipgate_severity *severity);    /* "7.5"; nothing where it is unknown */
void audit_severity(struct buf *out, const struct pipgate_severity *severity); /* "HIGH 7.5", "UNKNOWN" */

/* What is known of attacks: "exploited, EPSS 94.21 %, exploit public"; nothing where nothing is. */
void audit_exploitation(struct buf *out, const struct pipgate_finding *finding);
/* One line, safe to be shown: "jinja2 2.10: PYSEC-2019-217 (HIGH 8.6, exploited, EPSS 94.21 %)". */
void audit_title(struct buf *out, const struct audit_report *report, size_t finding);
/* The rest of it, one line: "summary; also CVE-2019-10906; fixed in 2.10.1; needed by flask 1.0; ask team-a; let pass: …". */
void audit_sentence(struct buf *out, const struct audit_report *report, size_t finding);
/* "as of 2027-01-31T23:59:59Z": the head of a report for people, where --at asked for it. */
void audit_as_of(struct buf *out, const struct audit_report *report);
/* "new", "changed: severity, fixed"; nothing where --since-db was not given. */
void audit_since_words(struct buf *out, const struct since_mark *since);
/* Whole lines: each is escaped, ends of line stay. */
void audit_prose(struct buf *out, struct span text);
/* The first characters of it, and "..." where more was there; never half a character. */
void audit_short(struct buf *out, struct span text, size_t characters);

/* A URL, with whatever has no place in one as %XX. */
void audit_url(struct buf *out, struct span url);
/* One segment of a URL: all but letters, digits and -._~ as %XX. */
void audit_url_part(struct buf *out, struct span text);
/* A file as a URI reference: relative where it was given so, else file:///…. */
void audit_file_url(struct buf *out, const char *file);
void audit_advisory_page(struct buf *out, struct span id);

const struct found *audit_found(const struct audit_report *report, size_t component);
/* What the policy says against a component itself, by its name or kind: the index of such a judgement at or behind from, n_judgements: no more.
 * A version that is none is told by audit->unknown. */
size_t audit_about_component(const struct audit_report *report, size_t from);

const char *audit_pardon_word(enum pipgate_pardon pardon); /* "baseline" */

#endif
