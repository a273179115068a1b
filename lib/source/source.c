/* SPDX-License-Identifier: BSD-2-Clause */
/* source: the registry: every kind of database has its line here. */
#include <config.h>

#include "source/source.h"

#include <string.h>

static const dbbi_source_driver *const drivers[] = {
	&dbbi_source_postgres,
	&dbbi_source_qdrant,
};

static const char *const kinds[] = {
	"postgres",
	"qdrant",
	NULL,
};

const dbbi_source_driver *
dbbi_source_find(const char *kind)
{
	size_t i;

	for (i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		if (kind != NULL && strcmp(drivers[i]->kind, kind) == 0)
			return drivers[i];
	}
	return NULL;
}

const char *const *
dbbi_source_kinds(void)
{
	return kinds;
}
