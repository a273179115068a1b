/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http_fixture: an HTTP server in threads of the test, which answers what it is
 * told, remembers what it was asked, and misbehaves on demand.
 *
 * Each request takes the next answer of the script; when that is empty the
 * handler is asked, and without one the answer is 200 and empty.
 */
#ifndef HTTP_FIXTURE_H
#define HTTP_FIXTURE_H

#include <stddef.h>

typedef struct http_server http_server;

typedef enum http_fault {
	HTTP_FINE,
	/* before the body of the request is read */
	HTTP_EARLY,		/* the answer comes at once, then the end */
	HTTP_EARLY_MIDDLE,	/* the same after `at` bytes of it are read */
	HTTP_EARLY_POLITE,	/* the same, but what still comes is taken until
				   the client goes away */
	HTTP_DEAF,		/* nothing is read, nothing answered */
	HTTP_RESET_EARLY,	/* `at` bytes are read, then a reset */
	HTTP_SLOW,		/* 16 KiB are read each `at` ms, then all is
				   well; wants a small receive_buffer */
	/* instead of an answer */
	HTTP_RESET,
	HTTP_CLOSE,
	HTTP_SILENT,
	HTTP_RAW,		/* the body alone, byte for byte, then the end */
	HTTP_LONG_LINE,		/* a header's line without end */
	HTTP_ENDLESS_HEADERS,
	HTTP_ENDLESS_CONTINUE,	/* one "100 Continue" after the other */
	HTTP_DRIBBLE_HEADER,	/* one byte each `at` ms, for ever */
	/* after a good header */
	HTTP_ENDLESS_BODY,	/* in chunks, as fast as it goes */
	HTTP_DRIBBLE_BODY,	/* one byte each `at` ms, for ever */
	HTTP_CUT,		/* `at` bytes of the body, then the end */
	HTTP_CUT_RESET,		/* the same, with a reset */
	HTTP_STALL,		/* `at` bytes of the body, then silence */
	HTTP_LONGER		/* the body and more, whatever its length says */
} http_fault;

typedef struct http_answer {
	int status;		/* 0: 200 */
	const char *headers;	/* whole lines with CR LF; NULL: none.
				   Content-Length is added, unless there is one
				   or a Transfer-Encoding */
	const void *body;	/* borrowed until the server stops */
	size_t body_size;	/* 0: strlen of the body */
	unsigned delay_ms;	/* before the answer */
	http_fault fault;
	size_t at;
} http_answer;

typedef struct http_seen {
	const char *head;	/* request line and headers */
	const unsigned char *body;
	size_t body_size;
	unsigned connection;	/* 1, 2, … */
	int cut;		/* the body did not come whole */
} http_seen;

/* May be called by several threads at once; what it points to must stay. */
typedef void (*http_handler)(http_answer *out, const http_seen *seen,
    void *payload);

typedef struct http_server_options {
	const char *unix_socket;	/* its path; NULL: 127.0.0.1 */
	const char *certificate;	/* PEM files; NULL: no TLS */
	const char *key;
	http_handler handler;
	void *payload;
	int forgets;		/* bodies are counted, not kept */
	int receive_buffer;	/* bytes that the kernel takes; 0: its own */
} http_server_options;

/* `options` may be NULL. */
http_server *http_server_start(const http_server_options *options);
void http_server_stop(http_server *server);

/* "http://127.0.0.1:PORT" or "https://localhost:PORT"; the server's. */
const char *http_server_url(const http_server *server);
unsigned http_server_port(const http_server *server);

/* The next of the script, `times` times. */
void http_server_add(http_server *server, const http_answer *answer,
    unsigned times);

unsigned http_server_connections(http_server *server);	/* ever accepted */
unsigned http_server_count(http_server *server);	/* requests */

/* The n-th request, from 0; the test fails when there is none. Its strings
 * are the server's. */
http_seen http_server_seen(http_server *server, unsigned n);

/* A header's value in a request's head, in one of four buffers that take
 * turns; NULL: none. */
const char *http_seen_header(const http_seen *seen, const char *name);

#endif
