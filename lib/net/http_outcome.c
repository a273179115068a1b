/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <openssl/x509_vfy.h>
#include <string.h>

#include "net/http_internal.h"

/* OpenSSL has one status for whatever ends a handshake; a connection that
 * broke says nothing against the server and may be tried again. */
static dbbi_http_outcome
outcome_of_handshake(const char *words)
{
	if (strstr(words, "SSL_ERROR_SYSCALL") != NULL ||
	    strstr(words, "unexpected eof") != NULL ||
	    strstr(words, "onnection reset") != NULL)
		return DBBI_HTTP_CUT;
	return DBBI_HTTP_TLS;
}

/* A line beyond libcurl's own bound (100 KiB) is "out of memory" to it. */
static int
is_long_line(const dbbi_http_exchange *x)
{
	curl_off_t at = 0;

	return x->code == CURLE_OUT_OF_MEMORY && x->received == 0 &&
	    curl_easy_getinfo(x->easy, CURLINFO_STARTTRANSFER_TIME_T, &at) ==
	    CURLE_OK && at > 0;
}

static dbbi_http_outcome
outcome_of_code(const dbbi_http_exchange *x)
{
	switch ((int)x->code) {
	case CURLE_OK:
		return DBBI_HTTP_ANSWERED;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return DBBI_HTTP_NO_HOST;
	case CURLE_COULDNT_CONNECT:
		return DBBI_HTTP_REFUSED;
	case CURLE_OPERATION_TIMEDOUT:
		return DBBI_HTTP_TIMEOUT;
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_FAIL_REWIND:
		return DBBI_HTTP_CUT;
	case CURLE_SSL_CONNECT_ERROR:
		return outcome_of_handshake(x->words);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
		return DBBI_HTTP_TLS;
	case CURLE_OUT_OF_MEMORY:
		return is_long_line(x) ? DBBI_HTTP_TOO_BIG : DBBI_HTTP_OTHER;
	default:
		return DBBI_HTTP_OTHER;
	}
}

dbbi_http_outcome
dbbi_http_outcome_of(const dbbi_http_exchange *x)
{
	switch (x->verdict) {
	case DBBI_HTTP_STALLED:
	case DBBI_HTTP_UNANSWERED:
	case DBBI_HTTP_OVERDUE:
		return DBBI_HTTP_TIMEOUT;
	case DBBI_HTTP_HEADER_TOO_BIG:
	case DBBI_HTTP_BODY_TOO_BIG:
		return DBBI_HTTP_TOO_BIG;
	case DBBI_HTTP_SINK_STOPPED:
		return DBBI_HTTP_STOPPED;
	case DBBI_HTTP_RUN_CANCELED:
		return DBBI_HTTP_CANCELED;
	case DBBI_HTTP_SENT_BEFORE:
		return DBBI_HTTP_CUT;
	case DBBI_HTTP_UPLOAD_FAILED:
		return DBBI_HTTP_UPLOAD;
	case DBBI_HTTP_ANSWERED_EARLY:
		return DBBI_HTTP_ANSWERED;
	case DBBI_HTTP_NO_MEMORY:
	case DBBI_HTTP_ENGINE_FAILED:
		return DBBI_HTTP_OTHER;
	case DBBI_HTTP_GOES_ON:
	default:
		return outcome_of_code(x);
	}
}

/* libcurl's words, or those for its code. Of a connection that was refused
 * they do not say why. */
static int
report_words(const dbbi_http_exchange *x, int code, dbb_error *err)
{
	const char *words = x->words[0] != '\0' ? x->words :
	    curl_easy_strerror(x->code);
	const char *why = NULL;
	long errnum = 0;

	if (x->code == CURLE_COULDNT_CONNECT && curl_easy_getinfo(x->easy,
	    CURLINFO_OS_ERRNO, &errnum) == CURLE_OK && errnum > 0)
		why = strerrordesc_np((int)errnum);
	if (why != NULL)
		return dbbi_error_set(err, code, "%s (%s)", words, why);
	return dbbi_error_set(err, code, "%s", words);
}

static void
advise_on_tls(dbbi_http_exchange *x, dbb_error *err)
{
	long result = X509_V_OK;

	curl_easy_getinfo(x->easy, CURLINFO_SSL_VERIFYRESULT, &result);
	switch (result) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		dbbi_error_hint(err, "the server needs a new certificate, or "
		    "the clock of this machine is wrong");
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		dbbi_error_hint(err, "if this is the server that you mean, "
		    "give the certificate of its authority as ca-file");
		break;
	default:
		if (x->code == CURLE_SSL_CACERT_BADFILE)
			dbbi_error_hint(err, "ca-file must be readable, and "
			    "hold certificates in PEM form");
		else if (x->code == CURLE_PEER_FAILED_VERIFICATION)
			dbbi_error_hint(err, "use one of the names that the "
			    "server's certificate is made for");
		else
			dbbi_error_hint(err, "does the server speak TLS on "
			    "this port? without it the endpoint begins "
			    "with http://");
	}
}

