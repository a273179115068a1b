/* SPDX-License-Identifier: BSD-2-Clause */
/* Counting in a dump as it passes: dumps of a real server, in pieces of any
 * size, cut everywhere; and archives of all versions made up here, good and
 * bad. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pg_fixture.h"
#include "source/pg_archive.h"
#include "suite.h"
#include "util/bytes.h"

#define DUMP_MAX ((size_t)64 << 20)

static dbb_error err;

/* ---- a real dump ---- */

static dbbi_bytes odd, small;

static void
dump(dbbi_bytes *out, const char *database)
{
	char command[512], block[65536];
	FILE *pipe;
	size_t n;

	snprintf(command, sizeof(command), "%s/pg_dump -Fc -Z0 -d '%s'",
	    pg_server_bin(), pg_server_conninfo(NULL, database));
	pipe = popen(command, "r");
	ck_assert_ptr_nonnull(pipe);
	dbbi_bytes_init(out, DUMP_MAX);
	while ((n = fread(block, 1, sizeof(block), pipe)) > 0)
		ck_assert_int_eq(dbbi_bytes_add(out, block, n, &err), 0);
	ck_assert_int_eq(pclose(pipe), 0);
}

static const char odd_tables[] =
	"CREATE TABLE none (); INSERT INTO none DEFAULT VALUES; "
	"INSERT INTO none DEFAULT VALUES; CREATE TABLE none_empty (); "
	"CREATE TABLE empty (a int); "
	"CREATE TABLE \"new\nline \"\"\\.\n\" AS SELECT 1 AS \"a\n\\.\"; "
	"CREATE TABLE ends (a text); INSERT INTO ends VALUES (E'\\\\.'), "
	" (E'\\\\.\\n\\n\\n'), (E'\\n\\\\.\\n'), (E'\\n'), (''), (''), "
	" (NULL), (E'\\r\\n'), (E'\\\\'), ('.'); "
	"CREATE TABLE blanks (a text); INSERT INTO blanks "
	" SELECT '' FROM generate_series(1, 1000); "
	"CREATE TABLE one (a text); INSERT INTO one VALUES (E'\\\\.'); "
	"CREATE TABLE bytes (a bytea); INSERT INTO bytes SELECT "
	" decode(repeat('0a5c2e0a00', i), 'hex') FROM generate_series(0, 50) i;"
	"CREATE TABLE large (a text); INSERT INTO large SELECT "
	" repeat(E'\\nx', 524288) FROM generate_series(1, 3); "
	"CREATE TABLE parts (a int) PARTITION BY RANGE (a); "
	"CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (500); "
	"CREATE TABLE rest PARTITION OF parts DEFAULT; "
	"INSERT INTO parts SELECT generate_series(1, 777); "
	"CREATE TABLE base (a int); INSERT INTO base VALUES (1); "
	"CREATE TABLE child (b int) INHERITS (base); "
	"INSERT INTO child VALUES (1, 2), (3, 4); "
	"CREATE TABLE made (a int, b int GENERATED ALWAYS AS (a) STORED); "
	"INSERT INTO made VALUES (1), (2), (3); "
	"CREATE TABLE all_made (b int GENERATED ALWAYS AS (1) STORED); "
	"INSERT INTO all_made VALUES (DEFAULT), (DEFAULT); "
	"CREATE UNLOGGED TABLE quick AS SELECT generate_series(1, 9) AS a; "
	"CREATE TABLE dropped (a int, b int); ALTER TABLE dropped DROP a; "
	"INSERT INTO dropped VALUES (1), (2); "
	"CREATE MATERIALIZED VIEW seen AS SELECT * FROM base; "
	"CREATE VIEW v AS SELECT 1 AS a; CREATE SEQUENCE s; "
	"CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT repeat("
	"''long'', 3)'; COMMENT ON TABLE one IS E'line\\n\\\\.\\n\\n\\n'; "
	"SELECT lo_from_bytea(0, '\\x5c2e0a0a0a'), lo_create(0), "
	" lo_from_bytea(4294967295, decode(repeat('0a', 100000), 'hex'))";

