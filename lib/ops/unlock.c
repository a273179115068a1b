/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "ops/unlock.h"

#include <string.h>

#include "net/command.h"

int
dbbi_unlock_fetch(dbbi_unlock *out, const dbbi_ops *ops, dbb_error *err)
{
	dbbi_unlock unlock = {0};
	int rc;

	rc = dbbi_config_secret(&unlock.passphrase, ops->config, "repository",
	    NULL, "password", dbbi_command_password, ops->run, err);
	if (rc < 0)
		return dbbi_error_context(err, rc,
		    "the repository's passphrase");
	unlock.use.passphrase = unlock.passphrase;
	unlock.use.key_file = dbbi_config_get(ops->config, "repository", NULL,
	    "key-file");
	*out = unlock;
	return 0;
}

void
dbbi_unlock_clear(dbbi_unlock *unlock)
{
	dbbi_secret_free(unlock->passphrase);
	memset(unlock, 0, sizeof(*unlock));
}
