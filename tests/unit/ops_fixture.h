/* SPDX-License-Identifier: BSD-2-Clause */
/* ops_fixture: a repository in a fresh folder, and the fakes as sources. */
#ifndef OPS_FIXTURE_H
#define OPS_FIXTURE_H

#include <check.h>

#include "fake_source.h"
#include "ops/ops.h"

struct fixture {
	dbbi_ops ops;
	dbbi_run run;
	char root[64];			/* removed by fixture_end */
	dbb_error err;
};

/* Fails the running test when it cannot be made. */
void fixture_begin(struct fixture *f, struct fake *with);
void fixture_end(struct fixture *f);

/* Run all sources; the answer or NULL is put into `out`. */
int fixture_backup(dbbi_json **out, struct fixture *f);

/* How many sets are listed. */
size_t fixture_sets(struct fixture *f);

#endif
