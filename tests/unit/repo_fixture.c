/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "repo/seal.h"
#include "suite.h"

struct repo_fixture fx;
int repo_sealed;
static pid_t sealed_run;	/* of the same program */

/* ---- the store that fails ---- */

struct faulty_put {
	void *put;
	int is_pack;
};

static void
pause_ms(int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	if (ms > 0)
		nanosleep(&t, NULL);
}

static int
faulty_open(void **out, const char *url, uint32_t flags,
    const dbb_store_env *env, void *payload, dbb_error *err)
{
	(void)url;
	return dbbi_store_memory.open(out, "memory:", flags, env, payload,
	    err);
}

static void
faulty_close(void *store)
{
	dbbi_store_memory.close(store);
}

/* Is this the change at which the store broke, or one after it? */
static int
is_broken(void)
{
	int left = atomic_load(&fx.faults.changes_until_broken);

	if (left > 1)
		atomic_fetch_sub(&fx.faults.changes_until_broken, 1);
	return left == 1;
}

static int
faulty_put_begin(void **out, void *store, const char *name, uint64_t hint,
    uint32_t flags, dbb_error *err)
{
	struct faulty_put *p = calloc(1, sizeof *p);
	int rc;

	ck_assert_ptr_nonnull(p);
	p->is_pack = strncmp(name, "packs/", 6) == 0;
	rc = dbbi_store_memory.put_begin(&p->put, store, name, hint, flags,
	    err);
	if (rc < 0)
		free(p);
	else
		*out = p;
	return rc;
}

static int
faulty_put_write(void *put, const void *data, size_t size, dbb_error *err)
{
	struct faulty_put *p = put;

	return dbbi_store_memory.put_write(p->put, data, size, err);
}

static void
pause_put(const struct faulty_put *p)
{
	int now, most = atomic_load(&fx.faults.at_once);

	now = p->is_pack ? atomic_fetch_add(&fx.faults.under_way, 1) + 1 : 0;
	while (now > most && !atomic_compare_exchange_weak(
	    &fx.faults.at_once, &most, now))
		;
	pause_ms(atomic_load(&fx.faults.put_delay_ms));
	if (p->is_pack)
		atomic_fetch_sub(&fx.faults.under_way, 1);
}

static int
faulty_put_commit(void *put, dbb_error *err)
{
	struct faulty_put *p = put;

	if (p->is_pack)
		atomic_fetch_add(&fx.faults.puts, 1);
	if (is_broken())
		return dbb_error_set(err, DBB_EIO, "the store broke", NULL);
	pause_put(p);
	if (atomic_load(&fx.faults.puts_until_full) > 0 &&
	    atomic_fetch_sub(&fx.faults.puts_until_full, 1) == 1)
		return dbb_error_set(err, DBB_ENOSPC,
		    "no space left on device", NULL);
	return dbbi_store_memory.put_commit(p->put, err);
}

static void
faulty_put_free(void *put)
{
	struct faulty_put *p = put;

	dbbi_store_memory.put_free(p->put);
	free(p);
}

static int
faulty_read(size_t *got, void *store, const char *name, uint64_t offset,
    void *buffer, size_t size, dbb_error *err)
{
	if (strncmp(name, "packs/", 6) == 0) {
		atomic_fetch_add(&fx.faults.reads, 1);
		atomic_fetch_add(&fx.faults.bytes_read, size);
	}
	if (offset + size > atomic_load(&fx.faults.furthest_read))
		atomic_store(&fx.faults.furthest_read, offset + size);
	return dbbi_store_memory.read(got, store, name, offset, buffer, size,
	    err);
}

static int
faulty_stat(dbb_object *out, void *store, const char *name, dbb_error *err)
{
	return dbbi_store_memory.stat(out, store, name, err);
}

