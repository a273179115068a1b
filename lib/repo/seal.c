/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/seal.h"

#include <string.h>

#include "util/random.h"

#define CONTENT_INFO "dbbackup content key"

const uint8_t dbbi_nonce_once[DBBI_NONCE_SIZE];

uint8_t
dbbi_seal_cipher(const dbbi_keys *keys)
{
	return keys == NULL ? DBBI_CIPHER_NONE : DBBI_CIPHER_SEALED;
}

/* What seals and opens under a key that is derived from another. */
static int
derive_aead(dbbi_aead **out, const uint8_t from[DBBI_KEY_SIZE],
    const uint8_t *salt, size_t salt_size, const char *info, dbb_error *err)
{
	uint8_t key[DBBI_KEY_SIZE];
	dbbi_aead *aead = NULL;
	int rc;

	rc = dbbi_hkdf(key, from, DBBI_KEY_SIZE, salt, salt_size, info, err);
	if (rc == 0 && (rc = dbbi_aead_new(&aead, err)) == 0)
		rc = dbbi_aead_key(aead, key, err);
	dbbi_wipe(key, sizeof key);
	if (rc < 0)
		dbbi_aead_free(aead);
	else
		*out = aead;
	return rc;
}

/* ---- writer boxes ---- */

/* What seals and opens the box with this salt. */
static int
make_aead(dbbi_aead **out, const dbbi_keys *keys, const uint8_t *salt,
    const char *info, dbb_error *err)
{
	return derive_aead(out, keys->writer, salt, DBBI_BOX_SALT, info, err);
}

int
dbbi_writer_box_seal(uint8_t *box, size_t plain_size, const dbbi_keys *keys,
    const char *info, const void *aad, size_t aad_size, dbb_error *err)
{
	uint8_t *plain = box + DBBI_BOX_SALT;
	dbbi_aead *aead = NULL;
	int rc;

	if ((rc = dbbi_random(box, DBBI_BOX_SALT, err)) < 0 ||
	    (rc = make_aead(&aead, keys, box, info, err)) < 0)
		return rc;
	rc = dbbi_aead_seal(aead, plain, dbbi_nonce_once, aad, aad_size,
	    plain, plain_size, err);
	dbbi_aead_free(aead);
	return rc;
}

int
dbbi_writer_box_open(dbbi_cursor *plain, uint8_t *box, size_t size,
    const dbbi_keys *keys, const char *info, const void *aad,
    size_t aad_size, dbb_error *err)
{
	uint8_t *at = box + DBBI_BOX_SALT;
	dbbi_aead *aead = NULL;
	int rc;

	if (size < DBBI_WRITER_BOX_EXTRA)
		return dbbi_error_set(err, DBB_EDAMAGED, "it is too short");
	if ((rc = make_aead(&aead, keys, box, info, err)) < 0)
		return rc;
	rc = dbbi_aead_open(aead, at, dbbi_nonce_once, aad, aad_size, at,
	    size - DBBI_BOX_SALT, err);
	dbbi_aead_free(aead);
	if (rc == 0)
		*plain = (dbbi_cursor){ at, size - DBBI_WRITER_BOX_EXTRA };
	return rc;
}

int
dbbi_sealed_begin(dbbi_bytes *object, const dbbi_keys *keys, dbb_error *err)
{
	static const uint8_t salt[DBBI_BOX_SALT];

	return keys == NULL ? 0 : dbbi_bytes_add(object, salt, sizeof salt,
	    err);
}

int
dbbi_sealed_end(dbbi_bytes *object, size_t front, const dbbi_keys *keys,
    const char *info, dbb_error *err)
{
	static const uint8_t tag[DBBI_TAG_SIZE];
	size_t plain = object->size - front;
	int rc;

	if (keys == NULL)
		return 0;
	if ((rc = dbbi_bytes_add(object, tag, sizeof tag, err)) < 0)
		return rc;
	return dbbi_writer_box_seal(object->data + front,
	    plain - DBBI_BOX_SALT, keys, info, object->data, front, err);
}

int
dbbi_sealed_open(dbbi_cursor *content, uint8_t *object, size_t size,
    size_t front, const dbbi_keys *keys, const char *info, dbb_error *err)
{
	if (size < front)
		return dbbi_error_set(err, DBB_EDAMAGED, "it is too short");
	if (keys != NULL)
		return dbbi_writer_box_open(content, object + front,
		    size - front, keys, info, object, front, err);
	*content = (dbbi_cursor){ object + front, size - front };
	return 0;
}

/* ---- content boxes ---- */

/* What seals and opens the box that begins with `ephemeral`. */
static int
make_content_aead(dbbi_aead **out, const uint8_t *shared,
    const uint8_t *ephemeral, const dbbi_keys *keys, dbb_error *err)
{
	uint8_t salt[2 * DBBI_KEY_SIZE];

	memcpy(salt, ephemeral, DBBI_KEY_SIZE);
	memcpy(salt + DBBI_KEY_SIZE, keys->public_key, DBBI_KEY_SIZE);
	return derive_aead(out, shared, salt, sizeof salt, CONTENT_INFO,
	    err);
}

int
dbbi_content_key_make(dbbi_box *box, uint8_t key[DBBI_KEY_SIZE],
    const dbbi_keys *keys, dbb_error *err)
{
	uint8_t ephemeral[DBBI_KEY_SIZE], shared[DBBI_KEY_SIZE];
	dbbi_aead *aead = NULL;
	int rc;

	if ((rc = dbbi_random(key, DBBI_KEY_SIZE, err)) < 0 ||
	    (rc = dbbi_x25519_new(ephemeral, box->bytes, err)) < 0)
		return rc;
	rc = dbbi_x25519_derive(shared, ephemeral, keys->public_key, err);
	if (rc == 0)
		rc = make_content_aead(&aead, shared, box->bytes, keys, err);
	if (rc == 0)
		rc = dbbi_aead_seal(aead, box->bytes + DBBI_KEY_SIZE,
		    dbbi_nonce_once, NULL, 0, key, DBBI_KEY_SIZE, err);
	dbbi_aead_free(aead);
	dbbi_wipe(ephemeral, sizeof ephemeral);
	dbbi_wipe(shared, sizeof shared);
	return rc;
}

int
dbbi_content_key_open(uint8_t key[DBBI_KEY_SIZE], const dbbi_box *box,
    const dbbi_keys *keys, dbb_error *err)
{
	uint8_t shared[DBBI_KEY_SIZE];
	dbbi_aead *aead = NULL;
	int rc;

	if (!keys->can_read)
		return dbbi_keys_refuse_reading(err);
	rc = dbbi_x25519_derive(shared, keys->private_key, box->bytes, err);
	if (rc == 0)
		rc = make_content_aead(&aead, shared, box->bytes, keys, err);
	dbbi_wipe(shared, sizeof shared);
	if (rc == 0)
		rc = dbbi_aead_open(aead, key, dbbi_nonce_once, NULL, 0,
		    box->bytes + DBBI_KEY_SIZE,
		    sizeof box->bytes - DBBI_KEY_SIZE, err);
	dbbi_aead_free(aead);
	return dbbi_error_context(err, rc, "the key of its contents");
}
