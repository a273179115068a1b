/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * make_seeds: the objects of a small repository as seeds for the fuzz
 * targets, and its streams in the forms that fuzz_lists and fuzz_stream read.
 *
 * usage: make_seeds tests/fuzz/seeds
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz_repo.h"
#include "repo/condemned.h"
#include "repo/key_file.h"
#include "repo/key_form.h"
#include "repo/pack.h"
#include "repo/proofs.h"
#include "util/text.h"

#define SET "20261122T020000Z-7f3a"
#define SMALL 3000u		/* bytes of a stream */
#define LARGE 200000u
#define LIST_MAX 20000u		/* longer lists make poor seeds */

static const char *root;

static void
write_seed(const char *target, const char *name, const void *data,
    size_t size)
{
	char *path = dbbi_text_format("%s/%s", root, target);
	FILE *file = NULL;

	if (path != NULL)
		mkdir(path, 0777);
	free(path);
	path = dbbi_text_format("%s/%s/%s", root, target, name);
	if (path != NULL)
		file = fopen(path, "wb");
	if (file == NULL || fwrite(data, 1, size, file) != size ||
	    fclose(file) != 0) {
		fprintf(stderr, "%s/%s: %s\n", target, name,
		    strerror(errno));
		exit(1);
	}
	free(path);
}

/* ---- streams ---- */

struct words {
	dbbi_reader base;
	uint32_t left;
	uint32_t x;
};

/* Text-like bytes, always the same. */
static int
read_words(size_t *got, dbbi_reader *reader, void *buffer, size_t size,
    dbb_error *err)
{
	struct words *w = (struct words *)reader;
	uint8_t *to = buffer;

	(void)err;
	for (*got = 0; *got < size && w->left > 0; w->left--) {
		w->x = w->x * 1664525u + 1013904223u;
		to[(*got)++] = (uint8_t)"eeetaoin \n\t0123x"[w->x >> 28];
	}
	return 0;
}

static void
free_words(dbbi_reader *reader)
{
	(void)reader;
}

static dbbi_stream_ref
write_stream(uint32_t size)
{
	dbbi_writer_options options = { .compression = 3, .threads = 1 };
	struct words words = { { read_words, free_words }, size, size };
	dbbi_repo_writer *writer = NULL;
	dbbi_stream_ref ref;

	FUZZ_HOLDS(dbbi_repo_writer_new(&writer, fuzz_repo(), &options,
	    NULL) == 0);
	FUZZ_HOLDS(dbbi_repo_write_stream(&ref, writer, &words.base, NULL,
	    NULL, NULL) == 0);
	FUZZ_HOLDS(dbbi_repo_writer_flush(writer, NULL) == 0);
	dbbi_repo_writer_free(writer);
	return ref;
}

static void
write_set(const dbbi_stream_ref *ref)
{
	dbbi_json *head = dbbi_json_new_object();
	dbbi_json *body = dbbi_json_new_object();
	dbbi_json *source = dbbi_json_new_object();
	dbbi_json *stream = dbbi_json_new_object();
	dbbi_json *sources = dbbi_json_new_array();
	dbbi_json *streams = dbbi_json_new_array();

	FUZZ_HOLDS(dbbi_json_set_string(head, "status", "completed") == 0);
	FUZZ_HOLDS(dbbi_stream_ref_put(stream, ref, NULL) == 0);
	FUZZ_HOLDS(dbbi_json_append(streams, stream) == 0);
	FUZZ_HOLDS(dbbi_json_set(source, "streams", streams) == 0);
	FUZZ_HOLDS(dbbi_json_append(sources, source) == 0);
	FUZZ_HOLDS(dbbi_json_set(body, "sources", sources) == 0);
	FUZZ_HOLDS(dbbi_set_write(fuzz_repo(), SET, head, body, NULL) == 0);
	dbbi_json_free(head);
	dbbi_json_free(body);
}

/* ---- what fuzz_lists and fuzz_stream read ---- */

struct lists {
	dbbi_lists from;
	dbbi_bytes out;
};

static void
add_length(uint8_t **at, size_t value)
{
	*(*at)++ = (uint8_t)value;
	*(*at)++ = (uint8_t)(value >> 8);
}

static int
note_list(size_t *size, void *to, const dbbi_id *id, void *payload,
    dbb_error *err)
{
	struct lists *lists = payload;
	uint8_t length[2], *at = length;
	int rc = dbbi_lists_load(size, to, id, &lists->from, err);

	FUZZ_HOLDS(rc == 0 && *size <= UINT16_MAX);
	add_length(&at, *size);
	FUZZ_HOLDS(dbbi_bytes_add(&lists->out, length, 2, err) == 0);
	return dbbi_bytes_add(&lists->out, to, *size, err);
}

