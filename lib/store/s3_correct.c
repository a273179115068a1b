/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/s3_correct.h"

#include <stdlib.h>
#include <string.h>

#include "util/clock.h"

#define CLOCK 1u
#define REGION 2u
#define KEYS 4u
#define LOCKED_MOST_MS ((int64_t)24 * 3600 * 1000)

/* Locks end by this clock: an answer that anybody on the way may have written
 * is not to lock what is stored for a century. */
static int
is_too_far(const dbbi_s3 *s3, int64_t ahead)
{
	return s3->settings.lock != DBBI_S3_LOCK_NONE &&
	    (ahead > LOCKED_MOST_MS || ahead < -LOCKED_MOST_MS);
}

static int
correct_clock(dbbi_s3 *s3, int64_t server_ms)
{
	int64_t ahead = server_ms - dbbi_now_ms();
	int64_t s = ahead / 1000;

	if (server_ms == 0 || is_too_far(s3, ahead))
		return 0;
	pthread_mutex_lock(&s3->mutex);
	s3->clock_ms = ahead;
	pthread_mutex_unlock(&s3->mutex);
	dbbi_log(s3->run, DBB_LOG_WARNING, "the clock of this machine is "
	    "%lld s %s the server's: requests are signed by the server's",
	    (long long)(s < 0 ? -s : s), s < 0 ? "ahead of" : "behind");
	return 1;
}

/* `signed_for` is what was wrong; another thread may know better by now. */
static int
correct_region(dbbi_s3 *s3, const char *signed_for, const char *region)
{
	char *copy;
	int news;

	if (region[0] == '\0' || strcmp(region, signed_for) == 0 ||
	    (copy = dbbi_text_dup(region)) == NULL)
		return 0;
	pthread_mutex_lock(&s3->mutex);
	news = s3->region == NULL || strcmp(s3->region, region) != 0;
	if (news) {
		free(s3->region);
		s3->region = copy;
		copy = NULL;
	}
	pthread_mutex_unlock(&s3->mutex);
	free(copy);
	if (news)
		dbbi_log(s3->run, DBB_LOG_WARNING, "the bucket '%s' is in the "
		    "region '%s' and not in '%s': set 'region' to it",
		    s3->url.bucket, region, signed_for);
	return 1;
}

static int
says_expired(const dbbi_s3_fault *fault)
{
	return dbbi_s3_fault_is(fault, "ExpiredToken") ||
	    dbbi_s3_fault_is(fault, "ExpiredTokenException") ||
	    dbbi_s3_fault_is(fault, "TokenRefreshRequired");
}

static int
correct_keys(dbbi_s3_call *call)
{
	if (call->keys.token == NULL)
		return 0;
	dbbi_aws_credentials_expired(call->s3->credentials, &call->keys);
	return 1;
}

int
dbbi_s3_correct(dbbi_s3_call *call, const dbbi_s3_fault *fault,
    const dbbi_http_response *response)
{
	unsigned what;
	int done;

	if (dbbi_s3_fault_is(fault, "RequestTimeTooSkewed"))
		what = CLOCK;
	else if (says_expired(fault))
		what = KEYS;
	else if (fault->region[0] != '\0' && fault->status < 500)
		what = REGION;
	else
		return 0;
	if ((call->corrected & what) != 0)
		return 0;
	if (what == CLOCK)
		done = correct_clock(call->s3, response->date_ms);
	else if (what == KEYS)
		done = correct_keys(call);
	else
		done = correct_region(call->s3, call->region, fault->region);
	if (done)
		call->corrected |= what;
	return done;
}
