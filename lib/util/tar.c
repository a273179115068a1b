/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tar: an archive's pieces, taken apart into headers and contents.
 *
 * A header that only says something about the next one (a long name, a pax
 * header) is a member whose contents are kept and read here.
 */
#include <config.h>

#include "util/tar_parts.h"

#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/text.h"

#define META_MAX ((size_t)64 << 10)	/* a long name, a pax header */

enum state {
	HEADERS,	/* a header is next, or the end */
	HOLES,		/* more of where data lie between holes */
	CONTENTS,
	PADDING,	/* up to a whole block */
	ENDING,		/* one block of zeros was there */
	ENDED		/* the second, too */
};

struct dbbi_tar {
	dbbi_tar_visitor visitor;
	dbbi_cursor in;			/* the present piece */
	uint64_t fed;			/* bytes of all pieces */
	enum state state;
	uint8_t block[DBBI_TAR_BLOCK];	/* of one, from earlier pieces */
	size_t block_size;
	dbbi_tar_header header;
	dbbi_tar_holes holes;
	char *long_name;		/* for the next member, or NULL */
	dbbi_tar_pax pax;		/* for the next member */
	char *name;			/* of the present one */
	dbbi_tar_member member;
	int is_meta;			/* it says something of the next */
	int keeps;			/* its contents are kept */
	dbbi_bytes kept;
	uint64_t left;			/* of the contents */
	size_t padding;			/* behind them */
};

static int
wrong(const dbbi_tar *t, const char *what, dbb_error *err)
{
	return dbbi_error_set(err, DBB_EDAMAGED, "at byte %llu %s",
	    (unsigned long long)(t->fed - t->in.left), what);
}

int
dbbi_tar_new(dbbi_tar **out, const dbbi_tar_visitor *visitor, dbb_error *err)
{
	dbbi_tar *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return dbbi_error_nomem(err);
	t->visitor = *visitor;
	*out = t;
	return 0;
}

void
dbbi_tar_free(dbbi_tar *t)
{
	if (t == NULL)
		return;
	dbbi_tar_pax_clear(&t->pax);
	dbbi_bytes_clear(&t->kept);
	free(t->long_name);
	free(t->name);
	free(t);
}

/* The next block in one place, once all of it is there; else NULL. */
static const uint8_t *
gather(dbbi_tar *t)
{
	const uint8_t *at = t->in.at;
	size_t n = DBBI_TAR_BLOCK - t->block_size;

	if (n > t->in.left)
		n = t->in.left;
	t->in.at += n;
	t->in.left -= n;
	if (n == DBBI_TAR_BLOCK)
		return at;
	memcpy(t->block + t->block_size, at, n);
	t->block_size += n;
	if (t->block_size < DBBI_TAR_BLOCK)
		return NULL;
	t->block_size = 0;
	return t->block;
}

/* ---- contents ---- */

static int
take_long_name(dbbi_tar *t, dbb_error *err)
{
	size_t size = t->kept.size;

	while (size > 0 && t->kept.data[size - 1] == '\0')
		size--;
	if (size == 0 || size > DBBI_TAR_NAME_MAX ||
	    memchr(t->kept.data, '\0', size) != NULL)
		return wrong(t, "a long name is none", err);
	free(t->long_name);
	t->long_name = strndup((const char *)t->kept.data, size);
	return t->long_name != NULL ? 0 : dbbi_error_nomem(err);
}

/* One for all that follow ('g') may only say what is not read here. */
static int
take_pax(dbbi_tar *t, dbb_error *err)
{
	dbbi_tar_pax all = {0};
	const char *what = NULL;
	int rc;

	rc = dbbi_tar_pax_read(t->header.type == 'g' ? &all : &t->pax, &what,
	    (const char *)t->kept.data, t->kept.size);
	if (rc == DBB_OK && what == NULL && dbbi_tar_pax_is_set(&all))
		what = "a pax header gives all members a name or size";
	dbbi_tar_pax_clear(&all);
	if (rc < 0)
		return dbbi_error_nomem(err);
	return what == NULL ? 0 : wrong(t, what, err);
}

