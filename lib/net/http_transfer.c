/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "net/http_internal.h"
#include "util/clock.h"
#include "util/text.h"

#define BUFFER_SIZE (512L << 10)
#define EXPECT_MIN ((size_t)1 << 20)	/* from here on the server is asked
					   before a body is sent */
#define KEPT_DEFAULT ((size_t)64 << 10)
#define IDLE_S 30L			/* then the connection is probed, */
#define PROBE_S 10L			/* so often */

static size_t
give_own(dbbi_http_exchange *x, char *buffer, size_t size)
{
	if (size > x->body_size - x->sent)
		size = x->body_size - (size_t)x->sent;
	if (size > 0)
		memcpy(buffer, x->body + x->sent, size);
	return size;
}

static size_t
give_body(char *buffer, size_t size, size_t count, void *exchange)
{
	dbbi_http_exchange *x = exchange;
	dbbi_http_limit *limit = &x->client->up;

	if (dbbi_http_limit_wait(limit, dbbi_monotonic_ms()) > 0) {
		x->paused |= CURLPAUSE_SEND;
		return CURL_READFUNC_PAUSE;
	}
	size *= count;
	if (limit->rate != 0 && size > DBBI_HTTP_LIMIT_PIECE)
		size = DBBI_HTTP_LIMIT_PIECE;
	if (x->upload != NULL)
		size = dbbi_http_upload_give(x, buffer, size);
	else
		size = give_own(x, buffer, size);
	if (size == CURL_READFUNC_PAUSE)
		return size;
	x->sent += size;
	dbbi_http_limit_take(limit, size);
	return size;
}

/* libcurl goes back to the beginning to send all once more. */
static int
rewind_body(void *exchange, curl_off_t offset, int origin)
{
	dbbi_http_exchange *x = exchange;

	if (x->sent == 0 && offset == 0 && origin == SEEK_SET)
		return CURL_SEEKFUNC_OK;
	x->verdict = DBBI_HTTP_SENT_BEFORE;
	return CURL_SEEKFUNC_FAIL;
}

static int
bad_url(dbb_error *err, const char *why)
{
	/* The URL is not shown: it may be signed, or have a password. */
	return dbbi_error_set(err, DBB_EINVAL, "this is no URL of a web "
	    "server: %s", why);
}

static char *
place_of(const char *host, const char *port, const char *unix_socket)
{
	if (unix_socket == NULL)
		return dbbi_text_format("'%s:%s'", host, port);
	return dbbi_text_format("'%s:%s' at '%s'", host, port, unix_socket);
}

/* The scheme is checked here, and redirects are not followed: no other
 * protocol of libcurl's can come into play. */
static int
find_place(dbbi_http_exchange *x, const char *url, dbb_error *err)
{
	char *scheme = NULL, *host = NULL, *port = NULL;
	CURLU *u = curl_url();
	int rc = DBB_OK;

	if (u == NULL)
		return dbbi_error_nomem(err);
	if (curl_url_set(u, CURLUPART_URL, url, CURLU_PATH_AS_IS |
	    CURLU_DISALLOW_USER) != CURLUE_OK)
		rc = bad_url(err, "it cannot be parsed, or names a user");
	else if (curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
		rc = bad_url(err, "it begins with neither 'http://' nor "
		    "'https://'");
	else if (curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) !=
	    CURLUE_OK)
		rc = bad_url(err, "it names no host");
	else if ((x->place = place_of(host, port,
	    x->client->options.unix_socket)) == NULL)
		rc = dbbi_error_nomem(err);
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
	return rc;
}

static int
add_header(dbbi_http_exchange *x, const char *line, dbb_error *err)
{
	struct curl_slist *more;

	if (strpbrk(line, "\r\n") != NULL)
		return dbbi_error_set(err, DBB_EINVAL,
		    "a header has a line break");
	more = curl_slist_append(x->headers, line);
	if (more == NULL)
		return dbbi_error_nomem(err);
	x->headers = more;
	return DBB_OK;
}

static int
add_headers(dbbi_http_exchange *x, const dbbi_http_request *request,
    dbb_error *err)
{
	const char *const *line = request->headers;
	int rc = DBB_OK;

	if (request->upload != NULL || request->body_size < EXPECT_MIN)
		rc = add_header(x, "Expect:", err);
	for (; rc == DBB_OK && line != NULL && *line != NULL; line++)
		rc = add_header(x, *line, err);
	return rc;
}

static int
set_method(CURL *easy, const dbbi_http_request *request)
{
	const char *method = request->method;
	curl_off_t size = (curl_off_t)request->body_size;
	int bad = 0;

	if (request->upload != NULL)
		size = request->upload_size != 0 ?
		    (curl_off_t)request->upload_size : -1;

	if (strcmp(method, "HEAD") == 0)
		return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L) != CURLE_OK;
	if (size != 0 || strcmp(method, "PUT") == 0 ||
	    strcmp(method, "POST") == 0) {
		bad |= curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L) != CURLE_OK;
		bad |= curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
		    size) != CURLE_OK;
	}
	bad |= curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method) !=
	    CURLE_OK;
	return bad;
}

