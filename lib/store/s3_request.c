/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/s3.h"

#include <stdlib.h>
#include <string.h>

#include "net/sigv4.h"
#include "store/s3_correct.h"
#include "store/s3_fault.h"
#include "store/s3_lock.h"
#include "store/s3_text.h"
#include "util/clock.h"
#include "util/config.h"

#define UNREACHED_TIMES 3	/* for a server that has never answered: its
				   name is wrong rather than it is away */
#define AWAY_STALL_S 5		/* instead of the usual 30: for one that was
				   given up before */
#define DEFAULT_REGION "us-east-1"

int64_t
dbbi_s3_now_ms(dbbi_s3 *s3)
{
	int64_t ahead;

	pthread_mutex_lock(&s3->mutex);
	ahead = s3->clock_ms;
	pthread_mutex_unlock(&s3->mutex);
	return dbbi_now_ms() + ahead;
}

/* The region to sign for, as is known by now; to free(3). */
static char *
current_region(dbbi_s3 *s3)
{
	char *region;

	pthread_mutex_lock(&s3->mutex);
	region = dbbi_text_dup(s3->region != NULL ? s3->region :
	    DEFAULT_REGION);
	pthread_mutex_unlock(&s3->mutex);
	return region;
}

/* ---- one try ---- */

static int
collect_headers(dbbi_list *out, const dbbi_s3_call *call, int64_t now_ms,
    dbb_error *err)
{
	const char *const *h = call->request.headers;
	int rc;

	rc = dbbi_s3_headers_for(out, &call->s3->settings,
	    call->request.action, err);
	if (rc == DBB_OK && call->request.lock)
		rc = dbbi_s3_lock_headers(out, &call->s3->settings, now_ms,
		    err);
	for (; rc == DBB_OK && h != NULL && *h != NULL; h++)
		rc = dbbi_list_add(out, *h, err);
	return rc;
}

static int
sign(dbbi_list *out, dbbi_s3_call *call, const dbbi_s3_target *target,
    dbb_error *err)
{
	const dbbi_s3_request *r = &call->request;
	int64_t now_ms = dbbi_s3_now_ms(call->s3);
	char hash[DBBI_SHA256_HEX];
	dbbi_list headers = {0};
	dbbi_sigv4_request signing = {
		.method = r->method, .host = target->host,
		.path = target->path, .query = r->query,
		.payload_hash = hash, .region = call->region,
		.service = "s3",
	};
	int rc;

	if (r->unsigned_body)
		signing.payload_hash = DBBI_SIGV4_UNSIGNED;
	else
		dbbi_hex_encode(hash, call->sha256, sizeof(call->sha256));
	dbbi_aws_keys_clear(&call->keys);
	if ((rc = collect_headers(&headers, call, now_ms, err)) == 0 &&
	    (rc = dbbi_aws_credentials_get(&call->keys,
	    call->s3->credentials, now_ms, err)) == 0) {
		signing.headers = (const char *const *)headers.items;
		rc = dbbi_sigv4_sign(out, &signing, &call->keys, now_ms,
		    err);
	}
	dbbi_config_settings_clear(&headers);
	return rc;
}

static int
send_signed(dbbi_s3_call *call, const dbbi_s3_target *target,
    const dbbi_list *headers, dbb_error *err)
{
	const dbbi_s3_request *r = &call->request;
	dbbi_http_request request = {
		.method = r->method, .url = target->url,
		.headers = (const char *const *)headers->items,
		.body = r->body, .body_size = r->body_size,
		.sink = r->sink, .payload = r->payload,
		.max_body = r->max_body,
		.stall_s = atomic_load(&call->s3->away) ? AWAY_STALL_S : 0,
	};

	return dbbi_http_start(&call->exchange, call->s3->http, &request,
	    err);
}

