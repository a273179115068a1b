/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tar_pax: the records of a pax header, "LENGTH KEY=VALUE\n". The length is
 * that of the whole record. Only what changes a member's name or its sizes is
 * read.
 */
#include <config.h>

#include "util/tar_parts.h"

#include <stdlib.h>
#include <string.h>

#include "util/text.h"

#define LENGTH_DIGITS 8

struct record {
	const char *key, *value;
	size_t key_size, value_size;
};

/* Its length, the digits and the blank behind them included; 0: none. */
static size_t
read_length(size_t *digits, const char *at, size_t size)
{
	size_t n, length = 0;

	for (n = 0; n < size && n < LENGTH_DIGITS && at[n] >= '0' &&
	    at[n] <= '9'; n++)
		length = length * 10 + (size_t)(at[n] - '0');
	if (n == size || at[n] != ' ' || length > size || length < n + 2)
		return 0;
	*digits = n;
	return length;
}

/* Take one record off; its length, or 0 when there is none. */
static size_t
next_record(struct record *out, const char *at, size_t size)
{
	const char *equals;
	size_t digits = 0, length = read_length(&digits, at, size);

	if (length == 0 || at[length - 1] != '\n')
		return 0;
	out->key = at + digits + 1;
	equals = memchr(out->key, '=', length - digits - 2);
	if (equals == NULL)
		return 0;
	out->key_size = (size_t)(equals - out->key);
	out->value = equals + 1;
	out->value_size = (size_t)(at + length - 1 - out->value);
	return length;
}

static int
is_key(const struct record *r, const char *key)
{
	return r->key_size == strlen(key) &&
	    memcmp(r->key, key, r->key_size) == 0;
}

static const char *
take_number(uint64_t *out, int *has, const struct record *r)
{
	char text[24];

	if (r->value_size >= sizeof(text))
		return "a size in a pax header is none";
	memcpy(text, r->value, r->value_size);
	text[r->value_size] = '\0';
	if (strlen(text) != r->value_size ||
	    dbbi_parse_u64(out, text, 0, DBBI_TAR_SIZE_MAX) < 0)
		return "a size in a pax header is none";
	*has = 1;
	return NULL;
}

static int
take_name(dbbi_tar_pax *pax, const char **wrong, const struct record *r)
{
	if (r->value_size > DBBI_TAR_NAME_MAX ||
	    memchr(r->value, '\0', r->value_size) != NULL) {
		*wrong = "a name in a pax header is none";
		return DBB_OK;
	}
	free(pax->name);
	pax->name = strndup(r->value, r->value_size);
	return pax->name != NULL ? DBB_OK : DBB_ENOMEM;
}

/* GNU writes members with holes as GNU.sparse.…, in three ways; the name of
 * the file is in one of these in the newest. */
static int
take_record(dbbi_tar_pax *pax, const char **wrong, const struct record *r)
{
	static const char holes[] = "GNU.sparse.";
	size_t prefix = sizeof(holes) - 1;

	pax->has_holes |= r->key_size > prefix &&
	    memcmp(r->key, holes, prefix) == 0;
	if (is_key(r, "path") || is_key(r, "GNU.sparse.name"))
		return take_name(pax, wrong, r);
	if (is_key(r, "size"))
		*wrong = take_number(&pax->stored, &pax->has_stored, r);
	else if (is_key(r, "GNU.sparse.size") ||
	    is_key(r, "GNU.sparse.realsize"))
		*wrong = take_number(&pax->size, &pax->has_size, r);
	return DBB_OK;
}

int
dbbi_tar_pax_read(dbbi_tar_pax *pax, const char **wrong, const char *at,
    size_t size)
{
	struct record record;
	size_t n;
	int rc = DBB_OK;

	*wrong = NULL;
	while (size > 0 && rc == DBB_OK && *wrong == NULL) {
		if ((n = next_record(&record, at, size)) == 0)
			*wrong = "a pax header is not made of records";
		else
			rc = take_record(pax, wrong, &record);
		at += n;
		size -= n;
	}
	return rc;
}

int
dbbi_tar_pax_is_set(const dbbi_tar_pax *pax)
{
	return pax->name != NULL || pax->has_stored || pax->has_size ||
	    pax->has_holes;
}

void
dbbi_tar_pax_clear(dbbi_tar_pax *pax)
{
	free(pax->name);
	*pax = (dbbi_tar_pax){0};
}
