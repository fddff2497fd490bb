/* SPDX-License-Identifier: Apache-2.0 */
/* VEX documents: which exceptions come out of which, a row each; what is hostile or unclear is refused; every n-th allocation fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "matcher/advisory/date.h"
#include "matcher/base/buf.h"
#include "matcher/policy/exception.h"
#include "matcher/policy/purl.h"
#include "matcher/policy/vex.h"
#include "tests/unit/faulty.h"

#include "matcher/base/banned.h"

#define OPEN(statements) "{\"@context\": \"https://openvex.dev/ns/v0.2.0\", \"author\": \"jane\", \"timestamp\": \"2026-01-01T00:00:00Z\", \"statements\": [" statements "]}"
#define NOT_AFFECTED(more) "{\"vulnerability\": {\"name\": \"CVE-2026-1\"}, \"status\": \"not_affected\", \"justification\": \"component_not_present\", " more "}"
#define PRODUCT(purl) "\"products\": [{\"@id\": \"" purl "\"}]"
#define CYCLONE(vulnerabilities) "{\"bomFormat\": \"CycloneDX\", \"specVersion\": \"1.5\", \"metadata\": {\"timestamp\": \"2026-01-01T00:00:00Z\", " \
	"\"component\": {\"bom-ref\": \"app\", \"purl\": \"pkg:pypi/app@1\"}}, \"components\": [{\"bom-ref\": \"r1\", \"purl\": \"pkg:pypi/My_Lib@1.0\", " \
	"\"components\": [{\"bom-ref\": \"r2\", \"purl\": \"pkg:pypi/inner@2\"}]}], \"vulnerabilities\": [" vulnerabilities "]}"
#define STATE(state, affects) "{\"id\": \"CVE-2026-1\", \"analysis\": {\"state\": \"" state "\", \"detail\": \"d\"}, \"affects\": [" affects "]}"

static const struct row {
	const char *text;
	const char *wanted; /* "id distribution versions kind days reason" a line; kinds 1 accepted, 2 not affected, 3 false positive, 4 mitigated */
	const char *error;  /* it is refused, and this is in the text */
} rows[] = {
	{OPEN(NOT_AFFECTED(PRODUCT("pkg:pypi/Jinja2@3.1.0"))), "cve-2026-1 jinja2 ==3.1.0 2 20454 component_not_present\n", NULL},
	{OPEN(NOT_AFFECTED(PRODUCT("pkg:pypi/jinja2"))), "cve-2026-1 jinja2  2 20454 component_not_present\n", NULL},
	{OPEN(NOT_AFFECTED("\"impact_statement\": \"unused\", \"timestamp\": \"2026-01-31T23:30:00-01:00\", " PRODUCT("pkg:pypi/a%2Eb@1.0%2Blocal?x=y#z"))),
		"cve-2026-1 a-b ==1.0+local 2 20485 component_not_present: unused\n", NULL},
	{OPEN("{\"vulnerability\": \"https://nvd.example.org/CVE-2026-2\", \"status\": \"fixed\", \"products\": [\"pkg:pypi/a@1\", \"pkg:npm/a@1\", 3]}"),
		"cve-2026-2 a ==1 4 20454 as its VEX document says\n", NULL},
	{OPEN(NOT_AFFECTED("\"products\": [{\"@id\": \"pkg:oci/app\", \"subcomponents\": [{\"@id\": \"pkg:pypi/a@1\"}, {\"identifiers\": {\"purl\": \"pkg:pypi/b@2\"}}]}]")),
		"cve-2026-1 a ==1 2 20454 component_not_present\ncve-2026-1 b ==2 2 20454 component_not_present\n", NULL},
	{OPEN("{\"vulnerability\": {\"name\": \"X-1\"}, \"status\": \"affected\", " PRODUCT("pkg:pypi/a@1") "}, "
	      "{\"vulnerability\": {\"name\": \"X-2\"}, \"status\": \"under_investigation\", " PRODUCT("pkg:pypi/a@1") "}"), "", NULL},
	{OPEN(""), "", NULL},
	{CYCLONE(STATE("not_affected", "{\"ref\": \"r1\"}, {\"ref\": \"r2\"}, {\"ref\": \"app\"}, {\"ref\": \"r3\"}, {\"ref\": \"pkg:pypi/x\"}")),
		"cve-2026-1 my-lib ==1.0 2 20454 d\ncve-2026-1 inner ==2 2 20454 d\ncve-2026-1 app ==1 2 20454 d\ncve-2026-1 x  2 20454 d\n", NULL},
	{CYCLONE(STATE("false_positive", "{\"ref\": \"urn:cdx:1/1#pkg%3Apypi%2Fx%401\"}, {\"ref\": \"urn:cdx:1/1#r2\"}")),
		"cve-2026-1 x ==1 3 20454 d\ncve-2026-1 inner ==2 3 20454 d\n", NULL},
	{CYCLONE(STATE("resolved", "{\"ref\": \"r1\", \"versions\": [{\"version\": \"1.1\"}, {\"range\": \"vers:pypi/<1|>=2|<3|5|>6\"}, {\"range\": \"vers:pypi/*\"}, "
	      "{\"version\": \"9\", \"status\": \"unknown\"}]}")),
		"cve-2026-1 my-lib ==1.1 4 20454 d\ncve-2026-1 my-lib <1 4 20454 d\ncve-2026-1 my-lib >=2,<3 4 20454 d\ncve-2026-1 my-lib ==5 4 20454 d\n"
		"cve-2026-1 my-lib >6 4 20454 d\ncve-2026-1 my-lib  4 20454 d\n", NULL},
	{CYCLONE(STATE("not_affected", "{\"ref\": \"r1\", \"versions\": [{\"version\": \"1\", \"status\": \"affected\"}, {\"version\": \"2\", \"status\": \"unaffected\"}]}")),
		"cve-2026-1 my-lib ==2 2 20454 d\n", NULL},
	{CYCLONE(STATE("exploitable", "{\"ref\": \"r1\"}") "," STATE("in_triage", "{\"ref\": \"r1\"}") ", {\"id\": \"X\", \"affects\": [{\"ref\": \"r1\"}]}"), "", NULL},
	{CYCLONE(STATE("harmless", "{\"ref\": \"r1\"}")), NULL, "'harmless' is no state"},
	{CYCLONE(STATE("not_affected", "{\"ref\": \"r1\", \"versions\": [{}]}")), NULL, "neither version nor range"},
	{CYCLONE(STATE("not_affected", "{\"ref\": \"r1\", \"versions\": [{\"range\": \"vers:npm/<1\"}]}")), NULL, "none of PyPI"},
	{CYCLONE(STATE("not_affected", "{\"ref\": \"r1\", \"versions\": [{\"range\": \"vers:pypi/!=1\"}]}")), NULL, "none that is read here"},
	{CYCLONE(STATE("not_affected", "{\"ref\": \"r1\", \"versions\": [{\"version\": \"1, >0\"}]}")), NULL, "no version"},
	{CYCLONE(STATE("not_affected", "{\"ref\": \"r1\", \"versions\": [{\"version\": \"\\u001b[2J\"}]}")), NULL, "\\x1b[2J"},
	{CYCLONE("{\"analysis\": {\"state\": \"resolved\"}}"), NULL, "vulnerability 1: has no id"},
	{"{\"bomFormat\": \"CycloneDX\", \"vulnerabilities\": [" STATE("resolved", "") "]}", NULL, "last for ever"},
	{OPEN("{\"vulnerability\": {\"name\": \"X-1\"}, \"status\": \"ok\"}"), NULL, "statement 1: 'ok' is no status"},
	{OPEN("{\"status\": \"fixed\"}"), NULL, "names no vulnerability"},
	{OPEN(NOT_AFFECTED("\"timestamp\": \"soon\", " PRODUCT("pkg:pypi/a"))), NULL, "'soon' is no time"},
	{"{\"@context\": \"https://openvex.dev/ns\"}", NULL, "no statements"},
	{"{\"document\": {\"category\": \"csaf_vex\"}}", NULL, "neither OpenVEX"},
	{"[]", NULL, "neither OpenVEX"},
	{"{", NULL, "the.vex: byte"},
	{"", NULL, "the.vex: "},
};

