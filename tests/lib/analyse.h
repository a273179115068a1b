/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * analyse: what the static analyser cannot see from one file at a time, said
 * to it: an error function returns a negative code, and dbbi_error_context
 * the code that it was given. Included in front of every file of lib/, by
 * tests/lib/analyse.sh alone.
 */
#ifndef DBBI_ANALYSE_H
#define DBBI_ANALYSE_H

#include <config.h>

#include "util/error.h"

static inline int
known_negative(int code)
{
	if (code >= 0)
		__builtin_unreachable();
	return code;
}

#define dbbi_error_set(...) known_negative((dbbi_error_set)(__VA_ARGS__))
#define dbbi_error_errno(...) known_negative((dbbi_error_errno)(__VA_ARGS__))
#define dbbi_error_nomem(err) known_negative((dbbi_error_nomem)(err))
#define dbbi_error_context(err, rc, ...) \
	((void)(dbbi_error_context)(err, rc, __VA_ARGS__), (rc))

#endif
