/* SPDX-License-Identifier: Apache-2.0 */
/* The road of `pip install` where pip can report: a dry run with a report is the plan, its constraints hold the run. */
#include "wrapper/file.h"
#include "wrapper/pip/gate.h"

#include <fcntl.h>
#include <unistd.h>

#include "matcher/base/banned.h"

/* The user's own --report and --dry-run are honoured by us. */
static bool keep(const struct argument *a)
{
	return !a->option || (a->option->role != ROLE_REPORT && a->option->role != ROLE_DRY_RUN);
}

static int plan(struct gate *gate)
{
	struct words words;

	gate_begin(gate, &words, "install");
	words_add(&words, "--dry-run");
	gate_arguments(gate, &words, PIP_INSTALL, keep);
	return gate_ask_plan(gate, &words, gate->dry_run);
}

/* The user's --report: a copy of pip's own. */
static int copy_report(struct gate *gate, const char *from)
{
	struct pipgate_error error;
	enum pipgate_status status;
	struct buf bytes;

	if (!gate->user_report)
		return 0;
	buf_init(&bytes, NULL, PIP_REPORT_MAX);
	status = file_read(AT_FDCWD, from, &bytes, &error);
	if (status == PIPGATE_OK)
		status = file_write(gate->user_report, buf_view(&bytes), &error);
	buf_fini(&bytes);
	return status == PIPGATE_OK ? 0 : say_error(EXIT_UNDECIDED, "pip's report: %s", error.text);
}

static int run(struct gate *gate)
{
	const char *second = gate_path(gate, "run.json");
	struct plan ran;
	struct words words;
	int status, difference;

	if (gate->dry_run)
		return copy_report(gate, gate->report_path);
	gate_begin(gate, &words, "install");
	gate_arguments(gate, &words, PIP_INSTALL, keep);
	if (gate_hold(gate, &words))
		return EXIT_UNDECIDED;
	words_add(&words, "--report");
	words_add(&words, second);
	status = gate_let(gate, gate_end(gate, &words));
	if (access(second, F_OK))
		return status ? status : say_error(EXIT_MISMATCH, "pip ended without a report of what it installed");
	if (report_read_file(gate->run, second, &ran, NULL) != PIPGATE_OK)
		return say_error(EXIT_MISMATCH, "what pip installed cannot be compared with what was audited: its report cannot be read");
	difference = gate_compare(gate, &ran);
	if (difference)
		return difference;
	if (!status)
		status = copy_report(gate, second);
	return status;
}

const struct road road_install = {"plan", plan, run};
