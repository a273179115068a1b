/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/qd_point.h"

#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 65536		/* vectors of one point */

/* ---- ids ---- */

/* Decimal, without a sign; serde and json-c both know 64 bits. */
static int
read_number(uint64_t *out, dbbi_json_span text)
{
	uint64_t value = 0;
	unsigned digit;
	size_t i;

	for (i = 0; i < text.size; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return -1;
		digit = (unsigned)(text.at[i] - '0');
		if (value > (UINT64_MAX - digit) / 10)
			return -1;
		value = value * 10 + digit;
	}
	*out = value;
	return text.size > 0 ? 0 : -1;
}

/* "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", with its quotation marks. */
static int
read_uuid(uint8_t out[16], dbbi_json_span text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	char digits[33];
	size_t i, n = 0;

	if (text.size != sizeof(form) + 1 || text.at[0] != '"')
		return -1;
	for (i = 0; form[i] != '\0'; i++) {
		if (form[i] == 'x')
			digits[n++] = text.at[i + 1];
		else if (text.at[i + 1] != '-')
			return -1;
	}
	digits[n] = '\0';
	return dbbi_hex_decode(out, 16, digits);
}

int
dbbi_qd_id_read(dbbi_qd_id *out, dbbi_json_span text)
{
	dbbi_qd_id id = {{0}};
	uint64_t number;
	int i;

	if (read_number(&number, text) == 0) {
		for (i = 0; i < 8; i++)
			id.order[16 - i] = (uint8_t)(number >> 8 * i);
	} else if (read_uuid(id.order + 1, text) == 0) {
		id.order[0] = 1;
	} else {
		return -1;
	}
	*out = id;
	return 0;
}

int
dbbi_qd_id_compare(const dbbi_qd_id *a, const dbbi_qd_id *b)
{
	return memcmp(a->order, b->order, sizeof(a->order));
}

/* ---- reading ---- */

static void
keep_part(dbbi_qd_point *point, dbbi_json_span key, dbbi_json_span value)
{
	if (dbbi_json_span_is(value, "null"))
		memset(&value, 0, sizeof(value));
	if (dbbi_json_span_is(key, "\"id\""))
		point->id = value;
	else if (dbbi_json_span_is(key, "\"payload\""))
		point->payload = value;
	else if (dbbi_json_span_is(key, "\"vector\""))
		point->vector = value;
	else if (dbbi_json_span_is(key, "\"shard_key\""))
		point->shard_key = value;
}

int
dbbi_qd_point_read(dbbi_qd_point *out, const char *text, size_t size,
    dbb_error *err)
{
	dbbi_qd_point point = {0};
	dbbi_json_span all, key, value;
	dbbi_qd_id id;
	const char *at;
	int rc;

	if (dbbi_json_scan_whole(&all, text, size) < 0 || *all.at != '{')
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "a point that is no JSON object");
	at = all.at;
	while ((rc = dbbi_json_scan_member(&key, &value, &at,
	    all.at + all.size)) == 1)
		keep_part(&point, key, value);
	if (rc < 0 || point.id.at == NULL || dbbi_qd_id_read(&id, point.id) < 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "a point without an id that is an integer or a UUID");
	*out = point;
	return DBB_OK;
}

/* ---- writing ---- */

struct named {
	dbbi_json_span name;
	dbbi_json_span value;
};

static int
compare_names(const void *a, const void *b)
{
	const struct named *left = a, *right = b;
	size_t n = left->name.size < right->name.size ? left->name.size :
	    right->name.size;
	int order = memcmp(left->name.at, right->name.at, n);

	if (order != 0)
		return order;
	return left->name.size < right->name.size ? -1 :
	    left->name.size > right->name.size;
}

static int
add_text(dbbi_bytes *out, const char *text, dbb_error *err)
{
	return dbbi_bytes_add(out, text, strlen(text), err);
}

static int
write_names(dbbi_bytes *out, const struct named *names, size_t count,
    dbb_error *err)
{
	size_t i;
	int rc = add_text(out, "{", err);

	for (i = 0; rc == 0 && i < count; i++) {
		if ((i > 0 && (rc = add_text(out, ",", err)) < 0) ||
		    (rc = dbbi_json_span_write(out, names[i].name, err)) < 0 ||
		    (rc = add_text(out, ":", err)) < 0)
			break;
		rc = dbbi_json_span_write(out, names[i].value, err);
	}
	return rc < 0 ? rc : add_text(out, "}", err);
}

static int
write_named_vectors(dbbi_bytes *out, dbbi_json_span vector, dbb_error *err)
{
	const char *at = vector.at, *end = vector.at + vector.size;
	struct named one;
	dbbi_bytes all;
	size_t count = 0;
	int rc;

	dbbi_bytes_init(&all, NAMES_MAX * sizeof(one));
	while ((rc = dbbi_json_scan_member(&one.name, &one.value, &at,
	    end)) == 1) {
		if ((rc = dbbi_bytes_add(&all, &one, sizeof(one), err)) < 0)
			goto done;
		count++;
	}
	if (rc < 0) {
		rc = dbbi_error_set(err, DBB_EDAMAGED,
		    "vectors that are no JSON");
		goto done;
	}
	if (count > 1)
		qsort(all.data, count, sizeof(one), compare_names);
	rc = write_names(out, (const void *)all.data, count, err);
done:
	dbbi_bytes_clear(&all);
	return rc;
}

static int
write_part(dbbi_bytes *out, const char *before, dbbi_json_span value,
    dbb_error *err)
{
	int rc;

	if (value.at == NULL)
		return DBB_OK;
	rc = add_text(out, before, err);
	return rc < 0 ? rc : dbbi_json_span_write(out, value, err);
}

static int
write_vector(dbbi_bytes *out, dbbi_json_span vector, dbb_error *err)
{
	int rc;

	if (vector.at == NULL || *vector.at != '{')
		return write_part(out, ",\"vector\":", vector, err);
	rc = add_text(out, ",\"vector\":", err);
	return rc < 0 ? rc : write_named_vectors(out, vector, err);
}

int
dbbi_qd_point_write(dbbi_bytes *out, const dbbi_qd_point *point,
    dbb_error *err)
{
	int rc;

	if ((rc = write_part(out, "{\"id\":", point->id, err)) < 0 ||
	    (rc = write_part(out, ",\"payload\":", point->payload, err)) < 0 ||
	    (rc = write_vector(out, point->vector, err)) < 0 ||
	    (rc = write_part(out, ",\"shard_key\":", point->shard_key,
	    err)) < 0)
		return rc;
	return add_text(out, "}", err);
}
