/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "fake_source.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake *fakes;

struct fake_source {
	dbbi_source base;
	dbbi_stream_info info;
	struct fake *fake;
	dbbi_run *run;
	dbbi_notes *notes;
};

struct fake_reader {
	dbbi_reader base;
	struct fake *fake;
	dbbi_run *run;
	size_t left;			/* repeats */
	size_t at;			/* in the content */
};

struct fake_target {
	dbbi_target base;
	struct fake *fake;
	dbbi_notes *notes;
};

static struct fake *
find(const char *name)
{
	struct fake *f;

	for (f = fakes; f != NULL && f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

static int
fail_at(const struct fake *f, enum fake_fault fault, dbb_error *err)
{
	if (f->fault != fault)
		return 0;
	return dbbi_error_set(err, DBB_ESOURCE, "told to fail (%d)",
	    (int)fault);
}

/* Wait for a cancel, as a server that does not answer makes us. */
static int
hang(dbbi_run *run, dbb_error *err)
{
	struct pollfd p = { .fd = dbbi_run_wake_fd(run), .events = POLLIN };

	poll(&p, 1, 20000);
	return dbbi_run_check(run, err);
}

/* Before it makes something that it would have to take away. */
static int
note(const struct fake *f, dbbi_notes *notes, dbb_error *err)
{
	dbbi_json *value;
	int rc;

	if (!f->notes)
		return 0;
	value = dbbi_json_new_object();
	dbbi_json_set_string(value, "word", f->name);
	rc = notes->put(notes, "made", value, err);
	dbbi_json_free(value);
	return rc;
}

static void
forget(const struct fake *f, dbbi_notes *notes)
{
	if (f->notes == 1)
		notes->remove(notes, "made");
}

static int
fake_clear_up(const dbbi_source_env *env, const dbbi_json *what,
    dbb_error *err)
{
	struct fake *f = find(env->name);
	const char *word = dbbi_json_string(what, "word");
	size_t n;

	if (f == NULL || word == NULL)
		return dbbi_error_set(err, DBB_EDAMAGED, "it has no word");
	n = strlen(f->cleared);
	snprintf(f->cleared + n, sizeof(f->cleared) - n, "%s@%s ", word,
	    env->to != NULL ? env->to : "");
	if (f->clear_fails < 0)
		return dbbi_error_set(err, f->clear_fails, "told to fail");
	return f->clear_fails;
}

static int
fake_check_config(const dbbi_source_env *env, dbb_error *err)
{
	struct fake *f = find(env->name);

	return f == NULL ? DBB_ENOTFOUND : fail_at(f, FAKE_CONFIG, err);
}

static int
fake_open(dbbi_source **out, const dbbi_source_env *env, dbb_error *err)
{
	struct fake *f = find(env->name);
	struct fake_source *s;
	int rc;

	if (f == NULL)
		return dbbi_error_set(err, DBB_ENOTFOUND, "no such fake");
	if ((rc = fail_at(f, FAKE_OPEN, err)) < 0 ||
	    (f->fault == FAKE_OPEN_HANGS && (rc = hang(env->run, err)) < 0))
		return rc;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return dbbi_error_nomem(err);
	s->base.driver = &dbbi_source_postgres;
	s->base.streams = &s->info;
	s->base.stream_count = 1;
	s->fake = f;
	s->run = env->run;
	s->notes = env->notes;
	s->info.kind = "fake";
	s->info.name = dbbi_text_format("%s.dump", f->name);
	*out = &s->base;
	return 0;
}

static int
fake_freeze(int64_t *at, dbbi_source *source, dbb_error *err)
{
	*at = 1000;
	return fail_at(((struct fake_source *)source)->fake, FAKE_FREEZE, err);
}

static int
read_fake(size_t *got, dbbi_reader *reader, void *buffer, size_t size,
    dbb_error *err)
{
	struct fake_reader *r = (struct fake_reader *)reader;
	size_t n, length = strlen(r->fake->content);
	int rc;

	*got = 0;
	if (r->fake->fault == FAKE_EMPTY || r->left == 0)
		return 0;
	if (r->fake->fault == FAKE_HANGS && (rc = hang(r->run, err)) < 0)
		return rc;
	n = length - r->at < size ? length - r->at : size;
	memcpy(buffer, r->fake->content + r->at, n);
	*got = n;
	if ((r->at += n) == length) {
		r->at = 0;
		if (--r->left == 0)
			return fail_at(r->fake, FAKE_STREAM, err);
	}
	return 0;
}

static void
free_fake(dbbi_reader *reader)
{
	free(reader);
}

static int
fake_stream(dbbi_reader **out, dbbi_source *source, size_t i, dbb_error *err)
{
	struct fake_source *s = (struct fake_source *)source;
	struct fake_reader *r;
	int rc;

	(void)i;
	if ((rc = note(s->fake, s->notes, err)) < 0)
		return rc;
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return dbbi_error_nomem(err);
	r->base.read = read_fake;
	r->base.free = free_fake;
	r->fake = s->fake;
	r->run = s->run;
	r->left = s->fake->repeat > 0 ? s->fake->repeat : 1;
	*out = &r->base;
	return 0;
}

static int
fake_facts(dbbi_json **out, dbbi_source *source, dbbi_json *warnings,
    dbb_error *err)
{
	struct fake *f = ((struct fake_source *)source)->fake;
	int rc;

	if ((rc = fail_at(f, FAKE_FACTS, err)) < 0)
		return rc;
	if (f->warns)
		dbbi_json_append_string(warnings, "a word of warning");
	*out = dbbi_json_new_object();
	return dbbi_json_set_string(*out, "made_of", "a string");
}

static int
fake_check(dbbi_source *source, size_t i, const dbbi_json *facts,
    dbbi_reader *stored, dbb_error *err)
{
	struct fake *f = ((struct fake_source *)source)->fake;
	char first[64];
	size_t got;
	int rc;

	(void)i;
	if ((rc = fail_at(f, FAKE_CHECK, err)) < 0)
		return rc;
	if (dbbi_json_string(facts, "made_of") == NULL)
		return dbbi_error_set(err, DBB_EINTERNAL, "no facts");
	if ((rc = dbbi_reader_read(&got, stored, first, 4, err)) < 0)
		return rc;
	if (got == 0 || memcmp(first, f->content, got) != 0)
		return dbbi_error_set(err, DBB_ESOURCE, "not what it was");
	return 0;
}

static void
fake_close(dbbi_source *source)
{
	struct fake_source *s = (struct fake_source *)source;

	forget(s->fake, s->notes);
	free(s->info.name);
	free(s);
}

static int
fake_target_open(dbbi_target **out, const dbbi_source_env *env,
    const dbbi_target_plan *plan, dbb_error *err)
{
	struct fake *f = find(env->name);
	struct fake_target *t;

	if (f == NULL || dbbi_json_string(plan->facts, "made_of") == NULL)
		return dbbi_error_set(err, DBB_ENOTFOUND, "no such fake");
	if (f->fault == FAKE_EXISTS && !plan->replace)
		return dbbi_error_set(err, DBB_EEXIST, "it exists");
	if ((t = calloc(1, sizeof(*t))) == NULL)
		return dbbi_error_nomem(err);
	t->base.driver = &dbbi_source_postgres;
	t->fake = f;
	t->notes = env->notes;
	*out = &t->base;
	return 0;
}

static int
fake_replaces(dbbi_list *names, dbbi_target *target, dbb_error *err)
{
	struct fake *f = ((struct fake_target *)target)->fake;

	f->replaced_asked++;
	return f->target_exists ? dbbi_list_add(names, f->name, err) : 0;
}

static int
fake_wants(dbbi_target *target, const char *stream, const char *kind)
{
	(void)target;
	(void)stream;
	return strcmp(kind, "fake") == 0;
}

static int
fake_load(dbbi_target *target, const char *stream, const char *kind,
    dbbi_reader *in, dbb_error *err)
{
	struct fake *f = ((struct fake_target *)target)->fake;
	char block[4096];
	size_t got = 0, at = 0, n;
	int rc;

	(void)stream;
	(void)kind;
	if ((rc = note(f, ((struct fake_target *)target)->notes, err)) < 0)
		return rc;
	while ((rc = dbbi_reader_read(&got, in, block, sizeof(block),
	    err)) == 0 && got > 0) {
		n = got < sizeof(f->restored) - 1 - at ? got :
		    sizeof(f->restored) - 1 - at;
		memcpy(f->restored + at, block, n);
		f->restored[at += n] = '\0';
	}
	return rc < 0 ? rc : fail_at(f, FAKE_LOAD, err);
}

static int
fake_compare(uint64_t *compared, dbbi_target *target, dbbi_json *findings,
    dbbi_json *warnings, dbb_error *err)
{
	struct fake *f = ((struct fake_target *)target)->fake;
	dbbi_json *one;

	*compared = 1;
	if (f->warns)
		dbbi_json_append_string(warnings, "not compared: the weather");
	if (f->fault == FAKE_DIFFERS) {
		one = dbbi_json_new_object();
		dbbi_json_set_string(one, "object", "table 't'");
		dbbi_json_append(findings, one);
	}
	return fail_at(f, FAKE_COMPARE, err);
}

static int
fake_commit(dbbi_target *target, int equal, dbbi_json *databases,
    dbb_error *err)
{
	struct fake *f = ((struct fake_target *)target)->fake;
	int rc;

	(void)databases;
	if ((rc = fail_at(f, FAKE_COMMIT, err)) < 0)
		return rc;
	f->committed++;
	f->equal = equal;
	return 0;
}

static void
fake_target_close(dbbi_target *target)
{
	struct fake_target *t = (struct fake_target *)target;

	t->fake->closed++;
	forget(t->fake, t->notes);
	free(t);
}

static const char *
fake_how(const char *kind)
{
	return strcmp(kind, "fake") == 0 ? "read it aloud" : NULL;
}

const dbbi_source_driver dbbi_source_postgres = {
	.kind = "postgres",
	.check_config = fake_check_config,
	.clear_up = fake_clear_up,
	.open = fake_open,
	.freeze = fake_freeze,
	.stream = fake_stream,
	.facts = fake_facts,
	.check = fake_check,
	.close = fake_close,
	.target_open = fake_target_open,
	.target_replaces = fake_replaces,
	.target_wants = fake_wants,
	.target_load = fake_load,
	.target_compare = fake_compare,
	.target_commit = fake_commit,
	.target_close = fake_target_close,
	.how_to_load = fake_how,
};

const dbbi_source_driver *
dbbi_source_find(const char *kind)
{
	return strcmp(kind, "postgres") == 0 ? &dbbi_source_postgres : NULL;
}

const char *const *
dbbi_source_kinds(void)
{
	static const char *const kinds[] = { "postgres", NULL };

	return kinds;
}
