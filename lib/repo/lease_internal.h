/* SPDX-License-Identifier: BSD-2-Clause */
/* lease_internal: how long a lease lasts; for tests that cannot wait. */
#ifndef DBBI_LEASE_INTERNAL_H
#define DBBI_LEASE_INTERNAL_H

#include "repo/lease.h"

typedef struct dbbi_lease_times {
	unsigned renew_ms;		/* written anew so often */
	unsigned runs_out_ms;		/* over, if not written for so long */
} dbbi_lease_times;

dbbi_lease *dbbi_lease_take_with(dbbi_repo *repo, const char *verb,
    const dbbi_lease_times *times);

#endif
