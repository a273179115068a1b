/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * repo_fixture: a repository in a memory store that can be made to fail,
 * and streams of bytes to put into it.
 */
#ifndef REPO_FIXTURE_H
#define REPO_FIXTURE_H

#include <check.h>
#include <stdatomic.h>

#include "repo/repository.h"

/* How the store behaves; counted down by its calls. */
struct faults {
	atomic_int puts_until_full;	/* 0: none fails; 1: the next … */
	atomic_int put_delay_ms;
	atomic_int parallel;		/* puts at once that it likes; 0: 1 */
	atomic_int under_way;		/* puts of packs, now */
	atomic_int at_once;		/* and the most of them that were seen */
	atomic_int puts;		/* seen, for "packs/" */
	atomic_int changes_until_broken;	/* 0: none fails; 1: the next
					   put or removal, and all after */
	atomic_int lists_until_empty;	/* of sets; 1: the next one is */
	atomic_int reads;		/* seen, of "packs/" */
	_Atomic uint64_t bytes_read;	/* asked for by these */
	_Atomic uint64_t furthest_read;	/* end of the furthest byte */
};

struct repo_fixture {
	struct faults faults;
	dbbi_store_registry *registry;
	dbbi_store *store;
	dbbi_run run;
	dbbi_repo *repo;
	dbb_error err;
};

extern struct repo_fixture fx;

/* Every test runs twice, once with a sealed repository: 1 then, from
 * repo_case on. */
extern int repo_sealed;
const dbbi_keys *repo_keys(void);	/* its keys, always the same; or NULL */
uint8_t repo_cipher(void);

/* A repository with small pieces (256, 1,024, 4,096), opened. */
void repo_set_up(void);
/* The same with the sizes that a user gets. */
void repo_set_up_real(void);
void repo_tear_down(void);

/* Close it and open it again, as the next process would. */
void repo_reopen(void);

/* The call succeeded; else its message fails the test. */
void repo_ok(int rc);

/* Text-like bytes that depend on `seed`; to free(3). */
uint8_t *repo_bytes(size_t size, uint32_t seed);

/* A reader over borrowed bytes, that gives at most `most` at once. After
 * `fail_at` bytes it fails with DBB_ESOURCE (SIZE_MAX: never). */
dbbi_reader *repo_reader(const uint8_t *data, size_t size, size_t most,
    size_t fail_at);

/* Write bytes as a stream with a writer of their own, flushed. */
dbbi_stream_ref repo_write(const uint8_t *data, size_t size);
/* The same, as what became of an earlier stream (NULL: none). */
dbbi_stream_ref repo_write_again(const dbbi_stream_ref *base,
    const uint8_t *data, size_t size);

/* Read a stream back and compare; what the reading returned. */
int repo_read_back(const dbbi_stream_ref *ref, const uint8_t *data,
    size_t size);

/* Commit a set of one stream, or of several. */
void repo_write_set(const char *id, const dbbi_stream_ref *ref);
void repo_write_sets(const char *id, const dbbi_stream_ref *refs,
    size_t count);

/* The name of the only, or first, object with a prefix; static storage. */
const char *repo_object(const char *prefix);
size_t repo_count(const char *prefix);

/* Flip a bit of an object, or take bytes from its end; fx.err stays. */
void repo_flip(const char *object, size_t byte, unsigned bit);
void repo_cut(const char *object, size_t by);
size_t repo_size(const char *object);

/* A test case with the fixture around each test (NULL: none, and each test
 * runs only once), and the run of it: main's result. */
TCase *repo_case(const char *name, void (*set_up)(void),
    void (*tear_down)(void));
int repo_run(const char *name, TCase *tc);

#endif
