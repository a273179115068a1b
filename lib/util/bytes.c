/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/bytes.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 256

void
dbbi_put_u32(uint8_t *to, uint32_t value)
{
	unsigned i;

	for (i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

void
dbbi_put_u64(uint8_t *to, uint64_t value)
{
	dbbi_put_u32(to, (uint32_t)value);
	dbbi_put_u32(to + 4, (uint32_t)(value >> 32));
}

uint32_t
dbbi_get_u32(const uint8_t *from)
{
	return (uint32_t)from[0] | (uint32_t)from[1] << 8 |
	    (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

uint64_t
dbbi_get_u64(const uint8_t *from)
{
	return (uint64_t)dbbi_get_u32(from) |
	    (uint64_t)dbbi_get_u32(from + 4) << 32;
}

void
dbbi_hex_encode(char *to, const void *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *from = bytes;
	size_t i;

	for (i = 0; i < size; i++) {
		*to++ = digits[from[i] >> 4];
		*to++ = digits[from[i] & 15];
	}
	*to = '\0';
}

static int
hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return -1;
}

int
dbbi_hex_decode(void *to, size_t size, const char *text)
{
	uint8_t *out = to;
	int high, low;
	size_t i;

	if (strlen(text) != 2 * size)
		return -1;
	for (i = 0; i < 2 * size; i++)
		if (hex_value(text[i]) < 0)
			return -1;
	for (i = 0; i < size; i++) {
		high = hex_value(text[2 * i]);
		low = hex_value(text[2 * i + 1]);
		out[i] = (uint8_t)(high * 16 + low);
	}
	return 0;
}

void
dbbi_bytes_init(dbbi_bytes *b, size_t max)
{
	memset(b, 0, sizeof(*b));
	b->max = max;
}

void
dbbi_bytes_clear(dbbi_bytes *b)
{
	free(b->data);
	dbbi_bytes_init(b, b->max);
}

static int
set_capacity(dbbi_bytes *b, size_t capacity, dbb_error *err)
{
	uint8_t *data = realloc(b->data, capacity);

	if (data == NULL)
		return dbbi_error_nomem(err);
	b->data = data;
	b->capacity = capacity;
	return 0;
}

int
dbbi_bytes_reserve(dbbi_bytes *b, size_t size, dbb_error *err)
{
	if (size > b->max)
		return dbbi_error_set(err, DBB_ENOMEM,
		    "%zu bytes where at most %zu may be kept", size, b->max);
	if (size <= b->capacity)
		return 0;
	return set_capacity(b, size, err);
}

/* Twice as much each time, so that many small pieces are not many moves. */
static size_t
next_capacity(const dbbi_bytes *b, size_t needed)
{
	size_t capacity = b->capacity > FIRST_CAPACITY / 2 ?
	    b->capacity : FIRST_CAPACITY / 2;

	if (capacity > b->max / 2)
		return b->max;
	return 2 * capacity > needed ? 2 * capacity : needed;
}

int
dbbi_bytes_add(dbbi_bytes *b, const void *data, size_t size, dbb_error *err)
{
	int rc;

	if (size == 0)
		return 0;
	if (size > b->max - b->size)
		return dbbi_error_set(err, DBB_ENOMEM,
		    "more than the %zu bytes that may be kept", b->max);
	if (size > b->capacity - b->size) {
		rc = set_capacity(b, next_capacity(b, b->size + size), err);
		if (rc < 0)
			return rc;
	}
	memcpy(b->data + b->size, data, size);
	b->size += size;
	return 0;
}

int
dbbi_bytes_add_u32(dbbi_bytes *b, uint32_t value, dbb_error *err)
{
	uint8_t raw[4];

	dbbi_put_u32(raw, value);
	return dbbi_bytes_add(b, raw, sizeof(raw), err);
}

int
dbbi_bytes_add_u64(dbbi_bytes *b, uint64_t value, dbb_error *err)
{
	uint8_t raw[8];

	dbbi_put_u64(raw, value);
	return dbbi_bytes_add(b, raw, sizeof(raw), err);
}

int
dbbi_take(const uint8_t **out, dbbi_cursor *c, size_t size)
{
	if (size > c->left)
		return -1;
	*out = c->at;
	if (size > 0)
		c->at += size;
	c->left -= size;
	return 0;
}

int
dbbi_take_u32(uint32_t *out, dbbi_cursor *c)
{
	const uint8_t *raw;

	if (dbbi_take(&raw, c, 4) != 0)
		return -1;
	*out = dbbi_get_u32(raw);
	return 0;
}

int
dbbi_take_u64(uint64_t *out, dbbi_cursor *c)
{
	const uint8_t *raw;

	if (dbbi_take(&raw, c, 8) != 0)
		return -1;
	*out = dbbi_get_u64(raw);
	return 0;
}

void
dbbi_wipe(void *data, size_t size)
{
	if (data != NULL)
		explicit_bzero(data, size);
}
