/* SPDX-License-Identifier: BSD-2-Clause */
/* qd_private: what the files behind qd_server.h share: qd_connect.c (who the
 * node is), qd_server.c (asking), qd_answer.c (what an answer means). */
#ifndef DBBI_QD_PRIVATE_H
#define DBBI_QD_PRIVATE_H

#include <stdatomic.h>

#include "source/qd_server.h"

struct dbbi_qd {
	dbbi_run *run;
	dbbi_run own_run;	/* of one that cleans up */
	int cleans;
	dbbi_http *http;
	char *url;
	char *key_header;	/* "api-key: …", or NULL; secret */
	const char *headers[3];
	char *version, *commit;
	_Atomic int64_t ahead_ms;	/* its clock before ours */
	_Atomic int reached;	/* it has answered */
};

/* DBB_OK for 2xx, else the answer's error. */
int dbbi_qd_answer_check(const dbbi_qd *qd,
    const dbbi_http_response *response, dbb_error *err);

/* The whole body as one JSON object, or the answer's error. */
int dbbi_qd_answer_body(dbbi_json **out, const dbbi_qd *qd,
    const dbbi_http_response *response, dbb_error *err);

/* Take its member `result` out of a body, which is freed. */
int dbbi_qd_answer_result(dbbi_json **result, const dbbi_qd *qd,
    dbbi_json *body, dbb_error *err);

/* May the same request be answered otherwise in a moment? */
int dbbi_qd_answer_passes(int status);

#endif
