/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/s3_text.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/uri_encode.h"
#include "util/clock.h"
#include "util/openssl_error.h"

#define MD5_SIZE 16
#define REGION_MAX 63

void
dbbi_s3_base64(char *out, const uint8_t *bytes, size_t size)
{
	EVP_EncodeBlock((unsigned char *)out, bytes, (int)size);
}

void
dbbi_s3_sha256_text(char out[DBBI_S3_SHA256_TEXT],
    const uint8_t digest[DBBI_SHA256_SIZE])
{
	dbbi_s3_base64(out, digest, DBBI_SHA256_SIZE);
}

int
dbbi_s3_md5_text(char out[DBBI_S3_MD5_TEXT], const void *data, size_t size,
    dbb_error *err)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int length = 0;

	if (EVP_Digest(data, size, digest, &length, EVP_md5(), NULL) != 1 ||
	    length != MD5_SIZE)
		return dbbi_openssl_error(err, "computing an MD5");
	EVP_EncodeBlock((unsigned char *)out, digest, MD5_SIZE);
	return DBB_OK;
}

int
dbbi_s3_base64_decode(uint8_t *out, size_t *size, size_t max,
    const char *text)
{
	size_t length = strlen(text), padding = 0;
	int n;

	while (padding < length && text[length - 1 - padding] == '=')
		padding++;
	if (length == 0 || length % 4 != 0 || padding > 2 ||
	    length / 4 * 3 > max)
		return -1;
	n = EVP_DecodeBlock(out, (const unsigned char *)text, (int)length);
	if (n < 0)
		return -1;
	*size = (size_t)n - padding;
	return 0;
}

/* Put "KEY=VALUE", both encoded, behind what is there. */
static int
add_tag(char **joined, const char *key, const char *value, dbb_error *err)
{
	char *name = dbbi_uri_encode(key, "");
	char *text = dbbi_uri_encode(value, ""), *all = NULL;

	if (name != NULL && text != NULL)
		all = dbbi_text_format("%s%s%s=%s", *joined != NULL ?
		    *joined : "", *joined != NULL ? "&" : "", name, text);
	free(name);
	free(text);
	if (all == NULL)
		return dbbi_error_nomem(err);
	free(*joined);
	*joined = all;
	return DBB_OK;
}

static int
split_tag(char **joined, const char *tag, dbb_error *err)
{
	size_t size = strcspn(tag, "=");
	char *key;
	int rc;

	if (size == 0 || tag[size] == '\0')
		return dbbi_error_set(err, DBB_ECONFIG, "'tags' has '%.64s', "
		    "which is not of the form KEY=VALUE", tag);
	key = dbbi_text_format("%.*s", (int)size, tag);
	if (key == NULL)
		return dbbi_error_nomem(err);
	rc = add_tag(joined, key, tag + size + 1, err);
	free(key);
	return rc;
}

int
dbbi_s3_tags_join(char **out, const dbbi_list *tags, dbb_error *err)
{
	char *joined = NULL;
	size_t i;
	int rc = DBB_OK;

	for (i = 0; rc == DBB_OK && i < tags->count; i++)
		rc = split_tag(&joined, tags->items[i], err);
	if (rc < 0)
		free(joined);
	else
		*out = joined;
	return rc;
}

int
dbbi_s3_keep(char **to, const char *text, dbb_error *err)
{
	free(*to);
	*to = dbbi_text_dup(text);
	return *to != NULL ? DBB_OK : dbbi_error_nomem(err);
}

int
dbbi_s3_is_region(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

	return n > 0 && n <= REGION_MAX && text[n] == '\0';
}

static int
hex_value(int c)
{
	return isdigit(c) ? c - '0' : isxdigit(c) ? tolower(c) - 'a' + 10 : -1;
}

int
dbbi_s3_percent_decode(char *text, int plus_is_blank)
{
	char *to = text;
	int high, low;

	for (; *text != '\0'; text++, to++) {
		*to = plus_is_blank && *text == '+' ? ' ' : *text;
		if (*text != '%')
			continue;
		high = hex_value((unsigned char)text[1]);
		low = high < 0 ? -1 : hex_value((unsigned char)text[2]);
		if (low < 0 || high + low == 0)
			return -1;
		*to = (char)(high * 16 + low);
		text += 2;
	}
	*to = '\0';
	return 0;
}

int64_t
dbbi_s3_time_parse(const char *text)
{
	char with[DBBI_TIME_SIZE];
	size_t size = strlen(text);
	int64_t at_ms = 0;

	if (dbbi_time_parse(&at_ms, text) == 0)
		return at_ms;
	if (size == 0 || size + 5 > sizeof(with) || text[size - 1] != 'Z')
		return 0;
	memcpy(with, text, size - 1);
	memcpy(with + size - 1, ".000Z", 6);
	return dbbi_time_parse(&at_ms, with) == 0 ? at_ms : 0;
}

char *
dbbi_s3_xml_escape(const char *text)
{
	char *out = NULL;
	size_t size;
	FILE *to = open_memstream(&out, &size);

	if (to == NULL)
		return NULL;
	for (; *text != '\0'; text++) {
		if (*text == '&')
			fputs("&amp;", to);
		else if (*text == '<')
			fputs("&lt;", to);
		else if (*text == '>')
			fputs("&gt;", to);
		else
			fputc(*text, to);
	}
	if (fclose(to) != 0) {
		free(out);
		return NULL;
	}
	return out;
}
