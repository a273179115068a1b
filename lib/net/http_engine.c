/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <limits.h>
#include <stdatomic.h>

#include "net/http_internal.h"
#include "util/clock.h"

#define LOOK_MS 1000		/* at the running ones, at least so often */
#define AWAY_MS 1000		/* a sink that took longer made all wait */

/* It is in no list any more; whoever waits may release it at once. */
static void
tell_end(dbbi_http *client, dbbi_http_exchange *x)
{
	if (x->upload != NULL)
		dbbi_http_upload_close(x->upload);
	if (x->down != NULL)
		dbbi_http_ring_close(&x->down->ring);
	pthread_mutex_lock(&client->mutex);
	x->done = 1;
	pthread_cond_signal(&x->ended);
	pthread_mutex_unlock(&client->mutex);
}

static void
end_running(dbbi_http *client, dbbi_http_exchange *x)
{
	dbbi_http_exchange **at = &client->running;

	while (*at != NULL && *at != x)
		at = &(*at)->next;
	if (*at != NULL)
		*at = x->next;
	client->running_count--;
	/* In the middle of a transfer this closes its connection. */
	curl_multi_remove_handle(client->multi, x->easy);
	tell_end(client, x);
}

static void
end_as(dbbi_http *client, dbbi_http_exchange *x, dbbi_http_verdict verdict)
{
	x->verdict = verdict;
	end_running(client, x);
}

static dbbi_http_exchange *
next_waiting(dbbi_http *client, int *stop)
{
	dbbi_http_exchange *x;

	pthread_mutex_lock(&client->mutex);
	*stop = client->stop;
	x = client->waiting;
	if (x != NULL) {
		client->waiting = x->next;
		if (x->next == NULL)
			client->waiting_end = &client->waiting;
	}
	pthread_mutex_unlock(&client->mutex);
	return x;
}

static void
begin(dbbi_http *client, dbbi_http_exchange *x)
{
	x->next = client->running;
	client->running = x;
	client->running_count++;
	dbbi_http_watch_begin(x, dbbi_monotonic_ms());
	if (curl_multi_add_handle(client->multi, x->easy) != CURLM_OK)
		end_as(client, x, DBBI_HTTP_ENGINE_FAILED);
}

/* As many as there are connections: the rest waits here, where no time of
 * theirs passes. Returns 0 once the client is to end. */
static int
begin_waiting(dbbi_http *client)
{
	dbbi_http_exchange *x;
	int stop = 0;

	while (client->running_count < client->options.connections) {
		x = next_waiting(client, &stop);
		if (x == NULL)
			break;
		begin(client, x);
	}
	return !stop;
}

/* On a new connection; nothing was sent on the other. */
static void
begin_again(dbbi_http *client, dbbi_http_exchange *x)
{
	x->stale = 0;
	x->words[0] = '\0';
	curl_multi_remove_handle(client->multi, x->easy);
	if (curl_easy_setopt(x->easy, CURLOPT_FRESH_CONNECT, 1L) != CURLE_OK ||
	    curl_multi_add_handle(client->multi, x->easy) != CURLM_OK)
		end_as(client, x, DBBI_HTTP_ENGINE_FAILED);
}

static void
end_finished(dbbi_http *client)
{
	dbbi_http_exchange *x = NULL;
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
		if (message->msg != CURLMSG_DONE || curl_easy_getinfo(
		    message->easy_handle, CURLINFO_PRIVATE, &x) != CURLE_OK)
			continue;
		x->code = message->data.result;
		if (x->code != CURLE_OK && x->verdict == DBBI_HTTP_GOES_ON &&
		    dbbi_http_is_refused(x))
			x->verdict = DBBI_HTTP_ANSWERED_EARLY;
		if (x->stale)
			begin_again(client, x);
		else
			end_running(client, x);
	}
}

/* Do what other threads say, and end what was refused. */
static void
heed_others(dbbi_http *client)
{
	uint64_t now = dbbi_monotonic_ms();
	dbbi_http_exchange *x, *following;

	for (x = client->running; x != NULL; x = following) {
		following = x->next;
		if (dbbi_http_is_refused(x) &&
		    dbbi_http_refusal_is_whole(x, now))
			end_as(client, x, DBBI_HTTP_ANSWERED_EARLY);
		else if (!dbbi_http_heed(x))
			end_running(client, x);
	}
}

