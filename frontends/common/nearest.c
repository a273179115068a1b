/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "nearest.h"

#include <string.h>

#define LONGEST 63

static size_t
smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Three rows of the table are enough: this one and the two above it. */
size_t
cli_word_distance(const char *a, const char *b)
{
	size_t rows[3][LONGEST + 1];
	size_t i, j, na = strlen(a), nb = strlen(b);

	if (na > LONGEST || nb > LONGEST)
		return LONGEST;
	for (j = 0; j <= nb; j++)
		rows[0][j] = j;
	for (i = 1; i <= na; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3];

		row[0] = i;
		for (j = 1; j <= nb; j++) {
			size_t d = above[j - 1] + (a[i - 1] != b[j - 1]);

			d = smaller(d, above[j] + 1);
			d = smaller(d, row[j - 1] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				d = smaller(d, rows[(i + 1) % 3][j - 2] + 1);
			row[j] = d;
		}
	}
	return rows[na % 3][nb];
}

/* One slip in three letters is still a slip; more is another word. */
size_t
cli_word_near(const char *word, const char *known)
{
	size_t d = cli_word_distance(word, known);

	return d <= (strlen(known) + 2) / 3 ? d : 0;
}
