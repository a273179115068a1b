/* SPDX-License-Identifier: BSD-2-Clause */
/* A dump that passes by: the first byte says in what pieces, the rest is the
 * archive. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "source/pg_archive_parts.h"

/* Read it; 0 when it is whole. */
static int
read_in_pieces(dbbi_pg_archive *a, const uint8_t *data, size_t size,
    size_t most)
{
	size_t at, n;
	uint8_t *piece;
	int rc = 0;

	for (at = 0; at < size && rc == 0; at += n) {
		n = size - at < most ? size - at : most;
		piece = fuzz_copy(data + at, n);
		rc = dbbi_pg_archive_add(a, piece, n, NULL);
		free(piece);
	}
	return rc == 0 ? dbbi_pg_archive_end(a, NULL) : rc;
}

/* No more than there was. */
static void
check_counts(const dbbi_pg_archive *a, size_t size)
{
	uint64_t rows = 0, sum = 0;

	FUZZ_HOLDS(dbbi_pg_archive_large_objects(a) <= size);
	for (size_t i = 0; i < a->toc.count; i++) {
		const dbbi_archive_entry *e = &a->toc.entries[i];

		if (e->table == 0)
			continue;
		FUZZ_HOLDS(dbbi_pg_archive_rows(&rows, a, e->table) == 1);
		FUZZ_HOLDS(rows == e->rows);
		sum += rows;
	}
	FUZZ_HOLDS(sum <= size);
}

static void
check_same(const dbbi_pg_archive *a, const dbbi_pg_archive *b)
{
	FUZZ_HOLDS(a->toc.count == b->toc.count);
	FUZZ_HOLDS(a->large_objects == b->large_objects);
	for (size_t i = 0; i < a->toc.count; i++)
		FUZZ_HOLDS(a->toc.entries[i].table ==
		    b->toc.entries[i].table &&
		    a->toc.entries[i].rows == b->toc.entries[i].rows);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	dbbi_pg_archive *a = NULL, *b = NULL;
	size_t most;
	int rc;

	if (size < 1)
		return 0;
	most = 1 + data[0];
	data++;
	size--;
	FUZZ_HOLDS(dbbi_pg_archive_new(&a, NULL) == 0);
	FUZZ_HOLDS(dbbi_pg_archive_new(&b, NULL) == 0);
	rc = read_in_pieces(a, data, size, size);
	FUZZ_HOLDS(read_in_pieces(b, data, size, most) == rc);
	FUZZ_HOLDS((dbbi_pg_archive_unknown(a) == NULL) ==
	    (dbbi_pg_archive_unknown(b) == NULL));
	if (rc == 0 && dbbi_pg_archive_unknown(a) == NULL) {
		check_counts(a, size);
		check_same(a, b);
	}
	dbbi_pg_archive_free(a);
	dbbi_pg_archive_free(b);
	return 0;
}
