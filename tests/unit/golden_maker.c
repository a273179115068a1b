/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "golden_maker.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fake_source.h"

/*
 * Whatever the seed, a block of 32 KiB of this word is a piece, and one whose
 * digest ends a list that has 64 pieces: the stream gets three lists, one
 * after another the same, and a list of them and the last.
 */
#define WORD "abzh"
#define WORDS (192 * 8192)
#define LINES 6000		/* enough for two chunks */
#define ADDED 40		/* in the middle of them, in the second set */
#define LINE_SIZE 256

static char text[WORDS * 4 + (LINES + ADDED) * LINE_SIZE];

static struct fake notes[] = { { .name = GOLDEN_SOURCE, .content = text },
    {0} };

static size_t
add_lines(size_t at, uint32_t first, uint32_t count)
{
	uint32_t i;

	for (i = first; i < first + count; i++)
		at += (size_t)snprintf(text + at, LINE_SIZE,
		    "note %u says %08x, and then what all of them say: that "
		    "a note is worth as much as the paper that it is on, "
		    "and the paper as much as the hand that turns it up in "
		    "ten years\n", (unsigned)i, (unsigned)(i * 2654435761u));
	return at;
}

/* Always the same, but for the lines that a set adds. */
static void
write_text(uint32_t set)
{
	size_t at, i;

	for (i = at = 0; i < WORDS; i++, at += 4)
		memcpy(text + at, WORD, 4);
	at = add_lines(at, 0, LINES / 2);
	if (set > 0)
		at = add_lines(at, 8000 + 1000 * set, ADDED);
	add_lines(at, LINES / 2, LINES - LINES / 2);
}

int
golden_begin(struct golden *g, const char *folder, const char *passphrase)
{
	const char *const nothing[] = { NULL };
	char url[512];
	int rc;

	memset(g, 0, sizeof(*g));
	snprintf(g->folder, sizeof(g->folder), "%s", folder);
	fakes = notes;
	g->ops.run = &g->run;
	snprintf(url, sizeof(url), "file://%s", folder);
	if ((rc = dbbi_run_init(&g->run, &g->err)) < 0 ||
	    (rc = dbbi_store_registry_new(&g->ops.stores, &g->err)) < 0 ||
	    (rc = dbbi_config_new(&g->ops.config, &g->err)) < 0 ||
	    (rc = dbbi_config_load(g->ops.config, "", nothing,
	    &g->err)) < 0 ||
	    (rc = dbbi_config_set(g->ops.config, "repository", "url", url,
	    &g->err)) < 0)
		return rc;
	if (passphrase != NULL && (rc = dbbi_config_set(g->ops.config,
	    "repository", "password", passphrase, &g->err)) < 0)
		return rc;
	return dbbi_config_set(g->ops.config, "postgres " GOLDEN_SOURCE,
	    "connection", "", &g->err);
}

void
golden_end(struct golden *g)
{
	dbbi_config_free(g->ops.config);
	dbbi_store_registry_free(g->ops.stores);
	dbbi_run_clear(&g->run);
}

static int
make_set(struct golden *g, uint32_t number)
{
	dbb_backup_options options = DBB_BACKUP_OPTIONS_INIT;
	struct timespec next = { .tv_sec = 1, .tv_nsec = 100000000 };
	dbbi_json *out = NULL;
	int rc;

	/* Ids of one second do not tell which came first. */
	if (number > 0)
		nanosleep(&next, NULL);
	write_text(number);
	rc = dbbi_op_backup(&out, &g->ops, &options, &g->err);
	dbbi_json_free(out);
	return rc;
}

/* One set more, and its manifest away: a prune writes down what only it
 * needed. */
static int
condemn(struct golden *g)
{
	dbb_prune_options options = DBB_PRUNE_OPTIONS_INIT;
	dbbi_json *out = NULL, *sets, *set;
	char path[600];
	int rc;

	if ((rc = make_set(g, GOLDEN_SETS)) != DBB_OK ||
	    (rc = dbbi_op_list(&out, &g->ops, NULL, &g->err)) != DBB_OK)
		return rc;
	sets = dbbi_json_array(out, "sets");
	set = dbbi_json_at(sets, dbbi_json_count(sets) - 1);
	snprintf(path, sizeof(path), "%s/sets/%s", g->folder,
	    dbbi_json_string(set, "set"));
	dbbi_json_free(out);
	if (unlink(path) != 0)
		return dbbi_error_errno(&g->err, errno, "removing '%s'",
		    path);
	out = NULL;
	rc = dbbi_op_prune(&out, &g->ops, &options, &g->err);
	dbbi_json_free(out);
	return rc == DBB_FINDINGS ? DBB_OK : rc;	/* no rules */
}

static int
prove(struct golden *g)
{
	dbb_verify_options options = DBB_VERIFY_OPTIONS_INIT;
	dbbi_json *out = NULL;
	int rc;

	options.read_data = 1;
	rc = dbbi_op_verify(&out, &g->ops, &options, &g->err);
	dbbi_json_free(out);
	return rc;
}

int
golden_make(struct golden *g)
{
	dbbi_json *out = NULL;
	int rc;

	if ((rc = dbbi_op_init(&out, &g->ops, &g->err)) < 0)
		return rc;
	dbbi_json_free(out);
	if ((rc = make_set(g, 0)) != DBB_OK ||
	    (rc = make_set(g, 1)) != DBB_OK ||
	    (rc = condemn(g)) != DBB_OK)
		return rc;
	return prove(g);
}
