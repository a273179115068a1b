/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys at work: AES-256-GCM and HMAC-SHA-256. */
#include <config.h>

#include "util/crypt.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "util/openssl_error.h"

/* ---- AES-256-GCM ---- */

struct dbbi_aead {
	EVP_CIPHER *cipher;	/* looked up once */
	EVP_CIPHER_CTX *sealer;	/* a context is for one direction */
	EVP_CIPHER_CTX *opener;
};

int
dbbi_aead_new(dbbi_aead **out, dbb_error *err)
{
	dbbi_aead *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return dbbi_error_nomem(err);
	a->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	a->sealer = EVP_CIPHER_CTX_new();
	a->opener = EVP_CIPHER_CTX_new();
	if (a->cipher == NULL || a->sealer == NULL || a->opener == NULL) {
		dbbi_aead_free(a);
		return dbbi_openssl_error(err, "AES-256-GCM");
	}
	*out = a;
	return 0;
}

void
dbbi_aead_free(dbbi_aead *aead)
{
	if (aead == NULL)
		return;
	EVP_CIPHER_CTX_free(aead->sealer);
	EVP_CIPHER_CTX_free(aead->opener);
	EVP_CIPHER_free(aead->cipher);
	free(aead);
}

int
dbbi_aead_key(dbbi_aead *aead, const uint8_t key[DBBI_KEY_SIZE],
    dbb_error *err)
{
	if (EVP_EncryptInit_ex2(aead->sealer, aead->cipher, key, NULL,
	    NULL) != 1 || EVP_DecryptInit_ex2(aead->opener, aead->cipher,
	    key, NULL, NULL) != 1)
		return dbbi_openssl_error(err, "AES-256-GCM");
	return 0;
}

static int
check_size(size_t size, dbb_error *err)
{
	if (size <= INT_MAX)
		return 0;
	return dbbi_error_set(err, DBB_EINVAL,
	    "%zu bytes are too many to seal at once", size);
}

int
dbbi_aead_seal(dbbi_aead *aead, uint8_t *to,
    const uint8_t nonce[DBBI_NONCE_SIZE], const void *aad, size_t aad_size,
    const void *from, size_t size, dbb_error *err)
{
	EVP_CIPHER_CTX *ctx = aead->sealer;
	int n = 0, rest = 0, rc;

	if ((rc = check_size(size, err)) < 0 ||
	    (rc = check_size(aad_size, err)) < 0)
		return rc;
	if (EVP_EncryptInit_ex2(ctx, NULL, NULL, nonce, NULL) != 1 ||
	    (aad_size > 0 && EVP_EncryptUpdate(ctx, NULL, &n, aad,
	    (int)aad_size) != 1) ||
	    (size > 0 && EVP_EncryptUpdate(ctx, to, &n, from,
	    (int)size) != 1) ||
	    EVP_EncryptFinal_ex(ctx, to + size, &rest) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, DBBI_TAG_SIZE,
	    to + size) != 1)
		return dbbi_openssl_error(err, "sealing with AES-256-GCM");
	return 0;
}

static int
open_sealed(EVP_CIPHER_CTX *ctx, uint8_t *to, const uint8_t *nonce,
    const void *aad, size_t aad_size, const uint8_t *from, size_t size,
    dbb_error *err)
{
	uint8_t tag[DBBI_TAG_SIZE];
	int n = 0;

	/* Before `to`, which may be `from`, is written. */
	memcpy(tag, from + size, sizeof(tag));
	if (EVP_DecryptInit_ex2(ctx, NULL, NULL, nonce, NULL) != 1 ||
	    (aad_size > 0 && EVP_DecryptUpdate(ctx, NULL, &n, aad,
	    (int)aad_size) != 1) ||
	    (size > 0 && EVP_DecryptUpdate(ctx, to, &n, from,
	    (int)size) != 1) ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, DBBI_TAG_SIZE,
	    tag) != 1)
		return dbbi_openssl_error(err, "opening with AES-256-GCM");
	if (EVP_DecryptFinal_ex(ctx, tag, &n) == 1)
		return 0;
	ERR_clear_error();
	return dbbi_error_set(err, DBB_EDAMAGED,
	    "it is not what was sealed, or not under this key");
}

int
dbbi_aead_open(dbbi_aead *aead, uint8_t *to,
    const uint8_t nonce[DBBI_NONCE_SIZE], const void *aad, size_t aad_size,
    const void *from, size_t size, dbb_error *err)
{
	int rc;

	if (size < DBBI_TAG_SIZE)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "%zu bytes are too few to be sealed", size);
	size -= DBBI_TAG_SIZE;
	if ((rc = check_size(size, err)) < 0 ||
	    (rc = check_size(aad_size, err)) < 0)
		return rc;
	rc = open_sealed(aead->opener, to, nonce, aad, aad_size, from, size,
	    err);
	if (rc < 0 && size > 0)
		dbbi_wipe(to, size);
	return rc;
}

/* ---- HMAC-SHA-256 ---- */

struct dbbi_hmac {
	EVP_MAC *mac;
	EVP_MAC_CTX *state;
};

static int
set_key(dbbi_hmac *h, const uint8_t key[DBBI_KEY_SIZE])
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
		    digest, 0),
		OSSL_PARAM_construct_end(),
	};

	return EVP_MAC_init(h->state, key, DBBI_KEY_SIZE, params) == 1;
}

int
dbbi_hmac_new(dbbi_hmac **out, const uint8_t key[DBBI_KEY_SIZE],
    dbb_error *err)
{
	dbbi_hmac *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return dbbi_error_nomem(err);
	if ((h->mac = EVP_MAC_fetch(NULL, "HMAC", NULL)) == NULL ||
	    (h->state = EVP_MAC_CTX_new(h->mac)) == NULL ||
	    !set_key(h, key)) {
		dbbi_hmac_free(h);
		return dbbi_openssl_error(err, "HMAC");
	}
	*out = h;
	return 0;
}

void
dbbi_hmac_free(dbbi_hmac *hmac)
{
	if (hmac == NULL)
		return;
	EVP_MAC_CTX_free(hmac->state);
	EVP_MAC_free(hmac->mac);
	free(hmac);
}

int
dbbi_hmac_begin(dbbi_hmac *hmac, dbb_error *err)
{
	return EVP_MAC_init(hmac->state, NULL, 0, NULL) == 1 ? 0 :
	    dbbi_openssl_error(err, "HMAC");
}

int
dbbi_hmac_add(dbbi_hmac *hmac, const void *data, size_t size, dbb_error *err)
{
	if (size == 0)
		return 0;
	return EVP_MAC_update(hmac->state, data, size) == 1 ? 0 :
	    dbbi_openssl_error(err, "HMAC");
}

int
dbbi_hmac_end(uint8_t out[DBBI_KEY_SIZE], dbbi_hmac *hmac, dbb_error *err)
{
	size_t size = 0;

	return EVP_MAC_final(hmac->state, out, &size, DBBI_KEY_SIZE) == 1 ?
	    0 : dbbi_openssl_error(err, "HMAC");
}

int
dbbi_hmac_of(uint8_t out[DBBI_KEY_SIZE], const void *key, size_t key_size,
    const void *data, size_t size, dbb_error *err)
{
	size_t got = 0;

	if (EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, key_size,
	    data, size, out, DBBI_KEY_SIZE, &got) == NULL)
		return dbbi_openssl_error(err, "HMAC");
	return 0;
}
