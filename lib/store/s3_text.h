/* SPDX-License-Identifier: BSD-2-Clause */
/* s3_text: the forms in which S3 writes digests, tags and regions. */
#ifndef DBBI_S3_TEXT_H
#define DBBI_S3_TEXT_H

#include "util/sha256.h"
#include "util/text.h"

#define DBBI_S3_SHA256_TEXT 45	/* a SHA-256 in base64, and NUL */
#define DBBI_S3_MD5_TEXT 25

/* `out` takes four characters for each three bytes begun, and NUL. */
void dbbi_s3_base64(char *out, const uint8_t *bytes, size_t size);

void dbbi_s3_sha256_text(char out[DBBI_S3_SHA256_TEXT],
    const uint8_t digest[DBBI_SHA256_SIZE]);

/* The MD5 of `data`: a check that S3 asks for with some requests. */
int dbbi_s3_md5_text(char out[DBBI_S3_MD5_TEXT], const void *data,
    size_t size, dbb_error *err);

/* 0, or -1 when `text` is no base64 or more than `max` bytes. */
int dbbi_s3_base64_decode(uint8_t *out, size_t *size, size_t max,
    const char *text);

/* "key=value" each, as one query; DBB_ECONFIG where one is not so. */
int dbbi_s3_tags_join(char **out, const dbbi_list *tags, dbb_error *err);

/* Keep a copy of `text` instead of what was kept in `*to`. To free(3). */
int dbbi_s3_keep(char **to, const char *text, dbb_error *err);

int dbbi_s3_is_region(const char *text);

/* Percent-decode in place, where a form has it with '+' being a blank; 0, or
 * -1 for a '%' that is no %XX, or is NUL. */
int dbbi_s3_percent_decode(char *text, int plus_is_blank);

/* "2026-11-24T10:41:33.123Z", also without the fraction; 0: it is no time. */
int64_t dbbi_s3_time_parse(const char *text);

/* `text` with what XML does not take as it is escaped; NULL: no memory. To
 * free(3). */
char *dbbi_s3_xml_escape(const char *text);

#endif
