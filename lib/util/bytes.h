/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bytes: little-endian numbers, hexadecimal, and a growing buffer that has
 * a largest size from birth.
 */
#ifndef DBBI_BYTES_H
#define DBBI_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

/* Numbers in stored formats are little-endian. */
void dbbi_put_u32(uint8_t *to, uint32_t value);
void dbbi_put_u64(uint8_t *to, uint64_t value);
uint32_t dbbi_get_u32(const uint8_t *from);
uint64_t dbbi_get_u64(const uint8_t *from);

/* Write 2 * size lower-case digits and a NUL. */
void dbbi_hex_encode(char *to, const void *bytes, size_t size);

/* Read exactly 2 * size lower-case digits that end the string; 0, or -1 when
 * `text` is anything else. */
int dbbi_hex_decode(void *to, size_t size, const char *text);

typedef struct dbbi_bytes {
	uint8_t *data;		/* NULL while empty */
	size_t size;
	size_t capacity;
	size_t max;		/* dbbi_bytes_add beyond it is DBB_ENOMEM */
} dbbi_bytes;

void dbbi_bytes_init(dbbi_bytes *b, size_t max);
void dbbi_bytes_clear(dbbi_bytes *b);	/* releases; may be used again */

/* Make room for `size` bytes in all, at once. */
int dbbi_bytes_reserve(dbbi_bytes *b, size_t size, dbb_error *err);
int dbbi_bytes_add(dbbi_bytes *b, const void *data, size_t size,
    dbb_error *err);
int dbbi_bytes_add_u32(dbbi_bytes *b, uint32_t value, dbb_error *err);
int dbbi_bytes_add_u64(dbbi_bytes *b, uint64_t value, dbb_error *err);

/* A cursor over borrowed bytes; every take is checked. */
typedef struct dbbi_cursor {
	const uint8_t *at;
	size_t left;
} dbbi_cursor;

/* 0, or -1 when fewer bytes are left (the cursor then does not move). */
int dbbi_take(const uint8_t **out, dbbi_cursor *c, size_t size);
int dbbi_take_u32(uint32_t *out, dbbi_cursor *c);
int dbbi_take_u64(uint64_t *out, dbbi_cursor *c);

/* Overwrite memory that held a secret; the compiler may not leave it out. */
void dbbi_wipe(void *data, size_t size);

#endif
