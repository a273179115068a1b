/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/qd_shards.h"

#include <string.h>

#include <check.h>

#include "suite.h"

#define MOST 4

static dbbi_json *words[MOST];
static dbbi_qd_shards found;
static dbb_error why;

/* What node i says. */
static void
say(size_t i, const char *text)
{
	dbbi_json_free(words[i]);
	ck_assert_int_eq(dbbi_json_parse(&words[i], text, strlen(text),
	    NULL), 0);
}

static int
choose(size_t count)
{
	dbbi_error_clear(&why);
	dbbi_qd_shards_clear(&found);
	return dbbi_qd_shards_choose(&found, (const dbbi_json *const *)words,
	    count, &why);
}

static void
clear(void)
{
	dbbi_qd_shards_clear(&found);
	for (size_t i = 0; i < MOST; i++) {
		dbbi_json_free(words[i]);
		words[i] = NULL;
	}
}

static void
check_refused(size_t count, int code, const char *message, const char *hint)
{
	ck_assert_int_eq(choose(count), code);
	ck_assert_ptr_nonnull(strstr(why.message, message));
	ck_assert_ptr_nonnull(strstr(why.hint, hint));
	ck_assert_uint_eq(found.count, 0);
}

#define LOCAL(id, state) "{\"shard_id\":" #id ",\"points_count\":1," \
    "\"state\":\"" state "\"}"
#define REMOTE(id, peer, state) "{\"shard_id\":" #id ",\"peer_id\":" #peer \
    ",\"state\":\"" state "\"}"
#define WORD(peer, count, local, remote) "{\"peer_id\":" #peer \
    ",\"shard_count\":" #count ",\"local_shards\":[" local "]," \
    "\"remote_shards\":[" remote "],\"shard_transfers\":[]}"

/* As recorded of a cluster of two (exchanges 296 and 297). */
static void
say_two_halves(void)
{
	say(0, WORD(7523690705554673, 4,
	    LOCAL(0, "Active") "," LOCAL(2, "Active"),
	    REMOTE(1, 5745892849070280, "Active") ","
	    REMOTE(3, 5745892849070280, "Active")));
	say(1, WORD(5745892849070280, 4,
	    LOCAL(1, "Active") "," LOCAL(3, "Active"),
	    REMOTE(0, 7523690705554673, "Active") ","
	    REMOTE(2, 7523690705554673, "Active")));
}

START_TEST(one_node_gives_all)
{
	say(0, WORD(1, 3, LOCAL(2, "Active") "," LOCAL(0, "Active") ","
	    LOCAL(1, "Active"), ""));
	ck_assert_int_eq(choose(1), 0);
	ck_assert_uint_eq(found.count, 3);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(found.shards[i].id, i);
		ck_assert_uint_eq(found.shards[i].node, 0);
	}
}
END_TEST

START_TEST(each_half_comes_from_its_node)
{
	say_two_halves();
	ck_assert_int_eq(choose(2), 0);
	ck_assert_uint_eq(found.count, 4);
	for (size_t i = 0; i < 4; i++)
		ck_assert_uint_eq(found.shards[i].node, i % 2);
	ck_assert(dbbi_qd_shards_need(&found, 0));
	ck_assert(dbbi_qd_shards_need(&found, 1));
	ck_assert(!dbbi_qd_shards_need(&found, 2));
}
END_TEST

START_TEST(one_of_two_equal_replicas_is_enough)
{
	say(0, WORD(1, 2, LOCAL(0, "Active") "," LOCAL(1, "Active"),
	    REMOTE(0, 2, "Active") "," REMOTE(1, 2, "Active")));
	say(1, WORD(2, 2, LOCAL(0, "Active") "," LOCAL(1, "Active"),
	    REMOTE(0, 1, "Active") "," REMOTE(1, 1, "Active")));
	ck_assert_int_eq(choose(2), 0);
	ck_assert(dbbi_qd_shards_need(&found, 0));
	ck_assert(!dbbi_qd_shards_need(&found, 1));
}
END_TEST

START_TEST(a_sick_replica_gives_nothing)
{
	say(0, WORD(1, 2, LOCAL(0, "Dead") "," LOCAL(1, "Active"),
	    REMOTE(0, 2, "Active")));
	say(1, WORD(2, 2, LOCAL(0, "Active"),
	    REMOTE(0, 1, "Dead") "," REMOTE(1, 1, "Active")));
	ck_assert_int_eq(choose(2), 0);
	ck_assert_uint_eq(found.shards[0].node, 1);
	ck_assert_uint_eq(found.shards[1].node, 0);
}
END_TEST

START_TEST(few_nodes_are_taken)
{
	say(0, WORD(1, 3, LOCAL(0, "Active"), ""));
	say(1, WORD(2, 3, LOCAL(0, "Active") "," LOCAL(1, "Active") ","
	    LOCAL(2, "Active"), ""));
	say(2, WORD(3, 3, LOCAL(2, "Active"), ""));
	ck_assert_int_eq(choose(3), 0);
	for (size_t i = 0; i < 3; i++)
		ck_assert_uint_eq(found.shards[i].node, 1);
}
END_TEST

START_TEST(a_node_that_is_away_is_done_without)
{
	say(0, WORD(1, 1, LOCAL(0, "Active"), REMOTE(0, 2, "Dead")));
	ck_assert_int_eq(choose(2), 0);
	ck_assert_uint_eq(found.shards[0].node, 0);
}
END_TEST

