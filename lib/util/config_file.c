/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading the INI file. libinih takes the lines apart; what it is handed is
 * prepared here, because it has fixed sizes and goes beyond them silently:
 *
 * - a section's name longer than 49 bytes is cut, and what follows its ']'
 *   is dropped: sections are read here and not handed on;
 * - a line longer than its buffer (200 bytes as Debian builds it) becomes
 *   two: the value is put aside here and a mark stands for it;
 * - an indented line continues the value before, while people indent keys
 *   below their section: lines lose their indentation here.
 */
#include <config.h>

#include "util/config_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "util/bytes.h"

#define LINE_MAX_BYTES 8192
#define NOT_A_LINE "neither a [section] nor KEY = VALUE"
#define ORIGIN_SIZE 1024
#define LONG_VALUE "\001"	/* the mark; it is in no line of ours */

struct ini {
	FILE *file;
	const char *path;
	dbbi_config *config;
	unsigned line;		/* the one being read, from 1 */
	dbbi_place place;	/* the section it is in */
	const char *value;	/* put aside; in `text` */
	int rc;
	unsigned failed_line;
	dbb_error *err;
	char text[LINE_MAX_BYTES];
};

static int
fail(struct ini *ini, int code, const char *message)
{
	ini->rc = dbbi_error_set(ini->err, code, "%s", message);
	ini->failed_line = ini->line;
	return ini->rc;
}

/* Read one line into `text`; 0 at the end of the file or after a failure. */
static int
read_line(struct ini *ini)
{
	size_t n = 0;
	int c;

	ini->line++;
	while ((c = getc(ini->file)) != EOF && c != '\n') {
		if (n == sizeof(ini->text) - 1) {
			fail(ini, DBB_ECONFIG, "the line is too long");
			dbbi_error_hint(ini->err, "a line has at most %d "
			    "bytes", LINE_MAX_BYTES - 1);
			return 0;
		}
		if (c == '\0' || c == LONG_VALUE[0]) {
			fail(ini, DBB_ECONFIG, "this is not a text file");
			return 0;
		}
		ini->text[n++] = (char)c;
	}
	ini->text[n] = '\0';
	if (c == EOF && ferror(ini->file)) {
		dbbi_error_errno(ini->err, errno, "reading");
		ini->rc = DBB_ECONFIG;
		ini->failed_line = ini->line;
		return 0;
	}
	return n > 0 || c != EOF;
}

/* "dbbackup.conf:12" */
static const char *
write_origin(char out[ORIGIN_SIZE], const struct ini *ini)
{
	snprintf(out, ORIGIN_SIZE, "%.900s:%u", ini->path, ini->line);
	return out;
}

/* A section's line: what is between [ and ], and at most a comment after. */
static void
begin_section(struct ini *ini, char *line)
{
	char *end = strchr(line, ']'), *rest;
	char origin[ORIGIN_SIZE];

	if (end == NULL) {
		fail(ini, DBB_ECONFIG, "the section's ']' is missing");
		return;
	}
	*end = '\0';
	rest = dbbi_text_trim(end + 1);
	if (*rest != '\0' && *rest != ';' && *rest != '#') {
		fail(ini, DBB_ECONFIG, "something follows the section's ']'");
		return;
	}
	ini->rc = dbbi_place_parse(&ini->place, line + 1, ini->err);
	if (ini->rc == 0)
		ini->rc = dbbi_config_put(ini->config, DBBI_LEVEL_FILE,
		    &ini->place, NULL, NULL, write_origin(origin, ini),
		    ini->err);
	ini->failed_line = ini->line;
	dbbi_error_context(ini->err, ini->rc, "[%.100s]", line + 1);
}

/* Cut a comment: a ';' with a blank before it. */
static void
cut_comment(char *value)
{
	char *s = value;

	while ((s = strchr(s, ';')) != NULL) {
		if (s > value && (s[-1] == ' ' || s[-1] == '\t')) {
			*s = '\0';
			return;
		}
		s++;
	}
}

/* Hand over `key = MARK` and keep the value. */
static void
hand_over_long(char *to, size_t room, struct ini *ini, char *line)
{
	size_t n = strcspn(line, "=:") + 1;

	if (line[n - 1] == '\0' || n + sizeof(LONG_VALUE) > room) {
		fail(ini, DBB_ECONFIG, NOT_A_LINE);
		return;
	}
	cut_comment(line + n);
	ini->value = dbbi_text_trim(line + n);
	memcpy(to, line, n);
	memcpy(to + n, LONG_VALUE, sizeof(LONG_VALUE));
	if (*ini->value == '\0')
		to[n] = '\0';
}