static int
faulty_list(void *store, const char *prefix, dbb_list_fn fn, void *payload,
    dbb_error *err)
{
	if (strcmp(prefix, "sets/") == 0 &&
	    atomic_load(&fx.faults.lists_until_empty) > 0 &&
	    atomic_fetch_sub(&fx.faults.lists_until_empty, 1) == 1)
		return 0;
	return dbbi_store_memory.list(store, prefix, fn, payload, err);
}

static int
faulty_remove(void *store, const char *name, dbb_error *err)
{
	if (is_broken())
		return dbb_error_set(err, DBB_EIO, "the store broke", NULL);
	return dbbi_store_memory.remove(store, name, err);
}

static unsigned
faulty_parallel(void *store)
{
	(void)store;
	return (unsigned)atomic_load(&fx.faults.parallel);
}

static const dbb_store_driver faulty = {
	.size = sizeof(dbb_store_driver),
	.scheme = "faulty",
	.open = faulty_open,
	.close = faulty_close,
	.put_begin = faulty_put_begin,
	.put_write = faulty_put_write,
	.put_commit = faulty_put_commit,
	.put_free = faulty_put_free,
	.read = faulty_read,
	.stat = faulty_stat,
	.list = faulty_list,
	.remove = faulty_remove,
	.parallel = faulty_parallel,
};

/* ---- the fixture ---- */

void
repo_ok(int rc)
{
	ck_assert_msg(rc == DBB_OK, "%d: %s", rc, fx.err.message);
}

const dbbi_keys *
repo_keys(void)
{
	static const uint8_t writer[DBBI_KEY_SIZE] = "a writer key for tests";
	static const uint8_t private_key[DBBI_KEY_SIZE] = "a private key";
	static dbbi_keys keys;

	if (!repo_sealed)
		return NULL;
	if (!keys.can_read)
		repo_ok(dbbi_keys_full(&keys, writer, private_key, &fx.err));
	return &keys;
}

uint8_t
repo_cipher(void)
{
	return dbbi_seal_cipher(repo_keys());
}

static void
open_store(void)
{
	memset(&fx, 0, sizeof fx);
	repo_ok(dbbi_store_registry_new(&fx.registry, &fx.err));
	repo_ok(dbbi_store_registry_add(fx.registry, &faulty, NULL,
	    &fx.err));
	repo_ok(dbbi_store_open(&fx.store, fx.registry, "faulty:", 0,
	    &fx.err));
	repo_ok(dbbi_run_init(&fx.run, &fx.err));
}

static void
create(uint32_t min, uint32_t average, uint32_t max)
{
	dbbi_repo_params params = { .grace_s = DBBI_GRACE_S };

	params.chunker = (dbbi_chunker_params){ .seed = "a seed for tests",
	    .min_bytes = min, .average_bytes = average, .max_bytes = max };
	open_store();
	repo_ok(dbbi_repo_create_with(fx.store, &params, repo_keys(),
	    &fx.err));
	repo_reopen();
}

void
repo_set_up(void)
{
	create(256, 1024, 4096);
}

void
repo_set_up_real(void)
{
	create(2048, 8192, 32768);
}

void
repo_tear_down(void)
{
	dbbi_repo_free(fx.repo);
	dbbi_run_clear(&fx.run);
	dbbi_store_close(fx.store);
	dbbi_store_registry_free(fx.registry);
}

void
repo_reopen(void)
{
	dbbi_repo_free(fx.repo);
	fx.repo = NULL;
	repo_ok(dbbi_repo_open_with(&fx.repo, fx.store, repo_keys(), &fx.run,
	    &fx.err));
}

/* ---- bytes ---- */

uint8_t *
repo_bytes(size_t size, uint32_t seed)
{
	static const char *const words[] = { "customer ", "order\t", "2026-",
	    "street\n", "the ", "of ", "\\N\t", "true\t" };
	uint8_t *data = malloc(size + 16);
	uint32_t x = seed * 2654435761u + 1;
	size_t at = 0;

	ck_assert_ptr_nonnull(data);
	while (at < size) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		if (x & 0x100) {
			memcpy(data + at, words[x & 7],
			    strlen(words[x & 7]));
			at += strlen(words[x & 7]);
		} else {
			data[at++] = (uint8_t)('0' + (x >> 10) % 64);
		}
	}
	return data;
}

