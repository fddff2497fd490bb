/* SPDX-License-Identifier: Apache-2.0 */
/* Where pip itself can pass over young releases, it is told to. */
#include "wrapper/database/moment.h"
#include "wrapper/facts/sources.h"
#include "wrapper/pip/index.h"

#include "matcher/base/banned.h"

char **facts_prior_to(struct pipgate_run *run, const struct pip *pip, const struct arguments *arguments, int64_t min_age, int64_t now)
{
	struct words words = {.run = run};
	char text[MOMENT_TEXT];

	if (min_age <= 0 || min_age >= now || !pip->probed || !pip_at_least(pip, 26, 0) || option_given(arguments, "uploaded-prior-to") ||
		pip_setting(run, pip, NULL, "uploaded-prior-to"))
		return NULL;
	words_add(&words, "--uploaded-prior-to");
	words_add(&words, text_copy(run, span_of(moment_text(now - min_age, text))));
	return words_end(&words);
}
