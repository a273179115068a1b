/* SPDX-License-Identifier: BSD-2-Clause */
/* random: unpredictable bytes (getrandom(2)). */
#ifndef DBBI_RANDOM_H
#define DBBI_RANDOM_H

#include <stddef.h>

#include "util/error.h"

int dbbi_random(void *out, size_t size, dbb_error *err);

#endif
