/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/gather.h"

#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/threads.h"

#define LEAST_AVERAGES 64u	/* of pieces in a chunk */
#define MOST_AVERAGES 128u
#define ENDS_MASK 0x1fu		/* from LEAST on, a piece in 32 ends it */
#define RECORD_SIZE (4 + DBBI_SHA256_SIZE)

struct dbbi_gather {
	dbbi_namer *namer;	/* borrowed */
	size_t least;		/* bytes of a chunk that a piece may end */
	size_t most;
	uint32_t longest;	/* piece */
	uint32_t most_pieces;
	uint8_t *records;	/* length and digest of each piece */
	uint8_t *buffer;	/* `room`: the table is put before the bytes */
	size_t room;
	size_t head;		/* of a longest table: the bytes follow */
	uint32_t count;
	uint32_t size;
};

size_t
dbbi_gather_most(const dbbi_chunker_params *p)
{
	return (size_t)MOST_AVERAGES * p->average_bytes;
}

/* All pieces but a stream's last have the least length. */
static uint32_t
most_pieces(const dbbi_chunker_params *p)
{
	return (uint32_t)(dbbi_gather_most(p) / p->min_bytes + 1);
}

static size_t
table_size(uint32_t pieces)
{
	return 4 + 4 * (size_t)pieces;
}

size_t
dbbi_gather_room(const dbbi_chunker_params *p)
{
	return dbbi_gather_most(p) + table_size(most_pieces(p));
}

int
dbbi_gather_new(dbbi_gather **out, const dbbi_chunker_params *params,
    size_t room, dbbi_namer *namer, dbb_error *err)
{
	dbbi_gather *g = calloc(1, sizeof *g);

	if (g == NULL)
		return dbbi_error_nomem(err);
	g->namer = namer;
	g->least = (size_t)LEAST_AVERAGES * params->average_bytes;
	g->most = dbbi_gather_most(params);
	g->longest = params->max_bytes;
	g->most_pieces = most_pieces(params);
	g->head = table_size(g->most_pieces);
	g->room = room;
	g->records = malloc((size_t)RECORD_SIZE * g->most_pieces);
	g->buffer = dbbi_pages_new(room, NULL);
	if (g->records == NULL || g->buffer == NULL) {
		dbbi_gather_free(g);
		return dbbi_error_nomem(err);
	}
	*out = g;
	return 0;
}

void
dbbi_gather_free(dbbi_gather *g)
{
	if (g == NULL)
		return;
	dbbi_pages_free(g->buffer, g->room);
	free(g->records);
	free(g);
}

int
dbbi_gather_empty(const dbbi_gather *g)
{
	return g->count == 0;
}

int
dbbi_gather_add(uint32_t *offset, int *ended, dbbi_gather *g,
    const uint8_t digest[DBBI_SHA256_SIZE], const uint8_t *bytes,
    uint32_t size, dbb_error *err)
{
	uint8_t *record = g->records + (size_t)RECORD_SIZE * g->count;

	if (size > g->most - g->size || g->count == g->most_pieces)
		return dbbi_error_set(err, DBB_EINTERNAL,
		    "a piece of %u bytes does not fit its chunk", size);
	memcpy(g->buffer + g->head + g->size, bytes, size);
	dbbi_put_u32(record, size);
	memcpy(record + 4, digest, DBBI_SHA256_SIZE);
	*offset = g->size;
	g->count++;
	g->size += size;
	*ended = g->most - g->size < g->longest ||
	    g->count == g->most_pieces ||
	    (g->size >= g->least && (digest[0] & ENDS_MASK) == 0);
	return 0;
}

/* Right before the bytes. */
static uint8_t *
put_table(const dbbi_gather *g)
{
	uint8_t *table = g->buffer + g->head - table_size(g->count);

	dbbi_put_u32(table, g->count);
	for (uint32_t i = 0; i < g->count; i++)
		memcpy(table + 4 + 4 * (size_t)i,
		    g->records + (size_t)RECORD_SIZE * i, 4);
	return table;
}

int
dbbi_gather_end(dbbi_gathered *out, dbbi_gather *g, dbb_error *err)
{
	int rc;

	rc = dbbi_namer_name(&out->id, g->namer, g->records,
	    (size_t)RECORD_SIZE * g->count, err);
	if (rc < 0)
		return rc;
	out->table = put_table(g);
	out->table_size = (uint32_t)table_size(g->count);
	out->bytes = g->buffer + g->head;
	out->size = g->size;
	out->buffer = &g->buffer;
	g->count = 0;
	g->size = 0;
	return 0;
}

int
dbbi_gather_one(dbbi_id *id, uint8_t table[DBBI_GATHER_TABLE_ONE],
    dbbi_namer *namer, const void *bytes, uint32_t size, dbb_error *err)
{
	uint8_t record[RECORD_SIZE];
	int rc;

	dbbi_put_u32(record, size);
	if ((rc = dbbi_sha256_of(record + 4, bytes, size, err)) < 0)
		return rc;
	dbbi_put_u32(table, 1);
	dbbi_put_u32(table + 4, size);
	return dbbi_namer_name(id, namer, record, sizeof record, err);
}
