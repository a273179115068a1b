/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_archive_steps: what comes after what in an archive of pg_dump, and what
 * it means. Numbers and texts that say nothing about rows are passed over.
 */
#include <config.h>

#include "source/pg_archive_parts.h"

#include <string.h>

#include "util/text.h"

#define MINOR_FIRST 12
#define MINOR_LAST 16
#define COMPRESSION_BYTE 15	/* since 1.15; a number before */
#define TABLEAM 14
#define RELKIND 16

enum { FORMAT_CUSTOM = 1 };
enum { BLOCK_DATA = 1, BLOCK_OBJECTS = 3 };
enum { OFFSET_FIRST = 1, OFFSET_LAST = 3 };

enum part { HEADER, ENTRY, BLOCK, CHUNKS, OBJECT };

/* Go on with a part. */
static void enter(dbbi_pg_archive *a, enum part part);

static int
is_text(const dbbi_pg_archive *a, const char *text)
{
	size_t size = strlen(text);

	return a->number == (int64_t)size && size <= a->text_size &&
	    memcmp(a->text, text, size) == 0;
}

/* ---- the header ---- */

/* "PGDMP", three bytes of version, the sizes of numbers and of offsets, and
 * the format. */
static int
take_head(dbbi_pg_archive *a, const uint8_t *at, dbb_error *err)
{
	if (memcmp(at, "PGDMP", 5) != 0)
		return dbbi_archive_wrong(a, "it does not begin as one", err);
	a->minor = at[6];
	if (at[5] != 1 || a->minor < MINOR_FIRST || a->minor > MINOR_LAST)
		a->unknown = "its version is not known";
	else if (at[8] != 4 || at[9] != 8)
		a->unknown = "its numbers have other sizes";
	else if (at[10] != FORMAT_CUSTOM)
		a->unknown = "it is not of the custom format";
	else if (a->minor >= COMPRESSION_BYTE)
		a->step++;	/* the number was next */
	return 0;
}

static int
take_compression(dbbi_pg_archive *a, const uint8_t *at, dbb_error *err)
{
	(void)at;
	(void)err;
	if (a->number != 0)
		a->unknown = "it is compressed";
	return 0;
}

/* ---- the table of contents ---- */

static int
end_contents(dbbi_pg_archive *a, dbb_error *err)
{
	if (dbbi_archive_toc_by_id(&a->toc) < 0)
		return dbbi_archive_wrong(a, "two entries of its contents "
		    "have the same number", err);
	enter(a, BLOCK);
	return 0;
}

static int
take_count(dbbi_pg_archive *a, const uint8_t *at, dbb_error *err)
{
	(void)at;
	if (a->number < 0 || a->number > INT32_MAX)
		return dbbi_archive_wrong(a, "the number of its contents "
		    "cannot be", err);
	a->entries_left = (uint32_t)a->number;
	if (a->entries_left == 0)
		return end_contents(a, err);
	enter(a, ENTRY);
	return 0;
}

static int
take_id(dbbi_pg_archive *a, const uint8_t *at, dbb_error *err)
{
	(void)at;
	if (a->number <= 0 || a->number > INT32_MAX)
		return dbbi_archive_wrong(a, "an entry of its contents has a "
		    "number that cannot be", err);
	a->entry = (dbbi_archive_entry){ .id = (uint32_t)a->number };
	return 0;
}

static int
take_has_data(dbbi_pg_archive *a, const uint8_t *at, dbb_error *err)
{
	(void)at;
	if (a->number != 0 && a->number != 1)
		return dbbi_archive_wrong(a, "an entry of its contents says "
		    "neither that it has data nor that it has none", err);
	a->has_data = (int)a->number;
	return 0;
}

static int
take_oid(dbbi_pg_archive *a, const uint8_t *at, dbb_error *err)
{
	char text[DBBI_ARCHIVE_TEXT_KEPT + 1];
	uint64_t oid = 0;

	(void)at;
	(void)err;
	memcpy(text, a->text, a->text_size);
	text[a->text_size] = '\0';
	if (a->number > 0 &&
	    dbbi_parse_u64(&oid, text, 1, UINT32_MAX) == 0)
		a->entry.table = (uint32_t)oid;
	return 0;
}

static int
take_what(dbbi_pg_archive *a, const uint8_t *at, dbb_error *err)
{
	(void)at;
	if (is_text(a, "TABLE DATA"))
		a->entry.what = DBBI_ARCHIVE_TABLE;
	else if (is_text(a, "BLOBS"))
		a->entry.what = DBBI_ARCHIVE_OBJECTS;
	if (a->entry.what != DBBI_ARCHIVE_TABLE)
		a->entry.table = 0;
	else if (a->entry.table == 0)
		return dbbi_archive_wrong(a, "the rows of a table have no "
		    "oid", err);
	return 0;
}

static int
take_copy(dbbi_pg_archive *a, const uint8_t *at, dbb_error *err)
{
	(void)at;
	(void)err;
	if (a->has_data && a->entry.what == DBBI_ARCHIVE_TABLE &&
	    a->number <= 0)
		a->unknown = "its rows are not those of COPY";
	return 0;
}

/* They end with NULL. */
static int
take_dependency(dbbi_pg_archive *a, const uint8_t *at, dbb_error *err)
{
	(void)at;
	(void)err;
	if (a->number >= 0)
		a->step--;
	return 0;
}