static void
seed_lists(const char *name, const dbbi_stream_ref *ref)
{
	struct lists lists = {0};
	uint8_t head[2] = { (uint8_t)ref->depth, 0 };
	dbbi_piece_list list;
	dbbi_walk *walk = NULL;

	dbbi_bytes_init(&lists.out, LIST_MAX);
	FUZZ_HOLDS(dbbi_lists_init(&lists.from, fuzz_repo(),
	    fuzz_repo()->index, NULL) == 0);
	FUZZ_HOLDS(dbbi_bytes_add(&lists.out, head, 2, NULL) == 0);
	FUZZ_HOLDS(dbbi_bytes_add_u64(&lists.out, ref->size_bytes,
	    NULL) == 0);
	FUZZ_HOLDS(dbbi_walk_new(&walk, ref, note_list, &lists, NULL) == 0);
	while (dbbi_walk_next(&list, walk, NULL) == 1)
		;
	write_seed("lists", name, lists.out.data, lists.out.size);
	dbbi_walk_free(walk);
	dbbi_lists_clear(&lists.from);
	dbbi_bytes_clear(&lists.out);
}

/* A list of two lists of one piece each; the sums are made right. */
static void
seed_two_levels(void)
{
	static uint8_t seed[10 + 2 + 88 + 2 * (2 + 88)] = { 2, 1, 30 };
	uint8_t *at = seed + 10;

	add_length(&at, 88);
	at[0] = 2;			/* the level */
	dbbi_put_u32(at + 4, 2);
	dbbi_put_u64(at + 8 + 32, 10);
	dbbi_put_u64(at + 48 + 32, 20);
	at += 88;
	for (int i = 0; i < 2; i++, at += 88) {
		add_length(&at, 88);
		at[0] = 1;
		dbbi_put_u32(at + 4, 1);	/* piece */
		dbbi_put_u32(at + 8, 1);	/* chunk */
		dbbi_put_u32(at + 44 + 40, 10);
	}
	write_seed("lists", "two_levels", seed, sizeof seed);
}

/* Two chunks of two pieces each, read forth and back; once sealed. */
static void
seed_stream(void)
{
	static uint8_t seed[] = {
		0, 2,
		22, 0, 2, 0, 0, 0, 5, 0, 0, 0, 5, 0, 0, 0,
		'h', 'e', 'l', 'l', 'o', 'w', 'o', 'r', 'l', 'd',
		16, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0,
		'-', 'a', 'n', 'd',
		0, 0, 0, 5, 0, 1, 0, 0, 1, 0, 0, 5, 0, 5, 0,
		1, 1, 0, 3, 0, 0, 0, 0, 5, 0,
	};

	write_seed("stream", "four_pieces", seed, sizeof seed);
	seed[0] = 2;
	write_seed("stream", "four_pieces_sealed", seed, sizeof seed);
}

/* ---- objects ---- */

static int
seed_object(const dbb_object *object, void *payload)
{
	static const struct {
		const char *prefix, *target;
	} targets[] = {
		{ "packs/", "pack" }, { "index/", "index" },
		{ "sets/", "manifest" }, { "proofs/", "proofs" },
		{ "condemned/", "condemned" },
		{ "repository.json", "repository" },
	};
	uint8_t *data = NULL;
	size_t size;

	(void)payload;
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		if (strncmp(object->name, targets[i].prefix,
		    strlen(targets[i].prefix)) != 0)
			continue;
		FUZZ_HOLDS(dbbi_store_load(&data, &size, fuzz_store(),
		    object->name, 1u << 20, NULL) == 0);
		write_seed(targets[i].target, "written", data, size);
		free(data);
	}
	return 0;
}

static void
prove_packs(void)
{
	dbbi_id packs[3] = { { { 1 } }, { { 2 } }, { { 255 } } };

	FUZZ_HOLDS(dbbi_proofs_write(fuzz_repo(), packs, 3,
	    1795312800000, NULL) == 0);
}

static void
condemn_packs(void)
{
	dbbi_condemned_pack packs[2] = { { { { 1 } }, 5000 },
	    { { { 2 } }, 6000 } };
	dbbi_move moves[2] = { { { { 1 } }, { { 3 } } },
	    { { { 1 } }, { { 4 } } } };
	char id[DBBI_SET_ID_SIZE];

	FUZZ_HOLDS(dbbi_condemned_write(id, fuzz_repo(), packs, 2, moves, 2,
	    NULL) == 0);
}

