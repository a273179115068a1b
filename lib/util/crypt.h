/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crypt: the few primitives that sealing is made of, all by OpenSSL's EVP;
 * nothing of it is our own.
 *
 *	AES-256-GCM (NIST SP 800-38D), HMAC-SHA-256 (RFC 2104), HKDF-SHA-256
 *	(RFC 5869), X25519 (RFC 7748), scrypt (RFC 7914)
 *
 * Secrets are wiped with dbbi_wipe (util/bytes.h). A dbbi_aead and a
 * dbbi_hmac are used by one thread at a time.
 */
#ifndef DBBI_CRYPT_H
#define DBBI_CRYPT_H

#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"
#include "util/error.h"

#define DBBI_KEY_SIZE 32	/* of AES, HMAC, X25519 */
#define DBBI_NONCE_SIZE 12
#define DBBI_TAG_SIZE 16

/* Seal and open. `to` may be `from`, else they must not overlap. */
typedef struct dbbi_aead dbbi_aead;

int dbbi_aead_new(dbbi_aead **out, dbb_error *err);
void dbbi_aead_free(dbbi_aead *aead);	/* wipes; NULL is allowed */
int dbbi_aead_key(dbbi_aead *aead, const uint8_t key[DBBI_KEY_SIZE],
    dbb_error *err);

/* Writes size + DBBI_TAG_SIZE bytes, the tag last. */
int dbbi_aead_seal(dbbi_aead *aead, uint8_t *to,
    const uint8_t nonce[DBBI_NONCE_SIZE], const void *aad, size_t aad_size,
    const void *from, size_t size, dbb_error *err);

/* `size` includes the tag; writes size - DBBI_TAG_SIZE. DBB_EDAMAGED when the
 * tag does not fit: what was written to `to` is wiped then. */
int dbbi_aead_open(dbbi_aead *aead, uint8_t *to,
    const uint8_t nonce[DBBI_NONCE_SIZE], const void *aad, size_t aad_size,
    const void *from, size_t size, dbb_error *err);

/* HMAC-SHA-256, of many things under one key, each begin, add, end. */
typedef struct dbbi_hmac dbbi_hmac;

int dbbi_hmac_new(dbbi_hmac **out, const uint8_t key[DBBI_KEY_SIZE],
    dbb_error *err);			/* begun */
void dbbi_hmac_free(dbbi_hmac *hmac);	/* wipes; NULL is allowed */
int dbbi_hmac_begin(dbbi_hmac *hmac, dbb_error *err);
int dbbi_hmac_add(dbbi_hmac *hmac, const void *data, size_t size,
    dbb_error *err);
int dbbi_hmac_end(uint8_t out[DBBI_KEY_SIZE], dbbi_hmac *hmac,
    dbb_error *err);

/* The whole at once, under a key of any size. */
int dbbi_hmac_of(uint8_t out[DBBI_KEY_SIZE], const void *key,
    size_t key_size, const void *data, size_t size, dbb_error *err);

/* HKDF: one key from another; `salt` and `info` may be empty. */
int dbbi_hkdf(uint8_t out[DBBI_KEY_SIZE], const void *key, size_t key_size,
    const void *salt, size_t salt_size, const char *info, dbb_error *err);

/* X25519. dbbi_x25519_derive is DBB_EDAMAGED for a public key that would
 * give the same to everyone (those of small order). */
int dbbi_x25519_new(uint8_t private_key[DBBI_KEY_SIZE],
    uint8_t public_key[DBBI_KEY_SIZE], dbb_error *err);
int dbbi_x25519_public(uint8_t public_key[DBBI_KEY_SIZE],
    const uint8_t private_key[DBBI_KEY_SIZE], dbb_error *err);
int dbbi_x25519_derive(uint8_t shared[DBBI_KEY_SIZE],
    const uint8_t private_key[DBBI_KEY_SIZE],
    const uint8_t public_key[DBBI_KEY_SIZE], dbb_error *err);

/* scrypt takes 128 * r * (n + p) bytes and a little; beyond
 * DBBI_SCRYPT_MEMORY it is refused before anything is allocated. */
#define DBBI_SCRYPT_MEMORY (257u << 20)
int dbbi_scrypt(uint8_t out[DBBI_KEY_SIZE], const char *passphrase,
    const void *salt, size_t salt_size, uint64_t n, uint32_t r, uint32_t p,
    dbb_error *err);

#endif
