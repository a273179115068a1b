/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files of AWS's tools. Much like INI, but not libinih's: a session token
 * is longer than the 200 bytes that it takes, a '#' begins a comment behind a
 * value, too, and indented lines below an empty value belong to that.
 *
 *	~/.aws/credentials	[name]
 *	~/.aws/config		[default], [profile name]
 */
#include <config.h>

#include "net/aws_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/bytes.h"
#include "util/config.h"

#define FILE_MAX (1u << 20)

static const char *const key_names[DBBI_AWS_KEY_COUNT] = {
	"aws_access_key_id", "aws_secret_access_key", "aws_session_token",
	"region", "credential_process", "role_arn", "source_profile",
	"credential_source", "web_identity_token_file", "role_session_name",
	"external_id", "mfa_serial", "sso_session", "sso_start_url",
};

/* One of the two files, while it is read. */
struct reading {
	const char *path;
	const char *name;	/* of the profile that is wanted */
	int is_config;		/* it writes [profile name] */
	unsigned line;
	int wanted;		/* within its section */
	int nested;		/* below an empty value */
	dbbi_aws_profile *profile;
};

void
dbbi_aws_profile_clear(dbbi_aws_profile *profile)
{
	size_t i;

	for (i = 0; i < DBBI_AWS_KEY_COUNT; i++)
		dbbi_secret_free(profile->values[i]);
	free(profile->files);
	memset(profile, 0, sizeof(*profile));
}

/* ---- lines ---- */

