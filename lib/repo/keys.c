/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/keys.h"

#include <string.h>

#include "util/random.h"

static int
derive_chunk_id(dbbi_keys *keys, dbb_error *err)
{
	return dbbi_hkdf(keys->chunk_id, keys->writer, DBBI_KEY_SIZE, NULL, 0,
	    "dbbackup chunk id", err);
}

int
dbbi_keys_full(dbbi_keys *out, const uint8_t writer[DBBI_KEY_SIZE],
    const uint8_t private_key[DBBI_KEY_SIZE], dbb_error *err)
{
	dbbi_keys keys = { .can_read = 1 };
	int rc;

	memcpy(keys.writer, writer, DBBI_KEY_SIZE);
	memcpy(keys.private_key, private_key, DBBI_KEY_SIZE);
	rc = dbbi_x25519_public(keys.public_key, private_key, err);
	if (rc == 0)
		rc = derive_chunk_id(&keys, err);
	if (rc == 0)
		*out = keys;
	dbbi_keys_wipe(&keys);
	return rc;
}

int
dbbi_keys_write_only(dbbi_keys *out, const uint8_t writer[DBBI_KEY_SIZE],
    const uint8_t public_key[DBBI_KEY_SIZE], dbb_error *err)
{
	dbbi_keys keys = {0};
	int rc;

	memcpy(keys.writer, writer, DBBI_KEY_SIZE);
	memcpy(keys.public_key, public_key, DBBI_KEY_SIZE);
	rc = derive_chunk_id(&keys, err);
	if (rc == 0)
		*out = keys;
	dbbi_keys_wipe(&keys);
	return rc;
}

int
dbbi_keys_make(dbbi_keys *out, dbb_error *err)
{
	uint8_t writer[DBBI_KEY_SIZE], private_key[DBBI_KEY_SIZE];
	uint8_t public_key[DBBI_KEY_SIZE];
	int rc;

	rc = dbbi_random(writer, sizeof(writer), err);
	if (rc == 0)
		rc = dbbi_x25519_new(private_key, public_key, err);
	if (rc == 0)
		rc = dbbi_keys_full(out, writer, private_key, err);
	dbbi_wipe(writer, sizeof(writer));
	dbbi_wipe(private_key, sizeof(private_key));
	return dbbi_error_context(err, rc, "making the keys");
}

int
dbbi_keys_seed(uint8_t out[DBBI_KEY_SIZE], const dbbi_keys *keys,
    const uint8_t seed[DBBI_KEY_SIZE], dbb_error *err)
{
	return dbbi_hkdf(out, keys->writer, DBBI_KEY_SIZE, seed,
	    DBBI_KEY_SIZE, "dbbackup chunker", err);
}

void
dbbi_keys_wipe(dbbi_keys *keys)
{
	dbbi_wipe(keys, sizeof(*keys));
}

int
dbbi_keys_refuse_reading(dbb_error *err)
{
	dbbi_error_set(err, DBB_EKEY,
	    "the write-only key reads nothing that was backed up");
	dbbi_error_hint(err, "do it where the repository's passphrase is: "
	    "'password-file' under [repository] instead of 'key-file'");
	return DBB_EKEY;
}
