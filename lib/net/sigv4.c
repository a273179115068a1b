/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/sigv4.h"

#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/clock.h"
#include "util/config.h"
#include "util/crypt.h"
#include "util/sha256.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define REQUEST_MAX (1u << 20)	/* what is hashed: a head, no body */

/* What is made on the way to one signature. */
struct signing {
	const dbbi_sigv4_request *request;
	char date[DBBI_TIME_SIZE];	/* "20130524T000000Z" */
	char *scope;		/* "20130524/us-east-1/s3/aws4_request" */
	dbbi_list headers;	/* "name:value", sorted */
	dbbi_list query;	/* "name=value", sorted */
	char *names;		/* of the headers, "host;x-amz-date" */
	char digest[DBBI_SHA256_HEX];	/* of the canonical request */
};

/* ---- sorted lists ---- */

/* Names end at `end` or with the text. Not strcmp of the whole: '=' and ':'
 * are greater than '-'. */
static int
compare_names(const char *a, const char *b, char end)
{
	unsigned char x, y;

	do {
		x = (unsigned char)(*a == end ? '\0' : *a++);
		y = (unsigned char)(*b == end ? '\0' : *b++);
	} while (x == y && x != '\0');
	return x - y;
}

static int
compare_headers(const char *a, const char *b)
{
	return compare_names(a, b, ':');
}

static int
compare_parameters(const char *a, const char *b)
{
	int order = compare_names(a, b, '=');

	return order != 0 ? order : strcmp(a, b);
}

/* Equal ones keep the order in which they came. */
static int
add_sorted(dbbi_list *list, const char *text,
    int (*compare)(const char *, const char *), dbb_error *err)
{
	char *moved;
	size_t i;
	int rc;

	if ((rc = dbbi_list_add(list, text, err)) < 0)
		return rc;
	for (i = list->count - 1; i > 0; i--) {
		if (compare(list->items[i - 1], list->items[i]) <= 0)
			break;
		moved = list->items[i];
		list->items[i] = list->items[i - 1];
		list->items[i - 1] = moved;
	}
	return DBB_OK;
}

/* ---- canonical parts ---- */

/* Blanks at both ends go, several in a row become one. */
static void
squeeze(char *text)
{
	char *from = dbbi_text_trim(text), *to = text;

	for (; *from != '\0'; from++)
		if (*from != ' ' || to == text || to[-1] != ' ')
			*to++ = *from;
	*to = '\0';
}

static void
lower(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text + ('a' - 'A'));
}

/* Add one header to those that are signed. */
static int
add_header(struct signing *s, const char *header, dbb_error *err)
{
	const char *colon = strchr(header, ':');
	char *name = NULL, *value = NULL, *line = NULL;
	int rc;

	if (colon == NULL || strpbrk(header, "\r\n") != NULL)
		return dbbi_error_set(err, DBB_EINVAL,
		    "a header without ':' or with a line end");
	name = dbbi_text_format("%.*s", (int)(colon - header), header);
	value = dbbi_text_dup(colon + 1);
	if (name == NULL || value == NULL) {
		rc = dbbi_error_nomem(err);
		goto done;
	}
	lower(name);
	squeeze(value);
	line = dbbi_text_format("%s:%s", name, value);
	rc = line == NULL ? dbbi_error_nomem(err) :
	    add_sorted(&s->headers, line, compare_headers, err);
done:
	dbbi_secret_free(line);
	dbbi_secret_free(value);
	free(name);
	return rc;
}

static int
take_headers(struct signing *s, const dbbi_list *sent, dbb_error *err)
{
	char *host = dbbi_text_format("host:%s", s->request->host);
	size_t i;
	int rc;

	rc = host == NULL ? dbbi_error_nomem(err) : add_header(s, host, err);
	for (i = 0; i < sent->count && rc == 0; i++)
		rc = add_header(s, sent->items[i], err);
	free(host);
	return rc;
}

