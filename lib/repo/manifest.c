/* SPDX-License-Identifier: BSD-2-Clause */
/* A set taken apart. */
#include <config.h>

#include "repo/manifest_layout.h"

#include <stdlib.h>
#include <string.h>

int
dbbi_set_pack_compare(const void *a, const void *b)
{
	const dbbi_set_pack *x = a, *y = b;

	return memcmp(x->name.bytes, y->name.bytes, sizeof x->name.bytes);
}

static int
damaged(dbb_error *err, const char *what)
{
	return dbbi_error_set(err, DBB_EDAMAGED, "%s", what);
}

/* Read `size` bytes at `offset`, no fewer. */
static int
read_exactly(void *to, dbbi_repo *repo, const char *object, uint64_t offset,
    size_t size, dbb_error *err)
{
	size_t got = 0;
	int rc;

	rc = dbbi_store_read(&got, repo->store, object, offset, to, size,
	    err);
	if (rc == 0 && got != size)
		rc = damaged(err, "it is too short");
	return rc;
}

static int
parse_header(dbbi_manifest_layout *out,
    const uint8_t start[DBBI_SET_HEADER_SIZE], const char *id,
    uint64_t size, uint8_t cipher, dbb_error *err)
{
	dbbi_manifest_layout l = { .sealed = cipher == DBBI_CIPHER_SEALED };
	char name[DBBI_SET_ID_SIZE] = {0};
	uint32_t number;
	int rc;

	/* The common header ends with a number, which here is of the id. */
	rc = dbbi_header_get(&number, start, DBBI_SET_MAGIC, cipher, err);
	if (rc < 0)
		return rc;
	memcpy(name, id, strlen(id));
	if (memcmp(start + 12, name, sizeof name) != 0)
		return damaged(err, "it is the manifest of another set");
	l.head = dbbi_get_u32(start + 44);
	l.packs = dbbi_get_u32(start + 48);
	l.stored = dbbi_get_u32(start + 52);
	l.plain = dbbi_get_u32(start + 56);
	if (l.head > DBBI_SET_HEAD_LIMIT ||
	    l.packs > DBBI_SET_SIZE_LIMIT / DBBI_SET_PACK_SIZE ||
	    l.plain > DBBI_SET_BODY_LIMIT || l.stored > l.plain)
		return damaged(err, "its lengths are not possible");
	if (dbbi_manifest_front(&l) + dbbi_manifest_stored(&l) +
	    DBBI_SHA256_SIZE != size)
		return damaged(err, "its lengths do not add up to its size");
	*out = l;
	return 0;
}

static int
check_digest(const uint8_t *data, size_t size, const char *what,
    dbb_error *err)
{
	uint8_t digest[DBBI_SHA256_SIZE];
	int rc;

	size -= DBBI_SHA256_SIZE;
	if ((rc = dbbi_sha256_of(digest, data, size, err)) < 0)
		return rc;
	return memcmp(digest, data + size, sizeof digest) == 0 ? 0 :
	    damaged(err, what);
}

static int
parse_packs(dbbi_manifest *m, const uint8_t *at, uint32_t count,
    dbb_error *err)
{
	m->packs = calloc(count == 0 ? 1 : count, sizeof *m->packs);
	if (m->packs == NULL)
		return dbbi_error_nomem(err);
	for (uint32_t i = 0; i < count; i++, at += DBBI_SET_PACK_SIZE) {
		memcpy(m->packs[i].name.bytes, at, DBBI_SHA256_SIZE);
		m->packs[i].size = dbbi_get_u32(at + DBBI_SHA256_SIZE);
		m->packs[i].used = dbbi_get_u32(at + DBBI_SHA256_SIZE + 4);
		if (m->packs[i].used > m->packs[i].size)
			return damaged(err, "it uses more of a pack than "
			    "there is");
		if (i > 0 && dbbi_set_pack_compare(&m->packs[i - 1],
		    &m->packs[i]) >= 0)
			return damaged(err, "its packs are not in order");
	}
	m->pack_count = count;
	return 0;
}

/* `data` is opened in place. */
static int
parse_front(dbbi_manifest *m, uint8_t *data, const dbbi_manifest_layout *l,
    const dbbi_keys *keys, dbb_error *err)
{
	dbbi_cursor front;
	int rc;

	rc = check_digest(data, dbbi_manifest_front(l), "its head is not "
	    "what was written", err);
	if (rc == 0)
		rc = dbbi_sealed_open(&front, data, dbbi_manifest_front(l) -
		    DBBI_SHA256_SIZE, dbbi_manifest_start(l), keys,
		    DBBI_SET_INFO, err);
	if (rc != 0)
		return rc;
	if ((rc = parse_packs(m, front.at + l->head, l->packs, err)) < 0)
		return rc;
	return dbbi_json_parse(&m->head, (const char *)front.at, l->head,
	    err);
}

