/* SPDX-License-Identifier: BSD-2-Clause */
/* tar_header: the fields of a tar header and of GNU's list of data in a member
 * with holes. */
#include <config.h>

#include "util/tar_parts.h"

#include <string.h>

/* Where things stand in a header, and how long they are. */
enum {
	NAME_AT = 0, NAME_SIZE = 100,
	SIZE_AT = 124, NUMBER_SIZE = 12,
	SUM_AT = 148, SUM_SIZE = 8,
	TYPE_AT = 156,
	MAGIC_AT = 257,
	PREFIX_AT = 345, PREFIX_SIZE = 155,
	HOLES_AT = 386, HOLES_COUNT = 4,
	HOLES_MORE_AT = 482, REAL_SIZE_AT = 483
};

/* And in a block that continues the list. */
enum { MORE_COUNT = 21, MORE_AT = 504 };

#define ENTRY_SIZE (2 * NUMBER_SIZE)

int
dbbi_tar_is_zero(const uint8_t *at, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (at[i] != 0)
			return 0;
	return 1;
}

/* The first byte says so; a negative one begins with more bits. */
static int
read_base256(uint64_t *out, const uint8_t *at, size_t size)
{
	uint64_t value = at[0] & 0x7f;
	size_t i;

	for (i = 1; i < size; i++) {
		if (value > DBBI_TAR_SIZE_MAX >> 8)
			return -1;
		value = value << 8 | at[i];
	}
	*out = value;
	return 0;
}

static int
read_octal(uint64_t *out, const uint8_t *at, size_t size)
{
	uint64_t value = 0;
	size_t i = 0, first;

	while (i < size && at[i] == ' ')
		i++;
	for (first = i; i < size && at[i] >= '0' && at[i] <= '7'; i++) {
		if (value > DBBI_TAR_SIZE_MAX >> 3)
			return -1;
		value = value << 3 | (uint64_t)(at[i] - '0');
	}
	if (i == first)
		return -1;
	for (; i < size; i++)
		if (at[i] != '\0' && at[i] != ' ')
			return -1;
	*out = value;
	return 0;
}

static int
read_number(uint64_t *out, const uint8_t *at, size_t size)
{
	return (at[0] & 0x80) != 0 ? read_base256(out, at, size) :
	    read_octal(out, at, size);
}

/* The sum of all bytes, as if its own field were blank. */
static int
sum_is_right(const uint8_t *block)
{
	uint64_t sum = 0, said;
	size_t i;

	if (read_octal(&said, block + SUM_AT, SUM_SIZE) < 0)
		return 0;
	for (i = 0; i < DBBI_TAR_BLOCK; i++)
		sum += i >= SUM_AT && i < SUM_AT + SUM_SIZE ? ' ' : block[i];
	return sum == said;
}

static size_t
field_length(const uint8_t *at, size_t size)
{
	const uint8_t *end = memchr(at, '\0', size);

	return end != NULL ? (size_t)(end - at) : size;
}

/* POSIX has a prefix for long names; GNU has other things in its place. */
static void
read_name(char *to, const uint8_t *block)
{
	size_t n = 0, size = field_length(block + NAME_AT, NAME_SIZE);

	if (memcmp(block + MAGIC_AT, "ustar", 6) == 0)
		n = field_length(block + PREFIX_AT, PREFIX_SIZE);
	memcpy(to, block + PREFIX_AT, n);
	if (n > 0)
		to[n++] = '/';
	memcpy(to + n, block + NAME_AT, size);
	to[n + size] = '\0';
}

const char *
dbbi_tar_header_read(dbbi_tar_header *out, const uint8_t *block)
{
	if (!sum_is_right(block))
		return "the checksum of a header is wrong";
	if (read_number(&out->stored, block + SIZE_AT, NUMBER_SIZE) < 0)
		return "a member's size is none";
	out->type = (char)block[TYPE_AT];
	out->size = out->stored;
	if (out->type == 'S' && read_number(&out->size, block + REAL_SIZE_AT,
	    NUMBER_SIZE) < 0)
		return "the size of a member with holes is none";
	read_name(out->name, block);
	return NULL;
}

/* An entry that is not used begins with a NUL. */
static const char *
read_entries(dbbi_tar_holes *holes, const uint8_t *at, size_t count)
{
	uint64_t offset, size;

	for (; count > 0; count--, at += ENTRY_SIZE) {
		if (at[0] == '\0')
			continue;
		if (read_number(&offset, at, NUMBER_SIZE) < 0 ||
		    read_number(&size, at + NUMBER_SIZE, NUMBER_SIZE) < 0)
			return "where data lie between holes is no number";
		if (offset < holes->at)
			return "data between holes are not in order";
		if (size > DBBI_TAR_SIZE_MAX - offset)
			return "data between holes end beyond any file";
		holes->at = offset + size;
		holes->stored += size;	/* never beyond `at` */
	}
	return NULL;
}

const char *
dbbi_tar_holes_begin(dbbi_tar_holes *holes, const uint8_t *block)
{
	*holes = (dbbi_tar_holes){ .more = block[HOLES_MORE_AT] != 0 };
	return read_entries(holes, block + HOLES_AT, HOLES_COUNT);
}

const char *
dbbi_tar_holes_add(dbbi_tar_holes *holes, const uint8_t *block)
{
	holes->more = block[MORE_AT] != 0;
	return read_entries(holes, block, MORE_COUNT);
}

const char *
dbbi_tar_holes_end(const dbbi_tar_holes *holes, const dbbi_tar_header *header)
{
	if (holes->stored != header->stored)
		return "a member's data between holes are not as long as "
		    "what is stored of it";
	if (holes->at != header->size)
		return "a member's data and holes do not make up its size";
	return NULL;
}
