/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qd_point: one point as a server gives it, cut into its parts without making
 * anything of them: what goes in comes out, whatever numbers and names are in
 * it.
 */
#ifndef DBBI_QD_POINT_H
#define DBBI_QD_POINT_H

#include "util/json_scan.h"

/* Parts of a text that is the caller's. What is null is none. */
typedef struct dbbi_qd_point {
	dbbi_json_span id;
	dbbi_json_span payload;
	dbbi_json_span vector;
	dbbi_json_span shard_key;
} dbbi_qd_point;

/* Integers before UUIDs, each in their order, as memcmp(3) has it. */
typedef struct dbbi_qd_id {
	uint8_t order[17];
} dbbi_qd_id;

/* DBB_EDAMAGED where it is no point, or its id is none. */
int dbbi_qd_point_read(dbbi_qd_point *out, const char *text, size_t size,
    dbb_error *err);

/* 0, or -1: it is neither an unsigned integer of 64 bits nor a UUID. */
int dbbi_qd_id_read(dbbi_qd_id *out, dbbi_json_span text);

int dbbi_qd_id_compare(const dbbi_qd_id *a, const dbbi_qd_id *b);

/* Append it as one object: id, payload, vector, shard_key, what there is of
 * them, without blanks. A server gives named vectors in an order that changes
 * from one answer to the next: here they ascend by name. */
int dbbi_qd_point_write(dbbi_bytes *out, const dbbi_qd_point *point,
    dbb_error *err);

#endif
