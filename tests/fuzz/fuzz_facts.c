/* SPDX-License-Identifier: BSD-2-Clause */
/* The facts of a set: what is to be restored, and compared with what there
 * is. The input is two documents, the set's and, behind a NUL, what was
 * found. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "source/pg_facts.h"
#include "source/pg_target_private.h"

static void
try_plan(const dbbi_json *facts)
{
	dbbi_target_plan plan = { .facts = facts, .set = "a" };
	dbbi_pg_target target = { .plan = &plan };
	int major;

	if (dbbi_pg_plan_check(&target, NULL) == 0) {
		FUZZ_HOLDS(target.count > 0);
		major = dbbi_pg_plan_dump_major(&target);
		FUZZ_HOLDS(major >= 0 && major < 1000);
		for (size_t i = 0; i < target.count; i++)
			FUZZ_HOLDS(target.restored[i].name[0] != '\0' &&
			    strlen(target.restored[i].name) <
			    DBBI_PG_NAME_SIZE);
	}
	free(target.restored);
}

static void
compare(const dbbi_json *expected, const dbbi_json *found)
{
	dbbi_json *findings = dbbi_json_new_array();
	dbbi_json *warnings = dbbi_json_new_array();
	uint64_t compared = 0;
	int rc;

	rc = dbbi_pg_facts_compare(&compared, expected, found, findings,
	    warnings, NULL);
	FUZZ_HOLDS(rc == 0 || rc == DBB_EDAMAGED);
	/* Nothing differs from itself. */
	FUZZ_HOLDS(rc < 0 || expected != found ||
	    dbbi_json_count(findings) == 0);
	dbbi_json_free(findings);
	dbbi_json_free(warnings);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t first = size > 0 ? strnlen((const char *)data, size) : 0;
	const char *text = (const char *)data;
	dbbi_json *expected = NULL, *found = NULL;

	if (dbbi_json_parse(&expected, text, first, NULL) < 0)
		return 0;
	try_plan(expected);
	compare(expected, expected);
	if (first + 1 < size && dbbi_json_parse(&found, text + first + 1,
	    size - first - 1, NULL) == 0) {
		compare(expected, found);
		compare(found, expected);
	}
	dbbi_json_free(expected);
	dbbi_json_free(found);
	return 0;
}
