/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/aws_credentials.h"

#include <stdlib.h>
#include <string.h>

#include "net/aws_internal.h"
#include "util/bytes.h"

#define EARLY_MS (5 * 60 * 1000)	/* fetched anew before they expire */
#define PAUSE_MS (30 * 1000)	/* between two tries while the old hold */
#define LOOKED_MAX (64 * 1024)	/* more than all messages together */

static const struct {
	const char *name;
	dbbi_aws_place *ask;
} places[] = {
	{ "the settings", dbbi_aws_from_settings },
	{ "the environment", dbbi_aws_from_environment },
	{ "a profile", dbbi_aws_from_profile },
	{ "a web identity", dbbi_aws_from_web_identity },
	{ "the container's endpoint", dbbi_aws_from_container },
	{ "the instance's metadata", dbbi_aws_from_instance },
};

#define PLACES (sizeof(places) / sizeof(places[0]))

int
dbbi_aws_credentials_new(dbbi_aws_credentials **out,
    const dbbi_aws_options *options, dbbi_run *run, dbb_error *err)
{
	dbbi_aws_credentials *c = calloc(1, sizeof(*c));
	int rc;

	if (c == NULL)
		return dbbi_error_nomem(err);
	c->run = run;
	pthread_mutex_init(&c->mutex, NULL);
	pthread_cond_init(&c->fetched, NULL);
	rc = dbbi_aws_settings_copy(c, options, err);
	if (rc == 0)
		rc = dbbi_aws_environment_copy(c, options->environment, err);
	if (rc < 0)
		dbbi_aws_credentials_free(c);
	else
		*out = c;
	return rc;
}

void
dbbi_aws_credentials_free(dbbi_aws_credentials *credentials)
{
	if (credentials == NULL)
		return;
	dbbi_aws_keys_clear(&credentials->keys);
	dbbi_aws_settings_clear(credentials);
	dbbi_aws_environment_clear(credentials);
	pthread_cond_destroy(&credentials->fetched);
	pthread_mutex_destroy(&credentials->mutex);
	free(credentials);
}

/* ---- asking the places ---- */

/* Id and token go into headers, the id between slashes. The secret does not
 * leave us: some servers take one with blanks. */
static int
check_keys(const dbbi_aws_keys *keys, dbb_error *err)
{
	const char *texts[] = { keys->id, keys->secret, keys->token };
	static const char *const names[] = {
		"access key", "secret key", "session token",
	};
	const char *s;
	size_t i;

	for (i = 0; i < 3; i++) {
		for (s = texts[i]; s != NULL && *s != '\0'; s++)
			if ((unsigned char)*s < ' ' || *s == 0x7f ||
			    (*s == ' ' && texts[i] != keys->secret))
				return dbbi_error_set(err, DBB_ECONFIG,
				    "the %s that was found has a blank or a "
				    "control character", names[i]);
		if (texts[i] != NULL && *texts[i] == '\0')
			return dbbi_error_set(err, DBB_ECONFIG,
			    "the %s that was found is empty", names[i]);
	}
	return DBB_OK;
}

