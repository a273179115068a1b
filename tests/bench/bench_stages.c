/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_stages: what each stage of a byte's way costs, alone, on a file
 * given; then the whole way into a memory store and back. With several
 * files each is written into the same repository, so that one sees what a
 * second backup adds.
 *
 *	bench_stages [-c MIN,AVERAGE,MAX] [-l LEVEL] [-s URL] [-k] FILE ...
 *
 * With -k the repository is sealed.
 */
#include <config.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "repo/chunk_seal.h"
#include "repo/gather.h"
#include "repo/repository.h"
#include "util/random.h"
#include "util/sha256_two.h"

#include "figures.h"

static dbbi_chunker chunker;
static dbbi_chunker_params params = { .min_bytes = 2u << 10,
    .average_bytes = 8u << 10, .max_bytes = 32u << 10 };
static dbbi_keys keys;
static int level = 3;

/* ---- single stages ---- */

static void
cut(const uint8_t *data, size_t size)
{
	size_t pieces = 0;

	for (size_t at = 0; at < size; pieces++)
		at += dbbi_chunker_cut(&chunker, data + at, size - at);
	printf("  (%zu pieces, %zu bytes on average)\n", pieces,
	    pieces == 0 ? 0 : size / pieces);
}

static void
hash(const uint8_t *data, size_t size)
{
	uint8_t digest[DBBI_SHA256_SIZE];

	must(dbbi_sha256_of(digest, data, size, &err));
}

/* Cut, and both hashes, as a stream's thread does it. */
static void
cut_and_hash(const uint8_t *data, size_t size)
{
	uint8_t digest[DBBI_SHA256_SIZE];
	dbbi_sha256_twin *hashes = NULL;
	size_t n;

	must(dbbi_sha256_twin_new(&hashes, &err));
	for (size_t at = 0; at < size; at += n) {
		n = dbbi_chunker_cut(&chunker, data + at, size - at);
		must(dbbi_sha256_twin_add(hashes, data + at, n, &err));
		must(dbbi_sha256_twin_end_part(digest, hashes, &err));
	}
	must(dbbi_sha256_twin_end(digest, hashes, &err));
	dbbi_sha256_twin_free(hashes);
}

/* One chunk after another is compressed and, to prove it, unpacked. */
static void
compress_chunks(const uint8_t *data, size_t size, int prove)
{
	size_t most = dbbi_gather_most(&params), n, stored;
	uint8_t *to = malloc(most), *again = malloc(most);
	dbbi_codec *codec = NULL;

	if (to == NULL || again == NULL)
		must(dbbi_error_nomem(&err));
	must(dbbi_codec_new(&codec, &err));
	for (size_t at = 0; at < size; at += n) {
		n = size - at < most * 3 / 4 ? size - at : most * 3 / 4;
		must(dbbi_codec_pack(&stored, codec, to, data + at, n,
		    level == DBBI_COMPRESSION_AUTO ? 3 : level, &err));
		if (prove && stored != 0)
			must(dbbi_codec_prove(codec, again, data + at, n, to,
			    stored, &err));
	}
	dbbi_codec_free(codec);
	free(again);
	free(to);
}

static void
compress(const uint8_t *data, size_t size)
{
	compress_chunks(data, size, 0);
}

static void
compress_and_prove(const uint8_t *data, size_t size)
{
	compress_chunks(data, size, 1);
}

/* What is sealed is what zstd left of each chunk. */
static struct {
	uint8_t *bytes;
	size_t size;
	uint32_t lengths[65536];
	size_t chunks;
} coded;

static void
code(const uint8_t *data, size_t size)
{
	size_t most = dbbi_gather_most(&params) * 3 / 4, n, stored;
	dbbi_codec *codec = NULL;

	if ((coded.bytes = malloc(size + most)) == NULL)
		must(dbbi_error_nomem(&err));
	must(dbbi_codec_new(&codec, &err));
	for (size_t at = 0; at < size && coded.chunks < 65536; at += n) {
		n = size - at < most ? size - at : most;
		must(dbbi_codec_pack(&stored, codec, coded.bytes + coded.size,
		    data + at, n, level == DBBI_COMPRESSION_AUTO ? 3 : level,
		    &err));
		if (stored == 0)
			memcpy(coded.bytes + coded.size, data + at,
			    stored = n);
		coded.lengths[coded.chunks++] = (uint32_t)stored;
		coded.size += stored;
	}
	dbbi_codec_free(codec);
}