static int
take_meta(dbbi_tar *t, dbb_error *err)
{
	switch (t->header.type) {
	case 'L':
		return take_long_name(t, err);
	case 'K':			/* where a link leads */
		return 0;
	default:
		return take_pax(t, err);
	}
}

/* All of them were there. */
static int
end_contents(dbbi_tar *t, dbb_error *err)
{
	int rc = 0;

	t->state = t->padding > 0 ? PADDING : HEADERS;
	if (t->is_meta)
		rc = take_meta(t, err);
	else if (t->keeps)
		rc = t->visitor.contents(&t->member, t->kept.data,
		    t->kept.size, t->visitor.payload, err);
	dbbi_bytes_clear(&t->kept);
	return rc;
}

static int
begin_contents(dbbi_tar *t, int keeps, size_t most, dbb_error *err)
{
	uint64_t size = t->header.stored;

	if (keeps && size > most)
		return wrong(t, t->is_meta ?
		    "a long name or pax header is too long" :
		    "a member is longer than one of its name can be", err);
	if (keeps && t->member.has_holes && !t->is_meta)
		return wrong(t, "a member has holes that is to be read", err);
	t->keeps = keeps;
	dbbi_bytes_init(&t->kept, most);
	t->left = size;
	t->padding = (DBBI_TAR_BLOCK - size % DBBI_TAR_BLOCK) % DBBI_TAR_BLOCK;
	t->state = CONTENTS;
	return size == 0 ? end_contents(t, err) : 0;
}

static int
take_contents(dbbi_tar *t, dbb_error *err)
{
	size_t n = t->left < t->in.left ? (size_t)t->left : t->in.left;
	int rc = 0;

	if (t->keeps)
		rc = dbbi_bytes_add(&t->kept, t->in.at, n, err);
	t->in.at += n;
	t->in.left -= n;
	t->left -= n;
	return rc < 0 || t->left > 0 ? rc : end_contents(t, err);
}

/* ---- members ---- */

/* Would it stay within the folder that it is unpacked in? */
static int
leads_out(const char *name)
{
	const char *end;

	if (*name == '/')
		return 1;
	for (; *name != '\0'; name = *end == '/' ? end + 1 : end) {
		end = name + strcspn(name, "/");
		if (end - name == 2 && name[0] == '.' && name[1] == '.')
			return 1;
	}
	return 0;
}

/* What the header before this one said goes before what it says itself. */
static int
name_member(dbbi_tar *t, dbb_error *err)
{
	free(t->name);
	t->name = t->pax.name != NULL ? t->pax.name : t->long_name;
	if (t->pax.name != NULL)
		free(t->long_name);
	t->pax.name = t->long_name = NULL;
	if (t->name == NULL && (t->name = dbbi_text_dup(t->header.name)) ==
	    NULL)
		return dbbi_error_nomem(err);
	if (t->name[0] == '\0')
		return wrong(t, "a member has no name", err);
	if (leads_out(t->name))
		return wrong(t, "a member's name leads out of the archive",
		    err);
	return 0;
}

static int
find_type(int *type, dbbi_tar *t, dbb_error *err)
{
	size_t size = strlen(t->name);

	switch (t->header.type) {
	case '\0': case '0': case '7': case 'S':
		/* Before POSIX, folders were told by their names. */
		*type = t->name[size - 1] == '/' ? DBBI_TAR_FOLDER :
		    DBBI_TAR_FILE;
		break;
	case '5':
		*type = DBBI_TAR_FOLDER;
		break;
	case '1': case '2': case '3': case '4': case '6':
		*type = DBBI_TAR_OTHER;
		break;
	default:
		return wrong(t, "a member is of a kind that is not known",
		    err);
	}
	if (*type != DBBI_TAR_FILE && t->header.stored > 0)
		return wrong(t, "a member has contents that is no file", err);
	return 0;
}

