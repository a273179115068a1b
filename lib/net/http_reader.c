/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/http_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/http_internal.h"
#include "util/text.h"

#define PROGRESS_MIN ((uint64_t)64 << 10)	/* begins the tries anew */
#define AGAIN 1			/* not now, but perhaps later */

struct reader {
	dbbi_reader reader;
	dbbi_http *client;
	dbbi_http_request request;	/* strings are ours */
	dbbi_list headers;		/* the caller's */
	char *etag;			/* NULL: cannot be resumed */
	uint64_t total;			/* as the server said; of an etag */
	uint64_t at;			/* read */
	uint64_t tried_at;
	dbbi_retry retry;
	dbbi_http_exchange *x;		/* NULL: none under way */
	dbbi_http_down down;
	dbbi_http_outcome outcome;
	int over;
	dbb_error error;		/* once it has failed */
};

/* ---- one exchange ---- */

static int
begin(struct reader *r, const char *const *headers, dbb_error *err)
{
	int rc;

	r->request.headers = headers;
	if ((rc = dbbi_http_ring_init(&r->down.ring, r->request.ring_size,
	    err)) < 0)
		return rc;
	rc = dbbi_http_transfer_new(&r->x, r->client, &r->request, err);
	if (rc < 0) {
		dbbi_http_ring_clear(&r->down.ring);
		return rc;
	}
	r->x->down = &r->down;
	dbbi_http_queue(r->x);
	return DBB_OK;
}

/* Wait for its end; the ring is empty, or is not wanted. */
static int
end(dbbi_http_response *out, struct reader *r, dbb_error *err)
{
	int rc = dbbi_http_wait(out, r->x, err);

	r->outcome = out->outcome;
	r->x = NULL;
	dbbi_http_ring_clear(&r->down.ring);
	dbbi_http_response_clear(&r->down.head);
	return rc;
}

static void
stop(struct reader *r)
{
	dbbi_http_response unused;

	if (r->x == NULL)
		return;
	dbbi_http_stop(r->x, DBBI_HTTP_SINK_STOPPED);
	end(&unused, r, NULL);
	dbbi_http_response_clear(&unused);
}

/* Header and status, whatever they say. */
static int
wait_head(dbbi_http_response *out, struct reader *r, dbb_error *err)
{
	const uint8_t *at;

	if (dbbi_http_ring_wait_data(&at, &r->down.ring) == 0)
		return end(out, r, err);
	*out = r->down.head;
	memset(&r->down.head, 0, sizeof(r->down.head));
	return DBB_OK;
}

static int
is_success(int status)
{
	return status >= 200 && status <= 299;
}

/* ---- once more, from where it was cut ---- */

static int
may_resume(const struct reader *r)
{
	return r->etag != NULL && (r->outcome == DBBI_HTTP_CUT ||
	    r->outcome == DBBI_HTTP_TIMEOUT ||
	    r->outcome == DBBI_HTTP_REFUSED ||
	    r->outcome == DBBI_HTTP_NO_HOST);
}

static int
ask_rest(struct reader *r, dbb_error *err)
{
	char range[64], *match = dbbi_text_format("If-Match: %s", r->etag);
	const char **lines = calloc(r->headers.count + 3, sizeof(*lines));
	size_t i;
	int rc;

	snprintf(range, sizeof(range), "Range: bytes=%llu-",
	    (unsigned long long)r->at);
	if (match == NULL || lines == NULL) {
		rc = dbbi_error_nomem(err);
	} else {
		for (i = 0; i < r->headers.count; i++)
			lines[i] = r->headers.items[i];
		lines[i] = range;
		lines[i + 1] = match;
		rc = begin(r, lines, err);
	}
	free(lines);
	free(match);
	return rc;
}