/* libinih asks for a line of less than `room` bytes; NULL ends the file. */
static char *
next_line(char *to, int room, void *stream)
{
	struct ini *ini = stream;
	char *line = ini->text;

	if (ini->rc < 0 || !read_line(ini))
		return NULL;
	if (ini->line == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0)
		line += 3;
	line = dbbi_text_trim(line);
	to[0] = '\0';
	if (*line == '[')
		begin_section(ini, line);
	else if (*line == ';' || *line == '#')
		return to;
	else if (strlen(line) < (size_t)room)
		memcpy(to, line, strlen(line) + 1);
	else
		hand_over_long(to, (size_t)room, ini, line);
	return ini->rc < 0 ? NULL : to;
}

static int
put_value(struct ini *ini, const char *name, const char *value)
{
	const char *kind = ini->place.section->kind;
	const dbbi_key *key = dbbi_key_find(&ini->place, name, ini->err);
	const dbbi_entry *before;
	char origin[ORIGIN_SIZE];

	if (key == NULL)
		return DBB_ECONFIG;
	before = dbbi_config_find_at(ini->config, DBBI_LEVEL_FILE, kind,
	    ini->place.name, name);
	if (before != NULL)
		return dbbi_error_set(ini->err, DBB_ECONFIG,
		    "'%s' was given before, at %s", name, before->origin);
	return dbbi_config_put(ini->config, DBBI_LEVEL_FILE, &ini->place,
	    key, value, write_origin(origin, ini), ini->err);
}

/* libinih found NAME = VALUE. */
static int
take_value(void *user, const char *section, const char *name,
    const char *value)
{
	struct ini *ini = user;
	char text[DBBI_PLACE_SIZE];

	(void)section;
	if (value == NULL) {		/* as some builds of it allow */
		fail(ini, DBB_ECONFIG, NOT_A_LINE);
		return 0;
	}
	if (strcmp(value, LONG_VALUE) == 0)
		value = ini->value;
	if (ini->place.section == NULL) {
		fail(ini, DBB_ECONFIG, "a key before the first [section]");
		return 0;
	}
	ini->rc = put_value(ini, name, value);
	if (ini->rc == 0)
		return 1;
	dbbi_error_context(ini->err, ini->rc, "%s", dbbi_place_text(text,
	    ini->place.section->kind, ini->place.name));
	ini->failed_line = ini->line;
	return 0;
}

static int
parse(struct ini *ini)
{
	int first = ini_parse_stream(next_line, ini, take_value, ini);

	/* Its own complaints may be of an earlier line than ours. */
	if (first > 0 && (ini->rc == 0 || (unsigned)first < ini->failed_line)) {
		ini->line = (unsigned)first;
		fail(ini, DBB_ECONFIG, NOT_A_LINE);
	} else if (first < 0 && ini->rc == 0) {
		return dbbi_error_nomem(ini->err);
	}
	return dbbi_error_context(ini->err, ini->rc, "%s:%u", ini->path,
	    ini->failed_line);
}

int
dbbi_config_read_file(dbbi_config *config, const char *path, dbb_error *err)
{
	struct ini *ini = calloc(1, sizeof(*ini));
	int rc = 0;

	if (ini == NULL)
		return dbbi_error_nomem(err);
	ini->path = path;
	ini->config = config;
	ini->err = err;
	ini->file = fopen(path, "re");
	if (ini->file == NULL) {
		dbbi_error_errno(err, errno, "opening '%s'", path);
		dbbi_error_hint(err, "name another with -c or DBB_CONFIG, or "
		    "make this one readable");
		rc = dbbi_error_context(err, DBB_ECONFIG, "configuration");
		goto done;
	}
	if ((rc = parse(ini)) < 0)
		goto done;
	if ((config->file = dbbi_text_dup(path)) == NULL)
		rc = dbbi_error_nomem(err);
done:
	if (ini->file != NULL)
		fclose(ini->file);
	dbbi_wipe(ini, sizeof(*ini));
	free(ini);
	return rc;
}
