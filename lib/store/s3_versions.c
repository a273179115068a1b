/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/s3_versions.h"

#include <stdlib.h>
#include <string.h>

#include "net/uri_encode.h"
#include "store/s3_text.h"
#include "util/xml.h"

#define PAGE_NAMES 1000
#define PAGE_MAX ((size_t)8 << 20)
#define ROOT "ListVersionsResult"
#define MOST_OF_ONE 10000	/* versions that a name may have */
#define STILL_PAGES 1000	/* one after the other without another name:
				   then none will come */

/* A listing, and the page that is being read. */
struct listing {
	dbbi_s3 *s3;
	dbbi_s3_version_fn fn;
	void *payload;
	char *last;		/* key of the version before */
	char *key, *id;		/* of the one at hand */
	dbbi_s3_version version;
	char *next_key, *next_id;	/* where the next page begins */
	unsigned count;
	int moved;		/* this page has another name than before */
	int encoded, truncated, has_truncated;
};

static int
broken(dbb_error *err, const char *why)
{
	return dbbi_error_set(err, DBB_EDAMAGED, "the server's listing of "
	    "versions is broken: %s", why);
}

/* Markers may stand behind all versions of the page, by servers that think
 * little of order: then nobody knows which of a name's is the newest. */
static int
check_order(struct listing *l, dbb_error *err)
{
	if (l->key == NULL || l->id == NULL)
		return broken(err, "a version has no key or no id");
	if (l->version.modified_at_ms == 0)
		return broken(err, "a version has no time");
	if (++l->count > PAGE_NAMES)
		return broken(err, "a page has more than it may");
	if (l->encoded && dbbi_s3_percent_decode(l->key, 1) != 0)
		return broken(err, "a key is encoded wrongly");
	if (l->last != NULL && strcmp(l->last, l->key) > 0)
		return broken(err, "its keys do not ascend");
	l->moved |= l->last == NULL || strcmp(l->last, l->key) != 0;
	return DBB_OK;
}

static int
end_version(struct listing *l, int marker, dbb_error *err)
{
	const char *prefix = l->s3->url.prefix;
	size_t skip = strlen(prefix);
	int rc;

	if ((rc = check_order(l, err)) < 0)
		return rc;
	l->version.marker = marker;
	l->version.id = l->id;
	if (strncmp(l->key, prefix, skip) == 0) {
		l->version.name = l->key + skip;
		rc = l->fn(&l->version, l->payload, err);
	}
	free(l->last);
	l->last = l->key;
	l->key = NULL;
	free(l->id);
	l->id = NULL;
	memset(&l->version, 0, sizeof(l->version));
	return rc;
}

static int
take_member(struct listing *l, const char *member, const char *text,
    dbb_error *err)
{
	if (strcmp(member, "/Key") == 0)
		return dbbi_s3_keep(&l->key, text, err);
	if (strcmp(member, "/VersionId") == 0)
		return dbbi_s3_keep(&l->id, text, err);
	if (strcmp(member, "/LastModified") == 0)
		l->version.modified_at_ms = dbbi_s3_time_parse(text);
	if (strcmp(member, "/Size") == 0 && dbbi_parse_u64(
	    &l->version.size_bytes, text, 0, INT64_MAX) != 0)
		return broken(err, "a size is none");
	return DBB_OK;
}

static int
take(const char *path, const char *text, void *payload, dbb_error *err)
{
	static const char version[] = ROOT "/Version";
	static const char marker[] = ROOT "/DeleteMarker";
	struct listing *l = payload;

	if (strcmp(path, version) == 0)
		return end_version(l, 0, err);
	if (strcmp(path, marker) == 0)
		return end_version(l, 1, err);
	if (strncmp(path, version, sizeof(version) - 1) == 0)
		return take_member(l, path + sizeof(version) - 1, text, err);
	if (strncmp(path, marker, sizeof(marker) - 1) == 0)
		return take_member(l, path + sizeof(marker) - 1, text, err);
	if (strcmp(path, ROOT "/IsTruncated") == 0) {
		l->has_truncated = 1;
		l->truncated = strcmp(text, "true") == 0;
	} else if (strcmp(path, ROOT "/NextKeyMarker") == 0) {
		return dbbi_s3_keep(&l->next_key, text, err);
	} else if (strcmp(path, ROOT "/NextVersionIdMarker") == 0) {
		return dbbi_s3_keep(&l->next_id, text, err);
	}
	return DBB_OK;
}

/* EncodingType comes before or after the keys: servers differ. */
static int
find_encoding(const char *path, const char *text, void *payload,
    dbb_error *err)
{
	struct listing *l = payload;

	(void)err;
	if (strcmp(path, ROOT "/EncodingType") == 0)
		l->encoded = strcmp(text, "url") == 0;
	return DBB_OK;
}

/* The next page begins behind what this one had. */
static int
check_page(struct listing *l, const char *key, const char *id,
    dbb_error *err)
{
	if (!l->has_truncated)
		return broken(err, "it does not say whether it goes on");
	if (!l->truncated)
		return DBB_OK;
	if (l->next_key == NULL || *l->next_key == '\0')
		return broken(err, "it does not say how to go on");
	if (l->encoded && dbbi_s3_percent_decode(l->next_key, 1) != 0)
		return broken(err, "a key is encoded wrongly");
	if (key != NULL && strcmp(key, l->next_key) == 0 &&
	    strcmp(id != NULL ? id : "", l->next_id != NULL ? l->next_id :
	    "") == 0)
		return broken(err, "it goes on with the same page for ever");
	return DBB_OK;
}

