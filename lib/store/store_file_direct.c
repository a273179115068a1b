/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Large objects past the system's cache, as far as they lie on whole pages:
 * copying them there is work, and they would be taken out again.
 */
#include <config.h>

#include "store/store_file.h"

#include <fcntl.h>
#include <unistd.h>

#define PAGE 4096u	/* no disk has larger sectors */

/* Whole pages of memory, to a whole page of the file? */
static int
is_suited(uint64_t at, const void *data, size_t size)
{
	return size >= DBBI_FILE_LARGE && at % PAGE == 0 &&
	    (uintptr_t)data % PAGE == 0;
}

ssize_t
dbbi_file_write(int fd, uint64_t at, const void *data, size_t size)
{
	ssize_t n = -1;
	int flags;

	if (is_suited(at, data, size) && (flags = fcntl(fd, F_GETFL)) >= 0 &&
	    fcntl(fd, F_SETFL, flags | O_DIRECT) == 0) {
		n = write(fd, data, size - size % PAGE);
		(void)fcntl(fd, F_SETFL, flags);
	}
	/* Not every file system does it. Where it failed for another reason,
	 * the same comes of this and is told. */
	return n > 0 ? n : write(fd, data, size);
}
