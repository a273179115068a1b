/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/s3_remove.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/s3_as_of.h"
#include "store/s3_fault.h"
#include "store/s3_lock.h"
#include "store/s3_text.h"
#include "store/s3_versions.h"
#include "util/xml.h"

#define BATCH 1000		/* what DeleteObjects takes */
#define ANSWER_MAX ((size_t)8 << 20)

static int
remove_one(dbbi_s3 *s3, const char *name, const char *query, dbb_error *err)
{
	dbbi_s3_request request = {
		.action = DBBI_S3_DELETE, .method = "DELETE", .name = name,
		.query = query,
	};
	dbbi_http_response response;
	int rc;

	rc = dbbi_s3_do(&response, s3, &request, err);
	dbbi_http_response_clear(&response);
	return rc == DBB_ENOTFOUND ? DBB_OK : rc;
}

static int
remove_version(dbbi_s3 *s3, const char *name, const char *id,
    dbb_error *err)
{
	char *query = dbbi_s3_version_query(id);
	int64_t until_ms;
	int rc;

	if (query == NULL)
		return dbbi_error_nomem(err);
	rc = remove_one(s3, name, query, err);
	free(query);
	if (rc < 0 && dbbi_s3_version_locked_until(&until_ms, s3, name, id,
	    NULL) == DBB_OK && until_ms != 0)
		rc = dbbi_s3_lock_refuse(s3, until_ms, err);
	return rc;
}

/* Where objects are locked there are versions: to delete the name would only
 * lay a marker above them. The oldest goes first, so that one that is locked
 * keeps what is above it. */
static int
remove_versions(dbbi_s3 *s3, const char *name, dbb_error *err)
{
	dbbi_list ids = {0};
	size_t i;
	int rc;

	rc = dbbi_s3_version_ids(&ids, s3, name, 1, err);
	for (i = 0; rc == DBB_OK && i < ids.count; i++)
		rc = remove_version(s3, name, ids.items[i], err);
	dbbi_list_clear(&ids);
	return rc;
}

int
dbbi_s3_remove(void *store, const char *name, dbb_error *err)
{
	int rc = dbbi_s3_as_of_check(store, err);

	if (rc < 0)
		return rc;
	return dbbi_s3_locks(store) ? remove_versions(store, name, err) :
	    remove_one(store, name, NULL, err);
}

/* ---- many ---- */

/* A batch that is being deleted. */
struct batch {
	dbbi_s3 *s3;
	const char *const *names;
	size_t count;
	dbb_not_removed_fn fn;
	void *payload;
	unsigned answered;
	char *key;		/* of the refusal at hand */
	dbbi_s3_fault fault;
};

static int
make_document(char **out, size_t *size, const struct batch *b,
    dbb_error *err)
{
	FILE *to = open_memstream(out, size);
	char *key = NULL, *escaped = NULL;
	int rc = DBB_OK;
	size_t i;

	if (to == NULL)
		return dbbi_error_nomem(err);
	fputs("<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">",
	    to);
	for (i = 0; rc == DBB_OK && i < b->count; i++) {
		key = dbbi_text_format("%s%s", b->s3->url.prefix,
		    b->names[i]);
		escaped = key != NULL ? dbbi_s3_xml_escape(key) : NULL;
		if (escaped == NULL)
			rc = dbbi_error_nomem(err);
		else
			fprintf(to, "<Object><Key>%s</Key></Object>",
			    escaped);
		free(escaped);
		free(key);
	}
	fputs("</Delete>", to);
	if (fclose(to) != 0 && rc == DBB_OK)
		rc = dbbi_error_nomem(err);
	return rc;
}

/* One could not be deleted: if it is one that we named, it is answered. */
static void
tell(struct batch *b)
{
	size_t skip = strlen(b->s3->url.prefix), i;
	dbb_error why = {0};

	if (b->key == NULL || strncmp(b->key, b->s3->url.prefix, skip) != 0)
		return;
	for (i = 0; i < b->count; i++)
		if (strcmp(b->names[i], b->key + skip) == 0) {
			dbbi_s3_fault_report(&b->fault, b->s3,
			    DBBI_S3_DELETE, &why);
			b->fn(b->names[i], &why, b->payload);
			b->answered++;
			return;
		}
}