static void
prepare(void)
{
	pg_sqlf("CREATE DATABASE odd");
	pg_sql("odd", odd_tables);
	dump(&odd, "odd");
	pg_sqlf("CREATE DATABASE small");
	pg_sql("small", "CREATE TABLE a (a int); CREATE TABLE b (b text); "
	    "INSERT INTO b VALUES ('x'), (E'\\n'); CREATE TABLE none (); "
	    "INSERT INTO none DEFAULT VALUES; SELECT lo_create(0), "
	    "lo_from_bytea(0, 'x')");
	dump(&small, "small");
}

/* ---- reading ---- */

static dbbi_pg_archive *a;

static void
set_up(void)
{
	ck_assert_int_eq(dbbi_pg_archive_new(&a, &err), 0);
}

static void
tear_down(void)
{
	dbbi_pg_archive_free(a);
}

static void
start_again(void)
{
	tear_down();
	set_up();
}

/* In pieces of `most` bytes; where `x` is not 0, of 1 to so many by chance. */
static int
feed(const dbbi_bytes *from, size_t size, size_t most, uint32_t x)
{
	size_t at = 0, n;
	uint8_t *piece;
	int rc = 0;

	while (at < size && rc == 0) {
		x = x * 1664525u + 1013904223u;
		n = x % 2 == 1 || most < 2 ? most : 1 + (x >> 8) % most;
		n = n < size - at ? n : size - at;
		/* Not a byte more may be looked at. */
		if ((piece = malloc(n)) == NULL)
			ck_abort_msg("no memory");
		memcpy(piece, from->data + at, n);
		rc = dbbi_pg_archive_add(a, piece, n, &err);
		free(piece);
		at += n;
	}
	return rc == 0 ? dbbi_pg_archive_end(a, &err) : rc;
}

static void
feed_well(const dbbi_bytes *from, size_t most, uint32_t x)
{
	ck_assert_msg(feed(from, from->size, most, x) == 0, "%s",
	    err.message);
	ck_assert_ptr_null(dbbi_pg_archive_unknown(a));
}

/* Every table of the database: the dump says what the server says. */
static void
assert_as_server(const char *database, uint64_t large_objects)
{
	PGconn *session = pg_session(database);
	PGresult *list = PQexec(session, "SELECT oid, relname, format("
	    "'SELECT count(*) FROM ONLY %I', relname) FROM pg_class WHERE "
	    "relnamespace = 'public'::regnamespace AND relkind = 'r'");
	uint64_t rows;
	char *count, told[32];
	int i;

	ck_assert_int_gt(PQntuples(list), 0);
	for (i = 0; i < PQntuples(list); i++) {
		ck_assert_msg(dbbi_pg_archive_rows(&rows, a, (uint32_t)
		    strtoul(PQgetvalue(list, i, 0), NULL, 10)) == 1,
		    "'%s' is not there", PQgetvalue(list, i, 1));
		snprintf(told, sizeof(told), "%llu",
		    (unsigned long long)rows);
		count = pg_ask(database, PQgetvalue(list, i, 2));
		ck_assert_msg(strcmp(told, count) == 0, "'%s': %s for %s",
		    PQgetvalue(list, i, 1), told, count);
		free(count);
	}
	ck_assert_uint_eq(dbbi_pg_archive_large_objects(a), large_objects);
	PQclear(list);
	PQfinish(session);
}

START_TEST(each_count_is_that_of_the_server)
{
	static const size_t sizes[] = { DUMP_MAX, 65536, 4096, 6, 1 };

	feed_well(&odd, sizes[_i], 0xffffffff);
	assert_as_server("odd", 3);
}
END_TEST

