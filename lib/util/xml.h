/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xml: a document as a stream of elements, by expat.
 *
 * What a server sends is hostile: document types (and with them entities)
 * are refused, depth, names and texts are bounded, and nothing is kept but
 * the text of the element at hand, which is wiped in the end.
 */
#ifndef DBBI_XML_H
#define DBBI_XML_H

#include "util/error.h"

#define DBBI_XML_TEXT 8192	/* of one element, in bytes, with NUL */

/* An element ends. `path` is where it stands, "ListBucketResult/Contents/Key"
 * (without namespaces), `text` what it holds itself. Not DBB_OK: stop. */
typedef int (*dbbi_xml_fn)(const char *path, const char *text, void *payload,
    dbb_error *err);

/* Read a whole document, whose outermost element is to be `root` (NULL: any);
 * blanks before it are allowed. DBB_EDAMAGED says what is wrong with it. */
int dbbi_xml_read(const char *data, size_t size, const char *root,
    dbbi_xml_fn fn, void *payload, dbb_error *err);

#endif