static int
begin_member(dbbi_tar *t, dbb_error *err)
{
	dbbi_tar_member m = { .has_holes = t->header.type == 'S' ||
	    t->pax.has_holes };
	int rc;

	if (t->pax.has_stored && t->header.type != 'S')
		t->header.size = t->header.stored = t->pax.stored;
	m.size = t->pax.has_size ? t->pax.size : t->header.size;
	if ((rc = name_member(t, err)) < 0 ||
	    (rc = find_type(&m.type, t, err)) < 0)
		return rc;
	m.name = t->name;
	t->member = m;
	t->is_meta = 0;
	dbbi_tar_pax_clear(&t->pax);
	if ((rc = t->visitor.member(&t->member, t->visitor.payload, err)) < 0)
		return rc;
	return begin_contents(t, rc > 0, t->visitor.contents_max, err);
}

/* All that is known of where its data lie has come? */
static int
go_on_with_holes(dbbi_tar *t, const char *what, dbb_error *err)
{
	if (what == NULL && !t->holes.more)
		what = dbbi_tar_holes_end(&t->holes, &t->header);
	if (what != NULL)
		return wrong(t, what, err);
	t->state = HOLES;
	return t->holes.more ? 0 : begin_member(t, err);
}

static int
take_header(dbbi_tar *t, const uint8_t *block, dbb_error *err)
{
	const char *what;

	if (dbbi_tar_is_zero(block, DBBI_TAR_BLOCK)) {
		t->state = ENDING;
		return t->long_name == NULL && !dbbi_tar_pax_is_set(&t->pax) ?
		    0 : wrong(t, "it ends, and a member was announced", err);
	}
	if ((what = dbbi_tar_header_read(&t->header, block)) != NULL)
		return wrong(t, what, err);
	t->is_meta = t->header.type != '\0' &&
	    strchr("LKxg", t->header.type) != NULL;
	if (t->is_meta)
		return begin_contents(t, 1, META_MAX, err);
	if (t->header.type != 'S')
		return begin_member(t, err);
	return go_on_with_holes(t, dbbi_tar_holes_begin(&t->holes, block),
	    err);
}

/* ---- the whole ---- */

static int
take_block(dbbi_tar *t, dbb_error *err)
{
	const uint8_t *block = gather(t);

	if (block == NULL)
		return 0;
	if (t->state == HEADERS)
		return take_header(t, block, err);
	if (t->state == HOLES)
		return go_on_with_holes(t, dbbi_tar_holes_add(&t->holes,
		    block), err);
	if (!dbbi_tar_is_zero(block, DBBI_TAR_BLOCK))
		return wrong(t, "something follows a block of zeros that is "
		    "no second one", err);
	t->state = ENDED;
	return 0;
}

static int
skip_padding(dbbi_tar *t)
{
	size_t n = t->padding < t->in.left ? t->padding : t->in.left;

	t->in.at += n;
	t->in.left -= n;
	t->padding -= n;
	if (t->padding == 0)
		t->state = HEADERS;
	return 0;
}

/* Writers fill their last record with zeros. */
static int
see_nothing(dbbi_tar *t, dbb_error *err)
{
	if (!dbbi_tar_is_zero(t->in.at, t->in.left))
		return wrong(t, "it has ended, and something follows", err);
	t->in.left = 0;
	return 0;
}

int
dbbi_tar_add(dbbi_tar *t, const void *data, size_t size, dbb_error *err)
{
	int rc = 0;

	t->in = (dbbi_cursor){ data, size };
	t->fed += size;
	while (rc == 0 && t->in.left > 0) {
		if (t->state == CONTENTS)
			rc = take_contents(t, err);
		else if (t->state == PADDING)
			rc = skip_padding(t);
		else if (t->state == ENDED)
			rc = see_nothing(t, err);
		else
			rc = take_block(t, err);
	}
	return rc;
}

int
dbbi_tar_end(dbbi_tar *t, dbb_error *err)
{
	t->in = (dbbi_cursor){0};
	if (t->state == ENDED)
		return 0;
	return wrong(t, t->fed == 0 ? "it ends: it is empty" :
	    t->state == ENDING ? "it breaks off within its end" :
	    "it breaks off", err);
}
