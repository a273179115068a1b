/* SPDX-License-Identifier: BSD-2-Clause */
/* qd_upload: the request that uploads an archive, and what its answer means. */
#include <config.h>

#include "source/qd_upload_parts.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/http_form.h"
#include "net/retry.h"
#include "source/qd_scroll.h"

#define STALL_S 300		/* the server writes to its disk meanwhile */

/* When no answer came, but the server may have it all: does the collection
 * come to be? */
static const dbbi_retry_policy when_lost = { .times = 30, .for_s = 30,
    .first_ms = 500, .most_ms = 2000 };

/* ---- the request ---- */

static char *
make_url(const dbbi_qd *qd, const char *name, const char *sha256)
{
	char *path = dbbi_qd_path("/collections/%s/snapshots/upload"
	    "?wait=true&priority=snapshot&checksum=%s", name, sha256);
	char *url = path != NULL ? dbbi_qd_url(qd, path) : NULL;

	free(path);
	return url;
}

/* How it went, besides the error. */
struct sent {
	int whole;		/* all of it was handed over */
	int heard;		/* the server has answered */
};

static int
send_form(struct sent *sent, const dbbi_qd_site *site, const char *url,
    dbbi_http_form *form, dbb_error *err)
{
	const char *headers[4] = { form->type };
	const char *const *own = dbbi_qd_headers(site->qd);
	size_t count = 1;
	dbbi_http_request request = { .method = "POST", .url = url,
	    .headers = headers, .upload = &form->reader,
	    .stall_s = STALL_S, .answer_s = UINT_MAX };
	dbbi_http_response response = {0};
	int rc;

	for (; *own != NULL && count < 3; own++)
		if (strncasecmp(*own, "Content-Type:", 13) != 0)
			headers[count++] = *own;
	rc = dbbi_http_do(&response, dbbi_qd_http(site->qd), &request, err);
	sent->heard = rc == 0;
	sent->whole = form->part > 1;
	if (rc == 0)
		rc = dbbi_qd_take(NULL, site->qd, &response, err);
	dbbi_http_response_clear(&response);
	return rc;
}

static int
send_file(struct sent *sent, const dbbi_qd_site *site, const char *name,
    const char *file, dbbi_reader *in, const char *sha256, dbb_error *err)
{
	char *url = make_url(site->qd, name, sha256);
	dbbi_http_form form;
	int rc;

	if (url == NULL)
		return dbbi_error_nomem(err);
	rc = dbbi_http_form_init(&form, "snapshot", file, in, 0, err);
	if (rc == 0) {
		rc = send_form(sent, site, url, &form, err);
		dbbi_http_form_clear(&form);
	}
	free(url);
	return rc;
}

/* ---- the answer ---- */

static void
advise(dbb_error *why)
{
	const char *words = why->message;

	if (strcmp(why->remote, "403") == 0)
		dbbi_error_hint(why, "restoring needs the server's api key, or "
		    "a token with the right to manage (access: 'm')");
	else if (strstr(words, "hecksum mismatch") != NULL)
		dbbi_error_hint(why, "the bytes changed on their way to the "
		    "server, or the set says another SHA-256 than its archive "
		    "has: restore again, then 'dbb-backup verify --read-data'");
	else if (strstr(words, "No space left") != NULL ||
	    strstr(words, "StorageFull") != NULL)
		dbbi_error_hint(why, "free space on the server's disk: loading "
		    "takes three times the snapshot for a while; nothing was "
		    "replaced");
	else if (strcmp(why->remote, "400") == 0 ||
	    strcmp(why->remote, "500") == 0)
		dbbi_error_hint(why, "the server refuses the archive: see that "
		    "its version is the one that took it, and what its own log "
		    "says; 'dbb-restore export' takes it out as a file");
}