/* Open the body in place. */
static int
open_body(uint8_t *data, const dbbi_manifest_layout *l, const dbbi_keys *keys,
    dbb_error *err)
{
	uint8_t *body = data + dbbi_manifest_front(l), key[DBBI_KEY_SIZE];
	dbbi_aead *aead = NULL;
	dbbi_box box;
	int rc;

	if (!l->sealed)
		return 0;
	memcpy(box.bytes, data + DBBI_SET_HEADER_SIZE, sizeof box.bytes);
	if ((rc = dbbi_content_key_open(key, &box, keys, err)) == 0 &&
	    (rc = dbbi_aead_new(&aead, err)) == 0 &&
	    (rc = dbbi_aead_key(aead, key, err)) == 0)
		rc = dbbi_aead_open(aead, body, dbbi_nonce_once, data,
		    dbbi_manifest_start(l), body, dbbi_manifest_stored(l), err);
	dbbi_aead_free(aead);
	dbbi_wipe(key, sizeof key);
	return rc;
}

static int
parse_body(dbbi_manifest *m, const uint8_t *stored,
    const dbbi_manifest_layout *l, dbb_error *err)
{
	dbbi_codec *codec = NULL;
	uint8_t *plain = NULL;
	int rc;

	if (l->stored == l->plain)
		return dbbi_json_parse(&m->body, (const char *)stored,
		    l->plain, err);
	if ((plain = malloc(l->plain)) == NULL)
		return dbbi_error_nomem(err);
	if ((rc = dbbi_codec_new(&codec, err)) == 0 &&
	    (rc = dbbi_codec_unpack(codec, plain, l->plain, stored,
	    l->stored, err)) == 0)
		rc = dbbi_json_parse(&m->body, (const char *)plain, l->plain,
		    err);
	dbbi_codec_free(codec);
	free(plain);
	return rc;
}

/* The digests are of the object as it is stored: they come first. */
static int
parse_object(dbbi_manifest *m, uint8_t *data, size_t size,
    const dbbi_manifest_layout *l, const dbbi_keys *keys, int with_body,
    dbb_error *err)
{
	int rc;

	if (with_body && (rc = check_digest(data, size,
	    "it is not what was written", err)) < 0)
		return rc;
	rc = parse_front(m, data, l, keys, err);
	if (rc < 0 || !with_body ||
	    (with_body == DBBI_WHAT_OPENS && keys != NULL && !keys->can_read))
		return rc;
	if ((rc = open_body(data, l, keys, err)) < 0)
		return rc;
	return parse_body(m, data + dbbi_manifest_front(l), l, err);
}

static int
read_object(dbbi_manifest *m, dbbi_repo *repo, const char *id,
    const char *object, int with_body, dbb_error *err)
{
	dbb_object stat = { .size = sizeof stat };
	uint8_t start[DBBI_SET_HEADER_SIZE], *data = NULL;
	dbbi_manifest_layout l = {0};
	size_t size;
	int rc;

	if ((rc = dbbi_store_stat(&stat, repo->store, object, err)) < 0)
		return rc;
	rc = read_exactly(start, repo, object, 0, sizeof start, err);
	if (rc == 0)
		rc = parse_header(&l, start, id, stat.size_bytes,
		    dbbi_seal_cipher(repo->keys), err);
	if (rc < 0)
		return rc;
	size = with_body ? (size_t)stat.size_bytes : dbbi_manifest_front(&l);
	if ((data = malloc(size)) == NULL)
		return dbbi_error_nomem(err);
	memcpy(data, start, sizeof start);
	rc = read_exactly(data + sizeof start, repo, object, sizeof start,
	    size - sizeof start, err);
	if (rc == 0)
		rc = parse_object(m, data, size, &l, repo->keys, with_body,
		    err);
	free(data);
	return rc;
}

int
dbbi_manifest_read(dbbi_manifest *out, dbbi_repo *repo, const char *id,
    int with_body, dbb_error *err)
{
	dbbi_manifest m = {0};
	char object[DBBI_OBJECT_SIZE];
	int rc;

	if (!dbbi_set_id_valid(id))
		return dbbi_error_set(err, DBB_EINVAL,
		    "'%.64s' is not a set's id", id);
	dbbi_set_object(object, id);
	rc = read_object(&m, repo, id, object, with_body, err);
	if (rc < 0) {
		dbbi_manifest_clear(&m);
		if (rc == DBB_EDAMAGED)
			dbbi_error_hint(err, "this set cannot be restored "
			    "unless '%s' is brought back from a copy of the "
			    "store; 'dbb-backup list' shows the others",
			    object);
		return dbbi_error_context(err, rc, "reading '%s'", object);
	}
	*out = m;
	return 0;
}

void
dbbi_manifest_clear(dbbi_manifest *m)
{
	dbbi_json_free(m->head);
	dbbi_json_free(m->body);
	free(m->packs);
	memset(m, 0, sizeof *m);
}

int
dbbi_manifest_has(const dbbi_manifest *m, const dbbi_id *pack)
{
	dbbi_set_pack key = { .name = *pack };

	return m->pack_count > 0 && bsearch(&key, m->packs, m->pack_count,
	    sizeof key, dbbi_set_pack_compare) != NULL;
}
