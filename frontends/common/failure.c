/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "failure.h"

#include <stdarg.h>
#include <stdio.h>

int
cli_fail(cli_failure *why, int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why->message, sizeof(why->message), fmt, args);
	va_end(args);
	why->hint[0] = '\0';
	why->code = code;
	return code;
}

int
cli_fail_hint(cli_failure *why, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why->hint, sizeof(why->hint), fmt, args);
	va_end(args);
	return why->code;
}
