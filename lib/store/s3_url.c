/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/s3_url.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "store/s3_text.h"
#include "util/text.h"

#define SCHEME "s3://"
#define BUCKET_MIN 3
#define BUCKET_MAX 63
#define KEY_MAX 1024
#define NAME_MAX_SIZE 512	/* of an object, as store.h says */
#define PREFIX_MAX (KEY_MAX - NAME_MAX_SIZE - 1)
#define HOST_MAX 255

static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";

/* ---- s3://bucket/prefix ---- */

static int
refuse_url(dbb_error *err, const char *why)
{
	dbbi_error_set(err, DBB_EINVAL, "%s", why);
	dbbi_error_hint(err, "it is s3://BUCKET or s3://BUCKET/PREFIX; where "
	    "the server is goes into 'endpoint'");
	return DBB_EINVAL;
}

/* As Amazon has it: what is a name there is one everywhere. */
static int
check_bucket(const char *name, size_t size, dbb_error *err)
{
	size_t i;

	if (size < BUCKET_MIN || size > BUCKET_MAX)
		return refuse_url(err, "a bucket's name has 3 to 63 letters");
	for (i = 0; i < size; i++)
		if (strchr(letters, name[i]) == NULL && name[i] != '.' &&
		    name[i] != '-')
			return refuse_url(err, "a bucket's name is made of "
			    "small letters, digits, '.' and '-'");
	if (strchr(letters, name[0]) == NULL ||
	    strchr(letters, name[size - 1]) == NULL)
		return refuse_url(err, "a bucket's name begins and ends with "
		    "a letter or digit");
	for (i = 1; i < size; i++)
		if (name[i] == '.' && name[i - 1] == '.')
			return refuse_url(err, "a bucket's name has no two "
			    "dots in a row");
	return DBB_OK;
}

static int
has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return 1;
	return 0;
}

/* No part is empty, "." or "..": some servers resolve these. */
static int
check_parts(const char *prefix, dbb_error *err)
{
	const char *at = prefix, *end;
	size_t size;

	while (*at != '\0') {
		end = at + strcspn(at, "/");
		size = (size_t)(end - at);
		if (size == 0)
			return refuse_url(err, "the prefix has an empty part");
		if (at[0] == '.' && (size == 1 || (size == 2 && at[1] == '.')))
			return refuse_url(err, "no part of the prefix may be "
			    "'.' or '..'");
		at = *end == '/' ? end + 1 : end;
	}
	return DBB_OK;
}

/* "a/b", "a/b/" and "" become what keys begin with. */
static int
parse_prefix(char **out, const char *text, dbb_error *err)
{
	char *prefix = dbbi_text_dup(text), *whole;
	size_t size;
	int rc;

	if (prefix == NULL)
		return dbbi_error_nomem(err);
	if (dbbi_s3_percent_decode(prefix, 0) != 0 || has_control(prefix)) {
		free(prefix);
		return refuse_url(err, "the prefix has a control character, "
		    "or a '%' that is none of %XX: write it as %25");
	}
	size = strlen(prefix);
	while (size > 0 && prefix[size - 1] == '/')
		prefix[--size] = '\0';
	if (size > PREFIX_MAX)
		rc = refuse_url(err, "the prefix is too long");
	else
		rc = check_parts(prefix, err);
	whole = rc == DBB_OK ? dbbi_text_format("%s%s", prefix,
	    size > 0 ? "/" : "") : NULL;
	free(prefix);
	if (rc == DBB_OK && whole == NULL)
		return dbbi_error_nomem(err);
	if (rc == DBB_OK)
		*out = whole;
	return rc;
}

int
dbbi_s3_url_parse(dbbi_s3_url *out, const char *url, dbb_error *err)
{
	dbbi_s3_url parsed = {0};
	const char *bucket = url + strlen(SCHEME);
	size_t size;
	int rc;

	if (strncmp(url, SCHEME, strlen(SCHEME)) != 0)
		return refuse_url(err, "two slashes must follow 's3:'");
	if (url[strcspn(url, "?#")] != '\0')
		return refuse_url(err, "nothing may follow a '?' or '#': as "
		    "part of the prefix they are %3F and %23");
	if (strchr(bucket, '@') != NULL && strcspn(bucket, "@") <
	    strcspn(bucket, "/"))
		return refuse_url(err, "keys do not belong into it: use "
		    "'access-key' and 'secret-key', or AWS's own ways");
	size = strcspn(bucket, "/");
	if ((rc = check_bucket(bucket, size, err)) < 0)
		return rc;
	parsed.bucket = dbbi_text_format("%.*s", (int)size, bucket);
	if (parsed.bucket == NULL)
		return dbbi_error_nomem(err);
	rc = parse_prefix(&parsed.prefix, bucket + size +
	    (bucket[size] == '/'), err);
	if (rc < 0)
		dbbi_s3_url_clear(&parsed);
	else
		*out = parsed;
	return rc;
}

