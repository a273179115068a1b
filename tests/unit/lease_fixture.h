/* SPDX-License-Identifier: BSD-2-Clause */
/* lease_fixture: leases as others have left them. */
#ifndef LEASE_FIXTURE_H
#define LEASE_FIXTURE_H

#include "repo_fixture.h"

/* A lease object of this JSON text, sealed as the repository is. */
void lease_put(const char *object, const char *text);

/* One of the year 2026, with this value of "until". */
void lease_leave(const char *object, const char *until);

/* One that lasts until 2999, of that host and process, with these notes (JSON
 * text; NULL: none). */
void lease_leave_of(const char *object, const char *host,
    const char *process, const char *notes);

/* Make a process's mark that of one which is gone. */
void lease_gone(char *process);

/* The JSON text of the lease, to free(3). */
char *lease_text(const char *object);

#endif
