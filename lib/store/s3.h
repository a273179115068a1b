/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * s3: what the files of the S3 store share.
 *
 * store_s3.c      the driver: open, close
 * s3_url.c        s3://bucket/prefix
 * s3_settings.c   what the settings say
 * s3_headers.c    which header goes with which request, by the settings
 * s3_endpoint.c   scheme, host and path of a request
 * s3_request.c    build, sign, send, try again
 * s3_correct.c    what a refusal lets us put right at once
 * s3_fault.c      what a refusal says, and whether it passes
 * s3_error.c      a refusal in words, with a hint
 * s3_checksum.c   what the server is to check what arrives by
 * s3_put.c        write objects; s3_multipart.c those in parts
 * s3_read.c       objects in pieces, side by side
 * s3_piece.c      one piece, resumed where it was cut
 * s3_list.c       names, page by page
 * s3_remove.c     delete, one or many
 * s3_sweep.c      uploads that nobody finished
 * s3_versions.c   what a name has held, where the bucket keeps it
 * s3_as_of.c      a bucket as it was
 * s3_lock.c       object lock
 * s3_bucket.c     is the bucket there? make it
 * s3_text.c       base64, escapes, times, as S3 writes them
 */
#ifndef DBBI_S3_H
#define DBBI_S3_H

#include <pthread.h>
#include <stdatomic.h>

#include "net/aws_credentials.h"
#include "net/http.h"
#include "net/retry.h"
#include "store/s3_url.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/sha256.h"

/* What a request is for: for what it carries, and what a refusal means. */
enum dbbi_s3_action {
	DBBI_S3_READ = 1,
	DBBI_S3_STAT = 2,
	DBBI_S3_WRITE = 4,	/* a whole object, or the begin of its parts */
	DBBI_S3_PART = 8,
	DBBI_S3_FINISH = 16,	/* parts are joined, or dropped */
	DBBI_S3_LIST = 32,
	DBBI_S3_DELETE = 64,
	DBBI_S3_BUCKET = 128,	/* make the bucket, or ask for it */
	DBBI_S3_RETENTION = 256	/* until when an object is locked */
};

enum dbbi_s3_lock {
	DBBI_S3_LOCK_NONE, DBBI_S3_LOCK_GOVERNANCE, DBBI_S3_LOCK_COMPLIANCE
};

enum dbbi_s3_checksum_kind { DBBI_S3_SHA256, DBBI_S3_CRC32C };

typedef struct dbbi_s3_settings {
	dbbi_s3_endpoint endpoint;	/* host NULL: Amazon's own */
	char *region;			/* NULL: not said */
	int virtual_host;		/* bucket.host instead of host/bucket */
	char *ca_file;
	unsigned concurrency;
	size_t part_size;
	uint64_t up_bytes_per_s, down_bytes_per_s;	/* 0: no limit */
	dbbi_retry_policy retry;
	enum dbbi_s3_checksum_kind checksum;
	enum dbbi_s3_lock lock;
	unsigned lock_days;
	int customer_key;		/* objects are read with one */
	dbbi_list headers;		/* "Name: value" */
	unsigned *header_actions;	/* which request each goes with */
} dbbi_s3_settings;

typedef struct dbbi_s3_as_of dbbi_s3_as_of;

typedef struct dbbi_s3 {
	dbbi_s3_url url;
	dbbi_s3_settings settings;
	dbbi_run own_run;		/* where the caller has none */
	dbbi_run *run;
	dbbi_http *http;
	dbbi_aws_credentials *credentials;
	dbbi_s3_as_of *as_of;		/* NULL: as it is now */

	pthread_mutex_t mutex;		/* of the two below */
	char *region;			/* the bucket's, as far as is known */
	int64_t clock_ms;		/* how far the server's is before ours */
	atomic_int reached;		/* the server has answered once */
	atomic_int away;		/* a request was given up, and the
					   server did not decide one since */
	atomic_int unconditional;	/* If-None-Match is not understood */
	atomic_int one_by_one;		/* DeleteObjects is not either */
} dbbi_s3;

