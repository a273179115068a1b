/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * progress: where long work stands, as one line of a terminal. Time is
 * handed in, so that a test takes none.
 */
#ifndef DBB_FRONTEND_PROGRESS_H
#define DBB_FRONTEND_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

#include <dbbackup/context.h>

#define CLI_PROGRESS_SAMPLES 16
#define CLI_PROGRESS_SAMPLE_MS 500	/* so the rate is that of 8 seconds */
#define CLI_PROGRESS_LINE 2048		/* bytes that hold any line */

typedef struct cli_progress {
	struct {
		uint64_t at_ms;
		uint64_t bytes;
	} samples[CLI_PROGRESS_SAMPLES];
	size_t sample_count;		/* ever taken; the ring keeps 16 */
	uint32_t phase;			/* shown last */
	uint64_t shown_ms;
	int shown;
} cli_progress;

/* Zeroes are a good beginning: `cli_progress p = {0}`. */

/* Take note of how far the work is; to be called with every report. */
void cli_progress_note(cli_progress *progress, const dbb_progress *report,
    uint64_t now_ms);

/* Is it time to show it? Yes when the phase changed, or `every_ms` went by
 * since the last yes. */
int cli_progress_due(cli_progress *progress, const dbb_progress *report,
    uint64_t now_ms, uint64_t every_ms);

/* Bytes a second over the last seconds; 0: not known yet. */
uint64_t cli_progress_rate(const cli_progress *progress);

/* The line, at most `columns` wide, without a line end. */
void cli_progress_line(char to[CLI_PROGRESS_LINE],
    const cli_progress *progress, const dbb_progress *report,
    size_t columns);

/* A phase's name: "read"; static. */
const char *cli_progress_phase(uint32_t phase);

#endif
