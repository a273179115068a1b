/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "progress.h"

#include <stdio.h>
#include <string.h>

#include "cells.h"
#include "human.h"

#define NAME_COLUMNS 12		/* a name should have at least these */

/* The longest name that is looked at; those that databases allow are
 * shorter by far. */
#define NAME_BYTES 1024

const char *
cli_progress_phase(uint32_t phase)
{
	switch (phase) {
	case DBB_PHASE_PREPARE:
		return "prepare";
	case DBB_PHASE_READ:
		return "read";
	case DBB_PHASE_COMMIT:
		return "commit";
	case DBB_PHASE_RESTORE:
		return "restore";
	case DBB_PHASE_COMPARE:
		return "compare";
	case DBB_PHASE_VERIFY:
		return "verify";
	case DBB_PHASE_PRUNE:
		return "prune";
	case DBB_PHASE_DONE:
		return "done";
	default:
		return "work";
	}
}

static const char *
phase_words(uint32_t phase)
{
	switch (phase) {
	case DBB_PHASE_PREPARE:
		return "preparing";
	case DBB_PHASE_COMMIT:
		return "committing";
	case DBB_PHASE_COMPARE:
		return "comparing";
	case DBB_PHASE_VERIFY:
		return "verifying";
	case DBB_PHASE_PRUNE:
		return "pruning";
	default:
		return "";
	}
}

/* Do bytes move in this phase? */
static int
moves_bytes(uint32_t phase)
{
	return phase == DBB_PHASE_READ || phase == DBB_PHASE_RESTORE ||
	    phase == DBB_PHASE_VERIFY || phase == DBB_PHASE_DONE;
}

void
cli_progress_note(cli_progress *p, const dbb_progress *report,
    uint64_t now_ms)
{
	size_t last = (p->sample_count + CLI_PROGRESS_SAMPLES - 1) %
	    CLI_PROGRESS_SAMPLES;
	size_t next = p->sample_count % CLI_PROGRESS_SAMPLES;

	/* Fewer bytes than before: another piece of work has begun. */
	if (p->sample_count > 0 && report->bytes_done < p->samples[last].bytes)
		p->sample_count = next = 0;
	if (p->sample_count > 0 &&
	    now_ms - p->samples[last].at_ms < CLI_PROGRESS_SAMPLE_MS)
		return;
	p->samples[next].at_ms = now_ms;
	p->samples[next].bytes = report->bytes_done;
	p->sample_count++;
}

int
cli_progress_due(cli_progress *p, const dbb_progress *report,
    uint64_t now_ms, uint64_t every_ms)
{
	int turned = report->phase != p->phase &&
	    report->phase != DBB_PHASE_DONE;

	if (p->shown && !turned && now_ms - p->shown_ms < every_ms)
		return 0;
	p->shown = 1;
	p->shown_ms = now_ms;
	if (turned)
		p->phase = report->phase;
	return 1;
}

uint64_t
cli_progress_rate(const cli_progress *p)
{
	size_t n = p->sample_count, ring = CLI_PROGRESS_SAMPLES;
	size_t first = n > ring ? n % ring : 0, last = (n + ring - 1) % ring;
	uint64_t ms;

	if (n < 2 || (ms = p->samples[last].at_ms -
	    p->samples[first].at_ms) == 0)
		return 0;
	return (p->samples[last].bytes - p->samples[first].bytes) * 1000 / ms;
}

/* The numbers' texts; "" for what is not known. */
struct numbers {
	char done[CLI_HUMAN_SIZE];
	char total[CLI_HUMAN_SIZE];
	char percent[8];
	char rate[CLI_HUMAN_SIZE];
	char left[CLI_HUMAN_SIZE];
};

static void
fill_numbers(struct numbers *n, const cli_progress *p,
    const dbb_progress *report)
{
	uint64_t done = report->bytes_done, total = report->bytes_total;
	uint64_t rate = cli_progress_rate(p);

	memset(n, 0, sizeof(*n));
	cli_human_size(n->done, done);
	if (rate > 0)
		cli_human_size(n->rate, rate);
	/* The total is an estimate: one that is surpassed says nothing. */
	if (total == 0 || done > total)
		return;
	cli_human_size(n->total, total);
	snprintf(n->percent, sizeof(n->percent), "%u %%",
	    (unsigned)((double)done * 100 / (double)total));
	if (rate > 0)
		cli_human_clock(n->left, (total - done) / rate);
}

/* How much is told of the numbers, from all to least. */
enum { TELL_ALL, TELL_MOST, TELL_SOME, TELL_LEAST };

static void
format_numbers(char to[160], const struct numbers *n, int tell)
{
	const char *gap = tell <= TELL_MOST ? "  " : " ";
	int known = n->total[0] != '\0';
	size_t used;

	to[0] = '\0';
	snprintf(to, 160, "%s", n->done);
	used = strlen(to);
	if (tell == TELL_ALL && known)
		used += (size_t)snprintf(to + used, 160 - used, " of %s",
		    n->total);
	if (tell <= TELL_MOST && known)
		used += (size_t)snprintf(to + used, 160 - used, "  %s",
		    n->percent);
	if (tell <= TELL_SOME && n->rate[0] != '\0')
		used += (size_t)snprintf(to + used, 160 - used, "%s%s/s",
		    gap, n->rate);
	if (tell <= TELL_SOME && n->left[0] != '\0')
		snprintf(to + used, 160 - used, "%s%s%s", gap, n->left,
		    tell <= TELL_MOST ? " left" : "");
}

/* "verifying main app.dump". */
static void
format_name(char to[NAME_BYTES], const dbb_progress *report)
{
	const char *parts[3] = { phase_words(report->phase), report->source,
		report->stream };
	size_t i, used = 0;
	int n;

	to[0] = '\0';
	for (i = 0; i < 3 && used < NAME_BYTES; i++) {
		if (parts[i] == NULL || parts[i][0] == '\0')
			continue;
		n = snprintf(to + used, NAME_BYTES - used, "%s%s",
		    used > 0 ? " " : "", parts[i]);
		used += n > 0 ? (size_t)n : 0;
	}
	if (to[0] == '\0')
		snprintf(to, NAME_BYTES, "%s",
		    report->phase == DBB_PHASE_READ ? "reading" :
		    report->phase == DBB_PHASE_RESTORE ? "restoring" :
		    "working");
}

void
cli_progress_line(char to[CLI_PROGRESS_LINE], const cli_progress *p,
    const dbb_progress *report, size_t columns)
{
	char name[NAME_BYTES], numbers[160] = "";
	struct numbers n;
	size_t wish, used, rest = 0;
	int tell;

	format_name(name, report);
	wish = cli_cells_width(name);
	if (wish > NAME_COLUMNS)
		wish = NAME_COLUMNS;
	if (moves_bytes(report->phase)) {
		fill_numbers(&n, p, report);
		for (tell = TELL_ALL; tell <= TELL_LEAST; tell++) {
			format_numbers(numbers, &n, tell);
			rest = strlen(numbers) + 2;
			if (wish + rest <= columns)
				break;
		}
		if (rest > columns) {
			numbers[0] = '\0';
			rest = 0;
		}
	}
	cli_cells_cut(to, CLI_PROGRESS_LINE - sizeof(numbers), name,
	    columns - rest);
	used = strlen(to);
	if (numbers[0] != '\0')
		snprintf(to + used, CLI_PROGRESS_LINE - used, "  %s",
		    numbers);
}