static int
start_try(dbbi_s3_call *call, dbb_error *err)
{
	dbbi_s3_target target = {0};
	dbbi_list headers = {0};
	int rc;

	call->tries++;
	free(call->region);
	if ((call->region = current_region(call->s3)) == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_s3_target_make(&target, call->s3, call->region,
	    call->request.name, call->request.query, err);
	if (rc == 0 && (rc = sign(&headers, call, &target, err)) == 0)
		rc = send_signed(call, &target, &headers, err);
	dbbi_s3_target_clear(&target);
	dbbi_config_settings_clear(&headers);
	return rc;
}

static void
clear_call(dbbi_s3_call *call)
{
	dbbi_aws_keys_clear(&call->keys);
	free(call->region);
	call->region = NULL;
}

int
dbbi_s3_begin(dbbi_s3_call *call, dbbi_s3 *s3,
    const dbbi_s3_request *request, dbb_error *err)
{
	int rc = DBB_OK;

	memset(call, 0, sizeof(*call));
	call->s3 = s3;
	call->request = *request;
	call->retry.policy = s3->settings.retry;
	if (request->sha256 != NULL)
		memcpy(call->sha256, request->sha256, sizeof(call->sha256));
	else if (!request->unsigned_body)
		rc = dbbi_sha256_of(call->sha256, request->body != NULL ?
		    request->body : "", request->body_size, err);
	if (rc == 0)
		rc = start_try(call, err);
	if (rc < 0)
		clear_call(call);
	return rc;
}

/* ---- its end ---- */

int
dbbi_s3_wait(dbbi_s3 *s3, dbbi_retry *retry, uint64_t after_ms,
    dbb_error *err)
{
	int again;

	if (atomic_load(&s3->away))
		return 0;
	again = dbbi_retry_wait(retry, after_ms, s3->run, err);
	if (again == 0)
		atomic_store(&s3->away, 1);
	return again;
}

/* There was no answer: might there be one later? */
static int
judge_silence(dbbi_s3_call *call, const dbbi_http_response *response)
{
	switch (response->outcome) {
	case DBBI_HTTP_TIMEOUT:
	case DBBI_HTTP_CUT:
		call->lost = 1;
		return 1;
	case DBBI_HTTP_NO_HOST:
	case DBBI_HTTP_REFUSED:
		if (!atomic_load(&call->s3->reached) &&
		    call->retry.policy.times > UNREACHED_TIMES)
			call->retry.policy.times = UNREACHED_TIMES;
		return 1;
	case DBBI_HTTP_ANSWERED:
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

/* Judge one answer: DBB_OK, or what is wrong. `*again` is whether something
 * was put right, so that it is worth a try at once. */
static int
judge(int *again, dbbi_s3_call *call, const dbbi_http_response *response,
    dbb_error *err)
{
	dbbi_s3_fault fault;

	*again = 0;
	call->status = response->status;
	atomic_store(&call->s3->reached, 1);
	if (response->status >= 200 && response->status < 300) {
		if (!dbbi_s3_fault_in(&fault, response)) {
			atomic_store(&call->s3->away, 0);
			return DBB_OK;
		}
	} else {
		dbbi_s3_fault_read(&fault, response);
	}
	*again = dbbi_s3_correct(call, &fault, response);
	call->passes = dbbi_s3_fault_passes(&fault);
	if (!call->passes)
		atomic_store(&call->s3->away, 0);
	/* What failed inside the server may be done all the same. */
	if (fault.status >= 500 || fault.status == 200)
		call->lost = 1;
	return dbbi_s3_fault_report(&fault, call->s3, call->request.action,
	    err);
}

static const char *
shown_name(const dbbi_s3_call *call)
{
	return call->request.name != NULL ? call->request.name :
	    call->s3->url.bucket;
}

/* Wait before the next try: 1, 0 when no more is to be tried. */
static int
wait_for_turn(dbbi_s3_call *call, const dbbi_http_response *response,
    const dbb_error *why, dbb_error *err)
{
	uint64_t after_ms = dbbi_retry_after_ms(dbbi_http_header(response,
	    "Retry-After"), response->date_ms != 0 ? response->date_ms :
	    dbbi_now_ms());

	dbbi_log(call->s3->run, DBB_LOG_INFO, "s3: %s '%s': %s; trying again "
	    "(%u of %u)", call->request.method, shown_name(call),
	    why->message, call->retry.failures + 1,
	    call->retry.policy.times);
	return dbbi_s3_wait(call->s3, &call->retry, after_ms, err);
}

static int
give_up(dbbi_s3_call *call, int rc, dbb_error *err)
{
	uint64_t s;

	if (call->retry.failures == 0)
		return rc;
	s = (dbbi_monotonic_ms() - call->retry.failed_at_ms) / 1000;
	return dbbi_error_context(err, rc, "given up after %u tries in %llu s",
	    call->tries, (unsigned long long)s);
}

/* Wait for one try's end: 1 when another is under way. */
static int
end_try(dbbi_http_response *out, dbbi_s3_call *call, dbb_error *err)
{
	dbb_error why = {0};
	int again = 0, rc, waited;

	call->passes = 0;
	call->status = 0;
	rc = dbbi_http_wait(out, call->exchange, &why);
	call->exchange = NULL;
	if (rc < 0)
		call->passes = judge_silence(call, out);
	else
		rc = judge(&again, call, out, &why);
	if (rc == DBB_OK)
		return DBB_OK;
	if (!again && call->passes && !call->request.once) {
		waited = wait_for_turn(call, out, &why, err);
		if (waited < 0)
			return waited;
		again = waited;
	}
	if (again) {
		dbbi_http_response_clear(out);
		rc = start_try(call, err);
		return rc < 0 ? rc : 1;
	}
	if (err != NULL)
		*err = why;
	return give_up(call, rc, err);
}

int
dbbi_s3_end(dbbi_http_response *out, dbbi_s3_call *call, dbb_error *err)
{
	int rc;

	memset(out, 0, sizeof(*out));
	do
		rc = end_try(out, call, err);
	while (rc > 0);
	clear_call(call);
	return rc;
}

int
dbbi_s3_do(dbbi_http_response *out, dbbi_s3 *s3,
    const dbbi_s3_request *request, dbb_error *err)
{
	dbbi_s3_call call;
	int rc;

	memset(out, 0, sizeof(*out));
	if ((rc = dbbi_s3_begin(&call, s3, request, err)) < 0)
		return rc;
	return dbbi_s3_end(out, &call, err);
}