START_TEST(pieces_by_chance_change_nothing)
{
	uint32_t i, tries = suite_is_slow() ? 2 : 20;

	for (i = 0; i < tries; i++) {
		start_again();
		feed_well(&odd, 1u << (i % 14), i + 1);
		ck_assert_uint_eq(dbbi_pg_archive_large_objects(a), 3);
	}
	assert_as_server("odd", 3);
}
END_TEST

START_TEST(what_has_no_rows_in_it_is_not_found)
{
	char *view = pg_ask("odd", "SELECT 'seen'::regclass::oid");
	char *parent = pg_ask("odd", "SELECT 'parts'::regclass::oid");
	uint64_t rows = 77;

	feed_well(&odd, DUMP_MAX, 1);
	ck_assert_int_eq(dbbi_pg_archive_rows(&rows, a,
	    (uint32_t)strtoul(view, NULL, 10)), 0);
	ck_assert_int_eq(dbbi_pg_archive_rows(&rows, a,
	    (uint32_t)strtoul(parent, NULL, 10)), 0);
	ck_assert_int_eq(dbbi_pg_archive_rows(&rows, a, 0), 0);
	ck_assert_uint_eq(rows, 77);
	free(view);
	free(parent);
}
END_TEST

START_TEST(a_cut_at_every_position_is_refused)
{
	size_t size;

	feed_well(&small, DUMP_MAX, 1);
	assert_as_server("small", 2);
	for (size = 0; size < small.size; size++) {
		start_again();
		ck_assert_msg(feed(&small, size, DUMP_MAX, 1) == DBB_ESOURCE,
		    "cut to %zu of %zu bytes", size, small.size);
		ck_assert_has(err.message, "is no archive that could be "
		    "restored");
		ck_assert_str_ne(err.hint, "");
	}
}
END_TEST

/* Whatever stands in one byte: no crash, and no piece is read twice. */
START_TEST(any_byte_may_be_another)
{
	size_t i, step = (size_t)suite_share();

	for (i = 0; i < small.size; i += step) {
		start_again();
		small.data[i] ^= (uint8_t)(1u << i % 8);
		(void)feed(&small, small.size, 100, (uint32_t)i);
		small.data[i] ^= (uint8_t)(1u << i % 8);
	}
}
END_TEST

START_TEST(one_byte_more_is_refused)
{
	ck_assert_int_eq(dbbi_bytes_add(&small, "\n", 1, &err), 0);
	ck_assert_int_eq(feed(&small, small.size, DUMP_MAX, 1), DBB_ESOURCE);
	ck_assert_has(err.message, "no block of data begins");
}
END_TEST

/* ---- archives made up ---- */

static dbbi_bytes made;

static void
put(const void *data, size_t size)
{
	if (dbbi_bytes_add(&made, data, size, &err) < 0)
		ck_abort_msg("%s", err.message);
}

static void
put_byte(int value)
{
	uint8_t byte = (uint8_t)value;

	put(&byte, 1);
}

static void
put_number(int64_t value)
{
	uint8_t bytes[5] = { value < 0 };

	dbbi_put_u32(bytes + 1, (uint32_t)(value < 0 ? -value : value));
	put(bytes, sizeof(bytes));
}

/* NULL, too. */
static void
put_text(const char *text)
{
	put_number(text != NULL ? (int64_t)strlen(text) : -1);
	if (text != NULL)
		put(text, strlen(text));
}

static void
put_head(int major, int minor, int format)
{
	const uint8_t bytes[] = { 'P', 'G', 'D', 'M', 'P', (uint8_t)major,
		(uint8_t)minor, 0, 4, 8, (uint8_t)format };

	dbbi_bytes_clear(&made);
	dbbi_bytes_init(&made, DUMP_MAX);
	put(bytes, sizeof(bytes));
}

