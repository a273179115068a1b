/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store_cases: what every store must do, run over each of them.
 */
#ifndef STORE_CASES_H
#define STORE_CASES_H

#include <check.h>

#include "store/store.h"

/* The open, empty store of the running case; the fixtures' to fill. */
extern dbbi_store *store_under_test;

/* All cases, each between `set_up` and `tear_down`. */
TCase *store_cases(const char *name, SFun set_up, SFun tear_down);

/* For the tests of one store. */
void store_put(dbbi_store *store, const char *name, const char *text);
void store_expect(dbbi_store *store, const char *name, const char *text);

/* Names below `prefix`, sorted, each followed by a blank; borrowed until the
 * next call. */
const char *store_names(dbbi_store *store, const char *prefix);

/* Run the suites; what main returns. */
int store_run(TCase *cases, TCase *more);

#endif
