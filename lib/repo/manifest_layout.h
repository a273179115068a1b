/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * manifest_layout: the numbers of a manifest's bytes, for the files that
 * write it and read it.
 */
#ifndef DBBI_MANIFEST_LAYOUT_H
#define DBBI_MANIFEST_LAYOUT_H

#include "repo/manifest.h"
#include "repo/seal.h"

#define DBBI_SET_MAGIC "DBBSET01"
#define DBBI_SET_INFO "dbbackup set"
#define DBBI_SET_HEAD_LIMIT (4u << 20)	/* of JSON */
#define DBBI_SET_BODY_LIMIT (64u << 20)	/* of JSON */
#define DBBI_SET_SIZE_LIMIT (512u << 20)	/* of the whole */
#define DBBI_SET_PACK_SIZE (DBBI_SHA256_SIZE + 8)

/* Header: magic 8, cipher u8, 3 zero, set id 32 (NUL-padded), then u32
 * each: head's length, number of packs, body's stored and plain length. */
#define DBBI_SET_HEADER_SIZE 60

/* What the header tells of the lengths; none is of something sealed. */
typedef struct dbbi_manifest_layout {
	uint32_t head;
	uint32_t packs;
	uint32_t stored;
	uint32_t plain;
	int sealed;
} dbbi_manifest_layout;

/* What stands before the head, or before the box that it lies in. */
static inline size_t
dbbi_manifest_start(const dbbi_manifest_layout *l)
{
	return DBBI_SET_HEADER_SIZE + (l->sealed ? DBBI_BOX_SIZE : 0);
}

/* All down to the first digest, which is the end of it. */
static inline size_t
dbbi_manifest_front(const dbbi_manifest_layout *l)
{
	return dbbi_manifest_start(l) + l->head +
	    (size_t)l->packs * DBBI_SET_PACK_SIZE +
	    (l->sealed ? DBBI_WRITER_BOX_EXTRA : 0) + DBBI_SHA256_SIZE;
}

/* The body as it is stored. */
static inline size_t
dbbi_manifest_stored(const dbbi_manifest_layout *l)
{
	return l->stored + (l->sealed ? DBBI_TAG_SIZE : 0);
}

/* By name; for qsort and bsearch. */
int dbbi_set_pack_compare(const void *a, const void *b);

#endif
