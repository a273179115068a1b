/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/s3.h"

#include <stdlib.h>

#include "util/clock.h"
#include "util/config.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

int
dbbi_s3_header(dbbi_list *out, const char *name, const char *value,
    dbb_error *err)
{
	char *text = dbbi_text_format("%s: %s", name, value);
	int rc;

	if (text == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_list_add(out, text, err);
	dbbi_secret_free(text);
	return rc;
}

int
dbbi_s3_headers_add(dbbi_s3_settings *settings, unsigned actions,
    const char *name, const char *value, dbb_error *err)
{
	size_t count = settings->headers.count;
	unsigned *grown;

	if (value == NULL || *value == '\0')
		return DBB_OK;
	grown = realloc(settings->header_actions,
	    (count + 1) * sizeof(*grown));
	if (grown == NULL)
		return dbbi_error_nomem(err);
	settings->header_actions = grown;
	grown[count] = actions;
	return dbbi_s3_header(&settings->headers, name, value, err);
}

/* What is written is locked from now on, for as long as the settings say. */
static int
add_lock(dbbi_list *out, const dbbi_s3_settings *settings, int64_t now_ms,
    dbb_error *err)
{
	char until[DBBI_TIME_SIZE];
	int rc;

	dbbi_time_rfc3339(until, now_ms + settings->lock_days * DAY_MS);
	rc = dbbi_s3_header(out, "x-amz-object-lock-mode", settings->lock ==
	    DBBI_S3_LOCK_COMPLIANCE ? "COMPLIANCE" : "GOVERNANCE", err);
	if (rc == 0)
		rc = dbbi_s3_header(out,
		    "x-amz-object-lock-retain-until-date", until, err);
	return rc;
}

int
dbbi_s3_headers_for(dbbi_list *out, const dbbi_s3_settings *settings,
    enum dbbi_s3_action action, int64_t now_ms, dbb_error *err)
{
	size_t i;
	int rc = DBB_OK;

	for (i = 0; rc == DBB_OK && i < settings->headers.count; i++)
		if ((settings->header_actions[i] & action) != 0)
			rc = dbbi_list_add(out, settings->headers.items[i],
			    err);
	if (rc == DBB_OK && action == DBBI_S3_WRITE &&
	    settings->lock != DBBI_S3_LOCK_NONE)
		rc = add_lock(out, settings, now_ms, err);
	return rc;
}
