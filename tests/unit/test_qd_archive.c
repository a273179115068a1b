/* SPDX-License-Identifier: BSD-2-Clause */
/* Snapshots as they pass: a real server's, in pieces of any size, cut and
 * garbled; and some made up here that are not what they should be. */
#include <config.h>

#include "source/qd_archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"
#include "util/bytes.h"

#define BLOCK 512
#define SNAPSHOT_MAX ((size_t)2 << 20)

static dbb_error err;
static dbbi_qd_archive *a;

static void
tear_down(void)
{
	dbbi_qd_archive_free(a);
	a = NULL;
}

/* In pieces of `most` bytes, none of which may be read beyond. */
static int
feed(const uint8_t *data, size_t size, size_t most)
{
	size_t at, n;
	uint8_t *piece;
	int rc = 0;

	tear_down();
	ck_assert_int_eq(dbbi_qd_archive_new(&a, &err), 0);
	for (at = 0; at < size && rc == 0; at += n) {
		n = size - at < most ? size - at : most;
		ck_assert_ptr_nonnull(piece = malloc(n));
		memcpy(piece, data + at, n);
		rc = dbbi_qd_archive_add(a, piece, n, &err);
		free(piece);
	}
	return rc == 0 ? dbbi_qd_archive_end(a, &err) : rc;
}

static void
assert_refused(int rc, const char *why)
{
	ck_assert_int_eq(rc, DBB_ESOURCE);
	ck_assert_int_eq(err.code, DBB_ESOURCE);
	ck_assert_ptr_eq(strstr(err.message, "it is no whole snapshot of a "
	    "collection: "), err.message);
	ck_assert_msg(strstr(err.message, why) != NULL, "%s", err.message);
	ck_assert_str_ne(err.hint, "");
}

/* ---- a real server's ---- */

static uint8_t real[SNAPSHOT_MAX];
static size_t real_size;

static void
read_real(const char *name)
{
	const char *source = getenv("TEST_SOURCE");
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/tests/data/qdrant/snapshots/%s."
	    "snapshot", source != NULL ? source : ".", name);
	file = fopen(path, "rb");
	ck_assert_msg(file != NULL, "%s", path);
	real_size = fread(real, 1, sizeof(real), file);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_uint_gt(real_size, BLOCK);
	ck_assert_uint_lt(real_size, sizeof(real));
}

static const struct {
	const char *name, *shards;	/* 'L': local, '-': named only */
	const char *vectors;		/* as config.json has them */
} good[] = {
	{ "dense", "L", "{\"size\":8,\"distance\":\"Cosine\"}" },
	{ "docs", "L", NULL },
	{ "uuid_ids", "L", "{\"size\":4,\"distance\":\"Euclid\"}" },
	{ "empty", "L", "{\"size\":4,\"distance\":\"Dot\"}" },
	{ "shards3", "LLL", "{\"size\":4,\"distance\":\"Cosine\"}" },
	{ "cluster-node1", "L-L-", "{\"size\":4,\"distance\":\"Cosine\"}" },
	{ "cluster-node2", "-L-L", "{\"size\":4,\"distance\":\"Cosine\"}" },
	{ "made-from-parts", "L", "{\"size\":8,\"distance\":\"Cosine\"}" },
};

static void
assert_shards(const char *shards)
{
	size_t i;

	ck_assert_uint_eq(dbbi_qd_archive_shard_count(a), strlen(shards));
	for (i = 0; shards[i] != '\0'; i++) {
		dbbi_qd_archive_shard one = dbbi_qd_archive_shard_at(a, i);

		ck_assert_uint_eq(one.id, i);
		ck_assert_int_eq(one.is_local, shards[i] == 'L');
	}
}

START_TEST(accepts_every_collection_snapshot_of_a_server)
{
	static const size_t pieces[] = { 7, 512, 4000, SNAPSHOT_MAX };
	dbbi_json *vectors;
	size_t i;

	read_real(good[_i].name);
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		ck_assert_msg(feed(real, real_size, pieces[i]) == 0, "%s",
		    err.message);
		assert_shards(good[_i].shards);
		vectors = dbbi_json_object(dbbi_json_object(
		    dbbi_qd_archive_config(a), "params"), "vectors");
		ck_assert_ptr_nonnull(vectors);
		if (good[_i].vectors != NULL)
			ck_assert_str_eq(dbbi_json_text(vectors),
			    good[_i].vectors);
	}
}
END_TEST

