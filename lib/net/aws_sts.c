/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "net/aws_sts.h"

#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "net/aws_fetch.h"
#include "net/sigv4.h"
#include "net/uri_encode.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/config.h"
#include "util/sha256.h"
#include "util/xml.h"

#define FORM_MAX (1u << 20)
#define FORM_TYPE "Content-Type: application/x-www-form-urlencoded"
#define TOTAL_S 20
#define RETRIES 4
#define GLOBAL_REGION "us-east-1"

/* ---- the form ---- */

static int
add_field(dbbi_bytes *form, const char *name, const char *value,
    dbb_error *err)
{
	char *encoded = NULL, *field = NULL;
	int rc;

	if (value == NULL)
		return DBB_OK;
	encoded = dbbi_uri_encode(value, "");
	if (encoded != NULL)
		field = dbbi_text_format("&%s=%s", name, encoded);
	rc = field == NULL ? dbbi_error_nomem(err) :
	    dbbi_bytes_add(form, field, strlen(field), err);
	dbbi_secret_free(field);
	dbbi_secret_free(encoded);
	return rc;
}

/* The web identity's token, read each time: it is another by then. */
static int
add_token(dbbi_bytes *form, const char *path, dbb_error *err)
{
	char *token = NULL;
	int rc;

	if (path == NULL)
		return DBB_OK;
	if ((rc = dbbi_secret_read(&token, path, err)) < 0)
		return dbbi_error_context(err, rc, "the web identity's token "
		    "'%s'", path);
	rc = add_field(form, "WebIdentityToken", token, err);
	dbbi_secret_free(token);
	return rc;
}

static int
write_form(dbbi_bytes *form, const dbbi_aws_role *role, int64_t now_ms,
    dbb_error *err)
{
	static const char by_token[] =
	    "Action=AssumeRoleWithWebIdentity&Version=2011-06-15";
	static const char by_keys[] = "Action=AssumeRole&Version=2011-06-15";
	const char *begin = role->token_file != NULL ? by_token : by_keys;
	char session[16 + DBBI_TIME_SIZE] = "dbbackup-";
	int rc;

	dbbi_time_compact(session + strlen(session), now_ms);
	if ((rc = dbbi_bytes_add(form, begin, strlen(begin), err)) < 0 ||
	    (rc = add_field(form, "RoleArn", role->arn, err)) < 0 ||
	    (rc = add_field(form, "RoleSessionName", role->session != NULL ?
	    role->session : session, err)) < 0 ||
	    (rc = add_field(form, "ExternalId", role->external_id, err)) < 0 ||
	    (rc = add_token(form, role->token_file, err)) < 0)
		return rc;
	return dbbi_bytes_add(form, "", 1, err);
}

/* ---- where ---- */

/* A region becomes part of a host's name. */
static int
check_region(const char *region, dbb_error *err)
{
	if (strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") ==
	    strlen(region))
		return DBB_OK;
	return dbbi_error_set(err, DBB_ECONFIG, "'%.64s' is no region",
	    region);
}

static int
find_endpoint(char **url, char **region, dbbi_aws_credentials *c,
    dbb_error *err)
{
	const char *endpoint = dbbi_aws_variable(c, "AWS_ENDPOINT_URL_STS");
	int rc;

	if (endpoint == NULL)
		endpoint = dbbi_aws_variable(c, "AWS_ENDPOINT_URL");
	if ((rc = dbbi_aws_credentials_region(region, c, err)) < 0)
		return rc;
	if (*region != NULL && (rc = check_region(*region, err)) < 0)
		return rc;
	if (endpoint != NULL)
		*url = dbbi_text_dup(endpoint);
	else if (*region == NULL)
		*url = dbbi_text_dup("https://sts.amazonaws.com/");
	else
		*url = dbbi_text_format("https://sts.%s.amazonaws.com%s/",
		    *region, strncmp(*region, "cn-", 3) == 0 ? ".cn" : "");
	if (*region == NULL)
		*region = dbbi_text_dup(GLOBAL_REGION);
	return *url != NULL && *region != NULL ? DBB_OK :
	    dbbi_error_nomem(err);
}

/* Host, with its port where one is named, and path of a URL. */
static int
split_url(char **host, char **path, const char *url, dbb_error *err)
{
	char *name = NULL, *port = NULL, *rest = NULL;
	CURLU *u = curl_url();
	int rc = DBB_OK;

	if (u == NULL)
		return dbbi_error_nomem(err);
	if (curl_url_set(u, CURLUPART_URL, url, CURLU_PATH_AS_IS) !=
	    CURLUE_OK ||
	    curl_url_get(u, CURLUPART_HOST, &name, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_PATH, &rest, 0) != CURLUE_OK) {
		rc = dbbi_error_set(err, DBB_ECONFIG, "it is no URL");
		goto done;
	}
	if (curl_url_get(u, CURLUPART_PORT, &port, CURLU_NO_DEFAULT_PORT) !=
	    CURLUE_OK)
		port = NULL;
	*host = dbbi_text_format("%s%s%s", name, port != NULL ? ":" : "",
	    port != NULL ? port : "");
	*path = dbbi_text_dup(rest);
	if (*host == NULL || *path == NULL)
		rc = dbbi_error_nomem(err);
done:
	curl_free(name);
	curl_free(port);
	curl_free(rest);
	curl_url_cleanup(u);
	return rc;
}

