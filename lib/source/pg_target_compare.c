/* SPDX-License-Identifier: BSD-2-Clause */
/* What was restored, against what the set says of it. */
#include <config.h>

#include "source/pg_target.h"

#include <stdlib.h>
#include <string.h>

#include "source/pg_facts.h"
#include "source/pg_target_private.h"

/*
 * Tablespaces are part of the schema's text. Where they could not be made,
 * another digest proves nothing: that is said, and counts as no difference.
 */
static int
excuse_schema(dbbi_json *found, dbbi_pg_target *t, const dbbi_pg_restored *r,
    dbb_error *err)
{
	const char *before = dbbi_json_string(r->facts, "schema_sha256");
	const char *now = dbbi_json_string(found, "schema_sha256");

	if (!t->roles.tablespaces_missing || before == NULL || now == NULL ||
	    strcmp(before, now) == 0)
		return DBB_OK;
	if (dbbi_json_set_string(found, "schema_sha256", before) < 0)
		return dbbi_error_nomem(err);
	return dbbi_pg_target_warn(t, dbbi_text_format("database '%s': the "
	    "schema was not compared, because tablespaces are missing here",
	    r->target), err);
}

/* What the restored database knows of itself. Its comment and connection
 * limit are given at the swap. */
static int
gather(dbbi_json **out, dbbi_pg_target *t, dbbi_pg_restored *r,
    dbb_error *err)
{
	const char *comment = dbbi_json_string(r->facts, "comment");
	dbbi_json *facts = NULL;
	int64_t limit = -1;
	int rc;

	if ((rc = dbbi_pg_query(NULL, r->guard, "BEGIN ISOLATION LEVEL "
	    "REPEATABLE READ READ ONLY", 0, NULL, err)) < 0)
		return rc;
	if ((rc = dbbi_pg_facts_gather(&facts, r->guard, t->run, t->params,
	    r->scratch, t->pg_dump, NULL, err)) < 0)
		return rc;
	dbbi_json_i64(&limit, r->facts, "connection_limit");
	if ((rc = dbbi_pg_query(NULL, r->guard, "COMMIT", 0, NULL,
	    err)) == DBB_OK &&
	    (dbbi_json_set_string(facts, "comment", comment) < 0 ||
	    dbbi_json_set_i64(facts, "connection_limit", limit) < 0))
		rc = dbbi_error_nomem(err);
	if (rc == DBB_OK)
		rc = excuse_schema(facts, t, r, err);
	if (rc < 0)
		dbbi_json_free(facts);
	else
		*out = facts;
	return rc;
}

/* Where several databases were restored, say whose finding it is. */
static int
name_findings(dbbi_json *findings, size_t from, const char *database,
    dbb_error *err)
{
	dbbi_json *one;
	const char *object;
	char *longer;
	size_t i;
	int rc;

	for (i = from; i < dbbi_json_count(findings); i++) {
		one = dbbi_json_at(findings, i);
		object = dbbi_json_string(one, "object");
		longer = dbbi_text_format("%s: %s", database,
		    object != NULL ? object : "");
		rc = longer == NULL ? DBB_ENOMEM :
		    dbbi_json_set_string(one, "object", longer);
		free(longer);
		if (rc < 0)
			return dbbi_error_nomem(err);
	}
	return DBB_OK;
}

static int
compare_one(uint64_t *compared, dbbi_pg_target *t, dbbi_pg_restored *r,
    dbbi_json *findings, dbb_error *err)
{
	size_t from = dbbi_json_count(findings);
	dbbi_json *found = NULL;
	uint64_t n = 0;
	int rc;

	if (!r->loaded)
		return dbbi_error_set(err, DBB_EDAMAGED, "the set holds no "
		    "dump of database '%s'", r->name);
	if ((rc = gather(&found, t, r, err)) < 0 ||
	    (rc = dbbi_pg_facts_compare(&n, r->facts, found, findings,
	    t->warnings, err)) < 0)
		goto done;
	*compared += n;
	if (t->count > 1)
		rc = name_findings(findings, from, r->target, err);
done:
	dbbi_json_free(found);
	return dbbi_error_context(err, rc, "comparing database '%s'",
	    r->target);
}

int
dbbi_pg_target_compare(uint64_t *compared, dbbi_target *target,
    dbbi_json *findings, dbbi_json *warnings, dbb_error *err)
{
	dbbi_pg_target *t = (dbbi_pg_target *)target;
	uint64_t total = 0;
	size_t i;
	int rc;

	for (i = 0; i < t->count; i++)
		if ((rc = compare_one(&total, t, &t->restored[i], findings,
		    err)) < 0)
			return rc;
	for (i = 0; i < dbbi_json_count(t->warnings); i++)
		if (dbbi_json_append(warnings, json_object_get(
		    dbbi_json_at(t->warnings, i))) < 0)
			return dbbi_error_nomem(err);
	*compared = total;
	return DBB_OK;
}
