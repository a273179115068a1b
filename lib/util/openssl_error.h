/* SPDX-License-Identifier: BSD-2-Clause */
/* openssl_error: what OpenSSL says of its last failure, as an error. */
#ifndef DBBI_OPENSSL_ERROR_H
#define DBBI_OPENSSL_ERROR_H

#include "util/error.h"

/* "<what> by OpenSSL: <its words>"; DBB_ENOMEM when it had no memory, else
 * DBB_EINTERNAL. Returns the code; OpenSSL's list of errors is emptied. */
int dbbi_openssl_error(dbb_error *err, const char *what);

#endif
