/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An answer that comes before all of a reader's body was sent. When it is a
 * refusal nothing more is sent, and what the server says is the answer, however
 * the connection ends: many servers close it behind a refusal, and what is on
 * its way to them then breaks it. libcurl alone would go on to send where the
 * server has said that it will close.
 */
#include <config.h>

#include "net/http_internal.h"

#define BODY_WAIT_MS 2000	/* for what belongs to a refusal */

int
dbbi_http_is_being_refused(const dbbi_http_exchange *x)
{
	return x->upload != NULL && x->status >= 300 &&
	    !dbbi_http_upload_given(x->upload);
}

int
dbbi_http_is_refused(const dbbi_http_exchange *x)
{
	return x->head_whole && dbbi_http_is_being_refused(x);
}

int
dbbi_http_refusal_is_whole(dbbi_http_exchange *x, uint64_t now_ms)
{
	curl_off_t length = -1;

	if (x->refused_ms == 0)
		x->refused_ms = now_ms;
	if (now_ms - x->refused_ms >= BODY_WAIT_MS)
		return 1;
	return curl_easy_getinfo(x->easy,
	    CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length) == CURLE_OK &&
	    length >= 0 && x->received >= (uint64_t)length;
}
