# SPDX-License-Identifier: BSD-2-Clause
"""checksum = crc32c: the server is told a CRC-32C of each object and part,
compares it with what arrived, and says the same of what it has. On MinIO and
on the Versity gateway, by http: and by https:, which ends at the proxy."""

import pytest

import s3_certificates
import s3_faults
from programs import DONE, FAILED
from s3_proxy import Proxy
from s3_site import S3Site

TELL = {'x-amz-checksum-mode': 'ENABLED'}


@pytest.fixture(params=['minio', 'versity'])
def s3(request):
    """The two servers."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=['http', 'https'])
def certs(request, tmp_path):
    """A folder of certificates, or None for http."""
    if request.param == 'http':
        return None
    s3_certificates.make(f'{tmp_path}/certs')
    return f'{tmp_path}/certs'


@pytest.fixture
def site(tmp_path, server, medium, s3, certs, built):
    """A repository whose packs go in parts, and how to put a proxy before its
    server that does one thing to each request."""
    it = S3Site(tmp_path, server, s3, (medium,), checksum='crc32c',
                part_size='5M')
    proxies = []

    def put_before(fault):
        proxies.append(Proxy(s3.url(), 1, {'it': fault}, 1.0, certs))
        it.use(endpoint=proxies[-1].url,
               ca_file=f'{certs}/ca.pem' if certs else None)
    it.put_before = put_before
    yield it
    for proxy in proxies:
        proxy.close()


def test_each_object_has_a_crc_that_the_server_knows(site, s3, certs):
    signed = {}

    def look(exchange):
        headers = {name.lower(): value
                   for name, value in exchange.request.headers}
        if exchange.request.method == 'PUT' and exchange.request.body:
            assert 'x-amz-checksum-sha256' not in headers
            signed[exchange.request.target] = \
                headers['x-amz-content-sha256'] != 'UNSIGNED-PAYLOAD'
        return False
    site.put_before(look)
    site.init()
    site.backup()
    site.run('dbb-backup', 'verify', '--read-data', code=DONE)
    assert len(signed) > 8 and set(signed.values()) == {certs is None}
    told = {}
    for name in site.objects(''):
        if not name.startswith('leases/'):
            told[name] = s3.client().head('backups', site.prefix + name,
                                          **TELL)['x-amz-checksum-crc32c']
    assert all(told.values()), told
    assert any('-' in crc for name, crc in told.items()
               if name.startswith('packs/')), told


@pytest.mark.parametrize('where', ['partNumber', '/index/'])
def test_a_flipped_bit_is_refused_by_the_server(site, where):
    def flip(exchange):
        request = exchange.request
        if request.method != 'PUT' or where not in request.target:
            return False
        answers.append(exchange.forward(s3_faults.flip(request.body,
                                                       exchange.rng)))
        return exchange.give(answers[-1])
    answers = []
    site.init()
    site.put_before(flip)
    done = site.run('dbb-backup', '--json', 'run')
    assert done.code == FAILED and answers, done
    assert {answer.status for answer in answers} == {400}, answers
    assert not site.objects('sets/')
    assert 'storing' in done.error['message'], done
