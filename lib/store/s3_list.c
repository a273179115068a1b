/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/s3_list.h"

#include <stdlib.h>
#include <string.h>

#include "net/uri_encode.h"
#include "store/s3_as_of.h"
#include "store/s3_fault.h"
#include "store/s3_text.h"
#include "util/xml.h"

#define PAGE_NAMES 1000
#define PAGE_MAX ((size_t)8 << 20)	/* 1000 names of 1 KiB, all of their
					   bytes encoded, come to half */
#define EMPTY_PAGES 1000	/* one after the other: then nothing will come */
#define ROOT "ListBucketResult"

/* A page as it is read, and the listing that it belongs to. */
struct page {
	dbbi_s3 *s3;
	dbb_list_fn fn;
	void *payload;
	char *key;		/* of the object at hand; NULL: not yet */
	dbb_object object;
	unsigned count;
	uint64_t said;		/* how many there should be */
	int has_said, encoded, truncated, has_truncated;
	char *token;		/* for the next page */
	int canceled;
};

static int
broken(dbb_error *err, const char *why)
{
	return dbbi_error_set(err, DBB_EDAMAGED, "the server's listing is "
	    "broken: %s", why);
}

/* An object is through: hand it over, without our prefix. */
static int
give_object(struct page *p, dbb_error *err)
{
	const char *prefix = p->s3->url.prefix;
	size_t skip = strlen(prefix);
	int stop = 0;

	if (p->key == NULL)
		return broken(err, "an object has no key");
	if (++p->count > PAGE_NAMES)
		return broken(err, "a page has more than it may");
	if (p->encoded && dbbi_s3_percent_decode(p->key, 1) != 0)
		return broken(err, "a key is encoded wrongly");
	if (strncmp(p->key, prefix, skip) == 0) {
		p->object.name = p->key + skip;
		stop = p->fn != NULL && p->fn(&p->object, p->payload) != 0;
	}
	free(p->key);
	p->key = NULL;
	if (!stop)
		return DBB_OK;
	p->canceled = 1;
	return dbbi_error_set(err, DBB_ECANCELED, "stopped by the caller");
}

static int
take_object(struct page *p, const char *member, const char *text,
    dbb_error *err)
{
	if (strcmp(member, "") == 0)
		return give_object(p, err);
	if (strcmp(member, "/Key") == 0)
		return dbbi_s3_keep(&p->key, text, err);
	if (strcmp(member, "/LastModified") == 0)
		p->object.modified_at_ms = dbbi_s3_time_parse(text);
	if (strcmp(member, "/Size") == 0 && dbbi_parse_u64(
	    &p->object.size_bytes, text, 0, INT64_MAX) != 0)
		return broken(err, "a size is none");
	return DBB_OK;
}

static int
take(const char *path, const char *text, void *payload, dbb_error *err)
{
	static const char contents[] = ROOT "/Contents";
	struct page *p = payload;

	if (strncmp(path, contents, sizeof(contents) - 1) == 0)
		return take_object(p, path + sizeof(contents) - 1, text, err);
	if (strcmp(path, ROOT "/IsTruncated") == 0) {
		p->has_truncated = 1;
		p->truncated = strcmp(text, "true") == 0;
	} else if (strcmp(path, ROOT "/NextContinuationToken") == 0) {
		return dbbi_s3_keep(&p->token, text, err);
	} else if (strcmp(path, ROOT "/KeyCount") == 0) {
		p->has_said = dbbi_parse_u64(&p->said, text, 0,
		    PAGE_NAMES) == 0;
	} else if (strcmp(path, ROOT "/EncodingType") == 0) {
		p->encoded = strcmp(text, "url") == 0;
	}
	return DBB_OK;
}

/* A listing that lacks something would be taken for less than there is. */
static int
check_page(const struct page *p, const char *before, dbb_error *err)
{
	if (!p->has_truncated)
		return broken(err, "it does not say whether it goes on");
	if (p->has_said && p->said != p->count)
		return broken(err, "it has not as many names as it says");
	if (!p->truncated)
		return DBB_OK;
	if (p->token == NULL || p->token[0] == '\0')
		return broken(err, "it does not say how to go on");
	if (before != NULL && strcmp(p->token, before) == 0)
		return broken(err, "it goes on with the same page for ever");
	return DBB_OK;
}

