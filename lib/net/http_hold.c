/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What other threads tell the engine about one transfer: go on, or stop. It is
 * told by flags and a wake-up, which libcurl remembers until the next poll.
 */
#include <config.h>

#include "net/http_internal.h"

void
dbbi_http_go_on(dbbi_http_exchange *x)
{
	atomic_store(&x->go_on, 1);
	curl_multi_wakeup(x->client->multi);
}

void
dbbi_http_stop(dbbi_http_exchange *x, dbbi_http_verdict verdict)
{
	atomic_store(&x->stop, (int)verdict);
	curl_multi_wakeup(x->client->multi);
}

int
dbbi_http_heed(dbbi_http_exchange *x)
{
	int stop = atomic_load(&x->stop);

	if (stop != DBBI_HTTP_GOES_ON) {
		x->verdict = (dbbi_http_verdict)stop;
		return 0;
	}
	/* Once what is refused is held it goes on no more. */
	if (!atomic_exchange(&x->go_on, 0) || x->held == 0)
		return 1;
	dbbi_http_watch_release(x);
	x->held = 0;
	x->code = curl_easy_pause(x->easy, x->paused);
	return x->code == CURLE_OK;
}
