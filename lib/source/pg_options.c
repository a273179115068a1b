/* SPDX-License-Identifier: BSD-2-Clause */
/* pg_options: what is said at the very beginning of a session. */
#include <config.h>

#include "source/pg_private.h"

#include <stdlib.h>
#include <string.h>

/* Known to every server that we take. */
#define NO_TIMEOUTS \
	"-c statement_timeout=0 -c lock_timeout=0" \
	" -c idle_in_transaction_session_timeout=0"

/* A server ends the session over a setting that it does not know. */
static const char *
newer_timeouts(int version)
{
	if (version >= 170000)
		return " -c idle_session_timeout=0 -c transaction_timeout=0";
	return version >= 140000 ? " -c idle_session_timeout=0" : "";
}

int
dbbi_pg_options_make(char **out, const dbbi_pg_params *params, dbb_error *err)
{
	const struct pg_option *o = dbbi_pg_option_find(params, "options");
	const char *own = dbbi_pg_params_get(params, "options");
	char *text;

	/* A service file may hold options too, which ours would hide. */
	if (atomic_load(&params->learned->refuses_options) || o == NULL ||
	    (o->value == NULL && dbbi_pg_option_given(params, "service"))) {
		*out = NULL;
		return DBB_OK;
	}
	text = dbbi_text_format("%s%s" NO_TIMEOUTS "%s",
	    own != NULL ? own : "", own != NULL ? " " : "",
	    newer_timeouts(atomic_load(&params->learned->version)));
	if (text == NULL)
		return dbbi_error_nomem(err);
	*out = text;
	return DBB_OK;
}

void
dbbi_pg_options_refused(const dbbi_pg_params *params, const char *sqlstate)
{
	/* Bad protocol, not supported, not known, not valid: so differently
	 * do poolers and proxies say it. */
	static const char *const states[] = { "08P01", "0A000", "42704",
	    "22023" };
	size_t i;

	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(sqlstate, states[i]) == 0)
			atomic_store(&params->learned->refuses_options, 1);
}
