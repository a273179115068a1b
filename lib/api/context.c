/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "api/api.h"

#include <stdlib.h>
#include <string.h>

#include "util/text.h"

dbb_error *
dbbi_api_begin(dbb_context *ctx)
{
	if (ctx == NULL)
		return NULL;
	dbbi_error_clear(&ctx->err);
	return &ctx->err;
}

int
dbbi_api_missing(dbb_context *ctx, const char *what)
{
	if (ctx == NULL)
		return DBB_EINVAL;
	return dbbi_error_set(&ctx->err, DBB_EINVAL, "'%s' must not be NULL",
	    what);
}

int
dbbi_api_options(void *known, size_t known_size, const void *given,
    dbb_error *err)
{
	const unsigned char *bytes = given;
	size_t size, i;

	if (given == NULL)
		return 0;
	memcpy(&size, given, sizeof(size));
	if (size < sizeof(size) || size > 64 * 1024)
		return dbbi_error_set(err, DBB_EINVAL, "the options' size is "
		    "not set; begin with the DBB_…_OPTIONS_INIT macro");
	for (i = known_size; i < size; i++)
		if (bytes[i] != 0)
			return dbbi_error_set(err, DBB_EINVAL, "an option is "
			    "set that is newer than this library ("
			    PACKAGE_VERSION ")");
	memcpy(known, given, size < known_size ? size : known_size);
	return 0;
}

int
dbb_context_new(dbb_context **out)
{
	dbb_context *ctx;
	int rc;

	if (out == NULL)
		return DBB_EINVAL;
	if ((ctx = calloc(1, sizeof(*ctx))) == NULL)
		return DBB_ENOMEM;
	if ((rc = dbbi_run_init(&ctx->run, NULL)) < 0) {
		free(ctx);
		return rc;
	}
	ctx->ops.run = &ctx->run;
	if ((rc = dbbi_config_new(&ctx->ops.config, NULL)) < 0 ||
	    (rc = dbbi_store_registry_new(&ctx->ops.stores, NULL)) < 0) {
		dbb_context_free(ctx);
		return rc;
	}
	*out = ctx;
	return DBB_OK;
}

void
dbb_context_free(dbb_context *ctx)
{
	if (ctx == NULL)
		return;
	dbbi_store_registry_free(ctx->ops.stores);
	dbbi_config_free(ctx->ops.config);
	dbbi_run_clear(&ctx->run);
	free(ctx);
}

const dbb_error *
dbb_context_error(const dbb_context *ctx)
{
	return ctx != NULL ? &ctx->err : NULL;
}

int
dbb_context_load(dbb_context *ctx, const char *file,
    const char *const *environment)
{
	dbb_error *err = dbbi_api_begin(ctx);

	if (ctx == NULL)
		return DBB_EINVAL;
	return dbbi_config_load(ctx->ops.config, file, environment, err);
}

int
dbb_context_set(dbb_context *ctx, const char *section, const char *key,
    const char *value)
{
	dbb_error *err = dbbi_api_begin(ctx);

	if (ctx == NULL || section == NULL || key == NULL)
		return dbbi_api_missing(ctx, "section and key");
	return dbbi_config_set(ctx->ops.config, section, key, value, err);
}

void
dbb_context_set_log(dbb_context *ctx, int level, dbb_log_fn fn, void *payload)
{
	if (ctx == NULL)
		return;
	ctx->run.log_level = fn != NULL ? level : 0;
	ctx->run.log = fn;
	ctx->run.log_payload = payload;
}

void
dbb_context_set_progress(dbb_context *ctx, dbb_progress_fn fn, void *payload)
{
	if (ctx == NULL)
		return;
	ctx->ops.progress = fn;
	ctx->ops.progress_payload = payload;
}

void
dbb_context_cancel(dbb_context *ctx)
{
	if (ctx != NULL)
		dbbi_run_cancel(&ctx->run);
}

void
dbb_context_resume(dbb_context *ctx)
{
	if (ctx != NULL)
		dbbi_run_resume(&ctx->run);
}
