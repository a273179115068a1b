/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_history_table: is the table 'public.backup_history' one that may be
 * written into? We write as whoever the configuration names, often a
 * superuser, into a database where others may make tables: a trigger, a
 * default or a rule of theirs would run with our rights. So nothing is
 * written but into an ordinary table of a trusted owner in which no code
 * hides.
 */
#ifndef DBBI_PG_HISTORY_TABLE_H
#define DBBI_PG_HISTORY_TABLE_H

#include "source/pg_connection.h"

/* `*there` 0: no such table. One that may not be written into is
 * DBB_EACCESS. */
int dbbi_pg_history_look(int *there, dbbi_pg *pg, dbb_error *err);

/* Within a transaction, before anything is made or written: nobody may put
 * another schema in the place of 'public' before its end. */
int dbbi_pg_history_hold(dbbi_pg *pg, dbb_error *err);

/* Begin a transaction in which the table may be written into. */
int dbbi_pg_history_begin(dbbi_pg *pg, dbb_error *err);

/* End it: commit when `rc` is DBB_OK, else roll back. Returns `rc`, or why
 * the commit failed. */
int dbbi_pg_history_end(dbbi_pg *pg, int rc, dbb_error *err);

#endif
