/* SPDX-License-Identifier: BSD-2-Clause */
/* An archive that passes by: the first byte says in what pieces, the rest is
 * the archive; the checksums of its headers are made right. Once it is any
 * tar, once a snapshot of Qdrant's. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "source/qd_archive.h"
#include "util/tar.h"

#define BLOCK 512u
#define KEPT 1000u

struct seen {
	uint64_t members, hash;
};

static void
mix(struct seen *seen, const void *data, size_t size)
{
	const uint8_t *at = data;
	size_t i;

	for (i = 0; i < size; i++)
		seen->hash = (seen->hash ^ at[i]) * UINT64_C(1099511628211);
}

static int
see_member(const dbbi_tar_member *m, void *payload, dbb_error *err)
{
	struct seen *seen = payload;
	size_t size = strlen(m->name);

	(void)err;
	FUZZ_HOLDS(size > 0 && size <= DBBI_TAR_NAME_MAX);
	FUZZ_HOLDS(m->name[0] != '/' && strncmp(m->name, "../", 3) != 0);
	FUZZ_HOLDS(strstr(m->name, "/../") == NULL);
	FUZZ_HOLDS(m->size <= INT64_MAX);
	seen->members++;
	mix(seen, m->name, size);
	mix(seen, &m->size, sizeof(m->size));
	return size % 2 == 1;
}

static int
see_contents(const dbbi_tar_member *m, const void *data, size_t size,
    void *payload, dbb_error *err)
{
	(void)err;
	FUZZ_HOLDS(size <= KEPT && size == m->size);
	mix(payload, data, size);
	return 0;
}

/* Every block that says that it is a header gets its sum. */
static void
sign(uint8_t *data, size_t size)
{
	char digits[8];
	unsigned sum;
	size_t i;

	for (; size >= BLOCK; data += BLOCK, size -= BLOCK) {
		if (memcmp(data + 257, "ustar", 5) != 0)
			continue;
		memset(data + 148, ' ', 8);
		for (sum = 0, i = 0; i < BLOCK; i++)
			sum += data[i];
		snprintf(digits, sizeof(digits), "%06o", sum);
		memcpy(data + 148, digits, 7);
	}
}

static int
read_tar(struct seen *seen, const uint8_t *data, size_t size, size_t most)
{
	dbbi_tar_visitor visitor = { see_member, see_contents, KEPT, seen };
	dbbi_tar *tar = NULL;
	size_t at, n;
	uint8_t *piece;
	int rc = 0;

	FUZZ_HOLDS(dbbi_tar_new(&tar, &visitor, NULL) == 0);
	for (at = 0; at < size && rc == 0; at += n) {
		n = size - at < most ? size - at : most;
		piece = fuzz_copy(data + at, n);
		rc = dbbi_tar_add(tar, piece, n, NULL);
		free(piece);
	}
	if (rc == 0)
		rc = dbbi_tar_end(tar, NULL);
	dbbi_tar_free(tar);
	return rc;
}

/* No snapshot that is taken is a tar that is not, or has shards without
 * members. */
static void
read_snapshot(const uint8_t *data, size_t size, int tar, uint64_t members)
{
	dbbi_qd_archive *a = NULL;
	int rc;

	FUZZ_HOLDS(dbbi_qd_archive_new(&a, NULL) == 0);
	rc = dbbi_qd_archive_add(a, data, size, NULL);
	if (rc == 0)
		rc = dbbi_qd_archive_end(a, NULL);
	if (rc == 0) {
		FUZZ_HOLDS(tar == 0);
		FUZZ_HOLDS(dbbi_qd_archive_config(a) != NULL);
		FUZZ_HOLDS(2 * dbbi_qd_archive_shard_count(a) < members);
	}
	dbbi_qd_archive_free(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole = {0}, pieces = {0};
	uint8_t *copy;
	size_t most;
	int rc;

	if (size < 1)
		return 0;
	most = 1 + data[0];
	size--;
	copy = fuzz_copy(data + 1, size);
	sign(copy, size);
	rc = read_tar(&whole, copy, size, size + 1);
	FUZZ_HOLDS(read_tar(&pieces, copy, size, most) == rc);
	FUZZ_HOLDS(whole.members == pieces.members &&
	    whole.hash == pieces.hash);
	if (rc != DBB_EDAMAGED || whole.members > 0)
		read_snapshot(copy, size, rc, whole.members);
	free(copy);
	return 0;
}
