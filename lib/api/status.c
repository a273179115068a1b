/* SPDX-License-Identifier: BSD-2-Clause */
/* status: names of codes, the version, and the reading of an error. */
#include <config.h>

#include "api/api.h"

const char *
dbb_version(void)
{
	return PACKAGE_VERSION;
}

const char *
dbb_status_name(int status)
{
	switch (status) {
	case DBB_OK: return "DBB_OK";
	case DBB_FINDINGS: return "DBB_FINDINGS";
	case DBB_EINVAL: return "DBB_EINVAL";
	case DBB_ECONFIG: return "DBB_ECONFIG";
	case DBB_ENOMEM: return "DBB_ENOMEM";
	case DBB_EIO: return "DBB_EIO";
	case DBB_ENOSPC: return "DBB_ENOSPC";
	case DBB_EACCESS: return "DBB_EACCESS";
	case DBB_ENOTFOUND: return "DBB_ENOTFOUND";
	case DBB_EEXIST: return "DBB_EEXIST";
	case DBB_ECONNECT: return "DBB_ECONNECT";
	case DBB_EAUTH: return "DBB_EAUTH";
	case DBB_ESOURCE: return "DBB_ESOURCE";
	case DBB_ETOOL: return "DBB_ETOOL";
	case DBB_ENOREPO: return "DBB_ENOREPO";
	case DBB_EBUSY: return "DBB_EBUSY";
	case DBB_EKEY: return "DBB_EKEY";
	case DBB_EDAMAGED: return "DBB_EDAMAGED";
	case DBB_EVERSION: return "DBB_EVERSION";
	case DBB_ECANCELED: return "DBB_ECANCELED";
	case DBB_EUNSUPPORTED: return "DBB_EUNSUPPORTED";
	case DBB_EINTERNAL: return "DBB_EINTERNAL";
	default: return "unknown status";
	}
}

int
dbb_error_code(const dbb_error *err)
{
	return err != NULL ? err->code : DBB_OK;
}

const char *
dbb_error_message(const dbb_error *err)
{
	return err != NULL ? err->message : "";
}

const char *
dbb_error_hint(const dbb_error *err)
{
	return err != NULL ? err->hint : "";
}

const char *
dbb_error_remote(const dbb_error *err)
{
	return err != NULL ? err->remote : "";
}

int
dbb_error_retryable(const dbb_error *err)
{
	return err != NULL ? err->retryable : 0;
}
