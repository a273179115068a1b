/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * span: a run of a stream's chunks that lie near each other in one pack, and
 * are read with one request. The planner makes spans from the stream's
 * lists, in order; a span is then fetched by any thread.
 */
#ifndef DBBI_SPAN_H
#define DBBI_SPAN_H

#include "repo/repository.h"

#define DBBI_SPAN_BYTES (4u << 20)	/* of the pack, and of plain bytes */
#define DBBI_SPAN_CHUNKS 256u

typedef struct dbbi_span {
	dbbi_id pack;
	uint32_t offset;	/* in the pack */
	uint32_t size;
	uint32_t plain;		/* of all its chunks */
	uint32_t count;
	dbbi_entry entries[DBBI_SPAN_CHUNKS];
	const uint8_t *bytes[DBBI_SPAN_CHUNKS];	/* once fetched */
} dbbi_span;

typedef struct dbbi_planner dbbi_planner;

int dbbi_planner_new(dbbi_planner **out, dbbi_repo *repo,
    const dbbi_stream_ref *ref, dbb_error *err);
void dbbi_planner_free(dbbi_planner *planner);

/* What both buffers of dbbi_span_fetch must hold. */
size_t dbbi_planner_room(const dbbi_planner *planner);

/* The next span: 1, or 0 at the stream's end. One thread at a time. */
int dbbi_planner_next(dbbi_span *out, dbbi_planner *planner, dbb_error *err);

/* Read, unpack and prove all its chunks, where they are damaged from any
 * other place that they have. `bytes` point into the buffers. */
int dbbi_span_fetch(dbbi_span *span, dbbi_repo *repo,
    const dbbi_opener *opener, uint8_t *stored, uint8_t *plain,
    dbb_error *err);

#endif
