/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "cells.h"
#include "human.h"

#define GAP 2

void
cli_table_init(cli_table *table, const cli_column *columns, size_t count)
{
	memset(table, 0, sizeof(*table));
	table->columns = columns;
	table->column_count = count;
}

void
cli_table_add(cli_table *table, const char *cell)
{
	char **more;

	/* Room is made a row at a time. */
	if (table->cell_count % table->column_count == 0) {
		more = realloc(table->cells, (table->cell_count +
		    table->column_count) * sizeof(*more));
		if (more == NULL) {
			table->failed = 1;
			return;
		}
		table->cells = more;
	}
	more = &table->cells[table->cell_count];
	*more = table->failed ? NULL : cli_cells_clean(cell);
	if (*more == NULL)
		table->failed = 1;
	else
		table->cell_count++;
}

void
cli_table_add_size(cli_table *table, unsigned long long bytes)
{
	char text[CLI_HUMAN_SIZE];

	cli_human_size(text, bytes);
	cli_table_add(table, text);
}

void
cli_table_add_count(cli_table *table, unsigned long long n)
{
	char text[CLI_HUMAN_SIZE];

	cli_human_count(text, n);
	cli_table_add(table, text);
}

static size_t
column_width(const cli_table *table, size_t column)
{
	size_t i, width, widest = cli_cells_width(
	    table->columns[column].title);

	for (i = column; i < table->cell_count; i += table->column_count) {
		width = cli_cells_width(table->cells[i]);
		if (width > widest)
			widest = width;
	}
	return widest;
}

/* `text` in its column; `blanks` are owed from the columns before, and are
 * paid only when something follows. Returns those owed after it. */
static size_t
put_cell(FILE *to, const char *text, size_t width, int right, size_t blanks)
{
	size_t pad = width - cli_cells_width(text);

	if (text[0] == '\0')
		return blanks + width;
	if (right)
		blanks += pad;
	fprintf(to, "%*s%s", (int)blanks, "", text);
	return right ? 0 : pad;
}

int
cli_table_print(const cli_table *table, FILE *to, const char *indent)
{
	size_t n = table->column_count, row, c, blanks;
	size_t *widths;

	if (table->failed || (widths = calloc(n, sizeof(*widths))) == NULL)
		return -1;
	for (c = 0; c < n; c++)
		widths[c] = column_width(table, c);
	for (row = 0; table->cell_count >= n &&
	    row <= table->cell_count / n; row++) {
		fputs(indent, to);
		for (c = 0, blanks = 0; c < n; c++) {
			const char *text = row == 0 ? table->columns[c].title :
			    table->cells[(row - 1) * n + c];

			blanks = put_cell(to, text, widths[c],
			    table->columns[c].right, blanks) + GAP;
		}
		putc('\n', to);
	}
	free(widths);
	return 0;
}

void
cli_table_clear(cli_table *table)
{
	while (table->cell_count > 0)
		free(table->cells[--table->cell_count]);
	free(table->cells);
	memset(table, 0, sizeof(*table));
}
