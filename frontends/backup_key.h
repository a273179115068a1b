/* SPDX-License-Identifier: BSD-2-Clause */
/* backup_key: the verb key of dbb-backup. */
#ifndef DBB_FRONTEND_BACKUP_KEY_H
#define DBB_FRONTEND_BACKUP_KEY_H

#include "common/program.h"

extern const cli_option backup_key_options[];

int backup_key_run(cli *c, dbb_result **out);

#endif
