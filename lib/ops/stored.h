/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stored: the streams of a set that is in the repository, ready to be read.
 */
#ifndef DBBI_STORED_H
#define DBBI_STORED_H

#include "ops/select.h"

typedef struct dbbi_stored_set {
	dbbi_vault vault;
	char id[DBBI_SET_ID_SIZE];
	dbbi_json *head;
	dbbi_json *body;
} dbbi_stored_set;

/* Open the repository, choose the set, read its manifest and the index. */
int dbbi_stored_open(dbbi_stored_set *out, dbbi_ops *ops, const char *set,
    const char *const *sources, dbb_error *err);
void dbbi_stored_close(dbbi_stored_set *stored);

/* One stream, checked. Names are borrowed from the body. */
typedef struct dbbi_stored_stream {
	const char *name;
	const char *kind;
	dbbi_stream_ref ref;
} dbbi_stored_stream;

/* Stream `i` of a source's entry; DBB_EDAMAGED when it is not one. */
int dbbi_stored_stream_at(dbbi_stored_stream *out, const dbbi_json *source,
    size_t i, dbb_error *err);
size_t dbbi_stored_stream_count(const dbbi_json *source);

/* Hand a stream's bytes to `fn`; nonzero from it is DBB_ECANCELED. `count`
 * (may be NULL) is added to. */
int dbbi_stored_send(const dbbi_stored_set *stored,
    const dbbi_stored_stream *stream, dbb_write_fn fn, void *payload,
    _Atomic uint64_t *count, dbb_error *err);

#endif
