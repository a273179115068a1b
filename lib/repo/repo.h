/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * repo: the repository, all that lib/ops needs of it. Format 1 is described
 * in doc/format.md. It knows stores, not databases.
 *
 *	reader -> pieces -> known? -> list of pieces
 *	                \-> chunk -> known? -> zstd -> pack -> store
 *
 * Threads: an open repository may be read by several threads; a writer takes
 * several streams at once, each from a thread of its own.
 */
#ifndef DBBI_REPO_H
#define DBBI_REPO_H

#include "store/store.h"
#include "util/json.h"
#include "util/reader.h"
#include "util/run.h"
#include "util/sha256.h"
#include "util/text.h"

typedef struct dbbi_repo dbbi_repo;

typedef struct dbbi_id {
	uint8_t bytes[DBBI_SHA256_SIZE];
} dbbi_id;

/* ---- open (repository.c) ---- */

/* Make a repository in `store`, sealed with a first key that this passphrase
 * opens (NULL: not sealed); DBB_EEXIST when one is there. */
int dbbi_repo_create(dbbi_store *store, const char *passphrase,
    dbb_error *err);

/* What opens a sealed repository: at most one of both. */
typedef struct dbbi_repo_secret {
	const char *passphrase;
	const char *key_file;
} dbbi_repo_secret;

/*
 * Open it: DBB_ENOREPO when there is none, DBB_EVERSION when a newer library
 * made it, DBB_EDAMAGED when repository.json is not what it should be. With
 * `secret` (NULL: none is configured) just when it is sealed, else
 * DBB_ECONFIG; what is wrong with it is said as by dbbi_keyring_unlock.
 * `store` is borrowed and must outlive it.
 */
int dbbi_repo_open(dbbi_repo **out, dbbi_store *store,
    const dbbi_repo_secret *secret, dbbi_run *run, dbb_error *err);
void dbbi_repo_free(dbbi_repo *repo);
const char *dbbi_repo_id(const dbbi_repo *repo);	/* 32 hex digits */

/* Its keys, borrowed; NULL: it is not sealed. */
const struct dbbi_keys *dbbi_repo_keys(const dbbi_repo *repo);

/* Can contents be read? Not with a key that can only write. */
int dbbi_repo_can_read(const dbbi_repo *repo);

/* Load all index segments, once, before any stream is read or written, and
 * look which of their packs the store has: what lies only in others is
 * stored anew when it comes again. Memory: 64 bytes a chunk. */
int dbbi_repo_load_index(dbbi_repo *repo, dbb_error *err);

/* ---- write (writer.c) ---- */

typedef struct dbbi_repo_writer dbbi_repo_writer;

/* A stream as the manifest keeps it. */
typedef struct dbbi_stream_ref {
	dbbi_id root;		/* the list of its chunks, or list of lists */
	uint32_t depth;		/* 1: root lists chunks; 2: lists of them … */
	uint64_t size_bytes;	/* plain */
	uint8_t sha256[DBBI_SHA256_SIZE];	/* of the whole plain content */
} dbbi_stream_ref;

typedef struct dbbi_writer_stats {
	uint64_t read_bytes;	/* plain, so far */
	uint64_t stored_bytes;	/* packs, so far, in the store */
	uint64_t chunks;
	uint64_t new_chunks;
} dbbi_writer_stats;

typedef struct dbbi_writer_options {
	int compression;	/* zstd level; 0: store as is; or: */
#define DBBI_COMPRESSION_AUTO -1	/* 3, and 2 while compressing is what
					   the others wait for */
	unsigned threads;	/* compressors; 0: one a core */
	int skip_verify;	/* 1: what was compressed is not unpacked
				   and compared before it is packed */
} dbbi_writer_options;

/* Loads the index, and starts the compressors and the packer. */
int dbbi_repo_writer_new(dbbi_repo_writer **out, dbbi_repo *repo,
    const dbbi_writer_options *options, dbb_error *err);

/*
 * Store all that `in` gives. Called from several threads at once for
 * several streams. `base` (may be NULL) is the same stream of an earlier
 * set: where the two are alike, pieces of some KiB are not stored again;
 * without it only whole chunks are. A base that cannot be read is passed
 * over. `progress` (may be NULL) is added to as bytes are read. A failure
 * anywhere in the writer fails all streams.
 */
int dbbi_repo_write_stream(dbbi_stream_ref *out, dbbi_repo_writer *writer,
    dbbi_reader *in, const dbbi_stream_ref *base,
    _Atomic uint64_t *progress, dbb_error *err);

/* Wait until every chunk is in a pack in the store, and write the index
 * segments. Chunks may be read back afterwards; streams may follow. */
int dbbi_repo_writer_flush(dbbi_repo_writer *writer, dbb_error *err);

void dbbi_repo_writer_stats(dbbi_writer_stats *out,
    dbbi_repo_writer *writer);

/* Stops the threads; what was not flushed is dropped. NULL is allowed. */
void dbbi_repo_writer_free(dbbi_repo_writer *writer);

/* ---- read (stream_reader.c) ---- */

/* The plain bytes of a stream, fetched ahead and decompressed by `threads`
 * (0: one a core, and more where the store is far), each chunk checked against
 * its id before it is given and the whole against `ref->sha256` before the end
 * is given: DBB_EDAMAGED. */
