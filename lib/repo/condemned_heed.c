/* SPDX-License-Identifier: BSD-2-Clause */
/* The writer's side: what is condemned is as if it were not there. */
#include <config.h>

#include "repo/condemned.h"

#include <stdlib.h>

#include "repo/manifest_layout.h"
#include "repo/pack_list.h"

/* ---- when it begins ---- */

static int
condemn_all(dbbi_repo *repo, dbb_error *err)
{
	uint32_t count = dbbi_index_packs(repo->index), size;
	dbbi_id name;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < count; i++) {
		dbbi_index_pack(&name, &size, repo->index, i);
		rc = dbbi_index_condemn(repo->index, &name, size, err);
	}
	return rc;
}

static int
heed_record(dbbi_repo *repo, const dbbi_record *r, dbb_error *err)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < r->pack_count; i++)
		rc = dbbi_index_condemn(repo->index, &r->packs[i].name,
		    r->packs[i].size, err);
	return rc;
}

static int
spare_set(dbbi_repo *repo, const char *id, dbb_error *err)
{
	dbbi_manifest m;
	int rc;

	rc = dbbi_manifest_read(&m, repo, id, 0, err);
	if (dbbi_is_damage(rc))
		return 0;
	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < m.pack_count; i++)
		dbbi_index_spare(repo->index, &m.packs[i].name,
		    m.packs[i].size);
	dbbi_manifest_clear(&m);
	return 0;
}

/* A record cannot be read: whatever no set needs may be in it. */
static int
spare_sets(dbbi_repo *repo, dbb_error *err)
{
	dbbi_list ids = { NULL, 0 };
	int rc;

	if ((rc = condemn_all(repo, err)) < 0)
		return rc;
	rc = dbbi_set_ids(&ids, repo, err);
	for (size_t i = 0; rc == 0 && i < ids.count; i++)
		rc = spare_set(repo, ids.items[i], err);
	dbbi_list_clear(&ids);
	return rc;
}

/* With the mutex held. */
static int
heed(dbbi_repo *repo, const dbbi_condemned *c, dbb_error *err)
{
	int damaged = 0, rc = 0;

	for (size_t i = 0; i < c->count; i++)
		damaged |= c->records[i].damage != 0;
	if (damaged) {
		dbbi_log(repo->run, DBB_LOG_WARNING, "packs that no set "
		    "needs are not used again, until 'dbb-backup prune' has "
		    "taken the damaged record away");
		rc = spare_sets(repo, err);
	}
	for (size_t i = 0; rc == 0 && i < c->count; i++)
		rc = heed_record(repo, &c->records[i], err);
	return rc;
}

static int
is_heeded(dbbi_repo *repo)
{
	int heeded;

	pthread_mutex_lock(&repo->mutex);
	heeded = repo->heeded;
	pthread_mutex_unlock(&repo->mutex);
	return heeded;
}

/* Records first, then what is there: a record outlives its packs. */
int
dbbi_condemned_heed(dbbi_repo *repo, dbb_error *err)
{
	dbbi_condemned c;
	int rc;

	if (is_heeded(repo))
		return 0;
	if ((rc = dbbi_condemned_load(&c, repo, err)) < 0)
		return rc;
	if ((rc = dbbi_repo_load_index(repo, err)) == 0) {
		pthread_mutex_lock(&repo->mutex);
		if (!repo->heeded)
			rc = heed(repo, &c, err);
		repo->heeded |= rc == 0;
		pthread_mutex_unlock(&repo->mutex);
	}
	dbbi_condemned_clear(&c);
	return rc;
}

/* ---- just before the commit ---- */

static int
refuse(const dbbi_repo *repo, const dbbi_id *pack, const char *what,
    dbb_error *err)
{
	char object[DBBI_OBJECT_SIZE];

	dbbi_pack_object(object, pack);
	dbbi_error_set(err, DBB_EBUSY, "a prune has %s '%s', which the set "
	    "needs, and this run has lasted %lld minutes", what, object,
	    (long long)(dbbi_moment_age(&repo->loaded) / 60000));
	dbbi_error_hint(err, "run the backup again: all is stored already, "
	    "and what is condemned or gone is stored anew");
	return DBB_EBUSY;
}

/* Was one of these packs condemned since the index was loaded? */
static int
condemned_since(dbbi_id *first, const dbbi_record *r,
    const dbbi_set_pack *packs, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (dbbi_record_find(r, &packs[i].name) == NULL)
			continue;
		*first = packs[i].name;
		return 1;
	}
	return 0;
}

/* Which of some packs a listing shows. */
struct presence {
	const dbbi_set_pack *packs;
	uint32_t count;
	uint8_t *seen;
};

static int
see_pack(const dbbi_id *name, uint64_t size, void *payload, dbb_error *err)
{
	dbbi_set_pack key = { .name = *name };
	struct presence *p = payload;
	const dbbi_set_pack *found;

	(void)err;
	found = bsearch(&key, p->packs, p->count, sizeof key,
	    dbbi_set_pack_compare);
	if (found != NULL && found->size == size)
		p->seen[found - p->packs] = 1;
	return 0;
}

/* Are they still in the store? A run may outlast packs, and the records that
 * told of them, too. */
static int
check_present(dbbi_repo *repo, const dbbi_set_pack *packs, uint32_t count,
    dbb_error *err)
{
	struct presence p = { packs, count, calloc(count, 1) };
	int rc;

	if (p.seen == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_packs_list(repo->store, repo->run, see_pack, &p, err);
	for (uint32_t i = 0; rc == 0 && i < count; i++)
		if (!p.seen[i])
			rc = refuse(repo, &packs[i].name, "deleted", err);
	free(p.seen);
	return rc;
}

/* Records are read before packs are listed: what is there then, and in none
 * of them, will be there for another grace. */
int
dbbi_condemned_check(dbbi_repo *repo, const dbbi_set_pack *packs,
    uint32_t count, dbb_error *err)
{
	int64_t most_ms = (int64_t)repo->grace_s * 1000 / 2;
	dbbi_condemned c;
	dbbi_id pack;
	int rc;

	if (count == 0 || dbbi_moment_age(&repo->loaded) < most_ms)
		return 0;
	if ((rc = dbbi_condemned_load(&c, repo, err)) < 0)
		return rc;
	pack = packs[0].name;
	for (size_t i = 0; rc == 0 && i < c.count; i++)
		if (c.records[i].damage != 0 || condemned_since(&pack,
		    &c.records[i], packs, count))
			rc = refuse(repo, &pack, "condemned", err);
	dbbi_condemned_clear(&c);
	return rc < 0 ? rc : check_present(repo, packs, count, err);
}
