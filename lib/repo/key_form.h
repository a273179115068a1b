/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * key_form: a repository's keys wrapped with a passphrase, as keys/<name>
 * keeps them. It knows no store: key_ring.h puts forms there and finds them.
 *
 * A digest over the whole tells a damaged form from a wrong passphrase.
 */
#ifndef DBBI_KEY_FORM_H
#define DBBI_KEY_FORM_H

#include "repo/keys.h"
#include "repo/repo.h"
#include "util/clock.h"

#define DBBI_KEY_FORM_MAX 16384		/* bytes of an object */
#define DBBI_SALT_SIZE 32
#define DBBI_KEY_SECRETS (2 * DBBI_KEY_SIZE)	/* writer, private */
#define DBBI_REPO_ID_TEXT 33		/* 32 digits and NUL */

/* How hard a passphrase is to guess: scrypt's numbers. */
typedef struct dbbi_key_cost {
	uint64_t n;
	uint32_t r;
	uint32_t p;
} dbbi_key_cost;

typedef struct dbbi_key_form {
	char created_at[DBBI_TIME_SIZE];
	char repository[DBBI_REPO_ID_TEXT];
	dbbi_key_cost cost;
	uint8_t salt[DBBI_SALT_SIZE];
	uint8_t nonce[DBBI_NONCE_SIZE];
	uint8_t sealed[DBBI_KEY_SECRETS + DBBI_TAG_SIZE];
} dbbi_key_form;

/* Wrap full keys; `cost` NULL: the default. */
int dbbi_key_form_wrap(dbbi_key_form *out, const dbbi_keys *keys,
    const char *repository, const char *passphrase,
    const dbbi_key_cost *cost, dbb_error *err);

/* DBB_EKEY when the passphrase is another. */
int dbbi_key_form_unwrap(dbbi_keys *out, const dbbi_key_form *form,
    const char *passphrase, dbb_error *err);

/* To JSON, `*out` to free(3), and back: DBB_EDAMAGED for what is none,
 * DBB_EVERSION for what a newer version made. What was read asks for no more
 * memory than DBBI_SCRYPT_MEMORY. */
int dbbi_key_form_write(char **out, const dbbi_key_form *form,
    dbb_error *err);
int dbbi_key_form_read(dbbi_key_form *out, const void *data, size_t size,
    dbb_error *err);

#endif
