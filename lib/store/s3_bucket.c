/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/s3_bucket.h"

#include <stdlib.h>
#include <string.h>

#include "store/s3_as_of.h"
#include "store/s3_list.h"

#define DEFAULT_REGION "us-east-1"

/* Amazon takes no constraint for its oldest region, and one for all others. */
static int
make_document(char **out, const dbbi_s3 *s3, dbb_error *err)
{
	const char *region = s3->region;

	*out = NULL;
	if (region == NULL || strcmp(region, DEFAULT_REGION) == 0)
		return DBB_OK;
	*out = dbbi_text_format("<CreateBucketConfiguration xmlns=\""
	    "http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>%s"
	    "</LocationConstraint></CreateBucketConfiguration>", region);
	return *out != NULL ? DBB_OK : dbbi_error_nomem(err);
}

static int
make_bucket(dbbi_s3 *s3, dbb_error *err)
{
	const char *headers[] = { s3->settings.lock != DBBI_S3_LOCK_NONE ?
	    "x-amz-bucket-object-lock-enabled: true" : NULL, NULL };
	dbbi_s3_request request = {
		.action = DBBI_S3_BUCKET, .method = "PUT",
		.headers = headers,
	};
	dbbi_http_response response = {0};
	char *document;
	int rc;

	if ((rc = dbbi_s3_as_of_check(s3, err)) < 0 ||
	    (rc = make_document(&document, s3, err)) < 0)
		return rc;
	request.body = document;
	request.body_size = document != NULL ? strlen(document) : 0;
	rc = dbbi_s3_do(&response, s3, &request, err);
	dbbi_http_response_clear(&response);
	free(document);
	if (rc == DBB_OK)
		dbbi_log(s3->run, DBB_LOG_INFO, "s3: made the bucket '%s'%s",
		    s3->url.bucket, headers[0] != NULL ?
		    " with object lock" : "");
	return dbbi_error_context(err, rc, "making the bucket '%s'",
	    s3->url.bucket);
}

/* With a path in front, the bucket that is missing may be one that is not
 * meant, and making it may make an object. */
static int
refuse_path(const dbbi_s3 *s3, dbb_error *err)
{
	const dbbi_s3_endpoint *e = &s3->settings.endpoint;

	dbbi_error_set(err, DBB_ECONFIG, "the endpoint '%s://%s%s' has no "
	    "bucket '%s'", e->scheme, e->host, e->path, s3->url.bucket);
	dbbi_error_hint(err, "with most servers an endpoint has no path: leave "
	    "'%s' out, the bucket stands in the url; where it belongs there, "
	    "make the bucket with the server's own tools", e->path);
	return DBB_ECONFIG;
}

int
dbbi_s3_bucket_find(dbbi_s3 *s3, uint32_t flags, dbb_error *err)
{
	dbb_error why = {0};
	int rc = dbbi_s3_list_probe(s3, &why);

	if (rc == DBB_ENOREPO && s3->settings.endpoint.path != NULL &&
	    *s3->settings.endpoint.path != '\0')
		return refuse_path(s3, err);
	if (rc == DBB_ENOREPO && (flags & DBB_STORE_CREATE) != 0)
		return make_bucket(s3, err);
	if (rc == DBB_ENOREPO)
		rc = why.code = DBB_ENOTFOUND;
	if (rc == DBB_EACCESS) {
		dbbi_log(s3->run, DBB_LOG_DEBUG, "s3: the bucket cannot be "
		    "listed, and is taken to be there: %s", why.message);
		return DBB_OK;
	}
	if (rc < 0 && err != NULL)
		*err = why;
	return rc;
}
