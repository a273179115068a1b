/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cert_fixture: an authority of the test's own, and certificates by it, in a
 * new folder: ca.pem, key.pem (of all of them), good.pem (for localhost),
 * other.pem (another name), expired.pem, alone.pem (signed by itself).
 */
#ifndef CERT_FIXTURE_H
#define CERT_FIXTURE_H

void certs_make(void);
void certs_remove(void);

/* The path of one of them; in one of four buffers that take turns. */
const char *certs_path(const char *name);

#endif
