/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/crc32c.h"

#include <string.h>

#include <check.h>

#include "suite.h"

/* RFC 3720, B.4: 32 bytes each; and the check value of the polynomial in
 * Williams' catalogue. There the CRC stands as it is sent, the lowest byte
 * first. */
static const struct {
	const char *bytes;
	size_t size;
	uint32_t crc;
} vectors[] = {
	{ "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
	    32, 0x8a9136aa },
	{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
	    32, 0x62a8ab43 },
	{ "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
	    "\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f",
	    32, 0x46dd794e },
	{ "\x1f\x1e\x1d\x1c\x1b\x1a\x19\x18\x17\x16\x15\x14\x13\x12\x11\x10"
	    "\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08\x07\x06\x05\x04\x03\x02\x01\x00",
	    32, 0x113fdb5c },
	{ "\x01\xc0\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	    "\x14\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00\x14\x00\x00\x00\x18"
	    "\x28\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00",
	    48, 0xd9963a56 },
	{ "123456789", 9, 0xe3069283 },
	{ "", 0, 0 },
};

START_TEST(gives_the_published_sums)
{
	ck_assert_uint_eq(dbbi_crc32c_tables(vectors[_i].bytes,
	    vectors[_i].size), vectors[_i].crc);
	ck_assert_uint_eq(dbbi_crc32c(vectors[_i].bytes, vectors[_i].size),
	    vectors[_i].crc);
	if (dbbi_crc32c_usable())
		ck_assert_uint_eq(dbbi_crc32c_native(vectors[_i].bytes,
		    vectors[_i].size), vectors[_i].crc);
}
END_TEST

START_TEST(both_ways_give_the_same_from_any_byte_on)
{
	uint8_t data[300];

	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 7 + i / 13);
	for (size_t from = 0; dbbi_crc32c_usable() && from < 9; from++)
		for (size_t size = 0; from + size <= sizeof data; size++)
			ck_assert_uint_eq(dbbi_crc32c_native(data + from,
			    size), dbbi_crc32c_tables(data + from, size));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("crc32c");
	TCase *tc = tcase_create("crc32c");

	tcase_add_loop_test(tc, gives_the_published_sums, 0,
	    (int)(sizeof vectors / sizeof *vectors));
	tcase_add_test(tc, both_ways_give_the_same_from_any_byte_on);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
