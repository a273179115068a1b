/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/http_form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/random.h"
#include "util/text.h"

#define BOUNDARY_BYTES 16

/* As browsers do it: percent signs for what would end the name or the line,
 * nothing else. NULL: out of memory. */
static char *
quote(const char *name)
{
	char *out = malloc(3 * strlen(name) + 1), *to = out;

	for (; out != NULL && *name != '\0'; name++) {
		if (*name == '"' || *name == '\r' || *name == '\n')
			to += snprintf(to, 4, "%%%02X", (unsigned)*name);
		else
			*to++ = *name;
	}
	if (out != NULL)
		*to = '\0';
	return out;
}

static int
write_parts(dbbi_http_form *f, const char *boundary, const char *field,
    const char *file_name, dbb_error *err)
{
	char *a = quote(field), *b = quote(file_name);

	if (a != NULL && b != NULL)
		f->before = dbbi_text_format("--%s\r\nContent-Disposition: "
		    "form-data; name=\"%s\"; filename=\"%s\"\r\n"
		    "Content-Type: application/octet-stream\r\n\r\n",
		    boundary, a, b);
	free(a);
	free(b);
	if (f->before == NULL)
		return dbbi_error_nomem(err);
	snprintf(f->after, sizeof(f->after), "\r\n--%s--\r\n", boundary);
	snprintf(f->type, sizeof(f->type), "Content-Type: "
	    "multipart/form-data; boundary=%s", boundary);
	return DBB_OK;
}

static size_t
read_text(dbbi_http_form *f, const char *text, void *buffer, size_t size)
{
	size_t left = strlen(text) - f->at;
	size_t n = left < size ? left : size;

	memcpy(buffer, text + f->at, n);
	f->at += n;
	return n;
}

static int
read_part(size_t *got, dbbi_http_form *f, void *buffer, size_t size,
    dbb_error *err)
{
	if (f->part == 1)
		return dbbi_reader_read(got, f->file, buffer, size, err);
	*got = read_text(f, f->part == 0 ? f->before : f->after, buffer, size);
	return DBB_OK;
}

static int
read_form(size_t *got, dbbi_reader *reader, void *buffer, size_t size,
    dbb_error *err)
{
	dbbi_http_form *f = (dbbi_http_form *)reader;
	int rc;

	for (; f->part <= 2; f->part++, f->at = 0) {
		rc = read_part(got, f, buffer, size, err);
		if (rc < 0 || *got > 0)
			return rc;
	}
	*got = 0;
	return DBB_OK;
}

/* It is the caller's storage. */
static void
free_nothing(dbbi_reader *reader)
{
	(void)reader;
}

int
dbbi_http_form_init(dbbi_http_form *f, const char *field,
    const char *file_name, dbbi_reader *file, uint64_t file_size,
    dbb_error *err)
{
	uint8_t random[BOUNDARY_BYTES];
	char boundary[2 * BOUNDARY_BYTES + 1];
	int rc;

	memset(f, 0, sizeof(*f));
	if ((rc = dbbi_random(random, sizeof(random), err)) < 0)
		return rc;
	dbbi_hex_encode(boundary, random, sizeof(random));
	if ((rc = write_parts(f, boundary, field, file_name, err)) < 0)
		return rc;
	f->reader.read = read_form;
	f->reader.free = free_nothing;
	f->file = file;
	if (file_size != 0)
		f->size = strlen(f->before) + file_size + strlen(f->after);
	return DBB_OK;
}

void
dbbi_http_form_clear(dbbi_http_form *form)
{
	free(form->before);
	memset(form, 0, sizeof(*form));
}
