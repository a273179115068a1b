/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http_internal.h"

/* As libcurl does by itself, but not for children of the program. */
static curl_socket_t
open_socket(void *of, curlsocktype purpose, struct curl_sockaddr *address)
{
	dbbi_http *client = of;
	curl_socket_t fd;

	(void)purpose;
	fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
	    address->protocol);
	if (fd < 0)
		return CURL_SOCKET_BAD;
	if (dbbi_bytes_add(&client->sockets, &fd, sizeof(fd), NULL) < 0) {
		close(fd);
		return CURL_SOCKET_BAD;
	}
	return fd;
}

/* Its number is another's from now on. */
static void
leave_socket(dbbi_http *client, curl_socket_t fd)
{
	dbbi_http_exchange *x;

	for (x = client->running; x != NULL; x = x->next) {
		if (x->socket != fd)
			continue;
		dbbi_http_rescue(x, fd);
		x->socket = CURL_SOCKET_BAD;
	}
}

static int
close_socket(void *of, curl_socket_t fd)
{
	dbbi_bytes *all = &((dbbi_http *)of)->sockets;
	curl_socket_t *at = (void *)all->data;
	curl_socket_t *end = at + all->size / sizeof(fd);

	leave_socket(of, fd);
	for (; at < end; at++) {
		if (*at != fd)
			continue;
		*at = end[-1];
		all->size -= sizeof(fd);
		break;
	}
	return close(fd);
}

/* -1: not of the internet. */
static int
port_of(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *v4 = (const void *)address;
	const struct sockaddr_in6 *v6 = (const void *)address;

	if (address->ss_family == AF_INET)
		return ntohs(v4->sin_port);
	if (address->ss_family == AF_INET6)
		return ntohs(v6->sin6_port);
	return -1;
}

static int
is_between(curl_socket_t fd, int local_port, int remote_port)
{
	struct sockaddr_storage local = { 0 }, remote = { 0 };
	socklen_t local_size = sizeof(local), remote_size = sizeof(remote);

	return getsockname(fd, (struct sockaddr *)&local, &local_size) == 0 &&
	    getpeername(fd, (struct sockaddr *)&remote, &remote_size) == 0 &&
	    port_of(&local) == local_port && port_of(&remote) == remote_port;
}

/* In the middle of a transfer libcurl tells its ports and not its socket. */
static curl_socket_t
find_socket(dbbi_http *client, int local_port, int remote_port)
{
	curl_socket_t *at = (void *)client->sockets.data;
	size_t i, count = client->sockets.size / sizeof(*at);

	for (i = 0; i < count; i++)
		if (is_between(at[i], local_port, remote_port))
			return at[i];
	return CURL_SOCKET_BAD;
}

int
dbbi_http_socket_readable(const dbbi_http_exchange *x)
{
	struct pollfd at = { .fd = x->socket, .events = POLLIN };

	return x->socket != CURL_SOCKET_BAD && poll(&at, 1, 0) > 0;
}

/*
 * What lies in a kept connection before anything was asked is no answer: the
 * server closed it, or sent more than the last answer's length, which libcurl
 * leaves there and would take for the answer to this request. (Through a Unix
 * socket there are no ports to know it by; who is behind it is trusted.)
 */
static int
look_before_use(void *exchange, char *remote, char *local, int remote_port,
    int local_port)
{
	dbbi_http_exchange *x = exchange;
	long connects = 0;

	(void)remote;
	(void)local;
	x->socket = find_socket(x->client, local_port, remote_port);
	if (x->socket == CURL_SOCKET_BAD || curl_easy_getinfo(x->easy,
	    CURLINFO_NUM_CONNECTS, &connects) != CURLE_OK || connects > 0 ||
	    !dbbi_http_socket_readable(x))
		return CURL_PREREQFUNC_OK;
	x->stale = 1;
	return CURL_PREREQFUNC_ABORT;
}

int
dbbi_http_socket_set(dbbi_http_exchange *x)
{
	CURL *easy = x->easy;
	int bad = 0;

	x->socket = CURL_SOCKET_BAD;
	bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, x->client);
	bad |= curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION,
	    close_socket);
	bad |= curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, x->client);
	bad |= curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, look_before_use);
	bad |= curl_easy_setopt(easy, CURLOPT_PREREQDATA, x);
	return bad;
}

uint64_t
dbbi_http_socket_unsent(const dbbi_http_exchange *x)
{
	int size = 0;

	if (x->socket == CURL_SOCKET_BAD ||
	    ioctl(x->socket, SIOCOUTQ, &size) != 0 || size < 0)
		return 0;
	return (uint64_t)size;
}
