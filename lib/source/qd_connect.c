/* SPDX-License-Identifier: BSD-2-Clause */
/* qd_connect: a node is found, and says who it is. */
#include <config.h>

#include "source/qd_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS 8		/* streams at once, and questions beside */
#define STALL_S 120		/* counting many points is silent work */

static int
is_qdrant(const dbbi_json *root)
{
	const char *title = dbbi_json_string(root, "title");

	return title != NULL && strstr(title, "qdrant") != NULL &&
	    dbbi_json_string(root, "version") != NULL;
}

static int
refuse_other(const dbbi_qd *qd, dbb_error *err)
{
	dbbi_error_set(err, DBB_ECONNECT, "'%s': what answers there is no "
	    "Qdrant", qd->url);
	dbbi_error_hint(err, "see that url is the server's REST address: the "
	    "port is %d unless it was changed", DBBI_QD_PORT);
	return DBB_ECONNECT;
}

/* Any web server knows "/", or answers 404. */
static int
greet(dbbi_qd *qd, dbb_error *err)
{
	const char *commit;
	dbbi_json *root = NULL;
	int rc;

	rc = dbbi_qd_ask(&root, qd, "GET", "/", NULL, err);
	if (rc == DBB_ENOTFOUND || (rc == 0 && !is_qdrant(root)))
		rc = refuse_other(qd, err);
	if (rc == 0) {
		commit = dbbi_json_string(root, "commit");
		qd->version = dbbi_text_dup(dbbi_json_string(root, "version"));
		qd->commit = dbbi_text_dup(commit != NULL ? commit : "");
		if (qd->version == NULL || qd->commit == NULL)
			rc = dbbi_error_nomem(err);
	}
	dbbi_json_free(root);
	return rc;
}

static int
make_headers(dbbi_qd *qd, const dbbi_qd_settings *settings, dbb_error *err)
{
	size_t n = 0;

	qd->headers[n++] = "Content-Type: application/json";
	if (settings->api_key == NULL)
		return DBB_OK;
	qd->key_header = dbbi_text_format("api-key: %s", settings->api_key);
	qd->headers[n] = qd->key_header;
	return qd->key_header != NULL ? DBB_OK : dbbi_error_nomem(err);
}

static int
connect_to(dbbi_qd *qd, const dbbi_qd_settings *settings, const char *url,
    dbb_error *err)
{
	dbbi_http_options options = { .connections = CONNECTIONS,
	    .ca_file = settings->ca_file, .stall_s = STALL_S };
	int rc;

	if ((qd->url = dbbi_text_dup(url)) == NULL)
		return dbbi_error_nomem(err);
	if ((rc = make_headers(qd, settings, err)) < 0 ||
	    (rc = dbbi_http_new(&qd->http, &options, qd->run, err)) < 0)
		return rc;
	return greet(qd, err);
}

int
dbbi_qd_connect(dbbi_qd **out, const dbbi_qd_settings *settings,
    const char *url, dbbi_run *run, dbb_error *err)
{
	dbbi_qd *qd = calloc(1, sizeof(*qd));
	int rc;

	if (qd == NULL)
		return dbbi_error_nomem(err);
	qd->run = run;
	if ((rc = connect_to(qd, settings, url, err)) < 0)
		dbbi_qd_free(qd);
	else
		*out = qd;
	return rc;
}

static void
pass_log(int level, const char *line, void *payload)
{
	dbbi_log(payload, level, "%s", line);
}

int
dbbi_qd_connect_to_clean(dbbi_qd **out, const dbbi_qd_settings *settings,
    const char *url, dbbi_run *run, dbb_error *err)
{
	dbbi_qd *qd = calloc(1, sizeof(*qd));
	int rc;

	if (qd == NULL)
		return dbbi_error_nomem(err);
	if ((rc = dbbi_run_init(&qd->own_run, err)) < 0) {
		free(qd);
		return rc;
	}
	qd->cleans = 1;
	qd->run = &qd->own_run;
	qd->own_run.log = pass_log;
	qd->own_run.log_payload = run;
	qd->own_run.log_level = run->log_level;
	if ((rc = connect_to(qd, settings, url, err)) < 0)
		dbbi_qd_free(qd);
	else
		*out = qd;
	return rc;
}

void
dbbi_qd_free(dbbi_qd *qd)
{
	if (qd == NULL)
		return;
	dbbi_http_free(qd->http);
	dbbi_secret_free(qd->key_header);
	free(qd->version);
	free(qd->commit);
	free(qd->url);
	if (qd->cleans)
		dbbi_run_clear(&qd->own_run);
	free(qd);
}

const char *
dbbi_qd_version(const dbbi_qd *qd)
{
	return qd->version;
}

const char *
dbbi_qd_commit(const dbbi_qd *qd)
{
	return qd->commit;
}

int
dbbi_qd_is_version(const dbbi_qd *qd, unsigned major, unsigned minor)
{
	unsigned has_major = 0, has_minor = 0;

	if (sscanf(qd->version, "%4u.%4u", &has_major, &has_minor) < 1)
		return 0;
	return has_major > major ||
	    (has_major == major && has_minor >= minor);
}

const char *
dbbi_qd_address(const dbbi_qd *qd)
{
	return qd->url;
}
