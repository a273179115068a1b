/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A refusal that libcurl does not read. The server answers before it has all of
 * a body and closes; its kernel resets the connection, and when that comes
 * between libcurl's look at the socket and its next piece, sending fails and
 * the connection is given up. The answer lies in it all the same: Linux keeps
 * what had arrived before a reset until it is read. (Not what TLS has
 * encrypted: by the time we are told, its keys are gone.)
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "net/http_internal.h"
#include "util/text.h"

#define LEFT_MAX ((size_t)64 << 10)	/* enough for a header and some words */

static size_t
read_left(char *to, curl_socket_t fd)
{
	size_t size = 0;
	ssize_t n;

	do {
		n = recv(fd, to + size, LEFT_MAX - size, MSG_DONTWAIT);
		if (n > 0)
			size += (size_t)n;
	} while (n > 0 && size < LEFT_MAX);
	return size;
}

/* The size of the header; 0: it is no good, or has no end. */
static size_t
take_header(dbbi_http_exchange *x, char *data, size_t size)
{
	char *line = data, *end;
	size_t n;

	if (size < 7 || memcmp(data, "HTTP/1.", 7) != 0)
		return 0;
	while (!x->head_whole) {
		end = memchr(line, '\n', size - (size_t)(line - data));
		if (end == NULL)
			return 0;
		n = (size_t)(end + 1 - line);
		if (dbbi_http_take_header(line, 1, n, x) != n)
			return 0;
		line = end + 1;
	}
	return (size_t)(line - data);
}

/* Chunks put together in place, as far as they are there. */
static size_t
join_chunks(char *data, size_t size)
{
	char *at = data, *end = data + size, *line_end;
	size_t joined = 0, n;

	while ((line_end = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		n = strtoul(at, NULL, 16);
		at = line_end + 1;
		if (n > (size_t)(end - at))
			n = (size_t)(end - at);
		memmove(data + joined, at, n);
		joined += n;
		at += n;
		if (n == 0 || end - at < 2)
			break;
		at += 2;
	}
	return joined;
}

static void
take_words(dbbi_http_exchange *x, char *data, size_t size)
{
	const dbbi_http_response head = { .headers = (char *)x->head.data,
	    .headers_size = x->head.size };
	const char *coding = dbbi_http_header(&head, "Transfer-Encoding");
	const char *length = dbbi_http_header(&head, "Content-Length");
	size_t room = x->kept.max - 1 - x->kept.size;
	uint64_t n;

	if (coding != NULL && strcasecmp(coding, "chunked") == 0)
		size = join_chunks(data, size);
	else if (length != NULL &&
	    dbbi_parse_u64(&n, length, 0, size) == 0)
		size = (size_t)n;
	if (size > room)
		size = room;
	if (size > 0 && dbbi_bytes_add(&x->kept, data, size, NULL) == DBB_OK)
		x->received += size;
}

void
dbbi_http_rescue(dbbi_http_exchange *x, curl_socket_t fd)
{
	char *data;
	size_t size, head;

	if (x->upload == NULL || dbbi_http_upload_given(x->upload) ||
	    x->status >= 200 || x->verdict != DBBI_HTTP_GOES_ON)
		return;
	data = malloc(LEFT_MAX + 1);	/* a NUL comes behind it */
	if (data == NULL)
		return;
	size = read_left(data, fd);
	data[size] = '\0';
	head = take_header(x, data, size);
	if (head > 0 && dbbi_http_is_refused(x))
		take_words(x, data + head, size - head);
	free(data);
}
