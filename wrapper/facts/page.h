/* SPDX-License-Identifier: Apache-2.0 */
/* A project's page of the simple API, JSON (PEP 691, 700, 740, 792) or HTML (PEP 503, 592), from any index: hostile text. Knows no network. */
#ifndef WRAPPER_FACTS_PAGE_H
#define WRAPPER_FACTS_PAGE_H

#include "wrapper/memory.h"

#define PAGE_BYTES ((size_t)10 << 20)     /* the largest projects have some 3 MiB */
#define PAGE_FILES ((size_t)100000)       /* and some 20,000 files */
#define PAGE_TEXT_BYTES ((size_t)64 << 10) /* of a name or reason; longer ones are not there */

struct page_file {
	struct span name, sha256; /* sha256 n 0: not told */
	int64_t uploaded;         /* 0: not told */
	enum pipgate_answer yanked, attested;
	struct span reason;       /* of yanking */
};
struct page {
	struct page_file *files;
	size_t n;
	enum pipgate_project_status status;
	struct span status_reason;
};

/* Everything lives in the run. INVALID: it is no such page; a part of one is none. */
enum pipgate_status page_read(struct pipgate_run *run, struct span bytes, struct page *out, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