static int
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Is it the wanted profile's section? `head` is what follows the '['. */
static int
begin_section(struct reading *r, char *head, dbb_error *err)
{
	static const char word[] = "profile";
	char *end = strchr(head, ']'), *name;

	if (end == NULL)
		return dbbi_error_set(err, DBB_ECONFIG,
		    "the section's ']' is missing");
	*end = '\0';
	name = dbbi_text_trim(head);
	if (r->is_config && strncmp(name, word, sizeof(word) - 1) == 0 &&
	    is_blank(name[sizeof(word) - 1]))
		name = dbbi_text_trim(name + sizeof(word) - 1);
	else if (r->is_config && strcmp(name, "default") != 0)
		name = head + strlen(head);	/* [sso-session x] and such */
	r->wanted = strcmp(name, r->name) == 0;
	r->profile->found |= r->wanted;
	r->nested = 0;
	return DBB_OK;
}

/* Cut a comment: a '#' or ';' with a blank before it. */
static void
cut_comment(char *value)
{
	char *s;

	for (s = value; *s != '\0'; s++)
		if ((*s == '#' || *s == ';') && s > value &&
		    is_blank(s[-1])) {
			*s = '\0';
			return;
		}
}

/* A line `key = value` of the wanted profile. Its last one counts. */
static int
take_value(struct reading *r, char *line, dbb_error *err)
{
	char *value = strchr(line, '='), **to;
	size_t i;

	if (value == NULL)
		return dbbi_error_set(err, DBB_ECONFIG,
		    "neither a [section] nor KEY = VALUE");
	*value++ = '\0';
	cut_comment(value);
	value = dbbi_text_trim(value);
	line = dbbi_text_trim(line);
	r->nested = *value == '\0';
	for (i = 0; i < DBBI_AWS_KEY_COUNT; i++) {
		if (strcasecmp(line, key_names[i]) != 0)
			continue;
		to = &r->profile->values[i];
		dbbi_secret_free(*to);
		*to = NULL;
		if (*value != '\0' && (*to = dbbi_text_dup(value)) == NULL)
			return dbbi_error_nomem(err);
	}
	return DBB_OK;
}

static int
take_line(struct reading *r, char *line, dbb_error *err)
{
	int indented = is_blank(line[0]);

	line = dbbi_text_trim(line);
	if (*line == '\0' || *line == '#' || *line == ';')
		return DBB_OK;
	if (*line == '[' && !indented)
		return begin_section(r, line + 1, err);
	if (!r->wanted || (indented && r->nested))
		return DBB_OK;
	return take_value(r, line, err);
}

static int
take_lines(struct reading *r, char *text, dbb_error *err)
{
	char *line;
	int rc = 0;

	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	while (rc == 0 && (line = strsep(&text, "\n")) != NULL) {
		r->line++;
		rc = take_line(r, line, err);
	}
	return dbbi_error_context(err, rc, "%s:%u", r->path, r->line);
}

/* ---- files ---- */

/* All of it, NUL-ended, into a buffer of FILE_MAX + 2 bytes; nothing where
 * there is no such file. */
static int
read_file(size_t *size, char *buffer, const char *path, dbb_error *err)
{
	FILE *file = fopen(path, "re");
	int rc = 0;

	if (file == NULL && (errno == ENOENT || errno == ENOTDIR))
		return DBB_OK;
	if (file == NULL) {
		dbbi_error_errno(err, errno, "opening '%s'", path);
		dbbi_error_hint(err, "make it readable, or name another with "
		    "AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE");
		return DBB_ECONFIG;
	}
	setvbuf(file, NULL, _IONBF, 0);		/* no copy of secrets there */
	errno = 0;
	*size = fread(buffer, 1, FILE_MAX + 1, file);
	if (ferror(file)) {
		dbbi_error_errno(err, errno, "reading '%s'", path);
		rc = DBB_ECONFIG;
	} else if (*size > FILE_MAX) {
		rc = dbbi_error_set(err, DBB_ECONFIG,
		    "'%s' is larger than %u bytes", path, FILE_MAX);
	} else if (memchr(buffer, '\0', *size) != NULL) {
		rc = dbbi_error_set(err, DBB_ECONFIG,
		    "'%s' is not a text file", path);
	}
	buffer[*size] = '\0';
	fclose(file);
	return rc;
}

/* What one file says of the profile, into an empty `out`. */
static int
read_one(dbbi_aws_profile *out, struct reading *r, dbb_error *err)
{
	char *buffer = malloc(FILE_MAX + 2);
	size_t size = 0;
	int rc;

	if (buffer == NULL)
		return dbbi_error_nomem(err);
	r->profile = out;
	rc = read_file(&size, buffer, r->path, err);
	if (rc == 0 && size > 0)
		rc = take_lines(r, buffer, err);
	dbbi_wipe(buffer, size);
	free(buffer);
	return rc;
}

/* The path of a file: `variable` says it, or it is below HOME. `*out` stays
 * NULL when neither is set. */
static int
path_of(char **out, const dbbi_aws_credentials *c, const char *variable,
    const char *below_home, dbb_error *err)
{
	const char *path = dbbi_aws_variable(c, variable);
	const char *home = dbbi_aws_variable(c, "HOME");

	if (path == NULL && home == NULL)
		return DBB_OK;
	*out = path != NULL ? dbbi_text_dup(path) :
	    dbbi_text_format("%s/%s", home, below_home);
	return *out != NULL ? DBB_OK : dbbi_error_nomem(err);
}

/* Move what `from` has and `to` has not. Keys are of one file: one's id and
 * the other's secret would be none. */
static void
merge(dbbi_aws_profile *to, dbbi_aws_profile *from)
{
	int has_keys = to->values[DBBI_AWS_ID] != NULL ||
	    to->values[DBBI_AWS_SECRET] != NULL;
	size_t i;

	to->found |= from->found;
	for (i = has_keys ? DBBI_AWS_TOKEN + 1 : DBBI_AWS_ID;
	    i < DBBI_AWS_KEY_COUNT; i++) {
		if (to->values[i] != NULL)
			continue;
		to->values[i] = from->values[i];
		from->values[i] = NULL;
	}
}

int
dbbi_aws_profile_read(dbbi_aws_profile *out, const dbbi_aws_credentials *c,
    const char *name, dbb_error *err)
{
	static const struct {
		const char *variable, *below_home;
	} files[] = {
		{ "AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials" },
		{ "AWS_CONFIG_FILE", ".aws/config" },
	};
	dbbi_aws_profile all = {0}, one = {0};
	char *paths[2] = { NULL, NULL };
	size_t i;
	int rc = 0;

	for (i = 0; i < 2 && rc == 0; i++) {
		struct reading r = { .name = name, .is_config = i == 1 };

		rc = path_of(&paths[i], c, files[i].variable,
		    files[i].below_home, err);
		if (rc < 0 || (r.path = paths[i]) == NULL)
			continue;
		rc = read_one(&one, &r, err);
		merge(&all, &one);
		dbbi_aws_profile_clear(&one);
	}
	if (rc == 0 && (all.files = dbbi_text_format("'%s' and '%s'",
	    paths[0] != NULL ? paths[0] : "~/.aws/credentials",
	    paths[1] != NULL ? paths[1] : "~/.aws/config")) == NULL)
		rc = dbbi_error_nomem(err);
	free(paths[0]);
	free(paths[1]);
	if (rc < 0)
		dbbi_aws_profile_clear(&all);
	else
		*out = all;
	return rc;
}