static void
seed_keys(void)
{
	static const dbbi_key_cost cost = { .n = 2, .r = 1, .p = 1 };
	static const char repository[] = "0123456789abcdef0123456789abcdef";
	char *path = dbbi_text_format("%s/key_file/written", root), *text;
	dbbi_key_form form;
	dbbi_keys keys;

	FUZZ_HOLDS(path != NULL && dbbi_keys_make(&keys, NULL) == 0);
	FUZZ_HOLDS(dbbi_key_form_wrap(&form, &keys, repository, "fuzz",
	    &cost, NULL) == 0);
	FUZZ_HOLDS(dbbi_key_form_write(&text, &form, NULL) == 0);
	write_seed("key", "written", text, strlen(text));
	free(text);
	write_seed("key_file", "written", "", 0);
	unlink(path);
	FUZZ_HOLDS(dbbi_key_file_write(path, repository, &keys, NULL) == 0);
	free(path);
}

/* A pack of an open repository, with what sealing adds to it: a tag behind
 * each chunk, and offsets as if a box were behind its header. */
static int
seed_sealed_pack(const dbb_object *object, void *payload)
{
	static uint8_t to[2 * SMALL];
	uint8_t *pack = NULL, *at = to + DBBI_HEADER_SIZE;
	dbbi_pack_view view;
	dbbi_entry entry;
	size_t size;

	(void)payload;
	FUZZ_HOLDS(dbbi_store_load(&pack, &size, fuzz_store(), object->name,
	    SMALL, NULL) == 0);
	FUZZ_HOLDS(dbbi_pack_open(&view, pack, size, NULL, NULL) == 0);
	memcpy(to, pack, DBBI_HEADER_SIZE);
	for (uint32_t i = 0; i < view.count; i++) {
		FUZZ_HOLDS(dbbi_pack_entry(&entry, &view, i) == 0);
		memcpy(at, pack + entry.offset, entry.stored);
		entry.offset = (uint32_t)(at - to) + DBBI_BOX_SIZE;
		entry.stored += DBBI_TAG_SIZE;
		dbbi_entry_put(pack + size - 48 -
		    (view.count - i) * DBBI_ENTRY_SIZE, &entry);
		at += entry.stored;
	}
	memcpy(at, pack + view.end, size - view.end);
	write_seed("pack", "sealed", to, (size_t)(at - to) + size - view.end);
	free(pack);
	return 0;
}

/* What is in the box of the sealed repository's only index segment, behind
 * its header: fuzz_index seals it again. */
static int
seed_sealed_index(const dbb_object *object, void *payload)
{
	uint8_t *data = NULL;
	dbbi_cursor content;
	size_t size;

	(void)payload;
	FUZZ_HOLDS(dbbi_store_load(&data, &size, fuzz_store(), object->name,
	    1u << 20, NULL) == 0);
	FUZZ_HOLDS(dbbi_sealed_open(&content, data, size, DBBI_HEADER_SIZE,
	    fuzz_keys(), "dbbackup index", NULL) == 0);
	memmove(data + DBBI_HEADER_SIZE, content.at, content.left);
	write_seed("index", "sealed", data, DBBI_HEADER_SIZE + content.left);
	free(data);
	return 0;
}

static int
seed_sealed_repository(const dbb_object *object, void *payload)
{
	uint8_t *data = NULL;
	size_t size;

	(void)payload;
	FUZZ_HOLDS(dbbi_store_load(&data, &size, fuzz_store(), object->name,
	    1u << 20, NULL) == 0);
	write_seed("repository", "sealed", data, size);
	free(data);
	return 0;
}

static void
seed_sealed(void)
{
	fuzz_use(1);
	FUZZ_HOLDS(dbbi_repo_load_index(fuzz_repo(), NULL) == 0);
	write_stream(SMALL);
	FUZZ_HOLDS(dbbi_store_list(fuzz_store(), "index/", seed_sealed_index,
	    NULL, NULL) == 0);
	FUZZ_HOLDS(dbbi_store_list(fuzz_store(), "repository.json",
	    seed_sealed_repository, NULL, NULL) == 0);
}

int
main(int argc, char **argv)
{
	dbbi_stream_ref ref;

	if (argc != 2) {
		fprintf(stderr, "usage: make_seeds FOLDER\n");
		return 2;
	}
	root = argv[1];
	FUZZ_HOLDS(dbbi_repo_load_index(fuzz_repo(), NULL) == 0);
	ref = write_stream(SMALL);
	write_set(&ref);
	prove_packs();
	condemn_packs();
	FUZZ_HOLDS(dbbi_store_list(fuzz_store(), "", seed_object, NULL,
	    NULL) == 0);
	seed_lists("one_list", &ref);
	FUZZ_HOLDS(dbbi_store_list(fuzz_store(), "packs/", seed_sealed_pack,
	    NULL, NULL) == 0);
	ref = write_stream(LARGE);
	seed_lists("long_list", &ref);
	seed_two_levels();
	seed_stream();
	seed_keys();
	seed_sealed();
	return 0;
}
