/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_target_private: what the files behind pg_target.h share:
 * pg_target_open.c (all checks), pg_target_plan.c (what is to be done),
 * pg_target.c (loading and closing), pg_target_compare.c, pg_scratch.c
 * (making and removing the databases that are loaded), pg_properties.c
 * (their settings and rights), pg_subscriptions.c, pg_load.c (pg_restore),
 * pg_swap.c (into the old one's place; see pg_swap.h), pg_writes.c (was the
 * old one written to meanwhile?), pg_slots.c (do others follow it?).
 */
#ifndef DBBI_PG_TARGET_PRIVATE_H
#define DBBI_PG_TARGET_PRIVATE_H

#include "source/pg_connection.h"
#include "source/pg_roles.h"

#define DBBI_PG_NAME_SIZE 64	/* PostgreSQL's names: 63 bytes and a NUL */

/* What had been written into a database, as the server counts it. */
typedef struct dbbi_pg_writes {
	int noted;		/* else nobody asks for it */
	uint64_t all;		/* rows, those of its catalogs included */
	int looked;		/* it was looked into: */
	uint64_t users;		/* rows without statistics and history */
} dbbi_pg_writes;

/* One database on its way back. */
typedef struct dbbi_pg_restored {
	const char *name;	/* in the set; borrowed from the facts */
	const char *target;	/* what it is to be called; borrowed */
	const dbbi_json *facts;	/* its own; borrowed */
	int exists;		/* a database of the target's name is there */
	char scratch[DBBI_PG_NAME_SIZE];	/* "": none was made */
	dbbi_pg *guard;		/* connected to the scratch database, so that
				   no other restore takes it for a leftover */
	int loaded;
	dbbi_pg_writes writes;	/* into what exists, before the safety set */
} dbbi_pg_restored;

typedef struct dbbi_pg_target {
	dbbi_target base;
	dbbi_run *run;
	const dbbi_target_plan *plan;
	dbbi_pg_params *params;
	char *database;		/* what `pg` is connected to */
	dbbi_pg *pg;
	char *pg_restore;	/* paths */
	char *pg_dump;
	dbbi_pg_restored *restored;
	size_t count;
	dbbi_pg_roles_result roles;
	dbbi_json *warnings;
	int committed;
	dbbi_run calm;		/* which no cancel reaches: for what must be
				   done or known all the same */
	int calm_ready;
} dbbi_pg_target;

/* pg_target_plan.c: check the plan and its facts, which are hostile, and
 * fill `restored` and `count`. */
int dbbi_pg_plan_check(dbbi_pg_target *t, dbb_error *err);

/* The newest major version of pg_dump that made a dump of the set, and the
 * server's version it was made of (150018). Checked by dbbi_pg_plan_check. */
int dbbi_pg_plan_dump_major(const dbbi_pg_target *t);
int dbbi_pg_plan_server_version(const dbbi_pg_target *t);

/* Append a warning for people. `text` is taken over; NULL is DBB_ENOMEM. */
int dbbi_pg_target_warn(dbbi_pg_target *t, char *text, dbb_error *err);

/* pg_scratch.c. What a scratch database is marked with, so that it can be
 * told from a user's: its name and its comment. */
#define DBBI_PG_SCRATCH "dbb_restore_"
#define DBBI_PG_OLD "dbb_old_"

/* A name that no database has: the prefix, 8 digits of the target's digest,
 * 8 of the server's time and 6 random ones. */
int dbbi_pg_scratch_name(char out[DBBI_PG_NAME_SIZE], const char *prefix,
    const char *target, dbbi_pg *pg, dbb_error *err);

/* Make r->scratch, empty, and connect r->guard to it. */
int dbbi_pg_scratch_create(dbbi_pg_target *t, dbbi_pg_restored *r,
    dbb_error *err);

/* Drop a database of ours, its subscriptions and whoever is in it; one that
 * is not there is DBB_OK. */
int dbbi_pg_scratch_drop(dbbi_pg *pg, const dbbi_pg_params *params,
    const char *name, dbb_error *err);

/* Drop what r has replaced, which is called `old` now. What there is to be
 * said of it, to free(3), or NULL. */
char *dbbi_pg_scratch_drop_old(dbbi_pg_target *t, const dbbi_pg_restored *r,
    const char *old);

/* Leave it, as `kept`; says so, and how to be rid of it. */
char *dbbi_pg_scratch_keep_old(dbbi_pg_target *t, const dbbi_pg_restored *r,
    const char *kept);

/* Remove what killed restores left: scratch databases, and old ones that had
 * been replaced, in which nobody is. Best effort. */
void dbbi_pg_scratch_sweep(dbbi_pg_target *t);

/* pg_subscriptions.c. Drop those of a database of ours; their slots at the
 * publisher stay. */
int dbbi_pg_subscriptions_drop(dbbi_pg *pg, const dbbi_pg_params *params,
    const char *database, dbb_error *err);

/* Those that have a slot at a publisher: "'a', 'b'"; "": none. To free(3). */
int dbbi_pg_subscriptions_names(char **out, dbbi_pg *pg,
    const char *database, dbb_error *err);

/* Warn of those in r's scratch database that were at work in the source. */
int dbbi_pg_subscriptions_tell(dbbi_pg_target *t, const dbbi_pg_restored *r,
    dbb_error *err);

/* pg_slots.c: refuse to replace what others follow by logical replication:
 * their slots would be dropped with it. */
int dbbi_pg_slots_check(dbbi_pg_target *t, const dbbi_pg_restored *r,
    dbb_error *err);

/* pg_properties.c: give the scratch database the settings and rights that
 * the facts tell. */
int dbbi_pg_properties_apply(dbbi_pg_target *t, const dbbi_pg_restored *r,
    dbb_error *err);

/* pg_load.c: load a dump into r's new scratch database. */
int dbbi_pg_load(dbbi_pg_target *t, dbbi_pg_restored *r, dbbi_reader *in,
    dbb_error *err);

/* pg_swap.c: all in one transaction. */
int dbbi_pg_swap_in(dbbi_pg_target *t, int equal, dbbi_json *databases,
    dbb_error *err);

/* pg_writes.c. Note what has been written into r's target so far. */
int dbbi_pg_writes_note(dbbi_pg_target *t, dbbi_pg_restored *r,
    dbb_error *err);

/* Has anything at all been written since, into what is called `name` now? */
int dbbi_pg_writes_any(int *any, dbbi_pg_target *t,
    const dbbi_pg_restored *r, const char *name, dbb_error *err);

/* Was it more than statistics and our own history? Looks inside; yes where
 * that cannot be. */
int dbbi_pg_writes_matter(dbbi_pg_target *t, const dbbi_pg_restored *r,
    const char *name);

#endif
