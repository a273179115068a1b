/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "store/store_env.h"

#include <string.h>

#include "store/store_registry.h"
#include "util/config.h"
#include "util/text.h"

#define NAME_SIZE 64		/* longer than any setting's name */

/* The value of `setting`, if it is of that name. */
static const char *
value_of(const char *setting, const char *name, size_t size)
{
	return strncmp(setting, name, size) == 0 && setting[size] == '=' ?
	    setting + size + 1 : NULL;
}

const char *
dbb_store_env_setting(const dbb_store_env *env, const char *name)
{
	const char *const *s = env != NULL ? env->settings : NULL;
	const char *value = NULL;

	if (name == NULL)
		return NULL;
	for (; s != NULL && *s != NULL && value == NULL; s++)
		value = value_of(*s, name, strlen(name));
	return value;
}

void
dbb_store_env_log(const dbb_store_env *env, int level, const char *line)
{
	if (env != NULL && env->run != NULL && line != NULL)
		dbbi_log(env->run, level, "%s", line);
}

int
dbb_store_env_canceled(const dbb_store_env *env)
{
	return env != NULL && env->run != NULL &&
	    dbbi_run_check(env->run, NULL) < 0;
}

static int
is_known(const char *const *known, const char *name)
{
	for (; known != NULL && *known != NULL; known++)
		if (strcmp(*known, name) == 0)
			return 1;
	return 0;
}

static int
refuse_name(const char *const *known, const char *name, dbb_error *err)
{
	const char *near = known != NULL ? dbbi_nearest(name, known) : NULL;

	if (near != NULL)
		return dbbi_error_set(err, DBB_EINVAL, "unknown setting "
		    "'%s'; the nearest known one is '%s'", name, near);
	return dbbi_error_set(err, DBB_EINVAL, "unknown setting '%s'", name);
}

int
dbbi_store_env_check(const dbb_store_env *env, const char *const *known,
    dbb_error *err)
{
	const char *const *s, *const *before;
	char name[NAME_SIZE];
	size_t size;

	for (s = env->settings; s != NULL && *s != NULL; s++) {
		size = strcspn(*s, "=");
		if ((*s)[size] == '\0' || size == 0 || size >= sizeof(name))
			return dbbi_error_set(err, DBB_EINVAL, "setting %zu "
			    "has not the form 'name=value'",
			    (size_t)(s - env->settings) + 1);
		memcpy(name, *s, size);
		name[size] = '\0';
		if (!is_known(known, name))
			return refuse_name(known, name, err);
		for (before = env->settings; before < s; before++)
			if (value_of(*before, name, size) != NULL)
				return dbbi_error_set(err, DBB_EINVAL,
				    "setting '%s' is given twice", name);
	}
	return DBB_OK;
}

int
dbbi_store_settings_sift(dbbi_list *settings,
    const dbbi_store_registry *registry, const char *url, dbbi_run *run,
    dbb_error *err)
{
	const dbbi_store_entry *entry = NULL;
	size_t i, size, kept = 0;
	char name[NAME_SIZE];
	int rc;

	if ((rc = dbbi_store_registry_find(&entry, registry, url, err)) < 0)
		return rc;
	for (i = 0; i < settings->count; i++) {
		size = strcspn(settings->items[i], "=");
		size = size < sizeof(name) ? size : sizeof(name) - 1;
		memcpy(name, settings->items[i], size);
		name[size] = '\0';
		if (is_known(entry->driver.settings, name)) {
			settings->items[kept++] = settings->items[i];
			continue;
		}
		dbbi_log(run, DBB_LOG_WARNING, "'%s' is set for the "
		    "repository and not used: a store '%s:' has no such "
		    "setting", name, entry->scheme);
		dbbi_secret_free(settings->items[i]);
	}
	if (settings->items != NULL)
		settings->items[kept] = NULL;
	settings->count = kept;
	return DBB_OK;
}
