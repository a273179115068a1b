/* SPDX-License-Identifier: BSD-2-Clause */
/* The streams that a set tells of. */
#include <config.h>

#include "repo/manifest.h"

const dbbi_json *
dbbi_manifest_document(const dbbi_manifest *m)
{
	return m->body != NULL ? m->body : m->head;
}

static int
get_ref(dbbi_stream_ref *out, const dbbi_json *stream, int in_body,
    dbb_error *err)
{
	return in_body ? dbbi_stream_ref_get(out, stream, err) :
	    dbbi_stream_ref_get_place(out, stream, err);
}

int
dbbi_manifest_stream(dbbi_stream_ref *out, const dbbi_manifest *m,
    const dbbi_json *stream, dbb_error *err)
{
	return get_ref(out, stream, m->body != NULL, err);
}

static int
go_through(const dbbi_json *document, int is_body, dbbi_stream_fn fn,
    void *payload, dbb_error *err)
{
	dbbi_json *sources = dbbi_json_array(document, "sources");
	dbbi_json *streams;
	dbbi_stream_ref ref;
	int rc;

	for (size_t i = 0; i < dbbi_json_count(sources); i++) {
		streams = dbbi_json_array(dbbi_json_at(sources, i),
		    "streams");
		for (size_t k = 0; k < dbbi_json_count(streams); k++) {
			rc = get_ref(&ref, dbbi_json_at(streams, k), is_body,
			    err);
			if (rc == 0)
				rc = fn(&ref, payload, err);
			if (rc != 0)
				return rc;
		}
	}
	return 0;
}

int
dbbi_manifest_each(const dbbi_manifest *m, dbbi_stream_fn fn, void *payload,
    dbb_error *err)
{
	return go_through(dbbi_manifest_document(m), m->body != NULL, fn,
	    payload, err);
}

int
dbbi_manifest_streams(const dbbi_json *body, dbbi_stream_fn fn,
    void *payload, dbb_error *err)
{
	return go_through(body, 1, fn, payload, err);
}