static void
seal(const uint8_t *data, size_t size)
{
	uint8_t *to = malloc(dbbi_gather_most(&params) + DBBI_TAG_SIZE);
	const uint8_t *from = coded.bytes;
	dbbi_chunk_sealer *sealer = NULL;
	dbbi_entry entry = { .offset = 96 };
	dbbi_box box;

	(void)data;
	(void)size;
	if (to == NULL)
		must(dbbi_error_nomem(&err));
	must(dbbi_chunk_sealer_new(&sealer, &keys, &err));
	for (size_t i = 0; i < coded.chunks; i++) {
		if (i % 16 == 0)	/* a pack */
			must(dbbi_chunk_sealer_begin(&box, sealer, &err));
		entry.stored = coded.lengths[i] + DBBI_TAG_SIZE;
		must(dbbi_chunk_seal(to, sealer, &entry, from, &err));
		from += coded.lengths[i];
	}
	dbbi_chunk_sealer_free(sealer);
	free(to);
}

/* Seconds of a core. */
static double
measure(const char *what, void (*stage)(const uint8_t *, size_t),
    const uint8_t *data, size_t size)
{
	double began = seconds(), cpu = cpu_seconds();

	stage(data, size);
	cpu = cpu_seconds() - cpu;
	printf("%-28s %8.0f MB/s  %8.0f MB/s a core\n", what,
	    (double)size / 1e6 / (seconds() - began),
	    (double)size / 1e6 / cpu);
	return cpu;
}

