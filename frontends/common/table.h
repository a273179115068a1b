/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table: rows of text, aligned. Fill it cell by cell, in order, then print
 * it. Memory that runs out shows when it is printed.
 */
#ifndef DBB_FRONTEND_TABLE_H
#define DBB_FRONTEND_TABLE_H

#include <stddef.h>
#include <stdio.h>

typedef struct cli_column {
	const char *title;
	int right;			/* numbers stand at the right */
} cli_column;

typedef struct cli_table {
	const cli_column *columns;	/* borrowed */
	size_t column_count;
	char **cells;			/* cleaned, row by row */
	size_t cell_count;
	int failed;
} cli_table;

void cli_table_init(cli_table *table, const cli_column *columns,
    size_t count);
void cli_table_add(cli_table *table, const char *cell);
void cli_table_add_size(cli_table *table, unsigned long long bytes);
void cli_table_add_count(cli_table *table, unsigned long long n);

/* Print titles and rows, each line behind `indent`, without blanks at its
 * end; -1 when memory ran out. An empty table prints nothing. */
int cli_table_print(const cli_table *table, FILE *to, const char *indent);

void cli_table_clear(cli_table *table);

#endif
