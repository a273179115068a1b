/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/chunk_seal.h"

#include <stdlib.h>
#include <string.h>

#define LIST_INFO "dbbackup list"
#define REMEMBERED 8u

struct dbbi_chunk_sealer {
	const dbbi_keys *keys;
	dbbi_aead *aeads[2];	/* by kind */
};

struct remembered {
	int used;
	uint8_t kind;
	dbbi_box box;
	uint8_t key[DBBI_KEY_SIZE];
};

struct dbbi_chunk_unsealer {
	const dbbi_keys *keys;
	dbbi_aead *aead;
	struct remembered packs[REMEMBERED];
	unsigned next;				/* to be forgotten */
	const struct remembered *set;		/* whose key the aead has */
};

/* A pack's key for lists follows from its box, for who may write. */
static int
derive_list_key(uint8_t key[DBBI_KEY_SIZE], const dbbi_box *box,
    const dbbi_keys *keys, dbb_error *err)
{
	return dbbi_hkdf(key, keys->writer, sizeof keys->writer, box->bytes,
	    DBBI_KEY_SIZE, LIST_INFO, err);
}

/* The offset: no two chunks of a pack have the same. */
static void
make_nonce(uint8_t nonce[DBBI_NONCE_SIZE], const dbbi_entry *entry)
{
	memset(nonce, 0, DBBI_NONCE_SIZE);
	dbbi_put_u32(nonce, entry->offset);
}

/* ---- seal ---- */

int
dbbi_chunk_sealer_new(dbbi_chunk_sealer **out, const dbbi_keys *keys,
    dbb_error *err)
{
	dbbi_chunk_sealer *sealer = calloc(1, sizeof *sealer);
	int rc;

	if (sealer == NULL)
		return dbbi_error_nomem(err);
	sealer->keys = keys;
	if ((rc = dbbi_aead_new(&sealer->aeads[DBBI_KIND_DATA], err)) < 0 ||
	    (rc = dbbi_aead_new(&sealer->aeads[DBBI_KIND_LIST], err)) < 0) {
		dbbi_chunk_sealer_free(sealer);
		return rc;
	}
	*out = sealer;
	return 0;
}

void
dbbi_chunk_sealer_free(dbbi_chunk_sealer *sealer)
{
	if (sealer == NULL)
		return;
	dbbi_aead_free(sealer->aeads[DBBI_KIND_DATA]);
	dbbi_aead_free(sealer->aeads[DBBI_KIND_LIST]);
	free(sealer);
}

int
dbbi_chunk_sealer_begin(dbbi_box *box, dbbi_chunk_sealer *sealer,
    dbb_error *err)
{
	uint8_t content[DBBI_KEY_SIZE], list[DBBI_KEY_SIZE];
	int rc;

	rc = dbbi_content_key_make(box, content, sealer->keys, err);
	if (rc == 0)
		rc = derive_list_key(list, box, sealer->keys, err);
	if (rc == 0)
		rc = dbbi_aead_key(sealer->aeads[DBBI_KIND_DATA], content,
		    err);
	if (rc == 0)
		rc = dbbi_aead_key(sealer->aeads[DBBI_KIND_LIST], list, err);
	dbbi_wipe(content, sizeof content);
	dbbi_wipe(list, sizeof list);
	return rc;
}

int
dbbi_chunk_seal(uint8_t *to, dbbi_chunk_sealer *sealer,
    const dbbi_entry *entry, const void *coded, dbb_error *err)
{
	uint8_t line[DBBI_ENTRY_SIZE], nonce[DBBI_NONCE_SIZE];

	dbbi_entry_put(line, entry);
	make_nonce(nonce, entry);
	return dbbi_aead_seal(sealer->aeads[entry->kind], to, nonce, line,
	    sizeof line, coded, entry->stored - DBBI_TAG_SIZE, err);
}

/* ---- open ---- */

int
dbbi_chunk_unsealer_new(dbbi_chunk_unsealer **out, const dbbi_keys *keys,
    dbb_error *err)
{
	dbbi_chunk_unsealer *unsealer = calloc(1, sizeof *unsealer);
	int rc;

	if (unsealer == NULL)
		return dbbi_error_nomem(err);
	unsealer->keys = keys;
	if ((rc = dbbi_aead_new(&unsealer->aead, err)) < 0) {
		free(unsealer);
		return rc;
	}
	*out = unsealer;
	return 0;
}

void
dbbi_chunk_unsealer_free(dbbi_chunk_unsealer *unsealer)
{
	if (unsealer == NULL)
		return;
	dbbi_aead_free(unsealer->aead);
	dbbi_wipe(unsealer, sizeof *unsealer);
	free(unsealer);
}

static const struct remembered *
remember(dbbi_chunk_unsealer *unsealer, const dbbi_box *box, uint8_t kind,
    const uint8_t key[DBBI_KEY_SIZE])
{
	struct remembered *pack = &unsealer->packs[unsealer->next];

	unsealer->next = (unsealer->next + 1) % REMEMBERED;
	if (unsealer->set == pack)
		unsealer->set = NULL;
	pack->used = 1;
	pack->kind = kind;
	pack->box = *box;
	memcpy(pack->key, key, sizeof pack->key);
	return pack;
}

/* NULL: it is not remembered. */
static const struct remembered *
recall(const dbbi_chunk_unsealer *unsealer, const dbbi_box *box,
    uint8_t kind)
{
	const struct remembered *pack;

	for (unsigned i = 0; i < REMEMBERED; i++) {
		pack = &unsealer->packs[i];
		if (pack->used && pack->kind == kind &&
		    memcmp(&pack->box, box, sizeof *box) == 0)
			return pack;
	}
	return NULL;
}

static int
find_key(const struct remembered **out, dbbi_chunk_unsealer *unsealer,
    const dbbi_box *box, uint8_t kind, dbb_error *err)
{
	uint8_t key[DBBI_KEY_SIZE];
	int rc;

	if ((*out = recall(unsealer, box, kind)) != NULL)
		return 0;
	rc = kind == DBBI_KIND_LIST ?
	    derive_list_key(key, box, unsealer->keys, err) :
	    dbbi_content_key_open(key, box, unsealer->keys, err);
	if (rc == 0)
		*out = remember(unsealer, box, kind, key);
	dbbi_wipe(key, sizeof key);
	return rc;
}

int
dbbi_chunk_unseal(uint8_t *to, dbbi_chunk_unsealer *unsealer,
    const dbbi_box *box, const dbbi_entry *entry, const uint8_t *sealed,
    dbb_error *err)
{
	uint8_t line[DBBI_ENTRY_SIZE], nonce[DBBI_NONCE_SIZE];
	const struct remembered *pack;
	int rc;

	rc = find_key(&pack, unsealer, box, entry->kind, err);
	if (rc < 0)
		return rc;
	if (unsealer->set != pack) {
		unsealer->set = NULL;
		if ((rc = dbbi_aead_key(unsealer->aead, pack->key, err)) < 0)
			return rc;
		unsealer->set = pack;
	}
	dbbi_entry_put(line, entry);
	make_nonce(nonce, entry);
	return dbbi_aead_open(unsealer->aead, to, nonce, line, sizeof line,
	    sealed, entry->stored, err);
}
