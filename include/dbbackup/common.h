/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * common: status codes, the export mark, the version, and the types that
 * every other header uses.
 */
#ifndef DBBACKUP_COMMON_H
#define DBBACKUP_COMMON_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define DBB_API __attribute__((visibility("default")))
#else
#define DBB_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What every call returns: DBB_OK, DBB_FINDINGS, or one of the negative
 * codes. The numbers are pinned: new ones are added, none is ever changed.
 */
#define DBB_OK            0	/* done */
#define DBB_FINDINGS      1	/* done, and something was found: a restored
				   table differs, a set is damaged */
#define DBB_EINVAL      -10	/* the caller's arguments */
#define DBB_ECONFIG     -11	/* the configuration */
#define DBB_ENOMEM      -20	/* out of memory */
#define DBB_EIO         -30	/* reading or writing failed */
#define DBB_ENOSPC      -31	/* no space left in the store */
#define DBB_EACCESS     -32	/* no right to do this */
#define DBB_ENOTFOUND   -33	/* no such object, set, source or stream */
#define DBB_EEXIST      -34	/* it exists, and was not to be replaced */
#define DBB_ECONNECT    -40	/* the server cannot be reached */
#define DBB_EAUTH       -41	/* the server refused who we are */
#define DBB_ESOURCE     -42	/* the database or its tool failed */
#define DBB_ETOOL       -43	/* a client program is missing or too old */
#define DBB_ENOREPO     -50	/* no repository there */
#define DBB_EBUSY       -51	/* someone else is at work */
#define DBB_EKEY        -52	/* wrong key */
#define DBB_EDAMAGED    -53	/* stored data is damaged or missing */
#define DBB_EVERSION    -54	/* made by, or for, an incompatible version */
#define DBB_ECANCELED   -60	/* stopped because the caller said so */
#define DBB_EUNSUPPORTED -70	/* not possible with this store or version */
#define DBB_EINTERNAL   -90	/* a defect of this library */

typedef struct dbb_context dbb_context;
typedef struct dbb_error dbb_error;
typedef struct dbb_result dbb_result;
typedef struct dbb_store dbb_store;

/*
 * Take bytes that a call produces, `size` of them, borrowed until the
 * function returns. Nonzero stops the call, which then returns
 * DBB_ECANCELED.
 */
typedef int (*dbb_write_fn)(const void *data, size_t size, void *payload);

/* The library's release, "1.2.3"; static storage. */
DBB_API const char *dbb_version(void);

/* The name of a status code, "DBB_ENOSPC"; static storage, never NULL. */
DBB_API const char *dbb_status_name(int status);

#ifdef __cplusplus
}
#endif
#endif
