/* SPDX-License-Identifier: BSD-2-Clause */
/* A set put down in bytes. */
#include <config.h>

#include "repo/manifest_layout.h"

#include <stdlib.h>
#include <string.h>

#define LEVEL 3				/* of zstd */

static uint32_t
sort_packs(dbbi_set_pack *packs, uint32_t count)
{
	uint32_t kept = 0;

	if (count == 0)
		return 0;
	qsort(packs, count, sizeof *packs, dbbi_set_pack_compare);
	for (uint32_t i = 1; i < count; i++) {
		if (dbbi_set_pack_compare(&packs[kept], &packs[i]) != 0)
			packs[++kept] = packs[i];
	}
	return kept + 1;
}

static int
add_digest(dbbi_bytes *b, dbb_error *err)
{
	uint8_t digest[DBBI_SHA256_SIZE];
	int rc;

	if ((rc = dbbi_sha256_of(digest, b->data, b->size, err)) < 0)
		return rc;
	return dbbi_bytes_add(b, digest, sizeof digest, err);
}

static int
add_header(dbbi_bytes *b, const char *id, const dbbi_manifest_layout *l,
    dbb_error *err)
{
	uint8_t start[DBBI_SET_HEADER_SIZE] = {0};

	memcpy(start, DBBI_SET_MAGIC, DBBI_MAGIC_SIZE);
	start[8] = l->sealed ? DBBI_CIPHER_SEALED : DBBI_CIPHER_NONE;
	memcpy(start + 12, id, strlen(id));
	dbbi_put_u32(start + 44, l->head);
	dbbi_put_u32(start + 48, l->packs);
	dbbi_put_u32(start + 52, l->stored);
	dbbi_put_u32(start + 56, l->plain);
	return dbbi_bytes_add(b, start, sizeof start, err);
}

static int
add_head(dbbi_bytes *b, const char *head, const dbbi_manifest_layout *l,
    const dbbi_set_pack *packs, dbb_error *err)
{
	int rc = dbbi_bytes_add(b, head, l->head, err);

	for (uint32_t i = 0; rc == 0 && i < l->packs; i++) {
		if ((rc = dbbi_bytes_add(b, packs[i].name.bytes,
		    sizeof packs[i].name.bytes, err)) < 0 ||
		    (rc = dbbi_bytes_add_u32(b, packs[i].size, err)) < 0 ||
		    (rc = dbbi_bytes_add_u32(b, packs[i].used, err)) < 0)
			return rc;
	}
	return rc;
}

/* Seal the body in place, where it has room for the tag. */
static int
seal_body(uint8_t *body, uint32_t size, const uint8_t key[DBBI_KEY_SIZE],
    const void *start, size_t start_bytes, dbb_error *err)
{
	dbbi_aead *aead = NULL;
	int rc;

	if ((rc = dbbi_aead_new(&aead, err)) == 0 &&
	    (rc = dbbi_aead_key(aead, key, err)) == 0)
		rc = dbbi_aead_seal(aead, body, dbbi_nonce_once, start,
		    start_bytes, body, size, err);
	dbbi_aead_free(aead);
	return rc;
}

/* All that is to be written, which is sealed by the way. */
static int
add_all(dbbi_bytes *b, const dbbi_keys *keys, const char *id,
    const char *head, const dbbi_set_pack *packs, uint8_t *body,
    const dbbi_manifest_layout *l, dbb_error *err)
{
	uint8_t key[DBBI_KEY_SIZE];
	dbbi_box box;
	int rc;

	if ((rc = add_header(b, id, l, err)) == 0 && l->sealed &&
	    (rc = dbbi_content_key_make(&box, key, keys, err)) == 0)
		rc = dbbi_bytes_add(b, box.bytes, sizeof box.bytes, err);
	if (rc == 0 && (rc = dbbi_sealed_begin(b, keys, err)) == 0 &&
	    (rc = add_head(b, head, l, packs, err)) == 0 &&
	    (rc = dbbi_sealed_end(b, dbbi_manifest_start(l), keys,
	    DBBI_SET_INFO, err)) == 0)
		rc = add_digest(b, err);
	if (rc == 0 && l->sealed)
		rc = seal_body(body, l->stored, key, b->data, dbbi_manifest_start(l),
		    err);
	dbbi_wipe(key, sizeof key);
	if (rc == 0 && (rc = dbbi_bytes_add(b, body, dbbi_manifest_stored(l),
	    err)) == 0)
		rc = add_digest(b, err);
	return rc;
}

/* The body's stored form: zstd, or as it is (then its lengths are equal), and
 * room for a tag. `*packed` is to free(3). */
static int
pack_body(uint8_t **packed, size_t *size, const char *text, size_t length,
    dbb_error *err)
{
	dbbi_codec *codec = NULL;
	uint8_t *to = malloc(length + DBBI_TAG_SIZE);
	int rc;

	if (to == NULL)
		return dbbi_error_nomem(err);
	*size = 0;
	if ((rc = dbbi_codec_new(&codec, err)) == 0)
		rc = dbbi_codec_pack(size, codec, to, text, length, LEVEL,
		    err);
	dbbi_codec_free(codec);
	if (rc < 0) {
		free(to);
		return rc;
	}
	if (*size == 0) {
		memcpy(to, text, length);
		*size = length;
	}
	*packed = to;
	return 0;
}

int
dbbi_manifest_encode(dbbi_bytes *out, const dbbi_keys *keys,
    const char *id, dbbi_json *head, dbbi_json *body, dbbi_set_pack *packs,
    uint32_t pack_count, dbb_error *err)
{
	const char *front = dbbi_json_text(head);
	const char *text = dbbi_json_text(body);
	uint8_t *packed = NULL;
	dbbi_manifest_layout l;
	size_t stored;
	int rc;

	dbbi_bytes_init(out, DBBI_SET_SIZE_LIMIT);
	if (front == NULL || text == NULL)
		return dbbi_error_nomem(err);
	if (strlen(front) > DBBI_SET_HEAD_LIMIT ||
	    strlen(text) > DBBI_SET_BODY_LIMIT ||
	    dbbi_json_is_dear(front, strlen(front)) ||
	    dbbi_json_is_dear(text, strlen(text)))
		return dbbi_error_set(err, DBB_EINVAL,
		    "the set has too much to tell: %zu and %zu bytes",
		    strlen(front), strlen(text));
	rc = pack_body(&packed, &stored, text, strlen(text), err);
	if (rc < 0)
		return rc;
	l.head = (uint32_t)strlen(front);
	l.packs = sort_packs(packs, pack_count);
	l.stored = (uint32_t)stored;
	l.plain = (uint32_t)strlen(text);
	l.sealed = keys != NULL;
	rc = add_all(out, keys, id, front, packs, packed, &l, err);
	free(packed);
	return rc;
}
