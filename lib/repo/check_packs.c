/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/check_packs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repo/pack_list.h"

void
dbbi_needed_clear(dbbi_needed *needed)
{
	for (uint32_t i = 0; i < needed->count; i++)
		free(needed->packs[i].damage);
	free(needed->packs);
	needed->packs = NULL;
	needed->count = 0;
}

static int
compare_names(const dbbi_id *a, const dbbi_id *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

/* Both are sorted: merge. */
int
dbbi_needed_add(dbbi_needed *needed, const dbbi_manifest *m, dbb_error *err)
{
	size_t most = (size_t)needed->count + m->pack_count;
	dbbi_needed_pack *merged = calloc(most + 1, sizeof *merged);
	uint32_t i = 0, k = 0, n = 0;
	int order;

	if (merged == NULL)
		return dbbi_error_nomem(err);
	while (i < needed->count || k < m->pack_count) {
		if (i == needed->count)
			order = 1;
		else if (k == m->pack_count)
			order = -1;
		else
			order = compare_names(&needed->packs[i].pack.name,
			    &m->packs[k].name);
		if (order <= 0)
			merged[n++] = needed->packs[i++];
		else
			merged[n++].pack = m->packs[k];
		if (order >= 0)
			k++;
	}
	free(needed->packs);
	needed->packs = merged;
	needed->count = n;
	return 0;
}

static int
compare_needed(const void *key, const void *item)
{
	const dbbi_needed_pack *pack = item;

	return compare_names(key, &pack->pack.name);
}

dbbi_needed_pack *
dbbi_needed_find(const dbbi_needed *needed, const dbbi_id *name)
{
	if (needed->count == 0)
		return NULL;
	return bsearch(name, needed->packs, needed->count,
	    sizeof *needed->packs, compare_needed);
}

/* Say what is wrong with a pack, unless something is already. */
static int
damage(dbbi_needed_pack *pack, const char *what, dbb_error *err)
{
	if (pack->damage == NULL &&
	    (pack->damage = dbbi_text_dup(what)) == NULL)
		return dbbi_error_nomem(err);
	return 0;
}

/* ---- the listing ---- */

struct listing {
	dbbi_needed *needed;
	dbbi_index *index;
};

static int
check_listed(const dbbi_id *name, uint64_t size, void *payload,
    dbb_error *err)
{
	struct listing *listing = payload;
	dbbi_needed_pack *pack = dbbi_needed_find(listing->needed, name);
	char what[128];

	dbbi_index_see_pack(listing->index, name, size);
	if (pack == NULL)
		return 0;
	pack->listed = 1;
	if (size == pack->pack.size)
		return 0;
	snprintf(what, sizeof what, "it has %llu bytes in the store and had "
	    "%u when it was written", (unsigned long long)size,
	    pack->pack.size);
	return damage(pack, what, err);
}

int
dbbi_needed_list(dbbi_needed *needed, dbbi_repo *repo, dbbi_index *index,
    dbb_error *err)
{
	struct listing listing = { needed, index };
	int rc;

	rc = dbbi_packs_list(repo->store, repo->run, check_listed, &listing,
	    err);
	if (rc < 0)
		return rc;
	for (uint32_t i = 0; rc == 0 && i < needed->count; i++) {
		if (!needed->packs[i].listed)
			rc = damage(&needed->packs[i],
			    "it is not in the store", err);
		else if (needed->packs[i].pack.size > DBBI_PACK_LIMIT)
			rc = damage(&needed->packs[i],
			    "it is larger than any pack can be", err);
	}
	return rc;
}

int
dbbi_needed_look_up(dbbi_needed *needed, dbbi_index *index, dbb_error *err)
{
	uint32_t count = dbbi_index_packs(index), size;
	dbbi_needed_pack *pack;
	dbbi_id name;
	int rc;

	for (uint32_t i = 0; i < count; i++) {
		dbbi_index_pack(&name, &size, index, i);
		pack = dbbi_needed_find(needed, &name);
		if (pack != NULL && size == pack->pack.size)
			pack->known = 1;
	}
	for (uint32_t i = 0; i < needed->count; i++) {
		if (!needed->packs[i].known &&
		    (rc = damage(&needed->packs[i], "the index does not "
		    "know it: an index object is missing", err)) < 0)
			return rc;
	}
	return 0;
}

static int
compare_set_packs(const void *a, const void *b)
{
	const dbbi_set_pack *x = a, *y = b;

	return compare_names(&x->name, &y->name);
}

int
dbbi_needed_add_present(dbbi_needed *needed, dbbi_index *index,
    const uint8_t *marks, dbb_error *err)
{
	uint32_t count = dbbi_index_packs(index);
	dbbi_manifest m = { .packs = NULL };
	dbbi_needed_pack *pack;
	int rc;

	m.packs = calloc((size_t)count + 1, sizeof *m.packs);
	if (m.packs == NULL)
		return dbbi_error_nomem(err);
	for (uint32_t i = 0; i < count; i++) {
		if (!marks[i])
			continue;
		dbbi_index_pack(&m.packs[m.pack_count].name,
		    &m.packs[m.pack_count].size, index, i);
		m.pack_count++;
	}
	qsort(m.packs, m.pack_count, sizeof *m.packs, compare_set_packs);
	rc = dbbi_needed_add(needed, &m, err);
	for (uint32_t i = 0; rc == 0 && i < m.pack_count; i++) {
		pack = dbbi_needed_find(needed, &m.packs[i].name);
		pack->listed = pack->known = pack->stand_in = 1;
	}
	dbbi_manifest_clear(&m);
	return rc;
}
