/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "source/qd_fetch.h"

#include <stdlib.h>
#include <string.h>

#include "net/http_reader.h"

#define STALL_S 60

static const dbbi_retry_policy when_cut = { .times = 10, .for_s = 300,
    .first_ms = 200, .most_ms = 30000 };

static const char is_another[] = "somebody deleted the snapshot, or took "
    "another one within the same second, which has the same name: run the "
    "backup again, and let no other program take any meanwhile";

/* No 2xx: why not? */
static int
refuse(dbbi_qd *qd, const dbbi_http_response *head, dbb_error *err)
{
	int rc;

	if (head->status == 404) {
		dbbi_error_set(err, DBB_ESOURCE, "the snapshot is not there "
		    "any more");
		dbbi_error_hint(err, "%s", is_another);
		return DBB_ESOURCE;
	}
	rc = dbbi_qd_take(NULL, qd, head, err);
	return rc < 0 ? rc : dbbi_error_set(err, DBB_ESOURCE, "the server "
	    "answered %d", head->status);
}

/* Might the same question be answered in a moment? */
static int
passes(int rc, const dbbi_http_response *head)
{
	if (rc < 0)
		return head->outcome == DBBI_HTTP_CUT ||
		    head->outcome == DBBI_HTTP_TIMEOUT ||
		    head->outcome == DBBI_HTTP_REFUSED;
	return head->status == 429 ||
	    (head->status >= 502 && head->status <= 504);
}

/* One try. `*again`: another one may end better. */
static int
fetch_once(dbbi_reader **out, int *again, dbbi_qd *qd, const char *url,
    dbb_error *err)
{
	dbbi_http_request request = { .method = "GET", .url = url,
	    .headers = dbbi_qd_headers(qd), .stall_s = STALL_S };
	dbbi_http_response head;
	int rc;

	rc = dbbi_http_reader_open(out, &head, dbbi_qd_http(qd), &request,
	    &when_cut, err);
	*again = passes(rc, &head);
	if (rc == 0 && *out == NULL)
		rc = refuse(qd, &head, err);
	dbbi_http_response_clear(&head);
	return rc;
}

int
dbbi_qd_fetch(dbbi_reader **out, dbbi_qd *qd, const char *path,
    dbb_error *err)
{
	dbbi_retry retry = { .policy = when_cut };
	char *url = dbbi_qd_url(qd, path);
	dbb_error why = {0};
	int rc, again, wait;

	if (url == NULL)
		return dbbi_error_nomem(err);
	while ((rc = fetch_once(out, &again, qd, url, &why)) < 0 && again) {
		wait = dbbi_retry_wait(&retry, 0, dbbi_qd_run(qd), &why);
		if (wait < 0)
			rc = wait;
		if (wait <= 0)
			break;
	}
	free(url);
	if (rc < 0 && err != NULL)
		*err = why;
	return rc;
}

void
dbbi_qd_fetch_advise(const dbbi_reader *reader, dbb_error *err)
{
	if (err == NULL || err->code == DBB_ECANCELED)
		return;
	if (dbbi_http_reader_outcome(reader) == DBBI_HTTP_ANSWERED)
		dbbi_error_hint(err, "%s", is_another);
	else
		dbbi_error_hint(err, "the connection broke again and again: "
		    "check that the server is well, and the network between; "
		    "then run the backup again");
}