/* ---- s3_settings.c ---- */

extern const char *const dbbi_s3_setting_names[];

int dbbi_s3_settings_read(dbbi_s3_settings *out, const dbbi_s3_url *url,
    const dbb_store_env *env, dbb_error *err);
void dbbi_s3_settings_clear(dbbi_s3_settings *settings);

/* ---- s3_headers.c ---- */

/* Add the headers that the settings say go with every request of `actions`;
 * `value` NULL: none. */
int dbbi_s3_headers_add(dbbi_s3_settings *settings, unsigned actions,
    const char *name, const char *value, dbb_error *err);

/* Those for one request, added to `out`. */
int dbbi_s3_headers_for(dbbi_list *out, const dbbi_s3_settings *settings,
    enum dbbi_s3_action action, dbb_error *err);

/* "name: value", added to `out`. */
int dbbi_s3_header(dbbi_list *out, const char *name, const char *value,
    dbb_error *err);

/* ---- s3_endpoint.c ---- */

/* Where a request goes, in the parts that are sent and signed. */
typedef struct dbbi_s3_target {
	char *url;
	char *host;
	char *path;		/* encoded */
} dbbi_s3_target;

/* `name` NULL: the bucket itself. */
int dbbi_s3_target_make(dbbi_s3_target *out, const dbbi_s3 *s3,
    const char *region, const char *name, const char *query,
    dbb_error *err);
void dbbi_s3_target_clear(dbbi_s3_target *target);

int dbbi_s3_is_https(const dbbi_s3 *s3);

/* ---- s3_request.c ---- */

typedef struct dbbi_s3_request {
	enum dbbi_s3_action action;
	const char *method;
	const char *name;	/* of the object; NULL: the bucket itself */
	const char *query;	/* encoded; NULL: none */
	const char *const *headers;	/* in addition; NULL-ended, or NULL */
	const void *body;	/* borrowed until the call's end */
	size_t body_size;
	const uint8_t *sha256;	/* of the body; NULL: computed */
	int unsigned_body;	/* none is signed */
	dbbi_http_sink sink;	/* as in net/http.h */
	void *payload;
	size_t max_body;
	int once;		/* what might pass is left to the caller */
	int lock;		/* what is written, as the settings say */
} dbbi_s3_request;

/* One request under way, through all of its tries. */
typedef struct dbbi_s3_call {
	dbbi_s3 *s3;
	dbbi_s3_request request;
	uint8_t sha256[DBBI_SHA256_SIZE];
	dbbi_http_exchange *exchange;	/* the try that is under way */
	dbbi_aws_keys keys;	/* that it was signed with */
	char *region;		/* likewise */
	dbbi_retry retry;
	unsigned tries;
	unsigned corrected;	/* what was put right meanwhile */
	int lost;		/* an earlier try may have been carried out */
	int passes;		/* the failure may pass */
	int status;		/* the last; 0: no answer */
} dbbi_s3_call;

/* Send it; the request's strings and the call stay where they are until
 * dbbi_s3_end, which waits for the end of the last try, and is to be called
 * once when this was DBB_OK. */
int dbbi_s3_begin(dbbi_s3_call *call, dbbi_s3 *s3,
    const dbbi_s3_request *request, dbb_error *err);

/* DBB_OK: a 2xx answer in `out`. Else `err` says what and why; `out` is to be
 * cleared in either case. */
int dbbi_s3_end(dbbi_http_response *out, dbbi_s3_call *call, dbb_error *err);

int dbbi_s3_do(dbbi_http_response *out, dbbi_s3 *s3,
    const dbbi_s3_request *request, dbb_error *err);

/*
 * Wait before `retry` is tried again: 1; 0 when it is not to be. What is used
 * up for one request is for all, until the server decides one: a run that fails
 * because its server is gone has more to ask of it on its way out.
 */
int dbbi_s3_wait(dbbi_s3 *s3, dbbi_retry *retry, uint64_t after_ms,
    dbb_error *err);

/* Now, by the server's clock. */
int64_t dbbi_s3_now_ms(dbbi_s3 *s3);

#endif
