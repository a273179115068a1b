/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets: their ids, their streams, and the commit. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repo/condemned.h"
#include "repo/manifest.h"
#include "repo/proofs.h"
#include "repo/protect.h"
#include "repo/set_packs.h"
#include "util/clock.h"
#include "util/random.h"

#define PREFIX "sets/"

/* ---- ids ---- */

int
dbbi_set_id_new(char out[DBBI_SET_ID_SIZE], int64_t at_ms, dbb_error *err)
{
	char time[DBBI_TIME_SIZE], suffix[5];
	uint8_t random[2];
	int rc;

	if ((rc = dbbi_random(random, sizeof random, err)) < 0)
		return rc;
	dbbi_time_compact(time, at_ms);
	dbbi_hex_encode(suffix, random, sizeof random);
	snprintf(out, DBBI_SET_ID_SIZE, "%.16s-%s", time, suffix);
	return 0;
}

int
dbbi_set_id_valid(const char *id)
{
	static const char shape[] = "00000000T000000Z-xxxx";
	size_t i;

	for (i = 0; shape[i] != '\0' && id[i] != '\0'; i++) {
		int digit = id[i] >= '0' && id[i] <= '9';
		int letter = id[i] >= 'a' && id[i] <= 'f';

		if (shape[i] == '0' ? !digit : shape[i] == 'x' ?
		    !digit && !letter : id[i] != shape[i])
			return 0;
	}
	return shape[i] == '\0' && id[i] == '\0';
}

static int
collect(const dbb_object *object, void *payload)
{
	const char *id = object->name + strlen(PREFIX);

	if (strncmp(object->name, PREFIX, strlen(PREFIX)) != 0 ||
	    !dbbi_set_id_valid(id))
		return 0;
	return dbbi_list_add(payload, id, NULL) < 0;
}

