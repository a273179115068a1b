/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys: how they are made, agreed on and derived. crypt_seal.c uses them. */
#include <config.h>

#include "util/crypt.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "util/openssl_error.h"

int
dbbi_hkdf(uint8_t out[DBBI_KEY_SIZE], const void *key, size_t key_size,
    const void *salt, size_t salt_size, const char *info, dbb_error *err)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);
	const void *words = info;
	size_t size = DBBI_KEY_SIZE;
	int rc = 0;

	if (ctx == NULL || EVP_PKEY_derive_init(ctx) <= 0 ||
	    EVP_PKEY_CTX_set_hkdf_md(ctx, EVP_sha256()) <= 0 ||
	    EVP_PKEY_CTX_set1_hkdf_key(ctx, key, (int)key_size) <= 0 ||
	    (salt_size > 0 && EVP_PKEY_CTX_set1_hkdf_salt(ctx, salt,
	    (int)salt_size) <= 0) ||
	    EVP_PKEY_CTX_add1_hkdf_info(ctx, words, (int)strlen(info)) <= 0 ||
	    EVP_PKEY_derive(ctx, out, &size) <= 0)
		rc = dbbi_openssl_error(err, "HKDF");
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

static int
get_public(uint8_t out[DBBI_KEY_SIZE], const EVP_PKEY *key)
{
	size_t size = DBBI_KEY_SIZE;

	return EVP_PKEY_get_raw_public_key(key, out, &size) == 1 &&
	    size == DBBI_KEY_SIZE;
}

static EVP_PKEY *
load_private(const uint8_t private_key[DBBI_KEY_SIZE])
{
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL,
	    private_key, DBBI_KEY_SIZE);
}

int
dbbi_x25519_new(uint8_t private_key[DBBI_KEY_SIZE],
    uint8_t public_key[DBBI_KEY_SIZE], dbb_error *err)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	size_t size = DBBI_KEY_SIZE;
	int rc = 0;

	if (key == NULL ||
	    EVP_PKEY_get_raw_private_key(key, private_key, &size) != 1 ||
	    size != DBBI_KEY_SIZE || !get_public(public_key, key))
		rc = dbbi_openssl_error(err, "making an X25519 key");
	EVP_PKEY_free(key);
	return rc;
}

int
dbbi_x25519_public(uint8_t public_key[DBBI_KEY_SIZE],
    const uint8_t private_key[DBBI_KEY_SIZE], dbb_error *err)
{
	EVP_PKEY *key = load_private(private_key);
	int rc = 0;

	if (key == NULL || !get_public(public_key, key))
		rc = dbbi_openssl_error(err, "an X25519 public key");
	EVP_PKEY_free(key);
	return rc;
}

int
dbbi_x25519_derive(uint8_t shared[DBBI_KEY_SIZE],
    const uint8_t private_key[DBBI_KEY_SIZE],
    const uint8_t public_key[DBBI_KEY_SIZE], dbb_error *err)
{
	EVP_PKEY *mine = load_private(private_key);
	EVP_PKEY *theirs = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL,
	    public_key, DBBI_KEY_SIZE);
	EVP_PKEY_CTX *ctx = NULL;
	size_t size = DBBI_KEY_SIZE;
	int rc = 0;

	if (mine != NULL && theirs != NULL)
		ctx = EVP_PKEY_CTX_new(mine, NULL);
	if (ctx == NULL || EVP_PKEY_derive_init(ctx) <= 0 ||
	    EVP_PKEY_derive_set_peer(ctx, theirs) <= 0) {
		rc = dbbi_openssl_error(err, "X25519");
	} else if (EVP_PKEY_derive(ctx, shared, &size) <= 0) {
		ERR_clear_error();
		rc = dbbi_error_set(err, DBB_EDAMAGED,
		    "an X25519 public key that is none");
	}
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(theirs);
	EVP_PKEY_free(mine);
	return rc;
}

int
dbbi_scrypt(uint8_t out[DBBI_KEY_SIZE], const char *passphrase,
    const void *salt, size_t salt_size, uint64_t n, uint32_t r, uint32_t p,
    dbb_error *err)
{
	if (EVP_PBE_scrypt(passphrase, strlen(passphrase), salt, salt_size,
	    n, r, p, DBBI_SCRYPT_MEMORY, out, DBBI_KEY_SIZE) != 1)
		return dbbi_openssl_error(err, "scrypt");
	return 0;
}
