/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notes: what a run is about to make in somebody else's server, written down
 * where the next run finds it, should this one be killed before it has taken
 * that away again. Who makes something with such notes does not know where
 * they are kept. Any thread.
 */
#ifndef DBBI_NOTES_H
#define DBBI_NOTES_H

#include "util/json.h"

typedef struct dbbi_notes dbbi_notes;

struct dbbi_notes {
	/* Write `value`, an object, down under `key` (unique in its source),
	 * in the place of what stood there. It is durable when this returns
	 * 0; but where notes cannot be kept at all, 0 is returned, too, and
	 * that is logged once. */
	int (*put)(dbbi_notes *notes, const char *key, const dbbi_json *value,
	    dbb_error *err);

	/* Done with; best effort. */
	void (*remove)(dbbi_notes *notes, const char *key);
};

#endif
