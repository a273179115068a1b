/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "util/xml.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>

#include "util/bytes.h"

#define DEPTH_MAX 16
#define PATH_SIZE 512

struct reading {
	XML_Parser parser;
	const char *root;
	dbbi_xml_fn fn;
	void *payload;
	dbb_error *err;
	int rc;			/* not DBB_OK: stopped. Some calls may follow */
	char path[PATH_SIZE];
	size_t ends[DEPTH_MAX + 1];	/* of the path, at each depth */
	size_t depth;
	char text[DBBI_XML_TEXT];
	size_t text_size;
};

static void
stop(struct reading *r, int rc)
{
	r->rc = rc;
	XML_StopParser(r->parser, XML_FALSE);
}

static const char *
local_name(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon != NULL && colon[1] != '\0' ? colon + 1 : name;
}

static void
begin_element(void *payload, const char *name, const char **attributes)
{
	struct reading *r = payload;
	size_t at = r->ends[r->depth], size;

	(void)attributes;
	if (r->rc != DBB_OK)
		return;
	name = local_name(name);
	size = strlen(name);
	if (r->depth == 0 && r->root != NULL && strcmp(name, r->root) != 0) {
		stop(r, dbbi_error_set(r->err, DBB_EDAMAGED, "a '%s' was "
		    "expected, and a '%.64s' came", r->root, name));
		return;
	}
	if (r->depth == DEPTH_MAX || size + 2 > sizeof(r->path) - at) {
		stop(r, dbbi_error_set(r->err, DBB_EDAMAGED,
		    "its elements are nested too deep"));
		return;
	}
	if (r->depth > 0)
		r->path[at++] = '/';
	memcpy(r->path + at, name, size + 1);
	r->ends[++r->depth] = at + size;
	r->text_size = 0;
}

static void
add_text(void *payload, const char *text, int size)
{
	struct reading *r = payload;

	if (r->rc != DBB_OK)
		return;
	if ((size_t)size >= sizeof(r->text) - r->text_size) {
		stop(r, dbbi_error_set(r->err, DBB_EDAMAGED,
		    "the text of '%s' is too long", r->path));
		return;
	}
	memcpy(r->text + r->text_size, text, (size_t)size);
	r->text_size += (size_t)size;
}

static void
end_element(void *payload, const char *name)
{
	struct reading *r = payload;
	int rc;

	(void)name;
	if (r->rc != DBB_OK)
		return;
	r->text[r->text_size] = '\0';
	rc = r->fn(r->path, r->text, r->payload, r->err);
	r->depth--;
	r->path[r->ends[r->depth]] = '\0';
	r->text_size = 0;
	if (rc != DBB_OK)
		stop(r, rc);
}

static void
refuse_type(void *payload, const char *name, const char *system,
    const char *public, int internal)
{
	struct reading *r = payload;

	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	stop(r, dbbi_error_set(r->err, DBB_EDAMAGED,
	    "it has a document type, which no answer has"));
}

static int
parse(struct reading *r, const char *data, size_t size)
{
	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, begin_element, end_element);
	XML_SetCharacterDataHandler(r->parser, add_text);
	XML_SetStartDoctypeDeclHandler(r->parser, refuse_type);
	if (XML_Parse(r->parser, data, (int)size, 1) == XML_STATUS_OK ||
	    r->rc != DBB_OK)
		return r->rc;
	if (XML_GetErrorCode(r->parser) == XML_ERROR_NO_MEMORY)
		return dbbi_error_nomem(r->err);
	return dbbi_error_set(r->err, DBB_EDAMAGED, "in line %lu: %s",
	    (unsigned long)XML_GetCurrentLineNumber(r->parser),
	    XML_ErrorString(XML_GetErrorCode(r->parser)));
}

int
dbbi_xml_read(const char *data, size_t size, const char *root,
    dbbi_xml_fn fn, void *payload, dbb_error *err)
{
	struct reading *r;
	int rc;

	if (size > INT_MAX)
		return dbbi_error_set(err, DBB_EDAMAGED,
		    "the server's XML is too long");
	r = calloc(1, sizeof(*r));
	if (r == NULL || (r->parser = XML_ParserCreate(NULL)) == NULL) {
		free(r);
		return dbbi_error_nomem(err);
	}
	r->root = root;
	r->fn = fn;
	r->payload = payload;
	r->err = err;
	/* Amazon sends blanks to say that it is still at work. */
	while (size > 0 && strchr(" \t\r\n", *data) != NULL && *data != '\0') {
		data++;
		size--;
	}
	rc = parse(r, data, size);
	XML_ParserFree(r->parser);
	dbbi_wipe(r, sizeof(*r));
	free(r);
	if (rc == DBB_EDAMAGED)
		dbbi_error_context(err, rc,
		    "the server's XML cannot be read");
	return rc;
}
