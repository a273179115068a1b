/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/pack_list.h"

#include <string.h>

#include "util/bytes.h"

#define PREFIX "packs/"
#define NAME_AT 9		/* of the 64 digits in "packs/3f/3fa1…" */

struct listing {
	dbbi_run *run;
	dbbi_pack_fn fn;
	void *payload;
	dbb_error cause;
	int rc;
};

static int
tell(const dbb_object *object, void *payload)
{
	struct listing *listing = payload;
	char right[DBBI_OBJECT_SIZE];
	dbbi_id name;

	listing->rc = dbbi_run_check(listing->run, &listing->cause);
	if (listing->rc < 0)
		return 1;
	if (strlen(object->name) != NAME_AT + DBBI_SHA256_HEX - 1 ||
	    dbbi_hex_decode(name.bytes, sizeof name.bytes,
	    object->name + NAME_AT) < 0)
		return 0;
	dbbi_pack_object(right, &name);
	if (strcmp(object->name, right) != 0)
		return 0;
	listing->rc = listing->fn(&name, object->size_bytes,
	    listing->payload, &listing->cause);
	return listing->rc != 0;
}

int
dbbi_packs_list(dbbi_store *store, dbbi_run *run, dbbi_pack_fn fn,
    void *payload, dbb_error *err)
{
	struct listing listing = { .run = run, .fn = fn,
	    .payload = payload };
	int rc;

	rc = dbbi_store_list(store, PREFIX, tell, &listing, err);
	if (listing.rc == 0)
		return rc;
	if (err != NULL)
		*err = listing.cause;
	return listing.rc;
}