static int
judge_part(const struct reader *r, const dbbi_http_response *head,
    dbb_error *err)
{
	const char *range = dbbi_http_header(head, "Content-Range");
	const char *etag = dbbi_http_header(head, "ETag");
	char want[96];

	if (etag != NULL && strcmp(etag, r->etag) != 0)
		return dbbi_error_set(err, DBB_EIO, "it was replaced while it "
		    "was read");
	snprintf(want, sizeof(want), "bytes %llu-%llu/%llu",
	    (unsigned long long)r->at, (unsigned long long)r->total - 1,
	    (unsigned long long)r->total);
	if (range == NULL || strcmp(range, want) != 0)
		return dbbi_error_set(err, DBB_EIO, "the server gave another "
		    "part than was asked for");
	return DBB_OK;
}

static int
judge_rest(const struct reader *r, const dbbi_http_response *head,
    dbb_error *err)
{
	if (head->status == 206)
		return judge_part(r, head, err);
	if (head->status == 404 || head->status == 412 || head->status == 416)
		return dbbi_error_set(err, DBB_EIO, "it was replaced or "
		    "deleted while it was read");
	if (head->status == 429 || head->status >= 500) {
		dbbi_error_set(err, DBB_EIO, "the connection broke, and then "
		    "the server answered %d", head->status);
		return AGAIN;
	}
	return dbbi_error_set(err, DBB_EIO, "the server did not go on where "
	    "the connection broke, but answered %d", head->status);
}

/* One try; `after_ms` is what the server asks to wait. */
static int
try_rest(uint64_t *after_ms, struct reader *r, dbb_error *err)
{
	dbbi_http_response head = { 0 };
	int rc;

	if ((rc = ask_rest(r, err)) < 0)
		return rc;
	if ((rc = wait_head(&head, r, err)) < 0)
		rc = may_resume(r) ? AGAIN : rc;
	else
		rc = judge_rest(r, &head, err);
	*after_ms = dbbi_retry_after_ms(dbbi_http_header(&head,
	    "Retry-After"), head.date_ms);
	dbbi_http_response_clear(&head);
	if (rc != DBB_OK)
		stop(r);
	return rc;
}

/* `err` says why it was cut, and goes on saying so when that is the end. */
static int
resume(struct reader *r, int rc, dbb_error *err)
{
	uint64_t after_ms = 0;
	dbb_error wait;
	int go;

	if (!may_resume(r))
		return rc;
	if (r->at - r->tried_at >= PROGRESS_MIN)
		r->retry.failures = 0;
	r->tried_at = r->at;
	do {
		go = dbbi_retry_wait(&r->retry, after_ms, r->client->run,
		    &wait);
		if (go < 0)
			*err = wait;
		if (go <= 0)
			return go < 0 ? go : err->code;
		rc = try_rest(&after_ms, r, err);
	} while (rc == AGAIN);
	return rc;
}

/* ---- the reader ---- */

static int
is_short(const struct reader *r)
{
	return r->etag != NULL && r->at < r->total;
}

static int
is_complete(const struct reader *r)
{
	return r->etag != NULL && r->at == r->total;
}

/* The exchange gives nothing more. How it ended is no matter when all is
 * there: no server has anything behind that. */
static int
end_or_resume(struct reader *r, dbb_error *err)
{
	dbbi_http_response response = { 0 };
	int rc = DBB_OK;

	if (r->x != NULL)
		rc = end(&response, r, err);
	dbbi_http_response_clear(&response);
	if (is_complete(r))
		rc = DBB_OK;
	if (rc == DBB_OK && is_short(r)) {
		r->outcome = DBBI_HTTP_CUT;
		rc = dbbi_error_set(err, DBB_EIO, "the server gave less than "
		    "it said");
	}
	if (rc < 0)
		return resume(r, rc, err);
	r->over = 1;
	return rc;
}

static int
take(size_t *got, struct reader *r, const uint8_t *from, size_t there,
    void *buffer, size_t size, dbb_error *err)
{
	if (size > there)
		size = there;
	if (r->etag != NULL && size > r->total - r->at)
		return dbbi_error_set(err, DBB_EIO, "the server gave more "
		    "than it said");
	memcpy(buffer, from, size);
	if (dbbi_http_ring_take(&r->down.ring, size))
		dbbi_http_go_on(r->x);
	r->at += size;
	*got = size;
	return DBB_OK;
}

