/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t
dbbi_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint64_t
dbbi_monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

dbbi_moment
dbbi_moment_now(void)
{
	return (dbbi_moment){ dbbi_monotonic_ms(), dbbi_now_ms() };
}

int64_t
dbbi_moment_age(const dbbi_moment *moment)
{
	int64_t steps = (int64_t)(dbbi_monotonic_ms() -
	    moment->monotonic_ms);
	int64_t days = dbbi_now_ms() - moment->at_ms;

	return steps > days ? steps : days;
}

/* Calendar and milliseconds; before 1970 both still count upwards. */
static int
split_time(struct tm *out, int64_t at_ms)
{
	int ms = (int)(at_ms % 1000);
	time_t seconds = (time_t)(at_ms / 1000);

	if (ms < 0) {
		ms += 1000;
		seconds--;
	}
	gmtime_r(&seconds, out);
	return ms;
}

/* Room for numbers that no calendar has, which the compiler reckons with. */
#define ANY_TIME_SIZE 80

static void
hand_over(char out[DBBI_TIME_SIZE], const char text[ANY_TIME_SIZE])
{
	memcpy(out, text, DBBI_TIME_SIZE - 1);
	out[DBBI_TIME_SIZE - 1] = '\0';
}

void
dbbi_time_rfc3339(char out[DBBI_TIME_SIZE], int64_t at_ms)
{
	char text[ANY_TIME_SIZE] = "";
	struct tm tm;
	int ms = split_time(&tm, at_ms);

	snprintf(text, sizeof(text), "%04ld-%02d-%02dT%02d:%02d:%02d.%03dZ",
	    tm.tm_year + 1900L, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
	    tm.tm_min, tm.tm_sec, ms);
	hand_over(out, text);
}

void
dbbi_time_compact(char out[DBBI_TIME_SIZE], int64_t at_ms)
{
	char text[ANY_TIME_SIZE] = "";
	struct tm tm;

	split_time(&tm, at_ms);
	snprintf(text, sizeof(text), "%04ld%02d%02dT%02d%02d%02dZ",
	    tm.tm_year + 1900L, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
	    tm.tm_min, tm.tm_sec);
	hand_over(out, text);
}

/* Is every digit and sign where it must be? */
static int
has_shape(const char *text)
{
	static const char shape[] = "0000-00-00T00:00:00.000Z";
	size_t i;

	if (strlen(text) != sizeof(shape) - 1)
		return 0;
	for (i = 0; shape[i] != '\0'; i++)
		if (shape[i] == '0' ? text[i] < '0' || text[i] > '9' :
		    text[i] != shape[i])
			return 0;
	return 1;
}

static int
number_at(const char *text, size_t digits)
{
	int n = 0;

	while (digits-- > 0)
		n = n * 10 + (*text++ - '0');
	return n;
}

int
dbbi_time_parse(int64_t *out_ms, const char *text)
{
	struct tm tm = {0};
	char again[DBBI_TIME_SIZE];
	int64_t at_ms;

	if (!has_shape(text))
		return -1;
	tm.tm_year = number_at(text, 4) - 1900;
	tm.tm_mon = number_at(text + 5, 2) - 1;
	tm.tm_mday = number_at(text + 8, 2);
	tm.tm_hour = number_at(text + 11, 2);
	tm.tm_min = number_at(text + 14, 2);
	tm.tm_sec = number_at(text + 17, 2);
	at_ms = (int64_t)timegm(&tm) * 1000 + number_at(text + 20, 3);
	/* timegm takes the 31st of April for the 1st of May: no such time. */
	dbbi_time_rfc3339(again, at_ms);
	if (strcmp(again, text) != 0)
		return -1;
	*out_ms = at_ms;
	return 0;
}
