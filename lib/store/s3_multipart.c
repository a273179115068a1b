/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/s3_put.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/uri_encode.h"
#include "store/s3_checksum.h"
#include "store/s3_text.h"
#include "util/xml.h"

#define PARTS_MAX 10000
#define ETAG_SIZE 128
#define LINE_SIZE (ETAG_SIZE + 160)	/* of a part, in the list of them */
#define UNTOUCHED "If-None-Match: *"

/* A part that is under way. */
struct part {
	unsigned number;
	char query[1024];
	dbbi_s3_checksum checksum;
	const char *headers[2];
	void *owned;
	dbbi_s3_call call;
};

struct dbbi_s3_upload {
	dbbi_s3 *s3;
	const char *name;	/* the caller's */
	uint32_t flags;
	char *id;		/* encoded */
	int open;		/* on the server */
	struct part *parts;	/* a ring */
	size_t capacity, first, under_way;
	unsigned count;		/* of all parts */
	uint64_t size;
	dbbi_bytes list;	/* of the parts that are there, as XML */
	dbbi_bytes checksums;	/* of all parts, one behind the other */
};

/* ---- begin ---- */

static int
take_id(const char *path, const char *text, void *payload, dbb_error *err)
{
	dbbi_s3_upload *u = payload;

	if (strcmp(path, "InitiateMultipartUploadResult/UploadId") != 0)
		return DBB_OK;
	free(u->id);
	u->id = dbbi_uri_encode(text, "");
	return u->id != NULL ? DBB_OK : dbbi_error_nomem(err);
}

static int
open_upload(dbbi_s3_upload *u, dbb_error *err)
{
	char algorithm[48];
	const char *headers[] = { algorithm, NULL };
	dbbi_s3_request request = {
		.action = DBBI_S3_WRITE, .method = "POST", .name = u->name,
		.query = "uploads=", .headers = headers,
		.lock = (u->flags & DBB_PUT_LOCK) != 0,
	};
	dbbi_http_response response;
	int rc;

	snprintf(algorithm, sizeof(algorithm), "x-amz-checksum-algorithm: %s",
	    dbbi_s3_checksum_name(u->s3));
	rc = dbbi_s3_do(&response, u->s3, &request, err);
	if (rc == DBB_OK)
		rc = dbbi_xml_read(response.body, response.body_size,
		    "InitiateMultipartUploadResult", take_id, u, err);
	if (rc == DBB_OK && (u->id == NULL || u->id[0] == '\0' ||
	    strlen(u->id) > sizeof(u->parts[0].query) - 64))
		rc = dbbi_error_set(err, DBB_EIO, "the server gave no name to "
		    "the upload that it began");
	dbbi_http_response_clear(&response);
	u->open = rc == DBB_OK;
	return rc;
}

int
dbbi_s3_upload_new(dbbi_s3_upload **out, dbbi_s3 *s3, const char *name,
    uint32_t flags, dbb_error *err)
{
	dbbi_s3_upload *u;
	int rc;

	if ((rc = dbbi_s3_put_check(s3, name, flags, err)) < 0)
		return rc;
	u = calloc(1, sizeof(*u));
	if (u == NULL || (u->parts = calloc(s3->settings.concurrency,
	    sizeof(*u->parts))) == NULL) {
		free(u);
		return dbbi_error_nomem(err);
	}
	u->s3 = s3;
	u->name = name;
	u->flags = flags;
	u->capacity = s3->settings.concurrency;
	dbbi_bytes_init(&u->list, (size_t)PARTS_MAX * LINE_SIZE);
	dbbi_bytes_init(&u->checksums, (size_t)PARTS_MAX * DBBI_SHA256_SIZE);
	if ((rc = open_upload(u, err)) < 0)
		dbbi_s3_upload_free(u);
	else
		*out = u;
	return rc;
}

/* ---- parts ---- */

