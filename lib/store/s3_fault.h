/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * s3_fault: a refusal by the server, and what it means.
 */
#ifndef DBBI_S3_FAULT_H
#define DBBI_S3_FAULT_H

#include "store/s3.h"

typedef struct dbbi_s3_fault {
	int status;		/* of HTTP */
	char code[64];		/* "AccessDenied"; made from the status where
				   the server gave none, or "" */
	char message[256];	/* the server's own words, or "" */
	char region[64];	/* the right one, where it is told; or "" */
} dbbi_s3_fault;

/* Read an answer that is no success: its XML, if it has any. */
void dbbi_s3_fault_read(dbbi_s3_fault *out,
    const dbbi_http_response *response);

/* A 200 may carry a refusal all the same: 1, and it is read. */
int dbbi_s3_fault_in(dbbi_s3_fault *out, const dbbi_http_response *response);

/* Set the server's code and its words, as they may be shown; NULL: leave. */
void dbbi_s3_fault_words(dbbi_s3_fault *fault, const char *code,
    const char *message);

int dbbi_s3_fault_is(const dbbi_s3_fault *fault, const char *code);

/* May the same be asked again later? */
int dbbi_s3_fault_passes(const dbbi_s3_fault *fault);

/* What answers may be no S3 server: say so. */
void dbbi_s3_hint_at_endpoint(dbb_error *err);

/* Fill `err` for a person; returns its code. */
int dbbi_s3_fault_report(const dbbi_s3_fault *fault, const dbbi_s3 *s3,
    enum dbbi_s3_action action, dbb_error *err);

#endif
