/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "http_fixture.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define HEAD_MAX 65536
#define BLOCK 16384

struct record {
	char *head;
	unsigned char *body;
	size_t body_size;
	unsigned connection;
	int cut;
};

struct connection {
	http_server *server;
	struct connection *next;
	pthread_t thread;
	unsigned number;
	int fd;
	SSL *ssl;
	char head[HEAD_MAX];
	size_t used;		/* of `head`, read and not yet taken */
};

struct http_server {
	http_server_options options;
	SSL_CTX *tls;
	char url[64];
	unsigned port;
	int listener;
	int stop[2];		/* a pipe: readable once all is to end */
	pthread_t thread;
	pthread_mutex_t mutex;
	struct connection *connections;
	unsigned accepted;
	http_answer *script;
	size_t script_size, script_at;
	struct record *seen;
	unsigned seen_count;
};

/* ---- bytes in and out ---- */

/* 0 once the server is to end, or nothing comes within `ms`. */
static int
await(struct connection *c, short events, int ms)
{
	struct pollfd fds[2] = { { .fd = c->fd, .events = events },
	    { .fd = c->server->stop[0], .events = POLLIN } };

	if (poll(fds, 2, ms) <= 0)
		return 0;
	return fds[1].revents == 0;
}

static ssize_t
take(struct connection *c, void *buffer, size_t size)
{
	if (c->ssl != NULL) {
		if (SSL_pending(c->ssl) == 0 && !await(c, POLLIN, -1))
			return -1;
		return SSL_read(c->ssl, buffer, (int)size);
	}
	if (!await(c, POLLIN, -1))
		return -1;
	return recv(c->fd, buffer, size, 0);
}

static int
give(struct connection *c, const void *data, size_t size)
{
	const char *at = data;
	ssize_t n;

	for (; size > 0; at += n, size -= (size_t)n) {
		if (c->ssl != NULL) {
			n = SSL_write(c->ssl, at, (int)size);
		} else {
			if (!await(c, POLLOUT, -1))
				return -1;
			n = send(c->fd, at, size, MSG_NOSIGNAL | MSG_DONTWAIT);
			if (n < 0 && errno == EAGAIN)
				n = 0;
		}
		if (n < 0 || (n == 0 && c->ssl != NULL))
			return -1;
	}
	return 0;
}

static int
give_text(struct connection *c, const char *text)
{
	return give(c, text, strlen(text));
}

/* Until the client goes away. */
static void
be_silent(struct connection *c, int deaf)
{
	char block[BLOCK];

	if (deaf) {
		await(c, POLLRDHUP, -1);
		return;
	}
	while (take(c, block, sizeof(block)) > 0)
		;
}

/* So that closing resets the connection. */
static void
prepare_reset(struct connection *c)
{
	const struct linger hard = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
}

static void
give_for_ever(struct connection *c, const char *text, size_t pause_ms)
{
	for (;;) {
		if (give_text(c, text) != 0)
			return;
		if (pause_ms > 0 && await(c, POLLRDHUP, (int)pause_ms))
			return;
		if (poll(&(struct pollfd){ .fd = c->server->stop[0],
		    .events = POLLIN }, 1, 0) > 0)
			return;
	}
}

/* ---- requests ---- */

/* The head's size in the buffer, blank line included; 0: the end. */
static size_t
take_head(struct connection *c)
{
	char *end;
	ssize_t n;

	for (;;) {
		c->head[c->used] = '\0';
		end = strstr(c->head, "\r\n\r\n");
		if (end != NULL)
			return (size_t)(end - c->head) + 4;
		if (c->used == sizeof(c->head) - 1)
			return 0;
		n = take(c, c->head + c->used, sizeof(c->head) - 1 - c->used);
		if (n <= 0)
			return 0;
		c->used += (size_t)n;
	}
}

