/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "repo/key_form.h"

#include <stdlib.h>
#include <string.h>

#include "util/random.h"

#define FORMAT 1
#define KIND "full"
#define ALGORITHM "scrypt"

#define N_MAX (1u << 20)
#define R_MAX 16
#define P_MAX 4
#define MEMORY_MAX (256u << 20)

/* 32 MiB and a tenth of a second. */
static const dbbi_key_cost usual = { .n = 1u << 15, .r = 8, .p = 1 };

/* A form as its document has it, borrowed. */
struct members {
	const char *kind, *created_at, *repository, *algorithm;
	uint64_t n, r, p;
	const char *salt, *nonce, *sealed, *sha256;
};

struct texts {			/* what a form's members point to */
	char salt[2 * DBBI_SALT_SIZE + 1];
	char nonce[2 * DBBI_NONCE_SIZE + 1];
	char sealed[2 * (DBBI_KEY_SECRETS + DBBI_TAG_SIZE) + 1];
};

static void
members_of(struct members *m, struct texts *t, const dbbi_key_form *form)
{
	dbbi_hex_encode(t->salt, form->salt, sizeof(form->salt));
	dbbi_hex_encode(t->nonce, form->nonce, sizeof(form->nonce));
	dbbi_hex_encode(t->sealed, form->sealed, sizeof(form->sealed));
	*m = (struct members) {
		.kind = KIND, .created_at = form->created_at,
		.repository = form->repository, .algorithm = ALGORITHM,
		.n = form->cost.n, .r = form->cost.r, .p = form->cost.p,
		.salt = t->salt, .nonce = t->nonce, .sealed = t->sealed,
	};
}

/* What is sealed along with the secrets: NULL when out of memory. */
static char *
describe(const struct members *m)
{
	return dbbi_text_format("%d %s %s %s %s %llu %llu %llu %s", FORMAT,
	    m->kind, m->created_at, m->repository, m->algorithm,
	    (unsigned long long)m->n, (unsigned long long)m->r,
	    (unsigned long long)m->p, m->salt);
}

static int
digest(char out[DBBI_SHA256_HEX], const struct members *m, dbb_error *err)
{
	uint8_t raw[DBBI_SHA256_SIZE];
	char *described = describe(m), *text = NULL;
	int rc;

	if (described != NULL)
		text = dbbi_text_format("%s %s %s", described, m->nonce,
		    m->sealed);
	if (text == NULL)
		rc = dbbi_error_nomem(err);
	else
		rc = dbbi_sha256_of(raw, text, strlen(text), err);
	if (rc == 0)
		dbbi_hex_encode(out, raw, sizeof(raw));
	free(text);
	free(described);
	return rc;
}

/* ---- wrapping ---- */

/* The passphrase's key, set up in an aead of its own. */
static int
stretch(dbbi_aead **out, const dbbi_key_form *form, const char *passphrase,
    dbb_error *err)
{
	uint8_t key[DBBI_KEY_SIZE];
	dbbi_aead *aead = NULL;
	int rc;

	rc = dbbi_scrypt(key, passphrase, form->salt, sizeof(form->salt),
	    form->cost.n, form->cost.r, form->cost.p, err);
	if (rc == 0 && (rc = dbbi_aead_new(&aead, err)) == 0)
		rc = dbbi_aead_key(aead, key, err);
	dbbi_wipe(key, sizeof(key));
	if (rc < 0)
		dbbi_aead_free(aead);
	else
		*out = aead;
	return rc;
}

static int
seal(dbbi_key_form *form, const uint8_t secrets[DBBI_KEY_SECRETS],
    const char *passphrase, dbb_error *err)
{
	struct members members;
	struct texts texts;
	dbbi_aead *aead = NULL;
	char *described = NULL;
	int rc;

	members_of(&members, &texts, form);
	if ((described = describe(&members)) == NULL)
		return dbbi_error_nomem(err);
	if ((rc = stretch(&aead, form, passphrase, err)) == 0)
		rc = dbbi_aead_seal(aead, form->sealed, form->nonce,
		    described, strlen(described), secrets, DBBI_KEY_SECRETS,
		    err);
	dbbi_aead_free(aead);
	free(described);
	return rc;
}