static int
begin_part(dbbi_s3_upload *u, const void *data, size_t size, void *owned,
    dbb_error *err)
{
	struct part *p = &u->parts[(u->first + u->under_way) % u->capacity];
	dbbi_s3_request request = {
		.action = DBBI_S3_PART, .method = "PUT", .name = u->name,
		.query = p->query, .headers = p->headers, .body = data,
		.body_size = size,
	};
	int rc;

	memset(p, 0, sizeof(*p));
	if ((rc = dbbi_s3_checksum_of(&p->checksum, &request, u->s3,
	    err)) < 0 ||
	    (rc = dbbi_s3_checksum_collect(&u->checksums, &p->checksum,
	    err)) < 0)
		return rc;
	p->number = ++u->count;
	snprintf(p->query, sizeof(p->query), "partNumber=%u&uploadId=%s",
	    p->number, u->id);
	p->headers[0] = p->checksum.header;
	if ((rc = dbbi_s3_begin(&p->call, u->s3, &request, err)) == DBB_OK) {
		p->owned = owned;
		u->size += size;
		u->under_way++;
	}
	return rc;
}

static int
note_part(dbbi_s3_upload *u, const struct part *p,
    const dbbi_http_response *response, dbb_error *err)
{
	const char *etag = dbbi_http_header(response, "ETag");
	const char *theirs = dbbi_s3_checksum_told(u->s3, response);
	const char *kind = dbbi_s3_checksum_name(u->s3);
	char line[LINE_SIZE], *escaped;
	int n;

	if (etag == NULL || strlen(etag) >= ETAG_SIZE / 2)
		return dbbi_error_set(err, DBB_EIO,
		    "the server gave no ETag to part %u", p->number);
	if (theirs != NULL && strcmp(theirs, p->checksum.text) != 0)
		return dbbi_error_set(err, DBB_EIO, "the server has stored "
		    "something else than was sent: the checksum of part %u "
		    "differs", p->number);
	if ((escaped = dbbi_s3_xml_escape(etag)) == NULL)
		return dbbi_error_nomem(err);
	n = snprintf(line, sizeof(line), "<Part><PartNumber>%u</PartNumber>"
	    "<ETag>%s</ETag><Checksum%s>%s</Checksum%s></Part>",
	    p->number, escaped, kind, p->checksum.text, kind);
	free(escaped);
	if (n < 0 || (size_t)n >= sizeof(line))
		return dbbi_error_set(err, DBB_EIO,
		    "the server gave a strange ETag to part %u", p->number);
	return dbbi_bytes_add(&u->list, line, (size_t)n, err);
}

static int
end_part(dbbi_s3_upload *u, dbb_error *err)
{
	struct part *p = &u->parts[u->first];
	dbbi_http_response response;
	int rc;

	rc = dbbi_s3_end(&response, &p->call, err);
	if (rc == DBB_OK)
		rc = note_part(u, p, &response, err);
	dbbi_http_response_clear(&response);
	free(p->owned);
	p->owned = NULL;
	u->first = (u->first + 1) % u->capacity;
	u->under_way--;
	return rc;
}

int
dbbi_s3_upload_part(dbbi_s3_upload *upload, const void *data, size_t size,
    void *owned, dbb_error *err)
{
	int rc = DBB_OK;

	if (upload->count == PARTS_MAX)
		rc = dbbi_error_set(err, DBB_EUNSUPPORTED, "it is larger than "
		    "%d parts", PARTS_MAX);
	if (rc == DBB_OK && upload->under_way == upload->capacity)
		rc = end_part(upload, err);
	if (rc == DBB_OK)
		rc = begin_part(upload, data, size, owned, err);
	if (rc < 0)
		free(owned);
	return rc;
}

/* ---- finish ---- */

static int
make_list(dbbi_bytes *out, const dbbi_s3_upload *u, dbb_error *err)
{
	static const char begin[] = "<CompleteMultipartUpload xmlns=\""
	    "http://s3.amazonaws.com/doc/2006-03-01/\">";
	static const char end[] = "</CompleteMultipartUpload>";
	int rc;

	dbbi_bytes_init(out, u->list.size + sizeof(begin) + sizeof(end));
	if ((rc = dbbi_bytes_add(out, begin, sizeof(begin) - 1, err)) < 0 ||
	    (rc = dbbi_bytes_add(out, u->list.data, u->list.size, err)) < 0)
		return rc;
	return dbbi_bytes_add(out, end, sizeof(end) - 1, err);
}

