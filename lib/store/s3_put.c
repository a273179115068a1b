/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/s3_put.h"

#include <stdlib.h>
#include <string.h>

#include "store/s3_as_of.h"
#include "store/s3_checksum.h"
#include "store/s3_list.h"
#include "store/s3_read.h"

#define UNTOUCHED "If-None-Match: *"
#define TRIES 2			/* with the condition, and without */

struct put {
	dbbi_s3 *s3;
	char *name;
	uint32_t flags;
	uint8_t *part;		/* being filled; NULL: not yet */
	size_t used;
	dbbi_s3_upload *upload;	/* once there is more than a part */
};

/* ---- one name, one object ---- */

static int
exists(dbb_error *err)
{
	return dbbi_error_set(err, DBB_EEXIST,
	    "an object of that name exists");
}

int
dbbi_s3_put_check(dbbi_s3 *s3, const char *name, uint32_t flags,
    dbb_error *err)
{
	dbb_object object = { .size = sizeof(object) };
	dbb_error why = {0};
	int rc;

	if ((flags & DBB_PUT_REPLACE) != 0 ||
	    !atomic_load(&s3->unconditional))
		return DBB_OK;
	rc = dbbi_s3_stat(&object, s3, name, &why);
	if (rc == DBB_ENOTFOUND)
		return DBB_OK;
	if (rc == DBB_OK)
		return exists(err);
	if (err != NULL)
		*err = why;
	return rc;
}

int
dbbi_s3_put_unconditional(dbbi_s3 *s3, uint32_t flags, int status)
{
	if (status != 501 || (flags & DBB_PUT_REPLACE) != 0 ||
	    atomic_exchange(&s3->unconditional, 1) != 0)
		return 0;
	dbbi_log(s3->run, DBB_LOG_WARNING, "this server has no If-None-Match: "
	    "before an object is written it is asked whether there is one of "
	    "that name");
	return 1;
}

/* An object as a listing shows it. */
struct listed {
	const char *name;
	uint64_t size;
	int found;
};

static int
look(const dbb_object *object, void *payload)
{
	struct listed *l = payload;

	l->found |= strcmp(object->name, l->name) == 0 &&
	    object->size_bytes == l->size;
	return 0;
}

/* Where the key may not read what it has written. */
static int
compare_listed(dbbi_s3 *s3, const char *name,
    const dbbi_s3_written *written, dbb_error *err)
{
	struct listed l = { .name = name, .size = written->size };
	int rc = dbbi_s3_list(s3, name, look, &l, err);

	return rc == DBB_OK && !l.found ? exists(err) : rc;
}

int
dbbi_s3_compare(dbbi_s3 *s3, const char *name,
    const dbbi_s3_written *written, dbb_error *err)
{
	dbbi_http_response head;
	const char *length, *checksum;
	uint64_t size = 0;
	int rc;

	if ((rc = dbbi_s3_head(&head, s3, name, err)) == DBB_OK) {
		length = dbbi_http_header(&head, "Content-Length");
		checksum = dbbi_s3_checksum_told(s3, &head);
		if (length == NULL || dbbi_parse_u64(&size, length, 0,
		    INT64_MAX) != 0 || size != written->size ||
		    (checksum != NULL && written->checksum != NULL &&
		    strcmp(checksum, written->checksum) != 0))
			rc = exists(err);
	}
	dbbi_http_response_clear(&head);
	return rc == DBB_EACCESS ? compare_listed(s3, name, written, err) :
	    rc;
}

/* ---- one request ---- */

static int
check_answer(const dbbi_s3 *s3, const dbbi_http_response *response,
    const dbbi_s3_checksum *checksum, dbb_error *err)
{
	const char *theirs = dbbi_s3_checksum_told(s3, response);

	if (theirs == NULL || strcmp(theirs, checksum->text) == 0)
		return DBB_OK;
	return dbbi_error_set(err, DBB_EIO, "the server has stored something "
	    "else than was sent: its checksum differs");
}

static int
put_once(int *status, dbbi_s3 *s3, const char *name, const void *data,
    size_t size, uint32_t flags, dbb_error *err)
{
	dbbi_s3_checksum checksum;
	int conditional = (flags & DBB_PUT_REPLACE) == 0 &&
	    !atomic_load(&s3->unconditional);
	const char *headers[] = { checksum.header, conditional ? UNTOUCHED : NULL,
	    NULL };
	dbbi_s3_written written = { .size = size, .checksum = checksum.text };
	dbbi_s3_request request = {
		.action = DBBI_S3_WRITE, .method = "PUT", .name = name,
		.headers = headers, .body = data, .body_size = size,
		.lock = (flags & DBB_PUT_LOCK) != 0,
	};
	dbbi_http_response response;
	dbbi_s3_call call;
	int rc;

	if ((rc = dbbi_s3_checksum_of(&checksum, &request, s3, err)) < 0 ||
	    (rc = dbbi_s3_begin(&call, s3, &request, err)) < 0)
		return rc;
	rc = dbbi_s3_end(&response, &call, err);
	*status = response.status;
	if (rc == DBB_OK)
		rc = check_answer(s3, &response, &checksum, err);
	else if (rc == DBB_EEXIST && call.lost)
		rc = dbbi_s3_compare(s3, name, &written, err);
	dbbi_http_response_clear(&response);
	return rc;
}