/* ---- the request ---- */

/* The headers: signed, unless the token in the form says who we are. */
static int
write_headers(dbbi_list *out, const dbbi_aws_keys *keys, const char *url,
    const char *region, const char *form, int64_t now_ms, dbb_error *err)
{
	static const char *const headers[] = { FORM_TYPE, NULL };
	uint8_t digest[DBBI_SHA256_SIZE];
	char hash[DBBI_SHA256_HEX], *host = NULL, *path = NULL;
	dbbi_sigv4_request request = { .method = "POST", .headers = headers,
	    .payload_hash = hash, .region = region, .service = "sts" };
	int rc;

	if (keys == NULL)
		return dbbi_list_add(out, FORM_TYPE, err);
	if ((rc = split_url(&host, &path, url, err)) < 0 ||
	    (rc = dbbi_sha256_of(digest, form, strlen(form), err)) < 0)
		goto done;
	dbbi_hex_encode(hash, digest, sizeof(digest));
	request.host = host;
	request.path = path;
	rc = dbbi_sigv4_sign(out, &request, keys, now_ms, err);
done:
	free(host);
	free(path);
	return rc;
}

/* ---- the answer ---- */

enum { ID, SECRET, TOKEN, EXPIRATION, CODE, MESSAGE, WORDS };

struct answer {
	char *words[WORDS];
};

static int
take_element(const char *path, const char *text, void *payload,
    dbb_error *err)
{
	static const char *const ends[WORDS] = {
		"/Credentials/AccessKeyId", "/Credentials/SecretAccessKey",
		"/Credentials/SessionToken", "/Credentials/Expiration",
		"/Error/Code", "/Error/Message",
	};
	struct answer *answer = payload;
	size_t i, n = strlen(path);

	for (i = 0; i < WORDS; i++) {
		if (n < strlen(ends[i]) ||
		    strcmp(path + n - strlen(ends[i]), ends[i]) != 0)
			continue;
		dbbi_secret_free(answer->words[i]);
		answer->words[i] = dbbi_text_dup(text);
		if (answer->words[i] == NULL)
			return dbbi_error_nomem(err);
	}
	return DBB_OK;
}

/* What it says is wrong; if that is no XML, what it says at all. */
static int
report_refusal(const dbbi_http_response *got, const struct answer *answer,
    dbb_error *err)
{
	if (answer->words[CODE] == NULL)
		return dbbi_aws_fetch_refused(got, err);
	return dbbi_error_set(err, DBB_EAUTH, "it answered %d %.100s: %.400s",
	    got->status, answer->words[CODE], answer->words[MESSAGE] != NULL ?
	    answer->words[MESSAGE] : "");
}

static int
take_answer(dbbi_aws_keys *out, const dbbi_http_response *got,
    int64_t now_ms, dbb_error *err)
{
	struct answer answer = { { NULL } };
	size_t i;
	int rc;

	rc = dbbi_xml_read(got->body, got->body_size, NULL, take_element,
	    &answer, err);
	if (got->status != 200)
		rc = report_refusal(got, &answer, err);
	else if (rc == 0)
		rc = dbbi_aws_document_set(out, answer.words[ID],
		    answer.words[SECRET], answer.words[TOKEN],
		    answer.words[EXPIRATION], now_ms, err);
	for (i = 0; i < WORDS; i++)
		dbbi_secret_free(answer.words[i]);
	return rc;
}

static int
ask(dbbi_aws_keys *out, dbbi_aws_credentials *c, const char *url,
    const dbbi_list *headers, const char *form, int64_t now_ms,
    dbb_error *err)
{
	const dbbi_aws_fetch fetch = { .method = "POST", .url = url,
	    .headers = (const char *const *)headers->items, .body = form,
	    .ca_file = dbbi_aws_variable(c, "AWS_CA_BUNDLE"),
	    .total_s = TOTAL_S, .retries = RETRIES };
	dbbi_http_response got;
	int rc;

	rc = dbbi_aws_fetch_do(&got, &fetch, c->run, err);
	if (rc == 0)
		rc = take_answer(out, &got, now_ms, err);
	dbbi_aws_fetch_clear(&got);
	return rc;
}

int
dbbi_aws_sts_assume(dbbi_aws_keys *out, dbbi_aws_credentials *c,
    const dbbi_aws_role *role, int64_t now_ms, dbb_error *err)
{
	char *url = NULL, *region = NULL;
	dbbi_list headers = {0};
	dbbi_bytes form;
	int rc;

	dbbi_bytes_init(&form, FORM_MAX);
	if ((rc = find_endpoint(&url, &region, c, err)) < 0 ||
	    (rc = write_form(&form, role, now_ms, err)) < 0)
		goto done;
	rc = write_headers(&headers, role->keys, url, region,
	    (const char *)form.data, now_ms, err);
	if (rc == 0)
		rc = ask(out, c, url, &headers, (const char *)form.data,
		    now_ms, err);
	rc = dbbi_error_context(err, rc, "the token service at '%s'", url);
done:
	if (form.data != NULL)
		dbbi_wipe(form.data, form.size);
	dbbi_bytes_clear(&form);
	dbbi_config_settings_clear(&headers);
	free(region);
	free(url);
	return dbbi_error_context(err, rc, "assuming the role '%s'",
	    role->arn);
}
