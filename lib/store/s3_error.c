/* SPDX-License-Identifier: BSD-2-Clause */
/* The refusals that a person can meet: what each is to us, and what to do. */
#include <config.h>

#include "store/s3_fault.h"

#include <stdio.h>
#include <string.h>

static const struct known {
	const char *code;
	int rc;
	const char *hint;	/* NULL: none */
} knowns[] = {
	{ "InvalidAccessKeyId", DBB_EAUTH, "check 'access-key' (or "
	    "AWS_ACCESS_KEY_ID, MINIO_ACCESS_KEY, the profile): this server "
	    "has no such key" },
	{ "SignatureDoesNotMatch", DBB_EAUTH, "the key is known and its "
	    "secret is another: check 'secret-key' (or AWS_SECRET_ACCESS_KEY, "
	    "MINIO_SECRET_KEY, the profile)" },
	{ "ExpiredToken", DBB_EAUTH, "the session has expired: get new "
	    "temporary keys, or let 'credential_process' or a role do it" },
	{ "ExpiredTokenException", DBB_EAUTH, "the session has expired: get "
	    "new temporary keys" },
	{ "TokenRefreshRequired", DBB_EAUTH, "get new temporary keys" },
	{ "InvalidToken", DBB_EAUTH, "'session-token' (AWS_SESSION_TOKEN) "
	    "does not belong to the key: take the three from one place" },
	{ "InvalidTokenId", DBB_EAUTH, "'session-token' (AWS_SESSION_TOKEN) "
	    "does not belong to the key: take the three from one place" },
	{ "AccountProblem", DBB_EAUTH, "ask whom the account belongs to" },
	{ "NotSignedUp", DBB_EAUTH, "ask whom the account belongs to" },
	{ "RequestTimeTooSkewed", DBB_EAUTH, "set the clock of this machine, "
	    "or the server's" },
	{ "AuthorizationHeaderMalformed", DBB_ECONFIG, "set 'region' to the "
	    "one where the bucket is" },
	{ "AuthorizationQueryParametersError", DBB_ECONFIG, "set 'region' to "
	    "the one where the bucket is" },
	{ "PermanentRedirect", DBB_ECONFIG, "set 'region' to the one where "
	    "the bucket is, or 'endpoint' to the server that has it" },
	{ "TemporaryRedirect", DBB_ECONFIG, "the bucket was made just now or "
	    "moved: set 'endpoint' to the server that has it" },
	{ "IllegalLocationConstraintException", DBB_ECONFIG, "set 'region' "
	    "to the one that this server is in" },
	{ "InvalidLocationConstraint", DBB_ECONFIG, "this server has no such "
	    "'region'" },
	{ "NoSuchBucket", DBB_ENOREPO, "'dbb-backup init' makes it; or put "
	    "the right bucket into the URL, and the right 'endpoint'; some "
	    "servers also say so to a key that they do not know" },
	{ "InvalidBucketName", DBB_ECONFIG, "put another bucket into the "
	    "URL" },
	{ "BucketAlreadyExists", DBB_EEXIST, "somebody else has a bucket of "
	    "this name: choose another" },
	{ "TooManyBuckets", DBB_ENOSPC, "use a bucket that there is" },
	{ "AllAccessDisabled", DBB_EACCESS, "ask whom the account belongs "
	    "to" },
	{ "NoSuchKey", DBB_ENOTFOUND, NULL },
	{ "NoSuchUpload", DBB_EIO, "the upload was taken away meanwhile: by a "
	    "prune, or a rule of the bucket; try again" },
	{ "PreconditionFailed", DBB_EEXIST, NULL },
	{ "XMinioStorageFull", DBB_ENOSPC, "free or add space on the server" },
	{ "InsufficientStorage", DBB_ENOSPC, "free or add space on the "
	    "server" },
	{ "XMinioAdminBucketQuotaExceeded", DBB_ENOSPC, "the bucket's quota "
	    "is used up: raise it, or free space with 'dbb-backup prune'" },
	{ "QuotaExceeded", DBB_ENOSPC, "a quota is used up: raise it, or free "
	    "space with 'dbb-backup prune'" },
	{ "ServiceQuotaExceeded", DBB_ENOSPC, "a quota is used up: raise it" },
	{ "EntityTooLarge", DBB_EUNSUPPORTED, "the server takes no object of "
	    "this size: see what limits it, a proxy perhaps" },
	{ "EntityTooSmall", DBB_EUNSUPPORTED, "raise 'part-size'" },
	{ "InvalidObjectState", DBB_EACCESS, "the object lies in an archive: "
	    "let the server bring it back first" },
	{ "InvalidStorageClass", DBB_ECONFIG, "this server has no such "
	    "'storage-class'" },
	{ "InvalidTag", DBB_ECONFIG, "correct 'tags'" },
	{ "InvalidEncryptionAlgorithmError", DBB_ECONFIG, "correct 'sse'" },
	{ "ServerSideEncryptionConfigurationNotFoundError", DBB_ECONFIG,
	    "correct 'sse'" },
	{ "KMSNotConfigured", DBB_ECONFIG, "this server has no keys of its "
	    "own: leave 'sse' out" },
	{ "NotImplemented", DBB_EUNSUPPORTED, "this server cannot do it: "
	    "leave out the setting that asks for it" },
	{ "InsecureSSECustomerRequest", DBB_ECONFIG, "'sse = c' needs an "
	    "'endpoint' with https:" },
	{ "InvalidRetentionPeriod", DBB_ECONFIG, "correct "
	    "'object-lock-days'" },
	{ "ObjectLockConfigurationNotFoundError", DBB_ECONFIG, "only a bucket "
	    "that was made with object lock takes 'object-lock': 'dbb-backup "
	    "init' makes such a one" },
	{ "InvalidBucketObjectLockConfiguration", DBB_ECONFIG, "only a bucket "
	    "that was made with object lock takes 'object-lock': 'dbb-backup "
	    "init' makes such a one" },
	{ "ObjectLocked", DBB_EACCESS, "it can be deleted once its lock has "
	    "ended" },
	{ "BadDigest", DBB_EIO, "what arrived is not what was sent: try "
	    "again; if it comes back, look for a proxy or memory that changes "
	    "data" },
	{ "XAmzContentSHA256Mismatch", DBB_EIO, "what arrived is not what was "
	    "sent: try again; if it comes back, look for a proxy or memory "
	    "that changes data" },
	{ "XAmzContentChecksumMismatch", DBB_EIO, "what arrived is not what "
	    "was sent: try again; if it comes back, look for a proxy or memory "
	    "that changes data" },
	{ "SlowDown", DBB_EBUSY, "the server has too much to do: try again "
	    "later, or lower 'concurrency'" },
	{ "SlowDownRead", DBB_EBUSY, "the server has too much to do: try "
	    "again later" },
	{ "SlowDownWrite", DBB_EBUSY, "the server has too much to do, or too "
	    "few of its nodes are there: try again later" },
	{ NULL, 0, NULL },
};

