/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/qd_shards.h"

#include <stdlib.h>
#include <string.h>

#define NOBODY SIZE_MAX

/* A copy of a shard on a node, as that node says, or as another says of a
 * node that was not asked. */
struct replica {
	uint64_t shard;
	uint64_t peer;
	size_t node;		/* NOBODY: it was not asked */
	const char *state;
	dbbi_json *key;
};

struct choice {
	const dbbi_json *const *words;
	size_t nodes;
	uint64_t *peers;	/* of each node; those not asked have none */
	struct replica *replicas;	/* by shard */
	size_t count;
	uint64_t shard_count;	/* as the nodes say */
};

/* ---- what the nodes say ---- */

static int
bad_word(const struct choice *c, size_t node, const char *what,
    dbb_error *err)
{
	(void)c;
	return dbbi_error_set(err, DBB_ESOURCE, "node %zu of the cluster says "
	    "nothing sensible of its shards: %s", node + 1, what);
}

static int
read_peers(struct choice *c, dbb_error *err)
{
	size_t i, j;

	for (i = 0; i < c->nodes; i++) {
		if (c->words[i] == NULL)
			continue;
		if (dbbi_json_u64(&c->peers[i], c->words[i], "peer_id") < 0)
			return bad_word(c, i, "no 'peer_id'", err);
		for (j = 0; j < i; j++) {
			if (c->words[j] == NULL ||
			    c->peers[j] != c->peers[i])
				continue;
			dbbi_error_set(err, DBB_ECONFIG, "'urls' %zu and %zu "
			    "lead to the same node, peer %llu", j + 1, i + 1,
			    (unsigned long long)c->peers[i]);
			dbbi_error_hint(err, "name each node of the cluster "
			    "once, and no load balancer");
			return DBB_ECONFIG;
		}
	}
	return 0;
}

/* The node of that peer among those that answered; or NOBODY. */
static size_t
node_of(const struct choice *c, uint64_t peer)
{
	size_t i;

	for (i = 0; i < c->nodes; i++)
		if (c->words[i] != NULL && c->peers[i] == peer)
			return i;
	return NOBODY;
}

/* Room for what all nodes list. */
static int
make_room(struct choice *c, dbb_error *err)
{
	size_t i, n = 1;

	for (i = 0; i < c->nodes; i++)
		n += dbbi_json_count(dbbi_json_array(c->words[i],
		    "local_shards")) +
		    dbbi_json_count(dbbi_json_array(c->words[i],
		    "remote_shards"));
	c->peers = calloc(c->nodes + 1, sizeof(*c->peers));
	c->replicas = calloc(n, sizeof(*c->replicas));
	if (c->peers == NULL || c->replicas == NULL)
		return dbbi_error_nomem(err);
	return 0;
}

static int
read_replica(struct choice *c, size_t node, const dbbi_json *entry,
    int is_local, dbb_error *err)
{
	struct replica r = { .node = is_local ? node : NOBODY };

	if (dbbi_json_u64(&r.shard, entry, "shard_id") < 0 ||
	    (r.state = dbbi_json_string(entry, "state")) == NULL)
		return bad_word(c, node, "a shard without id or state", err);
	if (is_local)
		r.peer = c->peers[node];
	else if (dbbi_json_u64(&r.peer, entry, "peer_id") < 0)
		return bad_word(c, node, "a shard elsewhere without peer",
		    err);
	json_object_object_get_ex(entry, "shard_key", &r.key);
	/* Of its own shards a node knows best. */
	if (is_local || node_of(c, r.peer) == NOBODY)
		c->replicas[c->count++] = r;
	return 0;
}

static int
read_list(struct choice *c, size_t node, const char *name, int is_local,
    dbb_error *err)
{
	dbbi_json *list = dbbi_json_array(c->words[node], name);
	size_t i;
	int rc = 0;

	if (list == NULL)
		return bad_word(c, node, "a list of shards is missing", err);
	for (i = 0; rc == 0 && i < dbbi_json_count(list); i++)
		rc = read_replica(c, node, dbbi_json_at(list, i), is_local,
		    err);
	return rc;
}

static int
read_word(struct choice *c, size_t node, dbb_error *err)
{
	const dbbi_json *word = c->words[node];
	uint64_t n;
	int rc;

	if (dbbi_json_count(dbbi_json_array(word,
	    "resharding_operations")) > 0) {
		dbbi_error_set(err, DBB_ESOURCE,
		    "its shards are being divided anew (resharding)");
		dbbi_error_hint(err, "wait until 'resharding_operations' is "
		    "empty, and try again");
		return DBB_ESOURCE;
	}
	if (dbbi_json_u64(&n, word, "shard_count") < 0)
		return bad_word(c, node, "no 'shard_count'", err);
	if (n > c->shard_count)
		c->shard_count = n;
	if ((rc = read_list(c, node, "local_shards", 1, err)) < 0)
		return rc;
	return read_list(c, node, "remote_shards", 0, err);
}

static int
compare_replicas(const void *a, const void *b)
{
	const struct replica *x = a, *y = b;

	if (x->shard != y->shard)
		return x->shard < y->shard ? -1 : 1;
	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	return (x->peer > y->peer) - (x->peer < y->peer);
}

