/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reader: a sequence of bytes that is pulled. What a source gives to be
 * stored and what the repository gives to be restored are both readers, so
 * that neither knows the other.
 */
#ifndef DBBI_READER_H
#define DBBI_READER_H

#include <stddef.h>

#include "util/error.h"

typedef struct dbbi_reader dbbi_reader;

struct dbbi_reader {
	/*
	 * Put 1 to `size` bytes into `buffer` and their number into `*got`;
	 * 0 means the end, reached without any failure: a reader over a tool
	 * reports the end only after the tool's exit status proved good.
	 */
	int (*read)(size_t *got, dbbi_reader *reader, void *buffer,
	    size_t size, dbb_error *err);
	/* Release it, at any time; stops what still produces. */
	void (*free)(dbbi_reader *reader);
};

static inline int
dbbi_reader_read(size_t *got, dbbi_reader *reader, void *buffer, size_t size,
    dbb_error *err)
{
	return reader->read(got, reader, buffer, size, err);
}

/* NULL is allowed. */
static inline void
dbbi_reader_free(dbbi_reader *reader)
{
	if (reader != NULL)
		reader->free(reader);
}

#endif
