/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * minio_fixture: a MinIO, or a Versity gateway, of the test program's own. It
 * ends with the program, however that ends.
 */
#ifndef MINIO_FIXTURE_H
#define MINIO_FIXTURE_H

#include <check.h>

#define MINIO_USER "dbbackup"
#define MINIO_PASSWORD "a-secret-for-tests"

/* Start it. Where there is none the test program ends here: skipped (77), or
 * failed where CI=true says that all must be there. */
void minio_start(void);
void versity_start(void);	/* instead; then all below is meant for it */
void minio_stop(void);

/* "http://127.0.0.1:PORT", and the same server by a name: "http://localhost:
 * PORT", which also answers for "BUCKET.localhost". */
const char *minio_endpoint(void);
const char *minio_endpoint_by_name(void);

/* Run the suite against it, stop it; the program's exit status. */
int minio_run(Suite *suite);

#endif
