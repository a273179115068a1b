/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz: what the fuzz targets share. A target is one function that must
 * stand any bytes: libFuzzer makes them up, replay.c takes the seeds.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"
#include "util/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold, whatever the bytes are. */
#define FUZZ_HOLDS(what) \
	((what) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #what))
_Noreturn void fuzz_fail(const char *file, int line, const char *what);

/* On the heap and not a byte larger, so that the sanitizer sees one too many;
 * to free(3). */
uint8_t *fuzz_copy(const void *data, size_t size);

/* The same as text: up to the first NUL, if there is one. */
char *fuzz_text(const void *data, size_t size);

/* The path of a file in memory that holds these bytes; there is just one. */
const char *fuzz_file(const void *data, size_t size);

void fuzz_sha256(uint8_t out[32], const void *data, size_t size);

/* Take up to `size` bytes of the input; `*got` says how many there were. */
const uint8_t *fuzz_take(size_t *got, dbbi_cursor *c, size_t size);
uint32_t fuzz_take_u8(dbbi_cursor *c);		/* 0 behind the end */
uint32_t fuzz_take_u16(dbbi_cursor *c);

/* Seeds and dictionaries have it in passwords, and no text of ours has it:
 * where it stands just once in an input, and that is in a secret, nothing
 * that is shown may have it. */
#define FUZZ_SECRET "Zq7"
int fuzz_is_secret(const char *secret, const void *data, size_t size);

/* Two documents say the same. */
int fuzz_same_json(dbbi_json *a, dbbi_json *b);

#endif