static void
put_header(int minor, int compression, int entries)
{
	int i;

	put_head(1, minor, 1);
	if (minor < 15)
		put_number(compression);
	else
		put_byte(compression);
	for (i = 0; i < 7; i++)
		put_number(i);
	put_text("app");
	put_text("15.18");
	put_text(NULL);
	put_number(entries);
}

static void
put_entry(int minor, int id, int has_data, const char *oid, const char *what,
    const char *copy)
{
	int i;

	put_number(id);
	put_number(has_data);
	put_text("0");
	put_text(oid);
	put_text("a name that is longer than what is kept of it");
	put_text(what);
	put_number(3);
	put_text(NULL);
	put_text("");
	put_text(copy);
	put_text("public");
	put_text("");
	if (minor >= 14)
		put_text("heap");
	if (minor >= 16)
		put_number('r');
	put_text("owner");
	put_text("false");
	for (i = 0; i < id % 3; i++)
		put_text("1");
	put_text(NULL);
	put_byte(1);
	put("\0\0\0\0\0\0\0\0", 8);
}

static void
put_table_entry(int minor, int id, const char *oid)
{
	put_entry(minor, id, 1, oid, "TABLE DATA", "COPY t FROM stdin;\n");
}

static void
put_block(int type, int id)
{
	put_byte(type);
	put_number(id);
}

static void
put_rows(int id, const char *first, const char *second)
{
	put_block(1, id);
	if (first != NULL)
		put_text(first);
	if (second != NULL)
		put_text(second);
	put_number(0);
}

/* Byte by byte, and then in three pieces: what is asked after it is asked of
 * these. */
static int
read_made(void)
{
	int rc;

	start_again();
	rc = feed(&made, made.size, 1, 1);
	start_again();
	ck_assert_int_eq(feed(&made, made.size, 1 + made.size / 3, 1), rc);
	return rc;
}

static void
assert_rows(uint32_t table, uint64_t expected)
{
	uint64_t rows = 99;

	ck_assert_int_eq(dbbi_pg_archive_rows(&rows, a, table), 1);
	ck_assert_uint_eq(rows, expected);
}

#define END "\\.\n\n\n"

START_TEST(all_versions_are_read)
{
	put_header(_i, 0, 5);
	put_entry(_i, 7, 0, "1", "TABLE", NULL);
	put_table_entry(_i, 9, "4294967295");
	put_entry(_i, 3, 1, "0", "BLOBS", NULL);
	put_table_entry(_i, 8, "16385");
	put_entry(_i, 4, 1, "12", "OF A NEW KIND THAT HAS DATA", NULL);
	put_rows(9, "1\tx\n2\ty\n", "3\tz\n" END);
	put_rows(8, END, NULL);
	put_block(3, 3);
	put_number(-5);
	put_text("\n\n");
	put_number(0);
	put_number(6);
	put_number(0);
	put_number(0);
	put_rows(4, "no rows", "at all");
	ck_assert_msg(read_made() == 0, "%s", err.message);
	ck_assert_ptr_null(dbbi_pg_archive_unknown(a));
	assert_rows(4294967295, 3);
	assert_rows(16385, 0);
	ck_assert_int_eq(dbbi_pg_archive_rows(&(uint64_t){0}, a, 12), 0);
	ck_assert_uint_eq(dbbi_pg_archive_large_objects(a), 2);
}
END_TEST

START_TEST(an_archive_of_nothing_is_whole)
{
	put_header(14, 0, 0);
	ck_assert_int_eq(read_made(), 0);
	put_header(16, 0, 1);
	put_entry(16, 1, 0, "1", "ENCODING", NULL);
	ck_assert_int_eq(read_made(), 0);
	ck_assert_ptr_null(dbbi_pg_archive_unknown(a));
}
END_TEST

