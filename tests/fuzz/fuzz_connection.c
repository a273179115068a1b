/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection string to PostgreSQL: what is understood of it, and that its
 * password is in nothing that is shown. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "source/pg_connection.h"
#include "util/config_parts.h"

static dbbi_config *config;
static dbbi_run run;

/* Does libpq find a password in it that can be told from all else? */
static int
has_secret(const char *text)
{
	PQconninfoOption *list = PQconninfoParse(text, NULL), *o;
	int found = 0;

	for (o = list; o != NULL && o->keyword != NULL; o++)
		if (strcmp(o->keyword, "password") == 0)
			found = fuzz_is_secret(o->val, text, strlen(text));
	PQconninfoFree(list);
	return found;
}

static void
check_hidden(const char *shown, int secret)
{
	FUZZ_HOLDS(!secret || strstr(shown, FUZZ_SECRET) == NULL);
}

static void
try_params(const char *text, int secret)
{
	static const char *const keywords[] = { "host", "port", "user",
	    "dbname", "options", "service", "sslmode", NULL };
	dbbi_source_env env = { .config = config, .run = &run,
	    .kind = "postgres", .name = "main", .to = text };
	dbbi_pg_params *params = NULL;
	dbb_error err = {0};
	int rc;

	rc = dbbi_pg_params_new(&params, &env, &err);
	check_hidden(err.message, secret);
	check_hidden(err.hint, secret);
	/* One in a call's argument was seen by others, and is refused. */
	FUZZ_HOLDS(rc < 0 || !secret);
	for (size_t i = 0; rc == 0 && keywords[i] != NULL; i++)
		dbbi_pg_params_get(params, keywords[i]);
	dbbi_pg_params_free(params);
}

static void
set_up(void)
{
	unsetenv("PGPASSWORD");
	unsetenv("PGSERVICE");
	FUZZ_HOLDS(dbbi_config_new(&config, NULL) == 0);
	FUZZ_HOLDS(dbbi_run_init(&run, NULL) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *masked;
	int secret;

	if (config == NULL)
		set_up();
	secret = has_secret(text);
	masked = dbbi_mask_connection(text);
	FUZZ_HOLDS(masked != NULL);
	check_hidden(masked, secret);
	try_params(text, secret);
	free(masked);
	free(text);
	return 0;
}
