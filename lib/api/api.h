/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * api: the public entry points. They check a caller's arguments, copy sized
 * option structs into what this library knows, call lib/ops, and keep the
 * error in the context.
 */
#ifndef DBBI_API_H
#define DBBI_API_H

#include <dbbackup.h>

#include "ops/ops.h"

struct dbb_context {
	dbbi_ops ops;
	dbbi_run run;
	dbb_error err;
};

/* Begin a call: forget the last error, and take the error to fill. NULL `ctx`
 * gives NULL, which every function below accepts. */
dbb_error *dbbi_api_begin(dbb_context *ctx);

/* "no context was given", "'what' must not be NULL". */
int dbbi_api_missing(dbb_context *ctx, const char *what);

/*
 * Copy a caller's options of `given` (may be NULL: all defaults) into the
 * zeroed `known`. A caller built against a newer header may set fields that
 * this library does not know: DBB_EINVAL, unless they are zero.
 */
int dbbi_api_options(void *known, size_t known_size, const void *given,
    dbb_error *err);

/* Wrap a verb's document, taken over; `out` NULL: the caller does not want
 * it. Returns `rc`, or DBB_ENOMEM. */
int dbbi_api_result(dbb_result **out, dbbi_json *document, int rc,
    dbb_error *err);

#endif
