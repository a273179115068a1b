/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/http.h"

#include <stdlib.h>
#include <string.h>

#include "net/http_internal.h"
#include "util/clock.h"
#include "util/text.h"

#define CONNECTIONS 4
#define CONNECT_S 10
#define STALL_S 30
#define SECONDS_MAX 86400
#define SOCKETS_MAX ((size_t)65536)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode global;
static pthread_mutex_t closing = PTHREAD_MUTEX_INITIALIZER;

static void
init_libcurl(void)
{
	global = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static unsigned
seconds(unsigned value, unsigned otherwise)
{
	if (value == 0)
		return otherwise;
	return value > SECONDS_MAX ? SECONDS_MAX : value;
}

static int
copy_text(const char **to, const char *from, dbb_error *err)
{
	if (from == NULL)
		return DBB_OK;
	*to = dbbi_text_dup(from);
	return *to != NULL ? DBB_OK : dbbi_error_nomem(err);
}

static int
copy_options(dbbi_http *client, const dbbi_http_options *from, dbb_error *err)
{
	dbbi_http_options *to = &client->options;
	uint64_t now = dbbi_monotonic_ms();
	int rc;

	if ((rc = copy_text(&to->ca_file, from->ca_file, err)) < 0 ||
	    (rc = copy_text(&to->unix_socket, from->unix_socket, err)) < 0)
		return rc;
	to->connections = from->connections != 0 ? from->connections :
	    CONNECTIONS;
	to->connect_s = seconds(from->connect_s, CONNECT_S);
	to->stall_s = seconds(from->stall_s, STALL_S);
	to->no_proxy = from->no_proxy;
	dbbi_http_limit_init(&client->up, from->up_bytes_per_s, now);
	dbbi_http_limit_init(&client->down, from->down_bytes_per_s, now);
	return DBB_OK;
}

/* libcurl ignores SIGPIPE in the whole process while it closes what was kept,
 * and then sets it to what it was: two at once would leave it ignored. */
static void
close_connections(dbbi_http *client)
{
	pthread_mutex_lock(&closing);
	curl_multi_cleanup(client->multi);
	pthread_mutex_unlock(&closing);
}

static void
release(dbbi_http *client)
{
	close_connections(client);
	dbbi_bytes_clear(&client->sockets);
	pthread_mutex_destroy(&client->mutex);
	free((void *)(uintptr_t)client->options.ca_file);
	free((void *)(uintptr_t)client->options.unix_socket);
	free(client);
}

/* As many connections are kept as may be used at once. */
static int
make_multi(dbbi_http *client, dbb_error *err)
{
	client->multi = curl_multi_init();
	if (client->multi == NULL || curl_multi_setopt(client->multi,
	    CURLMOPT_MAXCONNECTS, (long)client->options.connections) !=
	    CURLM_OK)
		return dbbi_error_nomem(err);
	return DBB_OK;
}

int
dbbi_http_new(dbbi_http **out, const dbbi_http_options *options,
    dbbi_run *run, dbb_error *err)
{
	dbbi_http *client;
	int rc;

	pthread_once(&once, init_libcurl);
	if (global != CURLE_OK)
		return dbbi_error_set(err, DBB_EINTERNAL, "libcurl does not "
		    "start: %s", curl_easy_strerror(global));
	client = calloc(1, sizeof(*client));
	if (client == NULL)
		return dbbi_error_nomem(err);
	client->run = run;
	client->waiting_end = &client->waiting;
	dbbi_bytes_init(&client->sockets, SOCKETS_MAX * sizeof(curl_socket_t));
	pthread_mutex_init(&client->mutex, NULL);
	if ((rc = copy_options(client, options, err)) < 0 ||
	    (rc = make_multi(client, err)) < 0 ||
	    (rc = dbbi_thread_start(&client->engine, dbbi_http_engine, client,
	    err)) < 0) {
		release(client);
		return rc;
	}
	*out = client;
	return DBB_OK;
}

void
dbbi_http_free(dbbi_http *client)
{
	if (client == NULL)
		return;
	pthread_mutex_lock(&client->mutex);
	client->stop = 1;
	pthread_mutex_unlock(&client->mutex);
	curl_multi_wakeup(client->multi);
	pthread_join(client->engine, NULL);
	release(client);
}

void
dbbi_http_queue(dbbi_http_exchange *x)
{
	dbbi_http *client = x->client;

	pthread_mutex_lock(&client->mutex);
	*client->waiting_end = x;
	client->waiting_end = &x->next;
	pthread_mutex_unlock(&client->mutex);
	/* Is remembered until the engine's next poll. */
	curl_multi_wakeup(client->multi);
}

int
dbbi_http_start(dbbi_http_exchange **out, dbbi_http *client,
    const dbbi_http_request *request, dbb_error *err)
{
	dbbi_http_exchange *x = NULL;
	int rc;

	if ((rc = dbbi_http_transfer_new(&x, client, request, err)) < 0)
		return rc;
	dbbi_http_queue(x);
	*out = x;
	return DBB_OK;
}

int
dbbi_http_wait(dbbi_http_response *out, dbbi_http_exchange *x, dbb_error *err)
{
	dbbi_http *client = x->client;
	int rc;

	memset(out, 0, sizeof(*out));
	if (x->upload != NULL)
		dbbi_http_upload_feed(x);
	pthread_mutex_lock(&client->mutex);
	while (!x->done)
		pthread_cond_wait(&x->ended, &client->mutex);
	pthread_mutex_unlock(&client->mutex);
	out->outcome = dbbi_http_outcome_of(x);
	rc = dbbi_http_answer(out, x, err);
	if (rc == DBB_OK)
		rc = dbbi_http_report(x, out->outcome, err);
	else
		out->outcome = DBBI_HTTP_OTHER;
	dbbi_http_transfer_free(x);
	return rc;
}

int
dbbi_http_do(dbbi_http_response *out, dbbi_http *client,
    const dbbi_http_request *request, dbb_error *err)
{
	dbbi_http_exchange *x = NULL;
	int rc;

	memset(out, 0, sizeof(*out));
	out->outcome = DBBI_HTTP_OTHER;
	if ((rc = dbbi_http_start(&x, client, request, err)) < 0)
		return rc;
	return dbbi_http_wait(out, x, err);
}
