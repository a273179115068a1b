/* SPDX-License-Identifier: BSD-2-Clause */
/* question: what a restore over existing databases will do, asked first. */
#ifndef DBB_FRONTEND_QUESTION_H
#define DBB_FRONTEND_QUESTION_H

#include "program.h"

#define CLI_SET_SIZE 64

/*
 * Find out which set is meant, tell what of it goes where, and ask. `set`
 * gets its whole id, so that what was asked about is what is restored.
 * DBB_ECANCELED when the answer is no; else as the library's calls.
 */
int cli_question_replace(char set[CLI_SET_SIZE], cli *c);

#endif
