/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_store: what a store takes and gives, without anything around it:
 * objects of one size, several at once.
 *
 *	bench_store put|get URL ENDPOINT COUNT SIZE THREADS
 *
 * `get` reads what `put` has left. The S3 keys are the environment's.
 */
#include <config.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"
#include "util/random.h"

#include "figures.h"

#define MAX_THREADS 64u

static dbbi_store *store;
static atomic_size_t next;
static size_t count, size;
static int is_put;

static void
make_name(char name[64], size_t i)
{
	snprintf(name, 64, "packs/%02zx/%08zu", i % 256, i);
}

/* No two objects are the same: their first bytes say which it is. */
static void
put_or_get(size_t i, uint8_t *buffer)
{
	dbb_error why = { 0 };
	char name[64];
	size_t got = size;

	make_name(name, i);
	memcpy(buffer, &i, sizeof i);
	if (is_put ?
	    dbbi_store_write(store, name, buffer, size, 0, &why) < 0 :
	    dbbi_store_read(&got, store, name, 0, buffer, size, &why) < 0) {
		fprintf(stderr, "bench: %s\n", why.message);
		exit(2);
	}
	if (got != size || memcmp(buffer, &i, sizeof i) != 0) {
		fprintf(stderr, "bench: '%s' is not what was put\n", name);
		exit(2);
	}
}

static void *
work(void *payload)
{
	uint8_t *buffer = malloc(size);
	size_t i;

	(void)payload;
	if (buffer == NULL)
		exit(2);
	if (dbbi_random(buffer, size, NULL) < 0)
		exit(2);
	while ((i = atomic_fetch_add(&next, 1)) < count)
		put_or_get(i, buffer);
	free(buffer);
	return NULL;
}

static void
run(size_t threads)
{
	pthread_t ids[MAX_THREADS];
	double began = seconds(), wall;

	for (size_t i = 0; i < threads; i++)
		if (pthread_create(&ids[i], NULL, work, NULL) != 0)
			exit(2);
	for (size_t i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	wall = seconds() - began;
	printf("%s %zu objects of %zu bytes, %zu at once: %.0f MB/s, "
	    "%.2f CPU s, peak %ld MiB\n", is_put ? "put" : "got", count, size,
	    threads, (double)count * (double)size / 1e6 / wall, cpu_seconds(),
	    peak_mib());
}

int
main(int argc, char **argv)
{
	dbbi_store_registry *registry = NULL;
	const char *settings[] = { NULL, NULL };
	char endpoint[512];
	size_t threads;

	if (argc != 7) {
		fprintf(stderr, "usage: bench_store put|get URL ENDPOINT COUNT "
		    "SIZE THREADS\n");
		return 2;
	}
	is_put = strcmp(argv[1], "put") == 0;
	snprintf(endpoint, sizeof endpoint, "endpoint=%s", argv[3]);
	if (strncmp(argv[2], "s3:", 3) == 0)
		settings[0] = endpoint;
	count = strtoul(argv[4], NULL, 10);
	size = strtoul(argv[5], NULL, 10);
	threads = strtoul(argv[6], NULL, 10);
	if (size < sizeof(size_t) || threads < 1 || threads > MAX_THREADS)
		return 2;
	must(dbbi_store_registry_new(&registry, &err));
	must(dbbi_store_open_with(&store, registry, argv[2], DBB_STORE_CREATE,
	    settings, NULL, &err));
	run(threads);
	dbbi_store_close(store);
	dbbi_store_registry_free(registry);
	return 0;
}