void
dbbi_s3_url_clear(dbbi_s3_url *url)
{
	free(url->bucket);
	free(url->prefix);
	memset(url, 0, sizeof(*url));
}

/* ---- the endpoint ---- */

static int
refuse_endpoint(dbb_error *err, const char *why)
{
	dbbi_error_set(err, DBB_ECONFIG, "'endpoint' %s", why);
	dbbi_error_hint(err, "it is https://HOST, or http://HOST:PORT for a "
	    "server that has no TLS");
	return DBB_ECONFIG;
}

/* A name, an IPv4 address, or an IPv6 address in brackets; how long, or 0. */
static size_t
host_size(const char *text)
{
	size_t n;

	if (*text != '[')
		return strspn(text, "abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");
	n = 1 + strspn(text + 1, "0123456789abcdefABCDEF:.");
	return text[n] == ']' && n > 1 ? n + 1 : 0;
}

/* `text` is what follows the host: ":9000/base", "/", "". */
static int
parse_port(uint64_t *port, size_t *used, const char *text)
{
	char digits[6];
	size_t n;

	*port = 0;
	*used = 0;
	if (*text != ':')
		return 0;
	n = strspn(text + 1, "0123456789");
	if (n == 0 || n >= sizeof(digits))
		return -1;
	memcpy(digits, text + 1, n);
	digits[n] = '\0';
	*used = n + 1;
	return dbbi_parse_u64(port, digits, 1, 65535);
}

static int
check_path(const char *path)
{
	size_t n = strspn(path, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_~/%");

	return path[n] == '\0' && (*path == '\0' || *path == '/') ? 0 : -1;
}

/* Small letters: what is signed must be what libcurl sends. */
static char *
make_host(const char *text, size_t size, uint64_t port, int plain)
{
	char *host;
	size_t i;

	if (port == 0 || port == (plain ? 80 : 443))
		host = dbbi_text_format("%.*s", (int)size, text);
	else
		host = dbbi_text_format("%.*s:%u", (int)size, text,
		    (unsigned)port);
	for (i = 0; host != NULL && i < size; i++)
		host[i] = (char)tolower((unsigned char)host[i]);
	return host;
}

int
dbbi_s3_endpoint_parse(dbbi_s3_endpoint *out, const char *text,
    dbb_error *err)
{
	dbbi_s3_endpoint e = {0};
	int plain = strncmp(text, "http://", 7) == 0;
	const char *host = text, *path;
	size_t size, used, end;
	uint64_t port;

	if (plain || strncmp(text, "https://", 8) == 0)
		host = text + (plain ? 7 : 8);
	else if (strstr(text, "://") != NULL)
		return refuse_endpoint(err, "is neither http: nor https:");
	if (strchr(host, '@') != NULL)
		return refuse_endpoint(err, "takes neither user nor password");
	size = host_size(host);
	if (size == 0 || size > HOST_MAX)
		return refuse_endpoint(err, "names no host");
	if (parse_port(&port, &used, host + size) != 0)
		return refuse_endpoint(err, "has a port that is none");
	path = host + size + used;
	if (check_path(path) != 0)
		return refuse_endpoint(err, "has more than a host, a port and "
		    "a path");
	end = strlen(path);
	while (end > 0 && path[end - 1] == '/')
		end--;
	e.scheme = dbbi_text_dup(plain ? "http" : "https");
	e.host = make_host(host, size, port, plain);
	e.path = dbbi_text_format("%.*s", (int)end, path);
	if (e.scheme == NULL || e.host == NULL || e.path == NULL) {
		dbbi_s3_endpoint_clear(&e);
		return dbbi_error_nomem(err);
	}
	*out = e;
	return DBB_OK;
}

void
dbbi_s3_endpoint_clear(dbbi_s3_endpoint *endpoint)
{
	free(endpoint->scheme);
	free(endpoint->host);
	free(endpoint->path);
	memset(endpoint, 0, sizeof(*endpoint));
}
