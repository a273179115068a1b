/* SPDX-License-Identifier: BSD-2-Clause */
/* What the S3 store reads: its URL, its endpoint, forms that servers write
 * in, and refusals. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "store/s3_fault.h"
#include "store/s3_text.h"

static int
has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return 1;
	return 0;
}

/* No bucket and no prefix leads anywhere else. */
static void
try_url(const char *text)
{
	dbbi_s3_url url = {0};
	size_t size;

	if (dbbi_s3_url_parse(&url, text, NULL) < 0)
		return;
	size = strlen(url.bucket);
	FUZZ_HOLDS(size >= 3 && size <= 63);
	FUZZ_HOLDS(strspn(url.bucket, "abcdefghijklmnopqrstuvwxyz0123456789"
	    ".-") == size);
	FUZZ_HOLDS(!has_control(url.prefix));
	size = strlen(url.prefix);
	FUZZ_HOLDS(size <= 512 && (size == 0 || (url.prefix[0] != '/' &&
	    url.prefix[size - 1] == '/')));
	FUZZ_HOLDS(strstr(url.prefix, "//") == NULL);
	FUZZ_HOLDS(strstr(url.prefix, "/../") == NULL &&
	    strncmp(url.prefix, "../", 3) != 0);
	dbbi_s3_url_clear(&url);
}

static void
try_endpoint(const char *text)
{
	dbbi_s3_endpoint e = {0}, again = {0};

	if (dbbi_s3_endpoint_parse(&e, text, NULL) < 0)
		return;
	FUZZ_HOLDS(strcmp(e.scheme, "http") == 0 ||
	    strcmp(e.scheme, "https") == 0);
	FUZZ_HOLDS(e.host[0] != '\0' &&
	    strpbrk(e.host, "@/?# \r\n") == NULL);
	FUZZ_HOLDS(strpbrk(e.path, "@?# \r\n") == NULL);
	FUZZ_HOLDS(e.path[0] == '\0' || e.path[0] == '/');
	if (strcmp(e.scheme, "https") == 0)
		FUZZ_HOLDS(dbbi_s3_endpoint_parse(&again, e.host, NULL) == 0 &&
		    strcmp(again.host, e.host) == 0);
	dbbi_s3_endpoint_clear(&again);
	dbbi_s3_endpoint_clear(&e);
}

static void
try_forms(const char *text)
{
	char *decoded = fuzz_text(text, strlen(text));
	char *escaped = dbbi_s3_xml_escape(text);
	uint8_t bytes[48];
	size_t size = 0;

	FUZZ_HOLDS(escaped != NULL && strpbrk(escaped, "<>") == NULL);
	if (dbbi_s3_percent_decode(decoded, 1) == 0)
		FUZZ_HOLDS(strlen(decoded) <= strlen(text));
	if (dbbi_s3_base64_decode(bytes, &size, sizeof(bytes), text) == 0)
		FUZZ_HOLDS(size <= sizeof(bytes));
	FUZZ_HOLDS(dbbi_s3_time_parse(text) >= INT64_MIN / 2);
	free(escaped);
	free(decoded);
}

/* What a person is shown of a server's words is one line. */
static void
try_refusal(const uint8_t *data, size_t size)
{
	char bucket[] = "bucket", prefix[] = "p/";
	dbbi_s3 s3 = { .url = { .bucket = bucket, .prefix = prefix } };
	char *body = fuzz_text(data, size);
	dbbi_http_response response = {
		.status = size > 0 ? 300 + data[0] : 300,
		.body = body, .body_size = strlen(body),
	};
	dbbi_s3_fault fault;
	dbb_error why;

	dbbi_s3_fault_read(&fault, &response);
	FUZZ_HOLDS(!has_control(fault.code));
	FUZZ_HOLDS(fault.region[0] == '\0' ||
	    dbbi_s3_is_region(fault.region));
	FUZZ_HOLDS(dbbi_s3_fault_report(&fault, &s3, DBBI_S3_WRITE,
	    &why) < 0);
	FUZZ_HOLDS(!has_control(why.message) && !has_control(why.hint));
	free(body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	try_url(text);
	try_endpoint(text);
	try_forms(text);
	try_refusal(data, size);
	free(text);
	return 0;
}
