/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Standard input into an object, and the object back to standard output; the
 * store is used by itself, without a repository.
 *
 *	store put s3://bucket/prefix NAME [SETTING=VALUE ...] < file
 *	store get s3://bucket/prefix NAME [SETTING=VALUE ...] > file
 */
#include <stdio.h>
#include <string.h>
#include <dbbackup.h>

static int
put(dbb_store *store, const char *name)
{
	static char buffer[1 << 16];
	dbb_store_put *object = NULL;
	size_t got;
	int rc = dbb_store_put_begin(&object, store, name, 0);

	while (rc >= 0 && (got = fread(buffer, 1, sizeof buffer, stdin)) > 0)
		rc = dbb_store_put_write(object, buffer, got);
	if (rc >= 0 && ferror(stdin))
		rc = DBB_EIO;	/* half a file is not committed */
	if (rc >= 0)
		rc = dbb_store_put_commit(object);
	dbb_store_put_free(object);
	return rc;
}

static int
print(const void *data, size_t size, void *payload)
{
	return fwrite(data, 1, size, payload) != size;
}

int
main(int argc, char **argv)
{
	dbb_context *ctx = NULL;
	dbb_store *store = NULL;
	int rc;

	if (argc < 4)
		return 2;
	if ((rc = dbb_context_new(&ctx)) >= 0)
		rc = dbb_store_open_with(&store, ctx, argv[2],
		    DBB_STORE_CREATE, (const char *const *)argv + 4);
	if (rc >= 0)
		rc = strcmp(argv[1], "put") == 0 ? put(store, argv[3]) :
		    dbb_store_get(store, argv[3], 0, UINT64_MAX, print,
		    stdout);
	if (rc < 0)
		fprintf(stderr, "%s\n",
		    dbb_error_message(dbb_context_error(ctx)));
	dbb_store_close(store);
	dbb_context_free(ctx);
	return rc < 0;
}
