/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qd_server: one node of Qdrant, asked over HTTP.
 *
 * The key goes as header `api-key` and nowhere else; a redirect is not
 * followed, so that no other host gets it. Whatever a node answers is either
 * its `result`, or one error with the node's own words and a hint:
 *
 *	401 DBB_EAUTH       403 DBB_EACCESS     404 DBB_ENOTFOUND
 *	409 DBB_EEXIST      a redirect, a proxy's 502 and 504, what is no
 *	answer of Qdrant's: DBB_ECONNECT      everything else: DBB_ESOURCE
 *
 * 429 and 503 are waited for and asked again, a few times; so is, once it has
 * answered at all, a node that is away, where asking again can do no harm.
 * Errors begin with the node's address.
 *
 * Any number of threads may ask one node.
 */
#ifndef DBBI_QD_SERVER_H
#define DBBI_QD_SERVER_H

#include "net/http.h"
#include "source/qd_names.h"
#include "source/qd_settings.h"
#include "util/json.h"

typedef struct dbbi_qd dbbi_qd;

/* Ask the node who it is (`GET /`): DBB_ECONNECT where it is no Qdrant. All
 * but `run` is copied; a cancel of `run` ends what is under way. */
int dbbi_qd_connect(dbbi_qd **out, const dbbi_qd_settings *settings,
    const char *url, dbbi_run *run, dbb_error *err);
void dbbi_qd_free(dbbi_qd *qd);

/* A client that takes away what was made, also after a cancel: it has a run
 * of its own, which logs to `run`, asks once only, and waits half a minute
 * at most. */
int dbbi_qd_connect_to_clean(dbbi_qd **out, const dbbi_qd_settings *settings,
    const char *url, dbbi_run *run, dbb_error *err);

/* ---- what it said of itself ---- */

const char *dbbi_qd_version(const dbbi_qd *qd);	/* "1.18.3" */
const char *dbbi_qd_commit(const dbbi_qd *qd);	/* "" where it says none */

/* Is it that version, or a later one? What is no number counts as 0. */
int dbbi_qd_is_version(const dbbi_qd *qd, unsigned major, unsigned minor);

/* Its address, as it was given. */
const char *dbbi_qd_address(const dbbi_qd *qd);

/* The time by its clock, as far as its answers showed it. */
int64_t dbbi_qd_now_ms(const dbbi_qd *qd);

/* ---- asking ---- */

/* `path` is encoded already (dbbi_qd_path). `body` NULL: none. `*result` is
 * the answer's member `result`, which may be JSON's null and then is NULL; of
 * `GET /` it is all of the answer. To dbbi_json_free; `result` may be NULL. */
int dbbi_qd_ask(dbbi_json **result, dbbi_qd *qd, const char *method,
    const char *path, const dbbi_json *body, dbb_error *err);

/* The same without a bound on silence, and never twice, whatever is answered:
 * snapshots that are made or loaded. DBB_ECONNECT or DBB_EIO: whether it was
 * heard is not known. */
int dbbi_qd_ask_patiently(dbbi_json **result, dbbi_qd *qd,
    const char *method, const char *path, const dbbi_json *body,
    dbb_error *err);

/* For texts that are large, or must stay as they are: `body` is sent as it is
 * (NULL: none), and the whole answer, not only its `result`, is the caller's
 * to clear (on success). */
int dbbi_qd_ask_text(dbbi_http_response *out, dbbi_qd *qd,
    const char *method, const char *path, const char *body, dbb_error *err);

/* The largest answer that is taken; a larger one is DBB_EUNSUPPORTED, for
 * those who can ask for less then. */
#define DBBI_QD_ANSWER_MAX ((size_t)32 << 20)

/* ---- for requests that are more than a question (downloads, uploads) ---- */

/* Without a bound on silence, in `stall_s`. */
#define DBBI_QD_PATIENCE_S (7 * 86400)

dbbi_http *dbbi_qd_http(dbbi_qd *qd);
dbbi_run *dbbi_qd_run(dbbi_qd *qd);

/* The address for a path; to free(3), NULL: out of memory. */
char *dbbi_qd_url(const dbbi_qd *qd, const char *path);

/* The headers with the key; NULL-ended, borrowed. */
const char *const *dbbi_qd_headers(const dbbi_qd *qd);

/* Take a whole answer: its `result` (as dbbi_qd_ask) or its error. */
int dbbi_qd_take(dbbi_json **result, dbbi_qd *qd,
    const dbbi_http_response *response, dbb_error *err);

#endif
