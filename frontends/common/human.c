/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "human.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void
cli_human_size(char out[CLI_HUMAN_SIZE], uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB",
	    "PiB", "EiB" };
	double value = (double)bytes;
	size_t unit = 0;

	/* 999.5 would be written with four digits. */
	while (value >= 999.5 && unit + 1 < sizeof(units) / sizeof(*units)) {
		value /= 1024;
		unit++;
	}
	if (unit == 0)
		snprintf(out, CLI_HUMAN_SIZE, "%" PRIu64 " B", bytes);
	else
		snprintf(out, CLI_HUMAN_SIZE, "%.*f %s",
		    value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value,
		    units[unit]);
}

void
cli_human_count(char out[CLI_HUMAN_SIZE], uint64_t n)
{
	char digits[24];
	size_t i, used = 0, length;

	snprintf(digits, sizeof(digits), "%" PRIu64, n);
	length = strlen(digits);
	for (i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			out[used++] = ',';
		out[used++] = digits[i];
	}
	out[used] = '\0';
}

void
cli_human_duration(char out[CLI_HUMAN_SIZE], uint64_t ms)
{
	uint64_t s = (ms + 500) / 1000;

	if (ms < 9950)
		snprintf(out, CLI_HUMAN_SIZE, "%.1f s", (double)ms / 1000);
	else if (s < 60)
		snprintf(out, CLI_HUMAN_SIZE, "%" PRIu64 " s", s);
	else if (s < 3600)
		snprintf(out, CLI_HUMAN_SIZE, "%" PRIu64 " min %" PRIu64 " s",
		    s / 60, s % 60);
	else
		snprintf(out, CLI_HUMAN_SIZE, "%" PRIu64 " h %02" PRIu64
		    " min", s / 3600, s % 3600 / 60);
}

void
cli_human_clock(char out[CLI_HUMAN_SIZE], uint64_t seconds)
{
	if (seconds < 3600)
		snprintf(out, CLI_HUMAN_SIZE, "%" PRIu64 ":%02" PRIu64,
		    seconds / 60, seconds % 60);
	else
		snprintf(out, CLI_HUMAN_SIZE, "%" PRIu64 ":%02" PRIu64
		    ":%02" PRIu64, seconds / 3600, seconds % 3600 / 60,
		    seconds % 60);
}

void
cli_human_age(char out[CLI_HUMAN_SIZE], int64_t seconds)
{
	if (seconds < 0)
		seconds = 0;
	if (seconds < 60)
		snprintf(out, CLI_HUMAN_SIZE, "%" PRId64 " s", seconds);
	else if (seconds < 3600)
		snprintf(out, CLI_HUMAN_SIZE, "%" PRId64 " min",
		    seconds / 60);
	else if (seconds < 48 * 3600)
		snprintf(out, CLI_HUMAN_SIZE, "%" PRId64 " h",
		    seconds / 3600);
	else
		snprintf(out, CLI_HUMAN_SIZE, "%" PRId64 " d",
		    seconds / 86400);
}

int
cli_human_parse_time(int64_t *out_ms, const char *text)
{
	struct tm tm;
	const char *rest;
	char *end;
	double fraction = 0;

	memset(&tm, 0, sizeof(tm));
	if (text == NULL ||
	    (rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm)) == NULL)
		return -1;
	if (*rest == '.') {
		/* LC_NUMERIC stays "C": the programs set LC_CTYPE alone. */
		fraction = strtod(rest, &end);
		rest = end;
	}
	if (strcmp(rest, "Z") != 0)
		return -1;
	*out_ms = (int64_t)timegm(&tm) * 1000 + (int64_t)(fraction * 1000);
	return 0;
}
