/* SPDX-License-Identifier: BSD-2-Clause */
/* The S3 store against a server that is not MinIO: the Versity gateway. */
#include <config.h>

#include "minio_fixture.h"
#include "store_cases.h"

#include <stdio.h>
#include <unistd.h>

static dbbi_store_registry *registry;
static dbb_error err;

static void
set_up(void)
{
	char endpoint[96], url[96];
	const char *settings[] = { endpoint, "access-key=" MINIO_USER,
	    "secret-key=" MINIO_PASSWORD, "part-size=5M", NULL };
	int rc;

	snprintf(endpoint, sizeof(endpoint), "endpoint=%s",
	    minio_endpoint());
	snprintf(url, sizeof(url), "s3://test-%d/a prefix/with+odd%%25=&",
	    (int)getpid());
	ck_assert_int_eq(dbbi_store_registry_new(&registry, &err), DBB_OK);
	rc = dbbi_store_open_with(&store_under_test, registry, url,
	    DBB_STORE_CREATE, settings, NULL, &err);
	ck_assert_msg(rc == DBB_OK, "%s; %s", err.message, err.hint);
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

	versity_start();
	suite = suite_create("store_versity");
	suite_add_tcase(suite, store_cases("versity: cases", set_up,
	    tear_down));
	return minio_run(suite);
}