static int
take_offset(dbbi_pg_archive *a, const uint8_t *at, dbb_error *err)
{
	int rc;

	if (at[0] < OFFSET_FIRST || at[0] > OFFSET_LAST)
		return dbbi_archive_wrong(a, "it says nothing of where data "
		    "are", err);
	if (a->has_data && a->toc.count == DBBI_ARCHIVE_TABLES)
		a->unknown = "it has too many tables";
	else if (a->has_data &&
	    (rc = dbbi_archive_toc_add(&a->toc, &a->entry, err)) < 0)
		return rc;
	if (--a->entries_left == 0)
		return end_contents(a, err);
	enter(a, ENTRY);
	return 0;
}

/* ---- the data ---- */

static int
take_block(dbbi_pg_archive *a, const uint8_t *at, dbb_error *err)
{
	a->block = at[0];
	if (a->block != BLOCK_DATA && a->block != BLOCK_OBJECTS)
		return dbbi_archive_wrong(a, "no block of data begins", err);
	return 0;
}

static int
take_block_id(dbbi_pg_archive *a, const uint8_t *at, dbb_error *err)
{
	dbbi_archive_entry *e = a->number > 0 && a->number <= INT32_MAX ?
	    dbbi_archive_toc_find(&a->toc, (uint32_t)a->number) : NULL;

	(void)at;
	if (e == NULL || (e->what == DBBI_ARCHIVE_OBJECTS) !=
	    (a->block == BLOCK_OBJECTS))
		return dbbi_archive_wrong(a, "data begin that it does not "
		    "announce", err);
	if (e->come)
		return dbbi_archive_wrong(a, "data begin that have come "
		    "before", err);
	e->come = 1;
	a->of = e;
	a->rows = (dbbi_archive_rows){0};
	enter(a, a->block == BLOCK_OBJECTS ? OBJECT : CHUNKS);
	return 0;
}

/* A large object's oid; 0 ends them. */
static int
take_object(dbbi_pg_archive *a, const uint8_t *at, dbb_error *err)
{
	(void)at;
	(void)err;
	if (a->number == 0) {
		enter(a, BLOCK);
		return 0;
	}
	a->large_objects++;
	return 0;
}

static int
end_chunks(dbbi_pg_archive *a, const uint8_t *at, dbb_error *err)
{
	(void)at;
	enter(a, a->block == BLOCK_OBJECTS ? OBJECT : BLOCK);
	if (a->of->what == DBBI_ARCHIVE_TABLE &&
	    dbbi_archive_rows_end(&a->of->rows, &a->rows) < 0)
		return dbbi_archive_wrong(a, "the rows of a table end "
		    "without their end mark", err);
	return 0;
}

/* ---- the order ---- */

/* `complete` looks at the step behind the last one too: end_step. */
#define number_step(...) { .shape = DBBI_ARCHIVE_NUMBER, __VA_ARGS__ }
#define text_step(...) { .shape = DBBI_ARCHIVE_TEXT, __VA_ARGS__ }
#define end_step { .shape = DBBI_ARCHIVE_BYTE }

static const dbbi_archive_step header_steps[] = {
	{ .shape = DBBI_ARCHIVE_HEAD, .take = take_head },
	number_step(.take = take_compression, .until = COMPRESSION_BYTE - 1),
	{ .shape = DBBI_ARCHIVE_BYTE, .take = take_compression,
	    .since = COMPRESSION_BYTE },
	number_step(0), number_step(0), number_step(0),	/* when: seconds … */
	number_step(0), number_step(0), number_step(0), number_step(0),
	text_step(0),			/* the database */
	text_step(0), text_step(0),	/* versions: server, pg_dump */
	number_step(.take = take_count),
	end_step,
};

static const dbbi_archive_step entry_steps[] = {
	number_step(.take = take_id),
	number_step(.take = take_has_data),
	text_step(0),			/* the oid's catalog */
	text_step(.take = take_oid),
	text_step(0),			/* the name */
	text_step(.take = take_what),
	number_step(0),			/* the section */
	text_step(0), text_step(0),	/* CREATE …, DROP … */
	text_step(.take = take_copy),
	text_step(0), text_step(0),	/* schema, tablespace */
	text_step(.since = TABLEAM),	/* access method */
	number_step(.since = RELKIND),
	text_step(0), text_step(0),	/* owner, WITH OIDS */
	text_step(.take = take_dependency),
	{ .shape = DBBI_ARCHIVE_OFFSET, .take = take_offset },
	end_step,
};

static const dbbi_archive_step block_steps[] = {
	{ .shape = DBBI_ARCHIVE_BYTE, .take = take_block },
	number_step(.take = take_block_id),
	end_step,
};

/* A table's chunks are a large object's without the oid in front. */
static const dbbi_archive_step object_steps[] = {
	number_step(.take = take_object),
	{ .shape = DBBI_ARCHIVE_CHUNKS, .take = end_chunks },
	end_step,
};

static void
enter(dbbi_pg_archive *a, enum part part)
{
	static const dbbi_archive_step *const parts[] = {
		[HEADER] = header_steps, [ENTRY] = entry_steps,
		[BLOCK] = block_steps, [CHUNKS] = object_steps + 1,
		[OBJECT] = object_steps,
	};

	a->step = parts[part];
}

void
dbbi_archive_begin(dbbi_pg_archive *a)
{
	enter(a, HEADER);
}

int
dbbi_archive_may_end(const dbbi_pg_archive *a)
{
	return a->step == block_steps && a->held_size == 0;
}
