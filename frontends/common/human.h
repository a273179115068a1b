/* SPDX-License-Identifier: BSD-2-Clause */
/* human: sizes, counts and times as people read them. */
#ifndef DBB_FRONTEND_HUMAN_H
#define DBB_FRONTEND_HUMAN_H

#include <stdint.h>

#define CLI_HUMAN_SIZE 32	/* room for any of them */

/* "17 B", "1.20 MiB", "34.5 GiB": three digits. */
void cli_human_size(char out[CLI_HUMAN_SIZE], uint64_t bytes);

/* "1,234,567". */
void cli_human_count(char out[CLI_HUMAN_SIZE], uint64_t n);

/* "0.4 s", "12 s", "3 min 20 s", "2 h 05 min". */
void cli_human_duration(char out[CLI_HUMAN_SIZE], uint64_t ms);

/* "0:07", "12:30", "1:02:03": for the time left. */
void cli_human_clock(char out[CLI_HUMAN_SIZE], uint64_t seconds);

/* "5 s", "3 h", "2 d": one unit. A time that is to come is "0 s". */
void cli_human_age(char out[CLI_HUMAN_SIZE], int64_t seconds);

/* Read "2026-11-22T02:00:00.123Z" into milliseconds since 1970; 0, or -1. */
int cli_human_parse_time(int64_t *out_ms, const char *text);

#endif
