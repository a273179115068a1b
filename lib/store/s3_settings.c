/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/s3.h"

#include <stdlib.h>
#include <string.h>

#include "net/command.h"
#include "store/s3_text.h"
#include "store/store_env.h"
#include "util/config.h"

#define CONCURRENCY 4
#define CONCURRENCY_MAX 64
#define MIB ((uint64_t)1 << 20)
#define PART_SIZE (16 * MIB)
#define PART_MIN (5 * MIB)	/* what S3 takes */
#define PART_MAX (1024 * MIB)
#define DAYS_MAX 100000
#define CUSTOMER_KEY_SIZE 32
#define ENCRYPTION "x-amz-server-side-encryption"

const char *const dbbi_s3_setting_names[] = {
	"endpoint", "region", "addressing", "ca-file",
	"access-key", "access-key-file", "access-key-command",
	"secret-key", "secret-key-file", "secret-key-command",
	"session-token", "session-token-file", "session-token-command",
	"concurrency", "part-size", "bandwidth-up", "bandwidth-down",
	"retry-times", "retry-for", "storage-class",
	"sse", "sse-key-id", "sse-customer-key", "sse-customer-key-file",
	"sse-customer-key-command", "object-lock", "object-lock-days",
	"tags", "requester-pays", "checksum", "as-of", NULL,
};

/* What is read, and from where. */
struct reading {
	dbbi_s3_settings *to;
	const dbb_store_env *env;
	dbb_error *err;
};

static const char *
get(const struct reading *r, const char *name)
{
	return dbb_store_env_setting(r->env, name);
}

/* ---- kinds of values ---- */

/* Values are shown: none of those that come here is a secret. */
static int
refuse(const struct reading *r, const char *name, const char *what)
{
	return dbbi_error_set(r->err, DBB_ECONFIG, "'%s' is '%.64s' and not "
	    "%s", name, get(r, name), what);
}

/* What protects, and would not for want of another setting. */
static int
refuse_idle(const struct reading *r, const char *name, const char *lacking)
{
	return dbbi_error_set(r->err, DBB_ECONFIG, "'%s' is given, and does "
	    "nothing without '%s'", name, lacking);
}

static int
read_number(uint64_t *out, const struct reading *r, const char *name,
    uint64_t min, uint64_t max)
{
	const char *value = get(r, name);

	if (value == NULL || dbbi_parse_size(out, value, min, max) == 0)
		return DBB_OK;
	dbbi_error_hint(r->err, "it is from %llu to %llu",
	    (unsigned long long)min, (unsigned long long)max);
	return refuse(r, name, "a number in its range");
}

static int
read_unsigned(unsigned *out, const struct reading *r, const char *name,
    uint64_t min, uint64_t max)
{
	uint64_t number = *out;
	int rc = read_number(&number, r, name, min, max);

	*out = (unsigned)number;
	return rc;
}

/* One of `words`, whose number is given back; `words[0]` is the default. */
static int
read_word(unsigned *out, const struct reading *r, const char *name,
    const char *const *words, const char *listed)
{
	const char *value = get(r, name);
	unsigned i;

	*out = 0;
	for (i = 0; value != NULL && words[i] != NULL; i++)
		if (strcmp(value, words[i]) == 0) {
			*out = i;
			return DBB_OK;
		}
	return value == NULL ? DBB_OK : refuse(r, name, listed);
}

static int
read_text(char **out, const struct reading *r, const char *name)
{
	const char *value = get(r, name);

	if (value == NULL || *value == '\0')
		return DBB_OK;
	*out = dbbi_text_dup(value);
	return *out != NULL ? DBB_OK : dbbi_error_nomem(r->err);
}

/* A header must not end before its time. */
static int
is_header_value(const char *value)
{
	for (; *value != '\0'; value++)
		if ((unsigned char)*value < ' ' || *value == 0x7f)
			return 0;
	return 1;
}

static int
add_header(const struct reading *r, unsigned actions, const char *name,
    const char *value, const char *setting)
{
	if (value != NULL && !is_header_value(value))
		return dbbi_error_set(r->err, DBB_ECONFIG, "'%s' has a "
		    "control character", setting);
	return dbbi_s3_headers_add(r->to, actions, name, value, r->err);
}

/* ---- what is read ---- */

