/* SPDX-License-Identifier: BSD-2-Clause */
/* Which packs to read when not all are to be: repeated checks of a part
 * cover everything, as each begins with what was proven longest ago. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "repo/check_packs.h"

struct candidate {
	dbbi_needed_pack *pack;
	int64_t proven_at;
};

/* Names are digests: among the never proven they make an order by chance,
 * and one that is the same again if the check was cut short. */
static int
compare_proofs(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->proven_at != y->proven_at)
		return x->proven_at < y->proven_at ? -1 : 1;
	return memcmp(&x->pack->pack.name, &y->pack->pack.name,
	    sizeof x->pack->pack.name);
}

/* `percent` of `total`, rounded up; no product that overflows. */
static uint64_t
share(uint64_t total, unsigned percent)
{
	return total / 100 * percent + (total % 100 * percent + 99) / 100;
}

int
dbbi_needed_choose(dbbi_needed *needed, const dbbi_proofs *proofs,
    unsigned percent, dbb_error *err)
{
	struct candidate *candidates;
	uint64_t total = 0, chosen = 0;
	dbbi_needed_pack *pack;
	uint32_t count = 0;

	candidates = calloc((size_t)needed->count + 1, sizeof *candidates);
	if (candidates == NULL)
		return dbbi_error_nomem(err);
	for (uint32_t i = 0; i < needed->count; i++) {
		pack = &needed->packs[i];
		if (pack->damage != NULL)
			continue;
		candidates[count].pack = pack;
		candidates[count++].proven_at = dbbi_proofs_at(proofs,
		    &pack->pack.name);
		total += pack->pack.size;
	}
	qsort(candidates, count, sizeof *candidates, compare_proofs);
	for (uint32_t i = 0; i < count && (percent >= 100 ||
	    chosen < share(total, percent)); i++) {
		candidates[i].pack->chosen = 1;
		chosen += candidates[i].pack->pack.size;
	}
	free(candidates);
	return 0;
}
