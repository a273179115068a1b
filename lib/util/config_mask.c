/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Showing a connection string without its secrets. Only what is understood
 * to the last byte is shown, and of that only values of keywords known to be
 * harmless; for everything else the answer is "(hidden)".
 */
#include <config.h>

#include "util/config_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HIDDEN "(hidden)"
#define BLANKS " \t\n\r\f\v"

/* libpq's keywords whose values anyone may see. */
static const char *const harmless[] = {
	"application_name", "channel_binding", "client_encoding",
	"connect_timeout", "dbname", "fallback_application_name",
	"gssencmode", "gsslib", "host", "hostaddr", "keepalives",
	"keepalives_count", "keepalives_idle", "keepalives_interval",
	"krbsrvname", "load_balance_hosts", "passfile", "port",
	"require_auth", "requirepeer", "service", "ssl_max_protocol_version",
	"ssl_min_protocol_version", "sslcert", "sslcompression", "sslcrl",
	"sslcrldir", "sslkey", "sslmode", "sslrootcert", "sslsni",
	"target_session_attrs", "tcp_user_timeout", "user", NULL,
};

/* A value that could itself be a connection string is not harmless. */
static int
may_show(const char *keyword, size_t keyword_size, const char *value,
    size_t value_size)
{
	const char *const *h;

	if (memchr(value, '=', value_size) != NULL ||
	    memmem(value, value_size, "//", 2) != NULL ||
	    memchr(value, '@', value_size) != NULL)
		return 0;
	for (h = harmless; *h != NULL; h++)
		if (strlen(*h) == keyword_size &&
		    memcmp(*h, keyword, keyword_size) == 0)
			return 1;
	return 0;
}

/* `keyword=value`, or with *** for a value that may not be seen. */
static void
show_pair(FILE *to, const char *keyword, size_t keyword_size,
    const char *value, size_t value_size)
{
	fwrite(keyword, 1, keyword_size, to);
	if (may_show(keyword, keyword_size, value, value_size)) {
		fputc('=', to);
		fwrite(value, 1, value_size, to);
	} else {
		fputs("=***", to);
	}
}

/* Where the value that begins at `s` ends; NULL: its quote never closes. */
static const char *
value_end(const char *s)
{
	int quoted = *s == '\'';

	for (s += quoted; *s != '\0'; s++) {
		if (*s == '\\' && s[1] != '\0')
			s++;
		else if (quoted && *s == '\'')
			return s + 1;
		else if (!quoted && strchr(BLANKS, *s) != NULL)
			return s;
	}
	return quoted ? NULL : s;
}

/* host=db user=app password='…'; -1 when it is not of that form. */
static int
show_keywords(FILE *to, const char *s)
{
	const char *keyword, *end;
	size_t n;

	for (s += strspn(s, BLANKS); *s != '\0'; s += strspn(s, BLANKS)) {
		keyword = s;
		n = strspn(s, "abcdefghijklmnopqrstuvwxyz_");
		s += n;
		s += strspn(s, BLANKS);
		if (n == 0 || *s++ != '=')
			return -1;
		s += strspn(s, BLANKS);
		end = value_end(s);
		if (end == NULL ||
		    (*end != '\0' && strchr(BLANKS, *end) == NULL))
			return -1;
		show_pair(to, keyword, n, s, (size_t)(end - s));
		s = end;
		if (s[strspn(s, BLANKS)] != '\0')
			fputc(' ', to);
	}
	return 0;
}

/* Is it HOST[:PORT][,HOST[:PORT]…], with nothing else for a port? */
static int
is_host_list(const char *s, size_t size)
{
	size_t i;
	int bracket = 0, port = 0;

	for (i = 0; i < size; i++) {
		if (s[i] == '[' && !bracket && !port)
			bracket = 1;
		else if (s[i] == ']' && bracket)
			bracket = 0;
		else if (s[i] == ':' && !bracket && !port)
			port = 1;
		else if (s[i] == ',' && !bracket)
			port = 0;
		else if (port ? s[i] < '0' || s[i] > '9' :
		    strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
		    "WXYZ0123456789.-_%:", s[i]) == NULL ||
		    (s[i] == ':' && !bracket))
			return 0;
	}
	return !bracket;
}

/* USER[:PASSWORD]@HOSTS, of `size` bytes. */
static int
show_authority(FILE *to, const char *s, size_t size)
{
	const char *at = memchr(s, '@', size), *colon;

	if (at != NULL) {
		colon = memchr(s, ':', (size_t)(at - s));
		if (colon == NULL)
			colon = at;
		fwrite(s, 1, (size_t)(colon - s), to);
		fputs(colon < at ? ":***@" : "@", to);
		size -= (size_t)(at + 1 - s);
		s = at + 1;
	}
	if (!is_host_list(s, size))
		return -1;
	fwrite(s, 1, size, to);
	return 0;
}

/* What follows '?': keyword=value&keyword=value. */
static int
show_query(FILE *to, const char *s)
{
	const char *equals;
	size_t n;

	for (;;) {
		n = strcspn(s, "&");
		equals = memchr(s, '=', n);
		if (equals == NULL)
			return -1;
		show_pair(to, s, (size_t)(equals - s), equals + 1,
		    n - (size_t)(equals + 1 - s));
		s += n;
		if (*s == '\0')
			return 0;
		fputc(*s++, to);
	}
}

/*
 * What follows postgresql://. A password that holds a raw '/', '?', '#' or
 * '@' moves the borders of the parts: then there is an '@' too many, or in
 * the wrong place, or a port that is no number.
 */
static int
show_uri(FILE *to, const char *s)
{
	size_t authority = strcspn(s, "/?");
	const char *at = strrchr(s, '@');
	size_t path;

	if (strchr(s, '#') != NULL ||
	    (at != NULL && (at > s + authority || at != strchr(s, '@'))))
		return -1;
	if (show_authority(to, s, authority) != 0)
		return -1;
	s += authority;
	path = strcspn(s, "?");
	if (memchr(s, ':', path) != NULL || memchr(s, '=', path) != NULL)
		return -1;
	fwrite(s, 1, path, to);
	s += path;
	if (*s == '\0')
		return 0;
	fputc(*s++, to);
	return show_query(to, s);
}

static int
show_connection(FILE *to, const char *s)
{
	static const char *const schemes[] = {
		"postgresql://", "postgres://", NULL,
	};
	const char *const *scheme;

	for (scheme = schemes; *scheme != NULL; scheme++) {
		if (strncmp(s, *scheme, strlen(*scheme)) != 0)
			continue;
		fputs(*scheme, to);
		return show_uri(to, s + strlen(*scheme));
	}
	return show_keywords(to, s);
}

char *
dbbi_mask_connection(const char *connection)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	int rc;

	if (to == NULL)
		return NULL;
	rc = show_connection(to, connection);
	if (fclose(to) != 0) {
		free(text);
		return NULL;
	}
	if (rc == 0)
		return text;
	free(text);
	return dbbi_text_dup(HIDDEN);
}

char *
dbbi_mask_url(const char *url)
{
	if (strncmp(url, "file:", 5) == 0 || strpbrk(url, "@?#") == NULL)
		return dbbi_text_dup(url);
	return dbbi_text_dup(HIDDEN);
}
