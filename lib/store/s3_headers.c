/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/s3.h"

#include <stdlib.h>

#include "util/config.h"

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

int
dbbi_s3_headers_for(dbbi_list *out, const dbbi_s3_settings *settings,
    enum dbbi_s3_action action, dbb_error *err)
{
	size_t i;
	int rc = DBB_OK;

	for (i = 0; rc == DBB_OK && i < settings->headers.count; i++)
		if ((settings->header_actions[i] & action) != 0)
			rc = dbbi_list_add(out, settings->headers.items[i],
			    err);
	return rc;
}
