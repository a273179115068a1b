/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fake_source: a kind of database made of strings, which fails where it is
 * told to. Linked in place of lib/source, it lets the verbs be tested for
 * faults that a real server does not make on demand.
 */
#ifndef FAKE_SOURCE_H
#define FAKE_SOURCE_H

#include "source/source.h"

/* Where it fails. */
enum fake_fault {
	FAKE_WELL, FAKE_OPEN, FAKE_FREEZE, FAKE_FACTS, FAKE_STREAM,
	FAKE_EMPTY, FAKE_HANGS, FAKE_CHECK, FAKE_LOAD, FAKE_COMPARE,
	FAKE_DIFFERS, FAKE_COMMIT, FAKE_EXISTS, FAKE_CONFIG, FAKE_OPEN_HANGS
};

struct fake {
	const char *name;		/* the source's name */
	const char *content;		/* of its one stream, "<name>.dump" */
	size_t repeat;			/* how often; 0: once */
	enum fake_fault fault;
	int warns;			/* facts and compare add a warning */
	int target_exists;		/* there is something to replace */
	int notes;			/* 1: it notes "made" before its stream
					   or load, and is done with that when
					   it is closed; 2: it leaves that */
	int clear_fails;		/* what its clear_up gives */

	/* What happened to it. */
	char restored[256];		/* the first bytes that were loaded */
	int committed, equal, closed, replaced_asked;
	char cleared[256];		/* the words of notes to clear up, each
					   "<word>@<to> " */
};

/* The fakes that exist, ended by one without a name. */
extern struct fake *fakes;

#endif
