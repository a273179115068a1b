/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/qd_private.h"

#include <stdlib.h>
#include <string.h>

#include "net/retry.h"
#include "util/clock.h"

#define CLEAN_S 30

/* A node that has never answered is not waited for: its address is wrong
 * rather than that it is away. */
static const dbbi_retry_policy when_new = { .times = 2, .for_s = 5,
    .first_ms = 200, .most_ms = 1000 };
static const dbbi_retry_policy when_known = { .times = 6, .for_s = 60,
    .first_ms = 200, .most_ms = 10000 };

/* One question, however often it is asked. */
struct question {
	const char *method;
	const char *path;
	const char *body;	/* JSON, or NULL */
	int patient;
};

/* ---- one try ---- */

/* Points are put whole, under their ids. */
static int
is_put_of_points(const struct question *q, size_t n)
{
	return strcmp(q->method, "PUT") == 0 && n > strlen("/points") &&
	    memcmp(q->path + n - strlen("/points"), "/points",
	    strlen("/points")) == 0;
}

/* Does asking twice do no harm, whatever became of the first time? */
static int
is_repeatable(const struct question *q)
{
	size_t n = strcspn(q->path, "?");
	static const char *const reading[] = { "/points/count",
	    "/points/scroll", "/points" };
	size_t i, size;

	if (strcmp(q->method, "GET") == 0 || is_put_of_points(q, n))
		return 1;
	for (i = 0; strcmp(q->method, "POST") == 0 &&
	    i < sizeof(reading) / sizeof(reading[0]); i++) {
		size = strlen(reading[i]);
		if (n > size && memcmp(q->path + n - size, reading[i],
		    size) == 0)
			return 1;
	}
	return 0;
}

