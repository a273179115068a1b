/* SPDX-License-Identifier: BSD-2-Clause */
/* qd_open: everything that can be refused is refused here, before a backup
 * begins. */
#include <config.h>

#include "source/qd_source.h"

#include <stdlib.h>

#include "source/qd_paged.h"
#include "source/qd_shards.h"

/* ---- clusters ---- */

/* A node gives what it holds, and nothing in its snapshot says that it is a
 * part. */
static int
refuse_cluster(const dbbi_qd_source *s, dbb_error *err)
{
	dbbi_error_set(err, DBB_EUNSUPPORTED, "'%s': the server is one node of "
	    "a cluster, and others hold a part of the data",
	    dbbi_qd_address(s->qd));
	dbbi_error_hint(err, "this version backs up servers that hold all of "
	    "their data themselves");
	return DBB_EUNSUPPORTED;
}

/* Any node pages out what all of them hold. */
static int
check_single(const dbbi_qd_source *s, dbb_error *err)
{
	if (s->settings.scroll)
		return DBB_OK;
	if (s->settings.urls.count > 1) {
		dbbi_error_set(err, DBB_EUNSUPPORTED, "'urls' names %zu nodes, "
		    "and this version does not back up clusters",
		    s->settings.urls.count);
		dbbi_error_hint(err, "set 'url' to the one server that holds "
		    "all of the data");
		return DBB_EUNSUPPORTED;
	}
	return dbbi_qd_discover_peers(s->cluster) > 1 ?
	    refuse_cluster(s, err) : DBB_OK;
}

/* Also where the key may not see the cluster: are all shards here, and in
 * service? */
static int
check_shards(const dbbi_qd_source *s, const dbbi_json *shards,
    dbb_error *err)
{
	dbbi_qd_shards found = {0};
	int rc;

	if (s->settings.scroll)
		return DBB_OK;
	rc = dbbi_qd_shards_choose(&found, &shards, 1, err);
	dbbi_qd_shards_clear(&found);
	return rc == DBB_ECONFIG ? refuse_cluster(s, err) : rc;
}

/* ---- collections ---- */

static int
open_collection(dbbi_qd_source *s, dbbi_qd_collection *c, const char *name,
    dbb_error *err)
{
	int rc;

	if ((c->name = dbbi_text_dup(name)) == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_qd_discover_collection(&c->found, s->qd, name, err);
	if (rc < 0)
		return rc;
	rc = check_shards(s, dbbi_json_object(c->found, "shards"), err);
	return dbbi_error_context(err, rc, "collection '%s'", name);
}

static int
open_collections(dbbi_qd_source *s, dbb_error *err)
{
	const dbbi_list *wanted = s->env->only != NULL ? s->env->only :
	    &s->settings.patterns;
	dbbi_list names = {0};
	size_t i;
	int rc;

	rc = dbbi_qd_discover_collections(&names, s->qd, wanted, err);
	if (rc < 0)
		return rc;
	s->collections = calloc(names.count, sizeof(*s->collections));
	if (s->collections == NULL)
		rc = dbbi_error_nomem(err);
	for (i = 0; rc == 0 && i < names.count; i++) {
		s->collection_count++;
		rc = open_collection(s, &s->collections[i], names.items[i],
		    err);
	}
	dbbi_list_clear(&names);
	return rc;
}

static int
name_streams(dbbi_qd_source *s, dbb_error *err)
{
	int scroll = s->settings.scroll;
	size_t i;

	s->base.streams = calloc(s->collection_count,
	    sizeof(*s->base.streams));
	if (s->base.streams == NULL)
		return dbbi_error_nomem(err);
	s->base.stream_count = s->collection_count;
	for (i = 0; i < s->collection_count; i++) {
		s->base.streams[i].kind = scroll ? DBBI_QD_POINTS_KIND :
		    "qdrant_snapshot";
		s->base.streams[i].name = dbbi_text_format("%s.%s",
		    s->collections[i].name, scroll ? "points" : "snapshot");
		if (s->base.streams[i].name == NULL)
			return dbbi_error_nomem(err);
	}
	return DBB_OK;
}

int
dbbi_qd_open(dbbi_source **out, const dbbi_source_env *env, dbb_error *err)
{
	dbbi_qd_source *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return dbbi_error_nomem(err);
	s->base.driver = &dbbi_source_qdrant;
	s->env = env;
	if ((rc = dbbi_qd_settings_read(&s->settings, env, err)) < 0 ||
	    (rc = dbbi_qd_connect(&s->qd, &s->settings,
	    s->settings.urls.items[0], env->run, err)) < 0 ||
	    (rc = dbbi_qd_discover_node(&s->cluster, s->qd, err)) < 0 ||
	    (rc = check_single(s, err)) < 0 ||
	    (rc = dbbi_qd_discover_aliases(&s->aliases, s->qd, err)) < 0 ||
	    (rc = open_collections(s, err)) < 0 ||
	    (rc = name_streams(s, err)) < 0) {
		dbbi_qd_close(&s->base);
		return rc;
	}
	dbbi_log(env->run, DBB_LOG_INFO, "'%s' is Qdrant %s",
	    dbbi_qd_address(s->qd), dbbi_qd_version(s->qd));
	*out = &s->base;
	return DBB_OK;
}

static void
close_collection(dbbi_qd_collection *c)
{
	free(c->name);
	dbbi_json_free(c->found);
	dbbi_json_free(c->taken.sample);
	free(c->taken.name);
	free(c->taken.left);
}

void
dbbi_qd_close(dbbi_source *source)
{
	dbbi_qd_source *s = (dbbi_qd_source *)source;
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->collection_count; i++)
		close_collection(&s->collections[i]);
	free(s->collections);
	for (i = 0; i < s->base.stream_count; i++)
		free(s->base.streams[i].name);
	free(s->base.streams);
	dbbi_json_free(s->cluster);
	dbbi_json_free(s->aliases);
	dbbi_json_free(s->warnings);
	dbbi_qd_free(s->qd);
	dbbi_qd_settings_clear(&s->settings);
	free(s);
}