int dbbi_repo_read_stream(dbbi_reader **out, dbbi_repo *repo,
    const dbbi_stream_ref *ref, unsigned threads, dbb_error *err);

/* The same, given to `fn` where they lie. A failure may come after bytes were
 * given: only DBB_OK says that they are the stream. */
int dbbi_repo_send_stream(dbbi_repo *repo, const dbbi_stream_ref *ref,
    dbb_write_fn fn, void *payload, dbb_error *err);

/* ---- sets (manifest.c) ---- */

#define DBBI_SET_ID_SIZE 32

/* A new id for a set that begins at `at_ms`: "20261122T020000Z-7f3a". */
int dbbi_set_id_new(char out[DBBI_SET_ID_SIZE], int64_t at_ms,
    dbb_error *err);
int dbbi_set_id_valid(const char *id);

/*
 * Write a set: the commit. `head` is a JSON object small enough to list by,
 * `body` the whole of it; the packs that its streams' chunks lie in are
 * found here and put into the head. All must be flushed. The body's streams
 * are found under /sources/N/streams/M by dbbi_stream_ref_get.
 */
int dbbi_set_write(dbbi_repo *repo, const char *id, dbbi_json *head,
    dbbi_json *body, dbb_error *err);

/* What became of the locks of older objects that the set needs. */
typedef struct dbbi_protection {
	uint32_t count;		/* that were to be extended */
	uint32_t failed;	/* that could not be */
	dbb_error why;		/* the first of these */
} dbbi_protection;

/* The same; before the commit, locks are extended where the store locks. */
int dbbi_set_write_protected(dbbi_protection *protection, dbbi_repo *repo,
    const char *id, dbbi_json *head, dbbi_json *body, dbb_error *err);

/* Stream references in the body's JSON: members root, depth, size_bytes,
 * sha256. Get checks every one of them: DBB_EDAMAGED. */
int dbbi_stream_ref_put(dbbi_json *stream, const dbbi_stream_ref *ref,
    dbb_error *err);
int dbbi_stream_ref_get(dbbi_stream_ref *out, const dbbi_json *stream,
    dbb_error *err);

/* The same in a head, without the digest of the content: enough to find its
 * lists, which a machine with a key that can only write reads. Get leaves the
 * digest zero. */
int dbbi_stream_ref_put_place(dbbi_json *stream, const dbbi_stream_ref *ref,
    dbb_error *err);
int dbbi_stream_ref_get_place(dbbi_stream_ref *out, const dbbi_json *stream,
    dbb_error *err);

/* Read a set's head only, or all of it (`body` not NULL). The caller frees
 * the documents. DBB_ENOTFOUND, DBB_EDAMAGED, DBB_EVERSION. */
int dbbi_set_read(dbbi_json **head, dbbi_json **body, dbbi_repo *repo,
    const char *id, dbb_error *err);

/* Read a set's head, and when it was last verified: the time of the oldest
 * proof of its packs, or 0 when one was not read whole and found good since
 * the set was made. */
struct dbbi_proofs;
int dbbi_set_read_verified(dbbi_json **head, int64_t *verified_at_ms,
    dbbi_repo *repo, const struct dbbi_proofs *proofs, const char *id,
    dbb_error *err);

/* Read a set's head, and is the store's every pack there that it names? To
 * be called with the index loaded. */
int dbbi_set_head(dbbi_json **head, int *whole, dbbi_repo *repo,
    const char *id, dbb_error *err);

/* Ids of all sets, oldest first. Names that are no ids are passed over. */
int dbbi_set_ids(dbbi_list *out, dbbi_repo *repo, dbb_error *err);

/* ---- verify (check.c) ---- */

/* One damaged or missing thing. */
typedef struct dbbi_damage {
	const char *set;
	const char *object;	/* its name in the store */
	const char *source;	/* whose stream cannot be read for it; NULL: */
	const char *stream;	/* no stream needs what is damaged of it */
	const char *error;
	int of_index;		/* the index is at fault, not the data */
} dbbi_damage;

typedef struct dbbi_check_options {
	unsigned read_percent;	/* 0: look only; else how much of what the
				   sets need is read, 100: all of it */
	/* Told of damage, and of each stream of a set with damage that can be
	 * read all the same (may be NULL). Nonzero stops. */
	int (*damage)(const dbbi_damage *damage, void *payload);
	int (*whole)(const char *set, const char *source, const char *stream,
	    void *payload);
	void *payload;
	_Atomic uint64_t *progress;	/* bytes read; may be NULL */
} dbbi_check_options;

typedef struct dbbi_check_stats {
	uint64_t packs;
	uint64_t packs_read;
	uint64_t bytes_read;
	uint64_t unproven;	/* packs that were never read by a check */
	int64_t oldest_proof_ms;	/* of the others; 0: there are none */
} dbbi_check_stats;

/*
 * Is every pack that these sets need there, with its size, from one listing
 * of the store, and does the index know them? One that is not is damage of
 * the sets with a chunk that lay there and is in no other pack that is.
 *
 * With `read_percent` packs are read, that many of a hundred bytes and those
 * first whose last proof is oldest: their bytes against their names, each
 * chunk against its id; and all lists. A proof is written of those that are
 * good (repo/proofs.h). Damage is told and is not a failure of the call.
 */
int dbbi_repo_check(dbbi_check_stats *out, dbbi_repo *repo,
    const dbbi_list *sets, const dbbi_check_options *options,
    dbb_error *err);

#endif
