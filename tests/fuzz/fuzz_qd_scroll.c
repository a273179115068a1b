/* SPDX-License-Identifier: BSD-2-Clause */
/* A stream of points: any bytes as such a stream, whose last line is made
 * right first; and the input as one point. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "source/qd_scroll_format.h"

static int
take_header(void *payload, const dbbi_json *header, dbb_error *err)
{
	(void)payload;
	(void)err;
	FUZZ_HOLDS(dbbi_json_string(header, "collection") != NULL);
	FUZZ_HOLDS(dbbi_json_object(header, "payload_schema") != NULL);
	return 0;
}

/* What was written is read again, and written the same. */
static void
write_twice(const dbbi_qd_point *point)
{
	dbbi_qd_point again;
	dbbi_bytes once, twice;

	dbbi_bytes_init(&once, 1 << 20);
	dbbi_bytes_init(&twice, 1 << 20);
	if (dbbi_qd_point_write(&once, point, NULL) == 0) {
		FUZZ_HOLDS(memchr(once.data, '\n', once.size) == NULL);
		FUZZ_HOLDS(dbbi_qd_point_read(&again,
		    (const char *)once.data, once.size, NULL) == 0);
		FUZZ_HOLDS(dbbi_qd_point_write(&twice, &again, NULL) == 0);
		FUZZ_HOLDS(once.size == twice.size);
		FUZZ_HOLDS(memcmp(once.data, twice.data, once.size) == 0);
	}
	dbbi_bytes_clear(&once);
	dbbi_bytes_clear(&twice);
}

static int
take_point(void *payload, const dbbi_qd_point *point, dbb_error *err)
{
	(void)err;
	++*(uint64_t *)payload;
	write_twice(point);
	return 0;
}

/* In two parts. */
static int
parse(uint64_t *points, const uint8_t *data, size_t size, size_t cut)
{
	dbbi_qd_scroll_sink sink = { take_header, take_point, points };
	dbbi_qd_scroll_parser *parser = NULL;
	int rc;

	*points = 0;
	FUZZ_HOLDS(dbbi_qd_scroll_parser_new(&parser, &sink, NULL) == 0);
	if ((rc = dbbi_qd_scroll_parser_feed(parser, data, cut, NULL)) == 0 &&
	    (rc = dbbi_qd_scroll_parser_feed(parser, data + cut, size - cut,
	    NULL)) == 0)
		rc = dbbi_qd_scroll_parser_end(parser, NULL);
	dbbi_qd_scroll_parser_free(parser);
	return rc;
}

/* Lines that end well, and the trailer that fits. */
static uint8_t *
add_trailer(size_t *all, const uint8_t *data, size_t size, uint64_t points)
{
	uint8_t sum[32], *out = malloc(size + 128);
	char hex[65];

	FUZZ_HOLDS(out != NULL);
	if (size > 0)
		memcpy(out, data, size);
	fuzz_sha256(sum, data, size);
	dbbi_hex_encode(hex, sum, sizeof(sum));
	*all = size + (size_t)snprintf((char *)out + size, 128,
	    "{\"points\":%llu,\"sha256\":\"%s\"}\n",
	    (unsigned long long)points, hex);
	return out;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_copy(data, size), *whole;
	uint64_t points, again;
	dbbi_qd_point point;
	size_t all;
	int rc;

	if (dbbi_qd_point_read(&point, (const char *)copy, size, NULL) == 0)
		write_twice(&point);
	rc = parse(&points, copy, size, 0);
	whole = add_trailer(&all, copy, size, points);
	/* However it is cut, it is the same. */
	rc = parse(&points, whole, all, 0);
	FUZZ_HOLDS(rc == parse(&again, whole, all, all / 2));
	FUZZ_HOLDS(points == again);
	FUZZ_HOLDS(rc == 0 || rc == DBB_EDAMAGED || rc == DBB_EVERSION);
	free(whole);
	free(copy);
	return 0;
}
