/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_set_fixture: backups of databases in memory, and restores of them: the
 * source's driver, as lib/ops uses it, without a repository.
 */
#ifndef PG_SET_FIXTURE_H
#define PG_SET_FIXTURE_H

#include "pg_fixture.h"
#include "source/pg_target_private.h"
#include "util/bytes.h"

#define PG_SET_ID "20261122T020000Z-abcd"
#define PG_SET_STREAMS 4

struct pg_set {
	char *names[PG_SET_STREAMS];	/* of the streams */
	dbbi_bytes data[PG_SET_STREAMS];
	size_t count;
	dbbi_json *facts;
};

/* Back the world's databases up (its key 'databases', or that of its
 * connection). */
void pg_set_take(struct pg_set *set, struct pg_world *w);
void pg_set_free(struct pg_set *set);

/* A reader of bytes that fails with `fault` (0: ends well) behind them. */
dbbi_reader *pg_bytes_reader(const void *data, size_t size, int fault);

/* One restore of a set. */
struct pg_restoring {
	struct pg_set *set;
	struct pg_world *w;
	dbbi_target_plan plan;
	dbbi_target *target;
	dbbi_json *findings, *warnings, *databases;
};

/* Set `r->plan` up; change it before the next step. */
void pg_restoring_begin(struct pg_restoring *r, struct pg_set *set,
    struct pg_world *w);
int pg_restoring_open(struct pg_restoring *r);
int pg_restoring_load(struct pg_restoring *r);
int pg_restoring_compare(struct pg_restoring *r);
int pg_restoring_commit(struct pg_restoring *r);
/* The steps up to the compare, which all must go well. */
void pg_restoring_prepare(struct pg_restoring *r);
void pg_restoring_end(struct pg_restoring *r);

/* The warning about database `i` of the commit; "" for none. */
const char *pg_restoring_warning(const struct pg_restoring *r, size_t i);

#endif
