/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "repo/seal.h"

#define MAGIC "DBBSET01"
#define INFO "dbbackup set"
#define HEAD_LIMIT (4u << 20)		/* of JSON */
#define BODY_LIMIT (64u << 20)		/* of JSON */
#define SIZE_LIMIT (512u << 20)		/* of the whole */
#define PACK_SIZE (DBBI_SHA256_SIZE + 8)
#define LEVEL 3				/* of zstd */

/* Header: magic 8, cipher u8, 3 zero, set id 32 (NUL-padded), then u32
 * each: head's length, number of packs, body's stored and plain length. */
#define SET_HEADER_SIZE 60

struct layout {
	uint32_t head;
	uint32_t packs;
	uint32_t stored;
	uint32_t plain;
	int sealed;
};

/* What stands before the head, or before the box that it lies in. */
static size_t
start_size(const struct layout *l)
{
	return SET_HEADER_SIZE + (l->sealed ? DBBI_BOX_SIZE : 0);
}

static size_t
front_size(const struct layout *l)
{
	return start_size(l) + l->head + (size_t)l->packs * PACK_SIZE +
	    (l->sealed ? DBBI_WRITER_BOX_EXTRA : 0) + DBBI_SHA256_SIZE;
}

static size_t
body_size(const struct layout *l)
{
	return l->stored + (l->sealed ? DBBI_TAG_SIZE : 0);
}

static int
compare_packs(const void *a, const void *b)
{
	const dbbi_set_pack *x = a, *y = b;

	return memcmp(x->name.bytes, y->name.bytes, sizeof x->name.bytes);
}

static uint32_t
sort_packs(dbbi_set_pack *packs, uint32_t count)
{
	uint32_t kept = 0;

	if (count == 0)
		return 0;
	qsort(packs, count, sizeof *packs, compare_packs);
	for (uint32_t i = 1; i < count; i++) {
		if (compare_packs(&packs[kept], &packs[i]) != 0)
			packs[++kept] = packs[i];
	}
	return kept + 1;
}

/* ---- write ---- */

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
add_header(dbbi_bytes *b, const char *id, const struct layout *l,
    dbb_error *err)
{
	uint8_t start[SET_HEADER_SIZE] = {0};

	memcpy(start, MAGIC, DBBI_MAGIC_SIZE);
	start[8] = l->sealed ? DBBI_CIPHER_SEALED : DBBI_CIPHER_NONE;
	memcpy(start + 12, id, strlen(id));
	dbbi_put_u32(start + 44, l->head);
	dbbi_put_u32(start + 48, l->packs);
	dbbi_put_u32(start + 52, l->stored);
	dbbi_put_u32(start + 56, l->plain);
	return dbbi_bytes_add(b, start, sizeof start, err);
}

