/* SPDX-License-Identifier: BSD-2-Clause */
/* figures: what the bench programs measure with. Its names are short, as the
 * programs are: include it after all others. */
#ifndef FIGURES_H
#define FIGURES_H

#include "util/error.h"

extern dbb_error err;

/* The call succeeded; else its message, and the end: what was found so far
 * is told before it. */
void must(int rc);

double seconds(void);		/* on the clock */
double cpu_seconds(void);	/* of this process, all threads */
long peak_mib(void);		/* of its memory */

#endif
