/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "pg_set_fixture.h"

#include <stdlib.h>
#include <string.h>

#define STREAM_MAX ((size_t)64 << 20)
#define BLOCK_SIZE 65536

static const dbbi_source_driver *const driver = &dbbi_source_postgres;

/* ---- taking a set ---- */

static void
pull(dbbi_bytes *out, dbbi_source *source, size_t i, dbb_error *err)
{
	dbbi_reader *reader = NULL;
	static char block[BLOCK_SIZE];
	size_t got;

	dbbi_bytes_init(out, STREAM_MAX);
	ck_assert_int_eq(driver->stream(&reader, source, i, err), 0);
	do {
		ck_assert_msg(dbbi_reader_read(&got, reader, block,
		    sizeof(block), err) == 0, "%s", err->message);
		ck_assert_int_eq(dbbi_bytes_add(out, block, got, err), 0);
	} while (got > 0);
	dbbi_reader_free(reader);
}

void
pg_set_take(struct pg_set *set, struct pg_world *w)
{
	dbbi_json *warnings = dbbi_json_new_array();
	dbbi_source *source = NULL;
	int64_t at;
	size_t i;

	memset(set, 0, sizeof(*set));
	ck_assert_msg(driver->open(&source, &w->env, &w->err) == 0, "%s",
	    w->err.message);
	ck_assert_msg(driver->freeze(&at, source, &w->err) == 0, "%s",
	    w->err.message);
	set->count = source->stream_count;
	ck_assert_uint_le(set->count, PG_SET_STREAMS);
	for (i = 0; i < set->count; i++) {
		set->names[i] = strdup(source->streams[i].name);
		pull(&set->data[i], source, i, &w->err);
	}
	ck_assert_msg(driver->facts(&set->facts, source, warnings,
	    &w->err) == 0, "%s", w->err.message);
	ck_assert_msg(driver->finish(source, set->facts, &w->err) == 0, "%s",
	    w->err.message);
	driver->close(source);
	dbbi_json_free(warnings);
}

void
pg_set_free(struct pg_set *set)
{
	size_t i;

	for (i = 0; i < set->count; i++) {
		free(set->names[i]);
		dbbi_bytes_clear(&set->data[i]);
	}
	dbbi_json_free(set->facts);
	memset(set, 0, sizeof(*set));
}

/* ---- reading it ---- */

struct bytes_reader {
	dbbi_reader base;
	const uint8_t *data;
	size_t size;
	int fault;
};

static int
read_bytes(size_t *got, dbbi_reader *reader, void *buffer, size_t size,
    dbb_error *err)
{
	struct bytes_reader *b = (struct bytes_reader *)reader;
	size_t n = size < b->size ? size : b->size;

	if (n == 0 && b->fault != 0)
		return dbbi_error_set(err, b->fault, "the reader's fault");
	if (n > 0)
		memcpy(buffer, b->data, n);
	b->data += n;
	b->size -= n;
	*got = n;
	return 0;
}

static void
free_bytes(dbbi_reader *reader)
{
	free(reader);
}

dbbi_reader *
pg_bytes_reader(const void *data, size_t size, int fault)
{
	struct bytes_reader *b = calloc(1, sizeof(*b));

	ck_assert_ptr_nonnull(b);
	*b = (struct bytes_reader){ { read_bytes, free_bytes }, data, size,
	    fault };
	return &b->base;
}

/* ---- restoring it ---- */

void
pg_restoring_begin(struct pg_restoring *r, struct pg_set *set,
    struct pg_world *w)
{
	*r = (struct pg_restoring){ .set = set, .w = w,
	    .plan = { .facts = set->facts, .set = PG_SET_ID, .replace = 1,
	    .keep_written = 1 },
	    .findings = dbbi_json_new_array(),
	    .warnings = dbbi_json_new_array(),
	    .databases = dbbi_json_new_array() };
}

int
pg_restoring_open(struct pg_restoring *r)
{
	return driver->target_open(&r->target, &r->w->env, &r->plan,
	    &r->w->err);
}

static int
load_stream(struct pg_restoring *r, size_t i)
{
	const char *kind = i == 0 ? "pg_globals" : "pg_dump";
	dbbi_reader *in;
	int rc;

	if (!driver->target_wants(r->target, r->set->names[i], kind))
		return DBB_OK;
	in = pg_bytes_reader(r->set->data[i].data, r->set->data[i].size, 0);
	rc = driver->target_load(r->target, r->set->names[i], kind, in,
	    &r->w->err);
	dbbi_reader_free(in);
	return rc;
}

int
pg_restoring_load(struct pg_restoring *r)
{
	size_t i;
	int rc = DBB_OK;

	for (i = 0; i < r->set->count && rc == DBB_OK; i++)
		rc = load_stream(r, i);
	return rc;
}

int
pg_restoring_compare(struct pg_restoring *r)
{
	uint64_t compared = 0;
	int rc = driver->target_compare(&compared, r->target, r->findings,
	    r->warnings, &r->w->err);

	ck_assert(rc < 0 || compared > 0);
	return rc;
}

int
pg_restoring_commit(struct pg_restoring *r)
{
	return driver->target_commit(r->target,
	    dbbi_json_count(r->findings) == 0, r->databases, &r->w->err);
}

void
pg_restoring_prepare(struct pg_restoring *r)
{
	ck_assert_msg(pg_restoring_open(r) == 0, "%s", r->w->err.message);
	ck_assert_msg(pg_restoring_load(r) == 0, "%s", r->w->err.message);
	ck_assert_msg(pg_restoring_compare(r) == 0, "%s", r->w->err.message);
}

void
pg_restoring_end(struct pg_restoring *r)
{
	driver->target_close(r->target);
	r->target = NULL;
	dbbi_json_free(r->findings);
	dbbi_json_free(r->warnings);
	dbbi_json_free(r->databases);
}

const char *
pg_restoring_warning(const struct pg_restoring *r, size_t i)
{
	const char *text = dbbi_json_string(dbbi_json_at(r->databases, i),
	    "warning");

	return text != NULL ? text : "";
}