static int
add_head(dbbi_bytes *b, const char *head, const struct layout *l,
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
    const struct layout *l, dbb_error *err)
{
	uint8_t key[DBBI_KEY_SIZE];
	dbbi_box box;
	int rc;

	if ((rc = add_header(b, id, l, err)) == 0 && l->sealed &&
	    (rc = dbbi_content_key_make(&box, key, keys, err)) == 0)
		rc = dbbi_bytes_add(b, box.bytes, sizeof box.bytes, err);
	if (rc == 0 && (rc = dbbi_sealed_begin(b, keys, err)) == 0 &&
	    (rc = add_head(b, head, l, packs, err)) == 0 &&
	    (rc = dbbi_sealed_end(b, start_size(l), keys, INFO, err)) == 0)
		rc = add_digest(b, err);
	if (rc == 0 && l->sealed)
		rc = seal_body(body, l->stored, key, b->data, start_size(l),
		    err);
	dbbi_wipe(key, sizeof key);
	if (rc == 0 && (rc = dbbi_bytes_add(b, body, body_size(l),
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
	struct layout l;
	size_t stored;
	int rc;

	dbbi_bytes_init(out, SIZE_LIMIT);
	if (front == NULL || text == NULL)
		return dbbi_error_nomem(err);
	if (strlen(front) > HEAD_LIMIT || strlen(text) > BODY_LIMIT ||
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

/* ---- read ---- */

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
parse_header(struct layout *out, const uint8_t start[SET_HEADER_SIZE],
    const char *id, uint64_t size, uint8_t cipher, dbb_error *err)
{
	struct layout l = { .sealed = cipher == DBBI_CIPHER_SEALED };
	char name[DBBI_SET_ID_SIZE] = {0};
	uint32_t number;
	int rc;

	/* The common header ends with a number, which here is of the id. */
	rc = dbbi_header_get(&number, start, MAGIC, cipher, err);
	if (rc < 0)
		return rc;
	memcpy(name, id, strlen(id));
	if (memcmp(start + 12, name, sizeof name) != 0)
		return damaged(err, "it is the manifest of another set");
	l.head = dbbi_get_u32(start + 44);
	l.packs = dbbi_get_u32(start + 48);
	l.stored = dbbi_get_u32(start + 52);
	l.plain = dbbi_get_u32(start + 56);
	if (l.head > HEAD_LIMIT || l.packs > SIZE_LIMIT / PACK_SIZE ||
	    l.plain > BODY_LIMIT || l.stored > l.plain)
		return damaged(err, "its lengths are not possible");
	if (front_size(&l) + body_size(&l) + DBBI_SHA256_SIZE != size)
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
	for (uint32_t i = 0; i < count; i++, at += PACK_SIZE) {
		memcpy(m->packs[i].name.bytes, at, DBBI_SHA256_SIZE);
		m->packs[i].size = dbbi_get_u32(at + DBBI_SHA256_SIZE);
		m->packs[i].used = dbbi_get_u32(at + DBBI_SHA256_SIZE + 4);
		if (m->packs[i].used > m->packs[i].size)
			return damaged(err, "it uses more of a pack than "
			    "there is");
		if (i > 0 && compare_packs(&m->packs[i - 1],
		    &m->packs[i]) >= 0)
			return damaged(err, "its packs are not in order");
	}
	m->pack_count = count;
	return 0;
}

/* `data` is opened in place. */
static int
parse_front(dbbi_manifest *m, uint8_t *data, const struct layout *l,
    const dbbi_keys *keys, dbb_error *err)
{
	dbbi_cursor front;
	int rc;

	rc = check_digest(data, front_size(l), "its head is not what was "
	    "written", err);
	if (rc == 0)
		rc = dbbi_sealed_open(&front, data, front_size(l) -
		    DBBI_SHA256_SIZE, start_size(l), keys, INFO, err);
	if (rc < 0)
		return rc;
	if ((rc = parse_packs(m, front.at + l->head, l->packs, err)) < 0)
		return rc;
	return dbbi_json_parse(&m->head, (const char *)front.at, l->head,
	    err);
}

/* Open the body in place. */
static int
open_body(uint8_t *data, const struct layout *l, const dbbi_keys *keys,
    dbb_error *err)
{
	uint8_t *body = data + front_size(l), key[DBBI_KEY_SIZE];
	dbbi_aead *aead = NULL;
	dbbi_box box;
	int rc;

	if (!l->sealed)
		return 0;
	memcpy(box.bytes, data + SET_HEADER_SIZE, sizeof box.bytes);
	if ((rc = dbbi_content_key_open(key, &box, keys, err)) == 0 &&
	    (rc = dbbi_aead_new(&aead, err)) == 0 &&
	    (rc = dbbi_aead_key(aead, key, err)) == 0)
		rc = dbbi_aead_open(aead, body, dbbi_nonce_once, data,
		    start_size(l), body, body_size(l), err);
	dbbi_aead_free(aead);
	dbbi_wipe(key, sizeof key);
	return rc;
}

static int
parse_body(dbbi_manifest *m, const uint8_t *stored, const struct layout *l,
    dbb_error *err)
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
    const struct layout *l, const dbbi_keys *keys, int with_body,
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
	return parse_body(m, data + front_size(l), l, err);
}

static int
read_object(dbbi_manifest *m, dbbi_repo *repo, const char *id,
    const char *object, int with_body, dbb_error *err)
{
	dbb_object stat = { .size = sizeof stat };
	uint8_t start[SET_HEADER_SIZE], *data = NULL;
	struct layout l = {0};
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
	size = with_body ? (size_t)stat.size_bytes : front_size(&l);
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
	    sizeof key, compare_packs) != NULL;
}

const dbbi_json *
dbbi_manifest_document(const dbbi_manifest *m)
{
	return m->body != NULL ? m->body : m->head;
}

static int
get_ref(dbbi_stream_ref *out, const dbbi_json *stream, int in_body,
    dbb_error *err)
{
	return in_body ? dbbi_stream_ref_get(out, stream, err) :
	    dbbi_stream_ref_get_place(out, stream, err);
}

int
dbbi_manifest_stream(dbbi_stream_ref *out, const dbbi_manifest *m,
    const dbbi_json *stream, dbb_error *err)
{
	return get_ref(out, stream, m->body != NULL, err);
}

static int
go_through(const dbbi_json *document, int is_body, dbbi_stream_fn fn,
    void *payload, dbb_error *err)
{
	dbbi_json *sources = dbbi_json_array(document, "sources");
	dbbi_json *streams;
	dbbi_stream_ref ref;
	int rc;

	for (size_t i = 0; i < dbbi_json_count(sources); i++) {
		streams = dbbi_json_array(dbbi_json_at(sources, i),
		    "streams");
		for (size_t k = 0; k < dbbi_json_count(streams); k++) {
			rc = get_ref(&ref, dbbi_json_at(streams, k), is_body,
			    err);
			if (rc == 0)
				rc = fn(&ref, payload, err);
			if (rc != 0)
				return rc;
		}
	}
	return 0;
}

int
dbbi_manifest_each(const dbbi_manifest *m, dbbi_stream_fn fn, void *payload,
    dbb_error *err)
{
	return go_through(dbbi_manifest_document(m), m->body != NULL, fn,
	    payload, err);
}

int
dbbi_manifest_streams(const dbbi_json *body, dbbi_stream_fn fn,
    void *payload, dbb_error *err)
{
	return go_through(body, 1, fn, payload, err);
}
