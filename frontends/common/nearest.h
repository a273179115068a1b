/* SPDX-License-Identifier: BSD-2-Clause */
/* nearest: what a mistyped word was most likely meant to be. */
#ifndef DBB_FRONTEND_NEAREST_H
#define DBB_FRONTEND_NEAREST_H

#include <stddef.h>

/* How many letters must be put in, taken out, changed or swapped with their
 * neighbour to make one word the other. Longer than 63: as if unlike. */
size_t cli_word_distance(const char *a, const char *b);

/* Is `word` near enough to `known` to suggest it? The distance, or 0 when
 * it is not. (Equal words are no suggestion.) */
size_t cli_word_near(const char *word, const char *known);

#endif
