/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "exits.h"

#include <dbbackup/common.h>

int
cli_exit_code(int status)
{
	switch (status) {
	case DBB_OK:
		return CLI_EXIT_DONE;
	case DBB_FINDINGS:
		return CLI_EXIT_FINDINGS;
	case DBB_EINVAL:
	case DBB_ECONFIG:
		return CLI_EXIT_USAGE;
	case DBB_ENOREPO:
		return CLI_EXIT_NOREPO;
	case DBB_EBUSY:
		return CLI_EXIT_BUSY;
	case DBB_EKEY:
		return CLI_EXIT_KEY;
	case DBB_EDAMAGED:
		return CLI_EXIT_DAMAGED;
	case DBB_EVERSION:
		return CLI_EXIT_VERSION;
	case DBB_ECANCELED:
		return CLI_EXIT_CANCELED;
	default:
		return CLI_EXIT_FAILED;
	}
}
