/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/sha256.h"

#define MAGIC "dbbackup-write-only-key-"
#define FORM "1"
#define FILE_MAX 4096
#define WORDS 6		/* magic, repository, time, writer, public, digest */

static const char comment[] =
    "# A write-only key of dbbackup. Who has this file can add backups to\n"
    "# the repository and list them, and can read nothing back with it.\n";

/* ---- writing ---- */

/* The digest of `line`, put behind it after a blank. */
static int
add_digest(char *line, size_t room, dbb_error *err)
{
	uint8_t digest[DBBI_SHA256_SIZE];
	size_t n = strlen(line);
	int rc;

	if ((rc = dbbi_sha256_of(digest, line, n, err)) < 0)
		return rc;
	if (room - n < DBBI_SHA256_HEX + 2)
		return dbbi_error_set(err, DBB_EINTERNAL,
		    "a key's line is too long");
	line[n++] = ' ';
	dbbi_hex_encode(line + n, digest, sizeof(digest));
	memcpy(line + n + DBBI_SHA256_HEX - 1, "\n", 2);
	return 0;
}

static int
make_line(char *line, size_t room, const char *repository,
    const dbbi_keys *keys, dbb_error *err)
{
	char writer[2 * DBBI_KEY_SIZE + 1], public_key[2 * DBBI_KEY_SIZE + 1];
	char now[DBBI_TIME_SIZE];

	dbbi_time_rfc3339(now, dbbi_now_ms());
	dbbi_hex_encode(writer, keys->writer, DBBI_KEY_SIZE);
	dbbi_hex_encode(public_key, keys->public_key, DBBI_KEY_SIZE);
	snprintf(line, room, MAGIC FORM " %s %s %s %s", repository, now,
	    writer, public_key);
	dbbi_wipe(writer, sizeof(writer));
	return add_digest(line, room, err);
}

static int
write_all(int fd, const char *text, dbb_error *err)
{
	size_t left = strlen(text);
	ssize_t n;

	while (left > 0) {
		n = write(fd, text, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return dbbi_error_errno(err, errno, "writing");
		text += n;
		left -= (size_t)n;
	}
	return 0;
}

static int
write_file(const char *path, const char *line, dbb_error *err)
{
	int fd, rc;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST) {
		dbbi_error_set(err, DBB_EEXIST, "it exists already");
		dbbi_error_hint(err, "name another file, or remove this one "
		    "if its key is not used any more");
		return DBB_EEXIST;
	}
	if (fd < 0)
		return dbbi_error_errno(err, errno, "making the file");
	if ((rc = write_all(fd, comment, err)) == 0 &&
	    (rc = write_all(fd, line, err)) == 0 && fsync(fd) < 0)
		rc = dbbi_error_errno(err, errno, "syncing");
	if (close(fd) < 0 && rc == 0)
		rc = dbbi_error_errno(err, errno, "closing");
	if (rc < 0)
		unlink(path);
	return rc;
}

int
dbbi_key_file_write(const char *path, const char *repository,
    const dbbi_keys *keys, dbb_error *err)
{
	char line[512];
	int rc;

	rc = make_line(line, sizeof(line), repository, keys, err);
	if (rc == 0)
		rc = write_file(path, line, err);
	dbbi_wipe(line, sizeof(line));
	return dbbi_error_context(err, rc, "key file '%s'", path);
}

/* ---- reading ---- */

static int
read_file(char text[FILE_MAX + 1], const char *path, dbb_error *err)
{
	size_t size = 0;
	ssize_t n = 1;
	int fd, rc = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		dbbi_error_errno(err, errno, "opening");
		return DBB_ECONFIG;
	}
	while (n != 0 && size < FILE_MAX && rc == 0) {
		n = read(fd, text + size, FILE_MAX - size);
		if (n > 0)
			size += (size_t)n;
		else if (n < 0 && errno != EINTR)
			rc = dbbi_error_errno(err, errno, "reading");
	}
	close(fd);
	text[size] = '\0';
	return rc < 0 ? DBB_ECONFIG : 0;
}