int
dbbi_key_form_wrap(dbbi_key_form *out, const dbbi_keys *keys,
    const char *repository, const char *passphrase,
    const dbbi_key_cost *cost, dbb_error *err)
{
	dbbi_key_form form = { .cost = cost == NULL ? usual : *cost };
	uint8_t secrets[DBBI_KEY_SECRETS];
	int rc;

	dbbi_time_rfc3339(form.created_at, dbbi_now_ms());
	memcpy(form.repository, repository, sizeof(form.repository) - 1);
	if ((rc = dbbi_random(form.salt, sizeof(form.salt), err)) < 0 ||
	    (rc = dbbi_random(form.nonce, sizeof(form.nonce), err)) < 0)
		return rc;
	memcpy(secrets, keys->writer, DBBI_KEY_SIZE);
	memcpy(secrets + DBBI_KEY_SIZE, keys->private_key, DBBI_KEY_SIZE);
	rc = seal(&form, secrets, passphrase, err);
	dbbi_wipe(secrets, sizeof(secrets));
	if (rc == 0)
		*out = form;
	return rc;
}

int
dbbi_key_form_unwrap(dbbi_keys *out, const dbbi_key_form *form,
    const char *passphrase, dbb_error *err)
{
	uint8_t secrets[DBBI_KEY_SECRETS];
	struct members members;
	struct texts texts;
	dbbi_aead *aead = NULL;
	char *described = NULL;
	int rc;

	members_of(&members, &texts, form);
	if ((described = describe(&members)) == NULL)
		return dbbi_error_nomem(err);
	if ((rc = stretch(&aead, form, passphrase, err)) < 0)
		goto done;
	rc = dbbi_aead_open(aead, secrets, form->nonce, described,
	    strlen(described), form->sealed, sizeof(form->sealed), err);
	if (rc == DBB_EDAMAGED)
		rc = dbbi_error_set(err, DBB_EKEY,
		    "the passphrase does not open it");
	if (rc == 0)
		rc = dbbi_keys_full(out, secrets, secrets + DBBI_KEY_SIZE,
		    err);
done:
	dbbi_wipe(secrets, sizeof(secrets));
	dbbi_aead_free(aead);
	free(described);
	return rc;
}

/* ---- to JSON and back ---- */

static dbbi_json *
write_kdf(const struct members *m)
{
	dbbi_json *kdf = dbbi_json_new_object();

	if (dbbi_json_set_string(kdf, "algorithm", m->algorithm) < 0 ||
	    dbbi_json_set_u64(kdf, "n", m->n) < 0 ||
	    dbbi_json_set_u64(kdf, "r", m->r) < 0 ||
	    dbbi_json_set_u64(kdf, "p", m->p) < 0 ||
	    dbbi_json_set_string(kdf, "salt", m->salt) < 0) {
		dbbi_json_free(kdf);
		return NULL;
	}
	return kdf;
}

int
dbbi_key_form_write(char **out, const dbbi_key_form *form, dbb_error *err)
{
	dbbi_json *json = NULL;
	char sha256[DBBI_SHA256_HEX];
	struct members m;
	struct texts texts;
	char *text = NULL;
	int rc;

	members_of(&m, &texts, form);
	if ((rc = digest(sha256, &m, err)) < 0)
		return rc;
	json = dbbi_json_new_object();
	if (dbbi_json_set_u64(json, "format", FORMAT) == 0 &&
	    dbbi_json_set_string(json, "kind", m.kind) == 0 &&
	    dbbi_json_set_string(json, "created_at", m.created_at) == 0 &&
	    dbbi_json_set_string(json, "repository", m.repository) == 0 &&
	    dbbi_json_set(json, "kdf", write_kdf(&m)) == 0 &&
	    dbbi_json_set_string(json, "nonce", m.nonce) == 0 &&
	    dbbi_json_set_string(json, "sealed", m.sealed) == 0 &&
	    dbbi_json_set_string(json, "sha256", sha256) == 0 &&
	    dbbi_json_text(json) != NULL)
		text = dbbi_text_dup(dbbi_json_text(json));
	dbbi_json_free(json);
	if (text == NULL)
		return dbbi_error_nomem(err);
	*out = text;
	return 0;
}

static int
newer(dbb_error *err, const char *what, const char *value)
{
	dbbi_error_set(err, DBB_EVERSION, "its %s is '%.64s', which this "
	    "version does not know", what, value);
	dbbi_error_hint(err, "a newer libdbbackup made it: update this one");
	return DBB_EVERSION;
}