static const struct pipgate_layer layer = {PIPGATE_LAYER_SYSTEM, "the.vex", true, true};

static void print(struct buf *out, const struct pipgate_policy *policy)
{
	const struct policy_exception *v = policy->exceptions.items;

	for (size_t i = 0; i < policy->exceptions.n; i++)
		buf_format(out, SPAN_FMT " " SPAN_FMT " " SPAN_FMT " %d %d " SPAN_FMT "\n", SPAN_ARG(v[i].id), SPAN_ARG(v[i].distribution),
			SPAN_ARG(v[i].versions), (int)v[i].kind, (int)(v[i].created / 86400), SPAN_ARG(v[i].reason));
}

static struct pipgate_policy *policy_in(struct pipgate_run *run)
{
	struct pipgate_policy *policy;

	return pipgate_policy_new(run, &policy) == PIPGATE_OK ? policy : NULL;
}

static void read_into_exceptions(void **state)
{
	struct pipgate_run *run;

	(void)state;
	assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct pipgate_policy *policy = policy_in(run);
		struct pipgate_error error = {""};
		enum pipgate_status status = vex_read(policy, &layer, span_of(rows[i].text), &error);
		struct buf out;

		buf_init(&out, NULL, 10000);
		buf_text(&out, "");
		print(&out, policy);
		if (rows[i].error && (status == PIPGATE_OK || !strstr(error.text, rows[i].error)))
			fail_msg("row %zu: status %d, %s", i, status, error.text);
		if (!rows[i].error && (status != PIPGATE_OK || !span_is(buf_view(&out), rows[i].wanted)))
			fail_msg("row %zu: status %d, %s\n%s", i, status, error.text, out.p ? out.p : "");
		buf_fini(&out);
	}
	pipgate_run_free(&run);
}