static void
advise(dbbi_http_exchange *x, dbbi_http_outcome outcome, dbb_error *err)
{
	if (outcome == DBBI_HTTP_NO_HOST)
		dbbi_error_hint(err, "check the name, and whether this machine "
		    "can resolve it");
	else if (outcome == DBBI_HTTP_REFUSED)
		dbbi_error_hint(err, "check that the server runs and listens "
		    "there, and that no firewall is between");
	else if (outcome == DBBI_HTTP_TIMEOUT || outcome == DBBI_HTTP_CUT)
		dbbi_error_hint(err, "check that the server is well, and the "
		    "network between");
	else if (outcome == DBBI_HTTP_TLS)
		advise_on_tls(x, err);
	if (err != NULL)
		err->retryable = outcome == DBBI_HTTP_NO_HOST ||
		    outcome == DBBI_HTTP_REFUSED ||
		    outcome == DBBI_HTTP_TIMEOUT || outcome == DBBI_HTTP_CUT;
}

/* What we ended ourselves, in our words. */
static int
report_verdict(const dbbi_http_exchange *x, dbb_error *err)
{
	switch (x->verdict) {
	case DBBI_HTTP_STALLED:
		return dbbi_error_set(err, DBB_ECONNECT, "next to nothing "
		    "moved for %u s (%llu bytes were sent, %llu received)",
		    x->stall_s, (unsigned long long)x->sent,
		    (unsigned long long)x->received);
	case DBBI_HTTP_UNANSWERED:
		return dbbi_error_set(err, DBB_ECONNECT, "the server has the "
		    "request, and did not answer for %u s", x->answer_s);
	case DBBI_HTTP_OVERDUE:
		return dbbi_error_set(err, DBB_ECONNECT, "not done after %u s",
		    x->total_s);
	case DBBI_HTTP_HEADER_TOO_BIG:
		return dbbi_error_set(err, DBB_EDAMAGED, "the header of the "
		    "answer is longer than any should be");
	case DBBI_HTTP_BODY_TOO_BIG:
		return dbbi_error_set(err, DBB_EDAMAGED, "the answer is longer "
		    "than the %zu bytes that were expected at most",
		    x->kept.max - 1);
	case DBBI_HTTP_SINK_STOPPED:
	case DBBI_HTTP_RUN_CANCELED:
		return dbbi_error_set(err, DBB_ECANCELED, "canceled");
	case DBBI_HTTP_SENT_BEFORE:
		return dbbi_error_set(err, DBB_EIO, "the connection broke "
		    "before the server answered");
	case DBBI_HTTP_NO_MEMORY:
		return dbbi_error_nomem(err);
	case DBBI_HTTP_ENGINE_FAILED:
	case DBBI_HTTP_UPLOAD_FAILED:
	case DBBI_HTTP_ANSWERED_EARLY:
	case DBBI_HTTP_GOES_ON:
	default:
		return dbbi_error_set(err, DBB_EINTERNAL, "libcurl failed");
	}
}

static int
report_code(const dbbi_http_exchange *x, dbbi_http_outcome outcome,
    dbb_error *err)
{
	int code = DBB_ECONNECT;

	if (outcome == DBBI_HTTP_TOO_BIG)
		return dbbi_error_set(err, DBB_EDAMAGED, "a header of the "
		    "answer is longer than any should be, or memory is short");
	if (x->code == CURLE_OUT_OF_MEMORY)
		return dbbi_error_nomem(err);
	if (outcome == DBBI_HTTP_CUT || outcome == DBBI_HTTP_OTHER)
		code = DBB_EIO;
	return report_words(x, code, err);
}

int
dbbi_http_report(dbbi_http_exchange *x, dbbi_http_outcome outcome,
    dbb_error *err)
{
	int rc;

	if (outcome == DBBI_HTTP_ANSWERED)
		return DBB_OK;
	if (outcome == DBBI_HTTP_UPLOAD)
		return dbbi_http_upload_report(x->upload, err);
	if (x->verdict != DBBI_HTTP_GOES_ON)
		rc = report_verdict(x, err);
	else
		rc = report_code(x, outcome, err);
	advise(x, outcome, err);
	return dbbi_error_context(err, rc, "%s", x->place);
}
