/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/s3_fault.h"

#include <stdio.h>
#include <string.h>

#include "store/s3_text.h"
#include "util/xml.h"

/* What a status means that comes without words, as after a HEAD. */
static const struct status {
	int status;
	const char *code;
} statuses[] = {
	{ 301, "PermanentRedirect" },
	{ 307, "TemporaryRedirect" },
	{ 400, "BadRequest" },
	{ 401, "AccessDenied" },
	{ 403, "AccessDenied" },
	{ 404, "NoSuchKey" },
	{ 405, "MethodNotAllowed" },
	{ 409, "OperationAborted" },
	{ 411, "MissingContentLength" },
	{ 412, "PreconditionFailed" },
	{ 413, "EntityTooLarge" },
	{ 416, "InvalidRange" },
	{ 429, "SlowDown" },
	{ 500, "InternalError" },
	{ 501, "NotImplemented" },
	{ 502, "BadGateway" },
	{ 503, "SlowDown" },
	{ 504, "GatewayTimeout" },
	{ 507, "InsufficientStorage" },
	{ 0, NULL },
};

/* Those that pass, whatever their status is. */
static const char *const passing[] = {
	"SlowDown", "SlowDownRead", "SlowDownWrite", "RequestTimeout",
	"InternalError", "ServiceUnavailable", "OperationAborted",
	"ConditionalRequestConflict", "TooManyRequests", "Throttling",
	"ThrottlingException", "RequestLimitExceeded", "BandwidthLimitExceeded",
	"XMinioServerNotInitialized",
	/* The Versity gateway, while a folder's last object is deleted. */
	"ExistingObjectIsDirectory", NULL,
};

static void
set_code_by_status(dbbi_s3_fault *fault)
{
	const struct status *s;

	for (s = statuses; s->code != NULL; s++)
		if (s->status == fault->status) {
			snprintf(fault->code, sizeof(fault->code), "%s",
			    s->code);
			return;
		}
}

/* Copy what a person is to see: whole characters, no controls, no full
 * stop. */
static void
copy_words(char *to, size_t size, const char *text)
{
	size_t i;

	snprintf(to, size, "%s", text);
	dbbi_text_make_utf8(to);
	for (i = 0; to[i] != '\0'; i++)
		if ((unsigned char)to[i] < ' ' || to[i] == 0x7f)
			to[i] = ' ';
	if (i > 0 && to[i - 1] == '.')
		to[i - 1] = '\0';
}

void
dbbi_s3_fault_words(dbbi_s3_fault *fault, const char *code,
    const char *message)
{
	if (code != NULL)
		copy_words(fault->code, sizeof(fault->code), code);
	if (message != NULL)
		copy_words(fault->message, sizeof(fault->message), message);
}

static int
take(const char *path, const char *text, void *payload, dbb_error *err)
{
	dbbi_s3_fault *fault = payload;

	(void)err;
	if (strcmp(path, "Error/Code") == 0)
		dbbi_s3_fault_words(fault, text, NULL);
	else if (strcmp(path, "Error/Message") == 0)
		dbbi_s3_fault_words(fault, NULL, text);
	else if (strcmp(path, "Error/Region") == 0 && dbbi_s3_is_region(text))
		snprintf(fault->region, sizeof(fault->region), "%s", text);
	return DBB_OK;
}

void
dbbi_s3_fault_read(dbbi_s3_fault *out, const dbbi_http_response *response)
{
	const char *region = dbbi_http_header(response,
	    "x-amz-bucket-region");
	dbbi_s3_fault fault = { .status = response->status };

	if (response->body != NULL && response->body_size > 0)
		(void)dbbi_xml_read(response->body, response->body_size,
		    "Error", take, &fault, NULL);
	if (fault.code[0] == '\0')
		set_code_by_status(&fault);
	if (region != NULL && dbbi_s3_is_region(region))
		snprintf(fault.region, sizeof(fault.region), "%s", region);
	*out = fault;
}

int
dbbi_s3_fault_in(dbbi_s3_fault *out, const dbbi_http_response *response)
{
	dbbi_s3_fault fault = { .status = response->status };

	if (response->body == NULL || response->body_size == 0 ||
	    dbbi_xml_read(response->body, response->body_size, "Error",
	    take, &fault, NULL) < 0)
		return 0;
	if (fault.code[0] == '\0')
		snprintf(fault.code, sizeof(fault.code), "InternalError");
	*out = fault;
	return 1;
}

int
dbbi_s3_fault_is(const dbbi_s3_fault *fault, const char *code)
{
	return strcmp(fault->code, code) == 0;
}

int
dbbi_s3_fault_passes(const dbbi_s3_fault *fault)
{
	const char *const *code;

	for (code = passing; *code != NULL; code++)
		if (dbbi_s3_fault_is(fault, *code))
			return 1;
	return fault->status == 429 || fault->status == 500 ||
	    fault->status == 502 || fault->status == 503 ||
	    fault->status == 504;
}