/* Not allowed: which right it is that lacks depends on what was tried. */
static void
hint_at_right(const dbbi_s3 *s3, enum dbbi_s3_action action, dbb_error *err)
{
	const char *bucket = s3->url.bucket, *prefix = s3->url.prefix;

	switch (action) {
	case DBBI_S3_READ:
	case DBBI_S3_STAT:
		dbbi_error_hint(err, "%sthe key lacks the right to read: "
		    "s3:GetObject on '%s/%s*' (and s3:ListBucket on '%s', "
		    "without which what is missing is refused)",
		    s3->settings.customer_key ? "'sse-customer-key' is "
		    "another than it was written with; or " : "", bucket,
		    prefix, bucket);
		break;
	case DBBI_S3_WRITE:
	case DBBI_S3_PART:
	case DBBI_S3_FINISH:
		dbbi_error_hint(err, "the key lacks the right to write: "
		    "s3:PutObject on '%s/%s*'%s", bucket, prefix,
		    s3->settings.lock != DBBI_S3_LOCK_NONE ? ", and "
		    "s3:PutObjectRetention" : "");
		break;
	case DBBI_S3_LIST:
		dbbi_error_hint(err, "the key lacks the right to list: "
		    "s3:ListBucket on '%s'", bucket);
		break;
	case DBBI_S3_DELETE:
		dbbi_error_hint(err, "the key lacks the right to delete: "
		    "s3:DeleteObject on '%s/%s*'; or the object is locked",
		    bucket, prefix);
		break;
	case DBBI_S3_RETENTION:
		dbbi_error_hint(err, "the key lacks the right to lock: "
		    "s3:PutObjectRetention on '%s/%s*' (to prune, "
		    "s3:GetObjectRetention and s3:ListBucketVersions); or it "
		    "is locked for longer", bucket, prefix);
		break;
	case DBBI_S3_BUCKET:
	default:
		dbbi_error_hint(err, "the key lacks the right to make the "
		    "bucket '%s' (s3:CreateBucket): let somebody make it who "
		    "has", bucket);
	}
}

