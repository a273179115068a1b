# SPDX-License-Identifier: BSD-2-Clause
"""The Qdrant server of the tests on the wire, and the faults that it does:
each is what it says, and only where it was asked for."""

import hashlib
import http.client
import json
import os
import socket
import threading
import time

import pytest

import qdrant_replay
import qdrant_server

LISTING = '/collections/books/snapshots'


@pytest.fixture(scope='module')
def shared(qdrant_session):
    """One server, with a collection, for all tests here."""
    if qdrant_session.is_real:
        pytest.skip(qdrant_server.Real.reason)
    qdrant_session.make('books', 500)
    return qdrant_session


@pytest.fixture
def books(shared):
    """The server, well, with no snapshot."""
    yield shared
    shared.clear_faults()
    shared.colour('books', None)
    shared.behave(version='1.18.3', recovery_mode=False)
    for it in shared.snapshots('books'):
        shared.ask('DELETE', f'{LISTING}/{it}')
    assert shared.names() == ['books']


def take(server):
    """(path, description) of a new snapshot."""
    told = server.ask('POST', LISTING)
    return f'{LISTING}/{told["name"]}', told


def talk(server, data, patience=10):
    """All that comes back for these bytes, until the connection ends."""
    with socket.create_connection(('127.0.0.1', server.ports[0]),
                                  patience) as wire:
        wire.sendall(data)
        return read_all(wire)


def read_all(wire):
    pieces = []
    try:
        while piece := wire.recv(1 << 16):
            pieces.append(piece)
    except ConnectionError:
        pass
    return b''.join(pieces)


def head(server, method, path, *lines):
    """The head of a request, as bytes."""
    return '\r\n'.join((f'{method} {path} HTTP/1.1', 'host: x',
                        f'api-key: {server.KEY}', *lines, '', '')).encode()


# ---- the wire ----

def test_a_silent_connection_ends_after_five_seconds(books):
    since = time.monotonic()
    got = talk(books, head(books, 'GET', '/collections'))
    assert got.startswith(b'HTTP/1.1 200 OK')
    assert 4.5 < time.monotonic() - since < 8


def test_half_a_head_is_answered_with_408(books):
    assert b' 408 ' in talk(books, b'GET / HTTP/1.1\r\nhos').split(b'\r\n')[0]


def test_a_connection_serves_many_requests(books):
    one = head(books, 'GET', '/collections')
    got = talk(books, one * 3 + head(books, 'GET', '/', 'connection: close'))
    assert got.count(b'HTTP/1.1 200 OK') == 4


