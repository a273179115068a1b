/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http_internal: what the files of `http` share.
 *
 * http.c            clients and exchanges, as callers see them
 * http_engine.c     the thread on which all transfers move
 * http_transfer.c   one request: how libcurl is told, what it gives back
 * http_socket.c     the sockets of a client, and what they can tell
 * http_watch.c      is a transfer still worth waiting for?
 * http_answer.c     gathers header and body, within their bounds
 * http_outcome.c    what libcurl's result means, and how it is said
 * http_limit.c      bytes a second
 *
 * An exchange belongs to the thread that makes it until it is in the queue,
 * then to the engine until it is `done`, then to the thread that waits.
 */
#ifndef DBBI_HTTP_INTERNAL_H
#define DBBI_HTTP_INTERNAL_H

#include <curl/curl.h>
#include <pthread.h>

#include "net/http.h"
#include "net/http_limit.h"
#include "util/bytes.h"
#include "util/threads.h"

#define DBBI_HTTP_MOVED_MIN 4096	/* bytes that are no stall */

/* Why we ended a transfer ourselves. */
typedef enum dbbi_http_verdict {
	DBBI_HTTP_GOES_ON,
	DBBI_HTTP_STALLED,
	DBBI_HTTP_OVERDUE,
	DBBI_HTTP_HEADER_TOO_BIG,
	DBBI_HTTP_BODY_TOO_BIG,
	DBBI_HTTP_NO_MEMORY,
	DBBI_HTTP_SINK_STOPPED,
	DBBI_HTTP_RUN_CANCELED,
	DBBI_HTTP_SENT_BEFORE,		/* the body would go out again */
	DBBI_HTTP_ENGINE_FAILED
} dbbi_http_verdict;

struct dbbi_http {
	dbbi_run *run;
	dbbi_http_options options;	/* no zeros where these mean a default,
					   strings are ours */
	CURLM *multi;
	pthread_t engine;

	pthread_mutex_t mutex;		/* of what stands below it */
	dbbi_http_exchange *waiting;	/* oldest first */
	dbbi_http_exchange **waiting_end;
	int stop;

	dbbi_http_exchange *running;	/* the engine's from here on */
	unsigned running_count;
	dbbi_bytes sockets;		/* open ones, as curl_socket_t */
	dbbi_http_limit up, down;
	uint64_t turns;
};

struct dbbi_http_exchange {
	dbbi_http *client;
	dbbi_http_exchange *next;	/* in the one list that it is in */
	CURL *easy;
	struct curl_slist *headers;
	char *place;			/* "'host:port'" */
	char words[CURL_ERROR_SIZE];

	const uint8_t *body;
	size_t body_size;
	size_t sent;			/* of it, handed to libcurl */
	dbbi_http_sink sink;
	void *payload;
	unsigned stall_s, total_s;

	dbbi_bytes head;		/* "Name: value" NUL, of the last */
	size_t head_total;		/* of all, 1xx and trailers too */
	dbbi_bytes kept;
	uint64_t sunk;
	uint64_t received;		/* of any body */

	int paused;			/* CURLPAUSE_…, by a limit */
	uint64_t turn;			/* when it was last let go on */
	curl_socket_t socket;		/* CURL_SOCKET_BAD: not known */
	int stale;			/* it was not as it was left */
	int begun;			/* the connection is there */
	uint64_t since_ms;		/* its turn came */
	uint64_t moved_ms;		/* bytes moved */
	uint64_t moved;			/* so many had by then */

	dbbi_http_verdict verdict;
	CURLcode code;
	pthread_cond_t ended;
	int done;			/* under the client's mutex */
};

/* ---- http_engine.c ---- */

/* The thread; `client` is a dbbi_http. */
void *dbbi_http_engine(void *client);

/* ---- http_transfer.c ---- */

int dbbi_http_transfer_new(dbbi_http_exchange **out, dbbi_http *client,
    const dbbi_http_request *request, dbb_error *err);
void dbbi_http_transfer_free(dbbi_http_exchange *exchange);

/* ---- http_socket.c ---- */

/* Tell libcurl how sockets are made, and to look at a kept one before it is
 * used again: `stale` is set, and the transfer ends, when it is not as it was
 * left. Nonzero: out of memory. */
int dbbi_http_socket_set(dbbi_http_exchange *exchange);

/* What the kernel has taken and the server has not. */
uint64_t dbbi_http_socket_unsent(const dbbi_http_exchange *exchange);

/* ---- http_watch.c ---- */

/* Its turn has come. */
void dbbi_http_watch_begin(dbbi_http_exchange *exchange, uint64_t now_ms);

/* Judge it; returns the moment to look again. */
uint64_t dbbi_http_watch(dbbi_http_exchange *exchange, uint64_t now_ms);

/* ---- http_answer.c ---- */

/* For libcurl: a line of a header, a piece of a body. */
size_t dbbi_http_take_header(char *line, size_t size, size_t count,
    void *exchange);
size_t dbbi_http_take_body(char *data, size_t size, size_t count,
    void *exchange);

/* Hand over what was gathered. */
int dbbi_http_answer(dbbi_http_response *out, dbbi_http_exchange *exchange,
    dbb_error *err);

/* ---- http_outcome.c ---- */

dbbi_http_outcome dbbi_http_outcome_of(const dbbi_http_exchange *exchange);

/* DBB_OK when answered, else the code, and `err` says all. */
int dbbi_http_report(dbbi_http_exchange *exchange, dbbi_http_outcome outcome,
    dbb_error *err);

#endif
