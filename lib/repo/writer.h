/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * writer: the pipeline, as its files see it.
 *
 *	streams (threads of the caller)   writer_stream.c   read, cut, hash,
 *	   |                                                gather to chunks
 *	   | ring of slots, in order
 *	compressors                       writer_ring.c
 *	   | the same slots
 *	packer                            writer_packer.c   fills a pack
 *	   | one full pack
 *	uploaders                         writer_upload.c   name and store;
 *	                                                    more than one where
 *	                                                    the store is faster
 *	                                                    for it
 *
 * A chunk that is new changes hands with its buffer and is not copied; slots
 * are taken and given back in order, so that packs hold chunks in the order of
 * the streams. All is bounded: who has no room waits. The first failure is
 * kept, wakes everybody, and is what every call returns from then on.
 */
#ifndef DBBI_WRITER_H
#define DBBI_WRITER_H

#include <stdatomic.h>

#include "repo/gather.h"
#include "repo/pack.h"
#include "repo/repository.h"
#include "util/threads.h"

#define DBBI_UPLOADERS_MAX 3u	/* each has a pack in memory */

enum dbbi_slot_state {
	DBBI_SLOT_FREE,
	DBBI_SLOT_TAKEN,	/* a stream is filling it */
	DBBI_SLOT_FILLED,
	DBBI_SLOT_PACKED	/* or left as it is */
};

struct dbbi_slot {
	enum dbbi_slot_state state;
	dbbi_entry entry;
	uint8_t *buffer;	/* slot_bytes; goes round between streams,
				   slots and compressors */
	uint8_t *bytes;		/* in it: plain, and once it is packed the
				   stored form */
};

struct dbbi_repo_writer {
	dbbi_repo *repo;
	int level;			/* of zstd; 0: none */
	int verify;			/* unpack and compare what it made */

	pthread_mutex_t mutex;		/* for all down to `spares` */
	pthread_cond_t room;		/* a slot is free */
	pthread_cond_t filled;		/* a slot is to be compressed */
	pthread_cond_t packed;		/* a slot or a flush is to be packed */
	pthread_cond_t full;		/* a pack is to be stored */
	pthread_cond_t stored;		/* one was, or a flush was packed */
	int stop;
	int failed;
	dbb_error failure;
	uint64_t head;			/* slots packed */
	uint64_t next;			/* given to compressors */
	uint64_t tail;			/* taken by streams */
	int flush;			/* end the pack once head is there: */
	uint64_t flush_at;
	unsigned storing;		/* packs */
	dbbi_pack *waiting;		/* full, to be stored */
	dbbi_pack *spares[DBBI_UPLOADERS_MAX];	/* empty */
	unsigned spare_count;

	struct dbbi_slot *slots;
	size_t slot_count;
	size_t slot_bytes;
	dbbi_pack *packs[DBBI_UPLOADERS_MAX + 1];	/* owner of all: one to
					   fill, one for each uploader */
	unsigned pack_count;

	pthread_mutex_t segment_mutex;
	dbbi_segment segment;		/* of packs that are in the store */
	uint32_t stored_packs;		/* by this run */
	uint32_t unindexed;		/* packs from here on are in no segment
					   of the store */

	pthread_t *compressors;
	size_t compressor_count;	/* that were started */
	pthread_t packer;
	int has_packer;
	pthread_t uploaders[DBBI_UPLOADERS_MAX];
	unsigned uploader_count;	/* that were started */
	int conditions;			/* that were made */

	_Atomic uint64_t read_bytes;
	_Atomic uint64_t stored_bytes;
	_Atomic uint64_t chunks;
	_Atomic uint64_t new_chunks;
};

/* Keep the first failure and wake everybody. Not with the mutex held. */
void dbbi_writer_fail(dbbi_repo_writer *w, const dbb_error *cause);

/* The failure that was kept, or that of the run; 0 when there is none. With
 * the mutex held. */
int dbbi_writer_check(dbbi_repo_writer *w, dbb_error *err);

/* Write the index segment. With the segment's mutex held. */
int dbbi_writer_end_segment(dbbi_repo_writer *w, dbb_error *err);

/* Put a chunk into the ring, unless it is stored already (`*known`); waits
 * for room. Its bytes are copied. */
int dbbi_writer_push(int *known, dbbi_repo_writer *w,
    const dbbi_gathered *chunk, uint8_t kind, dbb_error *err);

/* The zstd level for the next chunk, where `waiting` of `slots` are to be
 * compressed. When many wait, the cores are what a backup is held up by:
 * level 2 is 1.4 times as fast as 3 and stores 4 % more (pg_dump's text in
 * chunks of 1 MiB). */
int dbbi_writer_level(int asked, uint64_t waiting, size_t slots);

/* The threads; the argument is the writer. */
void *dbbi_writer_compress(void *argument);
void *dbbi_writer_pack(void *argument);
void *dbbi_writer_upload(void *argument);

#endif