static int
header_of(char *out, size_t room, const char *head, const char *name)
{
	size_t size = strlen(name);
	const char *line = head;
	int n;

	while ((line = strstr(line, "\r\n")) != NULL) {
		line += 2;
		if (strncasecmp(line, name, size) != 0 || line[size] != ':')
			continue;
		line += size + 1;
		line += strspn(line, " \t");
		n = (int)strcspn(line, "\r");
		snprintf(out, room, "%.*s", n, line);
		return 1;
	}
	return 0;
}

static size_t
body_size_of(const char *head)
{
	char text[32];

	if (!header_of(text, sizeof(text), head, "Content-Length"))
		return 0;
	return strtoull(text, NULL, 10);
}

/* `to` NULL: only count. */
static int
take_body(struct connection *c, unsigned char *to, size_t size,
    size_t pause_ms)
{
	char block[BLOCK];
	size_t part = c->used < size ? c->used : size, at;
	ssize_t n;

	if (to != NULL)
		memcpy(to, c->head, part);
	memmove(c->head, c->head + part, c->used - part);
	c->used -= part;
	for (at = part; at < size; at += (size_t)n) {
		part = size - at < BLOCK ? size - at : BLOCK;
		n = take(c, to != NULL ? (void *)(to + at) : block, part);
		if (n <= 0)
			return -1;
		usleep((useconds_t)pause_ms * 1000);
	}
	return 0;
}

/* One line, without its end, from the connection; -1: it ends first. */
static int
take_line(struct connection *c, char *line, size_t room)
{
	size_t used = 0;

	while (used < room - 1) {
		if (take_body(c, (unsigned char *)line + used, 1, 0) != 0)
			return -1;
		if (line[used] == '\n')
			break;
		used++;
	}
	line[used] = '\0';
	line[strcspn(line, "\r")] = '\0';
	return 0;
}

/* A body in chunks, up to the one that is the last; -1: it has no end. */
static int
take_chunks(struct connection *c, struct record *r, size_t pause_ms)
{
	unsigned char *to;
	char line[64];
	size_t size;

	for (;;) {
		if (take_line(c, line, sizeof(line)) != 0)
			return -1;
		size = strtoull(line, NULL, 16);
		if (size == 0)
			return take_line(c, line, sizeof(line));
		if (!c->server->options.forgets)
			r->body = realloc(r->body, r->body_size + size + 1);
		to = r->body != NULL ? r->body + r->body_size : NULL;
		if (take_body(c, to, size, pause_ms) != 0 ||
		    take_line(c, line, sizeof(line)) != 0)
			return -1;
		r->body_size += size;
	}
}

static void
remember(http_server *s, const struct record *r)
{
	pthread_mutex_lock(&s->mutex);
	s->seen = realloc(s->seen, (s->seen_count + 1) * sizeof(*s->seen));
	s->seen[s->seen_count++] = *r;
	pthread_mutex_unlock(&s->mutex);
}

/* The next of the script, if there is one. */
static int
next_answer(http_answer *out, http_server *s)
{
	int found;

	memset(out, 0, sizeof(*out));
	pthread_mutex_lock(&s->mutex);
	found = s->script_at < s->script_size;
	if (found)
		*out = s->script[s->script_at++];
	pthread_mutex_unlock(&s->mutex);
	return found;
}

/* ---- answers ---- */

static int
give_header(struct connection *c, const http_answer *a, size_t size)
{
	const char *more = a->headers != NULL ? a->headers : "";
	char line[128];

	snprintf(line, sizeof(line), "HTTP/1.1 %d Said So\r\n",
	    a->status != 0 ? a->status : 200);
	if (give_text(c, line) != 0 || give_text(c, more) != 0)
		return -1;
	if (strcasestr(more, "Content-Length:") == NULL &&
	    strcasestr(more, "Transfer-Encoding:") == NULL) {
		snprintf(line, sizeof(line), "Content-Length: %zu\r\n", size);
		if (give_text(c, line) != 0)
			return -1;
	}
	return give_text(c, "\r\n");
}

