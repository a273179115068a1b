/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * s3_piece: one range of an object, read whole in one request or several: an
 * answer that is cut is gone on with where it ended.
 */
#ifndef DBBI_S3_PIECE_H
#define DBBI_S3_PIECE_H

#include "store/s3.h"

#define DBBI_S3_ETAG_SIZE 128

typedef struct dbbi_s3_piece {
	dbbi_s3 *s3;
	const char *name;
	const char *query;		/* of its version; NULL: none */
	uint64_t offset;
	uint8_t *buffer;
	size_t size;			/* wanted */
	size_t got;			/* by now; less than wanted at the end
					   only where the object ends */
	int known;			/* `total` is */
	uint64_t total;			/* of the object */
	char etag[DBBI_S3_ETAG_SIZE];	/* that all of it must be of; "": not
					   known yet */
	size_t begun_at;		/* `got`, before this try */
	char range[80];
	char match[DBBI_S3_ETAG_SIZE + 16];
	const char *headers[3];
	dbbi_s3_call call;
	dbbi_retry retry;
	unsigned tries;
} dbbi_s3_piece;

/* Ask for it. Zeroed but for the first six members, and `etag` perhaps. */
int dbbi_s3_piece_begin(dbbi_s3_piece *piece, dbb_error *err);

/* Wait until it is there. To be called once when dbbi_s3_piece_begin was
 * DBB_OK, or dbbi_s3_piece_drop. */
int dbbi_s3_piece_end(dbbi_s3_piece *piece, dbb_error *err);
void dbbi_s3_piece_drop(dbbi_s3_piece *piece);

#endif
