/* SPDX-License-Identifier: BSD-2-Clause */
/* verbs: one entry point for each of lib/ops. */
#include <config.h>

#include "api/api.h"

int
dbb_repository_init(dbb_result **out, dbb_context *ctx)
{
	dbb_error *err = dbbi_api_begin(ctx);
	dbbi_json *document = NULL;
	int rc;

	if (ctx == NULL)
		return DBB_EINVAL;
	rc = dbbi_op_init(&document, &ctx->ops, err);
	return dbbi_api_result(out, document, rc, err);
}

int
dbb_config_show(dbb_result **out, dbb_context *ctx)
{
	dbb_error *err = dbbi_api_begin(ctx);
	dbbi_json *document = NULL;
	int rc;

	if (ctx == NULL)
		return DBB_EINVAL;
	if ((rc = dbbi_config_describe(&document, ctx->ops.config, err)) < 0)
		return rc;
	if (dbbi_json_set_string(document, "type", "result") < 0 ||
	    dbbi_json_set_string(document, "verb", "config") < 0)
		rc = dbbi_error_nomem(err);
	return dbbi_api_result(out, document, rc, err);
}

int
dbb_config_check(dbb_context *ctx)
{
	dbb_error *err = dbbi_api_begin(ctx);

	if (ctx == NULL)
		return DBB_EINVAL;
	return dbbi_op_config_check(&ctx->ops, err);
}

int
dbb_backup_run(dbb_result **out, dbb_context *ctx,
    const dbb_backup_options *options)
{
	dbb_error *err = dbbi_api_begin(ctx);
	dbb_backup_options known = DBB_BACKUP_OPTIONS_INIT;
	dbbi_json *document = NULL;
	int rc;

	if (ctx == NULL)
		return DBB_EINVAL;
	if ((rc = dbbi_api_options(&known, sizeof(known), options, err)) < 0)
		return rc;
	rc = dbbi_op_backup(&document, &ctx->ops, &known, err);
	return dbbi_api_result(out, document, rc, err);
}

int
dbb_restore(dbb_result **out, dbb_context *ctx,
    const dbb_restore_options *options)
{
	dbb_error *err = dbbi_api_begin(ctx);
	dbb_restore_options known = DBB_RESTORE_OPTIONS_INIT;
	dbbi_json *document = NULL;
	int rc;

	if (ctx == NULL)
		return DBB_EINVAL;
	if ((rc = dbbi_api_options(&known, sizeof(known), options, err)) < 0)
		return rc;
	rc = dbbi_op_restore(&document, &ctx->ops, &known, err);
	return dbbi_api_result(out, document, rc, err);
}

int
dbb_stream_cat(dbb_context *ctx, const char *set, const char *source,
    const char *stream, dbb_write_fn fn, void *payload)
{
	dbb_error *err = dbbi_api_begin(ctx);

	if (ctx == NULL || source == NULL || stream == NULL || fn == NULL)
		return dbbi_api_missing(ctx, "source, stream and fn");
	return dbbi_op_cat(&ctx->ops, set, source, stream, fn, payload, err);
}

int
dbb_export(dbb_result **out, dbb_context *ctx, const char *set,
    const char *directory)
{
	dbb_error *err = dbbi_api_begin(ctx);
	dbbi_json *document = NULL;
	int rc;

	if (ctx == NULL || directory == NULL || *directory == '\0')
		return dbbi_api_missing(ctx, "directory");
	rc = dbbi_op_export(&document, &ctx->ops, set, directory, err);
	return dbbi_api_result(out, document, rc, err);
}

int
dbb_set_list(dbb_result **out, dbb_context *ctx, const char *source)
{
	dbb_error *err = dbbi_api_begin(ctx);
	dbbi_json *document = NULL;
	int rc;

	if (ctx == NULL)
		return DBB_EINVAL;
	rc = dbbi_op_list(&document, &ctx->ops, source, err);
	return dbbi_api_result(out, document, rc, err);
}

int
dbb_set_show(dbb_result **out, dbb_context *ctx, const char *set,
    const char *const *sources)
{
	dbb_error *err = dbbi_api_begin(ctx);
	dbbi_json *document = NULL;
	int rc;

	if (ctx == NULL)
		return DBB_EINVAL;
	rc = dbbi_op_show(&document, &ctx->ops, set, sources, err);
	return dbbi_api_result(out, document, rc, err);
}

int
dbb_verify(dbb_result **out, dbb_context *ctx,
    const dbb_verify_options *options)
{
	dbb_error *err = dbbi_api_begin(ctx);
	dbb_verify_options known = DBB_VERIFY_OPTIONS_INIT;
	dbbi_json *document = NULL;
	int rc;

	if (ctx == NULL)
		return DBB_EINVAL;
	if ((rc = dbbi_api_options(&known, sizeof(known), options, err)) < 0)
		return rc;
	rc = dbbi_op_verify(&document, &ctx->ops, &known, err);
	return dbbi_api_result(out, document, rc, err);
}

int
dbb_index_rebuild(dbb_result **out, dbb_context *ctx)
{
	dbb_error *err = dbbi_api_begin(ctx);
	dbbi_json *document = NULL;
	int rc;

	if (ctx == NULL)
		return DBB_EINVAL;
	rc = dbbi_op_rebuild(&document, &ctx->ops, err);
	return dbbi_api_result(out, document, rc, err);
}

int
dbb_prune(dbb_result **out, dbb_context *ctx,
    const dbb_prune_options *options)
{
	dbb_error *err = dbbi_api_begin(ctx);
	dbb_prune_options known = DBB_PRUNE_OPTIONS_INIT;
	dbbi_json *document = NULL;
	int rc;

	if (ctx == NULL)
		return DBB_EINVAL;
	if ((rc = dbbi_api_options(&known, sizeof(known), options, err)) < 0)
		return rc;
	rc = dbbi_op_prune(&document, &ctx->ops, &known, err);
	return dbbi_api_result(out, document, rc, err);
}