/* May the server go on with it although nobody heard so? */
static int
is_lost(int rc, const struct sent *sent, const dbb_error *why)
{
	if (!sent->heard)
		return sent->whole && (rc == DBB_EIO || rc == DBB_ECONNECT);
	return strcmp(why->remote, "502") == 0 ||
	    strcmp(why->remote, "504") == 0;
}

/* Did the server perhaps make a collection of it? It does not before it has all
 * of an archive, and of one that it refuses as wrong nothing stays: what has
 * the name then, somebody else has made meanwhile. */
static int
may_be_ours(const struct sent *sent, const dbb_error *why)
{
	return sent->whole && strcmp(why->remote, "400") != 0;
}

/* 1: it is there after all, and compared like any other. */
static int
await_lost(const dbbi_qd_site *site, const char *name, dbb_error *err)
{
	dbbi_retry retry = { .policy = when_lost };
	int rc, exists = 0;

	dbbi_log(site->run, DBB_LOG_INFO, "qdrant: the answer about loading "
	    "'%s' was lost: looking whether it comes", name);
	do {
		rc = dbbi_qd_collection_exists(&exists, site->qd, name, NULL);
		if (rc == 0 && exists)
			return 1;
		rc = dbbi_retry_wait(&retry, 0, site->run, err);
	} while (rc > 0);
	return rc;
}

/* It may not take the place of anything. */
static int
check_absent(const dbbi_qd_site *site, const char *name, dbb_error *err)
{
	int exists = 0;
	int rc = dbbi_qd_collection_exists(&exists, site->qd, name, err);

	if (rc < 0 || !exists)
		return rc;
	dbbi_error_set(err, DBB_EEXIST, "collection '%s' was made meanwhile by "
	    "somebody else", name);
	dbbi_error_hint(err, "restore again, with --replace if that is to be "
	    "replaced");
	return DBB_EEXIST;
}

static int
upload(const dbbi_qd_site *site, const char *name, const char *file,
    dbbi_reader *in, const char *sha256, dbb_error *err)
{
	dbb_error why = {0};
	struct sent sent = {0};
	int lost, rc;

	rc = send_file(&sent, site, name, file, in, sha256, &why);
	lost = rc < 0 && is_lost(rc, &sent, &why);
	if (lost && await_lost(site, name, &why) > 0)
		rc = 0;
	if (rc == 0) {
		dbbi_qd_left_file(site, name, file);
		return 0;
	}
	if (sent.heard && !lost)
		advise(&why);
	if (rc == DBB_EAUTH || rc == DBB_EACCESS)
		dbbi_qd_left_nothing(site, name);
	else
		dbbi_qd_left_all(site, name, file, may_be_ours(&sent, &why),
		    !lost && (sent.heard || !sent.whole));
	if (err != NULL)
		*err = why;
	return rc;
}

int
dbbi_qd_upload(const dbbi_qd_site *site, const char *name, dbbi_reader *in,
    const char *sha256, dbb_error *err)
{
	char file[DBBI_QD_FILE_SIZE];
	int rc;

	if ((rc = dbbi_qd_file_name(file, err)) < 0 ||
	    (rc = check_absent(site, name, err)) < 0 ||
	    (rc = dbbi_qd_left_note(site, name, file, err)) < 0)
		return rc;
	rc = upload(site, name, file, in, sha256, err);
	return dbbi_error_context(err, rc, "uploading it as collection '%s'",
	    name);
}

int
dbbi_qd_upload_points(const dbbi_qd_site *site, const char *name,
    dbbi_reader *in, dbb_error *err)
{
	int rc;

	if ((rc = check_absent(site, name, err)) < 0 ||
	    (rc = dbbi_qd_left_note(site, name, NULL, err)) < 0)
		return rc;
	rc = dbbi_qd_scroll_load(site->qd, name, in, err);
	/* One that others made in between is theirs. */
	if (rc < 0 && rc != DBB_EEXIST)
		dbbi_qd_upload_undo(site, name, NULL);
	return rc;
}
