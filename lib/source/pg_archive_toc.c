/* SPDX-License-Identifier: BSD-2-Clause */
/* pg_archive_toc: the entries of an archive that have data. */
#include <config.h>

#include "source/pg_archive_parts.h"

#include <stdlib.h>

#define ROOM_FIRST 64

int
dbbi_archive_toc_add(dbbi_archive_toc *toc, const dbbi_archive_entry *entry,
    dbb_error *err)
{
	size_t room = toc->room > 0 ? 2 * toc->room : ROOM_FIRST;
	dbbi_archive_entry *more;

	if (toc->count == toc->room) {
		more = realloc(toc->entries, room * sizeof(*more));
		if (more == NULL)
			return dbbi_error_nomem(err);
		toc->entries = more;
		toc->room = room;
	}
	toc->entries[toc->count++] = *entry;
	return 0;
}

static int
order(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int
order_by_id(const void *a, const void *b)
{
	const dbbi_archive_entry *x = a, *y = b;

	return order(x->id, y->id);
}

static int
order_by_table(const void *a, const void *b)
{
	const dbbi_archive_entry *x = a, *y = b;

	return order(x->table, y->table);
}

static void
sort(dbbi_archive_toc *toc, int (*by)(const void *, const void *))
{
	if (toc->count > 0)
		qsort(toc->entries, toc->count, sizeof(*toc->entries), by);
}

static void *
find(const dbbi_archive_toc *toc, const dbbi_archive_entry *key,
    int (*by)(const void *, const void *))
{
	if (toc->count == 0)
		return NULL;
	return bsearch(key, toc->entries, toc->count, sizeof(*toc->entries),
	    by);
}

int
dbbi_archive_toc_by_id(dbbi_archive_toc *toc)
{
	const dbbi_archive_entry *e = toc->entries;
	size_t i;

	sort(toc, order_by_id);
	for (i = 1; i < toc->count; i++)
		if (e[i].id == e[i - 1].id)
			return -1;
	return 0;
}

dbbi_archive_entry *
dbbi_archive_toc_find(const dbbi_archive_toc *toc, uint32_t id)
{
	return find(toc, &(dbbi_archive_entry){ .id = id }, order_by_id);
}

int
dbbi_archive_toc_by_table(dbbi_archive_toc *toc)
{
	const dbbi_archive_entry *e = toc->entries;
	size_t i;

	sort(toc, order_by_table);
	for (i = 1; i < toc->count; i++)
		if (e[i].table != 0 && e[i].table == e[i - 1].table)
			return -1;
	return 0;
}

const dbbi_archive_entry *
dbbi_archive_toc_table(const dbbi_archive_toc *toc, uint32_t table)
{
	return table == 0 ? NULL : find(toc, &(dbbi_archive_entry){
	    .table = table }, order_by_table);
}
