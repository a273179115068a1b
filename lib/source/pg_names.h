/* SPDX-License-Identifier: BSD-2-Clause */
/* pg_names: names as people write them in SQL, and texts of results. */
#ifndef DBBI_PG_NAMES_H
#define DBBI_PG_NAMES_H

#include <libpq-fe.h>

#include "util/json.h"

/* schema.name, or name alone where `schema` is NULL; quoted where SQL needs
 * it. To free(3); NULL when out of memory. */
char *dbbi_pg_name(const char *schema, const char *name);

/* A text of a result; NULL for SQL's null. Borrowed from `res`. */
const char *dbbi_pg_text(const PGresult *res, int row, int column);

/* A number of a result that is not below 0; 0 for anything else. */
unsigned long long dbbi_pg_number(const PGresult *res, int row, int column);

int dbbi_pg_is_utf8(const char *text);

/* dbbi_json_set_string for a text out of a database, whose encoding may be
 * SQL_ASCII, that is, anything: what is not UTF-8 is written as \xNN, so that
 * the document can be read again. */
int dbbi_pg_json_text(dbbi_json *object, const char *key, const char *text);

/* SQL: schemas that hold the user's own things, `n` being pg_namespace. */
#define DBBI_PG_USER_SCHEMA \
	" n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' "

/* SQL: `c`, a row of pg_class, is not a member of an extension. */
#define DBBI_PG_NOT_EXTENSION \
	" NOT EXISTS (SELECT 1 FROM pg_depend d" \
	" WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid" \
	" AND d.deptype = 'e') "

#endif