static int
report_none(const dbbi_bytes *looked, dbb_error *err)
{
	dbbi_error_set(err, DBB_ECONFIG, "no credentials were found: %.*s",
	    (int)looked->size, (const char *)looked->data);
	dbbi_error_hint(err, "set 'access-key' and 'secret-key-file' of the "
	    "repository, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
	return DBB_ECONFIG;
}

/* Note what a place lacks. */
static int
note(dbbi_bytes *looked, const char *words, dbb_error *err)
{
	int rc = 0;

	if (looked->size > 0)
		rc = dbbi_bytes_add(looked, "; ", 2, err);
	return rc < 0 ? rc : dbbi_bytes_add(looked, words, strlen(words),
	    err);
}

/* Ask one place after the other. */
static int
fetch(dbbi_aws_keys *out, dbbi_aws_credentials *c, int64_t now_ms,
    dbb_error *err)
{
	dbb_error lacks;
	dbbi_bytes looked;
	size_t i;
	int rc = DBB_ENOTFOUND;

	dbbi_bytes_init(&looked, LOOKED_MAX);
	for (i = 0; i < PLACES && rc == DBB_ENOTFOUND; i++) {
		dbbi_error_clear(&lacks);
		rc = places[i].ask(out, c, now_ms, &lacks);
		if (rc == DBB_ENOTFOUND) {
			if (note(&looked, lacks.message, err) < 0)
				rc = DBB_ENOMEM;
		} else if (rc < 0 && err != NULL) {
			*err = lacks;
		}
	}
	if (rc == 0 && (rc = check_keys(out, err)) < 0)
		dbbi_aws_keys_clear(out);
	if (rc == 0)
		dbbi_log(c->run, DBB_LOG_INFO, "credentials: from %s",
		    places[i - 1].name);
	if (rc == DBB_ENOTFOUND)
		rc = report_none(&looked, err);
	dbbi_bytes_clear(&looked);
	return rc == 0 ? 0 : dbbi_error_context(err, rc, "credentials");
}

/* ---- keeping what was found (with the mutex) ---- */

static int
holds(const dbbi_aws_credentials *c, int64_t now_ms)
{
	return c->keys.id != NULL && (c->keys.expires_at_ms == 0 ||
	    c->keys.expires_at_ms > now_ms);
}

static int
is_due(const dbbi_aws_credentials *c, int64_t now_ms)
{
	if (!holds(c, now_ms))
		return 1;
	return c->keys.expires_at_ms != 0 && now_ms >= c->again_at_ms &&
	    c->keys.expires_at_ms - EARLY_MS <= now_ms;
}

/* Keep what came, or what is at hand while it holds. */
static int
keep(dbbi_aws_credentials *c, dbbi_aws_keys *fresh, int rc, int64_t now_ms)
{
	c->again_at_ms = now_ms + PAUSE_MS;
	if (rc == 0) {
		dbbi_aws_keys_clear(&c->keys);
		c->keys = *fresh;
		return DBB_OK;
	}
	if (rc == DBB_ECANCELED || !holds(c, now_ms))
		return rc;
	dbbi_log(c->run, DBB_LOG_WARNING, "%s; those at hand are used while "
	    "they hold", c->failure.message);
	return DBB_OK;
}

/* Fetch, letting others have the old ones meanwhile. */
static int
renew(dbbi_aws_credentials *c, int64_t now_ms)
{
	dbbi_aws_keys fresh = {0};
	dbb_error failure;
	int rc;

	c->fetching = 1;
	pthread_mutex_unlock(&c->mutex);
	dbbi_error_clear(&failure);
	rc = fetch(&fresh, c, now_ms, &failure);
	pthread_mutex_lock(&c->mutex);
	c->failure = failure;
	rc = keep(c, &fresh, rc, now_ms);
	c->fetching = 0;
	c->fetches++;
	pthread_cond_broadcast(&c->fetched);
	return rc;
}

/* Another thread is at it: if it fails, that is for all who waited. */
static int
await(dbbi_aws_credentials *c)
{
	unsigned before = c->fetches;

	while (c->fetches == before)
		pthread_cond_wait(&c->fetched, &c->mutex);
	return c->failure.code;
}

int
dbbi_aws_credentials_get(dbbi_aws_keys *out,
    dbbi_aws_credentials *credentials, int64_t now_ms, dbb_error *err)
{
	dbbi_aws_credentials *c = credentials;
	int rc = 0;

	pthread_mutex_lock(&c->mutex);
	while (rc == 0 && !holds(c, now_ms) && c->fetching)
		rc = await(c);
	if (rc == 0 && is_due(c, now_ms) && !c->fetching)
		rc = renew(c, now_ms);
	if (rc < 0 && err != NULL)
		*err = c->failure;
	if (rc == 0)
		rc = dbbi_aws_keys_copy(out, &c->keys, err);
	pthread_mutex_unlock(&c->mutex);
	return rc;
}

void
dbbi_aws_credentials_expired(dbbi_aws_credentials *credentials,
    const dbbi_aws_keys *keys)
{
	dbbi_aws_keys *mine = &credentials->keys;

	pthread_mutex_lock(&credentials->mutex);
	if (mine->id != NULL && strcmp(mine->id, keys->id) == 0 &&
	    strcmp(mine->secret, keys->secret) == 0)
		dbbi_aws_keys_clear(mine);
	pthread_mutex_unlock(&credentials->mutex);
}
