/* SPDX-License-Identifier: BSD-2-Clause */
/* qd_answer: what a node's answer means: its result, or one error. */
#include <config.h>

#include "source/qd_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 800		/* bytes of a server's own words */

/* ---- the server's own words ---- */

/* "error" in "status"; borrowed from `body`, NULL: there is none. */
static const char *
find_error(const dbbi_json *body)
{
	return dbbi_json_string(dbbi_json_object(body, "status"), "error");
}

/* One line of at most WORDS_MAX bytes; "" for a page of HTML. */
static void
take_words(char out[WORDS_MAX], const char *text)
{
	size_t i;

	while (*text != '\0' && strchr(" \t\r\n", *text) != NULL)
		text++;
	snprintf(out, WORDS_MAX, "%s", *text == '<' ? "" : text);
	for (i = 0; out[i] != '\0'; i++)
		if ((unsigned char)out[i] < ' ' || out[i] == 0x7f)
			out[i] = ' ';
	dbbi_text_make_utf8(out);
	dbbi_text_trim(out);
}

/* Some answers are JSON, others the bare words. */
static void
find_words(char out[WORDS_MAX], const dbbi_http_response *response)
{
	dbbi_json *body = NULL;
	const char *error = NULL;

	if (dbbi_json_parse(&body, response->body, response->body_size,
	    NULL) == 0)
		error = find_error(body);
	take_words(out, error != NULL ? error :
	    body == NULL ? response->body : "");
	dbbi_json_free(body);
}

/* ---- what it means ---- */

static int
code_of(int status)
{
	switch (status) {
	case 401:
		return DBB_EAUTH;
	case 403:
		return DBB_EACCESS;
	case 404:
		return DBB_ENOTFOUND;
	case 409:
		return DBB_EEXIST;
	case 502:
	case 504:
		return DBB_ECONNECT;
	default:
		return status >= 300 && status < 400 ? DBB_ECONNECT :
		    DBB_ESOURCE;
	}
}

int
dbbi_qd_answer_passes(int status)
{
	return status == 429 || status == 502 || status == 503 ||
	    status == 504;
}

static int
has(const char *words, const char *part)
{
	return strstr(words, part) != NULL;
}

static const char *
advise_on_refusal(const dbbi_qd *qd, int status, const char *words)
{
	if (has(words, "ExpiredSignature"))
		return "the token has expired: make a new one; or the clocks "
		    "of this machine and the server differ";
	if (has(words, "InvalidSignature"))
		return "the token was not made with this server's key";
	if (status == 403)
		return "the key is known, and has not this right: see which "
		    "rights are needed in dbb-backup(1)";
	if (qd->key_header == NULL)
		return "the server wants a key: set api-key-file (or api-key, "
		    "api-key-command), or QDRANT_API_KEY";
	return "see that api-key, api-key-file or api-key-command gives the "
	    "key that is set as service.api_key on the server, or a token "
	    "made with it";
}

static const char *
advise_on_failure(int status, const char *words)
{
	if (has(words, "No space left") || has(words, "StorageFull") ||
	    has(words, "not enough disk"))
		return "free space on the server's disk: a snapshot needs as "
		    "much as the collection";
	if (status == 429)
		return "the collection's strict mode limits how often it may "
		    "be asked (read_rate_limit): raise it, or back up when "
		    "less is asked";
	if (status == 502 || status == 504)
		return "a proxy before the server said this: ask the server "
		    "itself, or give the proxy more time";
	if (has(words, "Help: "))
		return "the collection's strict mode refuses this: see "
		    "strict_mode_config in its configuration";
	if (status >= 500)
		return "the server's own log may say more";
	return NULL;
}

static void
advise(const dbbi_qd *qd, int status, const char *words, dbb_error *err)
{
	const char *hint;

	if (status == 401 || status == 403)
		hint = advise_on_refusal(qd, status, words);
	else
		hint = advise_on_failure(status, words);
	if (hint != NULL)
		dbbi_error_hint(err, "%s", hint);
}

/* To where, without what may be a secret. */
static int
report_redirect(const dbbi_http_response *response, dbb_error *err)
{
	const char *to = dbbi_http_header(response, "Location");
	char shown[WORDS_MAX];

	take_words(shown, to != NULL ? to : "");
	shown[strcspn(shown, "?#")] = '\0';
	if (strchr(shown, '@') != NULL)
		shown[0] = '\0';
	dbbi_error_set(err, DBB_ECONNECT, "the server answered %d, a redirect "
	    "to '%s', which is not followed", response->status, shown);
	dbbi_error_hint(err, "if that is the server that you mean, set it as "
	    "url: the key goes to no other host than the one configured");
	return DBB_ECONNECT;
}

static int
report(const dbbi_qd *qd, const dbbi_http_response *response, dbb_error *err)
{
	int status = response->status, rc;
	char words[WORDS_MAX], remote[16];

	if (status >= 300 && status < 400) {
		rc = report_redirect(response, err);
	} else {
		find_words(words, response);
		rc = dbbi_error_set(err, code_of(status), words[0] != '\0' ?
		    "the server answered %d: %s" : "the server answered %d%s",
		    status, words);
		advise(qd, status, words, err);
	}
	snprintf(remote, sizeof(remote), "%d", status);
	dbbi_error_remote(err, remote);
	if (err != NULL)
		err->retryable = dbbi_qd_answer_passes(status);
	return rc;
}

/* ---- results ---- */

static int
refuse_stranger(const dbbi_qd *qd, dbb_error *err)
{
	dbbi_error_set(err, DBB_ECONNECT, "what answers is no Qdrant");
	dbbi_error_hint(err, "see that url is the server's REST address: the "
	    "port is %d unless it was changed", DBBI_QD_PORT);
	return dbbi_error_context(err, DBB_ECONNECT, "'%s'", qd->url);
}

int
dbbi_qd_answer_check(const dbbi_qd *qd, const dbbi_http_response *response,
    dbb_error *err)
{
	if (response->status >= 200 && response->status <= 299)
		return DBB_OK;
	return dbbi_error_context(err, report(qd, response, err), "'%s'",
	    qd->url);
}

int
dbbi_qd_answer_body(dbbi_json **out, const dbbi_qd *qd,
    const dbbi_http_response *response, dbb_error *err)
{
	dbbi_json *body = NULL;
	int rc = dbbi_qd_answer_check(qd, response, err);

	if (rc < 0)
		return rc;
	if (dbbi_json_parse(&body, response->body, response->body_size,
	    err) < 0 || !json_object_is_type(body, json_type_object)) {
		dbbi_json_free(body);
		return refuse_stranger(qd, err);
	}
	*out = body;
	return DBB_OK;
}

int
dbbi_qd_answer_result(dbbi_json **result, const dbbi_qd *qd, dbbi_json *body,
    dbb_error *err)
{
	dbbi_json *member = NULL;
	int rc = DBB_OK;

	if (!json_object_object_get_ex(body, "result", &member))
		rc = refuse_stranger(qd, err);
	else if (result != NULL)
		*result = json_object_get(member);
	dbbi_json_free(body);
	return rc;
}

int
dbbi_qd_take(dbbi_json **result, dbbi_qd *qd,
    const dbbi_http_response *response, dbb_error *err)
{
	dbbi_json *body = NULL;
	int rc = dbbi_qd_answer_body(&body, qd, response, err);

	return rc < 0 ? rc : dbbi_qd_answer_result(result, qd, body, err);
}
