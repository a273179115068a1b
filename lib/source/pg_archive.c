/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_archive: an archive's pieces, taken apart into numbers, texts and
 * chunks.
 *
 * A row of a table is a chunk of its own, so the way from one to the next is
 * a short one.
 */
#include <config.h>

#include "source/pg_archive_parts.h"

#include <stdlib.h>
#include <string.h>

#define NUMBER_SIZE 5
#define OFFSET_SIZE 9

int
dbbi_archive_wrong(const dbbi_pg_archive *a, const char *what, dbb_error *err)
{
	int rc = dbbi_error_set(err, DBB_ESOURCE, "what pg_dump wrote is no "
	    "archive that could be restored: at byte %llu %s",
	    (unsigned long long)(a->fed - a->in.left), what);

	dbbi_error_hint(err, "nothing of it is in the set; back up again, and if "
	    "it fails again, see what 'pg_dump --format=custom --compress=0' "
	    "gives and whether 'pg_restore --list' reads it");
	return rc;
}

int
dbbi_pg_archive_new(dbbi_pg_archive **out, dbb_error *err)
{
	dbbi_pg_archive *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return dbbi_error_nomem(err);
	dbbi_archive_begin(a);
	*out = a;
	return 0;
}

void
dbbi_pg_archive_free(dbbi_pg_archive *a)
{
	if (a == NULL)
		return;
	free(a->toc.entries);
	free(a);
}

/* The next `size` bytes (at most what `held` can hold) in one place, once all
 * are there; else NULL. */
static const uint8_t *
gather(dbbi_pg_archive *a, size_t size)
{
	const uint8_t *at = a->in.at;
	size_t n = size - a->held_size;

	if (n > a->in.left)
		n = a->in.left;
	a->in.at += n;
	a->in.left -= n;
	if (n == size)
		return at;
	memcpy(a->held + a->held_size, at, n);
	a->held_size += n;
	if (a->held_size < size)
		return NULL;
	a->held_size = 0;
	return a->held;
}

/* What is there of a text or chunk. */
static size_t
pass(const uint8_t **at, dbbi_pg_archive *a)
{
	size_t n = a->left < a->in.left ? a->left : a->in.left;

	*at = a->in.at;
	a->in.at += n;
	a->in.left -= n;
	a->left -= (uint32_t)n;
	return n;
}

/* ---- numbers and texts ---- */

static int
read_number(dbbi_pg_archive *a, const uint8_t *at, dbb_error *err)
{
	int64_t size = dbbi_get_u32(at + 1);

	if (at[0] > 1)
		return dbbi_archive_wrong(a, "a number has no sign", err);
	a->number = at[0] == 1 ? -size : size;
	return 0;
}

static int
read_length(dbbi_pg_archive *a, const uint8_t *at, dbb_error *err)
{
	int rc = read_number(a, at, err);

	if (rc < 0)
		return rc;
	if (a->number < -1 || a->number > INT32_MAX)
		return dbbi_archive_wrong(a, "a text is said to be longer "
		    "than one can be", err);
	a->left = a->number > 0 ? (uint32_t)a->number : 0;
	a->text_size = 0;
	return 0;
}

/* Its beginning is kept. */
static void
pass_text(dbbi_pg_archive *a)
{
	const uint8_t *at;
	size_t n = pass(&at, a), room = sizeof(a->text) - a->text_size;

	if (n > room)
		n = room;
	memcpy(a->text + a->text_size, at, n);
	a->text_size += n;
}

/* Step on, then do what is to be done with what was read. */
static int
complete(dbbi_pg_archive *a, const uint8_t *at, dbb_error *err)
{
	const dbbi_archive_step *s = a->step;

	do
		a->step++;
	while (a->step->since > a->minor ||
	    (a->step->until > 0 && a->step->until < a->minor));
	return s->take != NULL ? s->take(a, at, err) : 0;
}

static int
take_step(dbbi_pg_archive *a, dbb_error *err)
{
	static const size_t sizes[] = {
		[DBBI_ARCHIVE_HEAD] = DBBI_ARCHIVE_HEAD_SIZE,
		[DBBI_ARCHIVE_BYTE] = 1,
		[DBBI_ARCHIVE_NUMBER] = NUMBER_SIZE,
		[DBBI_ARCHIVE_TEXT] = NUMBER_SIZE,
		[DBBI_ARCHIVE_OFFSET] = OFFSET_SIZE,
	};
	const uint8_t *at = NULL;
	int rc = 0, shape = a->step->shape;

	if (a->left > 0)
		pass_text(a);
	else if ((at = gather(a, sizes[shape])) == NULL)
		return 0;
	else if (shape == DBBI_ARCHIVE_BYTE)
		a->number = at[0];
	else if (shape == DBBI_ARCHIVE_NUMBER)
		rc = read_number(a, at, err);
	else if (shape == DBBI_ARCHIVE_TEXT)
		rc = read_length(a, at, err);
	return rc < 0 || a->left > 0 ? rc : complete(a, at, err);
}

/* ---- chunks ---- */

static int
take_chunks(dbbi_pg_archive *a, dbb_error *err)
{
	int is_table = a->of->what == DBBI_ARCHIVE_TABLE;
	const uint8_t *at;
	size_t n;

	while (a->in.left > 0) {
		if (a->left > 0) {
			n = pass(&at, a);
			if (is_table)
				dbbi_archive_rows_add(&a->rows, at, n);
			continue;
		}
		if ((at = gather(a, NUMBER_SIZE)) == NULL)
			return 0;
		a->left = dbbi_get_u32(at + 1);
		if (at[0] != 0 || a->left > INT32_MAX)
			return dbbi_archive_wrong(a, "a chunk is said to be "
			    "longer than one can be", err);
		if (a->left == 0)
			return complete(a, NULL, err);
	}
	return 0;
}

/* ---- the whole ---- */

int
dbbi_pg_archive_add(dbbi_pg_archive *a, const void *data, size_t size,
    dbb_error *err)
{
	int rc = 0;

	a->in = (dbbi_cursor){ data, size };
	a->fed += size;
	while (rc == 0 && a->in.left > 0 && a->unknown == NULL)
		rc = a->step->shape == DBBI_ARCHIVE_CHUNKS ?
		    take_chunks(a, err) : take_step(a, err);
	return rc;
}

int
dbbi_pg_archive_end(dbbi_pg_archive *a, dbb_error *err)
{
	size_t i;

	if (a->unknown != NULL)
		return 0;
	a->in = (dbbi_cursor){0};
	if (!dbbi_archive_may_end(a))
		return dbbi_archive_wrong(a, "it breaks off", err);
	for (i = 0; i < a->toc.count; i++)
		if (!a->toc.entries[i].come)
			return dbbi_archive_wrong(a, "it ends, and data that "
			    "it announces are missing", err);
	if (dbbi_archive_toc_by_table(&a->toc) < 0)
		return dbbi_archive_wrong(a, "it ends, and had the rows of a "
		    "table twice", err);
	return 0;
}

const char *
dbbi_pg_archive_unknown(const dbbi_pg_archive *a)
{
	return a->unknown;
}

int
dbbi_pg_archive_rows(uint64_t *rows, const dbbi_pg_archive *a, uint32_t table)
{
	const dbbi_archive_entry *e = a->unknown == NULL ?
	    dbbi_archive_toc_table(&a->toc, table) : NULL;

	if (e == NULL)
		return 0;
	*rows = e->rows;
	return 1;
}

uint64_t
dbbi_pg_archive_large_objects(const dbbi_pg_archive *a)
{
	return a->large_objects;
}
