/* SPDX-License-Identifier: BSD-2-Clause */
/* Credentials that the store's settings give: by value, file or command. */
#include <config.h>

#include "net/aws_internal.h"

#include <string.h>

#include "net/command.h"
#include "util/bytes.h"
#include "util/config.h"

static const char *const names[DBBI_AWS_SECRETS] = {
	"access-key", "secret-key", "session-token",
};
static const char *const endings[DBBI_AWS_WAYS] = { "", "-file", "-command" };

/* Copy the ways of one; an empty text says nothing. */
static int
copy_ways(char *to[DBBI_AWS_WAYS], const dbbi_aws_secret *from,
    dbb_error *err)
{
	const char *const ways[DBBI_AWS_WAYS] = {
		from->value, from->file, from->command,
	};
	size_t i;

	for (i = 0; i < DBBI_AWS_WAYS; i++)
		if (ways[i] != NULL && ways[i][0] != '\0' &&
		    (to[i] = dbbi_text_dup(ways[i])) == NULL)
			return dbbi_error_nomem(err);
	return DBB_OK;
}

int
dbbi_aws_settings_copy(dbbi_aws_credentials *c,
    const dbbi_aws_options *options, dbb_error *err)
{
	int rc;

	if ((rc = copy_ways(c->settings[0], &options->id, err)) < 0 ||
	    (rc = copy_ways(c->settings[1], &options->secret, err)) < 0)
		return rc;
	return copy_ways(c->settings[2], &options->token, err);
}

void
dbbi_aws_settings_clear(dbbi_aws_credentials *c)
{
	size_t i, k;

	for (i = 0; i < DBBI_AWS_SECRETS; i++)
		for (k = 0; k < DBBI_AWS_WAYS; k++)
			dbbi_secret_free(c->settings[i][k]);
	memset(c->settings, 0, sizeof(c->settings));
}

/* What a command printed, without its line end. */
static int
run_command(char **out, const char *command, dbbi_run *run, dbb_error *err)
{
	char *text = NULL;
	size_t size;
	int rc;

	if ((rc = dbbi_command_password(&text, command, run, err)) < 0)
		return rc;
	size = strcspn(text, "\r\n");
	dbbi_wipe(text + size, strlen(text + size));
	*out = text;
	return DBB_OK;
}

/* Fetch the one whose number is `i`; NULL: it is not given. */
static int
fetch(char **out, const dbbi_aws_credentials *c, size_t i, dbb_error *err)
{
	char *const *ways = c->settings[i];
	size_t k, way = DBBI_AWS_WAYS;
	int rc = 0;

	for (k = 0; k < DBBI_AWS_WAYS; k++) {
		if (ways[k] == NULL)
			continue;
		if (way < DBBI_AWS_WAYS)
			return dbbi_error_set(err, DBB_ECONFIG, "both '%s%s' "
			    "and '%s%s' are given", names[i], endings[way],
			    names[i], endings[k]);
		way = k;
	}
	if (way == 0 && (*out = dbbi_text_dup(ways[way])) == NULL)
		rc = dbbi_error_nomem(err);
	else if (way == 1)
		rc = dbbi_error_context(err, dbbi_secret_read(out, ways[way],
		    err), "'%s'", ways[way]);
	else if (way == 2)
		rc = run_command(out, ways[way], c->run, err);
	if (way == DBBI_AWS_WAYS)
		return DBB_OK;
	return dbbi_error_context(err, rc, "'%s%s'", names[i], endings[way]);
}

int
dbbi_aws_from_settings(dbbi_aws_keys *out, dbbi_aws_credentials *c,
    int64_t now_ms, dbb_error *err)
{
	char *secrets[DBBI_AWS_SECRETS] = { NULL };
	size_t i;
	int rc = 0;

	(void)now_ms;
	for (i = 0; i < DBBI_AWS_SECRETS && rc == 0; i++)
		rc = fetch(&secrets[i], c, i, err);
	if (rc < 0)
		goto done;
	if (secrets[0] == NULL && secrets[1] == NULL && secrets[2] == NULL)
		rc = dbbi_error_set(err, DBB_ENOTFOUND,
		    "the settings have no 'access-key'");
	else if (secrets[0] == NULL || secrets[1] == NULL)
		rc = dbbi_error_set(err, DBB_ECONFIG, "'%s' is not given, but "
		    "'%s' is", names[secrets[0] != NULL],
		    names[secrets[0] != NULL ? 0 : secrets[1] != NULL ? 1 :
		    2]);
	else
		rc = dbbi_aws_keys_set(out, secrets[0], secrets[1],
		    secrets[2], 0, err);
done:
	for (i = 0; i < DBBI_AWS_SECRETS; i++)
		dbbi_secret_free(secrets[i]);
	return rc;
}
