/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "lease_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repo/lease_object.h"
#include "repo/seal.h"

void
lease_put(const char *object, const char *text)
{
	uint8_t header[DBBI_HEADER_SIZE];
	dbbi_bytes b;

	dbbi_bytes_init(&b, 4 << 20);
	dbbi_header_put(header, "DBBLEASE", repo_cipher(), 0);
	repo_ok(dbbi_bytes_add(&b, header, sizeof header, &fx.err));
	repo_ok(dbbi_sealed_begin(&b, repo_keys(), &fx.err));
	repo_ok(dbbi_bytes_add(&b, text, strlen(text), &fx.err));
	repo_ok(dbbi_sealed_end(&b, sizeof header, repo_keys(),
	    "dbbackup lease", &fx.err));
	repo_ok(dbbi_store_write(fx.store, object, b.data, b.size,
	    DBB_PUT_REPLACE, &fx.err));
	dbbi_bytes_clear(&b);
}

void
lease_leave(const char *object, const char *until)
{
	char text[256];

	snprintf(text, sizeof text, "{\"verb\":\"run\",\"host\":\"h\","
	    "\"pid\":1,\"version\":\"1\",\"started_at\":\""
	    "2026-11-22T02:00:00.000Z\",\"until\":%s}", until);
	lease_put(object, text);
}

void
lease_leave_of(const char *object, const char *host, const char *process,
    const char *notes)
{
	dbbi_json *lease = dbbi_json_new_object(), *parsed = NULL;

	repo_ok(dbbi_json_set_string(lease, "verb", "run"));
	repo_ok(dbbi_json_set_string(lease, "host", host));
	repo_ok(dbbi_json_set_u64(lease, "pid", 1));
	repo_ok(dbbi_json_set_string(lease, "process", process));
	repo_ok(dbbi_json_set_string(lease, "version", "1"));
	repo_ok(dbbi_json_set_string(lease, "started_at",
	    "2026-11-22T02:00:00.000Z"));
	repo_ok(dbbi_json_set_string(lease, "until",
	    "2999-01-01T00:00:00.000Z"));
	if (notes != NULL) {
		repo_ok(dbbi_json_parse(&parsed, notes, strlen(notes),
		    &fx.err));
		repo_ok(dbbi_json_set(lease, "notes", parsed));
	}
	lease_put(object, dbbi_json_text(lease));
	dbbi_json_free(lease);
}

void
lease_gone(char *process)
{
	char *started = strrchr(process, '/');

	ck_assert_ptr_nonnull(started);
	snprintf(started + 1, 2, "1");
}

char *
lease_text(const char *object)
{
	dbbi_json *lease = NULL;
	char *text;

	repo_ok(dbbi_lease_read(&lease, fx.repo, object, &fx.err));
	text = strdup(dbbi_json_text(lease));
	dbbi_json_free(lease);
	return text;
}
