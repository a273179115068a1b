/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qd_digest: a point's content as one number, the same for the same content
 * however a server writes it: the SHA-256 of its payload and its vectors as
 * canonical JSON (keys sorted, no blanks; see doc/json.md).
 */
#ifndef DBBI_QD_DIGEST_H
#define DBBI_QD_DIGEST_H

#include "util/json.h"
#include "util/sha256.h"

/* `point` is one of those that a scroll gives. */
int dbbi_qd_digest(char out[DBBI_SHA256_HEX], const dbbi_json *point,
    dbb_error *err);

/* What is digested; to free(3), NULL: out of memory. */
char *dbbi_qd_canonical(const dbbi_json *point);

#endif
