/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The S3 store against a server that is not MinIO: the Versity gateway; or
 * against one that runs already, where TEST_S3_ENDPOINT names it, with the
 * keys AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and TEST_S3_CA_FILE for a
 * certificate of its own. tests/live/test_s3_conformance.py does that.
 */
#include <config.h>

#include "minio_fixture.h"
#include "store_cases.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static dbbi_store_registry *registry;
static dbb_error err;

static const char *
given(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : otherwise;
}

static void
open_with(const char *checksum)
{
	char endpoint[96], key[96], secret[96], ca[512], url[96];
	const char *ca_file = given("TEST_S3_CA_FILE", "");
	const char *settings[] = { endpoint, key, secret, "part-size=5M",
	    checksum, *ca_file != '\0' ? ca : NULL, NULL };
	int rc;

	snprintf(endpoint, sizeof(endpoint), "endpoint=%s",
	    given("TEST_S3_ENDPOINT", minio_endpoint()));
	snprintf(key, sizeof(key), "access-key=%s",
	    given("AWS_ACCESS_KEY_ID", MINIO_USER));
	snprintf(secret, sizeof(secret), "secret-key=%s",
	    given("AWS_SECRET_ACCESS_KEY", MINIO_PASSWORD));
	snprintf(ca, sizeof(ca), "ca-file=%s", ca_file);
	snprintf(url, sizeof(url), "s3://test-%d/a prefix/with+odd%%25=&",
	    (int)getpid());
	ck_assert_int_eq(dbbi_store_registry_new(&registry, &err), DBB_OK);
	rc = dbbi_store_open_with(&store_under_test, registry, url,
	    DBB_STORE_CREATE, settings, NULL, &err);
	ck_assert_msg(rc == DBB_OK, "%s; %s", err.message, err.hint);
}

static void
set_up(void)
{
	open_with("checksum=sha256");
}

static void
set_up_crc32c(void)
{
	open_with("checksum=crc32c");
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
	int ours = getenv("TEST_S3_ENDPOINT") == NULL;
	Suite *suite;

	if (ours) {
		unsetenv("AWS_ACCESS_KEY_ID");
		unsetenv("AWS_SECRET_ACCESS_KEY");
		versity_start();
	}
	suite = suite_create("store_versity");
	suite_add_tcase(suite, store_cases(ours ? "versity: cases" :
	    "given: cases", set_up, tear_down));
	suite_add_tcase(suite, store_cases(ours ? "versity: cases, CRC-32C" :
	    "given: cases, CRC-32C", set_up_crc32c, tear_down));
	return ours ? minio_run(suite) : suite_run(suite);
}