static int
compare_text(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

int
dbbi_set_ids(dbbi_list *out, dbbi_repo *repo, dbb_error *err)
{
	dbbi_list ids = { NULL, 0 };
	int rc;

	rc = dbbi_store_list(repo->store, PREFIX, collect, &ids, err);
	if (rc == DBB_ECANCELED)	/* by `collect` */
		rc = dbbi_error_nomem(err);
	if (rc < 0) {
		dbbi_list_clear(&ids);
		return dbbi_error_context(err, rc, "listing sets");
	}
	if (ids.count > 0)
		qsort(ids.items, ids.count, sizeof *ids.items, compare_text);
	*out = ids;
	return 0;
}

/* ---- streams ---- */

int
dbbi_stream_ref_put_place(dbbi_json *stream, const dbbi_stream_ref *ref,
    dbb_error *err)
{
	char root[DBBI_SHA256_HEX];

	dbbi_hex_encode(root, ref->root.bytes, sizeof ref->root.bytes);
	if (dbbi_json_set_string(stream, "root", root) < 0 ||
	    dbbi_json_set_u64(stream, "depth", ref->depth) < 0 ||
	    dbbi_json_set_u64(stream, "size_bytes", ref->size_bytes) < 0)
		return dbbi_error_nomem(err);
	return 0;
}

int
dbbi_stream_ref_put(dbbi_json *stream, const dbbi_stream_ref *ref,
    dbb_error *err)
{
	char sha256[DBBI_SHA256_HEX];
	int rc;

	if ((rc = dbbi_stream_ref_put_place(stream, ref, err)) < 0)
		return rc;
	dbbi_hex_encode(sha256, ref->sha256, sizeof ref->sha256);
	if (dbbi_json_set_string(stream, "sha256", sha256) < 0)
		return dbbi_error_nomem(err);
	return 0;
}

static int
says_no_place(dbb_error *err)
{
	return dbbi_error_set(err, DBB_EDAMAGED,
	    "the manifest does not say where a stream's content is");
}

int
dbbi_stream_ref_get_place(dbbi_stream_ref *out, const dbbi_json *stream,
    dbb_error *err)
{
	const char *root = dbbi_json_string(stream, "root");
	dbbi_stream_ref ref = {0};
	uint64_t depth;

	if (root == NULL ||
	    dbbi_hex_decode(ref.root.bytes, sizeof ref.root.bytes, root) < 0 ||
	    dbbi_json_u64(&depth, stream, "depth") < 0 || depth < 1 ||
	    depth > DBBI_TREE_DEPTH ||
	    dbbi_json_u64(&ref.size_bytes, stream, "size_bytes") < 0)
		return says_no_place(err);
	ref.depth = (uint32_t)depth;
	*out = ref;
	return 0;
}

int
dbbi_stream_ref_get(dbbi_stream_ref *out, const dbbi_json *stream,
    dbb_error *err)
{
	const char *sha256 = dbbi_json_string(stream, "sha256");
	dbbi_stream_ref ref;
	int rc;

	if ((rc = dbbi_stream_ref_get_place(&ref, stream, err)) < 0)
		return rc;
	if (sha256 == NULL ||
	    dbbi_hex_decode(ref.sha256, sizeof ref.sha256, sha256) < 0)
		return says_no_place(err);
	*out = ref;
	return 0;
}

/* ---- write ---- */

/* Check and write. If writing took so long that the check was too early, it
 * is made again; a set that fails it then was reported to nobody. */
static int
commit(dbbi_repo *repo, const char *id, const dbbi_bytes *bytes,
    const dbbi_set_pack *packs, uint32_t count, dbb_error *err)
{
	int64_t most_ms = (int64_t)repo->grace_s * 1000 / 4;
	dbbi_moment checked = dbbi_moment_now();
	char object[DBBI_OBJECT_SIZE];
	int rc;

	if ((rc = dbbi_run_check(repo->run, err)) < 0 ||
	    (rc = dbbi_condemned_check(repo, packs, count, err)) < 0)
		return rc;
	dbbi_set_object(object, id);
	rc = dbbi_store_write(repo->store, object, bytes->data, bytes->size,
	    DBB_PUT_LOCK, err);
	if (rc < 0 || dbbi_moment_age(&checked) < most_ms)
		return rc;
	rc = dbbi_condemned_check(repo, packs, count, err);
	if (rc < 0)
		dbbi_store_remove(repo->store, object, NULL);
	return rc;
}

int
dbbi_set_write_protected(dbbi_protection *protection, dbbi_repo *repo,
    const char *id, dbbi_json *head, dbbi_json *body, dbb_error *err)
{
	dbbi_set_needs needed = { NULL, 0, 0 };
	dbbi_bytes bytes;
	int rc;

	if (!dbbi_set_id_valid(id))
		return dbbi_error_set(err, DBB_EINVAL,
		    "'%.64s' is not a set's id", id);
	dbbi_bytes_init(&bytes, 0);
	if ((rc = dbbi_set_needs_find(&needed, repo, body, err)) < 0 ||
	    (rc = dbbi_repo_protect(protection, repo, needed.packs,
	    needed.older, err)) < 0)
		goto done;
	rc = dbbi_manifest_encode(&bytes, repo->keys, id, head, body,
	    needed.packs, needed.count, err);
	if (rc == 0)
		rc = commit(repo, id, &bytes, needed.packs, needed.count,
		    err);
done:
	dbbi_bytes_clear(&bytes);
	free(needed.packs);
	return dbbi_error_context(err, rc, "writing set '%s'", id);
}

int
dbbi_set_write(dbbi_repo *repo, const char *id, dbbi_json *head,
    dbbi_json *body, dbb_error *err)
{
	dbbi_protection protection;

	return dbbi_set_write_protected(&protection, repo, id, head, body,
	    err);
}

int
dbbi_set_read(dbbi_json **head, dbbi_json **body, dbbi_repo *repo,
    const char *id, dbb_error *err)
{
	dbbi_manifest m;
	int rc;

	if ((rc = dbbi_manifest_read(&m, repo, id, body != NULL, err)) < 0)
		return rc;
	if (head != NULL) {
		*head = m.head;
		m.head = NULL;
	}
	if (body != NULL) {
		*body = m.body;
		m.body = NULL;
	}
	dbbi_manifest_clear(&m);
	return 0;
}

int
dbbi_set_read_verified(dbbi_json **head, int64_t *verified_at_ms,
    dbbi_repo *repo, const dbbi_proofs *proofs, const char *id,
    dbb_error *err)
{
	dbbi_manifest m;
	int rc;

	if ((rc = dbbi_manifest_read(&m, repo, id, 0, err)) < 0)
		return rc;
	*verified_at_ms = dbbi_proofs_of_set(proofs, &m);
	*head = m.head;
	m.head = NULL;
	dbbi_manifest_clear(&m);
	return 0;
}

int
dbbi_set_head(dbbi_json **head, int *whole, dbbi_repo *repo, const char *id,
    dbb_error *err)
{
	dbbi_manifest m;
	int all = 1, rc;

	if ((rc = dbbi_manifest_read(&m, repo, id, 0, err)) < 0)
		return rc;
	for (uint32_t i = 0; all && i < m.pack_count; i++)
		all = dbbi_index_has_pack(repo->index, &m.packs[i].name,
		    m.packs[i].size);
	*head = m.head;
	*whole = all;
	m.head = NULL;
	dbbi_manifest_clear(&m);
	return 0;
}