/* "acl" counts as "acl=". */
static int
take_query(struct signing *s, dbb_error *err)
{
	char *copy = NULL, *rest, *part, *whole;
	int rc = 0;

	if (s->request->query == NULL)
		return DBB_OK;
	if ((copy = dbbi_text_dup(s->request->query)) == NULL)
		return dbbi_error_nomem(err);
	rest = copy;
	while (rc == 0 && (part = strsep(&rest, "&")) != NULL) {
		if (*part == '\0')
			continue;
		whole = dbbi_text_format("%s%s", part,
		    strchr(part, '=') == NULL ? "=" : "");
		rc = whole == NULL ? dbbi_error_nomem(err) :
		    add_sorted(&s->query, whole, compare_parameters, err);
		free(whole);
	}
	free(copy);
	return rc;
}

/* ---- the canonical request ---- */

static int
add_text(dbbi_bytes *to, const char *text, dbb_error *err)
{
	return dbbi_bytes_add(to, text, strlen(text), err);
}

static int
add_query(dbbi_bytes *to, const dbbi_list *query, dbb_error *err)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < query->count && rc == 0; i++) {
		if (i > 0)
			rc = add_text(to, "&", err);
		if (rc == 0)
			rc = add_text(to, query->items[i], err);
	}
	return rc == 0 ? add_text(to, "\n", err) : rc;
}

/* A line each; the values of one name in one line. */
static int
add_headers(dbbi_bytes *to, const dbbi_list *headers, dbb_error *err)
{
	const char *line;
	size_t i;
	int rc = 0, again;

	for (i = 0; i < headers->count && rc == 0; i++) {
		line = headers->items[i];
		again = i > 0 &&
		    compare_headers(headers->items[i - 1], line) == 0;
		if (i > 0)
			rc = add_text(to, again ? "," : "\n", err);
		if (rc == 0)
			rc = add_text(to, again ? strchr(line, ':') + 1 :
			    line, err);
	}
	return rc == 0 ? add_text(to, "\n\n", err) : rc;
}

/* The names of the headers, each once: into `s->names`. */
static int
list_names(struct signing *s, dbb_error *err)
{
	const dbbi_list *all = &s->headers;
	dbbi_bytes names;
	size_t i;
	int rc = 0;

	dbbi_bytes_init(&names, REQUEST_MAX);
	for (i = 0; i < all->count && rc == 0; i++) {
		if (i > 0 && compare_headers(all->items[i - 1],
		    all->items[i]) == 0)
			continue;
		if (i > 0)
			rc = add_text(&names, ";", err);
		if (rc == 0)
			rc = dbbi_bytes_add(&names, all->items[i],
			    strcspn(all->items[i], ":"), err);
	}
	if (rc == 0)
		rc = dbbi_bytes_add(&names, "", 1, err);
	if (rc == 0) {
		s->names = (char *)names.data;
		names.data = NULL;
	}
	dbbi_bytes_clear(&names);
	return rc;
}

static int
digest_request(struct signing *s, dbb_error *err)
{
	const dbbi_sigv4_request *r = s->request;
	uint8_t digest[DBBI_SHA256_SIZE];
	dbbi_bytes text;
	int rc;

	dbbi_bytes_init(&text, REQUEST_MAX);
	if ((rc = add_text(&text, r->method, err)) < 0 ||
	    (rc = add_text(&text, "\n", err)) < 0 ||
	    (rc = add_text(&text, r->path, err)) < 0 ||
	    (rc = add_text(&text, "\n", err)) < 0 ||
	    (rc = add_query(&text, &s->query, err)) < 0 ||
	    (rc = add_headers(&text, &s->headers, err)) < 0 ||
	    (rc = list_names(s, err)) < 0 ||
	    (rc = add_text(&text, s->names, err)) < 0 ||
	    (rc = add_text(&text, "\n", err)) < 0 ||
	    (rc = add_text(&text, r->payload_hash, err)) < 0)
		goto done;
	rc = dbbi_sha256_of(digest, text.data, text.size, err);
	if (rc == 0)
		dbbi_hex_encode(s->digest, digest, sizeof(digest));
done:
	if (text.data != NULL)
		dbbi_wipe(text.data, text.size);
	dbbi_bytes_clear(&text);
	return rc;
}

/* ---- the signature ---- */

static int
authenticate(uint8_t key[DBBI_KEY_SIZE], const char *text, dbb_error *err)
{
	uint8_t out[DBBI_KEY_SIZE];
	int rc;

	rc = dbbi_hmac_of(out, key, DBBI_KEY_SIZE, text, strlen(text), err);
	if (rc == 0)
		memcpy(key, out, sizeof(out));
	dbbi_wipe(out, sizeof(out));
	return rc;
}

