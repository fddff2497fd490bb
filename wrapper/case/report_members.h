/* SPDX-License-Identifier: Apache-2.0 */
/* The members of a gate report, a table an object; private to this folder. */
#ifndef WRAPPER_CASE_REPORT_MEMBERS_H
#define WRAPPER_CASE_REPORT_MEMBERS_H

#include "wrapper/case/member.h"

struct component_members {
	struct pipgate_component component;
	bool unknown;
};
struct finding_members {
	struct pipgate_finding finding;
	struct span component, version; /* which one it is about */
	enum pipgate_answer has_end;
	bool broken_chain;
	struct pipgate_judgement judgement; /* what was said of it */
};
struct case_members {
	int64_t now;
	struct span command, mode, profile;
};

extern const struct member component_members[], facts_members[], finding_members[], verdict_members[], case_members[];

/* A level ("high"), a vector, or an object of both with a score; missing: unknown. */
enum pipgate_status severity_read(struct member_reader *reader, const cJSON *item, struct pipgate_severity *out) PIPGATE_MUST_USE;
enum pipgate_status records_read(struct member_reader *reader, const cJSON *array, struct pipgate_finding *out) PIPGATE_MUST_USE;
enum pipgate_status opinions_read(struct member_reader *reader, const cJSON *array, struct pipgate_facts *out) PIPGATE_MUST_USE;

#endif
