/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/s3_lock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/s3_fault.h"
#include "store/s3_text.h"
#include "store/s3_versions.h"
#include "util/clock.h"
#include "util/config.h"
#include "util/xml.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

int
dbbi_s3_locks(void *store)
{
	const dbbi_s3 *s3 = store;

	return s3->settings.lock != DBBI_S3_LOCK_NONE && s3->as_of == NULL;
}

static const char *
mode_of(const dbbi_s3_settings *settings)
{
	return settings->lock == DBBI_S3_LOCK_COMPLIANCE ? "COMPLIANCE" :
	    "GOVERNANCE";
}

int
dbbi_s3_lock_headers(dbbi_list *out, const dbbi_s3_settings *settings,
    int64_t now_ms, dbb_error *err)
{
	char until[DBBI_TIME_SIZE];
	int rc;

	if (settings->lock == DBBI_S3_LOCK_NONE)
		return DBB_OK;
	dbbi_time_rfc3339(until, now_ms + settings->lock_days * DAY_MS);
	rc = dbbi_s3_header(out, "x-amz-object-lock-mode", mode_of(settings),
	    err);
	if (rc == 0)
		rc = dbbi_s3_header(out,
		    "x-amz-object-lock-retain-until-date", until, err);
	return rc;
}

/* ---- until when ---- */

static int
take_date(const char *path, const char *text, void *payload, dbb_error *err)
{
	int64_t *until_ms = payload;

	if (strcmp(path, "Retention/RetainUntilDate") != 0)
		return DBB_OK;
	*until_ms = dbbi_s3_time_parse(text);
	return *until_ms != 0 ? DBB_OK : dbbi_error_set(err, DBB_EDAMAGED,
	    "the server says until when it is locked, and that is no time");
}

/* The server's word for an object, or a bucket, without any lock. */
static int
says_unlocked(const dbbi_http_response *response)
{
	dbbi_s3_fault fault;

	dbbi_s3_fault_read(&fault, response);
	return dbbi_s3_fault_is(&fault, "NoSuchObjectLockConfiguration") ||
	    dbbi_s3_fault_is(&fault, "ObjectLockConfigurationNotFoundError") ||
	    (fault.status == 400 && dbbi_s3_fault_is(&fault,
	    "InvalidRequest"));
}

static int
ask_retention(int64_t *until_ms, dbbi_s3 *s3, const char *name,
    const char *query, dbb_error *err)
{
	dbbi_s3_request request = {
		.action = DBBI_S3_RETENTION, .method = "GET", .name = name,
		.query = query,
	};
	dbbi_http_response response = {0};
	dbb_error why = {0};
	int rc;

	*until_ms = 0;
	rc = dbbi_s3_do(&response, s3, &request, &why);
	if (rc == DBB_OK)
		rc = dbbi_xml_read(response.body, response.body_size,
		    "Retention", take_date, until_ms, &why);
	else if (says_unlocked(&response))
		rc = DBB_OK;
	if (rc < 0 && err != NULL)
		*err = why;
	dbbi_http_response_clear(&response);
	return rc;
}

int
dbbi_s3_version_locked_until(int64_t *until_ms, dbbi_s3 *s3,
    const char *name, const char *id, dbb_error *err)
{
	char *version = id != NULL ? dbbi_s3_version_query(id) :
	    dbbi_text_dup("");
	char *query = version != NULL ? dbbi_text_format("retention=%s%s",
	    *version != '\0' ? "&" : "", version) : NULL;
	int rc;

	rc = query == NULL ? dbbi_error_nomem(err) :
	    ask_retention(until_ms, s3, name, query, err);
	if (rc == DBB_OK && *until_ms <= dbbi_s3_now_ms(s3))
		*until_ms = 0;
	free(query);
	free(version);
	return rc;
}

/* The longest lock of any version: to delete the object takes all of them
 * away. A marker has none, and no retention either. */