static void
assert_unknown(const char *why)
{
	put("whatever comes", 14);
	ck_assert_msg(read_made() == 0, "%s", err.message);
	ck_assert_ptr_nonnull(dbbi_pg_archive_unknown(a));
	ck_assert_str_eq(dbbi_pg_archive_unknown(a), why);
	ck_assert_int_eq(dbbi_pg_archive_rows(&(uint64_t){0}, a, 5), 0);
}

START_TEST(what_is_not_known_is_said_and_no_failure)
{
	put_head(1, 17, 1);
	assert_unknown("its version is not known");
	put_head(1, 11, 1);
	assert_unknown("its version is not known");
	put_head(2, 14, 1);
	assert_unknown("its version is not known");
	put_head(1, 14, 3);
	assert_unknown("it is not of the custom format");
	put_head(1, 14, 1);
	made.data[8] = 8;
	assert_unknown("its numbers have other sizes");
	put_header(14, -1, 0);
	assert_unknown("it is compressed");
	put_header(15, 2, 0);
	assert_unknown("it is compressed");
	put_header(14, 0, 1);
	put_entry(14, 1, 1, "5", "TABLE DATA", "");
	assert_unknown("its rows are not those of COPY");
}
END_TEST

static void
assert_wrong(const char *words)
{
	ck_assert_int_eq(read_made(), DBB_ESOURCE);
	ck_assert_has(err.message, words);
}

START_TEST(contents_that_cannot_be_are_refused)
{
	put_head(1, 14, 1);
	made.data[4] = 'Q';
	assert_wrong("it does not begin as one");
	put_header(14, 0, -1);
	assert_wrong("the number of its contents cannot be");
	put_header(14, 0, 0);
	made.data[11] = 2;
	assert_wrong("a number has no sign");
	put_header(14, 0, 1);
	put_table_entry(14, 0, "5");
	assert_wrong("an entry of its contents has a number that cannot be");
	put_header(14, 0, 1);
	put_entry(14, 1, 2, "5", "TABLE DATA", "COPY");
	assert_wrong("neither that it has data nor that it has none");
	put_header(14, 0, 1);
	put_table_entry(14, 1, "4294967296");
	assert_wrong("the rows of a table have no oid");
	put_header(14, 0, 1);
	put_table_entry(14, 1, NULL);
	assert_wrong("the rows of a table have no oid");
	put_header(14, 0, 1);
	put_table_entry(14, 1, "5");
	made.data[made.size - 9] = 0;
	assert_wrong("it says nothing of where data are");
	put_header(14, 0, 2);
	put_table_entry(14, 1, "5");
	put_table_entry(14, 1, "6");
	assert_wrong("two entries of its contents have the same number");
	put_header(14, 0, 1);
	put_number(1);
	put_number(1);
	put_number(-2);
	assert_wrong("a text is said to be longer than one can be");
	made.data[made.size - 5] = 0;
	dbbi_put_u32(made.data + made.size - 4, 0x80000000);
	assert_wrong("a text is said to be longer than one can be");
}
END_TEST

static void
put_two_tables(void)
{
	put_header(14, 0, 3);
	put_table_entry(14, 1, "5");
	put_table_entry(14, 2, "6");
	put_entry(14, 3, 1, "0", "BLOBS", NULL);
}

START_TEST(data_that_cannot_be_are_refused)
{
	put_two_tables();
	put_block(2, 1);
	assert_wrong("no block of data begins");
	put_two_tables();
	put_block(1, 4);
	assert_wrong("data begin that it does not announce");
	put_two_tables();
	put_block(3, 1);
	assert_wrong("data begin that it does not announce");
	put_two_tables();
	put_block(1, 3);
	assert_wrong("data begin that it does not announce");
	put_two_tables();
	put_block(1, -1);
	assert_wrong("data begin that it does not announce");
	put_two_tables();
	put_rows(1, END, NULL);
	put_rows(1, END, NULL);
	assert_wrong("data begin that have come before");
	put_two_tables();
	put_block(1, 1);
	put_number(-1);
	assert_wrong("a chunk is said to be longer than one can be");
	put_two_tables();
	put_block(1, 1);
	put_number(0x80000000);
	assert_wrong("a chunk is said to be longer than one can be");
	put_two_tables();
	put_rows(1, END, NULL);
	put_block(3, 3);
	put_number(0);
	assert_wrong("data that it announces are missing");
	put_header(14, 0, 2);
	put_table_entry(14, 1, "5");
	put_table_entry(14, 2, "5");
	put_rows(1, END, NULL);
	put_rows(2, END, NULL);
	assert_wrong("had the rows of a table twice");
}
END_TEST