/* ---- who gives what ---- */

/* Can the shard be taken from where this copy lies? */
static int
is_healthy(const struct replica *r)
{
	return r->node != NOBODY && strcmp(r->state, "Active") == 0;
}

static int
list_shards(dbbi_qd_shards *out, const struct choice *c, dbb_error *err)
{
	size_t i;

	out->shards = calloc(c->count + 1, sizeof(*out->shards));
	if (out->shards == NULL)
		return dbbi_error_nomem(err);
	for (i = 0; i < c->count; i++) {
		const struct replica *r = &c->replicas[i];

		if (i == 0 || r->shard != r[-1].shard)
			out->shards[out->count++] = (dbbi_qd_shard){
			    .id = r->shard, .node = NOBODY };
		if (r->key != NULL)
			out->shards[out->count - 1].key = r->key;
	}
	if (out->count == c->shard_count)
		return 0;
	dbbi_error_set(err, DBB_ESOURCE, "it has %llu shards, and the nodes "
	    "that were asked know of %zu",
	    (unsigned long long)c->shard_count, out->count);
	dbbi_error_hint(err, "name every node of the cluster in 'urls'; if "
	    "all are there, wait until the cluster has settled");
	return DBB_ESOURCE;
}

/* How many shards that nobody gives yet could be had from the node; with
 * `take` they are. */
static size_t
offer(dbbi_qd_shards *out, const struct choice *c, size_t node, int take)
{
	size_t i, at = 0, n = 0;

	for (i = 0; i < c->count; i++) {
		const struct replica *r = &c->replicas[i];

		while (out->shards[at].id != r->shard)
			at++;
		if (r->node != node || !is_healthy(r) ||
		    out->shards[at].node != NOBODY)
			continue;
		if (take)
			out->shards[at].node = node;
		n++;
	}
	return n;
}

static void
take_from_few(dbbi_qd_shards *out, const struct choice *c)
{
	size_t i, n, best, most;

	do {
		for (i = best = most = 0; i < c->nodes; i++)
			if ((n = offer(out, c, i, 0)) > most) {
				best = i;
				most = n;
			}
		if (most > 0)
			offer(out, c, best, 1);
	} while (most > 0);
}

/* A shard that nobody gives: why? */
static int
tell_missing(const struct choice *c, uint64_t shard, dbb_error *err)
{
	const struct replica *r = c->replicas, *end = r + c->count;

	for (; r < end; r++) {
		if (r->shard != shard || r->node != NOBODY ||
		    strcmp(r->state, "Active") != 0)
			continue;
		dbbi_error_set(err, DBB_ECONFIG, "its shard %llu lies on "
		    "peer %llu alone, which was not asked",
		    (unsigned long long)shard, (unsigned long long)r->peer);
		dbbi_error_hint(err, "add the REST address of that node to "
		    "'urls'; if it is there, see whether the node is up");
		return DBB_ECONFIG;
	}
	for (r = c->replicas; r->shard != shard; r++)
		;
	dbbi_error_set(err, DBB_ESOURCE, "its shard %llu has no healthy "
	    "replica: on peer %llu it is '%.32s'", (unsigned long long)shard,
	    (unsigned long long)r->peer, r->state);
	dbbi_error_hint(err, "bring the replica back: 'GET "
	    "/collections/NAME/cluster' shows the states");
	return DBB_ESOURCE;
}

static int
choose(dbbi_qd_shards *out, struct choice *c, dbb_error *err)
{
	size_t i;
	int rc;

	if ((rc = make_room(c, err)) < 0 || (rc = read_peers(c, err)) < 0)
		return rc;
	for (i = 0; rc == 0 && i < c->nodes; i++)
		if (c->words[i] != NULL)
			rc = read_word(c, i, err);
	if (rc < 0)
		return rc;
	qsort(c->replicas, c->count, sizeof(*c->replicas), compare_replicas);
	if ((rc = list_shards(out, c, err)) < 0)
		return rc;
	take_from_few(out, c);
	for (i = 0; i < out->count; i++)
		if (out->shards[i].node == NOBODY)
			return tell_missing(c, out->shards[i].id, err);
	return 0;
}

int
dbbi_qd_shards_choose(dbbi_qd_shards *out, const dbbi_json *const *words,
    size_t count, dbb_error *err)
{
	struct choice c = { .words = words, .nodes = count };
	dbbi_qd_shards found = {0};
	int rc;

	if (count > DBBI_QD_NODES_MAX)
		return dbbi_error_set(err, DBB_ECONFIG, "%zu nodes are named, "
		    "and at most %u can be", count, DBBI_QD_NODES_MAX);
	if ((rc = choose(&found, &c, err)) == 0)
		*out = found;
	else
		dbbi_qd_shards_clear(&found);
	free(c.replicas);
	free(c.peers);
	return rc;
}

int
dbbi_qd_shards_need(const dbbi_qd_shards *shards, size_t node)
{
	size_t i;

	for (i = 0; i < shards->count; i++)
		if (shards->shards[i].node == node)
			return 1;
	return 0;
}

void
dbbi_qd_shards_clear(dbbi_qd_shards *shards)
{
	free(shards->shards);
	memset(shards, 0, sizeof(*shards));
}
