/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * s3_xml: a document as a stream of elements, by expat.
 *
 * What a server sends is hostile: document types (and with them entities)
 * are refused, depth, names and texts are bounded, and nothing is kept but
 * the text of the element at hand.
 */
#ifndef DBBI_S3_XML_H
#define DBBI_S3_XML_H

#include "util/error.h"

#define DBBI_S3_XML_TEXT 8192	/* of one element, in bytes, with NUL */

/* An element ends. `path` is where it stands, "ListBucketResult/Contents/Key"
 * (without namespaces), `text` what it holds itself. Not DBB_OK: stop. */
typedef int (*dbbi_s3_xml_fn)(const char *path, const char *text,
    void *payload, dbb_error *err);

/* Read a whole document, whose outermost element is to be `root` (NULL: any).
 * DBB_EDAMAGED says what is wrong with it. */
int dbbi_s3_xml_read(const char *data, size_t size, const char *root,
    dbbi_s3_xml_fn fn, void *payload, dbb_error *err);

/* `text` with what XML does not take as it is escaped; NULL: no memory. To
 * free(3). */
char *dbbi_s3_xml_escape(const char *text);

#endif
