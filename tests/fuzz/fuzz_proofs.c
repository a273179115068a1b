/* SPDX-License-Identifier: BSD-2-Clause */
/* Proofs, in the store under the name that their bytes have. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz_repo.h"
#include "repo/proofs.h"
#include "util/clock.h"

#define HEAD_SIZE (DBBI_HEADER_SIZE + 8)
#define DAY_MS (24 * 3600 * (int64_t)1000)

/* What `data` tells is known now, or nothing of it. */
static void
check_times(const dbbi_proofs *proofs, const uint8_t *data, size_t size)
{
	int64_t at, first = 0;
	dbbi_id pack;

	for (size_t i = HEAD_SIZE; i + sizeof pack <= size; i += sizeof pack) {
		memcpy(&pack, data + i, sizeof pack);
		at = dbbi_proofs_at(proofs, &pack);
		FUZZ_HOLDS(at >= 0 && at <= dbbi_now_ms() + DAY_MS);
		if (i == HEAD_SIZE)
			first = at;
		FUZZ_HOLDS(at == first);
	}
}

static void
try_proofs(const uint8_t *stored, size_t stored_size, const uint8_t *data,
    size_t size)
{
	dbbi_proofs *proofs = NULL;

	fuzz_put_named("proofs/", stored, stored_size);
	FUZZ_HOLDS(dbbi_proofs_load(&proofs, fuzz_repo(), NULL) == 0);
	check_times(proofs, data, size);
	dbbi_proofs_free(proofs);
	fuzz_clear();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	dbbi_bytes sealed;

	fuzz_use(0);
	try_proofs(data, size, data, size);
	fuzz_use(1);
	fuzz_seal(&sealed, data, size, "dbbackup proofs");
	try_proofs(sealed.data, sealed.size, data, size);
	dbbi_bytes_clear(&sealed);
	return 0;
}
