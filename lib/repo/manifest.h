/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * manifest: a set's object in the store.
 *
 *	header  head (JSON)  packs  SHA-256 of all so far
 *	body (JSON, zstd)  SHA-256 of all before
 *
 * So the head and the packs can be read, and proven, without the body. In a
 * sealed repository the content box stands behind the header, head and packs
 * lie in a writer box, and only a full key opens the body.
 */
#ifndef DBBI_MANIFEST_H
#define DBBI_MANIFEST_H

#include "repo/repository.h"

typedef struct dbbi_set_pack {
	dbbi_id name;
	uint32_t size;
	uint32_t used;		/* bytes of it that the set's chunks take */
} dbbi_set_pack;

typedef struct dbbi_manifest {
	dbbi_json *head;
	dbbi_json *body;	/* NULL when only the head was read */
	dbbi_set_pack *packs;	/* sorted by name, each once */
	uint32_t pack_count;
} dbbi_manifest;

/* Encode; `*out` is to be cleared. `packs` need not be sorted. `keys`: NULL
 * in an open repository. */
int dbbi_manifest_encode(dbbi_bytes *out, const dbbi_keys *keys,
    const char *id, dbbi_json *head, dbbi_json *body, dbbi_set_pack *packs,
    uint32_t pack_count, dbb_error *err);

/* Read a set: only its head (0); its body, too (1), which is DBB_EKEY with a
 * key that can only write; or as much as the key at hand opens, and the rest
 * proven by its digest. */
#define DBBI_WHAT_OPENS 2
int dbbi_manifest_read(dbbi_manifest *out, dbbi_repo *repo, const char *id,
    int with_body, dbb_error *err);
void dbbi_manifest_clear(dbbi_manifest *manifest);

/* Is the pack among these? */
int dbbi_manifest_has(const dbbi_manifest *manifest, const dbbi_id *pack);

/* Every stream of a body: nonzero stops and is returned. */
typedef int (*dbbi_stream_fn)(const dbbi_stream_ref *ref, void *payload,
    dbb_error *err);
int dbbi_manifest_streams(const dbbi_json *body, dbbi_stream_fn fn,
    void *payload, dbb_error *err);

/* The same by what was read: the body, or else the head, which tells no
 * digests. */
int dbbi_manifest_each(const dbbi_manifest *manifest, dbbi_stream_fn fn,
    void *payload, dbb_error *err);

/* Where one stream's content is, by an entry of the document that
 * dbbi_manifest_each goes through. */
int dbbi_manifest_stream(dbbi_stream_ref *out, const dbbi_manifest *manifest,
    const dbbi_json *stream, dbb_error *err);
const dbbi_json *dbbi_manifest_document(const dbbi_manifest *manifest);

#endif
