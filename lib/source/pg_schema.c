/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/pg_schema.h"

#include <stdlib.h>
#include <string.h>

#include "source/pg_private.h"
#include "util/bytes.h"

#define BLOCK_SIZE 65536

static const char *const left_out[] = {
	"\\restrict ", "\\unrestrict ", "-- Dumped ", NULL,
};

/* Does the line's beginning decide? 1 counts, -1 does not, 0 not yet. */
static int
decide(const char *head, size_t size)
{
	size_t i, length;
	int open = 0;

	for (i = 0; left_out[i] != NULL; i++) {
		length = strlen(left_out[i]);
		if (size >= length && memcmp(head, left_out[i], length) == 0)
			return -1;
		if (size < length && memcmp(head, left_out[i], size) == 0)
			open = 1;
	}
	return open ? 0 : 1;
}

/* The line's fate is known: add what was held back of it. */
static int
release_head(dbbi_pg_line_filter *f, dbbi_sha256 *hash, int decided,
    dbb_error *err)
{
	int rc = 0;

	f->decided = decided;
	if (decided > 0 && f->size > 0)
		rc = dbbi_sha256_add(hash, f->head, f->size, err);
	f->size = 0;
	return rc;
}

/* Hold bytes back until they decide; returns how many were taken. */
static size_t
take_head(dbbi_pg_line_filter *f, const char *data, size_t size,
    int *decided)
{
	size_t n = 0;

	*decided = 0;
	while (n < size && *decided == 0 && data[n] != '\n') {
		f->head[f->size++] = data[n++];
		*decided = decide(f->head, f->size);
	}
	if (n < size && *decided == 0)
		*decided = 1;		/* the line is over */
	return n;
}

int
dbbi_pg_line_filter_add(dbbi_pg_line_filter *f, dbbi_sha256 *hash,
    const char *data, size_t size, dbb_error *err)
{
	const char *end;
	size_t n;
	int decided, rc;

	if (size == 0)
		return release_head(f, hash, 1, err);
	while (size > 0) {
		if (f->decided == 0) {
			n = take_head(f, data, size, &decided);
			data += n;
			size -= n;
			if (decided == 0)
				return 0;
			if ((rc = release_head(f, hash, decided, err)) < 0)
				return rc;
			continue;
		}
		end = memchr(data, '\n', size);
		n = end != NULL ? (size_t)(end - data) + 1 : size;
		if (f->decided > 0 &&
		    (rc = dbbi_sha256_add(hash, data, n, err)) < 0)
			return rc;
		if (end != NULL)
			f->decided = 0;
		data += n;
		size -= n;
	}
	return 0;
}

/* Hash what the process prints, to its good end. */
static int
hash_output(char out[DBBI_SHA256_HEX], dbbi_process *process,
    dbb_error *err)
{
	uint8_t digest[DBBI_SHA256_SIZE];
	dbbi_pg_line_filter filter = {0};
	dbbi_sha256 *hash = NULL;
	char *block = NULL;
	size_t n;
	int rc;

	if ((rc = dbbi_sha256_new(&hash, err)) < 0)
		return rc;
	if ((block = malloc(BLOCK_SIZE)) == NULL) {
		rc = dbbi_error_nomem(err);
		goto done;
	}
	do {
		rc = dbbi_process_read(&n, process, block, BLOCK_SIZE, err);
		if (rc == 0)
			rc = dbbi_pg_line_filter_add(&filter, hash, block, n,
			    err);
	} while (rc == 0 && n > 0);
	if (rc < 0 || (rc = dbbi_pg_child_wait(process, err)) < 0 ||
	    (rc = dbbi_sha256_end(digest, hash, err)) < 0)
		goto done;
	dbbi_hex_encode(out, digest, sizeof(digest));
done:
	free(block);
	dbbi_sha256_free(hash);
	return rc;
}

int
dbbi_pg_schema_digest(char out[DBBI_SHA256_HEX], dbbi_run *run,
    const dbbi_pg_params *params, const char *database, const char *pg_dump,
    const char *snapshot, dbb_error *err)
{
	char *under = dbbi_text_format("--snapshot=%s",
	    snapshot != NULL ? snapshot : "");
	const char *const arguments[] = { pg_dump, "--schema-only",
	    DBBI_PG_LOCK_WAIT, snapshot != NULL ? under : NULL,
	    NULL };
	dbbi_process *process = NULL;
	int rc;

	if (under == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_pg_child_start(&process, run, params, database, arguments,
	    err);
	if (rc == 0)
		rc = hash_output(out, process, err);
	dbbi_process_free(process);
	free(under);
	return dbbi_error_context(err, rc, "reading the schema of '%s'",
	    database);
}
