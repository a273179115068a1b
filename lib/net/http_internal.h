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
 * http_ring.c       bytes between the engine and another thread
 * http_hold.c       a transfer that waits for another thread, or is stopped
 * http_upload.c     a body that comes from a reader
 * http_early.c      an answer that comes before the body was sent
 * http_rescue.c     such an answer that libcurl does not read
 * http_reader.c     an answer's body as a reader
 *
 * An exchange belongs to the thread that makes it until it is in the queue,
 * then to the engine until it is `done`, then to the thread that waits.
 */
#ifndef DBBI_HTTP_INTERNAL_H
#define DBBI_HTTP_INTERNAL_H

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "net/http.h"
#include "net/http_limit.h"
#include "net/http_ring.h"
#include "util/bytes.h"
#include "util/threads.h"

#define DBBI_HTTP_MOVED_MIN 4096	/* bytes that are no stall */

/* Why we ended a transfer ourselves. */
typedef enum dbbi_http_verdict {
	DBBI_HTTP_GOES_ON,
	DBBI_HTTP_STALLED,
	DBBI_HTTP_UNANSWERED,
	DBBI_HTTP_OVERDUE,
	DBBI_HTTP_HEADER_TOO_BIG,
	DBBI_HTTP_BODY_TOO_BIG,
	DBBI_HTTP_NO_MEMORY,
	DBBI_HTTP_SINK_STOPPED,
	DBBI_HTTP_RUN_CANCELED,
	DBBI_HTTP_SENT_BEFORE,		/* the body would go out again */
	DBBI_HTTP_UPLOAD_FAILED,	/* its reader, or its length */
	DBBI_HTTP_ANSWERED_EARLY,	/* before all was sent */
	DBBI_HTTP_ENGINE_FAILED
} dbbi_http_verdict;

typedef struct dbbi_http_upload dbbi_http_upload;

/* Where a body goes that is pulled. */
typedef struct dbbi_http_down {
	dbbi_http_ring ring;
	dbbi_http_response head;	/* status and headers, once there is
					   something in the ring */
} dbbi_http_down;

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
	dbbi_http_upload *upload;	/* instead of `body`; NULL: none */
	uint64_t sent;			/* of either, handed to libcurl */
	dbbi_http_sink sink;
	void *payload;
	dbbi_http_down *down;		/* instead of `sink`; borrowed */
	unsigned stall_s, answer_s, total_s;

	int status;			/* of the last header; 0: none came */
	int head_whole;			/* it is, and no interim one */
	dbbi_bytes head;		/* "Name: value" NUL, of the last */
	size_t head_total;		/* of all, 1xx and trailers too */
	dbbi_bytes kept;
	int head_given;			/* to `down` */
	uint64_t sunk;
	uint64_t received;		/* of any body */

	atomic_int go_on;		/* any thread's */
	atomic_int stop;		/* any thread's: a dbbi_http_verdict */
	int held;			/* CURLPAUSE_…, until told to go on */
	int listened;			/* rather than sent, the last time */
	int paused;			/* CURLPAUSE_…, by a limit */
	uint64_t turn;			/* when it was last let go on */
	curl_socket_t socket;		/* CURL_SOCKET_BAD: not known */
	int stale;			/* it was not as it was left */
	int begun;			/* the connection is there */
	int answering;			/* only an answer is missing */
	uint64_t refused_ms;		/* early; 0: not */
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

/* ---- http.c ---- */

void dbbi_http_queue(dbbi_http_exchange *exchange);

/* ---- http_transfer.c ---- */

int dbbi_http_transfer_new(dbbi_http_exchange **out, dbbi_http *client,
    const dbbi_http_request *request, dbb_error *err);
void dbbi_http_transfer_free(dbbi_http_exchange *exchange);

/* ---- http_socket.c ---- */

/* Tell libcurl how sockets are made, and to look at a kept one before it is
 * used again: `stale` is set, and the transfer ends, when it is not as it was
 * left. Nonzero: out of memory. */
int dbbi_http_socket_set(dbbi_http_exchange *exchange);

/* Has the server said something that nobody has read? */
int dbbi_http_socket_readable(const dbbi_http_exchange *exchange);

/* What the kernel has taken and the server has not. */
uint64_t dbbi_http_socket_unsent(const dbbi_http_exchange *exchange);

/* ---- http_hold.c ---- */

/* For any thread: let it go on that was held; end it so. */
void dbbi_http_go_on(dbbi_http_exchange *exchange);
void dbbi_http_stop(dbbi_http_exchange *exchange, dbbi_http_verdict verdict);

/* For the engine: do as told; 0: it is to end. */
int dbbi_http_heed(dbbi_http_exchange *exchange);

/* ---- http_upload.c ---- */

int dbbi_http_upload_new(dbbi_http_upload **out,
    const dbbi_http_request *request, dbb_error *err);
void dbbi_http_upload_free(dbbi_http_upload *upload);

/* For who waits: read, and hand it on, until all is given or the exchange
 * ends. */
void dbbi_http_upload_feed(dbbi_http_exchange *exchange);

/* Why it failed. */
int dbbi_http_upload_report(const dbbi_http_upload *upload, dbb_error *err);

/* For the engine: some of the body, as a read callback of libcurl gives it;
 * has it all of it? and that nothing more is wanted. */
size_t dbbi_http_upload_give(dbbi_http_exchange *exchange, char *buffer,
    size_t size);
int dbbi_http_upload_given(const dbbi_http_upload *upload);
void dbbi_http_upload_close(dbbi_http_upload *upload);

/* ---- http_early.c ---- */

/* Does the server say that it refuses a body from a reader, before all of it
 * was sent? and has it said so, with a whole header? */
int dbbi_http_is_being_refused(const dbbi_http_exchange *exchange);
int dbbi_http_is_refused(const dbbi_http_exchange *exchange);

/* Is there nothing to wait for any more, and the answer what it is? */
int dbbi_http_refusal_is_whole(dbbi_http_exchange *exchange,
    uint64_t now_ms);

/* ---- http_rescue.c ---- */

/* Before the socket of a transfer is closed: read the refusal that lies there,
 * if sending failed first. */
void dbbi_http_rescue(dbbi_http_exchange *exchange, curl_socket_t fd);

/* ---- http_watch.c ---- */

/* Its turn has come. */
void dbbi_http_watch_begin(dbbi_http_exchange *exchange, uint64_t now_ms);

/* It is about to go on: what held it until now was no stall. */
void dbbi_http_watch_release(dbbi_http_exchange *exchange);

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