def test_an_upload_may_be_chunked_and_have_other_parts(books):
    with open(qdrant_server.archive('uuid_ids'), 'rb') as file:
        kind, body = qdrant_replay.form(file.read(), 'up.snapshot')
    boundary = body.split(b'\r\n')[0]
    body = boundary + b'\r\nContent-Disposition: form-data; name="more"' \
        b'\r\n\r\n' + b'm' * 100000 + b'\r\n' + body
    connection = http.client.HTTPConnection('127.0.0.1', books.ports[0])
    pieces = (body[at:at + 7001] for at in range(0, len(body), 7001))
    connection.request('POST', '/collections/back/snapshots/upload', pieces,
                       {'api-key': books.KEY, 'content-type': kind},
                       encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()
    assert books.count('back') == 60
    assert 'back/up.snapshot' in books.snapshot_files()
    books.drop('back')


def test_a_cut_upload_leaves_nothing(books):
    kept = books.snapshot_files()
    with open(qdrant_server.archive('uuid_ids'), 'rb') as file:
        kind, body = qdrant_replay.form(file.read(), 'cut.snapshot')
    lines = f'content-type: {kind}', f'content-length: {len(body)}'
    with socket.create_connection(('127.0.0.1', books.ports[0])) as wire:
        wire.sendall(head(books, 'POST', '/collections/cut/snapshots/upload',
                          *lines) + body[:50000])
    deadline = time.monotonic() + 10
    while books.snapshot_files() != kept and time.monotonic() < deadline:
        time.sleep(0.02)
    assert books.snapshot_files() == kept
    assert books.names() == ['books']


def test_a_body_without_its_end_gets_no_answer(books):
    kind, body = qdrant_replay.form(b'data', 'open.snapshot')
    body = body.replace(b'--\r\n', b'')
    with pytest.raises(TimeoutError):
        talk(books, head(books, 'POST', '/collections/open/snapshots/upload',
                         f'content-type: {kind}',
                         f'content-length: {len(body)}') + body, 1)


def test_a_wrong_key_is_refused_while_the_client_still_sends(books):
    got = talk(books, head(books, 'POST', '/collections/x/snapshots/upload',
                           'content-type: multipart/form-data; boundary=b',
                           'content-length: 1000000000'
                           ).replace(books.KEY.encode(), b'other'))
    assert got.startswith(b'HTTP/1.1 401 ')
    assert got.endswith(b'Invalid API key or JWT')


def test_expect_is_answered_before_the_key(books):
    got = talk(books, head(books, 'POST', '/collections', 'content-length: 2',
                           'expect: 100-continue', 'connection: close')
               .replace(books.KEY.encode(), b'other') + b'{}', 7)
    assert got.startswith(b'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 ')


def test_a_download_goes_on_after_its_file_was_deleted(books):
    path, told = take(books)
    with socket.create_connection(('127.0.0.1', books.ports[0]), 10) as wire:
        books.fault('slow', path=path, bytes_per_second=400000)
        wire.sendall(head(books, 'GET', path, 'connection: close'))
        begun = wire.recv(1000)
        books.ask('DELETE', path)
        got = begun + read_all(wire)
    assert hashlib.sha256(got.partition(b'\r\n\r\n')[2]).hexdigest() == \
        told['checksum']


def test_a_range_needs_the_same_file(books):
    path, _ = take(books)
    _, headers, whole = books.raw('GET', path)
    tag = headers['etag']
    status, _, rest = books.raw('GET', path, headers={
        'Range': 'bytes=1000-', 'If-Match': tag})
    assert (status, rest) == (206, whole[1000:])
    time.sleep(1.02 - time.time() % 1)
    file = f'{books.snapshot_folder()}/books/{path.rpartition("/")[2]}'
    os.utime(file)
    status, _, _ = books.raw('GET', path, headers={
        'Range': 'bytes=1000-', 'If-Match': tag})
    assert status == 412


# ---- faults ----

@pytest.mark.parametrize('status, words', [
    (401, b'Invalid API key'), (403, b'Forbidden'), (429, b'Rate limit'),
    (500, b'Service internal error'), (503, b'unavailable')])
def test_a_status_instead_of_an_answer(books, status, words):
    books.fault('answer', path='/aliases', status=status,
                headers=[['retry-after', '7']])
    got, headers, body = books.raw('GET', '/aliases')
    assert (got, headers['retry-after']) == (status, '7')
    assert words in body
    assert books.raw('GET', '/aliases')[0] == 200       # once


def test_a_fault_spares_and_repeats_as_told(books):
    books.fault('answer', path='/aliases', status=500, skip=1, times=2)
    assert [books.raw('GET', '/aliases')[0] for _ in range(4)] == \
        [200, 500, 500, 200]


def test_a_download_is_cut(books):
    path, told = take(books)
    books.fault('cut', path=path, bytes=1000)
    with pytest.raises(http.client.IncompleteRead) as caught:
        books.raw('GET', path)
    assert len(caught.value.partial) == 1000
    assert len(books.raw('GET', path)[2]) == told['size']


def test_a_download_stalls(books):
    path, _ = take(books)
    books.fault('stall', path=path, bytes=1000)
    with pytest.raises(TimeoutError):
        talk(books, head(books, 'GET', path), 1)


def test_a_download_has_a_wrong_bit(books):
    path, told = take(books)
    books.fault('flip', path=path, offset=70000)
    bad, good = books.raw('GET', path)[2], books.raw('GET', path)[2]
    assert [at for at in range(told['size']) if bad[at] != good[at]] == \
        [70000]


def test_slow_both_ways(books):
    path, told = take(books)
    books.fault('slow', path=path, bytes_per_second=told['size'])
    since = time.monotonic()
    books.raw('GET', path)
    assert time.monotonic() - since > 0.9
    books.fault('slow_upload', bytes_per_second=90000)
    since = time.monotonic()
    books.upload('slow', qdrant_server.archive('uuid_ids'))
    assert time.monotonic() - since > 0.9
    books.drop('slow')


def test_an_upload_is_cut(books):
    books.fault('cut_upload', bytes=1000)
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        books.upload('cut', qdrant_server.archive('uuid_ids'))
    assert books.names() == ['books']


def test_the_server_works_on_when_the_connection_ends(books):
    books.fault('hang_up', method='POST', path=LISTING)
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        books.ask('POST', LISTING)
    deadline = time.monotonic() + 10
    while not books.snapshots('books') and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(books.snapshots('books')) == 1
    books.fault('refuse', method='POST', path=LISTING)
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        books.ask('POST', LISTING)


def test_a_full_disk_makes_no_snapshot(books):
    kept = books.snapshot_files()
    books.fault('full_disk')
    with pytest.raises(qdrant_server.Failed) as caught:
        take(books)
    assert caught.value.status == 500
    assert b'No space left on device' in caught.value.body
    assert books.snapshot_files() == kept


def test_a_wrong_checksum_is_told(books):
    books.fault('wrong_checksum')
    path, told = take(books)
    data = books.raw('GET', path)[2]
    assert hashlib.sha256(data).hexdigest() != told['checksum']


def test_a_snapshot_vanishes(books):
    books.fault('vanish')
    path, _ = take(books)
    status, _, body = books.raw('GET', path)
    assert status == 404 and body.endswith(b'not found')


def test_a_snapshot_is_replaced(books):
    books.fault('replace')
    path, told = take(books)
    data = books.raw('GET', path)[2]
    assert len(data) == told['size']
    assert hashlib.sha256(data).hexdigest() != told['checksum']
    listed, = books.ask('GET', LISTING)
    assert listed['checksum'] == hashlib.sha256(data).hexdigest()


def test_the_colour_of_a_collection(books):
    for colour in ('yellow', 'grey', 'red'):
        books.colour('books', colour)
        assert books.info('books')['status'] == colour
    books.colour('books', None)
    assert books.info('books')['status'] == 'green'


def test_another_version_and_recovery_mode(books):
    books.behave(version='1.17.2', recovery_mode=True)
    assert json.loads(books.raw('GET', '/')[2])['version'] == '1.17.2'
    assert b'app_status_recovery_mode 1\n' in books.raw('GET', '/metrics')[2]


def test_answers_that_are_none(books):
    books.fault('answer', path='/aliases', status=200, body='{"result":')
    assert books.raw('GET', '/aliases')[2] == b'{"result":'
    books.fault('answer', path='/aliases', status=307,
                headers=[['location', 'http://127.0.0.2/aliases']])
    status, headers, _ = books.raw('GET', '/aliases')
    assert (status, headers['location']) == (307, 'http://127.0.0.2/aliases')
    books.fault('huge_body', path='/aliases', bytes=5 << 20)
    assert len(json.loads(books.raw('GET', '/aliases')[2])['result']) == \
        5 << 20
    books.fault('endless_headers', path='/aliases')
    with pytest.raises(http.client.HTTPException):
        books.raw('GET', '/aliases')


def test_a_pause_holds_up_its_own_request_only(books):
    books.fault('pause', path='/aliases', seconds=1.5)
    since, done = time.monotonic(), []
    waiting = threading.Thread(target=lambda: done.append(
        (books.raw('GET', '/aliases')[0], time.monotonic() - since)))
    waiting.start()
    while not books.requests(part='/aliases') and \
            time.monotonic() < since + 1:
        time.sleep(0.01)
    assert books.raw('GET', '/collections')[0] == 200
    assert not done
    waiting.join()
    assert done[0][0] == 200 and done[0][1] > 1.4


def test_requests_are_remembered_with_their_headers(books):
    books.forget_requests()
    books.raw('GET', '/aliases?a=b', headers={'X-Some': 'thing'})
    it, = books.requests('GET', '/aliases')
    assert (it['target'], it['status']) == ('/aliases?a=b', 200)
    assert it['headers']['x-some'] == 'thing'
    assert it['headers']['api-key'] == books.KEY
