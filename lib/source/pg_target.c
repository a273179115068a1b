/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/pg_target.h"

#include <stdlib.h>
#include <string.h>

#include "source/pg_target_private.h"
#include "util/bytes.h"

#define GLOBALS_MAX ((size_t)64 << 20)
#define BLOCK_SIZE (64 * 1024)

int
dbbi_pg_target_warn(dbbi_pg_target *t, char *text, dbb_error *err)
{
	int rc;

	if (text == NULL)
		return dbbi_error_nomem(err);
	dbbi_log(t->run, DBB_LOG_INFO, "%s", text);
	rc = dbbi_json_append_string(t->warnings, text);
	free(text);
	return rc < 0 ? dbbi_error_nomem(err) : DBB_OK;
}

/* The database a dump belongs to: "<name>.dump". */
static dbbi_pg_restored *
find_stream(const dbbi_pg_target *t, const char *stream)
{
	size_t i, n;

	for (i = 0; i < t->count; i++) {
		n = strlen(t->restored[i].name);
		if (strncmp(stream, t->restored[i].name, n) == 0 &&
		    strcmp(stream + n, ".dump") == 0)
			return &t->restored[i];
	}
	return NULL;
}

int
dbbi_pg_target_replaces(dbbi_list *names, dbbi_target *target, dbb_error *err)
{
	const dbbi_pg_target *t = (const dbbi_pg_target *)target;
	size_t i;
	int rc = DBB_OK;

	for (i = 0; i < t->count && rc == DBB_OK; i++)
		if (t->restored[i].exists)
			rc = dbbi_list_add(names, t->restored[i].target, err);
	return rc;
}

int
dbbi_pg_target_wants(dbbi_target *target, const char *stream,
    const char *kind)
{
	const dbbi_pg_target *t = (const dbbi_pg_target *)target;

	if (strcmp(kind, "pg_globals") == 0)
		return 1;
	return strcmp(kind, "pg_dump") == 0 && find_stream(t, stream) != NULL;
}

static int
read_all(dbbi_bytes *text, dbbi_reader *in, dbb_error *err)
{
	uint8_t block[BLOCK_SIZE];
	size_t got;
	int rc;

	while ((rc = dbbi_reader_read(&got, in, block, sizeof(block),
	    err)) == DBB_OK && got > 0) {
		if (got > GLOBALS_MAX - text->size) {
			rc = dbbi_error_set(err, DBB_EDAMAGED, "the roles "
			    "are more than 64 MiB of text");
			break;
		}
		if ((rc = dbbi_bytes_add(text, block, got, err)) < 0)
			break;
	}
	dbbi_wipe(block, sizeof(block));
	return rc;
}

/* On a connection of its own, for it may set the encoding. */
static int
load_roles(dbbi_pg_target *t, dbbi_reader *in, dbb_error *err)
{
	dbbi_pg *pg = NULL;
	dbbi_bytes text;
	int rc;

	dbbi_bytes_init(&text, GLOBALS_MAX);
	if ((rc = read_all(&text, in, err)) < 0 ||
	    (rc = dbbi_pg_connect(&pg, t->run, t->params, t->database,
	    err)) < 0)
		goto done;
	rc = dbbi_pg_roles_load(&t->roles, pg, (const char *)text.data,
	    text.size, t->warnings, err);
done:
	dbbi_pg_free(pg);
	if (text.data != NULL)
		dbbi_wipe(text.data, text.size);
	dbbi_bytes_clear(&text);
	return dbbi_error_context(err, rc, "restoring roles");
}

int
dbbi_pg_target_load(dbbi_target *target, const char *stream,
    const char *kind, dbbi_reader *in, dbb_error *err)
{
	dbbi_pg_target *t = (dbbi_pg_target *)target;
	dbbi_pg_restored *r;

	if (strcmp(kind, "pg_globals") == 0)
		return load_roles(t, in, err);
	r = strcmp(kind, "pg_dump") == 0 ? find_stream(t, stream) : NULL;
	if (r == NULL)
		return dbbi_error_set(err, DBB_EDAMAGED, "stream '%s' "
		    "belongs to no database of the set", stream);
	if (r->scratch[0] != '\0')
		return dbbi_error_set(err, DBB_EDAMAGED, "stream '%s' is in "
		    "the set twice", stream);
	return dbbi_pg_load(t, r, in, err);
}

int
dbbi_pg_target_commit(dbbi_target *target, int equal, dbbi_json *databases,
    dbb_error *err)
{
	dbbi_pg_target *t = (dbbi_pg_target *)target;
	size_t i;

	for (i = 0; i < t->count; i++)
		if (!t->restored[i].loaded)
			return dbbi_error_set(err, DBB_EINVAL, "database "
			    "'%s' was not loaded", t->restored[i].name);
	return dbbi_pg_swap_in(t, equal, databases, err);
}

/* Drop what was loaded, canceled or not. */
static void
remove_scratch(dbbi_pg_target *t)
{
	dbb_error why = {0};
	dbbi_pg *pg = NULL;
	size_t i;
	int rc;

	rc = dbbi_pg_connect(&pg, &t->calm, t->params, t->database, &why);
	for (i = 0; i < t->count; i++) {
		if (t->restored[i].scratch[0] == '\0')
			continue;
		if (rc == DBB_OK && dbbi_pg_scratch_drop(pg, t->params,
		    t->restored[i].scratch, &why) == DBB_OK)
			continue;
		dbbi_log(t->run, DBB_LOG_WARNING, "database '%s' could not "
		    "be removed; the next restore does it: %s",
		    t->restored[i].scratch, why.message);
	}
	dbbi_pg_free(pg);
}

/* Roles and tablespaces belong to the whole server: someone may use them
 * already, and the next restore finds them there. */
static void
tell_made(const dbbi_pg_target *t)
{
	size_t i;

	for (i = 0; i < t->roles.made.count; i++)
		dbbi_log(t->run, DBB_LOG_WARNING, "role '%s' was made by this "
		    "restore, and stays", t->roles.made.items[i]);
	for (i = 0; i < t->roles.tablespaces_made.count; i++)
		dbbi_log(t->run, DBB_LOG_WARNING, "tablespace '%s' was made "
		    "by this restore, and stays",
		    t->roles.tablespaces_made.items[i]);
}

void
dbbi_pg_target_close(dbbi_target *target)
{
	dbbi_pg_target *t = (dbbi_pg_target *)target;
	size_t i;
	int made = 0;

	if (t == NULL)
		return;
	for (i = 0; i < t->count; i++) {
		dbbi_pg_free(t->restored[i].guard);
		made |= t->restored[i].scratch[0] != '\0';
	}
	dbbi_pg_free(t->pg);
	if (made && !t->committed)
		remove_scratch(t);
	if (!t->committed)
		tell_made(t);
	if (t->calm_ready)
		dbbi_run_clear(&t->calm);
	dbbi_pg_roles_result_clear(&t->roles);
	dbbi_pg_params_free(t->params);
	dbbi_json_free(t->warnings);
	free(t->restored);
	free(t->database);
	free(t->pg_restore);
	free(t->pg_dump);
	free(t);
}
