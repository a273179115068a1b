/* SPDX-License-Identifier: BSD-2-Clause */
/* One dump into one new database, by pg_restore. */
#include <config.h>

#include "source/pg_target_private.h"

#include <stdlib.h>
#include <string.h>

#include "net/process.h"
#include "source/pg_quote.h"

#define BLOCK_SIZE (256 * 1024)

/* What pg_restore says, and what can be done about it. */
static const struct {
	const char *words;
	const char *hint;
} advice[] = {
	{ "is not available", "install the extension's package on the "
	    "server's machine" },
	{ "could not open extension control file", "install the extension's "
	    "package on the server's machine" },
	{ "could not access file", "install on the server's machine what the "
	    "database's functions were loaded from" },
	{ "No space left", "free space where the server keeps its data" },
	{ "must be superuser", "restore as a superuser" },
	{ "must be member of role", "restore as a superuser, or as a member "
	    "of all roles that own something in the database" },
	{ "must be able to SET ROLE", "restore as a superuser, or as a "
	    "member of all roles that own something in the database" },
	{ "permission denied", "restore as a superuser" },
	{ "unrecognized configuration parameter", "this pg_restore is newer "
	    "than the server: install the one of the server's version" },
};

/* "CREATE ROLE "a"; …" is what helps when roles are missing. */
static void
hint_at_roles(dbb_error *err, const dbbi_pg_target *t)
{
	char *all = dbbi_text_dup(""), *longer;
	size_t i;

	for (i = 0; all != NULL && i < t->roles.missing.count; i++) {
		longer = dbbi_text_format("%s%s'%s'", all,
		    i == 0 ? "" : ", ", t->roles.missing.items[i]);
		free(all);
		all = longer;
	}
	if (all != NULL)
		dbbi_error_hint(err, "these roles are missing and could not "
		    "be made: %s; let an administrator create them (their "
		    "statements are in the set's 'globals.sql'), or restore "
		    "as a superuser", all);
	free(all);
}

static void
hint_at_failure(dbb_error *err, const dbbi_pg_target *t)
{
	const char *text = err->message;
	size_t i;

	if (strstr(text, "role \"") != NULL &&
	    strstr(text, "does not exist") != NULL) {
		if (t->roles.missing.count > 0)
			hint_at_roles(err, t);
		else
			dbbi_error_hint(err, "create the role on this "
			    "server, or restore it from the set's "
			    "'globals.sql'");
		return;
	}
	for (i = 0; i < sizeof(advice) / sizeof(advice[0]); i++)
		if (strstr(text, advice[i].words) != NULL) {
			dbbi_error_hint(err, "%s", advice[i].hint);
			return;
		}
}

static int
start(dbbi_process **out, const dbbi_pg_target *t, const char *database,
    dbb_error *err)
{
	dbbi_pg_child child = { .fd = -1 };
	dbbi_process_options options = { .flags = DBBI_PROCESS_STDIN };
	const char *argv[6];
	char *dbname = NULL;
	size_t n = 0;
	int rc;

	if ((rc = dbbi_pg_child_new(&child, t->params, database, err)) < 0)
		goto done;
	if ((dbname = dbbi_text_format("--dbname=%s",
	    child.conninfo)) == NULL) {
		rc = dbbi_error_nomem(err);
		goto done;
	}
	argv[n++] = t->pg_restore;
	argv[n++] = dbname;
	argv[n++] = "--no-password";
	argv[n++] = "--exit-on-error";
	if (t->roles.tablespaces_missing)
		argv[n++] = "--no-tablespaces";
	argv[n] = NULL;
	options.argv = argv;
	options.env = (const char *const *)child.env.items;
	options.pass_fd = child.fd;
	options.secret = dbbi_pg_params_secret(t->params);
	rc = dbbi_process_start(out, t->run, &options, err);
done:
	free(dbname);
	dbbi_pg_child_clear(&child);
	return rc;
}

/*
 * Feed everything, to the very end: the reader's last block brings its
 * verdict on the whole. `*reading` says whose failure it was.
 */
static int
pump(int *reading, dbbi_process *p, dbbi_reader *in, dbb_error *err)
{
	uint8_t *block = malloc(BLOCK_SIZE);
	int accepted = 1, rc;
	size_t got;

	if (block == NULL)
		return dbbi_error_nomem(err);
	for (;;) {
		*reading = 1;
		if ((rc = dbbi_reader_read(&got, in, block, BLOCK_SIZE,
		    err)) < 0 || got == 0)
			break;
		*reading = 0;
		if (accepted && (rc = dbbi_process_write(&accepted, p, block,
		    got, err)) < 0)
			break;
	}
	free(block);
	return rc;
}

/* A reader's failure is told as it is: pg_restore is not to blame, and is
 * killed by the release. */
static int
restore(dbbi_pg_target *t, const dbbi_pg_restored *r, dbbi_reader *in,
    dbb_error *err)
{
	dbbi_process *p = NULL;
	int reading = 0, rc;

	if ((rc = start(&p, t, r->scratch, err)) < 0)
		goto done;
	if ((rc = pump(&reading, p, in, err)) == DBB_OK) {
		reading = 0;
		dbbi_process_close_stdin(p);
		rc = dbbi_process_wait(p, err);
	}
	if (rc == DBB_ESOURCE && !reading && err != NULL)
		hint_at_failure(err, t);
done:
	dbbi_process_free(p);
	return reading ? rc :
	    dbbi_error_context(err, rc, "pg_restore of '%s'", r->name);
}

/* Without statistics the first queries would be slow; but slow is not
 * broken, so a refusal is no failure. */
static int
analyze(dbbi_pg_target *t, dbbi_pg_restored *r, dbb_error *err)
{
	dbb_error why = {0};
	int rc = dbbi_pg_query(NULL, r->guard, "ANALYZE", 0, NULL, &why);

	if (rc == DBB_OK)
		return DBB_OK;
	if (rc == DBB_ECANCELED || rc == DBB_ECONNECT || rc == DBB_ENOMEM) {
		if (err != NULL)
			*err = why;
		return rc;
	}
	return dbbi_pg_target_warn(t, dbbi_text_format("database '%s': "
	    "statistics could not be collected: %s", r->target, why.message),
	    err);
}

int
dbbi_pg_load(dbbi_pg_target *t, dbbi_pg_restored *r, dbbi_reader *in,
    dbb_error *err)
{
	int rc;

	if ((rc = dbbi_pg_scratch_create(t, r, err)) < 0 ||
	    (rc = restore(t, r, in, err)) < 0 ||
	    (rc = dbbi_pg_subscriptions_tell(t, r, err)) < 0 ||
	    (rc = analyze(t, r, err)) < 0 ||
	    (rc = dbbi_pg_properties_apply(t, r, err)) < 0)
		return rc;
	r->loaded = 1;
	return DBB_OK;
}