struct bytes_reader {
	dbbi_reader base;
	const uint8_t *data;
	size_t size;
	size_t at;
	size_t most;
	size_t fail_at;
};

static int
read_bytes(size_t *got, dbbi_reader *reader, void *buffer, size_t size,
    dbb_error *err)
{
	struct bytes_reader *r = (struct bytes_reader *)reader;
	size_t n = r->size - r->at;

	if (r->at >= r->fail_at)
		return dbbi_error_set(err, DBB_ESOURCE, "pg_dump was killed");
	n = n < size ? n : size;
	n = n < r->most ? n : r->most;
	n = n < r->fail_at - r->at ? n : r->fail_at - r->at;
	if (n > 0)
		memcpy(buffer, r->data + r->at, n);
	r->at += n;
	*got = n;
	return 0;
}

static void
free_bytes_reader(dbbi_reader *reader)
{
	free(reader);
}

dbbi_reader *
repo_reader(const uint8_t *data, size_t size, size_t most, size_t fail_at)
{
	struct bytes_reader *r = calloc(1, sizeof *r);

	ck_assert_ptr_nonnull(r);
	r->base.read = read_bytes;
	r->base.free = free_bytes_reader;
	r->data = data;
	r->size = size;
	r->most = most;
	r->fail_at = fail_at;
	return &r->base;
}

/* ---- there and back ---- */

dbbi_stream_ref
repo_write_again(const dbbi_stream_ref *base, const uint8_t *data,
    size_t size)
{
	dbbi_writer_options options = { .compression = 3, .threads = 2 };
	dbbi_reader *in = repo_reader(data, size, 10000, SIZE_MAX);
	dbbi_repo_writer *writer = NULL;
	dbbi_stream_ref ref;

	repo_ok(dbbi_repo_writer_new(&writer, fx.repo, &options, &fx.err));
	repo_ok(dbbi_repo_write_stream(&ref, writer, in, base, NULL,
	    &fx.err));
	repo_ok(dbbi_repo_writer_flush(writer, &fx.err));
	dbbi_repo_writer_free(writer);
	dbbi_reader_free(in);
	return ref;
}

dbbi_stream_ref
repo_write(const uint8_t *data, size_t size)
{
	return repo_write_again(NULL, data, size);
}

int
repo_read_back(const dbbi_stream_ref *ref, const uint8_t *data, size_t size)
{
	dbbi_reader *r = NULL;
	uint8_t block[70000];
	size_t at = 0, got = 0;
	int rc;

	rc = dbbi_repo_read_stream(&r, fx.repo, ref, 2, &fx.err);
	while (rc == 0 && (rc = dbbi_reader_read(&got, r, block,
	    sizeof block, &fx.err)) == 0 && got > 0) {
		ck_assert_uint_le(got, size - at);
		ck_assert_int_eq(memcmp(block, data + at, got), 0);
		at += got;
	}
	if (rc == 0)
		ck_assert_uint_eq(at, size);
	dbbi_reader_free(r);
	return rc;
}

/* A head's or a body's one source. */
static dbbi_json *
describe_source(const dbbi_stream_ref *refs, size_t count, int in_head)
{
	dbbi_json *sources = dbbi_json_new_array();
	dbbi_json *source = dbbi_json_new_object();
	dbbi_json *streams = dbbi_json_new_array();
	dbbi_json *stream;

	for (size_t i = 0; i < count; i++) {
		stream = dbbi_json_new_object();
		repo_ok(in_head ?
		    dbbi_stream_ref_put_place(stream, &refs[i], &fx.err) :
		    dbbi_stream_ref_put(stream, &refs[i], &fx.err));
		repo_ok(dbbi_json_append(streams, stream));
	}
	repo_ok(dbbi_json_set(source, "streams", streams));
	repo_ok(dbbi_json_append(sources, source));
	return sources;
}