/* EncodingType comes before or after the keys: servers differ. */
static int
find_encoding(const char *path, const char *text, void *payload,
    dbb_error *err)
{
	struct page *p = payload;

	(void)err;
	if (strcmp(path, ROOT "/EncodingType") == 0)
		p->encoded = strcmp(text, "url") == 0;
	return DBB_OK;
}

static int
read_page(struct page *p, const dbbi_http_response *response,
    const char *before, dbb_error *err)
{
	int rc;

	rc = dbbi_xml_read(response->body, response->body_size, ROOT,
	    find_encoding, p, err);
	if (rc == DBB_OK)
		rc = dbbi_xml_read(response->body, response->body_size,
		    ROOT, take, p, err);
	return rc == DBB_OK ? check_page(p, before, err) : rc;
}

/* ---- pages ---- */

/* "list-type=2&max-keys=…&prefix=…", to free(3). */
static char *
make_query(const dbbi_s3 *s3, const char *prefix, const char *token,
    unsigned names)
{
	char *whole = dbbi_text_format("%s%s", s3->url.prefix, prefix);
	char *encoded = whole != NULL ? dbbi_uri_encode(whole, "") : NULL;
	char *from = dbbi_uri_encode(token != NULL ? token : "", "");
	char *query = NULL;

	if (encoded != NULL && from != NULL)
		query = dbbi_text_format("list-type=2&encoding-type=url&"
		    "max-keys=%u&prefix=%s%s%s", names, encoded,
		    token != NULL ? "&continuation-token=" : "", from);
	free(from);
	free(encoded);
	free(whole);
	return query;
}

static int
ask_page(dbbi_http_response *out, dbbi_s3 *s3, const char *prefix,
    const char *token, unsigned names, dbb_error *err)
{
	char *query = make_query(s3, prefix, token, names);
	dbbi_s3_request request = {
		.action = DBBI_S3_LIST, .method = "GET", .query = query,
		.max_body = PAGE_MAX,
	};
	int rc;

	if (query == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_s3_do(out, s3, &request, err);
	free(query);
	return rc;
}

int
dbbi_s3_list(void *store, const char *prefix, dbb_list_fn fn, void *payload,
    dbb_error *err)
{
	dbbi_s3 *s3 = store;
	char *token = NULL;
	unsigned empty = 0;
	int rc, more;

	if (s3->as_of != NULL)
		return dbbi_s3_as_of_list(s3, prefix, fn, payload, err);
	do {
		dbbi_http_response response = {0};
		struct page p = { .s3 = s3, .fn = fn, .payload = payload,
		    .object = { .size = sizeof(p.object) } };

		rc = ask_page(&response, s3, prefix, token, PAGE_NAMES, err);
		if (rc == DBB_OK)
			rc = read_page(&p, &response, token, err);
		dbbi_http_response_clear(&response);
		free(p.key);
		free(token);
		token = p.token;
		more = p.truncated;
		empty = p.count == 0 ? empty + 1 : 0;
	} while (rc == DBB_OK && more && empty < EMPTY_PAGES);
	free(token);
	if (rc == DBB_OK && more)
		return broken(err, "one empty page comes after the other");
	return rc;
}

int
dbbi_s3_list_probe(dbbi_s3 *s3, dbb_error *err)
{
	dbbi_http_response response = {0};
	struct page p = { .s3 = s3 };
	int rc;

	rc = ask_page(&response, s3, "", NULL, 1, err);
	if (rc == DBB_OK)
		rc = read_page(&p, &response, NULL, err);
	if (rc == DBB_EDAMAGED)
		dbbi_s3_hint_at_endpoint(err);
	dbbi_http_response_clear(&response);
	free(p.key);
	free(p.token);
	return rc;
}
