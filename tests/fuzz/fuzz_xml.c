/* SPDX-License-Identifier: BSD-2-Clause */
/* A server's XML: read whole, then stopped at the element that the first
 * byte counts to. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "util/xml.h"

struct counting {
	unsigned seen, last;	/* elements; `last` 0: all are wanted */
};

static int
count(const char *path, const char *text, void *payload, dbb_error *err)
{
	struct counting *c = payload;

	FUZZ_HOLDS(path[0] != '\0' && path[0] != '/');
	FUZZ_HOLDS(path[strlen(path) - 1] != '/');
	FUZZ_HOLDS(strlen(text) < DBBI_XML_TEXT);
	FUZZ_HOLDS(c->last == 0 || c->seen < c->last);
	c->seen++;
	return c->seen == c->last ? dbbi_error_set(err, DBB_ECANCELED,
	    "enough") : DBB_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct counting all = {0}, some = {0};
	char *copy;
	int rc;

	if (size == 0)
		return 0;
	copy = (char *)fuzz_copy(data + 1, size - 1);
	rc = dbbi_xml_read(copy, size - 1, NULL, count, &all, NULL);
	FUZZ_HOLDS(rc == DBB_OK || rc == DBB_EDAMAGED);
	FUZZ_HOLDS(rc != DBB_OK || all.seen > 0);
	some.last = data[0];
	rc = dbbi_xml_read(copy, size - 1, NULL, count, &some, NULL);
	FUZZ_HOLDS((rc == DBB_ECANCELED) == (some.last > 0 &&
	    some.last <= all.seen));
	free(copy);
	return 0;
}
