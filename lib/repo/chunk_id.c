/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/chunk_id.h"

#include <stdlib.h>

/* One of both. */
struct dbbi_namer {
	dbbi_sha256 *plain;
	dbbi_hmac *keyed;
};

int
dbbi_namer_new(dbbi_namer **out, const dbbi_keys *keys, dbb_error *err)
{
	dbbi_namer *namer = calloc(1, sizeof *namer);
	int rc;

	if (namer == NULL)
		return dbbi_error_nomem(err);
	rc = keys == NULL ? dbbi_sha256_new(&namer->plain, err) :
	    dbbi_hmac_new(&namer->keyed, keys->chunk_id, err);
	if (rc < 0)
		free(namer);
	else
		*out = namer;
	return rc;
}

void
dbbi_namer_free(dbbi_namer *namer)
{
	if (namer == NULL)
		return;
	dbbi_sha256_free(namer->plain);
	dbbi_hmac_free(namer->keyed);
	free(namer);
}

int
dbbi_namer_begin(dbbi_namer *namer, dbb_error *err)
{
	return namer->keyed != NULL ? dbbi_hmac_begin(namer->keyed, err) :
	    dbbi_sha256_begin(namer->plain, err);
}

int
dbbi_namer_add(dbbi_namer *namer, const void *data, size_t size,
    dbb_error *err)
{
	return namer->keyed != NULL ?
	    dbbi_hmac_add(namer->keyed, data, size, err) :
	    dbbi_sha256_add(namer->plain, data, size, err);
}

int
dbbi_namer_end(dbbi_id *out, dbbi_namer *namer, dbb_error *err)
{
	return namer->keyed != NULL ?
	    dbbi_hmac_end(out->bytes, namer->keyed, err) :
	    dbbi_sha256_end(out->bytes, namer->plain, err);
}

int
dbbi_namer_name(dbbi_id *out, dbbi_namer *namer, const void *data,
    size_t size, dbb_error *err)
{
	int rc;

	if ((rc = dbbi_namer_begin(namer, err)) < 0 ||
	    (rc = dbbi_namer_add(namer, data, size, err)) < 0)
		return rc;
	return dbbi_namer_end(out, namer, err);
}
