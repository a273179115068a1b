# SPDX-License-Identifier: BSD-2-Clause
"""The proxy does what its faults are called, and the servers that stand
behind it are servers: what other tests build on."""

import http.client
import time

import pytest

import minio_server
import s3_faults
from s3_client import Client, Refused, policy
from s3_proxy import Proxy

BODY = b'0123456789' * 10
CUT = (http.client.HTTPException, ConnectionError)

# What a client sees that tries once: an exception, or whether it got what it
# asked for.
PUT_SEES = {'error_500': Refused, 'slow_down': Refused,
            'error_in_200': 'right', 'reset_before': CUT, 'reset_after': CUT,
            'twice': 'right', 'cut_request': CUT,
            'cut_answer': 'right',      # half of the headers are some, too
            'flip_request': Refused, 'flip_answer': 'right',
            'endless_headers': CUT, 'endless_list': 'right'}
GET_SEES = dict(PUT_SEES, cut_request='right', cut_answer=CUT,
                flip_request='right', flip_answer='wrong')


@pytest.fixture
def through(minio):
    """A client of a proxy that does one thing always, and the proxy."""
    proxies = []

    def make(faults, rate=1.0, seed=1):
        proxies.append(Proxy(minio.url(), seed, faults, rate))
        return Client(proxies[-1].url, minio_server.ROOT), proxies[-1]
    yield make
    for proxy in proxies:
        proxy.close()


def outcome(call, expected):
    """Do it; what came of it, as the tables above have it."""
    if expected in ('right', 'wrong'):
        return 'right' if call() else 'wrong'
    with pytest.raises(expected):
        call()
    return expected


@pytest.mark.parametrize('name', PUT_SEES)
def test_each_fault_is_seen_by_one_who_writes_and_one_who_reads(
        minio, through, name):
    minio.client().put('backups', 'proxy/there', BODY)
    client, _ = through({name: s3_faults.QUICK[name]})
    expected = PUT_SEES[name]
    assert outcome(lambda: client.put('backups', 'proxy/new', BODY) == b'',
                   expected) == expected
    expected = GET_SEES[name]
    assert outcome(lambda: client.get('backups', 'proxy/there') == BODY,
                   expected) == expected


def test_a_lost_answer_is_of_a_request_that_was_done(minio, through):
    for name, done in (('reset_after', True), ('reset_before', False),
                       ('cut_request', False)):
        key = f'proxy/{name}'
        client, _ = through({name: s3_faults.QUICK[name]})
        with pytest.raises(CUT):
            client.put('backups', key, BODY)
        assert (key in minio.client().sizes('backups', 'proxy/')) == done


def test_an_error_in_a_200_is_no_list(minio, through):
    client, proxy = through({'error_in_200': s3_faults.error_in_200})
    assert client.sizes('backups') == {}
    assert proxy.done == ['error_in_200']


def test_the_same_seed_makes_the_same_schedule(through):
    def schedule(seed):
        client, proxy = through({'error_500': s3_faults.error_500,
                                 'slow_down': s3_faults.slow_down}, 0.3, seed)
        for n in range(40):
            try:
                client.put('backups', f'proxy/{n}', BODY)
            except Refused:
                pass
        return [fault for _, _, fault in proxy.seen]
    first = schedule(7)
    assert first == schedule(7) != schedule(8)
    assert 4 <= len([fault for fault in first if fault]) <= 24


def test_connections_are_counted(minio, through):
    client, proxy = through({}, 0)
    for n in range(5):
        client.put('backups', f'proxy/{n}', BODY)
    assert (proxy.connections, len(proxy.seen)) == (5, 5)
    assert proxy.most_open < 5


def test_temporary_keys_may_do_what_their_policy_says(minio):
    keys = minio.client().assume(policy(
        ('Allow', ['s3:PutObject'], ['backups/proxy/*'])))
    writer = minio.client(keys)
    writer.put('backups', 'proxy/written', BODY)
    with pytest.raises(Refused, match='AccessDenied'):
        writer.get('backups', 'proxy/written')


def patiently(call, patience=30):
    """Do it until it is not refused: a cluster takes a moment to see what
    became of it."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return call()
        except (Refused, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_a_cluster_stands_the_loss_of_a_node(minio_cluster):
    client = minio_cluster.client()
    minio_cluster.nodes[3].kill()
    patiently(lambda: client.put('backups', 'a', BODY * 100000))
    minio_cluster.nodes[2].kill()
    assert patiently(lambda: client.get('backups', 'a')) == BODY * 100000
    with pytest.raises(Refused):
        client.put('backups', 'b', BODY)
    minio_cluster.start()
    patiently(lambda: client.put('backups', 'b', BODY))


def test_versity_is_another_server(versity):
    client = versity.client()
    client.put('backups', 'a b/ü', BODY)
    assert client.get('backups', 'a b/ü') == BODY
    assert client.sizes('backups', 'a b/') == {'a b/ü': len(BODY)}
