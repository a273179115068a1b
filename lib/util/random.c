/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/random.h"

#include <errno.h>
#include <stdint.h>
#include <sys/random.h>

int
dbbi_random(void *out, size_t size, dbb_error *err)
{
	uint8_t *to = out;
	ssize_t n;

	while (size > 0) {
		n = getrandom(to, size, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return dbbi_error_errno(err, errno,
			    "getting random bytes");
		to += n;
		size -= (size_t)n;
	}
	return 0;
}
