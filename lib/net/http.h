/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http: requests to HTTP servers, many at once over few connections that are
 * kept and used again, by libcurl.
 *
 * A client has a thread of its own, the engine, on which every transfer
 * moves. Any number of threads may hand it requests; each waits for its own,
 * and one thread may have several under way.
 *
 * Every exchange ends, whatever the server does: connecting, silence, the
 * header and a body that is kept are bounded, and a cancel of `run` ends all
 * that is in flight. An answer is whole or it is not DBBI_HTTP_ANSWERED: a body
 * that is shorter than its Content-Length is DBBI_HTTP_CUT.
 *
 * HTTP/1.1 alone: several connections carry bulk faster than one of HTTP/2,
 * where all streams share one window of TCP. TLS is always verified. Redirects
 * are not followed. A proxy is used where the environment names one
 * (http_proxy in lower case, HTTPS_PROXY, ALL_PROXY, NO_PROXY), as libcurl's
 * manual says, unless `no_proxy` is set; nothing else is taken from it, and no
 * .netrc is read.
 *
 * A body may come from a reader, which may be slow: nothing counts as a stall
 * while the server has all that there is.
 *
 * A body is sent once at most. Where a kept connection turns out to be dead
 * before anything was answered, libcurl alone would repeat the request on a new
 * one, although the server may have taken it: with a body that is refused here
 * (DBBI_HTTP_CUT), and whoever made the request decides. A request without
 * body is repeated by libcurl, if nothing at all came back.
 */
#ifndef DBBI_HTTP_H
#define DBBI_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "util/reader.h"
#include "util/run.h"

typedef struct dbbi_http dbbi_http;
typedef struct dbbi_http_exchange dbbi_http_exchange;

typedef struct dbbi_http_options {
	unsigned connections;	/* at once, at most; what is more waits for
				   its turn. 0: 4 */
	const char *ca_file;	/* PEM: whom to trust instead of the system's
				   authorities; NULL: these */
	const char *unix_socket;	/* connect to this; NULL: TCP */
	int no_proxy;		/* whatever the environment says */
	uint64_t up_bytes_per_s;	/* of bodies, all connections together; */
	uint64_t down_bytes_per_s;	/* 0: no limit */
	unsigned connect_s;	/* to resolve, connect and shake hands; 0: 10 */
	unsigned stall_s;	/* give up a transfer whose bodies moved less
				   than 4 KiB for so long; 0: 30 */
} dbbi_http_options;

/* Options are copied; `run` is borrowed until dbbi_http_free. */
int dbbi_http_new(dbbi_http **out, const dbbi_http_options *options,
    dbbi_run *run, dbb_error *err);

/* Nothing may be in flight: each exchange was waited for. NULL is allowed. */
void dbbi_http_free(dbbi_http *client);

/* Take a piece of the body, on the engine's thread: while it runs nothing
 * else moves. Nonzero stops the transfer. */
typedef int (*dbbi_http_sink)(const void *data, size_t size, void *payload);

typedef struct dbbi_http_request {
	const char *method;
	const char *url;		/* http or https; sent as it is */
	const char *const *headers;	/* "Name: value", or "Name;" for an
					   empty one; NULL-ended, may be NULL */
	const void *body;	/* borrowed until the exchange was waited for */
	size_t body_size;
	dbbi_reader *upload;	/* instead: where the body comes from. Borrowed
				   as `body` is, and read by who waits for the
				   exchange */
	uint64_t upload_size;	/* 0: not known, it is sent in chunks */
	size_t ring_size;	/* bytes on their way between a reader and the
				   engine; 0: 1 MiB */
	dbbi_http_sink sink;	/* gets the body of a 2xx answer; NULL: it is
				   kept, as that of any other answer is */
	void *payload;
	size_t max_body;	/* of a body that is kept; 0: 64 KiB */
	unsigned stall_s;	/* other than the client's; 0: that */
	unsigned answer_s;	/* how long the server may be silent once it has
				   the request; 0: as `stall_s`, UINT_MAX: as
				   long as it likes */
	unsigned total_s;	/* for all of it, from its turn on; 0: no
				   bound but `stall_s` */
} dbbi_http_request;

typedef enum dbbi_http_outcome {
	DBBI_HTTP_ANSWERED,	/* the answer is whole, whatever it says */
	DBBI_HTTP_NO_HOST,	/* the name does not resolve */
	DBBI_HTTP_REFUSED,	/* no connection */
	DBBI_HTTP_TIMEOUT,	/* connecting, a stall, or `total_s` */
	DBBI_HTTP_CUT,		/* the connection broke before the end */
	DBBI_HTTP_TLS,		/* the server is not whom we trust, or TLS
				   failed otherwise */
	DBBI_HTTP_TOO_BIG,	/* header or kept body beyond their bounds */
	DBBI_HTTP_STOPPED,	/* by the sink */
	DBBI_HTTP_CANCELED,	/* by `run` */
	DBBI_HTTP_UPLOAD,	/* what was to be sent could not be read, or has
				   not the length that was said */
	DBBI_HTTP_OTHER		/* no HTTP, or the like */
} dbbi_http_outcome;

typedef struct dbbi_http_response {
	dbbi_http_outcome outcome;
	int status;		/* 0: none came */
	char *body;		/* what was kept, NUL-ended; never NULL after a
				   wait that was DBB_OK */
	size_t body_size;
	uint64_t received;	/* bytes that the sink took */
	int64_t date_ms;	/* the server's Date; 0: none */
	char *headers;		/* for dbbi_http_header */
	size_t headers_size;
} dbbi_http_response;

/* Hand over a request; all but the body and the payload is copied. */
int dbbi_http_start(dbbi_http_exchange **out, dbbi_http *client,
    const dbbi_http_request *request, dbb_error *err);

/*
 * Wait for its end, and release it. An `upload` is read here, from the moment
 * on that there is a connection, and no further than the server wants it: one
 * that refuses in the middle is heard, and then all that is left unread stays
 * so. (Such a refusal may lack the end of its body, when the server closed the
 * connection behind it; through TLS, where the server breaks off at once and
 * takes nothing more, it may be DBBI_HTTP_CUT.) What the reader says when it
 * fails is what the error says, and the server is left with a body that has no
 * end. A reader that blocks in its own read delays the return: however the
 * exchange ends, and canceled or not, it is only then that it is seen.
 *
 * DBB_OK: the answer is whole, its status may still be a refusal. Else the
 * error names host and port and has libcurl's words: DBB_ECONNECT (NO_HOST, REFUSED, TIMEOUT, TLS), DBB_EIO (CUT, OTHER),
 * DBB_EDAMAGED (TOO_BIG), DBB_ECANCELED (STOPPED, CANCELED). `out` is filled in
 * either case, to be cleared; its outcome tells what may be tried again.
 */
int dbbi_http_wait(dbbi_http_response *out, dbbi_http_exchange *exchange,
    dbb_error *err);

/* Both; `out` is to be cleared however it ends. */
int dbbi_http_do(dbbi_http_response *out, dbbi_http *client,
    const dbbi_http_request *request, dbb_error *err);

/* The first header of that name, in any case, without blanks around it; NULL:
 * none. Borrowed from the response. What a server says may be anything. */
const char *dbbi_http_header(const dbbi_http_response *response,
    const char *name);

/* The moment that such a header names, as Date does; 0: none, or no date. */
int64_t dbbi_http_header_ms(const dbbi_http_response *response,
    const char *name);

/* Release what it holds; zeroed or cleared ones are allowed. */
void dbbi_http_response_clear(dbbi_http_response *response);

#endif