START_TEST(refuses_snapshots_of_other_things)
{
	read_real("uuid_ids-shard0");
	assert_refused(feed(real, real_size, 4000), "of one shard");
	read_real("docs-shard0.stream");
	assert_refused(feed(real, real_size, 4000), "of one shard");
	read_real("full-storage");
	assert_refused(feed(real, real_size, 4000), "of a whole server");
}
END_TEST

static int
is_zero(const uint8_t *block)
{
	static const uint8_t zero[BLOCK];

	return memcmp(block, zero, BLOCK) == 0;
}

START_TEST(refuses_one_that_is_cut_anywhere)
{
	size_t at, step = 509 * (size_t)suite_share();

	read_real(good[_i].name);
	/* A record is filled with zeros: their lack is none. */
	while (is_zero(real + real_size - 3 * BLOCK))
		real_size -= BLOCK;
	for (at = 0; at < real_size; at += step)
		assert_refused(feed(real, at, 65536), "it ");
	assert_refused(feed(real, real_size - 1, 65536), "breaks off");
	assert_refused(feed(real, real_size - BLOCK, 65536), "within its end");
	ck_assert_int_eq(feed(real, real_size, 65536), 0);
}
END_TEST

START_TEST(refuses_what_comes_in_the_place_of_one)
{
	static const char html[] = "<html>502 Bad Gateway</html>";

	assert_refused(feed((const uint8_t *)"", 0, 1), "it is empty");
	assert_refused(feed((const uint8_t *)html, strlen(html), 5),
	    "breaks off");
	memset(real, 'x', 3 * BLOCK);
	assert_refused(feed(real, 3 * BLOCK, 100), "the checksum of a header");
	read_real("dense");
	memset(real + real_size, 0, 10 * BLOCK);
	memcpy(real + real_size + 5 * BLOCK, "more", 4);
	ck_assert_int_eq(feed(real, real_size + 5 * BLOCK, 4000), 0);
	assert_refused(feed(real, real_size + 6 * BLOCK, 4000),
	    "something follows");
}
END_TEST

/* ---- some made up here ---- */

#define LOCAL "{\"is_local\":true}"
#define REMOTE "{\"is_local\":false}"
#define ONE "{\"params\":{\"shard_number\":1}}"
#define CUSTOM "{\"params\":{\"shard_number\":1,\"sharding_method\":" \
	"\"custom\"}}"

struct file { const char *name, *text; };

static uint8_t made[64 * BLOCK];
static size_t made_size;

static void
add_file(const struct file *f)
{
	uint8_t *h = made + made_size;
	size_t i, size = strlen(f->text);
	unsigned sum = 0;

	ck_assert_uint_lt(made_size + 6 * BLOCK, sizeof(made));
	ck_assert_uint_le(size, BLOCK);
	memcpy(h, f->name, strlen(f->name));
	snprintf((char *)h + 124, 12, "%011zo", size);
	h[156] = f->name[strlen(f->name) - 1] == '@' ? '2' : '0';
	memset(h + 148, ' ', 8);
	for (i = 0; i < BLOCK; i++)
		sum += h[i];
	snprintf((char *)h + 148, 8, "%06o", sum);
	memcpy(h + BLOCK, f->text, size);
	made_size += size > 0 ? 2 * BLOCK : BLOCK;
}

static int
feed_made(const struct file *files)
{
	memset(made, 0, sizeof(made));
	made_size = 0;
	for (; files->name != NULL; files++)
		add_file(files);
	made_size += 2 * BLOCK;
	return feed(made, made_size, 1000);
}

#define SHARD(n, state) { n "/replica_state.json", state }, \
	{ n "/shard_config.json", "{}" }, { n "/wal/", "" }, \
	{ n "/segments/x.tar", "x" }

