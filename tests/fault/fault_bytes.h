/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault_bytes: what is backed up. A database is made up of areas, and from
 * one generation to the next a fifth of them change, in its first stream.
 * Each byte follows from the generation, the stream and its place, so that
 * nothing need be kept to compare with.
 */
#ifndef FAULT_BYTES_H
#define FAULT_BYTES_H

#include "util/reader.h"

/* A stream of a generation, or what came back of it. */
struct fault_bytes {
	uint32_t generation;
	uint32_t stream;
	uint64_t size;
};

/* Its bytes from `at` on. */
void fault_bytes_get(uint8_t *out, const struct fault_bytes *bytes,
    uint64_t at, size_t size);

/* A reader of them, for a writer; borrows `bytes`. NULL: no memory. */
dbbi_reader *fault_bytes_reader(const struct fault_bytes *bytes);

/* Read all that `in` gives: DBB_OK when it is just these bytes; DBB_EINTERNAL
 * when another byte was given, however it ended; else as reading failed. */
int fault_bytes_compare(const struct fault_bytes *bytes, dbbi_reader *in,
    dbb_error *err);

#endif
