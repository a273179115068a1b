/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * segment: index segments in the store: what each of some packs holds.
 *
 *	header (number of packs), then for each pack: its name, its size, the
 *	number of its entries, the entries as in its directory
 *
 * In a sealed repository each pack's part has its content box before the
 * entries, and all parts lie in one writer box.
 *
 * A segment is named by the SHA-256 of its bytes, and never changes.
 */
#ifndef DBBI_SEGMENT_H
#define DBBI_SEGMENT_H

#include "repo/index.h"
#include "repo/keys.h"
#include "util/bytes.h"

/* A segment is full with either. */
#define DBBI_SEGMENT_PACKS 64u
#define DBBI_SEGMENT_ENTRIES 65536u

typedef struct dbbi_segment {
	const dbbi_keys *keys;	/* borrowed; NULL: open */
	dbbi_bytes bytes;
	uint32_t packs;
	uint32_t entries;
	dbbi_id last;		/* name of what was written last */
} dbbi_segment;

void dbbi_segment_init(dbbi_segment *segment, const dbbi_keys *keys);
void dbbi_segment_clear(dbbi_segment *segment);

/* Add a pack that is in the store; `directory` as dbbi_pack_directory, `box`
 * as dbbi_pack_box. */
int dbbi_segment_add(dbbi_segment *segment, const dbbi_id *pack,
    uint32_t pack_size, const dbbi_box *box, const uint8_t *directory,
    uint32_t count, dbb_error *err);
int dbbi_segment_full(const dbbi_segment *segment);

/* Put it into the store, if it has packs, and begin anew. `*written` is
 * its size, or 0. After a failure it can only be cleared. */
int dbbi_segment_write(uint64_t *written, dbbi_segment *segment,
    dbbi_store *store, dbb_error *err);

/* ---- read (segment_read.c) ---- */

#define DBBI_SEGMENT_MAGIC "DBBINDX1"
#define DBBI_SEGMENT_INFO "dbbackup index"	/* of its writer box */

/* What a segment says of one pack. */
typedef struct dbbi_segment_part {
	dbbi_id pack;
	uint32_t size;
	uint32_t count;		/* of entries */
	uint8_t cipher;
	dbbi_box box;		/* if it is sealed */
	const uint8_t *entries;	/* borrowed; each is possible */
} dbbi_segment_part;

/* Nonzero stops and is returned. */
typedef int (*dbbi_segment_part_fn)(const dbbi_segment_part *part,
    void *payload, dbb_error *err);

/* Names of all objects under index/. */
int dbbi_segment_names(dbbi_list *out, dbbi_store *store, dbb_error *err);

/* Read one of them, check all of it, and tell of its parts. */
int dbbi_segment_read(dbbi_store *store, const dbbi_keys *keys,
    const char *object, dbbi_segment_part_fn fn, void *payload,
    dbb_error *err);

/* Is the object a whole segment? DBB_EDAMAGED, DBB_EVERSION. */
int dbbi_segment_check(dbbi_store *store, const dbbi_keys *keys,
    const char *object, dbb_error *err);

/* Told of a segment that cannot be used; nonzero: then nothing can be. */
typedef int (*dbbi_segment_damage_fn)(const char *object,
    const dbb_error *cause, void *payload);

/* Load every segment of the store; while one vanishes, because a prune put
 * others into its place, they are listed again. With `damage` NULL the first
 * that cannot be used is a failure; otherwise it is told and passed over. */
int dbbi_segment_load_all(dbbi_index *index, dbbi_store *store,
    const dbbi_keys *keys, dbbi_run *run, dbbi_segment_damage_fn damage,
    void *payload, dbb_error *err);

#endif
