/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * short_memory: memory that runs out at the n-th asking, for programs that
 * are linked with $(fault_wraps). All that the library's own code asks for
 * counts: of the C library, pages, threads, and what json-c, OpenSSL and
 * zstd are asked to make. What those ask for themselves does not.
 */
#ifndef SHORT_MEMORY_H
#define SHORT_MEMORY_H

#include <stdint.h>

/* The nth asking from now on gets nothing; with `for_ever`, nor do those
 * after it. 0: all get what they ask for, and are counted. */
void short_memory_from(uint64_t nth, int for_ever);

/* All get what they ask for from now on; how many asked since
 * short_memory_from, and were any refused? */
uint64_t short_memory_end(int *refused);

/* The most bytes that were asked for at once since short_memory_from. */
uint64_t short_memory_most(void);

#endif
