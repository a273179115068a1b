/* SPDX-License-Identifier: BSD-2-Clause */
/* credential_process: a command of the user's that prints keys as JSON. */
#include <config.h>

#include "net/aws_internal.h"

#include <stdlib.h>
#include <unistd.h>

#include "net/child_env.h"
#include "net/process.h"
#include "util/bytes.h"
#include "util/json.h"

#define OUTPUT_MAX (64 * 1024)
#define TIME_MAX_S 60		/* it may ask a server, but no person */

/* The one version of the document that there is. */
static int
check_version(const char *text, size_t size, dbb_error *err)
{
	dbbi_json *json = NULL;
	int64_t version = 0;
	int rc;

	if ((rc = dbbi_json_parse(&json, text, size, err)) < 0)
		return rc;
	if (dbbi_json_i64(&version, json, "Version") < 0 || version != 1)
		rc = dbbi_error_set(err, DBB_EAUTH, "the 'Version' of what "
		    "it printed is not 1");
	dbbi_json_free(json);
	return rc;
}

int
dbbi_aws_process_run(dbbi_aws_keys *out, dbbi_aws_credentials *c,
    const char *command, int64_t now_ms, dbb_error *err)
{
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };
	dbbi_process_options options = { .argv = argv, .pass_fd = -1,
	    .total_s = TIME_MAX_S };
	const char **env = NULL;
	char *text = NULL;
	size_t size = 0;
	int rc;

	if ((rc = dbbi_child_env(&env, (const char *const *)environ,
	    err)) < 0)
		goto done;
	options.env = env;
	if ((rc = dbbi_process_output(&text, &size, c->run, &options,
	    OUTPUT_MAX, err)) < 0)
		goto done;
	if ((rc = check_version(text, size, err)) == 0)
		rc = dbbi_aws_document_keys(out, text, size, "SessionToken",
		    now_ms, err);
	dbbi_wipe(text, size);
	free(text);
done:
	free(env);
	return dbbi_error_context(err, rc, "credential_process");
}
