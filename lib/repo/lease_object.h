/* SPDX-License-Identifier: BSD-2-Clause */
/* lease_object: leases as they lie in the store. */
#ifndef DBBI_LEASE_OBJECT_H
#define DBBI_LEASE_OBJECT_H

#include "repo/repo.h"

#define DBBI_LEASES "leases/"
#define DBBI_LEASE_LIMIT (1024u * 1024)		/* bytes of one */

/* `flags` as in dbbi_store_write. */
int dbbi_lease_write(dbbi_repo *repo, const char *object, dbbi_json *lease,
    uint32_t flags, dbb_error *err);

/* Members are what they are, and not looked at. */
int dbbi_lease_read(dbbi_json **out, dbbi_repo *repo, const char *object,
    dbb_error *err);

/* The objects' names, by the time they began; of a folder that somebody
 * filled, the first thousand. */
int dbbi_lease_names(dbbi_list *names, dbbi_repo *repo, dbb_error *err);

#endif
