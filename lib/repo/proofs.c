/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/proofs.h"

#include <stdlib.h>
#include <string.h>

#include "repo/manifest.h"
#include "repo/pack_list.h"
#include "repo/seal.h"
#include "util/clock.h"

#define MAGIC "DBBPROOF"
#define INFO "dbbackup proofs"
#define PREFIX "proofs/"
#define OBJECT_LIMIT (64u << 20)
#define OBJECT_PACKS 1000000u		/* a writer's; 32 MB */
#define CLOCKS_DIFFER_MS (24 * 3600 * (int64_t)1000)

struct proof {
	dbbi_id pack;
	int64_t at_ms;
	uint32_t object;	/* the number of the one that says so */
	int present;		/* the store has the pack; for tidying only */
};

struct dbbi_proofs {
	struct proof *items;	/* ascending by pack, each once */
	size_t count;
};

/* An object that was read, and whose bytes are what its name says. */
struct view {
	const uint8_t *names;
	uint32_t count;
	int64_t at_ms;
	uint32_t object;
};

static int
compare_names(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(dbbi_id));
}

/* ---- read ---- */

static int
check_names(const struct view *v, dbb_error *err)
{
	const uint8_t *name = v->names;

	for (uint32_t i = 1; i < v->count; i++, name += sizeof(dbbi_id))
		if (compare_names(name, name + sizeof(dbbi_id)) >= 0)
			return dbbi_error_set(err, DBB_EDAMAGED,
			    "its packs do not ascend");
	return 0;
}

static int
open_view(struct view *out, uint8_t *data, size_t size, const dbbi_id *name,
    const dbbi_keys *keys, dbb_error *err)
{
	uint8_t digest[DBBI_SHA256_SIZE];
	dbbi_cursor c;
	uint64_t at;
	int rc;

	if ((rc = dbbi_sha256_of(digest, data, size, err)) < 0)
		return rc;
	if (memcmp(digest, name->bytes, sizeof digest) != 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "its bytes do not fit its name");
	if (size < DBBI_HEADER_SIZE)
		return dbbi_error_set(err, DBB_EDAMAGED, "it is too short");
	if ((rc = dbbi_header_get(&out->count, data, MAGIC,
	    dbbi_seal_cipher(keys), err)) < 0 ||
	    (rc = dbbi_sealed_open(&c, data, size, DBBI_HEADER_SIZE, keys,
	    INFO, err)) < 0)
		return rc;
	if (dbbi_take_u64(&at, &c) < 0 || c.left % sizeof(dbbi_id) != 0 ||
	    c.left / sizeof(dbbi_id) != out->count || at > INT64_MAX)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "its numbers do not fit");
	out->at_ms = (int64_t)at;
	out->names = c.at;
	return check_names(out, err);
}

/* Both are sorted: merge, and keep the newer time. Of two that are as new the
 * later object is kept, so that all who tidy agree. */
static int
take_in(dbbi_proofs *proofs, const struct view *v, dbb_error *err)
{
	struct proof *merged, *to, one = { .at_ms = v->at_ms,
	    .object = v->object };
	size_t i = 0, k = 0;
	int order;

	merged = malloc((proofs->count + v->count + 1) * sizeof *merged);
	if ((to = merged) == NULL)
		return dbbi_error_nomem(err);
	while (i < proofs->count || k < v->count) {
		if (k < v->count)
			memcpy(&one.pack, v->names + k * sizeof one.pack,
			    sizeof one.pack);
		order = k == v->count ? -1 : i == proofs->count ? 1 :
		    compare_names(&proofs->items[i].pack, &one.pack);
		*to = order > 0 || (order == 0 &&
		    one.at_ms >= proofs->items[i].at_ms) ? one :
		    proofs->items[i];
		i += order <= 0;
		k += order >= 0;
		to++;
	}
	free(proofs->items);
	proofs->items = merged;
	proofs->count = (size_t)(to - merged);
	return 0;
}

