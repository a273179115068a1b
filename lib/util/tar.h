/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tar: what is in a tar archive, told as it passes by.
 *
 * It is handed over in pieces of any size; kept are one header, one name and
 * the contents of a small member that somebody asked for. (libarchive reads
 * the same, but pulls what it reads from a function; here somebody else pulls,
 * and the bytes are only seen as they go past.)
 *
 * Reads	ustar, v7, pax, GNU's long names, sparse members and numbers
 *		in base 256.
 * Refuses	what readers might take differently: a wrong header checksum,
 *		a name with a NUL, an absolute one or one with "..", contents
 *		where there can be none, holes that do not add up, numbers of
 *		2^63 and more.
 * Ends		with two blocks of zeros, and then zeros only.
 * Errors	DBB_EDAMAGED, with the byte where it was seen, or what a
 *		function of the visitor gave; after it, only dbbi_tar_free.
 */
#ifndef DBBI_TAR_H
#define DBBI_TAR_H

#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

#define DBBI_TAR_NAME_MAX 4096	/* bytes */

enum { DBBI_TAR_FILE, DBBI_TAR_FOLDER, DBBI_TAR_OTHER };

/* Borrowed, for the call it is handed to. */
typedef struct dbbi_tar_member {
	const char *name;
	int type;
	int has_holes;
	uint64_t size;		/* of the file that comes out */
} dbbi_tar_member;

typedef struct dbbi_tar_visitor {
	/* A member begins. 1: its contents are wanted; 0: they are not;
	 * negative: end with this. */
	int (*member)(const dbbi_tar_member *member, void *payload,
	    dbb_error *err);

	/* The contents that were wanted, as a whole. */
	int (*contents)(const dbbi_tar_member *member, const void *data,
	    size_t size, void *payload, dbb_error *err);

	size_t contents_max;	/* more are an error, as are those with
				   holes */
	void *payload;
} dbbi_tar_visitor;

typedef struct dbbi_tar dbbi_tar;

/* `visitor` is copied. */
int dbbi_tar_new(dbbi_tar **out, const dbbi_tar_visitor *visitor,
    dbb_error *err);
void dbbi_tar_free(dbbi_tar *tar);

/* The next piece. */
int dbbi_tar_add(dbbi_tar *tar, const void *data, size_t size,
    dbb_error *err);

/* There is no more: was it whole? */
int dbbi_tar_end(dbbi_tar *tar, dbb_error *err);

#endif
