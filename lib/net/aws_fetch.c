/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/aws_fetch.h"

#include <stdio.h>
#include <string.h>

#include "net/retry.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/text.h"

#define SHOWN_SIZE 200		/* of a body that is no answer */

void
dbbi_aws_fetch_clear(dbbi_http_response *response)
{
	if (response->body != NULL)
		dbbi_wipe(response->body, response->body_size);
	dbbi_http_response_clear(response);
}

/* May the same request end well a little later? */
static int
may_pass(const dbbi_http_response *response)
{
	switch (response->outcome) {
	case DBBI_HTTP_ANSWERED:
		return response->status == 429 || response->status >= 500;
	case DBBI_HTTP_NO_HOST:
	case DBBI_HTTP_REFUSED:
	case DBBI_HTTP_TIMEOUT:
	case DBBI_HTTP_CUT:
		return 1;
	case DBBI_HTTP_TLS:
	case DBBI_HTTP_TOO_BIG:
	case DBBI_HTTP_STOPPED:
	case DBBI_HTTP_CANCELED:
	case DBBI_HTTP_UPLOAD:
	case DBBI_HTTP_OTHER:
	default:
		return 0;
	}
}

/* Ask until that is no use any more. */
static int
ask(dbbi_http_response *out, dbbi_http *client,
    const dbbi_http_request *request, unsigned retries, dbbi_run *run,
    dbb_error *err)
{
	dbbi_retry retry = { .policy = DBBI_RETRY_POLICY_INIT };
	uint64_t after_ms;
	int rc, again;

	retry.policy.times = retries;
	for (;;) {
		rc = dbbi_http_do(out, client, request, err);
		if (!may_pass(out))
			return rc;
		after_ms = dbbi_retry_after_ms(
		    dbbi_http_header(out, "Retry-After"), dbbi_now_ms());
		again = dbbi_retry_wait(&retry, after_ms, run, err);
		if (again <= 0)
			return again < 0 ? again : rc;
		dbbi_aws_fetch_clear(out);
	}
}

int
dbbi_aws_fetch_do(dbbi_http_response *out, const dbbi_aws_fetch *fetch,
    dbbi_run *run, dbb_error *err)
{
	const dbbi_http_options options = { .connections = 1,
	    .ca_file = fetch->ca_file, .no_proxy = fetch->no_proxy,
	    .connect_s = fetch->connect_s };
	const dbbi_http_request request = { .method = fetch->method,
	    .url = fetch->url, .headers = fetch->headers, .body = fetch->body,
	    .body_size = fetch->body != NULL ? strlen(fetch->body) : 0,
	    .total_s = fetch->total_s };
	dbbi_http *client = NULL;
	int rc;

	memset(out, 0, sizeof(*out));
	if ((rc = dbbi_http_new(&client, &options, run, err)) < 0)
		return rc;
	rc = ask(out, client, &request, fetch->retries, run, err);
	dbbi_http_free(client);
	return rc;
}

int
dbbi_aws_fetch_refused(const dbbi_http_response *response, dbb_error *err)
{
	char text[SHOWN_SIZE], *s;

	snprintf(text, sizeof(text), "%s", response->body != NULL ?
	    response->body : "");
	for (s = text; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = ' ';
	dbbi_text_make_utf8(text);
	return dbbi_error_set(err, DBB_EAUTH, "it answered %d: %s",
	    response->status, dbbi_text_trim(text));
}

int
dbbi_aws_fetch_is_word(const char *text)
{
	const char *s;

	for (s = text; *s != '\0'; s++)
		if (*s <= ' ' || *s >= 0x7f)
			return 0;
	return s > text;
}