static void lasts_by_the_policy(void **state)
{
	struct pipgate_run *run;
	struct pipgate_error error;
	const struct policy_exception *e;

	(void)state;
	assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
	struct pipgate_policy *policy = policy_in(run);

	policy->values[POLICY_EXCEPTION_DAYS].value = 30;
	assert_int_equal(vex_read(policy, &layer, span_of(rows[0].text), &error), PIPGATE_OK);
	e = policy->exceptions.items;
	assert_int_equal(e->expires - e->created, 30 * 86400);
	assert_true(span_is(e->approved_by, "jane"));
	pipgate_run_free(&run);
}

static void every_allocation_fails_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t n = 1;; n++) {
			struct faulty faulty = {.fail_at = n};
			struct pipgate_allocator allocator = faulty_allocator(&faulty);
			struct pipgate_run *run;
			struct pipgate_error error;
			enum pipgate_status status = PIPGATE_NO_MEMORY;
			struct pipgate_policy *policy;

			if (pipgate_run_new(&allocator, &run) != PIPGATE_OK)
				continue;
			policy = policy_in(run);
			if (policy)
				status = vex_read(policy, &layer, span_of(rows[i].text), &error);
			pipgate_run_free(&run);
			if (faulty.live) fail_msg("row %zu, allocation %zu: %ld left", i, n, faulty.live);
			if (faulty.calls < n) {
				assert_int_equal(status == PIPGATE_OK, rows[i].error == NULL);
				break;
			}
			assert_int_equal(status, PIPGATE_NO_MEMORY);
		}
}

static void purls(void **state)
{
	static const struct {
		const char *text, *name, *version; /* name NULL: none of PyPI */
	} table[] = {
		{"pkg:pypi/django@1.11.1", "django", "1.11.1"}, {"pkg:PyPI/Django_X", "django-x", ""}, {"pkg:pypi/a@1%21.0", "a", "1!.0"},
		{"pkg:npm/a@1", NULL, NULL}, {"pkg:pypi/", NULL, NULL}, {"pkg:pypi/ns/a@1", NULL, NULL}, {"pkg:pypi/a%00b@1", NULL, NULL},
		{"pkg:pypi/a@1 ,>0", NULL, NULL}, {"pypi/a@1", NULL, NULL}, {"", NULL, NULL}, {"pkg:pypi/a@%", NULL, NULL}, {"pkg:pypi", NULL, NULL},
	};
	struct pipgate_run *run;

	(void)state;
	assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct purl purl;
		enum pipgate_status status = purl_parse(run, span_of(table[i].text), &purl);

		if (status != (table[i].name ? PIPGATE_OK : PIPGATE_INVALID))
			fail_msg("%s: status %d", table[i].text, status);
		assert_true(!table[i].name || (span_is(purl.name, table[i].name) && span_is(purl.version, table[i].version)));
	}
	pipgate_run_free(&run);
}

static void seconds(void **state)
{
	(void)state;
	assert_int_equal(date_seconds(SPAN("1970-01-01T00:00:00Z")), 0);
	assert_int_equal(date_seconds(SPAN("2026-11-24T17:00:01.5Z")), 1795539601);
	assert_int_equal(date_seconds(SPAN("2000-03-01T00:00:00Z")), 951868800);
	assert_int_equal(date_seconds(SPAN("1969-12-31T23:59:59Z")), -1);
	assert_int_equal(date_seconds(SPAN("9999-12-31T23:59:59Z")), 253402300799);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_into_exceptions), cmocka_unit_test(lasts_by_the_policy), cmocka_unit_test(every_allocation_fails_once),
		cmocka_unit_test(purls), cmocka_unit_test(seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
