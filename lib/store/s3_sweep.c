/* SPDX-License-Identifier: BSD-2-Clause */
/* Uploads in parts that nobody finished: killed runs leave them, they cost
 * space, and no listing of objects shows them. */
#include <config.h>

#include "store/s3_list.h"

#include <stdlib.h>
#include <string.h>

#include "net/uri_encode.h"
#include "store/s3_as_of.h"
#include "store/s3_text.h"
#include "store/store_registry.h"
#include "util/clock.h"
#include "util/xml.h"

#define ROOT "ListMultipartUploadsResult"
#define PAGE_MAX ((size_t)8 << 20)
#define UPLOADS_MAX 1000	/* in one sweep; the next finds the rest */
#define PAGES_MAX 1000

struct upload {
	char *key;
	char *id;
};

struct uploads {
	dbbi_s3 *s3;
	int64_t before_ms;
	struct upload *items;
	size_t count;
	struct upload at_hand;
	int64_t begun_at_ms;
	char *next_key, *next_id;	/* where the next page begins */
	int truncated;
};

static void
clear_upload(struct upload *u)
{
	free(u->key);
	free(u->id);
	memset(u, 0, sizeof(*u));
}

/* Is it old, and the upload of an object of ours? */
static int
is_left(const struct uploads *u)
{
	const char *prefix = u->s3->url.prefix;
	size_t size = strlen(prefix);

	return u->at_hand.key != NULL && u->at_hand.id != NULL &&
	    u->begun_at_ms != 0 && u->begun_at_ms < u->before_ms &&
	    strncmp(u->at_hand.key, prefix, size) == 0 &&
	    dbbi_store_name_valid(u->at_hand.key + size);
}

static int
end_upload(struct uploads *u, dbb_error *err)
{
	struct upload *grown;

	if (u->count < UPLOADS_MAX && is_left(u)) {
		grown = realloc(u->items, (u->count + 1) * sizeof(*grown));
		if (grown == NULL)
			return dbbi_error_nomem(err);
		u->items = grown;
		grown[u->count++] = u->at_hand;
		memset(&u->at_hand, 0, sizeof(u->at_hand));
	}
	clear_upload(&u->at_hand);
	u->begun_at_ms = 0;
	return DBB_OK;
}

static int
take(const char *path, const char *text, void *payload, dbb_error *err)
{
	static const char upload[] = ROOT "/Upload";
	struct uploads *u = payload;

	if (strcmp(path, ROOT "/IsTruncated") == 0)
		u->truncated = strcmp(text, "true") == 0;
	if (strcmp(path, ROOT "/NextKeyMarker") == 0)
		return dbbi_s3_keep(&u->next_key, text, err);
	if (strcmp(path, ROOT "/NextUploadIdMarker") == 0)
		return dbbi_s3_keep(&u->next_id, text, err);
	if (strncmp(path, upload, sizeof(upload) - 1) != 0)
		return DBB_OK;
	path += sizeof(upload) - 1;
	if (strcmp(path, "") == 0)
		return end_upload(u, err);
	if (strcmp(path, "/Key") == 0)
		return dbbi_s3_keep(&u->at_hand.key, text, err);
	if (strcmp(path, "/UploadId") == 0)
		return dbbi_s3_keep(&u->at_hand.id, text, err);
	if (strcmp(path, "/Initiated") == 0)
		u->begun_at_ms = dbbi_s3_time_parse(text);
	return DBB_OK;
}

/* Without a prefix: MinIO takes it for a whole name. */
static char *
make_query(const struct uploads *u)
{
	char *key = dbbi_uri_encode(u->next_key != NULL ? u->next_key : "",
	    "");
	char *id = dbbi_uri_encode(u->next_id != NULL ? u->next_id : "", "");
	char *query = NULL;

	if (key != NULL && id != NULL)
		query = u->next_key == NULL ? dbbi_text_dup("uploads=") :
		    dbbi_text_format("uploads=&key-marker=%s&"
		    "upload-id-marker=%s", key, id);
	free(key);
	free(id);
	return query;
}

static int
find_page(struct uploads *u, dbb_error *err)
{
	char *query = make_query(u);
	dbbi_s3_request request = {
		.action = DBBI_S3_LIST, .method = "GET", .query = query,
		.max_body = PAGE_MAX,
	};
	dbbi_http_response response = {0};
	int rc;

	u->truncated = 0;
	if (query == NULL)
		return dbbi_error_nomem(err);
	if ((rc = dbbi_s3_do(&response, u->s3, &request, err)) == DBB_OK)
		rc = dbbi_xml_read(response.body, response.body_size, ROOT,
		    take, u, err);
	dbbi_http_response_clear(&response);
	free(query);
	return rc;
}

static int
find_uploads(struct uploads *u, dbb_error *err)
{
	int pages = 0, rc;

	do
		rc = find_page(u, err);
	while (rc == DBB_OK && u->truncated && u->next_key != NULL &&
	    u->count < UPLOADS_MAX && ++pages < PAGES_MAX);
	return rc;
}

/* One that has gone meanwhile is as good as one that goes now. */
static int
abort_one(dbbi_s3 *s3, const struct upload *u, dbb_error *err)
{
	char *id = dbbi_uri_encode(u->id, "");
	char *query = id != NULL ? dbbi_text_format("uploadId=%s", id) : NULL;
	dbbi_s3_request request = {
		.action = DBBI_S3_FINISH, .method = "DELETE",
		.name = u->key + strlen(s3->url.prefix), .query = query,
	};
	dbbi_http_response response = {0};
	int rc;

	if (query == NULL)
		rc = dbbi_error_nomem(err);
	else if ((rc = dbbi_s3_do(&response, s3, &request, err)) < 0 &&
	    response.status == 404)
		rc = DBB_OK;
	dbbi_http_response_clear(&response);
	free(query);
	free(id);
	return dbbi_error_context(err, rc, "of '%s'", u->key);
}

int
dbbi_s3_sweep(size_t *swept, void *store, int64_t before_ms, dbb_error *err)
{
	struct uploads u = { .s3 = store, .before_ms = before_ms };
	size_t i, done = 0;
	int rc;

	u.before_ms += dbbi_s3_now_ms(store) - dbbi_now_ms();
	if ((rc = dbbi_s3_as_of_check(store, err)) == DBB_OK)
		rc = find_uploads(&u, err);
	for (i = 0; rc == DBB_OK && i < u.count; i++)
		if ((rc = abort_one(store, &u.items[i], err)) == DBB_OK)
			done++;
	for (i = 0; i < u.count; i++)
		clear_upload(&u.items[i]);
	free(u.items);
	clear_upload(&u.at_hand);
	free(u.next_key);
	free(u.next_id);
	if (rc == DBB_OK)
		*swept = done;
	return rc;
}