static int
read_place(struct reading *r, const dbbi_s3_url *url)
{
	static const char *const words[] = { "auto", "path", "virtual",
	    NULL };
	const char *endpoint = get(r, "endpoint");
	unsigned addressing;
	int rc;

	if ((rc = read_text(&r->to->region, r, "region")) < 0 ||
	    (rc = read_text(&r->to->ca_file, r, "ca-file")) < 0 ||
	    (rc = read_word(&addressing, r, "addressing", words,
	    "auto, path or virtual")) < 0)
		return rc;
	if (r->to->region != NULL && !dbbi_s3_is_region(r->to->region))
		return refuse(r, "region", "a region's name");
	if (endpoint != NULL && *endpoint != '\0' &&
	    (rc = dbbi_s3_endpoint_parse(&r->to->endpoint, endpoint,
	    r->err)) < 0)
		return rc;
	/* A certificate for *.host holds for no name with two dots more. */
	r->to->virtual_host = addressing == 2 || (addressing == 0 &&
	    r->to->endpoint.host == NULL && strchr(url->bucket, '.') == NULL);
	return DBB_OK;
}

static int
read_limits(struct reading *r)
{
	dbbi_s3_settings *to = r->to;
	uint64_t part_size = PART_SIZE;
	int rc;

	to->concurrency = CONCURRENCY;
	to->retry = (dbbi_retry_policy)DBBI_RETRY_POLICY_INIT;
	if ((rc = read_unsigned(&to->concurrency, r, "concurrency", 1,
	    CONCURRENCY_MAX)) < 0 ||
	    (rc = read_number(&part_size, r, "part-size", PART_MIN,
	    PART_MAX)) < 0 ||
	    (rc = read_number(&to->up_bytes_per_s, r, "bandwidth-up", 1024,
	    UINT64_MAX / 2)) < 0 ||
	    (rc = read_number(&to->down_bytes_per_s, r, "bandwidth-down",
	    1024, UINT64_MAX / 2)) < 0 ||
	    (rc = read_unsigned(&to->retry.times, r, "retry-times", 0,
	    1000)) < 0 ||
	    (rc = read_unsigned(&to->retry.for_s, r, "retry-for", 0,
	    86400)) < 0)
		return rc;
	to->part_size = (size_t)part_size;
	return DBB_OK;
}

static int
read_checksum(struct reading *r)
{
	static const char *const words[] = { "sha256", "crc32c", NULL };
	unsigned kind;
	int rc = read_word(&kind, r, "checksum", words, "sha256 or crc32c");

	r->to->checksum = (enum dbbi_s3_checksum_kind)kind;
	return rc;
}

static int
read_lock(struct reading *r)
{
	static const char *const words[] = { "none", "governance",
	    "compliance", NULL };
	unsigned mode;
	int rc;

	if ((rc = read_word(&mode, r, "object-lock", words, "none, governance "
	    "or compliance")) < 0 ||
	    (rc = read_unsigned(&r->to->lock_days, r, "object-lock-days", 1,
	    DAYS_MAX)) < 0)
		return rc;
	r->to->lock = (enum dbbi_s3_lock)mode;
	if (get(r, "object-lock") == NULL &&
	    get(r, "object-lock-days") != NULL)
		return refuse_idle(r, "object-lock-days", "object-lock");
	if (mode != DBBI_S3_LOCK_NONE && r->to->lock_days == 0)
		return dbbi_error_set(r->err, DBB_ECONFIG, "'object-lock' is "
		    "given, and 'object-lock-days' is not");
	return DBB_OK;
}

/* ---- encryption by the server ---- */

enum { SSE_NONE, SSE_S3, SSE_KMS, SSE_C };	/* as in read_encryption */

/* A secret that is given as it is, in a file, or by a command. */
static int
fetch_secret(char **out, const struct reading *r, const char *name,
    const char *file_name, const char *command_name)
{
	const char *value = get(r, name), *file = get(r, file_name);
	const char *command = get(r, command_name);
	char *secret = NULL;
	int rc = DBB_OK;

	if (value != NULL)
		rc = read_text(&secret, r, name);
	else if (file != NULL)
		rc = dbbi_secret_read(&secret, file, r->err);
	else if (command != NULL)
		rc = dbbi_command_password(&secret, command, r->env->run,
		    r->err);
	if (rc < 0)
		return dbbi_error_context(r->err, rc, "'%s'", name);
	if (secret != NULL)
		secret[strcspn(secret, "\r\n")] = '\0';
	*out = secret;
	return DBB_OK;
}

