/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qd_settings: what a section [qdrant "name"] says, read and checked.
 *
 * A key is a secret: it is given by value, by a file or by a command, and
 * never in a URL.
 */
#ifndef DBBI_QD_SETTINGS_H
#define DBBI_QD_SETTINGS_H

#include "source/source.h"

#define DBBI_QD_PORT 6333	/* where a URL names none, as Qdrant's own
				   clients have it */

typedef struct dbbi_qd_settings {
	dbbi_list urls;		/* "https://host:6333", without a '/' at the
				   end; one a node, at least one */
	char *api_key;		/* NULL: none is sent */
	char *ca_file;		/* NULL: the system's authorities */
	dbbi_list patterns;	/* which collections: names, patterns, and
				   with '!' what is left out (qd_names.h) */
	int scroll;		/* method = scroll */
} dbbi_qd_settings;

/* `env->to` is the URL to use instead of the configured ones. A secret's
 * command is run. Release it with dbbi_qd_settings_clear. */
int dbbi_qd_settings_read(dbbi_qd_settings *out, const dbbi_source_env *env,
    dbb_error *err);

/* Zeroed and cleared ones are allowed. */
void dbbi_qd_settings_clear(dbbi_qd_settings *settings);

#endif
