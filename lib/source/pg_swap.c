/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Into the old one's place, by renaming. All databases of a restore in one
 * transaction: whatever happens, either every name means the old database
 * or every name means the new one.
 *
 * One that was written to since the safety set was begun holds what is
 * nowhere else. It is put aside under a name that people can read, in that
 * same transaction, and is not dropped.
 */
#include <config.h>

#include "source/pg_swap.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/pg_quote.h"

static int
describe(dbbi_pg *pg, const char *database, const char *comment,
    dbb_error *err)
{
	return dbbi_pg_execute(pg, dbbi_pg_sql("COMMENT ON DATABASE %I IS %L",
	    database, comment), err);
}

/*
 * The last properties. The comment's lock is kept to the transaction's end,
 * so that another restore's sweep cannot remove the database once nobody is
 * connected to it.
 */
static int
finish_scratch(dbbi_pg_swap *s, size_t i, dbb_error *err)
{
	dbbi_pg_target *t = s->t;
	dbbi_pg_restored *r = &t->restored[i];
	int64_t limit = -1;
	int is_template = 0, rc;
	char number[24];

	if ((rc = describe(t->pg, r->scratch,
	    dbbi_json_string(r->facts, "comment"), err)) < 0)
		return rc;
	dbbi_json_i64(&limit, r->facts, "connection_limit");
	if (limit >= 0 && limit <= INT_MAX) {
		snprintf(number, sizeof(number), "%" PRId64, limit);
		rc = dbbi_pg_execute(t->pg, dbbi_pg_sql("ALTER DATABASE %I "
		    "CONNECTION LIMIT %s", r->scratch, number), err);
	}
	dbbi_json_bool(&is_template, r->facts, "is_template");
	/* Not for one that is only kept to be looked at. */
	if (rc == DBB_OK && is_template &&
	    strcmp(s->names[i].final, r->target) == 0)
		rc = dbbi_pg_execute(t->pg, dbbi_pg_sql("ALTER DATABASE %I "
		    "IS_TEMPLATE true", r->scratch), err);
	dbbi_pg_free(r->guard);
	r->guard = NULL;
	return rc;
}

/* So that a sweep knows it, should we be killed before it is dropped. */
static int
mark_replaced(dbbi_pg_swap *s, size_t i, dbb_error *err)
{
	char *text = dbbi_text_format("libdbbackup: replaced \"%s\" by set "
	    "%s", s->t->restored[i].target, s->t->plan->set);
	int rc = text == NULL ? dbbi_error_nomem(err) :
	    describe(s->t->pg, s->names[i].old, text, err);

	free(text);
	return rc;
}

/* Once it is renamed nobody is in it, and all that was written is counted. */
static int
put_aside(dbbi_pg_swap *s, size_t i, dbb_error *err)
{
	const dbbi_pg_restored *r = &s->t->restored[i];
	dbbi_pg_swap_names *n = &s->names[i];
	int written = 0, rc;

	if ((rc = dbbi_pg_rename(s, r->target, n->old, err)) == DBB_OK)
		rc = dbbi_pg_writes_any(&written, s->t, r, n->old, err);
	if (rc == DBB_OK && written) {
		n->is_kept = 1;
		rc = dbbi_pg_rename(s, n->old, n->kept, err);
	} else if (rc == DBB_OK) {
		rc = mark_replaced(s, i, err);
	}
	return dbbi_error_context(err, rc, "putting the old database '%s' "
	    "aside", r->target);
}

static int
put_in_place(dbbi_pg_swap *s, size_t i, dbb_error *err)
{
	const dbbi_pg_restored *r = &s->t->restored[i];
	int rc = dbbi_pg_rename(s, r->scratch, s->names[i].final, err);

	if (rc < 0 && strcmp(err->remote, "42P04") == 0) {
		rc = dbbi_error_set(err, DBB_EEXIST, "database '%s' has been "
		    "made by someone else meanwhile", s->names[i].final);
		dbbi_error_hint(err, "use --into NEWNAME for a copy beside "
		    "it, or --replace to put the backup in its place");
	}
	return dbbi_error_context(err, rc, "renaming the restored database "
	    "to '%s'", s->names[i].final);
}