static int
set_callbacks(dbbi_http_exchange *x)
{
	CURL *easy = x->easy;
	int bad = 0;

	bad |= curl_easy_setopt(easy, CURLOPT_PRIVATE, x);
	bad |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, x->words);
	bad |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION,
	    dbbi_http_take_header);
	bad |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, x);
	bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION,
	    dbbi_http_take_body);
	bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
	bad |= curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_body);
	bad |= curl_easy_setopt(easy, CURLOPT_READDATA, x);
	bad |= curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, rewind_body);
	bad |= curl_easy_setopt(easy, CURLOPT_SEEKDATA, x);
	bad |= dbbi_http_socket_set(x);
	return bad;
}

static int
set_connection(CURL *easy, const dbbi_http_options *o)
{
	int bad = 0;

	bad |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	bad |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_1_1);
	bad |= curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	bad |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)o->connect_s * 1000);
	/* A resolver that hangs is left to itself, not waited for. */
	bad |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	bad |= curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	bad |= curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, IDLE_S);
	bad |= curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, PROBE_S);
	bad |= curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, BUFFER_SIZE);
	bad |= curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, BUFFER_SIZE);
	bad |= curl_easy_setopt(easy, CURLOPT_SSLVERSION,
	    (long)CURL_SSLVERSION_TLSv1_2);
	if (o->ca_file != NULL) {
		bad |= curl_easy_setopt(easy, CURLOPT_CAINFO, o->ca_file);
		bad |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	if (o->no_proxy)
		bad |= curl_easy_setopt(easy, CURLOPT_PROXY, "");
	if (o->unix_socket != NULL)
		bad |= curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH,
		    o->unix_socket);
	return bad;
}

static int
set_request(dbbi_http_exchange *x, const dbbi_http_request *request)
{
	CURL *easy = x->easy;
	int bad = set_method(easy, request);

	bad |= curl_easy_setopt(easy, CURLOPT_URL, request->url);
	bad |= curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	bad |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, x->headers);
	bad |= curl_easy_setopt(easy, CURLOPT_USERAGENT,
	    PACKAGE_NAME "/" PACKAGE_VERSION);
	return bad;
}

/* All setopt can lack is memory. */
static int
set_all(dbbi_http_exchange *x, const dbbi_http_request *request,
    dbb_error *err)
{
	if (set_callbacks(x) != 0 ||
	    set_connection(x->easy, &x->client->options) != 0 ||
	    set_request(x, request) != 0)
		return dbbi_error_nomem(err);
	return DBB_OK;
}

static void
copy_request(dbbi_http_exchange *x, const dbbi_http_request *request)
{
	size_t most = request->max_body;

	if (most == 0)
		most = KEPT_DEFAULT;
	if (most > SIZE_MAX / 4)
		most = SIZE_MAX / 4;
	x->body = request->body;
	x->body_size = request->body_size;
	x->sink = request->sink;
	x->payload = request->payload;
	x->stall_s = request->stall_s != 0 ? request->stall_s :
	    x->client->options.stall_s;
	x->answer_s = request->answer_s != 0 ? request->answer_s : x->stall_s;
	x->total_s = request->total_s;
	dbbi_bytes_init(&x->head, SIZE_MAX / 4);
	dbbi_bytes_init(&x->kept, most + 1);
}

int
dbbi_http_transfer_new(dbbi_http_exchange **out, dbbi_http *client,
    const dbbi_http_request *request, dbb_error *err)
{
	dbbi_http_exchange *x = calloc(1, sizeof(*x));
	int rc;

	if (x == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_cond_init(&x->ended, err);
	if (rc < 0) {
		free(x);
		return rc;
	}
	x->client = client;
	copy_request(x, request);
	if (request->upload != NULL &&
	    (rc = dbbi_http_upload_new(&x->upload, request, err)) < 0)
		goto done;
	if ((rc = find_place(x, request->url, err)) < 0 ||
	    (rc = add_headers(x, request, err)) < 0)
		goto done;
	if ((x->easy = curl_easy_init()) == NULL) {
		rc = dbbi_error_nomem(err);
		goto done;
	}
	if ((rc = set_all(x, request, err)) < 0)
		goto done;
	*out = x;
	x = NULL;
done:
	dbbi_http_transfer_free(x);
	return rc;
}

/* Headers carry signatures and tokens. */
static void
wipe_headers(struct curl_slist *line)
{
	for (; line != NULL; line = line->next)
		dbbi_wipe(line->data, strlen(line->data));
}

void
dbbi_http_transfer_free(dbbi_http_exchange *x)
{
	if (x == NULL)
		return;
	curl_easy_cleanup(x->easy);
	dbbi_http_upload_free(x->upload);
	wipe_headers(x->headers);
	curl_slist_free_all(x->headers);
	dbbi_bytes_clear(&x->head);
	dbbi_bytes_clear(&x->kept);
	pthread_cond_destroy(&x->ended);
	free(x->place);
	free(x);
}