START_TEST(half_a_cluster_is_refused)
{
	say_two_halves();
	dbbi_json_free(words[1]);
	words[1] = NULL;
	check_refused(2, DBB_ECONFIG, "shard 1 lies on peer 5745892849070280 "
	    "alone", "'urls'");
	check_refused(1, DBB_ECONFIG, "shard 1 lies on peer", "'urls'");
}
END_TEST

START_TEST(a_shard_without_health_is_refused)
{
	say(0, WORD(1, 1, LOCAL(0, "Dead"), REMOTE(0, 2, "Partial")));
	say(1, WORD(2, 1, LOCAL(0, "Partial"), REMOTE(0, 1, "Dead")));
	check_refused(2, DBB_ESOURCE, "shard 0 has no healthy replica",
	    "bring the replica back");
}
END_TEST

/* What a node says of another one that was asked itself does not count. */
START_TEST(a_node_knows_its_own_shards_best)
{
	say(0, WORD(1, 1, "", REMOTE(0, 2, "Active")));
	say(1, WORD(2, 1, LOCAL(0, "ManualRecovery"), ""));
	check_refused(2, DBB_ESOURCE, "'ManualRecovery'", "");
}
END_TEST

START_TEST(a_shard_that_nobody_knows_is_missed)
{
	say(0, WORD(1, 3, LOCAL(0, "Active") "," LOCAL(1, "Active"), ""));
	check_refused(1, DBB_ESOURCE, "3 shards", "'urls'");
}
END_TEST

START_TEST(one_node_under_two_addresses_is_refused)
{
	say(0, WORD(1, 1, LOCAL(0, "Active"), ""));
	say(2, WORD(1, 1, LOCAL(0, "Active"), ""));
	check_refused(3, DBB_ECONFIG, "'urls' 1 and 3 lead to the same node",
	    "load balancer");
}
END_TEST

START_TEST(resharding_is_refused)
{
	say(0, "{\"peer_id\":1,\"shard_count\":1,\"local_shards\":["
	    LOCAL(0, "Active") "],\"remote_shards\":[],"
	    "\"resharding_operations\":[{\"peer_id\":1}]}");
	check_refused(1, DBB_ESOURCE, "resharding", "try again");
}
END_TEST

START_TEST(shard_keys_are_kept)
{
	say(0, WORD(1, 2, "{\"shard_id\":7,\"shard_key\":\"eu\","
	    "\"state\":\"Active\"},{\"shard_id\":9,\"shard_key\":12,"
	    "\"state\":\"Active\"}", ""));
	ck_assert_int_eq(choose(1), 0);
	ck_assert_uint_eq(found.shards[0].id, 7);
	ck_assert_str_eq(json_object_get_string(
	    found.shards[0].key), "eu");
	ck_assert_int_eq(json_object_get_int(
	    found.shards[1].key), 12);
}
END_TEST

static const char *const nonsense[] = {
	"{}",
	"{\"peer_id\":\"1\",\"shard_count\":1}",
	"{\"peer_id\":1,\"shard_count\":1}",
	"{\"peer_id\":1,\"shard_count\":1,\"local_shards\":[],"
	    "\"remote_shards\":{}}",
	"{\"peer_id\":1,\"shard_count\":1,\"local_shards\":[3],"
	    "\"remote_shards\":[]}",
	"{\"peer_id\":1,\"shard_count\":1,\"local_shards\":["
	    "{\"shard_id\":-1,\"state\":\"Active\"}],\"remote_shards\":[]}",
	"{\"peer_id\":1,\"shard_count\":1,\"local_shards\":["
	    "{\"shard_id\":0,\"state\":4}],\"remote_shards\":[]}",
	"{\"peer_id\":1,\"shard_count\":1,\"local_shards\":[],"
	    "\"remote_shards\":[{\"shard_id\":0,\"state\":\"Active\"}]}",
};

START_TEST(nonsense_is_refused)
{
	say(0, nonsense[_i]);
	check_refused(1, DBB_ESOURCE, "nothing sensible", "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("qd_shards");
	TCase *t = tcase_create("choose");

	tcase_add_checked_fixture(t, NULL, clear);
	tcase_add_test(t, one_node_gives_all);
	tcase_add_test(t, each_half_comes_from_its_node);
	tcase_add_test(t, one_of_two_equal_replicas_is_enough);
	tcase_add_test(t, a_sick_replica_gives_nothing);
	tcase_add_test(t, few_nodes_are_taken);
	tcase_add_test(t, a_node_that_is_away_is_done_without);
	tcase_add_test(t, half_a_cluster_is_refused);
	tcase_add_test(t, a_shard_without_health_is_refused);
	tcase_add_test(t, a_node_knows_its_own_shards_best);
	tcase_add_test(t, a_shard_that_nobody_knows_is_missed);
	tcase_add_test(t, one_node_under_two_addresses_is_refused);
	tcase_add_test(t, resharding_is_refused);
	tcase_add_test(t, shard_keys_are_kept);
	tcase_add_loop_test(t, nonsense_is_refused, 0,
	    sizeof(nonsense) / sizeof(nonsense[0]));
	suite_add_tcase(suite, t);
	return suite_run(suite);
}