static void
measure_stages(const char *file)
{
	double ours, zstd;
	struct stat st;
	void *map;
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		must(dbbi_error_set(&err, DBB_EIO, "cannot read '%s'", file));
	map = mmap(NULL, (size_t)st.st_size, PROT_READ,
	    MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (map == MAP_FAILED)
		must(dbbi_error_set(&err, DBB_EIO, "cannot map '%s'", file));
	measure("chunking", cut, map, (size_t)st.st_size);
	measure("sha256", hash, map, (size_t)st.st_size);
	ours = measure("chunking and both hashes", cut_and_hash, map,
	    (size_t)st.st_size);
	code(map, (size_t)st.st_size);
	ours += measure("sealing what zstd left", seal, map,
	    (size_t)st.st_size);
	zstd = measure("zstd, chunk by chunk", compress, map,
	    (size_t)st.st_size);
	printf("  (cutting, hashing and sealing take %.3f of zstd's time)\n",
	    ours / zstd);
	measure("zstd and verify-write", compress_and_prove, map,
	    (size_t)st.st_size);
	free(coded.bytes);
	munmap(map, (size_t)st.st_size);
	close(fd);
}

/* ---- the whole way ---- */

struct file_reader {
	dbbi_reader base;
	int fd;
};

static int
read_file(size_t *got, dbbi_reader *reader, void *buffer, size_t size,
    dbb_error *e)
{
	ssize_t n = read(((struct file_reader *)reader)->fd, buffer, size);

	if (n < 0)
		return dbbi_error_set(e, DBB_EIO, "reading failed");
	*got = (size_t)n;
	return 0;
}

static void
write_file(dbbi_stream_ref *ref, dbbi_repo *repo, const char *file,
    const dbbi_stream_ref *base)
{
	dbbi_writer_options options = { .compression = level };
	struct file_reader in = { .base = { .read = read_file } };
	double began = seconds(), cpu = cpu_seconds();
	dbbi_repo_writer *writer = NULL;
	dbbi_writer_stats stats;

	in.fd = open(file, O_RDONLY | O_CLOEXEC);
	if (in.fd < 0)
		must(dbbi_error_set(&err, DBB_EIO, "cannot read '%s'", file));
	must(dbbi_repo_writer_new(&writer, repo, &options, &err));
	must(dbbi_repo_write_stream(ref, writer, &in.base, base, NULL,
	    &err));
	must(dbbi_repo_writer_flush(writer, &err));
	dbbi_repo_writer_stats(&stats, writer);
	dbbi_repo_writer_free(writer);
	close(in.fd);
	printf("%-28s %8.0f MB/s  %8.0f MB/s a core  %llu of %llu bytes "
	    "stored, %llu of %llu chunks\n", "writing",
	    (double)stats.read_bytes / 1e6 / (seconds() - began),
	    (double)stats.read_bytes / 1e6 / (cpu_seconds() - cpu),
	    (unsigned long long)stats.stored_bytes,
	    (unsigned long long)stats.read_bytes,
	    (unsigned long long)stats.new_chunks,
	    (unsigned long long)stats.chunks);
}

static void
read_back(dbbi_repo *repo, const dbbi_stream_ref *ref)
{
	double began = seconds(), cpu = cpu_seconds();
	uint8_t *block = malloc(1u << 20);
	dbbi_reader *reader = NULL;
	size_t got = 1;

	if (block == NULL)
		must(dbbi_error_nomem(&err));
	must(dbbi_repo_read_stream(&reader, repo, ref, 0, &err));
	while (got > 0)
		must(dbbi_reader_read(&got, reader, block, 1u << 20, &err));
	dbbi_reader_free(reader);
	free(block);
	printf("%-28s %8.0f MB/s  %8.0f MB/s a core\n", "reading back",
	    (double)ref->size_bytes / 1e6 / (seconds() - began),
	    (double)ref->size_bytes / 1e6 / (cpu_seconds() - cpu));
}

static void
measure_repository(const char *url, char **files, const dbbi_keys *sealed)
{
	dbbi_store_registry *registry = NULL;
	dbbi_store *store = NULL;
	dbbi_repo *repo = NULL;
	dbbi_stream_ref ref, base;
	dbbi_repo_params made = { .chunker = params,
	    .grace_s = DBBI_GRACE_S };
	dbbi_run run;

	must(dbbi_store_registry_new(&registry, &err));
	must(dbbi_store_open(&store, registry, url, DBB_STORE_CREATE, &err));
	must(dbbi_run_init(&run, &err));
	must(dbbi_repo_create_with(store, &made, sealed, &err));
	must(dbbi_repo_open_with(&repo, store, sealed, &run, &err));
	for (int i = 0; files[i] != NULL; i++) {
		printf("%s\n", files[i]);
		write_file(&ref, repo, files[i], i == 0 ? NULL : &base);
		read_back(repo, &ref);
		base = ref;
	}
	dbbi_repo_free(repo);
	dbbi_run_clear(&run);
	dbbi_store_close(store);
	dbbi_store_registry_free(registry);
	printf("peak memory %ld MiB\n", peak_mib());
}

static int
usage(void)
{
	fprintf(stderr, "usage: bench_stages [-c MIN,AVERAGE,MAX] [-l LEVEL] "
	    "[-s URL] [-k] FILE ...\n");
	return 2;
}

int
main(int argc, char **argv)
{
	const char *url = "memory:";
	int c, sealed = 0;

	while ((c = getopt(argc, argv, "c:l:s:k")) != -1) {
		if (c == 'c' && sscanf(optarg, "%u,%u,%u", &params.min_bytes,
		    &params.average_bytes, &params.max_bytes) != 3)
			return usage();
		else if (c == 'l')
			level = (int)strtol(optarg, NULL, 10);
		else if (c == 's')
			url = optarg;
		else if (c == 'k')
			sealed = 1;
		else if (c == '?')
			return usage();
	}
	if (optind == argc)
		return usage();
	must(dbbi_random(params.seed, sizeof params.seed, &err));
	must(dbbi_chunker_init(&chunker, &params, &err));
	must(dbbi_keys_make(&keys, &err));
	if (strcmp(url, "memory:") == 0)	/* else memory is measured */
		measure_stages(argv[optind]);
	measure_repository(url, argv + optind, sealed ? &keys : NULL);
	return 0;
}
