/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/s3_as_of.h"

#include <stdlib.h>
#include <string.h>

#include "store/s3_text.h"
#include "store/s3_versions.h"
#include "util/clock.h"

#define KNOWN 256	/* versions that are remembered: a power of two */

/* Which version a name had. */
struct known {
	char *name;
	char *id;
};

struct dbbi_s3_as_of {
	int64_t at_ms;
	pthread_mutex_t mutex;	/* of what follows */
	struct known known[KNOWN];
};

int
dbbi_s3_as_of_new(dbbi_s3_as_of **out, const dbb_store_env *env,
    dbb_error *err)
{
	const char *text = dbb_store_env_setting(env, "as-of");
	dbbi_s3_as_of *as_of;
	int64_t at_ms;

	*out = NULL;
	if (text == NULL || *text == '\0')
		return DBB_OK;
	if ((at_ms = dbbi_s3_time_parse(text)) == 0)
		return dbbi_error_set(err, DBB_ECONFIG, "'as-of' is '%.64s' "
		    "and not a time as 2026-11-24T02:00:00Z", text);
	as_of = calloc(1, sizeof(*as_of));
	if (as_of == NULL || pthread_mutex_init(&as_of->mutex, NULL) != 0) {
		free(as_of);
		return dbbi_error_nomem(err);
	}
	as_of->at_ms = at_ms;
	*out = as_of;
	return DBB_OK;
}

void
dbbi_s3_as_of_free(dbbi_s3_as_of *as_of)
{
	size_t i;

	if (as_of == NULL)
		return;
	for (i = 0; i < KNOWN; i++) {
		free(as_of->known[i].name);
		free(as_of->known[i].id);
	}
	pthread_mutex_destroy(&as_of->mutex);
	free(as_of);
}

int
dbbi_s3_as_of_check(const dbbi_s3 *s3, dbb_error *err)
{
	char at[DBBI_TIME_SIZE];

	if (s3->as_of == NULL)
		return DBB_OK;
	dbbi_time_rfc3339(at, s3->as_of->at_ms);
	dbbi_error_set(err, DBB_EUNSUPPORTED, "the bucket is shown as it was "
	    "at %s, and nothing can be written to it", at);
	dbbi_error_hint(err, "leave 'as-of' out to go on from what is there "
	    "now");
	return DBB_EUNSUPPORTED;
}

/* ---- listing ---- */

struct listing {
	int64_t at_ms;
	char *decided;		/* the name whose version has been found */
	dbb_list_fn fn;
	void *payload;
};

static int
take_version(const dbbi_s3_version *version, void *payload, dbb_error *err)
{
	struct listing *l = payload;
	dbb_object object = {
		.size = sizeof(object), .name = version->name,
		.size_bytes = version->size_bytes,
		.modified_at_ms = version->modified_at_ms,
	};

	if (version->modified_at_ms > l->at_ms || (l->decided != NULL &&
	    strcmp(l->decided, version->name) == 0))
		return DBB_OK;
	free(l->decided);
	if ((l->decided = dbbi_text_dup(version->name)) == NULL)
		return dbbi_error_nomem(err);
	if (version->marker || l->fn(&object, l->payload) == 0)
		return DBB_OK;
	return dbbi_error_set(err, DBB_ECANCELED, "stopped by the caller");
}

int
dbbi_s3_as_of_list(dbbi_s3 *s3, const char *prefix, dbb_list_fn fn,
    void *payload, dbb_error *err)
{
	struct listing l = { .at_ms = s3->as_of->at_ms, .fn = fn,
	    .payload = payload };
	int rc;

	rc = dbbi_s3_versions(s3, prefix, take_version, &l, err);
	free(l.decided);
	return rc;
}

/* ---- one object ---- */

struct search {
	int64_t at_ms;
	const char *name;
	int through;		/* it is found, or is not there */
	char *id;		/* NULL: it was not there then */
	dbb_object object;
};

static int
look(const dbbi_s3_version *version, void *payload, dbb_error *err)
{
	struct search *s = payload;

	if (strcmp(version->name, s->name) == 0 &&
	    version->modified_at_ms > s->at_ms)
		return DBB_OK;
	s->through = 1;
	if (strcmp(version->name, s->name) != 0 || version->marker)
		return DBB_ECANCELED;
	s->object.size_bytes = version->size_bytes;
	s->object.modified_at_ms = version->modified_at_ms;
	s->id = dbbi_text_dup(version->id);
	return s->id != NULL ? DBB_ECANCELED : dbbi_error_nomem(err);
}

/* `s->id` is to be freed. */
static int
find(struct search *s, dbbi_s3 *s3, dbb_error *err)
{
	dbb_error why = {0};
	int rc;

	s->at_ms = s3->as_of->at_ms;
	rc = dbbi_s3_versions(s3, s->name, look, s, &why);
	if (rc == DBB_ECANCELED && s->through)
		rc = DBB_OK;
	if (rc < 0 && err != NULL)
		*err = why;
	if (rc == DBB_OK && s->id == NULL)
		rc = dbbi_error_set(err, DBB_ENOTFOUND, "there was no such "
		    "object then");
	return rc;
}

int
dbbi_s3_as_of_stat(dbb_object *out, dbbi_s3 *s3, const char *name,
    dbb_error *err)
{
	struct search s = { .name = name };
	int rc;

	if ((rc = find(&s, s3, err)) == DBB_OK) {
		out->size_bytes = s.object.size_bytes;
		out->modified_at_ms = s.object.modified_at_ms;
	}
	free(s.id);
	return rc;
}

/* ---- what is remembered ---- */

static struct known *
slot_of(dbbi_s3_as_of *as_of, const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return &as_of->known[hash % KNOWN];
}

/* NULL: not known, or no memory. */
static char *
recall(dbbi_s3_as_of *as_of, const char *name)
{
	struct known *k = slot_of(as_of, name);
	char *id = NULL;

	pthread_mutex_lock(&as_of->mutex);
	if (k->name != NULL && strcmp(k->name, name) == 0)
		id = dbbi_text_dup(k->id);
	pthread_mutex_unlock(&as_of->mutex);
	return id;
}

static void
remember(dbbi_s3_as_of *as_of, const char *name, const char *id)
{
	struct known *k = slot_of(as_of, name);
	struct known news = { dbbi_text_dup(name), dbbi_text_dup(id) };
	struct known old = news;

	pthread_mutex_lock(&as_of->mutex);
	if (news.name != NULL && news.id != NULL) {
		old = *k;
		*k = news;
	}
	pthread_mutex_unlock(&as_of->mutex);
	free(old.name);
	free(old.id);
}

int
dbbi_s3_as_of_query(char **out, dbbi_s3 *s3, const char *name,
    dbb_error *err)
{
	struct search s = { .name = name };
	int rc = DBB_OK;

	*out = NULL;
	if (s3->as_of == NULL)
		return DBB_OK;
	if ((s.id = recall(s3->as_of, name)) == NULL &&
	    (rc = find(&s, s3, err)) == DBB_OK)
		remember(s3->as_of, name, s.id);
	if (rc == DBB_OK &&
	    (*out = dbbi_s3_version_query(s.id)) == NULL)
		rc = dbbi_error_nomem(err);
	free(s.id);
	return rc;
}