static int
load_object(dbbi_proofs *proofs, dbbi_repo *repo, const char *object,
    uint32_t number, dbb_error *err)
{
	uint8_t *data = NULL;
	struct view view = { .object = number };
	dbbi_id name;
	size_t size;
	int rc;

	dbbi_hex_decode(name.bytes, sizeof name.bytes,
	    object + strlen(PREFIX));
	rc = dbbi_store_load(&data, &size, repo->store, object, OBJECT_LIMIT,
	    err);
	if (rc == 0 && (rc = open_view(&view, data, size, &name, repo->keys,
	    err)) == 0 && view.at_ms <= dbbi_now_ms() + CLOCKS_DIFFER_MS)
		rc = take_in(proofs, &view, err);
	free(data);
	return rc;
}

static int
collect(const dbb_object *object, void *payload)
{
	dbbi_id name;

	if (dbbi_hex_decode(name.bytes, sizeof name.bytes,
	    object->name + strlen(PREFIX)) < 0)
		return 0;	/* not ours */
	return dbbi_list_add(payload, object->name, NULL) < 0;
}

static int
compare_text(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static int
list_objects(dbbi_list *names, dbbi_repo *repo, dbb_error *err)
{
	int rc;

	rc = dbbi_store_list(repo->store, PREFIX, collect, names, err);
	if (rc == DBB_ECANCELED)	/* by `collect` */
		rc = dbbi_error_nomem(err);
	if (rc == 0 && names->count > 0)
		qsort(names->items, names->count, sizeof *names->items,
		    compare_text);
	return rc;
}

/* What cannot be used is passed over: its packs are read again sooner. */
static int
load_objects(dbbi_proofs *proofs, dbbi_repo *repo, const dbbi_list *names,
    dbb_error *err)
{
	dbb_error cause;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < names->count; i++) {
		if ((rc = dbbi_run_check(repo->run, err)) < 0)
			return rc;
		dbbi_error_clear(&cause);
		rc = load_object(proofs, repo, names->items[i], (uint32_t)i,
		    &cause);
		if (dbbi_is_damage(rc) || rc == DBB_ENOTFOUND) {
			dbbi_log(repo->run, DBB_LOG_WARNING, "'%s' is passed "
			    "over: %s", names->items[i], cause.message);
			rc = 0;
		}
		if (rc < 0 && err != NULL)
			*err = cause;
	}
	return rc;
}

/* `names` is to be empty, and is the caller's to clear. */
static int
load_all(dbbi_proofs **out, dbbi_list *names, dbbi_repo *repo,
    dbb_error *err)
{
	dbbi_proofs *proofs = calloc(1, sizeof *proofs);
	int rc;

	if (proofs == NULL)
		return dbbi_error_nomem(err);
	if ((rc = list_objects(names, repo, err)) == 0 &&
	    (rc = load_objects(proofs, repo, names, err)) == 0) {
		*out = proofs;
		return 0;
	}
	dbbi_proofs_free(proofs);
	return rc;
}

int
dbbi_proofs_load(dbbi_proofs **out, dbbi_repo *repo, dbb_error *err)
{
	dbbi_list names = { NULL, 0 };
	int rc;

	rc = load_all(out, &names, repo, err);
	dbbi_list_clear(&names);
	return dbbi_error_context(err, rc, "looking when packs were last "
	    "read");
}

void
dbbi_proofs_free(dbbi_proofs *proofs)
{
	if (proofs == NULL)
		return;
	free(proofs->items);
	free(proofs);
}

static struct proof *
find(const dbbi_proofs *proofs, const dbbi_id *pack)
{
	return proofs->count == 0 ? NULL : bsearch(pack, proofs->items,
	    proofs->count, sizeof *proofs->items, compare_names);
}

int64_t
dbbi_proofs_at(const dbbi_proofs *proofs, const dbbi_id *pack)
{
	const struct proof *found = find(proofs, pack);

	return found == NULL ? 0 : found->at_ms;
}

int64_t
dbbi_proofs_of_set(const dbbi_proofs *proofs, const dbbi_manifest *m)
{
	const char *finished = dbbi_json_string(m->head, "finished_at");
	int64_t oldest = INT64_MAX, finished_ms, at;

	if (finished == NULL || dbbi_time_parse(&finished_ms, finished) < 0 ||
	    m->pack_count == 0)
		return 0;
	for (uint32_t i = 0; i < m->pack_count; i++) {
		at = dbbi_proofs_at(proofs, &m->packs[i].name);
		oldest = at < oldest ? at : oldest;
	}
	return oldest >= finished_ms ? oldest : 0;
}

/* ---- tidy ---- */