/* Cut the first line that is not empty and no comment into its words, and
 * forget where it ended; -1 unless it has as many as a key. */
static int
split_line(char *words[WORDS], char *text)
{
	char *line = text, *state = NULL;
	size_t i;

	while (*line == '#' || *line == '\n') {
		line += strcspn(line, "\n");
		line += strspn(line, "\n");
	}
	line[strcspn(line, "\r\n")] = '\0';
	for (i = 0; i < WORDS; i++, line = NULL)
		if ((words[i] = strtok_r(line, " ", &state)) == NULL)
			return -1;
	return strtok_r(NULL, " ", &state) == NULL ? 0 : -1;
}

/* Is the last word the digest of those before it? */
static int
check_digest(char *const words[WORDS], dbb_error *err)
{
	char line[512], *end;
	int n, rc;

	n = snprintf(line, sizeof(line), "%s %s %s %s %s", words[0],
	    words[1], words[2], words[3], words[4]);
	if (n < 0 || (size_t)n >= sizeof(line) - DBBI_SHA256_HEX - 2)
		rc = DBB_EDAMAGED;
	else if ((rc = add_digest(line, sizeof(line), err)) == 0) {
		end = line + n + 1;
		end[DBBI_SHA256_HEX - 1] = '\0';
		rc = strcmp(end, words[WORDS - 1]) == 0 ? 0 : DBB_EDAMAGED;
	}
	dbbi_wipe(line, sizeof(line));
	if (rc == DBB_EDAMAGED)
		dbbi_error_set(err, rc,
		    "its content and its digest do not fit");
	return rc;
}

static int
check_words(char *const words[WORDS], const char *repository, dbb_error *err)
{
	int rc;

	if (strncmp(words[0], MAGIC, strlen(MAGIC)) != 0)
		return dbbi_error_set(err, DBB_EDAMAGED, "it is no key file");
	if (strcmp(words[0] + strlen(MAGIC), FORM) != 0) {
		dbbi_error_set(err, DBB_EVERSION, "its form is '%.64s', "
		    "which this version does not know", words[0]);
		dbbi_error_hint(err, "a newer libdbbackup made it: update "
		    "this one");
		return DBB_EVERSION;
	}
	if ((rc = check_digest(words, err)) < 0)
		return rc;
	if (strcmp(words[1], repository) == 0)
		return 0;
	dbbi_error_set(err, DBB_EKEY, "it is the key of repository '%.64s', "
	    "and this one is '%s'", words[1], repository);
	dbbi_error_hint(err, "look whether 'url' and 'key-file' under "
	    "[repository] belong together");
	return DBB_EKEY;
}

static int
take_words(dbbi_keys *out, char *const words[WORDS], dbb_error *err)
{
	uint8_t writer[DBBI_KEY_SIZE], public_key[DBBI_KEY_SIZE];
	int rc;

	if (dbbi_hex_decode(writer, sizeof(writer), words[3]) < 0 ||
	    dbbi_hex_decode(public_key, sizeof(public_key), words[4]) < 0)
		rc = dbbi_error_set(err, DBB_EDAMAGED,
		    "its keys are not what they should be");
	else
		rc = dbbi_keys_write_only(out, writer, public_key, err);
	dbbi_wipe(writer, sizeof(writer));
	return rc;
}

int
dbbi_key_file_read(dbbi_keys *out, const char *path, const char *repository,
    dbb_error *err)
{
	char text[FILE_MAX + 1], *words[WORDS];
	int rc;

	if ((rc = read_file(text, path, err)) < 0)
		goto done;
	if (split_line(words, text) < 0)
		rc = dbbi_error_set(err, DBB_EDAMAGED, "it is no key file");
	else if ((rc = check_words(words, repository, err)) == 0)
		rc = take_words(out, words, err);
	if (rc == DBB_EDAMAGED)
		dbbi_error_hint(err, "make it again where the passphrase is: "
		    "'dbb-backup key export --write-only FILE'");
done:
	dbbi_wipe(text, sizeof(text));
	return dbbi_error_context(err, rc, "key file '%s'", path);
}
