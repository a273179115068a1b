/* SPDX-License-Identifier: BSD-2-Clause */
/* api_key: dbb_key_…, one entry point for each of lib/ops/key.c. */
#include <config.h>

#include "api/api.h"

int
dbb_key_add(dbb_result **out, dbb_context *ctx, const char *name,
    const dbb_key_add_options *options)
{
	dbb_error *err = dbbi_api_begin(ctx);
	dbb_key_add_options known = DBB_KEY_ADD_OPTIONS_INIT;
	dbbi_json *document = NULL;
	int rc;

	if (ctx == NULL || name == NULL)
		return dbbi_api_missing(ctx, "name");
	if ((rc = dbbi_api_options(&known, sizeof(known), options, err)) < 0)
		return rc;
	rc = dbbi_op_key_add(&document, &ctx->ops, name, &known, err);
	return dbbi_api_result(out, document, rc, err);
}

int
dbb_key_list(dbb_result **out, dbb_context *ctx)
{
	dbb_error *err = dbbi_api_begin(ctx);
	dbbi_json *document = NULL;
	int rc;

	if (ctx == NULL)
		return DBB_EINVAL;
	rc = dbbi_op_key_list(&document, &ctx->ops, err);
	return dbbi_api_result(out, document, rc, err);
}

int
dbb_key_remove(dbb_result **out, dbb_context *ctx, const char *name)
{
	dbb_error *err = dbbi_api_begin(ctx);
	dbbi_json *document = NULL;
	int rc;

	if (ctx == NULL || name == NULL)
		return dbbi_api_missing(ctx, "name");
	rc = dbbi_op_key_remove(&document, &ctx->ops, name, err);
	return dbbi_api_result(out, document, rc, err);
}

int
dbb_key_export(dbb_result **out, dbb_context *ctx, const char *file,
    uint32_t kind)
{
	dbb_error *err = dbbi_api_begin(ctx);
	dbbi_json *document = NULL;
	int rc;

	if (ctx == NULL || file == NULL || *file == '\0')
		return dbbi_api_missing(ctx, "file");
	if (kind != DBB_KEY_WRITE_ONLY)
		return dbbi_error_set(err, DBB_EINVAL,
		    "only the write-only key is exported");
	rc = dbbi_op_key_export(&document, &ctx->ops, file, err);
	return dbbi_api_result(out, document, rc, err);
}