static int
see_pack(const dbbi_id *name, uint64_t size, void *payload, dbb_error *err)
{
	struct proof *found = find(payload, name);

	(void)size;
	(void)err;
	if (found != NULL)
		found->present = 1;
	return 0;
}

static void
remove_idle(const uint8_t *busy, const dbbi_list *names, dbbi_repo *repo)
{
	dbb_error cause;

	for (size_t i = 0; i < names->count; i++) {
		dbbi_error_clear(&cause);
		if (!busy[i] && dbbi_store_remove(repo->store,
		    names->items[i], &cause) < 0)
			dbbi_log(repo->run, DBB_LOG_DEBUG, "an old proof "
			    "stays: %s", cause.message);
	}
}

int
dbbi_proofs_tidy(dbbi_repo *repo, dbb_error *err)
{
	dbbi_proofs *proofs = NULL;
	dbbi_list names = { NULL, 0 };
	uint8_t *busy = NULL;
	int rc;

	if ((rc = load_all(&proofs, &names, repo, err)) != 0 ||
	    (rc = dbbi_packs_list(repo->store, repo->run, see_pack, proofs,
	    err)) < 0)
		goto done;
	if ((busy = calloc(names.count + 1, 1)) == NULL) {
		rc = dbbi_error_nomem(err);
		goto done;
	}
	for (size_t i = 0; i < proofs->count; i++)
		if (proofs->items[i].present)
			busy[proofs->items[i].object] = 1;
	remove_idle(busy, &names, repo);
done:
	free(busy);
	dbbi_list_clear(&names);
	dbbi_proofs_free(proofs);
	return dbbi_error_context(err, rc, "tidying proofs");
}

/* ---- write ---- */

static int
write_object(dbbi_repo *repo, const dbbi_id *packs, uint32_t count,
    int64_t at_ms, dbb_error *err)
{
	uint8_t header[DBBI_HEADER_SIZE];
	char object[DBBI_OBJECT_SIZE];
	dbbi_bytes b;
	dbbi_id name;
	int rc;

	dbbi_bytes_init(&b, OBJECT_LIMIT);
	dbbi_header_put(header, MAGIC, dbbi_seal_cipher(repo->keys), count);
	if ((rc = dbbi_bytes_add(&b, header, sizeof header, err)) < 0 ||
	    (rc = dbbi_sealed_begin(&b, repo->keys, err)) < 0 ||
	    (rc = dbbi_bytes_add_u64(&b, (uint64_t)at_ms, err)) < 0 ||
	    (rc = dbbi_bytes_add(&b, packs, count * sizeof *packs,
	    err)) < 0 ||
	    (rc = dbbi_sealed_end(&b, DBBI_HEADER_SIZE, repo->keys, INFO,
	    err)) < 0 ||
	    (rc = dbbi_sha256_of(name.bytes, b.data, b.size, err)) < 0)
		goto done;
	dbbi_proof_object(object, &name);
	rc = dbbi_store_write(repo->store, object, b.data, b.size, 0, err);
	if (rc == DBB_EEXIST)	/* the same was found at the same instant */
		rc = 0;
done:
	dbbi_bytes_clear(&b);
	return rc;
}

/* Each once; how many are left. */
static uint32_t
sort_names(dbbi_id *names, uint32_t count)
{
	uint32_t n = 0;

	qsort(names, count, sizeof *names, compare_names);
	for (uint32_t i = 0; i < count; i++)
		if (n == 0 || compare_names(&names[n - 1], &names[i]) != 0)
			names[n++] = names[i];
	return n;
}

int
dbbi_proofs_write(dbbi_repo *repo, const dbbi_id *packs, uint32_t count,
    int64_t at_ms, dbb_error *err)
{
	dbbi_id *names;
	uint32_t n;
	int rc = 0;

	if (count == 0)
		return 0;
	if ((names = calloc(count, sizeof *names)) == NULL)
		return dbbi_error_nomem(err);
	memcpy(names, packs, count * sizeof *names);
	count = sort_names(names, count);
	for (uint32_t i = 0; rc == 0 && i < count; i += n) {
		n = count - i < OBJECT_PACKS ? count - i : OBJECT_PACKS;
		rc = write_object(repo, names + i, n, at_ms, err);
	}
	free(names);
	return dbbi_error_context(err, rc, "noting which packs are good");
}
