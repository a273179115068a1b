/* SPDX-License-Identifier: BSD-2-Clause */
/* aws_fetch: one request to a service that gives keys. */
#ifndef DBBI_AWS_FETCH_H
#define DBBI_AWS_FETCH_H

#include "net/http.h"

typedef struct dbbi_aws_fetch {
	const char *method, *url;
	const char *const *headers;	/* NULL-ended; may be NULL */
	const char *body;		/* may be NULL */
	const char *ca_file;		/* whom to trust; NULL: the system's */
	int no_proxy;			/* the service is beside this machine:
					   a proxy would see its keys, or give
					   those of its own machine */
	unsigned connect_s, total_s;	/* of each try; as in http.h */
	unsigned retries;		/* of what may pass */
} dbbi_aws_fetch;

/* As dbbi_http_do: `out` is to be cleared however it ends, here by
 * dbbi_aws_fetch_clear, which wipes. */
int dbbi_aws_fetch_do(dbbi_http_response *out, const dbbi_aws_fetch *fetch,
    dbbi_run *run, dbb_error *err);
void dbbi_aws_fetch_clear(dbbi_http_response *response);

/* Say that the status is not what was hoped for, with the body's first
 * words. DBB_EAUTH. */
int dbbi_aws_fetch_refused(const dbbi_http_response *response,
    dbb_error *err);

/* May it stand in a header? Something, and nothing but visible ASCII. */
int dbbi_aws_fetch_is_word(const char *text);

#endif