/* Instead of an answer; 0: none of these. */
static int
misbehave(struct connection *c, const http_answer *a, size_t size)
{
	static const char chunk[] = "10\r\n0123456789abcdef\r\n";

	switch ((int)a->fault) {
	case HTTP_RESET:
		prepare_reset(c);
		return 1;
	case HTTP_CLOSE:
		return 1;
	case HTTP_DEAF:
	case HTTP_SILENT:
		be_silent(c, a->fault == HTTP_DEAF);
		return 1;
	case HTTP_RAW:
		give(c, a->body, size);
		return 1;
	case HTTP_LONG_LINE:
		give_text(c, "HTTP/1.1 200 OK\r\nX: ");
		give_for_ever(c, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0);
		return 1;
	case HTTP_ENDLESS_HEADERS:
		give_text(c, "HTTP/1.1 200 OK\r\n");
		give_for_ever(c, "X-Header: one more of the same\r\n", 0);
		return 1;
	case HTTP_ENDLESS_CONTINUE:
		give_for_ever(c, "HTTP/1.1 100 Continue\r\n\r\n", a->at);
		return 1;
	case HTTP_DRIBBLE_HEADER:
		give_text(c, "HTTP/1.1 200 OK\r\nX: ");
		give_for_ever(c, "x", a->at);
		return 1;
	case HTTP_ENDLESS_BODY:
		give_text(c, "HTTP/1.1 200 OK\r\n"
		    "Transfer-Encoding: chunked\r\n\r\n");
		give_for_ever(c, chunk, 0);
		return 1;
	default:
		return 0;
	}
}

/* In one piece: what comes later nobody can tell from the next answer. And
 * apart from the header, so that it is not read with it. */
static int
give_longer(struct connection *c, const char *body, size_t size)
{
	static const char more[] = "HTTP/1.1 200 Smuggled\r\n"
	    "Content-Length: 5\r\n\r\nwrong";
	char *all = malloc(size + sizeof(more));
	int rc;

	memcpy(all, body, size);
	memcpy(all + size, more, sizeof(more));
	usleep(50000);
	rc = give(c, all, size + sizeof(more) - 1);
	free(all);
	return rc;
}

static int
is_early(const http_answer *a)
{
	return a->fault == HTTP_EARLY || a->fault == HTTP_DEAF ||
	    a->fault == HTTP_EARLY_MIDDLE ||
	    a->fault == HTTP_EARLY_POLITE || a->fault == HTTP_RESET_EARLY;
}

/* Is the connection to be used again? */
static int
answer(struct connection *c, const http_answer *a, int head_only)
{
	const char *body = a->body != NULL ? a->body : "";
	size_t size = a->body_size != 0 ? a->body_size : strlen(body);
	size_t part = a->at < size ? a->at : size;

	if (a->delay_ms > 0 && await(c, POLLRDHUP, (int)a->delay_ms))
		return 0;
	if (misbehave(c, a, size) || give_header(c, a, size) != 0)
		return 0;
	if (head_only)
		return 1;
	switch ((int)a->fault) {
	case HTTP_CUT_RESET:
	case HTTP_CUT:
	case HTTP_STALL:
		give(c, body, part);
		if (a->fault == HTTP_STALL)
			be_silent(c, 0);
		if (a->fault == HTTP_CUT_RESET)
			prepare_reset(c);
		return 0;
	case HTTP_DRIBBLE_BODY:
		give_for_ever(c, "x", a->at);
		return 0;
	case HTTP_LONGER:
		return give_longer(c, body, size) == 0;
	default:
		return give(c, body, size) == 0 && !is_early(a);
	}
}

/* The body, after the head was taken out of the buffer. */
static int
take_rest(struct connection *c, struct record *r, const http_answer *a)
{
	char text[32];

	if (header_of(text, sizeof(text), r->head, "Expect") &&
	    give_text(c, "HTTP/1.1 100 Continue\r\n\r\n") != 0)
		return -1;
	if (header_of(text, sizeof(text), r->head, "Transfer-Encoding"))
		return take_chunks(c, r, a->fault == HTTP_SLOW ? a->at : 0);
	if (!c->server->options.forgets)
		r->body = malloc(r->body_size + 1);
	return take_body(c, r->body, r->body_size,
	    a->fault == HTTP_SLOW ? a->at : 0);
}

