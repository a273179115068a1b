/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * s3_versions: what names have held. A bucket that keeps versions loses
 * nothing when an object is deleted or written over: a marker, or a newer
 * version, is laid above the old one. A bucket that keeps none has one
 * version of each.
 */
#ifndef DBBI_S3_VERSIONS_H
#define DBBI_S3_VERSIONS_H

#include "store/s3.h"

typedef struct dbbi_s3_version {
	const char *name;	/* without the store's prefix */
	const char *id;
	int marker;		/* that the object was deleted */
	uint64_t size_bytes;
	int64_t modified_at_ms;
} dbbi_s3_version;

/* Borrowed for the call. Not DBB_OK: it ends the listing, which returns it. */
typedef int (*dbbi_s3_version_fn)(const dbbi_s3_version *version,
    void *payload, dbb_error *err);

/* List all versions of the names that begin with `prefix`, name by name, the
 * newest of each first. Memory does not grow with their number. */
int dbbi_s3_versions(dbbi_s3 *s3, const char *prefix, dbbi_s3_version_fn fn,
    void *payload, dbb_error *err);

/* The ids of all versions of one name, the oldest first, added to `out`;
 * `markers`: theirs, too. */
int dbbi_s3_version_ids(dbbi_list *out, dbbi_s3 *s3, const char *name,
    int markers, dbb_error *err);

/* "versionId=…", encoded, to free(3); NULL: no memory. */
char *dbbi_s3_version_query(const char *id);

#endif
