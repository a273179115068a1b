/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "ops/stored.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

int
dbbi_stored_open(dbbi_stored_set *out, dbbi_ops *ops, const char *set,
    const char *const *sources, dbb_error *err)
{
	dbbi_stored_set s = {0};
	int rc;

	if ((rc = dbbi_vault_open(&s.vault, ops, err)) < 0)
		return rc;
	if ((rc = dbbi_choose_set(s.id, s.vault.repo, set, sources,
	    err)) < 0 ||
	    (rc = dbbi_set_read(&s.head, &s.body, s.vault.repo, s.id,
	    err)) < 0 ||
	    (rc = dbbi_repo_load_index(s.vault.repo, err)) < 0) {
		dbbi_stored_close(&s);
		return rc;
	}
	*out = s;
	return 0;
}

void
dbbi_stored_close(dbbi_stored_set *stored)
{
	dbbi_json_free(stored->head);
	dbbi_json_free(stored->body);
	dbbi_vault_close(&stored->vault);
	memset(stored, 0, sizeof(*stored));
}

size_t
dbbi_stored_stream_count(const dbbi_json *source)
{
	return dbbi_json_count(dbbi_json_array(source, "streams"));
}

int
dbbi_stored_stream_at(dbbi_stored_stream *out, const dbbi_json *source,
    size_t i, dbb_error *err)
{
	dbbi_json *entry = dbbi_json_at(dbbi_json_array(source, "streams"), i);
	dbbi_stored_stream s = {0};
	int rc;

	s.name = dbbi_json_string(entry, "name");
	s.kind = dbbi_json_string(entry, "kind");
	if (s.name == NULL || *s.name == '\0' || strlen(s.name) > 512 ||
	    s.kind == NULL)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "the manifest's stream %zu has no name or kind", i);
	if ((rc = dbbi_stream_ref_get(&s.ref, entry, err)) < 0)
		return dbbi_error_context(err, rc, "stream '%s'", s.name);
	*out = s;
	return 0;
}

/* Who gets a stream, and who looks how far it is. */
struct counted {
	dbb_write_fn fn;
	void *payload;
	_Atomic uint64_t *count;	/* may be NULL */
};

static int
count_on(const void *data, size_t size, void *payload)
{
	struct counted *c = payload;
	int rc = c->fn(data, size, c->payload);

	if (c->count != NULL)
		atomic_fetch_add(c->count, size);
	return rc;
}

int
dbbi_stored_send(const dbbi_stored_set *stored,
    const dbbi_stored_stream *stream, dbb_write_fn fn, void *payload,
    _Atomic uint64_t *count, dbb_error *err)
{
	struct counted c = { fn, payload, count };
	int rc;

	rc = dbbi_repo_send_stream(stored->vault.repo, &stream->ref, count_on,
	    &c, err);
	return dbbi_error_context(err, rc, "reading '%s' of set %s",
	    stream->name, stored->id);
}
