/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tar_parts: what the files behind tar.h share: tar.c (taking the pieces apart
 * into headers and contents), tar_header.c (what a header says), tar_pax.c
 * (what stands in a pax header).
 *
 * Those that return a text return what is wrong, or NULL; a block has
 * DBBI_TAR_BLOCK bytes.
 */
#ifndef DBBI_TAR_PARTS_H
#define DBBI_TAR_PARTS_H

#include "util/tar.h"

#define DBBI_TAR_BLOCK 512
#define DBBI_TAR_SIZE_MAX ((uint64_t)INT64_MAX)

/* ---- tar_header.c ---- */

#define DBBI_TAR_SHORT_NAME 257	/* prefix, '/', name, NUL */

typedef struct dbbi_tar_header {
	char type;			/* as it stands */
	uint64_t stored;		/* bytes that follow */
	uint64_t size;			/* of what comes out */
	char name[DBBI_TAR_SHORT_NAME];
} dbbi_tar_header;

/* Where a sparse member's data are, as far as that was read. */
typedef struct dbbi_tar_holes {
	uint64_t at;			/* in what comes out */
	uint64_t stored;
	int more;			/* a block with more of it follows */
} dbbi_tar_holes;

const char *dbbi_tar_header_read(dbbi_tar_header *out, const uint8_t *block);

/* The first entries, which stand in the header; those of a block that
 * follows; and do they make up the member? */
const char *dbbi_tar_holes_begin(dbbi_tar_holes *holes, const uint8_t *block);
const char *dbbi_tar_holes_add(dbbi_tar_holes *holes, const uint8_t *block);
const char *dbbi_tar_holes_end(const dbbi_tar_holes *holes,
    const dbbi_tar_header *header);

int dbbi_tar_is_zero(const uint8_t *at, size_t size);

/* ---- tar_pax.c ---- */

typedef struct dbbi_tar_pax {
	char *name;			/* or NULL */
	uint64_t stored, size;
	int has_stored, has_size, has_holes;
} dbbi_tar_pax;

/* Read the records. DBB_ENOMEM or DBB_OK, and then `*wrong` says whether they
 * could be. */
int dbbi_tar_pax_read(dbbi_tar_pax *pax, const char **wrong, const char *at,
    size_t size);
void dbbi_tar_pax_clear(dbbi_tar_pax *pax);
int dbbi_tar_pax_is_set(const dbbi_tar_pax *pax);

#endif