static const struct known *
find_known(const char *code)
{
	const struct known *k;

	for (k = knowns; k->code != NULL; k++)
		if (strcmp(k->code, code) == 0)
			return k;
	return NULL;
}

void
dbbi_s3_hint_at_endpoint(dbb_error *err)
{
	dbbi_error_hint(err, "check that 'endpoint' is where the server takes "
	    "S3 (its console is elsewhere), begins with https:// if the "
	    "server speaks TLS there, and has no path, as a bucket's name");
}

/* An S3 server says in XML why it refuses; a site, a proxy, or a port that
 * wants TLS does not. */
static int
is_foreign(const dbbi_s3_fault *fault, enum dbbi_s3_action action)
{
	if (fault->message[0] != '\0')
		return 0;
	if (fault->status == 404)
		return action == DBBI_S3_LIST &&
		    dbbi_s3_fault_is(fault, "NoSuchKey");
	return fault->code[0] == '\0' ||
	    dbbi_s3_fault_is(fault, "BadRequest") ||
	    dbbi_s3_fault_is(fault, "MethodNotAllowed");
}

static int
code_of(const dbbi_s3_fault *fault, const struct known *known)
{
	if (known != NULL)
		return known->rc;
	if (fault->status == 401 || fault->status == 403)
		return DBB_EACCESS;
	if (fault->status == 404)
		return DBB_ENOTFOUND;
	if (fault->status == 507)
		return DBB_ENOSPC;
	return DBB_EIO;
}

static void
put_words(const dbbi_s3_fault *fault, const dbbi_s3 *s3, int rc,
    dbb_error *err)
{
	if (rc == DBB_ENOTFOUND && dbbi_s3_fault_is(fault, "NoSuchKey"))
		dbbi_error_set(err, rc, "no such object");
	else if (dbbi_s3_fault_is(fault, "NoSuchBucket"))
		dbbi_error_set(err, rc, "there is no bucket '%s'",
		    s3->url.bucket);
	else if (dbbi_s3_fault_is(fault, "PreconditionFailed"))
		dbbi_error_set(err, rc, "an object of that name exists");
	else
		dbbi_error_set(err, rc, "the server answered %d%s%s%s%s",
		    fault->status, fault->code[0] != '\0' ? " " : "",
		    fault->code,
		    fault->message[0] != '\0' ? ": " : "", fault->message);
}

int
dbbi_s3_fault_report(const dbbi_s3_fault *fault, const dbbi_s3 *s3,
    enum dbbi_s3_action action, dbb_error *err)
{
	const struct known *known = find_known(fault->code);
	int foreign = is_foreign(fault, action);
	int rc = foreign ? DBB_EIO : code_of(fault, known);
	char status[16];

	put_words(fault, s3, rc, err);
	snprintf(status, sizeof(status), "%d", fault->status);
	dbbi_error_remote(err, status);
	if (foreign)
		dbbi_s3_hint_at_endpoint(err);
	else if (known != NULL && known->hint != NULL)
		dbbi_error_hint(err, "%s", known->hint);
	else if (rc == DBB_EACCESS)
		hint_at_right(s3, action, err);
	if (err != NULL)
		err->retryable = dbbi_s3_fault_passes(fault);
	return rc;
}
