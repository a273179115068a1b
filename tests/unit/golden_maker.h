/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * golden_maker: make a repository as a user would, of a source whose bytes
 * are always the same: two sets of one text, a condemned pack that they do not
 * need, and a proof. Repositories that were made by
 * it are kept in tests/data/golden, and every later library reads them.
 */
#ifndef GOLDEN_MAKER_H
#define GOLDEN_MAKER_H

#include "ops/ops.h"

#define GOLDEN_PASSPHRASE "golden"
#define GOLDEN_SOURCE "notes"
#define GOLDEN_STREAM "notes.dump"
#define GOLDEN_SETS 2

/* What a verb needs to work on one of them. */
struct golden {
	char folder[512];
	dbbi_ops ops;
	dbbi_run run;
	dbb_error err;
};

/* Use the repository in a folder; `passphrase` NULL: an open one. */
int golden_begin(struct golden *g, const char *folder,
    const char *passphrase);
void golden_end(struct golden *g);

/* Make it, with its sets, a condemned pack, and a proof of the others. */
int golden_make(struct golden *g);

#endif