static int
take(const char *path, const char *text, void *payload, dbb_error *err)
{
	struct batch *b = payload;

	if (strcmp(path, "DeleteResult/Deleted") == 0)
		b->answered++;
	else if (strcmp(path, "DeleteResult/Error/Key") == 0) {
		free(b->key);
		if ((b->key = dbbi_text_dup(text)) == NULL)
			return dbbi_error_nomem(err);
	} else if (strcmp(path, "DeleteResult/Error/Code") == 0) {
		dbbi_s3_fault_words(&b->fault, text, NULL);
	} else if (strcmp(path, "DeleteResult/Error/Message") == 0) {
		dbbi_s3_fault_words(&b->fault, NULL, text);
	} else if (strcmp(path, "DeleteResult/Error") == 0) {
		if (dbbi_s3_fault_is(&b->fault, "NoSuchKey"))
			b->answered++;
		else
			tell(b);
		free(b->key);
		b->key = NULL;
		b->fault = (dbbi_s3_fault){ .status = 200 };
	}
	return DBB_OK;
}

static int
send_batch(dbbi_http_response *out, struct batch *b, dbb_error *err)
{
	char checksum[DBBI_S3_SHA256_TEXT], md5[DBBI_S3_MD5_TEXT];
	char lines[2][96];
	const char *headers[] = { lines[0], lines[1], NULL };
	uint8_t digest[DBBI_SHA256_SIZE];
	dbbi_s3_request request = {
		.action = DBBI_S3_DELETE, .method = "POST",
		.query = "delete=", .headers = headers, .sha256 = digest,
		.max_body = ANSWER_MAX,
	};
	char *document = NULL;
	size_t size = 0;
	int rc;

	if ((rc = make_document(&document, &size, b, err)) < 0 ||
	    (rc = dbbi_sha256_of(digest, document, size, err)) < 0 ||
	    (rc = dbbi_s3_md5_text(md5, document, size, err)) < 0)
		goto done;
	dbbi_s3_sha256_text(checksum, digest);
	snprintf(lines[0], sizeof(lines[0]), "x-amz-checksum-sha256: %s",
	    checksum);
	snprintf(lines[1], sizeof(lines[1]), "Content-MD5: %s", md5);
	request.body = document;
	request.body_size = size;
	rc = dbbi_s3_do(out, b->s3, &request, err);
done:
	free(document);
	return rc;
}

static int
remove_each(struct batch *b, dbb_error *err)
{
	dbb_error why;
	size_t i;

	for (i = 0; i < b->count; i++) {
		memset(&why, 0, sizeof(why));
		if (dbbi_run_check(b->s3->run, err) < 0)
			return DBB_ECANCELED;
		if (dbbi_s3_remove(b->s3, b->names[i], &why) < 0)
			b->fn(b->names[i], &why, b->payload);
	}
	return DBB_OK;
}

/* Does the server refuse to delete many at once, whatever they are? */
static int
is_refused(const dbbi_http_response *response)
{
	return response->status == 501 || response->status == 405 ||
	    response->status == 400 || response->status == 404;
}

static int
remove_batch(struct batch *b, dbb_error *err)
{
	dbbi_http_response response = {0};
	int rc;

	if (atomic_load(&b->s3->one_by_one) || dbbi_s3_locks(b->s3))
		return remove_each(b, err);
	b->fault = (dbbi_s3_fault){ .status = 200 };
	rc = send_batch(&response, b, err);
	if (rc == DBB_OK)
		rc = dbbi_xml_read(response.body, response.body_size,
		    "DeleteResult", take, b, err);
	if (rc == DBB_OK && b->answered != b->count)
		rc = dbbi_error_set(err, DBB_EIO, "the server says of %u "
		    "objects what became of them, and was asked for %zu",
		    b->answered, b->count);
	if (rc < 0 && rc != DBB_ENOREPO && is_refused(&response)) {
		dbbi_log(b->s3->run, DBB_LOG_INFO, "s3: this server does not "
		    "delete many objects at once (%d): they are deleted one "
		    "by one", response.status);
		atomic_store(&b->s3->one_by_one, 1);
		rc = remove_each(b, err);
	}
	free(b->key);
	b->key = NULL;
	dbbi_http_response_clear(&response);
	return rc;
}

int
dbbi_s3_remove_many(void *store, const char *const *names, size_t count,
    dbb_not_removed_fn fn, void *payload, dbb_error *err)
{
	int rc = dbbi_s3_as_of_check(store, err);
	size_t n;

	for (; rc == DBB_OK && count > 0; names += n, count -= n) {
		n = count < BATCH ? count : BATCH;
		struct batch b = { .s3 = store, .names = names, .count = n,
		    .fn = fn, .payload = payload };

		rc = remove_batch(&b, err);
	}
	return rc;
}
