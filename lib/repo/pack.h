/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pack: many stored chunks in one object, built in memory because its name
 * is the SHA-256 of its bytes.
 *
 *	header  chunks  directory  trailer
 *
 * In a sealed repository the content box stands behind the header, chunks
 * are sealed as they are added, and the directory lies in a writer box.
 */
#ifndef DBBI_PACK_H
#define DBBI_PACK_H

#include "repo/entry.h"
#include "repo/keys.h"

#define DBBI_PACK_TARGET (16u << 20)	/* bytes of chunks in a full pack */
#define DBBI_PACK_CHUNKS 16384u		/* entries in a full directory */

typedef struct dbbi_pack dbbi_pack;

/* `keys`: borrowed; NULL in an open repository. */
int dbbi_pack_new(dbbi_pack **out, const dbbi_keys *keys, dbb_error *err);
void dbbi_pack_free(dbbi_pack *pack);
void dbbi_pack_reset(dbbi_pack *pack);	/* empty, to be filled again */

/* Is there room for a chunk of so many coded bytes? An empty pack has room
 * for any. */
int dbbi_pack_fits(const dbbi_pack *pack, uint32_t coded);

/* Append a chunk that fits, of entry->stored coded bytes. `entry->offset` is
 * set here, and `entry->stored` grows by a tag if it is sealed. */
int dbbi_pack_add(dbbi_pack *pack, dbbi_entry *entry, const void *coded,
    dbb_error *err);

uint32_t dbbi_pack_count(const dbbi_pack *pack);

/* The directory's entries so far, each of DBBI_ENTRY_SIZE bytes; borrowed. */
const uint8_t *dbbi_pack_directory(const dbbi_pack *pack);

/* Its content box, once it has a chunk; borrowed. NULL: it is not sealed. */
const dbbi_box *dbbi_pack_box(const dbbi_pack *pack);

/* Give it another name than its chunks alone would: the pack of that name is
 * condemned, and this one is not to be deleted with it. */
void dbbi_pack_salt(dbbi_pack *pack, uint32_t salt);

/* Finish it: directory, trailer, name. The bytes are borrowed until the
 * pack is reset. */
int dbbi_pack_end(dbbi_id *name, const uint8_t **data, uint32_t *size,
    dbbi_pack *pack, dbb_error *err);

/* A pack that was read: its directory, checked, each entry within it. */
typedef struct dbbi_pack_view {
	uint8_t *data;
	const uint8_t *directory;
	uint32_t count;
	uint32_t end;		/* of the chunks */
	uint8_t cipher;
	dbbi_box box;		/* zeros when it is not sealed */
} dbbi_pack_view;

/* The directory is opened in place. */
int dbbi_pack_open(dbbi_pack_view *out, uint8_t *data, size_t size,
    const dbbi_keys *keys, dbb_error *err);

/*
 * A pack's two ends alone tell what it holds. The last DBBI_PACK_TRAILER
 * bytes say how many bytes its tail has; these and the first
 * dbbi_entry_first bytes give the view, whose `data` is NULL then.
 */
#define DBBI_PACK_TRAILER 48u
#define DBBI_PACK_FRONT (DBBI_HEADER_SIZE + DBBI_BOX_SIZE)	/* at most */
int dbbi_pack_tail_size(size_t *out,
    const uint8_t trailer[DBBI_PACK_TRAILER], size_t pack_size,
    const dbbi_keys *keys, dbb_error *err);
int dbbi_pack_open_ends(dbbi_pack_view *out, const uint8_t *front,
    uint8_t *tail, size_t tail_size, size_t pack_size,
    const dbbi_keys *keys, dbb_error *err);

/* The i-th chunk. 0, or -1 when its entry cannot be. */
int dbbi_pack_entry(dbbi_entry *out, const dbbi_pack_view *view, uint32_t i);

#endif
