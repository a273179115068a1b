/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http_form: a form with one file (multipart/form-data), as the body of a
 * request: what stands before the file, the file as its reader gives it, and
 * what stands behind. The boundary is random.
 */
#ifndef DBBI_HTTP_FORM_H
#define DBBI_HTTP_FORM_H

#include <stdint.h>

#include "util/reader.h"

/* The caller's storage; it may not move between init and clear. */
typedef struct dbbi_http_form {
	dbbi_reader reader;	/* for `upload` of a dbbi_http_request, */
	uint64_t size;		/* its `upload_size`, */
	char type[96];		/* and a header, as a line */

	dbbi_reader *file;
	char *before;
	char after[64];
	int part;		/* 0: before, 1: file, 2: after */
	size_t at;		/* in it, unless it is the file */
} dbbi_http_form;

/* `file` is borrowed until the form is cleared; `file_size` 0: not known. Any
 * character may be in the names. */
int dbbi_http_form_init(dbbi_http_form *form, const char *field,
    const char *file_name, dbbi_reader *file, uint64_t file_size,
    dbb_error *err);
void dbbi_http_form_clear(dbbi_http_form *form);

#endif