static int
ask_once(dbbi_http_response *out, dbbi_qd *qd, const struct question *q,
    dbb_error *err)
{
	char *url = dbbi_qd_url(qd, q->path);
	dbbi_http_request request = {
		.method = q->method, .url = url, .headers = qd->headers,
		.body = q->body,
		.body_size = q->body != NULL ? strlen(q->body) : 0,
		.max_body = DBBI_QD_ANSWER_MAX,
		.stall_s = q->patient ? DBBI_QD_PATIENCE_S : 0,
		.total_s = qd->cleans ? CLEAN_S : 0,
	};
	int rc;

	memset(out, 0, sizeof(*out));
	if (url == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_http_do(out, qd->http, &request, err);
	free(url);
	if (rc == 0 && out->date_ms != 0)
		atomic_store(&qd->ahead_ms, out->date_ms - dbbi_now_ms());
	return rc;
}

/* There was no answer: may it be asked for again? */
static int
may_come(const struct question *q, const dbbi_http_response *response)
{
	switch (response->outcome) {
	case DBBI_HTTP_NO_HOST:
	case DBBI_HTTP_REFUSED:
		return 1;
	case DBBI_HTTP_TIMEOUT:
	case DBBI_HTTP_CUT:
		return is_repeatable(q);
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

/* A proxy's 502 does not say whether the request was heard. */
static int
is_worth_another(const dbbi_qd *qd, const struct question *q, int rc,
    const dbbi_http_response *response)
{
	if (q->patient || qd->cleans)
		return 0;
	if (rc < 0)
		return may_come(q, response);
	return dbbi_qd_answer_passes(response->status) &&
	    (response->status == 429 || response->status == 503 ||
	    is_repeatable(q));
}

/* ---- until there is an answer ---- */

/* 1: ask again. */
static int
wait_for_turn(dbbi_retry *retry, dbbi_qd *qd, const struct question *q,
    const dbbi_http_response *response, dbb_error *err)
{
	uint64_t after_ms = dbbi_retry_after_ms(dbbi_http_header(response,
	    "Retry-After"), dbbi_qd_now_ms(qd));

	retry->policy = atomic_load(&qd->reached) ? when_known : when_new;
	if (response->status != 0)
		dbbi_log(qd->run, DBB_LOG_INFO, "qdrant: %s %s: answered %d, "
		    "trying again", q->method, q->path, response->status);
	else
		dbbi_log(qd->run, DBB_LOG_INFO, "qdrant: %s %s: no answer, "
		    "trying again", q->method, q->path);
	return dbbi_retry_wait(retry, after_ms, qd->run, err);
}

static int
ask_until(dbbi_http_response *out, dbbi_qd *qd, const struct question *q,
    dbb_error *err)
{
	dbbi_retry retry = {0};
	dbb_error why;
	int rc, again;

	for (;;) {
		memset(&why, 0, sizeof(why));
		rc = ask_once(out, qd, q, &why);
		if (!is_worth_another(qd, q, rc, out))
			break;
		again = wait_for_turn(&retry, qd, q, out, err);
		if (again < 0) {
			dbbi_http_response_clear(out);
			return again;
		}
		if (again == 0)
			break;
		dbbi_http_response_clear(out);
	}
	if (rc == 0)
		atomic_store(&qd->reached, 1);
	else if (err != NULL)
		*err = why;
	return rc;
}

/* What is too long is no damage of anything that is stored. */
static int
explain_silence(const dbbi_http_response *response, int rc, dbb_error *err)
{
	if (response->outcome != DBBI_HTTP_TOO_BIG)
		return rc;
	if (err != NULL)
		err->code = DBB_EUNSUPPORTED;
	dbbi_error_hint(err, "no Qdrant answers so much to that question: see "
	    "that url is the right server");
	return DBB_EUNSUPPORTED;
}

/* An answer, of whatever status; `response` is to be cleared after DBB_OK. */
static int
ask_question(dbbi_http_response *response, dbbi_qd *qd,
    const struct question *q, dbb_error *err)
{
	int rc = ask_until(response, qd, q, err);

	if (rc < 0) {
		rc = explain_silence(response, rc, err);
		dbbi_http_response_clear(response);
	}
	return rc;
}

static int
ask(dbbi_json **result, dbbi_qd *qd, struct question *q,
    const dbbi_json *body, dbb_error *err)
{
	dbbi_json *answer = NULL, *copy = (dbbi_json *)(uintptr_t)body;
	dbbi_http_response response;
	int rc;

	if (body != NULL && (q->body = dbbi_json_text(copy)) == NULL)
		return dbbi_error_nomem(err);
	/* What has no body is sent once more by libcurl (net/http.h). */
	if (body == NULL && q->patient)
		q->body = "{}";
	if ((rc = ask_question(&response, qd, q, err)) < 0)
		return rc;
	rc = dbbi_qd_answer_body(&answer, qd, &response, err);
	dbbi_http_response_clear(&response);
	if (rc < 0)
		return rc;
	if (strcmp(q->path, "/") != 0)
		return dbbi_qd_answer_result(result, qd, answer, err);
	if (result != NULL)
		*result = answer;
	else
		dbbi_json_free(answer);
	return DBB_OK;
}

int
dbbi_qd_ask(dbbi_json **result, dbbi_qd *qd, const char *method,
    const char *path, const dbbi_json *body, dbb_error *err)
{
	struct question q = { .method = method, .path = path };

	return ask(result, qd, &q, body, err);
}

int
dbbi_qd_ask_patiently(dbbi_json **result, dbbi_qd *qd, const char *method,
    const char *path, const dbbi_json *body, dbb_error *err)
{
	struct question q = { .method = method, .path = path, .patient = 1 };

	return ask(result, qd, &q, body, err);
}

int
dbbi_qd_ask_text(dbbi_http_response *out, dbbi_qd *qd, const char *method,
    const char *path, const char *body, dbb_error *err)
{
	struct question q = { .method = method, .path = path, .body = body };
	int rc;

	if ((rc = ask_question(out, qd, &q, err)) < 0)
		return rc;
	if ((rc = dbbi_qd_answer_check(qd, out, err)) < 0)
		dbbi_http_response_clear(out);
	return rc;
}

/* ---- for requests that are more than a question ---- */

int64_t
dbbi_qd_now_ms(const dbbi_qd *qd)
{
	return dbbi_now_ms() + atomic_load(&qd->ahead_ms);
}

dbbi_http *
dbbi_qd_http(dbbi_qd *qd)
{
	return qd->http;
}

dbbi_run *
dbbi_qd_run(dbbi_qd *qd)
{
	return qd->run;
}

char *
dbbi_qd_url(const dbbi_qd *qd, const char *path)
{
	return dbbi_text_format("%s%s", qd->url, path);
}

const char *const *
dbbi_qd_headers(const dbbi_qd *qd)
{
	return qd->headers;
}
