/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/sha256.h"

#include <stdlib.h>

#include <openssl/evp.h>

#include "util/openssl_error.h"

struct dbbi_sha256 {
	EVP_MD *md;		/* looked up once, not at every begin */
	EVP_MD_CTX *state;
};

static int
fail(dbb_error *err)
{
	return dbbi_openssl_error(err, "SHA-256");
}

int
dbbi_sha256_new(dbbi_sha256 **out, dbb_error *err)
{
	dbbi_sha256 *h = calloc(1, sizeof(*h));
	int rc;

	if (h == NULL)
		return dbbi_error_nomem(err);
	h->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	h->state = EVP_MD_CTX_new();
	if (h->md == NULL || h->state == NULL)
		rc = fail(err);
	else
		rc = dbbi_sha256_begin(h, err);
	if (rc < 0) {
		dbbi_sha256_free(h);
		return rc;
	}
	*out = h;
	return 0;
}

int
dbbi_sha256_begin(dbbi_sha256 *h, dbb_error *err)
{
	return EVP_DigestInit_ex2(h->state, h->md, NULL) == 1 ? 0 : fail(err);
}

int
dbbi_sha256_add(dbbi_sha256 *h, const void *data, size_t size,
    dbb_error *err)
{
	if (size == 0)
		return 0;
	return EVP_DigestUpdate(h->state, data, size) == 1 ? 0 : fail(err);
}

int
dbbi_sha256_end(uint8_t out[DBBI_SHA256_SIZE], dbbi_sha256 *h,
    dbb_error *err)
{
	return EVP_DigestFinal_ex(h->state, out, NULL) == 1 ? 0 : fail(err);
}

void
dbbi_sha256_free(dbbi_sha256 *h)
{
	if (h == NULL)
		return;
	EVP_MD_CTX_free(h->state);
	EVP_MD_free(h->md);
	free(h);
}

int
dbbi_sha256_of(uint8_t out[DBBI_SHA256_SIZE], const void *data, size_t size,
    dbb_error *err)
{
	if (size == 0)
		data = "";
	return EVP_Digest(data, size, out, NULL, EVP_sha256(), NULL) == 1 ?
	    0 : fail(err);
}
