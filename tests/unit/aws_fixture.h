/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * aws_fixture: a home with the files of AWS's tools, an environment, and
 * credentials that are looked for there. All of it is new for each test.
 */
#ifndef AWS_FIXTURE_H
#define AWS_FIXTURE_H

#include "net/aws_credentials.h"

#define AWS_NOW INT64_C(1795312800000)	/* 2026-11-22T02:00:00Z */
#define AWS_MINUTE INT64_C(60000)

extern dbbi_run aws_run;
extern dbb_error aws_err;
extern dbbi_aws_options aws_options;	/* its environment: see below */
extern dbbi_aws_credentials *aws;	/* made by aws_begin */

void aws_set_up(void);
void aws_tear_down(void);

/* A file of the fixture's folder; the path is borrowed until the next four. */
const char *aws_path(const char *name);
const char *aws_write(const char *name, const char *text);

/* Set NAME=value in the environment, which has HOME, and no instance's
 * metadata, and nothing else. */
void aws_variable(const char *name, const char *value);

/* Make `aws` of what was set; again, if it was made before. */
void aws_begin(void);

/* Get keys: as listed, `token` NULL: none; or a failure whose message has
 * `words`. */
void aws_expect(int64_t now_ms, const char *id, const char *secret,
    const char *token);
void aws_expect_failure(int64_t now_ms, int code, const char *words);

#endif
