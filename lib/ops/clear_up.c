/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "ops/clear_up.h"

#include <stdlib.h>
#include <string.h>

#include "ops/result.h"

#define MOST_ASKED 10000u	/* notes; a store may hold any number */

/* A source that may have what is noted. */
struct place {
	const dbbi_source_driver *driver;
	dbbi_source_env env;
	unsigned stay;			/* things that could not be taken away */
	int unreachable;
	dbb_error why;			/* the first of them stays */
};

struct clearing {
	const dbbi_ops *ops;
	dbbi_choices choices;		/* holds the places' names */
	struct place *places;
	size_t count;
	unsigned asked;
	unsigned strange;		/* of no place here */
};

/* ---- who is asked ---- */

static void
add_place(struct clearing *c, const dbbi_source_driver *driver,
    const dbbi_source_env *env)
{
	if (driver->clear_up == NULL)
		return;
	c->places[c->count].driver = driver;
	c->places[c->count].env = *env;
	c->places[c->count].env.notes = NULL;
	c->count++;
}

static int
find_places(struct clearing *c, const dbbi_source_env *also, dbb_error *err)
{
	dbbi_source_env env = { .config = c->ops->config,
	    .run = c->ops->run };

	/* None at all is no failure: there is `also`. */
	if (dbbi_choose_sources(&c->choices, c->ops, NULL, NULL) < 0)
		c->choices = (dbbi_choices){ NULL, 0 };
	c->places = calloc(c->choices.count + 1, sizeof(*c->places));
	if (c->places == NULL)
		return dbbi_error_nomem(err);
	if (also != NULL && also->to != NULL)
		add_place(c, dbbi_source_find(also->kind), also);
	for (size_t i = 0; i < c->choices.count; i++) {
		env.kind = c->choices.items[i].driver->kind;
		env.name = c->choices.items[i].name;
		add_place(c, c->choices.items[i].driver, &env);
	}
	return 0;
}

/* ---- asking ---- */

static int
is_meant(const struct place *place, const dbbi_note *note)
{
	return strcmp(place->env.kind, note->kind) == 0 &&
	    strcmp(place->env.name, note->name) == 0;
}

/* As the driver's. A server that cannot be reached is not waited for
 * again. */
static int
ask(struct place *place, const dbbi_note *note)
{
	dbb_error why = {0};
	int rc = place->why.code;

	if (!place->unreachable)
		rc = place->driver->clear_up(&place->env, note->value, &why);
	if (rc == 0)
		dbbi_log(place->env.run, DBB_LOG_INFO, "%s '%s': took away "
		    "what an earlier run left there", place->env.kind,
		    place->env.name);
	if (rc >= 0)
		return rc;
	if (place->stay++ == 0)
		place->why = why;
	place->unreachable |= rc == DBB_ECONNECT || rc == DBB_EAUTH;
	return rc;
}

/* A dbbi_note_fn. */
static int
clear_note(const dbbi_note *note, void *payload, dbb_error *err)
{
	struct clearing *c = payload;
	int meant = 0, rc;

	if ((rc = dbbi_run_check(c->ops->run, err)) < 0)
		return rc;
	for (size_t i = 0; i < c->count && c->asked < MOST_ASKED; i++) {
		if (!is_meant(&c->places[i], note))
			continue;
		c->asked++;
		if ((rc = ask(&c->places[i], note)) < 0)
			return rc == DBB_ECANCELED ?
			    dbbi_run_check(c->ops->run, err) : 0;
		meant |= rc == 0;
		if (meant)
			break;
	}
	c->strange += !meant;
	return meant;
}

/* ---- what comes of it ---- */

static int
tell(const struct clearing *c, dbbi_json *warnings, dbb_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->count; i++) {
		const struct place *place = &c->places[i];

		if (place->stay > 0)
			rc = dbbi_result_say(warnings, err, "%s '%s': %u of "
			    "the things that earlier runs left there could "
			    "not be taken away, and the next run tries "
			    "again: %s", place->env.kind, place->env.name,
			    place->stay, place->why.message);
	}
	if (c->strange > 0)
		dbbi_log(c->ops->run, DBB_LOG_INFO, "earlier runs left "
		    "something (%u) in servers that are not configured here",
		    c->strange);
	return rc;
}

int
dbbi_clear_up(const dbbi_ops *ops, dbbi_repo *repo,
    const dbbi_source_env *also, dbbi_json *warnings, dbb_error *err)
{
	struct clearing c = { .ops = ops };
	dbb_error why = {0};
	int rc;

	if ((rc = find_places(&c, also, err)) < 0)
		goto done;
	rc = dbbi_leases_left(repo, clear_note, &c, &why);
	if (rc == DBB_ECANCELED || rc == DBB_ENOMEM) {
		if (err != NULL)
			*err = why;
		goto done;
	}
	if (rc < 0)
		dbbi_log(ops->run, rc == DBB_EACCESS ? DBB_LOG_INFO :
		    DBB_LOG_WARNING, "what earlier runs left in servers is "
		    "not taken away: %s", why.message);
	rc = tell(&c, warnings, err);
done:
	free(c.places);
	dbbi_choices_clear(&c.choices);
	return rc;
}