static int
read_page(struct listing *l, const dbbi_http_response *response,
    dbb_error *err)
{
	char *key = l->next_key, *id = l->next_id;
	int rc;

	l->next_key = l->next_id = NULL;
	l->count = 0;
	l->moved = 0;
	l->encoded = l->truncated = l->has_truncated = 0;
	rc = dbbi_xml_read(response->body, response->body_size, ROOT,
	    find_encoding, l, err);
	if (rc == DBB_OK)
		rc = dbbi_xml_read(response->body, response->body_size,
		    ROOT, take, l, err);
	if (rc == DBB_OK)
		rc = check_page(l, key, id, err);
	free(key);
	free(id);
	return rc;
}

/* ---- asking ---- */

/* "&name=value", encoded, or "" without one; to free(3). */
static char *
parameter(const char *name, const char *value)
{
	char *encoded, *text;

	if (value == NULL || *value == '\0')
		return dbbi_text_dup("");
	encoded = dbbi_uri_encode(value, "");
	text = encoded != NULL ? dbbi_text_format("&%s=%s", name, encoded) :
	    NULL;
	free(encoded);
	return text;
}

static char *
make_query(const struct listing *l, const char *prefix)
{
	char *whole = dbbi_text_format("%s%s", l->s3->url.prefix, prefix);
	char *p = whole != NULL ? parameter("prefix", whole) : NULL;
	char *key = parameter("key-marker", l->next_key);
	char *id = parameter("version-id-marker", l->next_id);
	char *query = NULL;

	if (p != NULL && key != NULL && id != NULL)
		query = dbbi_text_format("versions=&encoding-type=url&"
		    "max-keys=%d%s%s%s", PAGE_NAMES, p, key, id);
	free(id);
	free(key);
	free(p);
	free(whole);
	return query;
}

static int
ask_page(dbbi_http_response *out, const struct listing *l,
    const char *prefix, dbb_error *err)
{
	char *query = make_query(l, prefix);
	dbbi_s3_request request = {
		.action = DBBI_S3_LIST, .method = "GET", .query = query,
		.max_body = PAGE_MAX,
	};
	int rc;

	if (query == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_s3_do(out, l->s3, &request, err);
	free(query);
	return rc;
}

int
dbbi_s3_versions(dbbi_s3 *s3, const char *prefix, dbbi_s3_version_fn fn,
    void *payload, dbb_error *err)
{
	struct listing l = { .s3 = s3, .fn = fn, .payload = payload };
	unsigned still = 0;
	int rc;

	do {
		dbbi_http_response response = {0};

		rc = ask_page(&response, &l, prefix, err);
		if (rc == DBB_OK)
			rc = read_page(&l, &response, err);
		dbbi_http_response_clear(&response);
		still = l.moved ? 0 : still + 1;
	} while (rc == DBB_OK && l.truncated && still < STILL_PAGES);
	if (rc == DBB_OK && l.truncated)
		rc = broken(err, "page after page brings no other name");
	free(l.last);
	free(l.key);
	free(l.id);
	free(l.next_key);
	free(l.next_id);
	return rc;
}

/* ---- of one name ---- */

struct of_one {
	const char *name;
	dbbi_list *ids;
	int markers;
	int through;		/* names behind it have come */
};

static int
collect_id(const dbbi_s3_version *version, void *payload, dbb_error *err)
{
	struct of_one *one = payload;

	if (strcmp(version->name, one->name) != 0) {
		one->through = 1;
		return DBB_ECANCELED;
	}
	if (version->marker && !one->markers)
		return DBB_OK;
	if (one->ids->count == MOST_OF_ONE)
		return dbbi_error_set(err, DBB_EUNSUPPORTED, "'%s' has more "
		    "than %d versions", one->name, MOST_OF_ONE);
	return dbbi_list_add(one->ids, version->id, err);
}

static void
reverse(dbbi_list *list)
{
	size_t i;

	for (i = 0; i < list->count / 2; i++) {
		char *one = list->items[i];

		list->items[i] = list->items[list->count - 1 - i];
		list->items[list->count - 1 - i] = one;
	}
}

int
dbbi_s3_version_ids(dbbi_list *out, dbbi_s3 *s3, const char *name,
    int markers, dbb_error *err)
{
	struct of_one one = { .name = name, .ids = out, .markers = markers };
	dbb_error why = {0};
	int rc;

	rc = dbbi_s3_versions(s3, name, collect_id, &one, &why);
	if (rc == DBB_ECANCELED && one.through)
		rc = DBB_OK;
	if (rc < 0 && err != NULL)
		*err = why;
	reverse(out);
	return rc;
}

char *
dbbi_s3_version_query(const char *id)
{
	char *encoded = dbbi_uri_encode(id, "");
	char *query = encoded != NULL ? dbbi_text_format("versionId=%s",
	    encoded) : NULL;

	free(encoded);
	return query;
}
