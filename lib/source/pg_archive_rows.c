/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_archive_rows: the lines of one table's text.
 *
 * Every byte of a dump comes by here, so sixteen are looked at at once. Each
 * lane counts by itself, up to the 255 that it can hold.
 */
#include <config.h>

#include "source/pg_archive_parts.h"

#include <string.h>

#define LANES 16
#define LANE_MAX 255

typedef uint8_t lanes __attribute__((vector_size(LANES)));

static const lanes newlines = { '\n', '\n', '\n', '\n', '\n', '\n', '\n',
	'\n', '\n', '\n', '\n', '\n', '\n', '\n', '\n', '\n' };

/* All lanes together. */
static uint64_t
add_up(const lanes *counts)
{
	const uint64_t even = 0x00ff00ff00ff00ff;
	uint64_t half[2];

	memcpy(half, counts, sizeof(half));
	half[0] = (half[0] & even) + (half[0] >> 8 & even);
	half[1] = (half[1] & even) + (half[1] >> 8 & even);
	return (half[0] + half[1]) * 0x0001000100010001 >> 48;
}

static uint64_t
count_lines(const uint8_t *at, size_t size)
{
	uint64_t count = 0;
	lanes counts, bytes;
	size_t i, n;

	for (; size >= LANES; size -= n * LANES) {
		n = size / LANES < LANE_MAX ? size / LANES : LANE_MAX;
		counts = (lanes){0};
		for (i = 0; i < n; i++, at += LANES) {
			memcpy(&bytes, at, LANES);
			/* Where it holds, all bits are set: -1. */
			counts -= (lanes)(bytes == newlines);
		}
		count += add_up(&counts);
	}
	for (; size > 0; size--)
		count += *at++ == '\n';
	return count;
}

void
dbbi_archive_rows_add(dbbi_archive_rows *rows, const uint8_t *at, size_t size)
{
	rows->lines += count_lines(at, size);
	rows->size += size;
	if (size >= DBBI_ARCHIVE_LAST) {
		memcpy(rows->last, at + size - DBBI_ARCHIVE_LAST,
		    DBBI_ARCHIVE_LAST);
		return;
	}
	memmove(rows->last, rows->last + size, DBBI_ARCHIVE_LAST - size);
	memcpy(rows->last + DBBI_ARCHIVE_LAST - size, at, size);
}

int
dbbi_archive_rows_end(uint64_t *count, const dbbi_archive_rows *rows)
{
	static const char end[] = "\n\\.\n\n\n";	/* a row's end first */
	const size_t size = sizeof(end) - 1;
	const uint8_t *last = rows->last + DBBI_ARCHIVE_LAST - size;

	if (rows->size < size ? rows->size != size - 1 ||
	    memcmp(last + 1, end + 1, size - 1) != 0 :
	    memcmp(last, end, size) != 0)
		return -1;
	*count = rows->lines - 3;
	return 0;
}
