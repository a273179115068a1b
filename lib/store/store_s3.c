/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/s3.h"

#include <stdlib.h>
#include <unistd.h>

#include "store/s3_as_of.h"
#include "store/s3_bucket.h"
#include "store/s3_list.h"
#include "store/s3_lock.h"
#include "store/s3_put.h"
#include "store/s3_read.h"
#include "store/s3_remove.h"
#include "store/store_env.h"

static void
s3_close(void *store)
{
	dbbi_s3 *s3 = store;

	dbbi_http_free(s3->http);
	dbbi_aws_credentials_free(s3->credentials);
	dbbi_s3_as_of_free(s3->as_of);
	if (s3->run == &s3->own_run)
		dbbi_run_clear(&s3->own_run);
	pthread_mutex_destroy(&s3->mutex);
	free(s3->region);
	dbbi_s3_settings_clear(&s3->settings);
	dbbi_s3_url_clear(&s3->url);
	free(s3);
}

static int
open_client(dbbi_s3 *s3, dbb_error *err)
{
	dbbi_http_options options = {
		.connections = s3->settings.concurrency,
		.ca_file = s3->settings.ca_file,
		.up_bytes_per_s = s3->settings.up_bytes_per_s,
		.down_bytes_per_s = s3->settings.down_bytes_per_s,
	};

	return dbbi_http_new(&s3->http, &options, s3->run, err);
}

static int
open_run(dbbi_s3 *s3, const dbb_store_env *env, dbb_error *err)
{
	int rc = DBB_OK;

	if (env->run == NULL)
		rc = dbbi_run_init(&s3->own_run, err);
	if (rc == DBB_OK)
		s3->run = env->run != NULL ? env->run : &s3->own_run;
	return rc;
}

static int
read_settings(dbbi_s3 *s3, const char *url, const dbb_store_env *env,
    dbb_error *err)
{
	dbb_store_env with_run = *env;
	int rc = dbbi_s3_url_parse(&s3->url, url, err);

	with_run.run = s3->run;		/* commands are run by it */
	if (rc == DBB_OK)
		rc = dbbi_s3_settings_read(&s3->settings, &s3->url, &with_run,
		    err);
	return rc;
}

/* The settings', if they name one, else what AWS's own tools would use. */
static int
choose_region(dbbi_s3 *s3, dbb_error *err)
{
	if (s3->settings.region == NULL)
		return dbbi_aws_credentials_region(&s3->region,
		    s3->credentials, err);
	s3->region = dbbi_text_dup(s3->settings.region);
	return s3->region != NULL ? DBB_OK : dbbi_error_nomem(err);
}

static dbbi_aws_secret
secret_of(const dbb_store_env *env, const char *value, const char *file,
    const char *command)
{
	return (dbbi_aws_secret){
		.value = dbb_store_env_setting(env, value),
		.file = dbb_store_env_setting(env, file),
		.command = dbb_store_env_setting(env, command),
	};
}

static int
open_credentials(dbbi_s3 *s3, const dbb_store_env *env, dbb_error *err)
{
	dbbi_aws_options options = {
		.id = secret_of(env, "access-key", "access-key-file",
		    "access-key-command"),
		.secret = secret_of(env, "secret-key", "secret-key-file",
		    "secret-key-command"),
		.token = secret_of(env, "session-token",
		    "session-token-file", "session-token-command"),
		.environment = (const char *const *)environ,
	};
	int rc;

	rc = dbbi_aws_credentials_new(&s3->credentials, &options, s3->run,
	    err);
	return rc == DBB_OK ? choose_region(s3, err) : rc;
}

static int
s3_open(void **out, const char *url, uint32_t flags,
    const dbb_store_env *env, void *payload, dbb_error *err)
{
	dbbi_s3 *s3 = calloc(1, sizeof(*s3));
	int rc;

	(void)payload;
	if (s3 == NULL || pthread_mutex_init(&s3->mutex, NULL) != 0) {
		free(s3);
		return dbbi_error_nomem(err);
	}
	if ((rc = open_run(s3, env, err)) == DBB_OK &&
	    (rc = read_settings(s3, url, env, err)) == DBB_OK &&
	    (rc = dbbi_s3_as_of_new(&s3->as_of, env, err)) == DBB_OK &&
	    (rc = open_credentials(s3, env, err)) == DBB_OK &&
	    (rc = open_client(s3, err)) == DBB_OK &&
	    (flags & DBB_STORE_OFFLINE) == 0)
		rc = dbbi_s3_bucket_find(s3, flags, err);
	if (rc < 0)
		s3_close(s3);
	else
		*out = s3;
	return rc;
}

static unsigned
s3_parallel(void *store)
{
	const dbbi_s3 *s3 = store;

	return s3->settings.concurrency;
}

/* Reading and writing are rights of their own. */
static int
s3_may_only_write(void *store)
{
	(void)store;
	return 1;
}

const dbb_store_driver dbbi_store_s3 = {
	.size = sizeof(dbb_store_driver),
	.scheme = "s3",
	.open = s3_open,
	.close = s3_close,
	.put_begin = dbbi_s3_put_begin,
	.put_write = dbbi_s3_put_write,
	.put_commit = dbbi_s3_put_commit,
	.put_free = dbbi_s3_put_free,
	.read = dbbi_s3_read,
	.stat = dbbi_s3_stat,
	.list = dbbi_s3_list,
	.remove = dbbi_s3_remove,
	.settings = dbbi_s3_setting_names,
	.parallel = s3_parallel,
	.remove_many = dbbi_s3_remove_many,
	.sweep = dbbi_s3_sweep,
	.write = dbbi_s3_write,
	.get = dbbi_s3_get,
	.protect = dbbi_s3_protect,
	.locks = dbbi_s3_locks,
	.locked_until = dbbi_s3_locked_until,
	.may_only_write = s3_may_only_write,
};
