/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "short_memory.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/types.h>

#include <json-c/json.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <zstd.h>
#include <zstd_errors.h>

static _Atomic uint64_t asked;
static _Atomic uint64_t fail_from;
static _Atomic uint64_t most;
static atomic_int fail_for_ever;
static atomic_int counting;
static atomic_int was_refused;

void
short_memory_from(uint64_t nth, int for_ever)
{
	atomic_store(&asked, 0);
	atomic_store(&most, 0);
	atomic_store(&was_refused, 0);
	atomic_store(&fail_from, nth);
	atomic_store(&fail_for_ever, for_ever);
	atomic_store(&counting, 1);
}

uint64_t
short_memory_end(int *refused)
{
	atomic_store(&counting, 0);
	*refused = atomic_load(&was_refused);
	return atomic_load(&asked);
}

uint64_t
short_memory_most(void)
{
	return atomic_load(&most);
}

static int
refuse(uint64_t bytes)
{
	uint64_t n, from, before;

	if (!atomic_load(&counting))
		return 0;
	before = atomic_load(&most);
	while (bytes > before &&
	    !atomic_compare_exchange_weak(&most, &before, bytes))
		;
	n = atomic_fetch_add(&asked, 1) + 1;
	from = atomic_load(&fail_from);
	if (from == 0 || n < from ||
	    (n > from && !atomic_load(&fail_for_ever)))
		return 0;
	atomic_store(&was_refused, 1);
	errno = ENOMEM;
	return 1;
}

/*
 * The linker makes every call of `name` one of __wrap_name, and __real_name
 * what it was: WRAP(type, name, parameters, arguments, bytes, when refused).
 */
#define WRAP(type, name, parameters, arguments, bytes, refused)	\
	type __real_##name parameters;				\
	type __wrap_##name parameters;				\
	type							\
	__wrap_##name parameters				\
	{							\
		return refuse(bytes) ? (refused) :		\
		    __real_##name arguments;			\
	}

WRAP(void *, malloc, (size_t size), (size), size, NULL)
WRAP(void *, calloc, (size_t n, size_t size), (n, size), n * size, NULL)
WRAP(void *, realloc, (void *old, size_t size), (old, size), size, NULL)
WRAP(char *, strndup, (const char *text, size_t size), (text, size), 0, NULL)
WRAP(DIR *, fdopendir, (int fd), (fd), 0, NULL)
WRAP(void *, mmap, (void *at, size_t size, int protection, int flags, int fd,
    off_t offset), (at, size, protection, flags, fd, offset), size,
    MAP_FAILED)
WRAP(int, pthread_create, (pthread_t *out, const pthread_attr_t *attributes,
    void *(*fn)(void *), void *argument), (out, attributes, fn, argument), 0,
    EAGAIN)

WRAP(json_object *, json_object_new_object, (void), (), 0, NULL)
WRAP(json_object *, json_object_new_array, (void), (), 0, NULL)
WRAP(json_object *, json_object_new_string, (const char *text), (text), 0,
    NULL)
WRAP(json_object *, json_object_new_int64, (int64_t n), (n), 0, NULL)
WRAP(json_object *, json_object_new_uint64, (uint64_t n), (n), 0, NULL)
WRAP(int, json_object_object_add, (json_object *object, const char *key,
    json_object *value), (object, key, value), 0, -1)
WRAP(int, json_object_array_add, (json_object *array, json_object *value),
    (array, value), 0, -1)
WRAP(const char *, json_object_to_json_string_ext, (json_object *object,
    int flags), (object, flags), 0, NULL)
WRAP(json_tokener *, json_tokener_new_ex, (int depth), (depth), 0, NULL)

/* OpenSSL says in its list of errors why it gives nothing. */
static void *
out_of_memory(void)
{
	ERR_raise(ERR_LIB_EVP, ERR_R_MALLOC_FAILURE);
	return NULL;
}

WRAP(EVP_MD_CTX *, EVP_MD_CTX_new, (void), (), 0,
    out_of_memory())
WRAP(EVP_CIPHER_CTX *, EVP_CIPHER_CTX_new, (void), (), 0,
    out_of_memory())
WRAP(EVP_MAC_CTX *, EVP_MAC_CTX_new, (EVP_MAC *mac), (mac), 0,
    out_of_memory())
WRAP(EVP_PKEY_CTX *, EVP_PKEY_CTX_new, (EVP_PKEY *key, ENGINE *engine),
    (key, engine), 0,
    out_of_memory())
WRAP(EVP_PKEY_CTX *, EVP_PKEY_CTX_new_id, (int id, ENGINE *engine),
    (id, engine), 0,
    out_of_memory())

WRAP(ZSTD_CCtx *, ZSTD_createCCtx, (void), (), 0, NULL)
WRAP(ZSTD_DCtx *, ZSTD_createDCtx, (void), (), 0, NULL)
WRAP(size_t, ZSTD_compressCCtx, (ZSTD_CCtx *context, void *to, size_t room,
    const void *from, size_t size, int level), (context, to, room, from,
    size, level), 0, (size_t)-ZSTD_error_memory_allocation)