static int
check_format(const dbbi_json *json, dbb_error *err)
{
	uint64_t format;
	char *text;
	int rc;

	if (dbbi_json_u64(&format, json, "format") < 0 || format == 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "it does not say its format");
	if (format == FORMAT)
		return 0;
	text = dbbi_text_format("%llu", (unsigned long long)format);
	rc = text != NULL ? newer(err, "format", text) :
	    dbbi_error_nomem(err);
	free(text);
	return rc;
}

/* A member that is there, and one word. */
static int
get_word(const char **out, const dbbi_json *object, const char *key)
{
	*out = dbbi_json_string(object, key);
	return *out != NULL && **out != '\0' &&
	    strcspn(*out, " \t\r\n") == strlen(*out) ? 0 : -1;
}

static int
get_members(struct members *m, const dbbi_json *json)
{
	const dbbi_json *kdf = dbbi_json_object(json, "kdf");

	return get_word(&m->kind, json, "kind") < 0 ||
	    get_word(&m->created_at, json, "created_at") < 0 ||
	    get_word(&m->repository, json, "repository") < 0 ||
	    get_word(&m->algorithm, kdf, "algorithm") < 0 ||
	    dbbi_json_u64(&m->n, kdf, "n") < 0 ||
	    dbbi_json_u64(&m->r, kdf, "r") < 0 ||
	    dbbi_json_u64(&m->p, kdf, "p") < 0 ||
	    get_word(&m->salt, kdf, "salt") < 0 ||
	    get_word(&m->nonce, json, "nonce") < 0 ||
	    get_word(&m->sealed, json, "sealed") < 0 ||
	    get_word(&m->sha256, json, "sha256") < 0 ? -1 : 0;
}

/* Whoever may write to the store must not be able to ask for memory. */
static int
cost_is_allowed(const struct members *m)
{
	return m->n >= 2 && m->n <= N_MAX && (m->n & (m->n - 1)) == 0 &&
	    m->r >= 1 && m->r <= R_MAX && m->p >= 1 && m->p <= P_MAX &&
	    128 * m->n * m->r <= MEMORY_MAX;
}

static int
take_members(dbbi_key_form *form, const struct members *m)
{
	uint8_t id[DBBI_REPO_ID_TEXT / 2];
	int64_t at_ms;

	if (dbbi_time_parse(&at_ms, m->created_at) < 0 ||
	    strlen(m->created_at) >= sizeof(form->created_at) ||
	    dbbi_hex_decode(id, sizeof(id), m->repository) < 0 ||
	    dbbi_hex_decode(form->salt, sizeof(form->salt), m->salt) < 0 ||
	    dbbi_hex_decode(form->nonce, sizeof(form->nonce),
	    m->nonce) < 0 ||
	    dbbi_hex_decode(form->sealed, sizeof(form->sealed),
	    m->sealed) < 0)
		return -1;
	memcpy(form->created_at, m->created_at, strlen(m->created_at) + 1);
	memcpy(form->repository, m->repository, sizeof(form->repository));
	form->cost.n = m->n;
	form->cost.r = (uint32_t)m->r;
	form->cost.p = (uint32_t)m->p;
	return 0;
}

static int
read_members(dbbi_key_form *form, const struct members *m, dbb_error *err)
{
	char sha256[DBBI_SHA256_HEX];
	int rc;

	if ((rc = digest(sha256, m, err)) < 0)
		return rc;
	if (strcmp(sha256, m->sha256) != 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "its content and its digest do not fit");
	if (strcmp(m->kind, KIND) != 0)
		return newer(err, "kind", m->kind);
	if (strcmp(m->algorithm, ALGORITHM) != 0)
		return newer(err, "algorithm", m->algorithm);
	if (!cost_is_allowed(m))
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "it asks for more work than a key may");
	if (take_members(form, m) < 0)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "a member of it is not what it should be");
	return 0;
}

int
dbbi_key_form_read(dbbi_key_form *out, const void *data, size_t size,
    dbb_error *err)
{
	dbbi_key_form form = {0};
	struct members members;
	dbbi_json *json = NULL;
	int rc;

	if ((rc = dbbi_json_parse(&json, data, size, err)) < 0 ||
	    (rc = check_format(json, err)) < 0)
		goto done;
	if (get_members(&members, json) < 0)
		rc = dbbi_error_set(err, DBB_EDAMAGED,
		    "it lacks a member that every key has");
	else
		rc = read_members(&form, &members, err);
	if (rc == 0)
		*out = form;
done:
	dbbi_json_free(json);
	return rc;
}
