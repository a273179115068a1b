/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * text: strings that are made, numbers that are read, names that are
 * guessed. Functions that return `char *` return NULL when out of memory;
 * the string is the caller's, to free(3).
 */
#ifndef DBBI_TEXT_H
#define DBBI_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

char *dbbi_text_dup(const char *text);
char *dbbi_text_format(const char *fmt, ...) DBBI_PRINTF(1, 2);

/* Cut blanks at both ends, in place; returns where it begins. */
char *dbbi_text_trim(char *text);

/* Make it valid UTF-8, in place: a character cut off at the end goes, any
 * other byte that is none becomes '?'. */
void dbbi_text_make_utf8(char *text);

/* How long the character is that `text`, of which `left` bytes are there,
 * begins with; 0 when it is none (RFC 3629). */
size_t dbbi_text_utf8_length(const void *text, size_t left);

/* A list of strings, ended by NULL for those who want an array. */
typedef struct dbbi_list {
	char **items;		/* NULL while empty */
	size_t count;
} dbbi_list;

int dbbi_list_add(dbbi_list *list, const char *text, dbb_error *err);
int dbbi_list_has(const dbbi_list *list, const char *text);
void dbbi_list_clear(dbbi_list *list);

/* Split at commas, blanks trimmed, empty parts left out. */
int dbbi_list_split(dbbi_list *list, const char *text, dbb_error *err);

/* Read a whole decimal number in [min, max]; 0, or -1 for anything else. */
int dbbi_parse_u64(uint64_t *out, const char *text, uint64_t min,
    uint64_t max);

/* Likewise a size: a number, and perhaps "k", "M" or "G", or "KiB", "MiB" or
 * "GiB", all of them powers of 1024, with or without blanks between. */
int dbbi_parse_size(uint64_t *out, const char *text, uint64_t min,
    uint64_t max);

/* "yes", "true", "on", "1" and their opposites; 0, or -1. */
int dbbi_parse_bool(int *out, const char *text);

/* The one of `words` (NULL-ended) that `word` most likely meant, by edit
 * distance; NULL when none is near. Borrowed from `words`. */
const char *dbbi_nearest(const char *word, const char *const *words);

#endif
