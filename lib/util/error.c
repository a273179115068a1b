/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/text.h"

/*
 * Texts are formatted here first: an argument may point into the very error
 * that is being written.
 */
struct draft {
	char text[sizeof(((struct dbb_error *)0)->message)];
};

static void
write_draft(struct draft *d, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));

static void
write_draft(struct draft *d, const char *fmt, va_list args)
{
	if (vsnprintf(d->text, sizeof(d->text), fmt, args) < 0)
		d->text[0] = '\0';
}

static void
append(struct draft *d, const char *text)
{
	size_t used = strlen(d->text);
	size_t n = strnlen(text, sizeof(d->text) - 1 - used);

	memcpy(d->text + used, text, n);
	d->text[used + n] = '\0';
}

/* Copy `from`, cut to the room there is, as valid UTF-8. */
static void
put_text(char *to, size_t room, const char *from)
{
	size_t n = strnlen(from, room - 1);

	memmove(to, from, n);
	to[n] = '\0';
	dbbi_text_make_utf8(to);
}

static int
put_error(dbb_error *err, int code, const char *message)
{
	if (err == NULL)
		return code;
	put_text(err->message, sizeof(err->message), message);
	err->code = code;
	err->retryable = 0;
	err->remote[0] = '\0';
	err->hint[0] = '\0';
	return code;
}

void
dbbi_error_clear(dbb_error *err)
{
	put_error(err, DBB_OK, "");
}

int
dbb_error_set(dbb_error *err, int code, const char *message,
    const char *hint)
{
	struct draft kept;	/* `hint` may be that of `err` */

	put_text(kept.text, sizeof(kept.text), hint != NULL ? hint : "");
	put_error(err, code, message != NULL ? message : "");
	if (err != NULL)
		put_text(err->hint, sizeof(err->hint), kept.text);
	return code;
}

int
dbbi_error_set(dbb_error *err, int code, const char *fmt, ...)
{
	struct draft d;
	va_list args;

	va_start(args, fmt);
	write_draft(&d, fmt, args);
	va_end(args);
	return put_error(err, code, d.text);
}

static int
code_of_errno(int errnum)
{
	switch (errnum) {
	case ENOSPC:
	case EDQUOT:
		return DBB_ENOSPC;
	case EACCES:
	case EPERM:
	case EROFS:
		return DBB_EACCESS;
	case ENOENT:
		return DBB_ENOTFOUND;
	case ENOMEM:
		return DBB_ENOMEM;
	default:
		return DBB_EIO;
	}
}

static int
may_pass(int errnum)
{
	return errnum == EAGAIN || errnum == EBUSY || errnum == EMFILE ||
	    errnum == ENFILE || errnum == ETIMEDOUT || errnum == ENOMEM;
}

int
dbbi_error_errno(dbb_error *err, int errnum, const char *fmt, ...)
{
	/* Unlike strerror, these know no locale and no shared buffer. */
	const char *words = strerrordesc_np(errnum);
	const char *name = strerrorname_np(errnum);
	struct draft d;
	va_list args;
	int code;

	va_start(args, fmt);
	write_draft(&d, fmt, args);
	va_end(args);
	code = put_error(err, code_of_errno(errnum),
	    words != NULL ? words : "unknown error");
	code = dbbi_error_context(err, code, "%s", d.text);
	dbbi_error_remote(err, name != NULL ? name : "");
	if (err != NULL)
		err->retryable = may_pass(errnum);
	return code;
}

int
dbbi_error_nomem(dbb_error *err)
{
	put_error(err, DBB_ENOMEM, "out of memory");
	if (err != NULL)
		err->retryable = 1;
	return DBB_ENOMEM;
}

void
dbbi_error_hint(dbb_error *err, const char *fmt, ...)
{
	struct draft d;
	va_list args;

	if (err == NULL)
		return;
	va_start(args, fmt);
	write_draft(&d, fmt, args);
	va_end(args);
	put_text(err->hint, sizeof(err->hint), d.text);
}

void
dbbi_error_remote(dbb_error *err, const char *remote)
{
	if (err != NULL)
		put_text(err->remote, sizeof(err->remote),
		    remote != NULL ? remote : "");
}

int
dbbi_error_context(dbb_error *err, int rc, const char *fmt, ...)
{
	struct draft d;
	va_list args;

	if (rc >= 0 || err == NULL)
		return rc;
	va_start(args, fmt);
	write_draft(&d, fmt, args);
	va_end(args);
	if (err->message[0] != '\0') {
		append(&d, ": ");
		append(&d, err->message);
	}
	put_text(err->message, sizeof(err->message), d.text);
	err->code = rc;
	return rc;
}
