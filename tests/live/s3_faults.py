# SPDX-License-Identifier: BSD-2-Clause
"""What s3_proxy does to requests: each a function of an Exchange that returns
False where it has nothing to do."""

import time

from s3_proxy import Answer, Gone

ENDLESS = 2 << 30       # bytes: nobody is to take so many

SLOW_DOWN = (b'<?xml version="1.0" encoding="UTF-8"?><Error>'
             b'<Code>SlowDown</Code><Message>Please reduce your request rate.'
             b'</Message><RequestId>proxy</RequestId></Error>')
INTERNAL = (b'<?xml version="1.0" encoding="UTF-8"?>\n<Error>'
            b'<Code>InternalError</Code><Message>We encountered an internal '
            b'error. Please try again.</Message><RequestId>proxy</RequestId>'
            b'</Error>')


def is_list(request):
    """Does it ask for a page of names?"""
    return request.method == 'GET' and 'list-type' in request.query


def flip(data, rng):
    """The data with one bit turned around."""
    at = rng.randrange(8 * len(data))
    flipped = bytearray(data)
    flipped[at // 8] ^= 1 << at % 8
    return bytes(flipped)


# ---- the server is not well ----

def error_500(exchange):
    """The server cannot."""
    exchange.give(Answer(500, [('Content-Type', 'application/xml')],
                         INTERNAL))


def slow_down(exchange):
    """The server has too much to do."""
    exchange.give(Answer(503, [('Retry-After', '1')], SLOW_DOWN))


def error_in_200(exchange):
    """It began with 200, and then found that it cannot; perhaps it could."""
    request = exchange.request
    if not (is_list(request) or request.method == 'POST' and
            ('uploadId' in request.query or 'delete' in request.query)):
        return False
    if exchange.rng.random() < 0.5:
        exchange.forward()
    return exchange.give(Answer(200, [('Content-Type', 'application/xml')],
                                INTERNAL))


# ---- the way there is not well ----

def reset_before(exchange):
    """The request never got there."""
    exchange.reset()


def reset_after(exchange):
    """It got there, and the answer did not come back."""
    exchange.forward()
    exchange.reset()


def twice(exchange):
    """It got there twice; the client hears one of the answers."""
    answers = [exchange.forward(), exchange.forward()]
    exchange.give(exchange.rng.choice(answers))


def cut_request(exchange):
    """Half of the body got there."""
    body = exchange.request.body
    if not body:
        return False
    exchange.forward_half(body)
    return exchange.reset()


def cut_answer(exchange):
    """Half of the body came back."""
    exchange.give_half(exchange.forward())
    raise Gone('cut')


def flip_request(exchange):
    """A bit of the body is another one when it gets there."""
    if not exchange.request.body:
        return False
    return exchange.give(exchange.forward(flip(exchange.request.body,
                                               exchange.rng)))


def flip_answer(exchange):
    """A bit of the body is another one when it comes back."""
    answer = exchange.forward()
    if answer.body:
        answer.body = flip(answer.body, exchange.rng)
    exchange.give(answer)


# ---- it never ends ----

def stall(exchange):
    """There is no answer, ever."""
    exchange.hold()


def stall_half_way(exchange):
    """The answer begins, and stops."""
    exchange.give_half(exchange.forward())
    exchange.hold()


def drip(exchange):
    """The answer comes a byte a second."""
    answer = exchange.forward()
    for byte in answer.head(len(answer.body)) + answer.body:
        exchange.send(bytes([byte]))
        time.sleep(1)
    raise Gone('dripped')


def endless_headers(exchange):
    """There are headers, and headers, and headers."""
    exchange.send(b'HTTP/1.1 200 OK\r\n')
    line = b'X-More: ' + b'x' * 1000 + b'\r\n'
    for _ in range(ENDLESS // (len(line) * 64)):
        exchange.send(line * 64)
    raise Gone('at last')


def endless_list(exchange):
    """A page of names has 2 GB."""
    if not is_list(exchange.request):
        return False
    prefix = exchange.request.query.get('prefix', [''])[0]
    exchange.send(b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n'
                  b'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult'
                  b' xmlns="http://s3.amazonaws.com/doc/2006-03-01/">')
    sent = 0
    while sent < ENDLESS:
        page = ''.join(f'<Contents><Key>{prefix}{sent + n}</Key><Size>7'
                       '</Size></Contents>' for n in range(1000)).encode()
        exchange.send(page)
        sent += len(page)
    raise Gone('at last')


def endless_answer(exchange):
    """The body goes on behind its end."""
    if exchange.request.method == 'HEAD':
        return False
    answer = exchange.forward()
    exchange.send(answer.head(ENDLESS) + answer.body)
    more = bytes(1 << 16)
    for _ in range(ENDLESS // len(more)):
        exchange.send(more)
    raise Gone('at last')


QUICK = {f.__name__: f for f in (
    error_500, slow_down, error_in_200, reset_before, reset_after, twice,
    cut_request, cut_answer, flip_request, flip_answer, endless_headers,
    endless_list, endless_answer)}
SLOW = {f.__name__: f for f in (stall, stall_half_way, drip)}
