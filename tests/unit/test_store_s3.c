/* SPDX-License-Identifier: BSD-2-Clause */
/* The S3 store against a MinIO of its own. */
#include <config.h>

#include "minio_fixture.h"
#include "store_cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

static dbbi_store_registry *registry;
static dbb_error err;

/* Open with the server's keys and up to three settings more. */
static int
open_store(dbbi_store **out, const char *url, uint32_t flags, const char *a,
    const char *b)
{
	char endpoint[96];
	const char *settings[] = { endpoint, "access-key=" MINIO_USER,
	    "secret-key=" MINIO_PASSWORD, "retry-times=3", a, b, NULL };

	snprintf(endpoint, sizeof(endpoint), "endpoint=%s",
	    minio_endpoint());
	return dbbi_store_open_with(out, registry, url, flags, settings,
	    NULL, &err);
}

/* Each test has a bucket of its own. */
static const char *
bucket_url(const char *prefix)
{
	static char url[256];

	snprintf(url, sizeof(url), "s3://test-%d%s", (int)getpid(), prefix);
	return url;
}

static void
open_under_test(const char *prefix, const char *setting)
{
	int rc;

	ck_assert_int_eq(dbbi_store_registry_new(&registry, &err), DBB_OK);
	rc = open_store(&store_under_test, bucket_url(prefix),
	    DBB_STORE_CREATE, setting, NULL);
	ck_assert_msg(rc == DBB_OK, "%s; %s", err.message, err.hint);
}

static void
set_up(void)
{
	open_under_test("/a prefix/with+odd%25=&\xc3\xbc", NULL);
}

static void
set_up_without_prefix(void)
{
	open_under_test("", NULL);
}

static void
tear_down(void)
{
	dbbi_store_close(store_under_test);
	dbbi_store_registry_free(registry);
}

int
main(void)
{
	Suite *suite;

	minio_start();
	suite = suite_create("store_s3");
	suite_add_tcase(suite, store_cases("s3: cases", set_up, tear_down));
	suite_add_tcase(suite, store_cases("s3: cases without prefix",
	    set_up_without_prefix, tear_down));
	return minio_run(suite);
}
