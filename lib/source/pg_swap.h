/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pg_swap: what the files of the swap share: pg_swap.c (the order of
 * things), pg_swap_names.c (what every database is to be called), pg_rename.c
 * (renaming what others use), pg_commit.c (what became of it), pg_writes.c
 * (was the old one written to meanwhile?).
 */
#ifndef DBBI_PG_SWAP_H
#define DBBI_PG_SWAP_H

#include "source/pg_target_private.h"

/* What a database of the restore and the one it replaces are to be called. */
typedef struct dbbi_pg_swap_names {
	char final[DBBI_PG_NAME_SIZE];	/* the restored one */
	char old[DBBI_PG_NAME_SIZE];	/* the replaced one, until it is
					   dropped; "": none is replaced */
	char kept[DBBI_PG_NAME_SIZE];	/* the replaced one, should it hold
					   what is nowhere else */
	int is_kept;			/* it is called so now */
} dbbi_pg_swap_names;

typedef struct dbbi_pg_swap {
	dbbi_pg_target *t;
	dbbi_pg *helper;		/* a second connection */
	dbbi_pg_swap_names *names;	/* as many as t->restored */
	dbb_error refused;		/* why a session could not be ended */
} dbbi_pg_swap;

/* pg_swap_names.c: choose all names, before the transaction begins. No two
 * are the same, and none is that of another database. */
int dbbi_pg_swap_names_choose(dbbi_pg_swap *s, int equal, dbb_error *err);

/* pg_rename.c: within the transaction; whoever is inside is sent out. */
int dbbi_pg_rename(dbbi_pg_swap *s, const char *from, const char *to,
    dbb_error *err);

/*
 * pg_commit.c: end the transaction. When the answer is lost, or a cancel
 * comes while it is awaited, the server is asked by another connection what
 * became of it, and that is what is told. When it did happen, t->pg is that
 * connection, which no cancel reaches, and `*remark` (to free(3), else NULL)
 * says what went wrong.
 */
int dbbi_pg_commit(char **remark, dbbi_pg_target *t, dbb_error *err);

#endif
