/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cells: text as a terminal shows it. Names come from databases and stores,
 * so whatever could steer a terminal (control characters, bytes that are no
 * UTF-8, marks that turn the direction of writing) becomes '?' before it is
 * shown. cli_cells_begin is to be called once, before all else.
 */
#ifndef DBB_FRONTEND_CELLS_H
#define DBB_FRONTEND_CELLS_H

#include <stddef.h>
#include <stdio.h>

/* Take the user's LC_CTYPE; where that is not UTF-8, as under cron, C.UTF-8,
 * for what we show is UTF-8 always. */
void cli_cells_begin(void);

/* A copy fit to be shown, to free(3); NULL when out of memory. */
char *cli_cells_clean(const char *text);

/* Print the text, cleaned. With `lines`, line ends stay, and what follows
 * one is indented, so that a name cannot pass for a line of our own. */
void cli_cells_print(FILE *to, const char *text, int lines);

/* How many columns the cleaned text takes. */
size_t cli_cells_width(const char *text);

/* Write the cleaned text to `to`, which has room for `size` bytes, cut to
 * `columns` columns, "..." at the end of what was cut. Returns its width. */
size_t cli_cells_cut(char *to, size_t size, const char *text,
    size_t columns);

#endif