static void
end_all(dbbi_http *client, dbbi_http_verdict verdict)
{
	while (client->running != NULL)
		end_as(client, client->running, verdict);
}

/* Returns the moment at which to look again. */
static uint64_t
end_hopeless(dbbi_http *client, uint64_t away_ms)
{
	uint64_t now = dbbi_monotonic_ms(), next = now + LOOK_MS, at;
	dbbi_http_exchange *x, *following;

	for (x = client->running; x != NULL; x = following) {
		following = x->next;
		if (away_ms > AWAY_MS)
			x->moved_ms += away_ms;
		at = dbbi_http_watch(x, now);
		if (x->verdict != DBBI_HTTP_GOES_ON)
			end_running(client, x);
		else if (at < next)
			next = at;
	}
	return next;
}

/* What is still held after this, as CURLPAUSE_… */
static int
still_held(dbbi_http *client, uint64_t now, uint64_t *next)
{
	uint64_t up = dbbi_http_limit_wait(&client->up, now);
	uint64_t down = dbbi_http_limit_wait(&client->down, now);

	if (up > 0 && now + up < *next)
		*next = now + up;
	if (down > 0 && now + down < *next)
		*next = now + down;
	return (up > 0 ? CURLPAUSE_SEND : 0) | (down > 0 ? CURLPAUSE_RECV : 0);
}

/* Whom a limit held longest of those that may move now. */
static dbbi_http_exchange *
next_held(dbbi_http *client, int held)
{
	dbbi_http_exchange *x, *found = NULL;

	for (x = client->running; x != NULL; x = x->next)
		if ((x->paused & ~held) != 0 &&
		    (found == NULL || x->turn < found->turn))
			found = x;
	return found;
}

/* Let one go on that a limit held; if it leaves something of what may move,
 * the next follows at once. */
static uint64_t
release_held(dbbi_http *client, uint64_t next)
{
	uint64_t now = dbbi_monotonic_ms(), soon = next;
	int held = still_held(client, now, &soon);
	dbbi_http_exchange *x;

	for (x = client->running; x != NULL; x = x->next)
		if (x->paused != 0)
			next = soon;
	x = next_held(client, held);
	if (x == NULL)
		return next;
	x->turn = ++client->turns;
	x->paused &= held;
	/* Gives what libcurl has kept meanwhile, and loses it on failure. */
	x->code = curl_easy_pause(x->easy, x->paused | x->held);
	if (x->code != CURLE_OK)
		end_running(client, x);
	return now;
}

static void
wait_for_more(dbbi_http *client, uint64_t until)
{
	struct curl_waitfd wake = { .fd = dbbi_run_wake_fd(client->run),
	    .events = CURL_WAIT_POLLIN };
	uint64_t now = dbbi_monotonic_ms();
	int ms = INT_MAX;

	/* With nothing to cancel a canceled run would not let us sleep; who
	 * starts a transfer wakes us. */
	if (client->running == NULL) {
		curl_multi_poll(client->multi, NULL, 0, ms, NULL);
		return;
	}
	ms = until <= now ? 0 : (int)(until - now);
	curl_multi_poll(client->multi, &wake, 1, ms, NULL);
}

/* One round: everything moves as far as it can. */
static uint64_t
move_all(dbbi_http *client)
{
	uint64_t before = dbbi_monotonic_ms();
	int running;

	if (dbbi_run_check(client->run, NULL) < 0)
		end_all(client, DBBI_HTTP_RUN_CANCELED);
	if (curl_multi_perform(client->multi, &running) != CURLM_OK)
		end_all(client, DBBI_HTTP_ENGINE_FAILED);
	end_finished(client);
	heed_others(client);
	return release_held(client,
	    end_hopeless(client, dbbi_monotonic_ms() - before));
}

void *
dbbi_http_engine(void *argument)
{
	dbbi_http *client = argument;
	uint64_t next;

	for (next = 0; begin_waiting(client); next = move_all(client))
		wait_for_more(client, next);
	return NULL;
}
