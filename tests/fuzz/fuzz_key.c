/* SPDX-License-Identifier: BSD-2-Clause */
/* A key as keys/ has it, as it is and with the digest that fits. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "repo/key_form.h"
#include "util/sha256.h"
#include "util/text.h"

#define PASSPHRASE "fuzz"	/* what make_seeds wraps with */
#define CHEAP 16		/* scrypt's n; more takes too long here */

/* Written again and read again it is the same. */
static void
check_again(const dbbi_key_form *form)
{
	dbbi_key_form again;
	char *text = NULL;

	FUZZ_HOLDS(dbbi_key_form_write(&text, form, NULL) == 0);
	FUZZ_HOLDS(strlen(text) <= DBBI_KEY_FORM_MAX);
	FUZZ_HOLDS(dbbi_key_form_read(&again, text, strlen(text), NULL) == 0);
	FUZZ_HOLDS(memcmp(&again, form, sizeof again) == 0);
	free(text);
}

static void
try_form(const char *text, size_t size)
{
	const uint8_t *form_text = fuzz_copy(text, size);
	dbbi_key_form form;
	dbbi_keys keys = {0};
	int rc;

	if (dbbi_key_form_read(&form, form_text, size, NULL) < 0)
		goto done;
	FUZZ_HOLDS(128 * form.cost.r * (form.cost.n + form.cost.p) <=
	    DBBI_SCRYPT_MEMORY);
	check_again(&form);
	if (form.cost.n > CHEAP)
		goto done;
	rc = dbbi_key_form_unwrap(&keys, &form, PASSPHRASE, NULL);
	FUZZ_HOLDS(rc == DBB_EKEY || (rc == 0 && keys.can_read));
done:
	dbbi_keys_wipe(&keys);
	free((void *)(uintptr_t)form_text);
}

static const char *
word(const dbbi_json *object, const char *key)
{
	const char *text = dbbi_json_string(object, key);

	return text != NULL ? text : "";
}

static unsigned long long
number(const dbbi_json *object, const char *key)
{
	uint64_t value = 0;

	dbbi_json_u64(&value, object, key);
	return value;
}

static void
mend(dbbi_json *json)
{
	const dbbi_json *kdf = dbbi_json_object(json, "kdf");
	uint8_t raw[DBBI_SHA256_SIZE];
	char *text, hex[DBBI_SHA256_HEX];

	text = dbbi_text_format("1 %s %s %s %s %llu %llu %llu %s %s %s",
	    word(json, "kind"), word(json, "created_at"),
	    word(json, "repository"), word(kdf, "algorithm"),
	    number(kdf, "n"), number(kdf, "r"), number(kdf, "p"),
	    word(kdf, "salt"), word(json, "nonce"), word(json, "sealed"));
	FUZZ_HOLDS(text != NULL);
	fuzz_sha256(raw, text, strlen(text));
	dbbi_hex_encode(hex, raw, sizeof raw);
	dbbi_json_set_string(json, "sha256", hex);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	dbbi_json *json = NULL;

	try_form((const char *)data, size);
	if (dbbi_json_parse(&json, (const char *)data, size, NULL) < 0)
		return 0;
	mend(json);
	try_form(dbbi_json_text(json), strlen(dbbi_json_text(json)));
	dbbi_json_free(json);
	return 0;
}