static int
rename_all(dbbi_pg_swap *s, dbb_error *err)
{
	dbbi_pg_target *t = s->t;
	size_t i;
	int rc;

	if ((rc = dbbi_pg_query(NULL, t->pg, "BEGIN", 0, NULL, err)) < 0)
		return rc;
	for (i = 0; i < t->count; i++)
		if ((rc = finish_scratch(s, i, err)) < 0)
			return rc;
	for (i = 0; i < t->count; i++)
		if (s->names[i].old[0] != '\0' &&
		    (rc = put_aside(s, i, err)) < 0)
			return rc;
	for (i = 0; i < t->count; i++)
		if ((rc = put_in_place(s, i, err)) < 0)
			return rc;
	return DBB_OK;
}

static int
swap(char **remark, dbbi_pg_swap *s, dbb_error *err)
{
	int rc = rename_all(s, err);

	if (rc == DBB_OK) {
		rc = dbbi_pg_commit(remark, s->t, err);
		return dbbi_error_context(err, rc, "putting the restored "
		    "databases in place");
	}
	/* Not by a ROLLBACK, which a cancel would keep from being sent: the
	 * locks on the users' databases must go at once. */
	dbbi_pg_free(s->t->pg);
	s->t->pg = NULL;
	return rc;
}

/* Drop what was replaced, unless it holds what is nowhere else. What there
 * is to be said, or NULL. */
static char *
part_with(dbbi_pg_swap *s, size_t i)
{
	const dbbi_pg_restored *r = &s->t->restored[i];
	const dbbi_pg_swap_names *n = &s->names[i];

	if (n->is_kept && dbbi_pg_writes_matter(s->t, r, n->kept))
		return dbbi_pg_scratch_keep_old(s->t, r, n->kept);
	return dbbi_pg_scratch_drop_old(s->t, r,
	    n->is_kept ? n->kept : n->old);
}

/* What there is to be said of one database; its old one goes first. */
static char *
conclude(dbbi_pg_swap *s, size_t i)
{
	const dbbi_pg_restored *r = &s->t->restored[i];
	const dbbi_pg_swap_names *n = &s->names[i];

	if (n->old[0] != '\0')
		return part_with(s, i);
	if (strcmp(n->final, r->target) == 0)
		return NULL;
	return dbbi_text_format("database '%s' was left as it is, because "
	    "what was restored differs from the set; that is kept as '%s'",
	    r->target, n->final);
}

/* `remark` (may be NULL) is told of it, too. */
static int
report(dbbi_json *databases, dbbi_pg_swap *s, size_t i, const char *remark,
    dbb_error *err)
{
	const dbbi_pg_swap_names *n = &s->names[i];
	char *warning = conclude(s, i), *both = NULL;
	dbbi_json *one = dbbi_json_new_object();
	const char *text = warning != NULL ? warning : remark;
	int rc = DBB_OK;

	if (warning != NULL && remark != NULL)
		text = both = dbbi_text_format("%s; %s", remark, warning);
	if (text != NULL) {
		dbbi_log(s->t->run, DBB_LOG_INFO, "%s", text);
		rc = dbbi_json_set_string(one, "warning", text);
	}
	free(both);
	free(warning);
	if (rc < 0 || dbbi_json_set_string(one, "name",
	    s->t->restored[i].name) < 0 ||
	    dbbi_json_set_string(one, "target", n->final) < 0 ||
	    dbbi_json_set_bool(one, "swapped", n->old[0] != '\0') < 0) {
		dbbi_json_free(one);
		return dbbi_error_nomem(err);
	}
	return dbbi_json_append(databases, one) < 0 ?
	    dbbi_error_nomem(err) : DBB_OK;
}

int
dbbi_pg_swap_in(dbbi_pg_target *t, int equal, dbbi_json *databases,
    dbb_error *err)
{
	dbbi_pg_swap s = { .t = t };
	char *remark = NULL;
	dbb_error own = {0};
	size_t i;
	int rc;

	if (err == NULL)
		err = &own;		/* its SQLSTATE decides */
	if ((rc = dbbi_pg_swap_names_choose(&s, equal, err)) < 0 ||
	    (rc = dbbi_pg_connect(&s.helper, t->run, t->params, t->database,
	    err)) < 0 ||
	    (rc = swap(&remark, &s, err)) < 0)
		goto done;
	t->committed = 1;
	for (i = 0; i < t->count && rc == DBB_OK; i++)
		rc = report(databases, &s, i, i == 0 ? remark : NULL, err);
done:
	dbbi_pg_free(s.helper);
	free(s.names);
	free(remark);
	return rc;
}