void
repo_write_sets(const char *id, const dbbi_stream_ref *refs, size_t count)
{
	dbbi_json *head = dbbi_json_new_object();
	dbbi_json *body = dbbi_json_new_object();

	repo_ok(dbbi_json_set_string(head, "status", "completed"));
	repo_ok(dbbi_json_set(head, "sources",
	    describe_source(refs, count, 1)));
	repo_ok(dbbi_json_set(body, "sources",
	    describe_source(refs, count, 0)));
	repo_ok(dbbi_set_write(fx.repo, id, head, body, &fx.err));
	dbbi_json_free(head);
	dbbi_json_free(body);
}

void
repo_write_set(const char *id, const dbbi_stream_ref *ref)
{
	repo_write_sets(id, ref, 1);
}

/* ---- objects ---- */

struct listing {
	char first[DBBI_OBJECT_SIZE];
	size_t count;
};

static int
note(const dbb_object *object, void *payload)
{
	struct listing *listing = payload;

	if (listing->count++ == 0)
		snprintf(listing->first, sizeof listing->first, "%s",
		    object->name);
	return 0;
}

const char *
repo_object(const char *prefix)
{
	static struct listing listing;

	memset(&listing, 0, sizeof listing);
	repo_ok(dbbi_store_list(fx.store, prefix, note, &listing, &fx.err));
	ck_assert_uint_gt(listing.count, 0);
	return listing.first;
}

size_t
repo_count(const char *prefix)
{
	struct listing listing = { .count = 0 };

	repo_ok(dbbi_store_list(fx.store, prefix, note, &listing, &fx.err));
	return listing.count;
}

static uint8_t *
load(size_t *size, const char *object)
{
	uint8_t *data = NULL;

	repo_ok(dbbi_store_load(&data, size, fx.store, object, 1u << 30,
	    &fx.err));
	return data;
}

static void
replace(const char *object, const uint8_t *data, size_t size)
{
	repo_ok(dbbi_store_write(fx.store, object, data, size,
	    DBB_PUT_REPLACE, &fx.err));
}

void
repo_flip(const char *object, size_t byte, unsigned bit)
{
	dbb_error last = fx.err;
	size_t size;
	uint8_t *data = load(&size, object);

	ck_assert_uint_lt(byte, size);
	data[byte] ^= (uint8_t)(1u << bit);
	replace(object, data, size);
	free(data);
	fx.err = last;
}

void
repo_cut(const char *object, size_t by)
{
	dbb_error last = fx.err;
	size_t size;
	uint8_t *data = load(&size, object);

	ck_assert_uint_le(by, size);
	replace(object, data, size - by);
	free(data);
	fx.err = last;
}

size_t
repo_size(const char *object)
{
	dbb_object stat = { .size = sizeof stat };

	repo_ok(dbbi_store_stat(&stat, fx.store, object, &fx.err));
	return (size_t)stat.size_bytes;
}

/* ---- running ---- */

/* Part in two: the one that was begun goes on to run the tests sealed. */
static void
begin_sealed_run(void)
{
	fflush(NULL);
	sealed_run = fork();
	repo_sealed = sealed_run == 0;
}

static int
end_sealed_run(void)
{
	int status = 0;

	if (sealed_run != 0 && waitpid(sealed_run, &status, 0) != sealed_run)
		return 1;
	return status != 0;
}

TCase *
repo_case(const char *name, void (*set_up)(void), void (*tear_down)(void))
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 120);
	if (set_up != NULL && !suite_is_slow())
		begin_sealed_run();
	if (set_up != NULL)
		tcase_add_checked_fixture(tc, set_up, tear_down);
	return tc;
}

int
repo_run(const char *name, TCase *tc)
{
	Suite *suite = suite_create(name);
	int failed = end_sealed_run();

	suite_add_tcase(suite, tc);
	return suite_run(suite) == 0 && failed == 0 ? 0 : 1;
}
