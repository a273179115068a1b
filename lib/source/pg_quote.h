/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_quote: statements with names and values in them, quoted as SQL wants,
 * and texts made fit for a UTF-8 database.
 */
#ifndef DBBI_PG_QUOTE_H
#define DBBI_PG_QUOTE_H

#include <stddef.h>

/*
 * Make a statement: %I puts in a `const char *` as a quoted identifier, %L
 * as a quoted literal (NULL: the word NULL), %s as it stands, %% a percent
 * sign. NULL when out of memory; the caller's, to free(3) or to hand to
 * dbbi_pg_execute.
 */
char *dbbi_pg_sql(const char *fmt, ...);

/* The length of the first part of `text` that is at most `max` bytes and
 * ends between characters. */
size_t dbbi_pg_utf8_cut(const char *text, size_t max);

/* Overwrite, in place, each byte that is not part of valid UTF-8 by '?'. */
void dbbi_pg_utf8_clean(char *text);

#endif
