/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_sequences: where the sequences stand. They obey no snapshot, so they
 * are read before a dump begins and after it has ended.
 */
#ifndef DBBI_PG_SEQUENCES_H
#define DBBI_PG_SEQUENCES_H

#include "source/pg_connection.h"

/* An array of {"schema","name","last_value","is_called"}, in the order of
 * schema and name. `*out` is the caller's. */
int dbbi_pg_sequences_read(dbbi_json **out, dbbi_pg *pg, dbb_error *err);

#endif
