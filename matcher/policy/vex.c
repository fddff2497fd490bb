/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/policy/vex.h"

#include "matcher/advisory/date.h"
#include "matcher/policy/vex_claim.h"

#include "matcher/base/banned.h"

#define DAY_SECONDS ((int64_t)86400)
#define ID_MAX 100

bool vex_word_find(const struct vex_word *words, struct span word, enum exception_kind *kind)
{
	for (; words->word; words++)
		if (span_is(word, words->word)) {
			*kind = words->kind;
			return true;
		}
	return false;
}

enum pipgate_status vex_time(struct vex *vex, struct span text, const char *what, int64_t *out)
{
	struct span utc;
	enum pipgate_status status = date_utc(vex->policy->run, text, &utc);

	if (status == PIPGATE_NO_MEMORY)
		return status;
	if (status != PIPGATE_OK)
		return error_set(vex->error, PIPGATE_INVALID, "%s: '" SPAN_FMT "' is no time, and what has no time would last for ever", what,
			SPAN_ARG(text));
	*out = date_seconds(utc);
	return PIPGATE_OK;
}

struct span vex_reason(struct vex *vex, struct span justification, struct span text)
{
	struct pipgate_run *run = vex->policy->run;

	if (justification.n && text.n)
		return arena_format(run, SPAN_FMT ": " SPAN_FMT, SPAN_ARG(justification), SPAN_ARG(text));
	if (justification.n || text.n)
		return arena_copy(run, justification.n ? justification : text);
	return arena_copy(run, SPAN("as its VEX document says"));
}

static bool is_specifier(struct vex *vex, struct span versions, enum pipgate_status *status)
{
	bool inside;

	*status = pipgate_specifier_contains(vex->policy->run, versions, SPAN("1"), PIPGATE_PRERELEASES_AUTO, &inside);
	return *status == PIPGATE_OK;
}

enum pipgate_status vex_push(struct vex *vex, const struct claim *claim, struct span name, struct span versions)
{
	struct pipgate_run *run = vex->policy->run;
	struct span id = arena_copy(run, claim->id), author = arena_copy(run, vex->author);
	struct policy_exception *e;
	enum pipgate_status status;

	if (!is_specifier(vex, versions, &status))
		return status == PIPGATE_INVALID ? error_set(vex->error, status, SPAN_FMT ": '" SPAN_FMT "' are no versions of PyPI's",
			SPAN_ARG(claim->id), SPAN_ARG(versions)) : status;
	if (claim->id.n > ID_MAX || vex->pushed++ >= VEX_EXCEPTIONS_MAX)
		return error_set(vex->error, PIPGATE_LIMIT, "more than %d statements about distributions, or an id of more than %d bytes",
			VEX_EXCEPTIONS_MAX, ID_MAX);
	e = list_push(run, &vex->policy->exceptions, sizeof(*e));
	if (!e || !id.p || !author.p)
		return PIPGATE_NO_MEMORY;
	for (size_t i = 0; i < id.n; i++)
		((char *)(uintptr_t)id.p)[i] = ascii_lower(id.p[i]);
	*e = (struct policy_exception){.id = id, .distribution = name, .versions = versions, .kind = claim->kind, .reason = claim->reason,
		.approved_by = author, .created = claim->time,
		.expires = claim->time + vex->policy->values[POLICY_EXCEPTION_DAYS].value * DAY_SECONDS, .layer = *vex->layer};
	return PIPGATE_OK;
}

enum pipgate_status vex_push_version(struct vex *vex, const struct claim *claim, struct span name, struct span version)
{
	struct pipgate_version parsed;
	struct span versions = arena_format(vex->policy->run, "==" SPAN_FMT, SPAN_ARG(version));
	enum pipgate_status status = pipgate_version_parse(vex->policy->run, version, &parsed);

	if (status == PIPGATE_INVALID) /* it might be more than one, or a specifier */
		return error_set(vex->error, status, SPAN_FMT ": '" SPAN_FMT "' is no version", SPAN_ARG(claim->id), SPAN_ARG(version));
	if (status != PIPGATE_OK || !versions.p)
		return PIPGATE_NO_MEMORY;
	return vex_push(vex, claim, name, versions);
}

enum pipgate_status vex_push_purl(struct vex *vex, const struct claim *claim, const struct purl *purl)
{
	if (purl->version.n)
		return vex_push_version(vex, claim, purl->name, purl->version);
	return vex_push(vex, claim, purl->name, (struct span){"", 0});
}

/* ---- which of the two ---- */

static enum pipgate_status read_document(struct vex *vex)
{
	struct span context = json_string(json_member(vex->document, "@context"));

	if (span_starts(context, SPAN("https://openvex.dev/")))
		return vex_openvex(vex);
	if (span_is(json_string(json_member(vex->document, "bomFormat")), "CycloneDX"))
		return vex_cyclonedx(vex);
	return error_set(vex->error, PIPGATE_INVALID, "it is neither OpenVEX (@context) nor CycloneDX (bomFormat)");
}

enum pipgate_status vex_read(struct pipgate_policy *policy, const struct pipgate_layer *layer, struct span text, struct pipgate_error *error)
{
	struct pipgate_layer kept = *layer;
	struct vex vex = {.policy = policy, .layer = &kept, .error = error};
	cJSON *tree = NULL;
	enum pipgate_status status;

	if (text.n > VEX_BYTES)
		return error_set(error, PIPGATE_LIMIT, "%s: larger than %zu bytes", layer->name, VEX_BYTES);
	kept.name = arena_copy(policy->run, span_of(layer->name)).p;
	if (!kept.name)
		return PIPGATE_NO_MEMORY;
	status = json_parse(text, &tree, error);
	vex.document = tree;
	if (status == PIPGATE_OK)
		status = read_document(&vex);
	cJSON_Delete(tree);
	if (status != PIPGATE_OK && status != PIPGATE_NO_MEMORY)
		error_before(error, "%s", layer->name);
	return status;
}
