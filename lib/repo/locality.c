/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/locality.h"

#include <string.h>

#define EARNED_BY_BYTE 3u
#define MOST_CREDIT (32u << 20)

void
dbbi_locality_init(dbbi_locality *l)
{
	memset(l, 0, sizeof *l);
	l->credit = MOST_CREDIT;
}

void
dbbi_locality_earn(dbbi_locality *l, uint32_t bytes)
{
	l->credit += (uint64_t)bytes * EARNED_BY_BYTE;
	if (l->credit > MOST_CREDIT)
		l->credit = MOST_CREDIT;
}

int
dbbi_locality_again(dbbi_locality *l, const dbbi_id *chunk)
{
	for (unsigned i = 0; i < DBBI_LOCALITY_CHUNKS; i++) {
		if (l->used[i] == 0 ||
		    memcmp(&l->chunks[i], chunk, sizeof *chunk) != 0)
			continue;
		l->used[i] = ++l->clock;
		return 1;
	}
	return 0;
}

int
dbbi_locality_use(dbbi_locality *l, const dbbi_id *chunk, uint32_t size)
{
	unsigned oldest = 0;

	if (size > l->credit)
		return 0;
	l->credit -= size;
	for (unsigned i = 1; i < DBBI_LOCALITY_CHUNKS; i++)
		if (l->used[i] < l->used[oldest])
			oldest = i;
	l->chunks[oldest] = *chunk;
	l->used[oldest] = ++l->clock;
	return 1;
}
