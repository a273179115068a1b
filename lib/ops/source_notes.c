/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "ops/source_notes.h"

static dbbi_note
name_note(const dbbi_source_notes *n, const char *key,
    const dbbi_json *value)
{
	return (dbbi_note){ .kind = n->env->kind, .name = n->env->name,
	    .key = key, .value = value };
}

static int
put_note(dbbi_notes *notes, const char *key, const dbbi_json *value,
    dbb_error *err)
{
	dbbi_source_notes *n = (dbbi_source_notes *)notes;
	dbbi_note note = name_note(n, key, value);

	if (n->lease != NULL)
		return dbbi_lease_note(n->lease, &note, err);
	if (!atomic_exchange(&n->told, 1))
		dbbi_log(n->env->run, DBB_LOG_WARNING, "nothing can be noted in "
		    "the repository: should this run be killed, the next does "
		    "not know what it leaves in %s '%s'", n->env->kind,
		    n->env->name);
	return 0;
}

static void
remove_note(dbbi_notes *notes, const char *key)
{
	dbbi_source_notes *n = (dbbi_source_notes *)notes;
	dbbi_note note = name_note(n, key, NULL);

	if (n->lease != NULL)
		dbbi_lease_forget(n->lease, &note);
}

void
dbbi_source_notes_init(dbbi_source_notes *notes, dbbi_source_env *env,
    dbbi_lease *lease)
{
	notes->notes = (dbbi_notes){ .put = put_note, .remove = remove_note };
	notes->lease = lease;
	notes->env = env;
	atomic_init(&notes->told, 0);
	env->notes = &notes->notes;
}
