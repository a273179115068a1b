/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "cells.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

void
cli_cells_begin(void)
{
	if (setlocale(LC_CTYPE, "") == NULL ||
	    strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
}

/* Marks that change the direction of the text around them. */
static int
is_turning(wchar_t c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
	    c == 0x200e || c == 0x200f;
}

/* One character as it is to be shown. */
struct cell {
	const char *bytes;
	size_t size;		/* of what is shown */
	size_t taken;		/* of the text */
	size_t width;
};

static struct cell
next_cell(const char *text)
{
	struct cell cell = { .bytes = "?", .size = 1, .taken = 1, .width = 1 };
	mbstate_t state;
	wchar_t c;
	size_t n;
	int width;

	memset(&state, 0, sizeof(state));
	n = mbrtowc(&c, text, strlen(text), &state);
	if (n == (size_t)-1 || n == (size_t)-2 || n == 0)
		return cell;
	cell.taken = n;
	width = wcwidth(c);
	if (width < 0 || is_turning(c))
		return cell;
	cell.bytes = text;
	cell.size = n;
	cell.width = (size_t)width;
	return cell;
}

char *
cli_cells_clean(const char *text)
{
	/* Nothing grows: what is replaced becomes one byte. */
	char *out = malloc(strlen(text) + 1), *to = out;

	if (out == NULL)
		return NULL;
	while (*text != '\0') {
		struct cell cell = next_cell(text);

		memcpy(to, cell.bytes, cell.size);
		to += cell.size;
		text += cell.taken;
	}
	*to = '\0';
	return out;
}

void
cli_cells_print(FILE *to, const char *text, int lines)
{
	while (*text != '\0') {
		struct cell cell = next_cell(text);

		if (lines && *text == '\n')
			fputs("\n  ", to);
		else
			fwrite(cell.bytes, 1, cell.size, to);
		text += cell.taken;
	}
}

size_t
cli_cells_width(const char *text)
{
	size_t width = 0;

	while (*text != '\0') {
		struct cell cell = next_cell(text);

		width += cell.width;
		text += cell.taken;
	}
	return width;
}

size_t
cli_cells_cut(char *to, size_t size, const char *text, size_t columns)
{
	size_t whole = cli_cells_width(text), width = 0, used = 0;
	size_t dots = whole > columns ? (columns < 3 ? columns : 3) : 0;

	while (*text != '\0') {
		struct cell cell = next_cell(text);

		if (width + cell.width + dots > columns ||
		    used + cell.size + dots >= size)
			break;
		memcpy(to + used, cell.bytes, cell.size);
		used += cell.size;
		width += cell.width;
		text += cell.taken;
	}
	if (*text != '\0' && dots > 0) {
		memcpy(to + used, "...", dots);
		used += dots;
		width += dots;
	}
	to[used] = '\0';
	return width;
}
