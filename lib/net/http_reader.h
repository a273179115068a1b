/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http_reader: the body of an answer, pulled. The engine pauses the transfer
 * while a bounded ring is full: a slow reader is no stall of the server. It
 * holds one of the client's connections until it is freed.
 *
 * Where the body is cut it is asked for from there on (Range), if the server
 * gave its length and a strong ETag: the same bytes (If-Match) or none.
 */
#ifndef DBBI_HTTP_READER_H
#define DBBI_HTTP_READER_H

#include "net/http.h"
#include "net/retry.h"

/*
 * Ask, and wait for the header. `request` is copied but for its body; it has
 * no sink and no upload. DBB_OK with `*out` NULL: the answer is whole and no
 * 2xx, `head` has its body. `head` is to be cleared however it ends; of a 2xx
 * it has the status and headers. Free the reader before the client.
 *
 * `resume`: how often what was cut is asked for anew without progress; NULL:
 * never. One thread at a time may read.
 */
int dbbi_http_reader_open(dbbi_reader **out, dbbi_http_response *head,
    dbbi_http *client, const dbbi_http_request *request,
    const dbbi_retry_policy *resume, dbb_error *err);

/* How the last exchange ended, after a read that failed. */
dbbi_http_outcome dbbi_http_reader_outcome(const dbbi_reader *reader);

#endif