static void
be_early(struct connection *c, const http_answer *a)
{
	unsigned char *block = malloc(a->at + 1);

	if (a->fault != HTTP_EARLY)
		take_body(c, block, a->at, 0);
	free(block);
	if (a->fault == HTTP_RESET_EARLY)
		prepare_reset(c);
	else
		answer(c, a, 0);
	if (a->fault == HTTP_EARLY_POLITE)
		be_silent(c, 0);
}

/* One request; is another to follow? */
static int
serve(struct connection *c)
{
	http_server *s = c->server;
	struct record r = { .connection = c->number };
	http_answer a;
	http_seen seen;
	size_t size = take_head(c);
	int scripted;

	if (size == 0)
		return 0;
	r.head = strndup(c->head, size);
	r.body_size = body_size_of(r.head);
	memmove(c->head, c->head + size, c->used - size);
	c->used -= size;
	scripted = next_answer(&a, s);
	if (scripted && is_early(&a)) {
		remember(s, &r);
		be_early(c, &a);
		return 0;
	}
	r.cut = take_rest(c, &r, &a) != 0;
	remember(s, &r);
	if (r.cut)
		return 0;
	seen = (http_seen){ r.head, r.body, r.body_size, r.connection, 0 };
	if (!scripted && s->options.handler != NULL)
		s->options.handler(&a, &seen, s->options.payload);
	return answer(c, &a, strncmp(r.head, "HEAD ", 5) == 0);
}

/* ---- connections ---- */

static int
shake_hands(struct connection *c)
{
	if (c->server->tls == NULL)
		return 0;
	c->ssl = SSL_new(c->server->tls);
	SSL_set_fd(c->ssl, c->fd);
	return SSL_accept(c->ssl) == 1 ? 0 : -1;
}

static void *
connection_thread(void *argument)
{
	struct connection *c = argument;

	if (shake_hands(c) == 0)
		while (serve(c))
			;
	if (c->ssl != NULL)
		SSL_free(c->ssl);
	close(c->fd);
	return NULL;
}

static void
accept_one(http_server *s)
{
	struct connection *c = calloc(1, sizeof(*c));
	const struct timeval slow = { .tv_sec = 20 };
	int one = 1;

	c->server = s;
	c->fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
	if (c->fd < 0) {
		free(c);
		return;
	}
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &slow, sizeof(slow));
	setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &slow, sizeof(slow));
	pthread_mutex_lock(&s->mutex);
	c->number = ++s->accepted;
	c->next = s->connections;
	s->connections = c;
	pthread_mutex_unlock(&s->mutex);
	if (pthread_create(&c->thread, NULL, connection_thread, c) != 0)
		abort();
}

static void *
listener_thread(void *argument)
{
	http_server *s = argument;
	struct pollfd fds[2] = { { .fd = s->listener, .events = POLLIN },
	    { .fd = s->stop[0], .events = POLLIN } };
	sigset_t pipe_set;

	sigemptyset(&pipe_set);
	sigaddset(&pipe_set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_set, NULL);
	while (poll(fds, 2, -1) > 0 && fds[1].revents == 0)
		accept_one(s);
	return NULL;
}

static void
listen_at_socket(http_server *s)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(at.sun_path, sizeof(at.sun_path), "%s",
	    s->options.unix_socket);
	s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(s->listener, (struct sockaddr *)&at,
	    sizeof(at)), 0);
	snprintf(s->url, sizeof(s->url), "http://localhost");
}

