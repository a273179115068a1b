/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Credentials that the host of a container gives: ECS at a path of one fixed
 * address, EKS and others at a whole URL. A token goes with the request, so
 * without TLS that URL may name no host but this machine and the addresses
 * that are known for it.
 */
#include <config.h>

#include "net/aws_internal.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "net/aws_fetch.h"
#include "util/config.h"

#define RELATIVE "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define FULL "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define TOKEN "AWS_CONTAINER_AUTHORIZATION_TOKEN"
#define ECS_HOST "http://169.254.170.2"
#define CONNECT_S 2
#define TOTAL_S 10
#define RETRIES 3

/* This machine, or the host of the container; `host` as libcurl has it. */
static int
is_near(const char *host)
{
	static const char *const known[] = {
		"localhost", "[::1]", "169.254.170.2", "169.254.170.23",
		"[fd00:ec2::23]", NULL,
	};
	const char *const *k;
	struct in_addr address;

	for (k = known; *k != NULL; k++)
		if (strcasecmp(host, *k) == 0)
			return 1;
	return inet_pton(AF_INET, host, &address) == 1 &&
	    ntohl(address.s_addr) >> 24 == 127;
}

static int
check_full(const char *url, dbb_error *err)
{
	char *scheme = NULL, *host = NULL;
	CURLU *u = curl_url();
	int rc = DBB_OK;

	if (u == NULL)
		return dbbi_error_nomem(err);
	if (curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK) {
		rc = dbbi_error_set(err, DBB_ECONFIG, "it is no URL");
	} else if (strcmp(scheme, "https") != 0 &&
	    (strcmp(scheme, "http") != 0 || !is_near(host))) {
		rc = dbbi_error_set(err, DBB_ECONFIG, "without TLS, keys are "
		    "not asked of the host '%.200s'", host);
		dbbi_error_hint(err, "use https, or a host that is this "
		    "machine");
	}
	curl_free(scheme);
	curl_free(host);
	curl_url_cleanup(u);
	return rc;
}

/* The URL to ask; NULL: none is set. */
static int
find_url(char **out, const dbbi_aws_credentials *c, dbb_error *err)
{
	const char *relative = dbbi_aws_variable(c, RELATIVE);
	const char *full = dbbi_aws_variable(c, FULL);
	int rc;

	if (relative != NULL) {
		/* Else it could go on with the host's name. */
		if (*relative != '/')
			return dbbi_error_set(err, DBB_ECONFIG,
			    RELATIVE ": it does not begin with '/'");
		*out = dbbi_text_format(ECS_HOST "%s", relative);
	} else if (full != NULL) {
		if ((rc = check_full(full, err)) < 0)
			return dbbi_error_context(err, rc, FULL);
		*out = dbbi_text_dup(full);
	} else {
		return DBB_OK;
	}
	return *out != NULL ? DBB_OK : dbbi_error_nomem(err);
}

/* The header with the token; NULL: there is none. The file is read each
 * time, since its content changes. */
static int
find_token(char **out, const dbbi_aws_credentials *c, dbb_error *err)
{
	const char *path = dbbi_aws_variable(c, TOKEN "_FILE");
	const char *value = dbbi_aws_variable(c, TOKEN);
	char *token = NULL;
	int rc = DBB_OK;

	if (path != NULL)
		rc = dbbi_error_context(err, dbbi_secret_read(&token, path,
		    err), TOKEN "_FILE: '%s'", path);
	else if (value != NULL && (token = dbbi_text_dup(value)) == NULL)
		rc = dbbi_error_nomem(err);
	if (rc < 0 || token == NULL)
		return rc;
	if (strpbrk(token, "\r\n") != NULL)
		rc = dbbi_error_set(err, DBB_ECONFIG, TOKEN ": it has more "
		    "than one line");
	else if ((*out = dbbi_text_format("Authorization: %s", token)) ==
	    NULL)
		rc = dbbi_error_nomem(err);
	dbbi_secret_free(token);
	return rc;
}

/* Ask, and take what is answered. */
static int
take_keys(dbbi_aws_keys *out, dbbi_aws_credentials *c, const char *url,
    const char *token, int64_t now_ms, dbb_error *err)
{
	const char *const headers[] = { "Accept: application/json", token,
	    NULL };
	const dbbi_aws_fetch fetch = { .method = "GET", .url = url,
	    .headers = headers, .no_proxy = 1, .connect_s = CONNECT_S,
	    .total_s = TOTAL_S,
	    .ca_file = dbbi_aws_variable(c, "AWS_CA_BUNDLE"),
	    .retries = RETRIES };
	dbbi_http_response got;
	int rc;

	rc = dbbi_aws_fetch_do(&got, &fetch, c->run, err);
	if (rc == 0 && got.status != 200)
		rc = dbbi_aws_fetch_refused(&got, err);
	if (rc == 0)
		rc = dbbi_aws_document_keys(out, got.body, got.body_size,
		    "Token", now_ms, err);
	dbbi_aws_fetch_clear(&got);
	return rc;
}

int
dbbi_aws_from_container(dbbi_aws_keys *out, dbbi_aws_credentials *c,
    int64_t now_ms, dbb_error *err)
{
	char *url = NULL, *token = NULL;
	int rc;

	if ((rc = find_url(&url, c, err)) < 0)
		return rc;
	if (url == NULL)
		return dbbi_error_set(err, DBB_ENOTFOUND, "the environment "
		    "has neither " RELATIVE " nor " FULL);
	rc = find_token(&token, c, err);
	if (rc == 0)
		rc = take_keys(out, c, url, token, now_ms, err);
	dbbi_secret_free(token);
	free(url);
	return dbbi_error_context(err, rc, "the container's endpoint");
}
