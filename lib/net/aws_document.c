/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys in documents of others, and the way they write a time. */
#include <config.h>

#include "net/aws_internal.h"

#include <string.h>

#include "util/clock.h"
#include "util/json.h"

#define SECONDS_SIZE 19		/* "2026-11-22T02:00:00" */

static int
two_digits(const char *text)
{
	if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
		return -1;
	return (text[0] - '0') * 10 + (text[1] - '0');
}

/* "Z", or "+01:00" as minutes; 0, or -1 when it is neither. */
static int
parse_zone(int *minutes, const char *text)
{
	int hour, minute;

	*minutes = 0;
	if (strcmp(text, "Z") == 0)
		return 0;
	if ((text[0] != '+' && text[0] != '-') || strlen(text) != 6 ||
	    text[3] != ':')
		return -1;
	hour = two_digits(text + 1);
	minute = two_digits(text + 4);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
		return -1;
	*minutes = (hour * 60 + minute) * (text[0] == '-' ? -1 : 1);
	return 0;
}

/* RFC 3339 with or without a fraction, in any zone; 0, or -1. */
static int
parse_time(int64_t *out_ms, const char *text)
{
	char whole[DBBI_TIME_SIZE];
	const char *zone = text + SECONDS_SIZE;
	int minutes;

	if (strlen(text) <= SECONDS_SIZE)
		return -1;
	memcpy(whole, text, SECONDS_SIZE);
	memcpy(whole + SECONDS_SIZE, ".000Z", sizeof(".000Z"));
	if (*zone == '.')
		zone += 1 + strspn(zone + 1, "0123456789");
	if (parse_zone(&minutes, zone) < 0 ||
	    dbbi_time_parse(out_ms, whole) < 0)
		return -1;
	*out_ms -= (int64_t)minutes * 60000;
	return 0;
}

static int
missing(const char *name, dbb_error *err)
{
	return dbbi_error_set(err, DBB_EAUTH, "what was answered has no '%s'",
	    name);
}

int
dbbi_aws_document_set(dbbi_aws_keys *out, const char *id, const char *secret,
    const char *token, const char *expiration, int64_t now_ms,
    dbb_error *err)
{
	char text[DBBI_TIME_SIZE];
	int64_t expires_at_ms = 0;

	if (id == NULL || *id == '\0')
		return missing("AccessKeyId", err);
	if (secret == NULL || *secret == '\0')
		return missing("SecretAccessKey", err);
	if (expiration != NULL && parse_time(&expires_at_ms, expiration) < 0)
		return dbbi_error_set(err, DBB_EAUTH, "the 'Expiration' of "
		    "what was answered is no time");
	if (expiration != NULL && expires_at_ms <= now_ms) {
		dbbi_time_rfc3339(text, expires_at_ms);
		return dbbi_error_set(err, DBB_EAUTH, "the keys that were "
		    "given expired at %s", text);
	}
	return dbbi_aws_keys_set(out, id, secret, token, expires_at_ms, err);
}

int
dbbi_aws_document_keys(dbbi_aws_keys *out, const char *text, size_t size,
    const char *token_name, int64_t now_ms, dbb_error *err)
{
	dbbi_json *json = NULL;
	const char *code;
	int rc;

	if ((rc = dbbi_json_parse(&json, text, size, err)) < 0)
		return rc;
	code = dbbi_json_string(json, "Code");
	if (code != NULL && strcmp(code, "Success") != 0)
		rc = dbbi_error_set(err, DBB_EAUTH, "it answered '%.200s'",
		    code);
	else
		rc = dbbi_aws_document_set(out,
		    dbbi_json_string(json, "AccessKeyId"),
		    dbbi_json_string(json, "SecretAccessKey"),
		    dbbi_json_string(json, token_name),
		    dbbi_json_string(json, "Expiration"), now_ms, err);
	dbbi_json_free(json);
	return rc;
}
