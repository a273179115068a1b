/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/openssl_error.h"

#include <openssl/err.h>

int
dbbi_openssl_error(dbb_error *err, const char *what)
{
	char words[256] = "it does not say why";
	unsigned long code = ERR_get_error();

	if (code != 0)
		ERR_error_string_n(code, words, sizeof(words));
	ERR_clear_error();
	if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE)
		return dbbi_error_nomem(err);
	return dbbi_error_set(err, DBB_EINTERNAL, "%s by OpenSSL: %s", what,
	    words);
}
