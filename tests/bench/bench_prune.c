/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_prune: how long a prune takes to decide, and how much memory, over
 * packs that are made up: their listing is computed, only the heads that
 * name them are real. Each set lacks some of the oldest packs; the first set
 * is taken out.
 *
 *	bench_prune [-p PACKS] [-s SETS] [-t SECONDS] [-m MIB] FOLDER
 *
 * The folder must be empty. Fails when it takes more than -t or -m say.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "repo/manifest.h"
#include "repo/prune.h"

#include "figures.h"

#define PACK_SIZE (16u << 20)
#define STEP 1000u		/* packs that each set has no more */

static uint32_t pack_total = 600000, set_total = 10;
static double most_seconds = 10;
static long most_mib = 256;

static void
name_of(dbbi_id *name, uint32_t i)
{
	must(dbbi_sha256_of(name->bytes, &i, sizeof i, &err));
}

/* ---- a folder with packs that are not there ---- */

static int
made_up_open(void **out, const char *url, uint32_t flags,
    const dbb_store_env *env, void *payload, dbb_error *e)
{
	char file[4096];

	snprintf(file, sizeof file, "file:%s", url + strlen("made-up:"));
	return dbbi_store_file.open(out, file, flags, env, payload, e);
}

static int
made_up_list(void *store, const char *prefix, dbb_list_fn fn, void *payload,
    dbb_error *e)
{
	dbb_object object = { .size = sizeof object,
	    .size_bytes = PACK_SIZE, .modified_at_ms = 1 };
	char text[DBBI_OBJECT_SIZE];
	dbbi_id name;

	if (strcmp(prefix, "packs/") != 0)
		return dbbi_store_file.list(store, prefix, fn, payload, e);
	object.name = text;
	for (uint32_t i = 0; i < pack_total; i++) {
		name_of(&name, i);
		dbbi_pack_object(text, &name);
		if (fn(&object, payload) != 0)
			return dbb_error_set(e, DBB_ECANCELED, "stopped",
			    NULL);
	}
	return 0;
}

static void
set_id(char out[DBBI_SET_ID_SIZE], uint32_t i)
{
	snprintf(out, DBBI_SET_ID_SIZE, "20261122T%02u%02u00Z-0000",
	    i / 60 % 24, i % 60);
}

/* Set `i` names all packs but the first STEP * i. */
static void
write_set(dbbi_store *store, uint32_t i)
{
	uint32_t first = STEP * i % pack_total, count = pack_total - first;
	dbbi_set_pack *packs = calloc(count, sizeof *packs);
	char id[DBBI_SET_ID_SIZE], object[DBBI_OBJECT_SIZE];
	dbbi_json *json = dbbi_json_new_object();
	dbbi_bytes bytes;

	if (packs == NULL || json == NULL)
		must(dbbi_error_nomem(&err));
	for (uint32_t k = 0; k < count; k++) {
		name_of(&packs[k].name, first + k);
		packs[k].size = PACK_SIZE;
		packs[k].used = PACK_SIZE / 2;
	}
	set_id(id, i);
	must(dbbi_manifest_encode(&bytes, NULL, id, json, json, packs,
	    count, &err));
	dbbi_set_object(object, id);
	must(dbbi_store_write(store, object, bytes.data, bytes.size, 0,
	    &err));
	dbbi_bytes_clear(&bytes);
	dbbi_json_free(json);
	free(packs);
}

/* In a process of its own, whose memory does not count. */
static void
prepare(dbbi_store *store)
{
	pid_t child;
	int status;

	fflush(stdout);
	if ((child = fork()) == 0) {
		must(dbbi_repo_create(store, NULL, &err));
		for (uint32_t i = 0; i < set_total; i++)
			write_set(store, i);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		exit(1);
}

/* ---- what is measured ---- */

static void
measure(dbbi_repo *repo, int dry_run)
{
	char id[DBBI_SET_ID_SIZE];
	dbbi_list remove = { NULL, 0 };
	dbbi_prune_options options = { &remove, dry_run };
	dbbi_prune_stats stats;
	double took = seconds();

	set_id(id, 0);
	must(dbbi_list_add(&remove, id, &err));
	must(dbbi_repo_prune(&stats, repo, &options, &err));
	took = seconds() - took;
	printf("%-8s %u packs, %u sets: %.2f s, peak memory %ld MiB; "
	    "%u used, %u condemned\n", dry_run ? "dry run" : "prune",
	    stats.store.packs, set_total, took, peak_mib(), stats.used.packs,
	    stats.condemned.packs);
	dbbi_list_clear(&remove);
	if (took > most_seconds || peak_mib() > most_mib) {
		fprintf(stderr, "bench_prune: more than %.0f s or %ld MiB\n",
		    most_seconds, most_mib);
		exit(1);
	}
}

static int
usage(void)
{
	fprintf(stderr, "usage: bench_prune [-p PACKS] [-s SETS] [-t SECONDS] "
	    "[-m MIB] FOLDER\n");
	return 2;
}

static void
run(const char *folder)
{
	dbb_store_driver driver = dbbi_store_file;
	dbbi_store_registry *registry = NULL;
	dbbi_store *store = NULL;
	dbbi_repo *repo = NULL;
	char url[4096];
	dbbi_run run;

	driver.scheme = "made-up";
	driver.open = made_up_open;
	driver.list = made_up_list;
	snprintf(url, sizeof url, "made-up://%s", folder);
	must(dbbi_store_registry_new(&registry, &err));
	must(dbbi_store_registry_add(registry, &driver, NULL, &err));
	must(dbbi_store_open(&store, registry, url, DBB_STORE_CREATE, &err));
	must(dbbi_run_init(&run, &err));
	prepare(store);
	must(dbbi_repo_open(&repo, store, NULL, &run, &err));
	measure(repo, 1);
	measure(repo, 0);
	dbbi_repo_free(repo);
	dbbi_run_clear(&run);
	dbbi_store_close(store);
	dbbi_store_registry_free(registry);
}

int
main(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "p:s:t:m:")) != -1) {
		if (c == 'p')
			pack_total = (uint32_t)strtoul(optarg, NULL, 10);
		else if (c == 's')
			set_total = (uint32_t)strtoul(optarg, NULL, 10);
		else if (c == 't')
			most_seconds = strtod(optarg, NULL);
		else if (c == 'm')
			most_mib = strtol(optarg, NULL, 10);
		else
			return usage();
	}
	if (optind + 1 != argc || pack_total == 0 || set_total == 0)
		return usage();
	run(argv[optind]);
	return 0;
}