START_TEST(takes_the_shards_that_the_keys_name)
{
	static const struct file files[] = { { "./config.json", CUSTOM },
		{ "shard_key_mapping.json", "[{\"key\":\"a\",\"shard_ids\":"
		    "[0]},{\"key\":5,\"shard_ids\":[1]}]" },
		SHARD("1", LOCAL), SHARD("./0", REMOTE), SHARD("7", LOCAL),
		{ NULL, NULL } };
	static const struct file old[] = { { "config.json", CUSTOM },
		{ "shard_key_mapping.json", "{\"a\":[0],\"b\":[1]}" },
		SHARD("0", LOCAL), SHARD("1", LOCAL), { NULL, NULL } };
	static const struct file none[] = { { "config.json", CUSTOM },
		{ "shard_key_mapping.json", "[]" }, { NULL, NULL } };

	ck_assert_msg(feed_made(files) == 0, "%s", err.message);
	assert_shards("-L");
	ck_assert_msg(feed_made(old) == 0, "%s", err.message);
	assert_shards("LL");
	ck_assert_msg(feed_made(none) == 0, "%s", err.message);
	assert_shards("");
}
END_TEST

static const struct {
	const char *why;
	struct file files[8];
} bad[] = {
	{ "it has no config.json", { { "version.info", "0.4.2" } } },
	{ "shard 0 has no replica_state.json", { { "config.json", ONE } } },
	{ "shard 1 has no replica_state.json", {
	    { "config.json", "{\"params\":{\"shard_number\":2}}" },
	    SHARD("0", LOCAL), { "1/segments/x.tar", "x" } } },
	{ "shard 0 has no shard_config.json", { { "config.json", ONE },
	    { "0/replica_state.json", REMOTE } } },
	{ "shard 0 has no segments", { { "config.json", ONE },
	    { "0/replica_state.json", LOCAL }, { "0/shard_config.json", "{}" },
	    { "0/segments/", "" }, { "0/wal/", "" } } },
	{ "shard 0 has no log", { { "config.json", ONE },
	    { "0/replica_state.json", LOCAL }, { "0/shard_config.json", "{}" },
	    { "0/segments/x.tar", "x" }, { "0/walnut/x", "x" } } },
	{ "'0/replica_state.json' does not say", { { "config.json", ONE },
	    { "0/replica_state.json", "{\"is_local\":1}" } } },
	{ "'config.json': ", { { "config.json", "{\"params\":" } } },
	{ "'config.json' does not say", { { "config.json", "[]" } } },
	{ "no parameters", { { "config.json", "{\"params\":7}" } } },
	{ "no number of shards", { { "config.json",
	    "{\"params\":{\"shard_number\":0}}" } } },
	{ "no number of shards", { { "config.json",
	    "{\"params\":{\"shard_number\":-1}}" } } },
	{ "no number of shards", { { "config.json",
	    "{\"params\":{\"shard_number\":4000000000}}" } } },
	{ "'payload_index.json' does not say", { { "config.json", ONE },
	    { "payload_index.json", "7" } } },
	{ "'shard_key_mapping.json' does not say", {
	    { "shard_key_mapping.json", "\"x\"" } } },
	{ "has no shard_key_mapping.json", { { "config.json", CUSTOM } } },
	{ "names a shard that cannot be", { { "config.json", CUSTOM },
	    { "shard_key_mapping.json", "{\"a\":[-1]}" } } },
	{ "names a shard that cannot be", { { "config.json", CUSTOM },
	    { "shard_key_mapping.json", "[{\"shard_ids\":[\"0\"]}]" } } },
	{ "has 'config.json' twice", { { "config.json", ONE },
	    { "config.json", ONE } } },
	{ "has '0/replica_state.json' twice", {
	    { "0/replica_state.json", LOCAL },
	    { "0/replica_state.json", REMOTE } } },
	{ "neither a file nor a folder", { { "0/link@", "" } } },
	{ "leads out", { { "0/../../x", "" } } },
};

START_TEST(refuses_what_is_not_what_it_should_be)
{
	assert_refused(feed_made(bad[_i].files), bad[_i].why);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("qd_archive");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, NULL, tear_down);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, accepts_every_collection_snapshot_of_a_server,
	    0, sizeof(good) / sizeof(good[0]));
	tcase_add_test(t, refuses_snapshots_of_other_things);
	tcase_add_loop_test(t, refuses_one_that_is_cut_anywhere, 0,
	    sizeof(good) / sizeof(good[0]));
	tcase_add_test(t, refuses_what_comes_in_the_place_of_one);
	tcase_add_test(t, takes_the_shards_that_the_keys_name);
	tcase_add_loop_test(t, refuses_what_is_not_what_it_should_be, 0,
	    sizeof(bad) / sizeof(bad[0]));
	suite_add_tcase(s, t);
	return suite_run(s);
}
