/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * s3_correct: what a refusal teaches: the server's time, the bucket's
 * region, that keys have expired.
 */
#ifndef DBBI_S3_CORRECT_H
#define DBBI_S3_CORRECT_H

#include "store/s3_fault.h"

/* Put right what `fault` says is wrong: 1 when the call is worth another try
 * for it. Each thing is put right once a call, and said in the log. */
int dbbi_s3_correct(dbbi_s3_call *call, const dbbi_s3_fault *fault,
    const dbbi_http_response *response);

#endif
