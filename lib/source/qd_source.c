/* SPDX-License-Identifier: BSD-2-Clause */
/* qd_source: the driver, and the short steps of a backup. */
#include <config.h>

#include "source/qd_source.h"

#include <stdlib.h>
#include <string.h>

#include "source/qd_download.h"
#include "source/qd_paged.h"
#include "source/qd_target.h"
#include "source/qd_upload.h"
#include "util/clock.h"

/* Each collection has a moment of its own, when its snapshot is taken. */
static int
qd_freeze(int64_t *frozen_at_ms, dbbi_source *source, dbb_error *err)
{
	(void)source;
	(void)err;
	*frozen_at_ms = dbbi_now_ms();
	return DBB_OK;
}

static int
qd_stream(dbbi_reader **out, dbbi_source *source, size_t i, dbb_error *err)
{
	dbbi_qd_source *s = (dbbi_qd_source *)source;

	return s->settings.scroll ?
	    dbbi_qd_paged(out, s, &s->collections[i], err) :
	    dbbi_qd_download(out, s, &s->collections[i], err);
}

static int
check_archive(dbbi_reader *stored, dbb_error *err)
{
	uint8_t head[512];
	size_t got = 0, n;
	int rc;

	while (got < sizeof(head)) {
		rc = dbbi_reader_read(&n, stored, head + got,
		    sizeof(head) - got, err);
		if (rc < 0)
			return rc;
		if (n == 0)
			break;
		got += n;
	}
	if (got == sizeof(head) && memcmp(head + 257, "ustar", 5) == 0)
		return DBB_OK;
	return dbbi_error_set(err, DBB_EDAMAGED, "it is no snapshot: it does "
	    "not begin as a tar archive");
}

/* The whole was looked at as it came; here, that this is what is stored. */
static int
qd_check(dbbi_source *source, size_t i, const dbbi_json *facts,
    dbbi_reader *stored, dbb_error *err)
{
	(void)i;
	(void)facts;
	return ((dbbi_qd_source *)source)->settings.scroll ?
	    dbbi_qd_paged_check(stored, err) : check_archive(stored, err);
}

static int
qd_check_config(const dbbi_source_env *env, dbb_error *err)
{
	dbbi_qd_settings settings = {0};
	int rc = dbbi_qd_settings_read(&settings, env, err);

	dbbi_qd_settings_clear(&settings);
	return rc;
}

/* ---- what a killed run left ---- */

static int
is_about(const dbbi_json *note, const char *what)
{
	const char *makes = dbbi_json_string(note, "makes");

	return makes != NULL && strcmp(makes, what) == 0;
}

static int
clear_up_at(const dbbi_qd_settings *settings, const dbbi_source_env *env,
    const dbbi_json *note, dbb_error *err)
{
	dbbi_qd *qd = NULL;
	int rc;

	rc = dbbi_qd_connect(&qd, settings, dbbi_json_string(note, "url"),
	    env->run, err);
	if (rc == 0)
		rc = is_about(note, DBBI_QD_NOTE_RESTORE) ?
		    dbbi_qd_upload_clear_up(qd, note, err) :
		    dbbi_qd_snapshot_clear_up(qd, note, err);
	dbbi_qd_free(qd);
	return rc;
}

/* The address is only compared: the key goes to those that are configured. */
static int
qd_clear_up(const dbbi_source_env *env, const dbbi_json *note,
    dbb_error *err)
{
	const char *url = dbbi_json_string(note, "url");
	dbbi_qd_settings settings = {0};
	int rc;

	if (!is_about(note, DBBI_QD_NOTE_SNAPSHOT) &&
	    !is_about(note, DBBI_QD_NOTE_RESTORE))
		return dbbi_error_set(err, DBB_EDAMAGED, "the note is about "
		    "nothing that is known");
	if ((rc = dbbi_qd_settings_read(&settings, env, err)) < 0)
		return rc;
	rc = url != NULL && dbbi_list_has(&settings.urls, url) ?
	    clear_up_at(&settings, env, note, err) : DBB_FINDINGS;
	dbbi_qd_settings_clear(&settings);
	return rc;
}

static const char *
qd_how_to_load(const char *kind)
{
	if (strcmp(kind, DBBI_QD_POINTS_KIND) == 0)
		return "a header, a point a line, a trailer: see format.md; "
		    "points go by PUT URL/collections/NAME/points";
	return "one collection, under any name: curl -F snapshot=@FILE "
	    "'URL/collections/NAME/snapshots/upload?priority=snapshot'";
}

const dbbi_source_driver dbbi_source_qdrant = {
	.kind = "qdrant",
	.check_config = qd_check_config,
	.clear_up = qd_clear_up,
	.open = dbbi_qd_open,
	.freeze = qd_freeze,
	.stream = qd_stream,
	.facts = dbbi_qd_facts,
	.finish = dbbi_qd_finish,
	.check = qd_check,
	.close = dbbi_qd_close,
	.target_open = dbbi_qd_target_open,
	.target_replaces = dbbi_qd_target_replaces,
	.target_wants = dbbi_qd_target_wants,
	.target_load = dbbi_qd_target_load,
	.target_compare = dbbi_qd_target_compare,
	.target_commit = dbbi_qd_target_commit,
	.target_close = dbbi_qd_target_close,
	.how_to_load = qd_how_to_load,
};
