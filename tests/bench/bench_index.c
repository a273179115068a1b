/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_index: how long an index of so many chunks takes to load, and how
 * much memory each takes. The segments are made up, as writers make them:
 * chunks of 1 MB, 16 of them in a pack.
 *
 *	bench_index [-n CHUNKS] [-s URL] [-k]
 *
 * -k: the repository is sealed. Exit status 1 when it takes more than 10 s,
 * or 64 bytes a chunk.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "repo/segment.h"
#include "util/run.h"

#include "figures.h"

#define PACK_CHUNKS 16u
#define CHUNK_STORED 1000000u
#define MOST_SECONDS 10.0
#define MOST_BYTES 64.0

static uint64_t state = 88172645463325252u;

/* Names as good as digests, and faster. */
static void
make_id(dbbi_id *id)
{
	for (size_t i = 0; i < sizeof id->bytes; i += sizeof state) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		memcpy(id->bytes + i, &state, sizeof state);
	}
}

static void
add_pack(dbbi_segment *segment, const dbbi_keys *keys)
{
	uint8_t directory[PACK_CHUNKS * DBBI_ENTRY_SIZE];
	uint32_t at = dbbi_entry_first(keys == NULL ? DBBI_CIPHER_NONE :
	    DBBI_CIPHER_SEALED);
	dbbi_entry entry = { .plain = CHUNK_STORED * 2,
	    .stored = CHUNK_STORED, .coding = DBBI_CODING_ZSTD };
	dbbi_box box = {{0}};
	dbbi_id pack;

	make_id(&pack);
	for (uint32_t i = 0; i < PACK_CHUNKS; i++) {
		make_id(&entry.id);
		entry.offset = at;
		at += entry.stored;
		dbbi_entry_put(directory + i * DBBI_ENTRY_SIZE, &entry);
	}
	must(dbbi_segment_add(segment, &pack, at + 4096, &box, directory,
	    PACK_CHUNKS, &err));
}

static void
make_segments(dbbi_store *store, const dbbi_keys *keys, uint64_t chunks)
{
	double began = seconds();
	dbbi_segment segment;
	uint64_t written, count = 0;

	dbbi_segment_init(&segment, keys);
	for (uint64_t n = 0; n < chunks; n += PACK_CHUNKS) {
		add_pack(&segment, keys);
		if (!dbbi_segment_full(&segment) && n + PACK_CHUNKS < chunks)
			continue;
		must(dbbi_segment_write(&written, &segment, store, &err));
		count++;
	}
	dbbi_segment_clear(&segment);
	printf("made %llu segments of %llu chunks in %.1f s\n",
	    (unsigned long long)count, (unsigned long long)chunks,
	    seconds() - began);
}

/* 0 when it is as fast and as small as it must be. */
static int
load(dbbi_store *store, const dbbi_keys *keys, dbbi_run *run)
{
	dbbi_index *index = NULL;
	double began = seconds(), cpu = cpu_seconds(), took, each;

	must(dbbi_index_new(&index, &err));
	must(dbbi_segment_load_all(index, store, keys, run, NULL, NULL,
	    &err));
	took = seconds() - began;
	each = (double)dbbi_index_memory(index) /
	    (double)dbbi_index_count(index);
	printf("loaded %llu chunks of %u packs in %.2f s, %.2f s of a core, "
	    "%.1f bytes a chunk\n",
	    (unsigned long long)dbbi_index_count(index),
	    dbbi_index_packs(index), took, cpu_seconds() - cpu, each);
	dbbi_index_free(index);
	return took > MOST_SECONDS || each > MOST_BYTES;
}

static int
run_all(const char *url, const dbbi_keys *keys, uint64_t chunks)
{
	dbbi_store_registry *registry = NULL;
	dbbi_store *store = NULL;
	dbbi_run run;
	int failed;

	must(dbbi_store_registry_new(&registry, &err));
	must(dbbi_store_open(&store, registry, url, DBB_STORE_CREATE, &err));
	must(dbbi_run_init(&run, &err));
	make_segments(store, keys, chunks);
	failed = load(store, keys, &run);
	dbbi_run_clear(&run);
	dbbi_store_close(store);
	dbbi_store_registry_free(registry);
	printf("peak memory %ld MiB%s\n", peak_mib(),
	    strcmp(url, "memory:") == 0 ? ", with the store's" : "");
	return failed;
}

static int
usage(void)
{
	fprintf(stderr, "usage: bench_index [-n CHUNKS] [-s URL] [-k]\n");
	return 2;
}

int
main(int argc, char **argv)
{
	const char *url = "memory:";
	uint64_t chunks = 10000000;
	dbbi_keys keys;
	int c, sealed = 0;

	while ((c = getopt(argc, argv, "n:s:k")) != -1) {
		if (c == 'n')
			chunks = strtoull(optarg, NULL, 10);
		else if (c == 's')
			url = optarg;
		else if (c == 'k')
			sealed = 1;
		else
			return usage();
	}
	if (optind != argc || chunks == 0)
		return usage();
	must(dbbi_keys_make(&keys, &err));
	return run_all(url, sealed ? &keys : NULL, chunks);
}