static void
listen_at_port(http_server *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);

	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->options.receive_buffer != 0)
		setsockopt(s->listener, SOL_SOCKET, SO_RCVBUF,
		    &s->options.receive_buffer, sizeof(int));
	ck_assert_int_eq(bind(s->listener, (struct sockaddr *)&at,
	    sizeof(at)), 0);
	ck_assert_int_eq(getsockname(s->listener, (struct sockaddr *)&at,
	    &size), 0);
	s->port = ntohs(at.sin_port);
	snprintf(s->url, sizeof(s->url), "%s:%u", s->tls != NULL ?
	    "https://localhost" : "http://127.0.0.1", s->port);
}

static void
load_certificate(http_server *s)
{
	s->tls = SSL_CTX_new(TLS_server_method());
	ck_assert_ptr_nonnull(s->tls);
	ck_assert_int_eq(SSL_CTX_use_certificate_file(s->tls,
	    s->options.certificate, SSL_FILETYPE_PEM), 1);
	ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(s->tls, s->options.key,
	    SSL_FILETYPE_PEM), 1);
}

http_server *
http_server_start(const http_server_options *options)
{
	http_server *s = calloc(1, sizeof(*s));

	ck_assert_ptr_nonnull(s);
	if (options != NULL)
		s->options = *options;
	if (s->options.certificate != NULL)
		load_certificate(s);
	if (s->options.unix_socket != NULL)
		listen_at_socket(s);
	else
		listen_at_port(s);
	ck_assert_int_eq(listen(s->listener, 128), 0);
	ck_assert_int_eq(pipe(s->stop), 0);
	pthread_mutex_init(&s->mutex, NULL);
	ck_assert_int_eq(pthread_create(&s->thread, NULL, listener_thread, s),
	    0);
	return s;
}

static void
free_all(http_server *s)
{
	unsigned i;

	for (i = 0; i < s->seen_count; i++) {
		free(s->seen[i].head);
		free(s->seen[i].body);
	}
	free(s->seen);
	free(s->script);
	SSL_CTX_free(s->tls);
	pthread_mutex_destroy(&s->mutex);
	free(s);
}

void
http_server_stop(http_server *s)
{
	struct connection *c;

	close(s->stop[1]);	/* makes the other end readable */
	pthread_join(s->thread, NULL);
	close(s->listener);
	while ((c = s->connections) != NULL) {
		s->connections = c->next;
		pthread_join(c->thread, NULL);
		free(c);
	}
	close(s->stop[0]);
	free_all(s);
}

const char *
http_server_url(const http_server *s)
{
	return s->url;
}

unsigned
http_server_port(const http_server *s)
{
	return s->port;
}

void
http_server_add(http_server *s, const http_answer *a, unsigned times)
{
	pthread_mutex_lock(&s->mutex);
	s->script = realloc(s->script,
	    (s->script_size + times) * sizeof(*s->script));
	while (times-- > 0)
		s->script[s->script_size++] = *a;
	pthread_mutex_unlock(&s->mutex);
}

unsigned
http_server_connections(http_server *s)
{
	unsigned n;

	pthread_mutex_lock(&s->mutex);
	n = s->accepted;
	pthread_mutex_unlock(&s->mutex);
	return n;
}

unsigned
http_server_count(http_server *s)
{
	unsigned n;

	pthread_mutex_lock(&s->mutex);
	n = s->seen_count;
	pthread_mutex_unlock(&s->mutex);
	return n;
}

http_seen
http_server_seen(http_server *s, unsigned n)
{
	http_seen seen;

	pthread_mutex_lock(&s->mutex);
	ck_assert_uint_lt(n, s->seen_count);
	seen = (http_seen){ s->seen[n].head, s->seen[n].body,
	    s->seen[n].body_size, s->seen[n].connection, s->seen[n].cut };
	pthread_mutex_unlock(&s->mutex);
	return seen;
}

const char *
http_seen_header(const http_seen *seen, const char *name)
{
	static char values[4][1024];
	static unsigned turn;
	char *value = values[turn++ % 4];

	if (!header_of(value, sizeof(values[0]), seen->head, name))
		return NULL;
	return value;
}