int
dbbi_s3_put_whole(dbbi_s3 *s3, const char *name, const void *data,
    size_t size, uint32_t flags, dbb_error *err)
{
	int rc = DBB_OK, status = 0, i;

	for (i = 0; i < TRIES; i++) {
		if ((rc = dbbi_s3_put_check(s3, name, flags, err)) < 0)
			return rc;
		rc = put_once(&status, s3, name, data, size, flags, err);
		if (rc == DBB_OK ||
		    !dbbi_s3_put_unconditional(s3, flags, status))
			break;
	}
	return rc;
}

/* From memory: nothing is copied. */
int
dbbi_s3_write(void *store, const char *name, const void *data, size_t size,
    uint32_t flags, dbb_error *err)
{
	dbbi_s3 *s3 = store;
	const uint8_t *bytes = data;
	size_t part = s3->settings.part_size, at, n;
	dbbi_s3_upload *upload = NULL;
	int rc;

	if ((rc = dbbi_s3_as_of_check(s3, err)) < 0)
		return rc;
	if (size < 2 * part)
		return dbbi_s3_put_whole(s3, name, data, size, flags, err);
	rc = dbbi_s3_upload_new(&upload, s3, name, flags, err);
	for (at = 0; rc == DBB_OK && at < size; at += n) {
		n = size - at < part ? size - at : part;
		rc = dbbi_s3_upload_part(upload, bytes + at, n, NULL, err);
	}
	if (rc == DBB_OK)
		rc = dbbi_s3_upload_finish(upload, err);
	dbbi_s3_upload_free(upload);
	return rc;
}

/* ---- piece by piece ---- */

int
dbbi_s3_put_begin(void **out, void *store, const char *name,
    uint64_t size_hint, uint32_t flags, dbb_error *err)
{
	struct put *put;
	int rc;

	(void)size_hint;
	if ((rc = dbbi_s3_as_of_check(store, err)) < 0)
		return rc;
	put = calloc(1, sizeof(*put));
	if (put == NULL || (put->name = dbbi_text_dup(name)) == NULL) {
		free(put);
		return dbbi_error_nomem(err);
	}
	put->s3 = store;
	put->flags = flags;
	*out = put;
	return DBB_OK;
}

/* The part is full and more comes. */
static int
send_part(struct put *put, dbb_error *err)
{
	uint8_t *part = put->part;
	int rc;

	if (put->upload == NULL && (rc = dbbi_s3_upload_new(&put->upload,
	    put->s3, put->name, put->flags, err)) < 0)
		return rc;
	put->part = NULL;
	return dbbi_s3_upload_part(put->upload, part, put->used, part, err);
}

int
dbbi_s3_put_write(void *handle, const void *data, size_t size,
    dbb_error *err)
{
	struct put *put = handle;
	size_t part_size = put->s3->settings.part_size, n;
	const uint8_t *from = data;
	int rc;

	for (; size > 0; size -= n, from += n) {
		if (put->part != NULL && put->used == part_size &&
		    (rc = send_part(put, err)) < 0)
			return rc;
		if (put->part == NULL) {
			if ((put->part = malloc(part_size)) == NULL)
				return dbbi_error_nomem(err);
			put->used = 0;
		}
		n = part_size - put->used;
		n = n < size ? n : size;
		memcpy(put->part + put->used, from, n);
		put->used += n;
	}
	return DBB_OK;
}

int
dbbi_s3_put_commit(void *handle, dbb_error *err)
{
	struct put *put = handle;
	int rc;

	if (put->upload == NULL)
		return dbbi_s3_put_whole(put->s3, put->name, put->part != NULL
		    ? put->part : (const uint8_t *)"", put->used, put->flags,
		    err);
	if ((rc = send_part(put, err)) < 0)
		return rc;
	return dbbi_s3_upload_finish(put->upload, err);
}

void
dbbi_s3_put_free(void *handle)
{
	struct put *put = handle;

	dbbi_s3_upload_free(put->upload);
	free(put->part);
	free(put->name);
	free(put);
}