/* Join; `*lost` says that it may have been done although this failed. */
static int
join(int *status, int *lost, dbbi_s3_upload *u, dbb_error *err)
{
	int conditional = (u->flags & DBB_PUT_REPLACE) == 0 &&
	    !atomic_load(&u->s3->unconditional);
	const char *headers[] = { conditional ? UNTOUCHED : NULL, NULL };
	char query[1024];
	dbbi_s3_request request = {
		.action = DBBI_S3_FINISH, .method = "POST", .name = u->name,
		.query = query, .headers = headers,
	};
	dbbi_http_response response = {0};
	dbbi_bytes list = {0};
	dbbi_s3_call call;
	int rc;

	snprintf(query, sizeof(query), "uploadId=%s", u->id);
	if ((rc = make_list(&list, u, err)) == DBB_OK) {
		request.body = list.data;
		request.body_size = list.size;
		rc = dbbi_s3_begin(&call, u->s3, &request, err);
	}
	if (rc == DBB_OK) {
		rc = dbbi_s3_end(&response, &call, err);
		*lost = call.lost;
		*status = response.status;
	}
	dbbi_http_response_clear(&response);
	dbbi_bytes_clear(&list);
	return rc;
}

/* The server says that it is joined. */
static int
check_joined(dbbi_s3_upload *u, const dbbi_s3_written *written,
    dbb_error *err)
{
	int rc = dbbi_s3_compare(u->s3, u->name, written, err);

	if (rc == DBB_EEXIST)
		return dbbi_error_set(err, DBB_EIO, "the server has stored "
		    "something else than was sent: size or checksum differ");
	return rc;
}

/* Join, once more where the server knows no condition; afterwards look. */
static int
join_and_look(dbbi_s3_upload *u, const dbbi_s3_written *written,
    dbb_error *err)
{
	int rc, status = 0, lost = 0;

	rc = join(&status, &lost, u, err);
	if (rc < 0 && dbbi_s3_put_unconditional(u->s3, u->flags, status) &&
	    (rc = dbbi_s3_put_check(u->s3, u->name, u->flags, err)) == DBB_OK)
		rc = join(&status, &lost, u, err);
	if (rc == DBB_OK)
		return check_joined(u, written, err);
	/* Joined by a try whose answer was lost, the upload is no more, and
	 * the object is there. */
	if (lost && (status == 404 || status == 412) &&
	    dbbi_s3_compare(u->s3, u->name, written, NULL) == DBB_OK)
		rc = DBB_OK;
	return rc;
}

int
dbbi_s3_upload_finish(dbbi_s3_upload *upload, dbb_error *err)
{
	dbbi_s3_checksum checksum;
	dbbi_s3_written written = { .checksum = checksum.text };
	int rc = DBB_OK;

	while (rc == DBB_OK && upload->under_way > 0)
		rc = end_part(upload, err);
	if (rc == DBB_OK)
		rc = dbbi_s3_checksum_of_parts(&checksum, upload->s3,
		    &upload->checksums, upload->count, err);
	if (rc < 0)
		return rc;
	written.size = upload->size;
	rc = join_and_look(upload, &written, err);
	upload->open = rc < 0;
	return rc;
}

/* ---- the end ---- */

/* What fails here is found by a sweep. */
static void
abort_upload(dbbi_s3_upload *u)
{
	char query[1024];
	dbbi_s3_request request = {
		.action = DBBI_S3_FINISH, .method = "DELETE",
		.name = u->name, .query = query, .once = 1,
	};
	dbbi_http_response response;
	dbb_error why = {0};

	snprintf(query, sizeof(query), "uploadId=%s", u->id);
	if (dbbi_s3_do(&response, u->s3, &request, &why) < 0 &&
	    response.status != 404)
		dbbi_log(u->s3->run, DBB_LOG_INFO, "s3: an upload of '%s' is "
		    "left on the server: %s", u->name, why.message);
	dbbi_http_response_clear(&response);
}

void
dbbi_s3_upload_free(dbbi_s3_upload *upload)
{
	if (upload == NULL)
		return;
	while (upload->under_way > 0) {
		upload->parts[upload->first].call.request.once = 1;
		(void)end_part(upload, NULL);
	}
	if (upload->open)
		abort_upload(upload);
	dbbi_bytes_clear(&upload->list);
	dbbi_bytes_clear(&upload->checksums);
	free(upload->parts);
	free(upload->id);
	free(upload);
}