/* The key, as it is sent with each request that needs it. */
static int
add_customer_key(struct reading *r)
{
	const unsigned actions = DBBI_S3_READ | DBBI_S3_STAT | DBBI_S3_WRITE |
	    DBBI_S3_PART | DBBI_S3_FINISH;
	uint8_t key[CUSTOMER_KEY_SIZE + 4];
	char *secret = NULL, md5[DBBI_S3_MD5_TEXT];
	size_t size = 0;
	int rc;

	rc = fetch_secret(&secret, r, "sse-customer-key",
	    "sse-customer-key-file", "sse-customer-key-command");
	if (rc < 0)
		return rc;
	if (secret == NULL || dbbi_s3_base64_decode(key, &size, sizeof(key),
	    secret) != 0 || size != CUSTOMER_KEY_SIZE)
		rc = dbbi_error_set(r->err, DBB_ECONFIG, "'sse = c' needs "
		    "'sse-customer-key': 32 bytes in base64, as 'openssl rand "
		    "-base64 32' prints them");
	if (rc == 0 && (rc = dbbi_s3_md5_text(md5, key, size, r->err)) == 0)
		rc = add_header(r, actions, ENCRYPTION "-customer-algorithm",
		    "AES256", "sse");
	if (rc == 0)
		rc = add_header(r, actions, ENCRYPTION "-customer-key",
		    secret, "sse-customer-key");
	if (rc == 0)
		rc = add_header(r, actions, ENCRYPTION "-customer-key-MD5",
		    md5, "sse-customer-key");
	r->to->customer_key = rc == 0;
	dbbi_wipe(key, sizeof(key));
	dbbi_secret_free(secret);
	return rc;
}

/* A key for a kind of encryption that is not asked for. */
static int
check_idle_keys(const struct reading *r, unsigned kind)
{
	static const char *const names[] = { "sse-customer-key",
	    "sse-customer-key-file", "sse-customer-key-command", NULL };
	const char *const *name;

	if (kind != SSE_KMS && get(r, "sse-key-id") != NULL)
		return refuse_idle(r, "sse-key-id", "sse = kms");
	for (name = names; kind != SSE_C && *name != NULL; name++)
		if (get(r, *name) != NULL)
			return refuse_idle(r, *name, "sse = c");
	return DBB_OK;
}

static int
read_encryption(struct reading *r)
{
	static const char *const words[] = { "none", "s3", "kms", "c", NULL };
	unsigned kind;
	int rc;

	if ((rc = read_word(&kind, r, "sse", words,
	    "none, s3, kms or c")) < 0 || (rc = check_idle_keys(r, kind)) < 0)
		return rc;
	switch (kind) {
	case SSE_S3:
		return add_header(r, DBBI_S3_WRITE, ENCRYPTION, "AES256",
		    "sse");
	case SSE_KMS:
		rc = add_header(r, DBBI_S3_WRITE, ENCRYPTION, "aws:kms",
		    "sse");
		if (rc == 0)
			rc = add_header(r, DBBI_S3_WRITE,
			    ENCRYPTION "-aws-kms-key-id",
			    get(r, "sse-key-id"), "sse-key-id");
		return rc;
	case SSE_C:
		return add_customer_key(r);
	default:
		return DBB_OK;
	}
}

/* ---- the rest of the headers ---- */

/* "team=db, tier=cold" as a query: team=db&tier=cold. */
static int
add_tags(struct reading *r)
{
	const char *tags = get(r, "tags");
	dbbi_list list = {0};
	char *joined = NULL;
	int rc;

	if (tags == NULL)
		return DBB_OK;
	rc = dbbi_list_split(&list, tags, r->err);
	if (rc == 0)
		rc = dbbi_s3_tags_join(&joined, &list, r->err);
	if (rc == 0)
		rc = add_header(r, DBBI_S3_WRITE, "x-amz-tagging", joined,
		    "tags");
	free(joined);
	dbbi_list_clear(&list);
	return rc;
}

static int
add_payer(struct reading *r)
{
	const char *value = get(r, "requester-pays");
	int yes = 0;

	if (value != NULL && dbbi_parse_bool(&yes, value) != 0)
		return refuse(r, "requester-pays", "yes or no");
	return !yes ? DBB_OK : add_header(r, ~0u, "x-amz-request-payer",
	    "requester", "requester-pays");
}

int
dbbi_s3_settings_read(dbbi_s3_settings *out, const dbbi_s3_url *url,
    const dbb_store_env *env, dbb_error *err)
{
	dbbi_s3_settings settings = {0};
	struct reading r = { .to = &settings, .env = env, .err = err };
	int rc;

	if ((rc = read_place(&r, url)) < 0 ||
	    (rc = read_limits(&r)) < 0 ||
	    (rc = read_checksum(&r)) < 0 ||
	    (rc = read_lock(&r)) < 0 ||
	    (rc = add_header(&r, DBBI_S3_WRITE, "x-amz-storage-class",
	    get(&r, "storage-class"), "storage-class")) < 0 ||
	    (rc = read_encryption(&r)) < 0 ||
	    (rc = add_tags(&r)) < 0 ||
	    (rc = add_payer(&r)) < 0) {
		dbbi_s3_settings_clear(&settings);
		return rc;
	}
	*out = settings;
	return DBB_OK;
}

void
dbbi_s3_settings_clear(dbbi_s3_settings *settings)
{
	dbbi_s3_endpoint_clear(&settings->endpoint);
	free(settings->region);
	free(settings->ca_file);
	dbbi_config_settings_clear(&settings->headers);
	free(settings->header_actions);
	memset(settings, 0, sizeof(*settings));
}
