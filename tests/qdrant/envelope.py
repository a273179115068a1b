# SPDX-License-Identifier: BSD-2-Clause
"""What an answer looks like: results, errors, plain text, nothing at all."""

import json


class Answer:
    """A status, headers, and a body of bytes; `body` None has no type."""

    def __init__(self, status, body=b'', content_type=None, headers=()):
        self.status, self.body = status, body
        self.content_type, self.headers = content_type, list(headers)
        self.close = False


class Stream(Answer):
    """A body that is made while it is sent: an iterator of pieces."""

    def __init__(self, pieces, headers):
        super().__init__(200, b'', 'application/octet-stream', headers)
        self.pieces = pieces


class Refusal(Exception):
    """An error as the server tells it; `form` is json, text or bare."""

    def __init__(self, status, words, form='json', headers=()):
        super().__init__(words)
        self.status, self.words = status, words
        self.form, self.headers = form, headers


def encode(value):
    """JSON as the server writes it: no blanks, names as they are."""
    return json.dumps(value, ensure_ascii=False,
                      separators=(',', ':')).encode()


def result(value, seconds):
    """The envelope of what went well."""
    return Answer(200, encode({'result': value, 'status': 'ok',
                               'time': seconds}), 'application/json')


def accepted(seconds):
    """What wait=false answers, whatever will become of it."""
    return Answer(202, encode({'status': 'accepted', 'time': seconds}),
                  'application/json')


def text(words, status=200):
    """Words without an envelope."""
    return Answer(status, words.encode(), 'text/plain; charset=utf-8')


def refusal(error, seconds):
    """The answer that tells a Refusal."""
    if error.form == 'json':
        answer = Answer(error.status, encode(
            {'status': {'error': error.words}, 'time': seconds}),
            'application/json')
    elif error.form == 'text':
        answer = text(error.words, error.status)
    else:
        answer = Answer(error.status, error.words.encode())
    answer.headers += error.headers
    return answer


def nothing():
    """An unknown path, a method that is not routed, any HEAD."""
    return Answer(404)


# ---- errors that more than one kind of call gives ----

def no_collection(name, form='json'):
    """404: no such collection, and no alias of that name."""
    return Refusal(404, f"Not found: Collection `{name}` doesn't exist!", form)


def internal(words):
    """500, in the server's words."""
    return Refusal(500, f'Service internal error: {words}')


def wrong_input(words):
    """400: what was asked for cannot be."""
    return Refusal(400, f'Wrong input: {words}')