static int
read_some(size_t *got, struct reader *r, void *buffer, size_t size,
    dbb_error *err)
{
	const uint8_t *from;
	size_t there;
	int rc;

	while (!r->over) {
		there = r->x == NULL ? 0 :
		    dbbi_http_ring_wait_data(&from, &r->down.ring);
		if (there > 0)
			return take(got, r, from, there, buffer, size, err);
		if ((rc = end_or_resume(r, err)) < 0)
			return rc;
	}
	*got = 0;
	return DBB_OK;
}

static int
read_body(size_t *got, dbbi_reader *reader, void *buffer, size_t size,
    dbb_error *err)
{
	struct reader *r = (struct reader *)reader;
	int rc = r->error.code;

	if (rc == DBB_OK)
		rc = read_some(got, r, buffer, size, &r->error);
	if (rc < 0 && err != NULL)
		*err = r->error;
	if (rc == DBB_OK)
		dbbi_error_clear(&r->error);
	return rc;
}

static void
free_reader(dbbi_reader *reader)
{
	struct reader *r = (struct reader *)reader;
	size_t i;

	stop(r);
	for (i = 0; i < r->headers.count; i++)
		dbbi_wipe(r->headers.items[i], strlen(r->headers.items[i]));
	dbbi_list_clear(&r->headers);
	free((void *)(uintptr_t)r->request.url);
	free((void *)(uintptr_t)r->request.method);
	free(r->etag);
	free(r);
}

/* ---- opening ---- */

static int
copy_request(struct reader *r, const dbbi_http_request *from, dbb_error *err)
{
	const char *const *line = from->headers;
	int rc = DBB_OK;

	r->request = *from;
	r->request.url = dbbi_text_dup(from->url);
	r->request.method = dbbi_text_dup(from->method);
	if (r->request.url == NULL || r->request.method == NULL)
		return dbbi_error_nomem(err);
	for (; rc == DBB_OK && line != NULL && *line != NULL; line++)
		rc = dbbi_list_add(&r->headers, *line, err);
	return rc;
}

/* What is needed to go on: which one it is, and how long. */
static int
note_identity(struct reader *r, const dbbi_http_response *head,
    const dbbi_retry_policy *policy, dbb_error *err)
{
	const char *etag = dbbi_http_header(head, "ETag");
	const char *length = dbbi_http_header(head, "Content-Length");

	if (policy == NULL || head->status != 200 || etag == NULL ||
	    etag[0] != '"' || length == NULL ||
	    dbbi_parse_u64(&r->total, length, 1, INT64_MAX) != 0)
		return DBB_OK;
	r->retry.policy = *policy;
	r->etag = dbbi_text_dup(etag);
	return r->etag != NULL ? DBB_OK : dbbi_error_nomem(err);
}

int
dbbi_http_reader_open(dbbi_reader **out, dbbi_http_response *head,
    dbbi_http *client, const dbbi_http_request *request,
    const dbbi_retry_policy *policy, dbb_error *err)
{
	struct reader *r = calloc(1, sizeof(*r));
	int rc;

	memset(head, 0, sizeof(*head));
	head->outcome = DBBI_HTTP_OTHER;
	if (r == NULL)
		return dbbi_error_nomem(err);
	r->reader.read = read_body;
	r->reader.free = free_reader;
	r->client = client;
	if ((rc = copy_request(r, request, err)) < 0 ||
	    (rc = begin(r, request->headers, err)) < 0 ||
	    (rc = wait_head(head, r, err)) < 0 ||
	    (rc = note_identity(r, head, policy, err)) < 0)
		goto done;
	*out = NULL;
	if (is_success(head->status)) {
		*out = &r->reader;
		r = NULL;
	}
done:
	if (r != NULL)
		free_reader(&r->reader);
	return rc;
}

dbbi_http_outcome
dbbi_http_reader_outcome(const dbbi_reader *reader)
{
	return ((const struct reader *)reader)->outcome;
}
