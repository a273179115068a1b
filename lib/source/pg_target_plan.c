/* SPDX-License-Identifier: BSD-2-Clause */
/* What is to be restored under which name: the plan and its facts, which
 * come out of a store, checked before anything believes them. */
#include <config.h>

#include "source/pg_target_private.h"

#include <stdlib.h>
#include <string.h>

#define DATABASES_MAX 10000

static int
bad_facts(const dbbi_pg_target *t, const char *what, dbb_error *err)
{
	return dbbi_error_set(err, DBB_EDAMAGED,
	    "what set '%s' says of its databases cannot be used: %s",
	    t->plan->set, what);
}

static int
is_name(const char *name)
{
	return name != NULL && name[0] != '\0' &&
	    strlen(name) < DBBI_PG_NAME_SIZE;
}

int
dbbi_pg_plan_server_version(const dbbi_pg_target *t)
{
	int64_t version = 0;

	if (dbbi_json_i64(&version, t->plan->facts, "server_version_num") < 0 ||
	    version < 90000 || version > 10000000)
		return 0;
	return (int)version;
}

int
dbbi_pg_plan_dump_major(const dbbi_pg_target *t)
{
	int64_t major, newest = 0;
	size_t i;

	for (i = 0; i < t->count; i++)
		if (dbbi_json_i64(&major, t->restored[i].facts,
		    "pg_dump_major") == 0 && major > newest && major < 1000)
			newest = major;
	return (int)newest;
}

/* Fill one database from its facts. */
static int
read_database(dbbi_pg_target *t, const dbbi_json *facts, dbb_error *err)
{
	dbbi_pg_restored *r = &t->restored[t->count];
	size_t i;

	r->facts = facts;
	r->name = dbbi_json_string(facts, "name");
	if (!is_name(r->name))
		return bad_facts(t, "a database has no usable name", err);
	for (i = 0; i < t->count; i++)
		if (strcmp(t->restored[i].name, r->name) == 0)
			return bad_facts(t, "a database is named twice", err);
	r->target = t->plan->into != NULL ? t->plan->into : r->name;
	t->count++;
	return DBB_OK;
}

static int
read_databases(dbbi_pg_target *t, const dbbi_json *list, dbb_error *err)
{
	size_t i, count = dbbi_json_count(list);
	int rc;

	if (count == 0 || count > DATABASES_MAX)
		return bad_facts(t, "no databases are named", err);
	if ((t->restored = calloc(count, sizeof(*t->restored))) == NULL)
		return dbbi_error_nomem(err);
	for (i = 0; i < count; i++)
		if ((rc = read_database(t, dbbi_json_at(list, i), err)) < 0)
			return rc;
	if (dbbi_pg_plan_server_version(t) == 0)
		return bad_facts(t, "the server's version is missing", err);
	return DBB_OK;
}

static int
check_into(const dbbi_pg_target *t, dbb_error *err)
{
	const char *into = t->plan->into;

	if (into == NULL)
		return DBB_OK;
	if (!is_name(into))
		return dbbi_error_set(err, DBB_EINVAL, "'%s' cannot be the "
		    "name of a database: it must have 1 to 63 bytes", into);
	if (t->count == 1)
		return DBB_OK;
	dbbi_error_set(err, DBB_EINVAL, "set '%s' holds %zu databases of "
	    "this source, and one name cannot be given to all of them",
	    t->plan->set, t->count);
	dbbi_error_hint(err, "restore them under their own names, on another "
	    "server with --to, or export the set and load one dump by "
	    "pg_restore");
	return DBB_EINVAL;
}

int
dbbi_pg_plan_check(dbbi_pg_target *t, dbb_error *err)
{
	int rc;

	rc = read_databases(t, dbbi_json_array(t->plan->facts, "databases"),
	    err);
	return rc < 0 ? rc : check_into(t, err);
}