/* The key for one day, region and service. */
static int
derive_key(uint8_t key[DBBI_KEY_SIZE], const struct signing *s,
    const char *secret, dbb_error *err)
{
	char *first = dbbi_text_format("AWS4%s", secret);
	int rc;

	if (first == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_hmac_of(key, first, strlen(first), s->date, 8, err);
	if (rc == 0)
		rc = authenticate(key, s->request->region, err);
	if (rc == 0)
		rc = authenticate(key, s->request->service, err);
	if (rc == 0)
		rc = authenticate(key, "aws4_request", err);
	dbbi_secret_free(first);
	return rc;
}

/* Add the header that has the signature. */
static int
add_authorization(dbbi_list *sent, const struct signing *s,
    const dbbi_aws_keys *keys, dbb_error *err)
{
	char *text = dbbi_text_format(ALGORITHM "\n%s\n%s\n%s", s->date,
	    s->scope, s->digest);
	char signature[DBBI_SHA256_HEX], *header = NULL;
	uint8_t key[DBBI_KEY_SIZE];
	int rc;

	if (text == NULL)
		return dbbi_error_nomem(err);
	if ((rc = derive_key(key, s, keys->secret, err)) < 0 ||
	    (rc = authenticate(key, text, err)) < 0)
		goto done;
	dbbi_hex_encode(signature, key, sizeof(key));
	header = dbbi_text_format("Authorization: " ALGORITHM
	    " Credential=%s/%s,SignedHeaders=%s,Signature=%s", keys->id,
	    s->scope, s->names, signature);
	rc = header == NULL ? dbbi_error_nomem(err) :
	    dbbi_list_add(sent, header, err);
done:
	dbbi_wipe(key, sizeof(key));
	free(header);
	free(text);
	return rc;
}

/* ---- all of it ---- */

static int
send_value(dbbi_list *sent, const char *name, const char *value,
    dbb_error *err)
{
	char *header = dbbi_text_format("%s: %s", name, value);
	int rc;

	rc = header == NULL ? dbbi_error_nomem(err) :
	    dbbi_list_add(sent, header, err);
	dbbi_secret_free(header);
	return rc;
}

/* The headers to send that are signed. Only S3 is told the hash. */
static int
begin_headers(dbbi_list *sent, const struct signing *s,
    const dbbi_aws_keys *keys, dbb_error *err)
{
	const char *const *given = s->request->headers;
	int rc = 0;

	for (; given != NULL && *given != NULL && rc == 0; given++)
		rc = dbbi_list_add(sent, *given, err);
	if (rc == 0)
		rc = send_value(sent, "x-amz-date", s->date, err);
	if (rc == 0 && strcmp(s->request->service, "s3") == 0)
		rc = send_value(sent, "x-amz-content-sha256",
		    s->request->payload_hash, err);
	if (rc == 0 && keys->token != NULL)
		rc = send_value(sent, "x-amz-security-token", keys->token,
		    err);
	return rc;
}

int
dbbi_sigv4_sign(dbbi_list *out, const dbbi_sigv4_request *request,
    const dbbi_aws_keys *keys, int64_t now_ms, dbb_error *err)
{
	struct signing s = { .request = request };
	dbbi_list sent = {0};
	int rc;

	dbbi_time_compact(s.date, now_ms);
	s.scope = dbbi_text_format("%.8s/%s/%s/aws4_request", s.date,
	    request->region, request->service);
	if (s.scope == NULL) {
		rc = dbbi_error_nomem(err);
		goto done;
	}
	if ((rc = begin_headers(&sent, &s, keys, err)) < 0 ||
	    (rc = take_headers(&s, &sent, err)) < 0 ||
	    (rc = take_query(&s, err)) < 0 ||
	    (rc = digest_request(&s, err)) < 0 ||
	    (rc = add_authorization(&sent, &s, keys, err)) < 0)
		goto done;
	*out = sent;
	memset(&sent, 0, sizeof(sent));
done:
	dbbi_config_settings_clear(&sent);
	dbbi_config_settings_clear(&s.headers);
	dbbi_list_clear(&s.query);
	free(s.names);
	free(s.scope);
	return dbbi_error_context(err, rc, "signing a request");
}
