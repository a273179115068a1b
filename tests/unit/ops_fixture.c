/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "ops_fixture.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void
declare(struct fixture *f, const struct fake *fake)
{
	char section[80];

	snprintf(section, sizeof(section), "postgres %s", fake->name);
	ck_assert_int_eq(dbbi_config_set(f->ops.config, section, "connection",
	    "", &f->err), 0);
}

void
fixture_begin(struct fixture *f, struct fake *with)
{
	const char *const nothing[] = { NULL };
	char url[128];
	dbbi_json *made = NULL;

	memset(f, 0, sizeof(*f));
	fakes = with;
	snprintf(f->root, sizeof(f->root), "/tmp/dbb-ops-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(f->root));
	snprintf(url, sizeof(url), "file://%s/repo", f->root);
	ck_assert_int_eq(dbbi_run_init(&f->run, &f->err), 0);
	f->ops.run = &f->run;
	ck_assert_int_eq(dbbi_store_registry_new(&f->ops.stores, &f->err), 0);
	ck_assert_int_eq(dbbi_config_new(&f->ops.config, &f->err), 0);
	ck_assert_int_eq(dbbi_config_load(f->ops.config, "", nothing,
	    &f->err), 0);
	ck_assert_int_eq(dbbi_config_set(f->ops.config, "repository", "url",
	    url, &f->err), 0);
	for (; with->name != NULL; with++)
		declare(f, with);
	ck_assert_msg(dbbi_op_init(&made, &f->ops, &f->err) == 0, "%s",
	    f->err.message);
	dbbi_json_free(made);
}

void
fixture_end(struct fixture *f)
{
	dbbi_config_free(f->ops.config);
	dbbi_store_registry_free(f->ops.stores);
	dbbi_run_clear(&f->run);
	nftw(f->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int
fixture_backup(dbbi_json **out, struct fixture *f)
{
	dbb_backup_options options = DBB_BACKUP_OPTIONS_INIT;

	*out = NULL;
	dbbi_error_clear(&f->err);
	return dbbi_op_backup(out, &f->ops, &options, &f->err);
}

size_t
fixture_sets(struct fixture *f)
{
	dbbi_json *list = NULL;
	size_t n;

	ck_assert_int_eq(dbbi_op_list(&list, &f->ops, NULL, &f->err), 0);
	n = dbbi_json_count(dbbi_json_array(list, "sets"));
	dbbi_json_free(list);
	return n;
}
