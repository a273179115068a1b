/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <dbbackup.h>

int main(void)
{
	dbb_context *ctx = NULL;
	dbb_result *set = NULL;
	int ok = dbb_context_new(&ctx) >= 0 &&
	    dbb_context_load(ctx, NULL, NULL) >= 0 &&
	    dbb_backup_run(&set, ctx, NULL) >= 0;

	fprintf(ok ? stdout : stderr, "%s\n", ok ? dbb_result_string(set,
	    "/set") : dbb_error_message(dbb_context_error(ctx)));
	dbb_result_free(set);
	dbb_context_free(ctx);
	return !ok;
}
