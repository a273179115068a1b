/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/prune_packs.h"

#include <stdlib.h>
#include <string.h>

#include "repo/pack_list.h"

#define FIRST_ROOM 1024u

/* Half as much again, so that little lies idle when there are many. Returns
 * NULL when there is no memory, or 2^32 of them. */
static void *
grow(void *items, uint32_t *room, size_t size)
{
	uint64_t more = *room == 0 ? FIRST_ROOM : (uint64_t)*room * 3 / 2;
	void *grown;

	if (more > UINT32_MAX)
		return NULL;
	if ((grown = realloc(items, (size_t)more * size)) != NULL)
		*room = (uint32_t)more;
	return grown;
}

/* ---- packs ---- */

static int
add_pack(const dbbi_id *name, uint64_t size, void *payload, dbb_error *err)
{
	dbbi_prune_packs *packs = payload;
	dbbi_prune_pack *items;

	if (packs->count == packs->room) {
		items = grow(packs->items, &packs->room, sizeof *items);
		if (items == NULL)
			return dbbi_error_nomem(err);
		packs->items = items;
	}
	packs->items[packs->count++] = (dbbi_prune_pack){ .name = *name,
	    .size = size > UINT32_MAX ? UINT32_MAX : (uint32_t)size };
	return 0;
}

static int
compare_packs(const void *a, const void *b)
{
	const dbbi_prune_pack *x = a, *y = b;

	return memcmp(x->name.bytes, y->name.bytes, sizeof x->name.bytes);
}

int
dbbi_prune_packs_list(dbbi_prune_packs *out, dbbi_repo *repo, dbb_error *err)
{
	dbbi_prune_packs packs = { NULL, 0, 0 };
	int rc;

	rc = dbbi_packs_list(repo->store, repo->run, add_pack, &packs, err);
	if (rc < 0) {
		dbbi_prune_packs_clear(&packs);
		return dbbi_error_context(err, rc, "listing packs");
	}
	if (packs.count > 0)
		qsort(packs.items, packs.count, sizeof *packs.items,
		    compare_packs);
	*out = packs;
	return 0;
}

void
dbbi_prune_packs_clear(dbbi_prune_packs *packs)
{
	free(packs->items);
	memset(packs, 0, sizeof *packs);
}

dbbi_prune_pack *
dbbi_prune_packs_find(const dbbi_prune_packs *packs, const dbbi_id *name)
{
	dbbi_prune_pack key = { .name = *name };

	return packs->count == 0 ? NULL : bsearch(&key, packs->items,
	    packs->count, sizeof key, compare_packs);
}

/* ---- what is decided ---- */

static int
has(const dbbi_prune_pack *pack, unsigned flags)
{
	return (pack->flags & flags) == flags;
}

/* What was condemned before is condemned anew when a set named it meanwhile:
 * its readers have the grace to end. */
int
dbbi_prune_is_to_condemn(const dbbi_prune_pack *pack)
{
	if (has(pack, DBBI_PRUNE_REWRITTEN))
		return 1;
	if (has(pack, DBBI_PRUNE_USED))
		return 0;
	return pack->record == 0 || has(pack, DBBI_PRUNE_NAMED);
}

/* Nobody has needed it for the grace; or it was moved that long ago, and all
 * that sets need of it is elsewhere. */
int
dbbi_prune_is_to_delete(const dbbi_prune_pack *pack)
{
	if (!has(pack, DBBI_PRUNE_DUE) || has(pack, DBBI_PRUNE_LOCKED) ||
	    dbbi_prune_is_to_condemn(pack))
		return 0;
	return !has(pack, DBBI_PRUNE_USED) || (has(pack, DBBI_PRUNE_ASKED) &&
	    !has(pack, DBBI_PRUNE_STUCK) && !has(pack, DBBI_PRUNE_STANDS_IN));
}

/* ---- names ---- */

static int
compare_names(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(dbbi_id));
}

int
dbbi_names_add(dbbi_names *names, const dbbi_id *name, dbb_error *err)
{
	dbbi_id *items;

	if (names->count == names->room) {
		items = grow(names->items, &names->room, sizeof *items);
		if (items == NULL)
			return dbbi_error_nomem(err);
		names->items = items;
	}
	names->items[names->count++] = *name;
	return 0;
}

void
dbbi_names_sort(dbbi_names *names)
{
	if (names->count > 0)
		qsort(names->items, names->count, sizeof *names->items,
		    compare_names);
}

int
dbbi_names_have(const dbbi_names *names, const dbbi_id *name)
{
	return names->count > 0 && bsearch(name, names->items, names->count,
	    sizeof *names->items, compare_names) != NULL;
}

void
dbbi_names_clear(dbbi_names *names)
{
	free(names->items);
	memset(names, 0, sizeof *names);
}