START_TEST(rows_end_with_their_mark)
{
	static const char *const ends[][2] = {
		{ NULL, NULL }, { "1\n", NULL }, { "1\n", "\\.\n\n" },
		{ "1", END }, { "\\" END, NULL }, { "\\\\.\n", "\n\n" },
		{ "1\n" END, "\n" }, { "\n\n\n", NULL }, { "x" END, NULL },
	};
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		put_header(14, 0, 1);
		put_table_entry(14, 1, "5");
		put_rows(1, ends[i][0], ends[i][1]);
		assert_wrong("the rows of a table end without their end "
		    "mark");
	}
}
END_TEST

/* Long chunks, so that what is added up at once runs over. */
START_TEST(all_newlines_of_a_long_chunk_count)
{
	const size_t size = 100003;
	char *text = malloc(size + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, '\n', size);
	text[size] = '\0';
	put_header(16, 0, 1);
	put_table_entry(16, 1, "5");
	put_rows(1, text, END);
	free(text);
	ck_assert_int_eq(read_made(), 0);
	assert_rows(5, size);
}
END_TEST

/* Kept are tables that have data, and only so many. */
START_TEST(there_is_an_end_to_the_tables)
{
	const uint32_t most = 1u << 20;
	uint32_t i;
	int rc;

	put_header(12, 0, (int)most + 1);
	rc = dbbi_pg_archive_add(a, made.data, made.size, &err);
	made.size = 0;
	put_table_entry(12, 1, "5");
	for (i = 1; i <= most && rc == 0; i++) {
		dbbi_put_u32(made.data + 1, i);
		rc = dbbi_pg_archive_add(a, made.data, made.size, &err);
	}
	ck_assert_int_eq(rc, 0);
	ck_assert_ptr_null(dbbi_pg_archive_unknown(a));
	ck_assert_int_eq(dbbi_pg_archive_add(a, made.data, made.size, &err),
	    0);
	ck_assert_str_eq(dbbi_pg_archive_unknown(a),
	    "it has too many tables");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pg_archive");
	TCase *tc = tcase_create("pg_archive");

	tcase_add_unchecked_fixture(tc, prepare, NULL);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, each_count_is_that_of_the_server, 0, 5);
	tcase_add_test(tc, pieces_by_chance_change_nothing);
	tcase_add_test(tc, what_has_no_rows_in_it_is_not_found);
	tcase_add_test(tc, a_cut_at_every_position_is_refused);
	tcase_add_test(tc, any_byte_may_be_another);
	tcase_add_test(tc, one_byte_more_is_refused);
	tcase_add_loop_test(tc, all_versions_are_read, 12, 17);
	tcase_add_test(tc, an_archive_of_nothing_is_whole);
	tcase_add_test(tc, what_is_not_known_is_said_and_no_failure);
	tcase_add_test(tc, contents_that_cannot_be_are_refused);
	tcase_add_test(tc, data_that_cannot_be_are_refused);
	tcase_add_test(tc, rows_end_with_their_mark);
	tcase_add_test(tc, all_newlines_of_a_long_chunk_count);
	tcase_add_test(tc, there_is_an_end_to_the_tables);
	suite_add_tcase(suite, tc);
	pg_server_start(NULL);
	return pg_server_run(suite);
}
