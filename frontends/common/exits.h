/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exits: the programs' exit codes, the only place where they are defined.
 * The man pages carry the same table, and a test compares them.
 */
#ifndef DBB_FRONTEND_EXITS_H
#define DBB_FRONTEND_EXITS_H

#define CLI_EXIT_DONE       0
#define CLI_EXIT_FAILED     1
#define CLI_EXIT_USAGE      2	/* arguments or configuration */
#define CLI_EXIT_FINDINGS   3	/* done, and something was found */
#define CLI_EXIT_NOREPO    10
#define CLI_EXIT_BUSY      11
#define CLI_EXIT_KEY       12
#define CLI_EXIT_DAMAGED   13
#define CLI_EXIT_VERSION   14
#define CLI_EXIT_CANCELED 130

/* The exit code for a status of the library (DBB_OK, DBB_E…). */
int cli_exit_code(int status);

#endif