int
dbbi_s3_locked_until(int64_t *until_ms, void *store, const char *name,
    dbb_error *err)
{
	dbbi_s3 *s3 = store;
	int64_t longest = 0, until;
	dbbi_list ids = {0};
	int rc = DBB_OK;
	size_t i;

	if (dbbi_s3_locks(s3))
		rc = dbbi_s3_version_ids(&ids, s3, name, 0, err);
	for (i = 0; rc == DBB_OK && i < ids.count; i++) {
		rc = dbbi_s3_version_locked_until(&until, s3, name,
		    ids.items[i], err);
		if (rc == DBB_OK && until > longest)
			longest = until;
		if (rc == DBB_ENOTFOUND)	/* deleted just now */
			rc = DBB_OK;
	}
	dbbi_list_clear(&ids);
	if (rc == DBB_OK)
		*until_ms = longest;
	return rc;
}

int
dbbi_s3_lock_refuse(const dbbi_s3 *s3, int64_t until_ms, dbb_error *err)
{
	char until[DBBI_TIME_SIZE];

	dbbi_time_rfc3339(until, until_ms);
	dbbi_error_set(err, DBB_EACCESS, "it is locked until %s", until);
	dbbi_error_hint(err, "it can be deleted then%s", s3->settings.lock ==
	    DBBI_S3_LOCK_COMPLIANCE ? ", and by nobody before" : "");
	return DBB_EACCESS;
}

/* ---- longer ---- */

static int
put_retention(dbbi_s3 *s3, const char *name, int64_t until_ms,
    dbb_error *err)
{
	char until[DBBI_TIME_SIZE], document[256], lines[2][96];
	char checksum[DBBI_S3_SHA256_TEXT], md5[DBBI_S3_MD5_TEXT];
	const char *headers[] = { lines[0], lines[1], NULL };
	uint8_t digest[DBBI_SHA256_SIZE];
	dbbi_s3_request request = {
		.action = DBBI_S3_RETENTION, .method = "PUT", .name = name,
		.query = "retention=", .headers = headers, .body = document,
		.sha256 = digest,
	};
	dbbi_http_response response;
	int rc;

	dbbi_time_rfc3339(until, until_ms);
	snprintf(document, sizeof(document), "<Retention xmlns=\""
	    "http://s3.amazonaws.com/doc/2006-03-01/\"><Mode>%s</Mode>"
	    "<RetainUntilDate>%s</RetainUntilDate></Retention>",
	    mode_of(&s3->settings), until);
	request.body_size = strlen(document);
	if ((rc = dbbi_sha256_of(digest, document, request.body_size,
	    err)) < 0 ||
	    (rc = dbbi_s3_md5_text(md5, document, request.body_size,
	    err)) < 0)
		return rc;
	dbbi_s3_sha256_text(checksum, digest);
	snprintf(lines[0], sizeof(lines[0]), "x-amz-checksum-sha256: %s",
	    checksum);
	snprintf(lines[1], sizeof(lines[1]), "Content-MD5: %s", md5);
	rc = dbbi_s3_do(&response, s3, &request, err);
	dbbi_http_response_clear(&response);
	return rc;
}

/* A server refuses to shorten a lock, each in words of its own: one that
 * lasts long enough is no failure. */
int
dbbi_s3_protect(void *store, const char *name, dbb_error *err)
{
	dbbi_s3 *s3 = store;
	int64_t wanted = dbbi_s3_now_ms(s3) + s3->settings.lock_days * DAY_MS;
	int64_t until;
	int rc;

	if (!dbbi_s3_locks(s3))
		return DBB_OK;
	rc = put_retention(s3, name, wanted, err);
	if (rc == DBB_OK || rc == DBB_ENOTFOUND || rc == DBB_ECANCELED ||
	    dbbi_s3_version_locked_until(&until, s3, name, NULL, NULL) < 0)
		return rc;
	return until >= wanted ? DBB_OK : rc;
}
