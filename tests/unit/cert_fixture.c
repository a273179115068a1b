/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "cert_fixture.h"

#include <check.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DAY 86400L

static const char *const names[] = { "ca.pem", "key.pem", "good.pem",
    "other.pem", "expired.pem", "alone.pem" };
static char folder[64];

struct spec {
	const char *name;	/* the subject */
	const char *alternative;	/* "DNS:…"; NULL: an authority */
	long from, until;	/* seconds from now */
};

const char *
certs_path(const char *name)
{
	static char paths[4][128];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static void
extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX with;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&with, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &with, nid, value);
	ck_assert_ptr_nonnull(extension);
	ck_assert_int_eq(X509_add_ext(cert, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

/* `issuer` NULL: itself. One key serves all. */
static X509 *
make(const struct spec *spec, X509 *issuer, EVP_PKEY *key)
{
	static long serial = 1;
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++);
	X509_gmtime_adj(X509_getm_notBefore(cert), spec->from);
	X509_gmtime_adj(X509_getm_notAfter(cert), spec->until);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
	    (const unsigned char *)spec->name, -1, -1, 0);
	X509_set_issuer_name(cert, issuer != NULL ?
	    X509_get_subject_name(issuer) : subject);
	X509_set_pubkey(cert, key);
	if (spec->alternative == NULL)
		extend(cert, cert, NID_basic_constraints, "critical,CA:TRUE");
	else
		extend(cert, issuer != NULL ? issuer : cert,
		    NID_subject_alt_name, spec->alternative);
	ck_assert_int_gt(X509_sign(cert, key, EVP_sha256()), 0);
	return cert;
}

static void
write_cert(const char *name, X509 *cert)
{
	FILE *file = fopen(certs_path(name), "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(PEM_write_X509(file, cert), 1);
	ck_assert_int_eq(fclose(file), 0);
	X509_free(cert);
}

static void
write_key(EVP_PKEY *key)
{
	FILE *file = fopen(certs_path("key.pem"), "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL,
	    NULL), 1);
	ck_assert_int_eq(fclose(file), 0);
}

void
certs_make(void)
{
	const struct spec authority = { "the test", NULL, -DAY, DAY };
	const struct spec good = { "good", "DNS:localhost", -DAY, DAY };
	const struct spec other = { "other", "DNS:elsewhere", -DAY, DAY };
	const struct spec old = { "old", "DNS:localhost", -2 * DAY, -DAY };
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *ca;

	snprintf(folder, sizeof(folder), "/tmp/dbb-certs-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_ptr_nonnull(key);
	ca = make(&authority, NULL, key);
	write_cert("good.pem", make(&good, ca, key));
	write_cert("other.pem", make(&other, ca, key));
	write_cert("expired.pem", make(&old, ca, key));
	write_cert("alone.pem", make(&good, NULL, key));
	write_cert("ca.pem", ca);
	write_key(key);
	EVP_PKEY_free(key);
}

void
certs_remove(void)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(certs_path(names[i]));
	rmdir(folder);
}
